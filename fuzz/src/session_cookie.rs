//! Targets for the cookies of `palisade-session`.

use std::time::Duration;

use palisade_session::cookie::{
    CookieError, CookieRefused, CookieSpec, MAX_HEADER_BYTES, SameSite, SetCookie, read_one,
};

use crate::canary::{CANARY, assert_silent};

/// The name of the seeds.
const NAME: &str = "sid";

/// Reading the `Cookie` fields of a request, one a line: a value is as it stands, another beside it is
/// refused, and how the cookies are spread over fields means nothing.
pub fn session_cookie_read(data: &[u8]) {
    let fields: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let read = read_one(fields.iter(), NAME);
    let joined = fields.join(&b';');
    if joined.len() <= MAX_HEADER_BYTES {
        assert_eq!(read_one([&joined], NAME), read);
        assert_ne!(read, Err(CookieRefused::TooLarge));
    }
    let planted = format!("{NAME}={CANARY}");
    let more: Vec<&[u8]> = fields.iter().copied().chain([planted.as_bytes()]).collect();
    let with_another = read_one(more, NAME);
    match read {
        Ok(Some(value)) => {
            assert!(!value.contains(|c: char| c == ';' || (c != '\t' && c.is_ascii_control())));
            assert_eq!(value.trim_matches([' ', '\t']), value);
            let pair = format!("{NAME}={value}");
            assert_eq!(read_one([&pair], NAME), Ok(Some(value)));
            assert!(value == CANARY || with_another.is_err());
        }
        Ok(None) => {
            assert!(matches!(with_another, Ok(Some(CANARY)) | Err(CookieRefused::TooLarge)));
        }
        Err(refused) => {
            assert_silent(&refused);
            assert!(with_another.is_err());
        }
    }
}

/// Building a cookie from any choices, one a line, and setting any value: what is accepted is one header
/// with nothing in it that was not meant, is read back, and is removed with the same scope.
pub fn session_set_cookie(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.splitn(6, '\n').collect();
    let [name, domain, path, flags, max_age, value] = lines[..] else { return };
    let spec = match build([name, domain, path, flags, max_age]) {
        Ok(spec) => spec,
        Err(error) => return assert_silent(&error),
    };
    if let Err(error) = spec.set_text(&format!("{value}{CANARY}\n")) {
        assert_silent(&error);
    }
    let removal = spec.remove();
    let scope = attributes(&removal, name, "");
    assert!(scope.ends_with("; Max-Age=0"));
    let Ok(set) = spec.set_text(value) else { return };
    let attributes = attributes(&set, name, value);
    assert_eq!(without_max_age(attributes), without_max_age(scope));
    assert_eq!(attributes.contains("; Secure"), flags.contains('S'));
    assert_eq!(attributes.contains("; HttpOnly"), flags.contains('H'));
    assert_eq!(attributes.contains("; Domain="), !domain.is_empty());
    assert!(name.len() + value.len() <= 4096);

    let request = format!("{name}={value}");
    assert_eq!(read_one([&request], name), Ok(Some(value)));
    assert_eq!(spec.read([&request]), Ok(Some(value).filter(|value| !value.is_empty())));
}

fn build([name, domain, path, flags, max_age]: [&str; 5]) -> Result<CookieSpec, CookieError> {
    let mut builder = CookieSpec::builder(name).path(path).same_site(match flags.chars().next() {
        Some('N') => SameSite::None,
        Some('L') => SameSite::Lax,
        _ => SameSite::Strict,
    });
    if !domain.is_empty() {
        builder = builder.domain(domain);
    }
    if let Ok(seconds) = max_age.parse() {
        builder = builder.max_age(Duration::from_secs(seconds));
    }
    if !flags.contains('S') {
        builder = builder.dangerous_without_secure();
    }
    if !flags.contains('H') {
        builder = builder.dangerous_readable_by_scripts();
    }
    builder.build()
}

/// What stands after name and value: known attributes, each once, in visible ASCII.
fn attributes<'s>(set: &'s SetCookie, name: &str, value: &str) -> &'s str {
    let text = set.expose_secret();
    assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    let rest = text.strip_prefix(&format!("{name}={value}"));
    assert!(rest.is_some(), "the cookie begins with its name and value");
    let rest = rest.unwrap_or_default();
    let mut keys: Vec<&str> =
        rest.split(';').skip(1).map(|part| part.trim().split('=').next().unwrap_or(part)).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "an attribute stands once");
    let known = ["Domain", "HttpOnly", "Max-Age", "Path", "SameSite", "Secure"];
    assert!(keys.iter().all(|key| known.contains(key)));
    assert!(keys.contains(&"Path") && keys.contains(&"SameSite"));
    rest
}

/// It stands last.
fn without_max_age(attributes: &str) -> &str {
    attributes.split("; Max-Age=").next().unwrap_or(attributes)
}
