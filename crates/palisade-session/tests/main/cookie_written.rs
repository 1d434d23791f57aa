//! What is written is read back, by this crate, by a browser's algorithm and by another library.

use std::collections::BTreeMap;
use std::time::Duration;

use palisade_session::cookie::{CookieSpec, CookieSpecBuilder, SameSite, read_one};
use proptest::prelude::*;
use proptest::sample::select;

/// A cookie as a browser stores it.
#[derive(Debug, PartialEq)]
struct Stored {
    name: String,
    value: String,
    attributes: BTreeMap<String, String>,
}

/// The steps of RFC 6265bis, section 5.6, over what may be a whole header.
fn browser(header: &str) -> Option<Stored> {
    if header.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return None;
    }
    let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
    let mut parts = header.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (trim(name), trim(value));
    if name.len() + value.len() > 4096 {
        return None;
    }
    let mut attributes = BTreeMap::new();
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (trim(key).to_ascii_lowercase(), trim(value));
        if value.len() <= 1024 {
            assert_eq!(attributes.insert(key, value), None, "an attribute stands once");
        }
    }
    Some(Stored { name, value, attributes })
}

/// The choices of a spec, as data.
#[derive(Clone, Debug)]
struct Choices {
    name: String,
    domain: Option<String>,
    path: String,
    max_age: Option<u64>,
    same_site: SameSite,
    secure: bool,
    http_only: bool,
}

impl Choices {
    fn builder(&self) -> CookieSpecBuilder {
        let mut builder =
            CookieSpec::builder(&self.name).path(&self.path).same_site(self.same_site);
        if let Some(domain) = &self.domain {
            builder = builder.domain(domain);
        }
        if let Some(seconds) = self.max_age {
            builder = builder.max_age(Duration::from_secs(seconds));
        }
        if !self.secure {
            builder = builder.dangerous_without_secure();
        }
        if !self.http_only {
            builder = builder.dangerous_readable_by_scripts();
        }
        builder
    }

    /// What the browser is to store.
    fn stored(&self, value: &str, max_age: Option<u64>) -> Stored {
        let mut attributes = BTreeMap::new();
        let mut add = |key: &str, value: String| attributes.insert(key.to_owned(), value);
        add("path", self.path.clone());
        add("samesite", format!("{:?}", self.same_site));
        if let Some(domain) = &self.domain {
            add("domain", domain.trim_start_matches('.').to_lowercase());
        }
        if let Some(seconds) = max_age {
            add("max-age", seconds.to_string());
        }
        if self.secure {
            add("secure", String::new());
        }
        if self.http_only {
            add("httponly", String::new());
        }
        Stored { name: self.name.clone(), value: value.to_owned(), attributes }
    }

    /// Whether a browser takes such a cookie with all that it says. RFC 6265bis, sections 5.6 and 5.7.
    fn holds(&self) -> bool {
        let name = self.name.to_lowercase();
        let begins = |prefix: &str| name.starts_with(prefix);
        let host = begins("__host-");
        let http = begins("__http-") || begins("__host-http-");
        let secure = host || http || begins("__secure-") || self.same_site == SameSite::None;
        (self.secure || !secure)
            && (self.http_only || !http)
            && !(host && (self.domain.is_some() || self.path != "/"))
    }
}

fn choices() -> impl Strategy<Value = Choices> {
    let prefix =
        select(vec!["", "", "", "__Host-", "__HOST-", "__secure-", "__Http-", "__host-http-"]);
    let same_site = select(vec![SameSite::Strict, SameSite::Lax, SameSite::None]);
    (
        (prefix, "[a-zA-Z!#%&'*+.^`|~][a-zA-Z0-9!#$%&'*+.^`|~-]{0,20}"),
        prop::option::of("\\.?([a-zA-Z0-9]{1,8}\\.){1,3}[a-zA-Z]{2,5}"),
        prop_oneof![Just("/".to_owned()), "/[a-z/=,%]{0,12}"],
        prop::option::of(1..=34_560_000_u64),
        same_site,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|((prefix, name), domain, path, max_age, same_site, secure, http_only)| {
            let name = format!("{prefix}{name}");
            Choices { name, domain, path, max_age, same_site, secure, http_only }
        })
}

fn sound_choices() -> impl Strategy<Value = Choices> {
    choices().prop_filter("a browser would not take it", Choices::holds)
}

/// Values of `cookie-octet`, and now and then of whatever else.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[!#-+\\--:<-\\[\\]-~]{0,40}", 1 => "\"[a-z]{0,5}\"", 1 => ".{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_browser_stores_what_was_meant(
        choices in choices(),
        value in values(),
        remaining in any::<Duration>(),
    ) {
        let built = choices.builder().build();
        prop_assert_eq!(built.is_ok(), choices.holds(), "{:?}", built);
        let Ok(spec) = built else { return Ok(()) };

        let removed = choices.stored("", Some(0));
        prop_assert_eq!(browser(spec.remove().expose_secret()), Some(removed));
        let Ok(set) = spec.set_text(&value) else {
            let is_visible = value.bytes().all(|byte| byte.is_ascii_graphic());
            prop_assert!(!is_visible || value.contains(['"', ',', ';', '\\']));
            return Ok(());
        };
        prop_assert_eq!(browser(set.expose_secret()), Some(choices.stored(&value, choices.max_age)));
        let seconds = remaining.as_secs().min(choices.max_age.unwrap_or(34_560_000));
        let set = spec.set_text_for(&value, remaining).unwrap();
        prop_assert_eq!(browser(set.expose_secret()), Some(choices.stored(&value, Some(seconds))));
    }

    #[test]
    fn what_is_set_comes_back(
        choices in sound_choices(),
        value in values(),
        others in "[a-z]{1,3}=[a-z]{0,3}; ",
    ) {
        prop_assume!(!others.starts_with(&format!("{}=", choices.name)));
        let spec = choices.builder().build().unwrap();
        let Ok(set) = spec.set_text(&value) else { return Ok(()) };
        let stored = browser(set.expose_secret()).unwrap();
        let request = format!("{others}{}={}", stored.name, stored.value);
        prop_assert_eq!(read_one([&request], spec.name()), Ok(Some(&*value)));
        prop_assert_eq!(spec.read([&request]), Ok(Some(&*value).filter(|value| !value.is_empty())));
    }

    #[test]
    fn another_library_reads_the_same(
        choices in sound_choices(),
        value in "[a-zA-Z0-9._-]{0,40}",
    ) {
        let set = choices.builder().build().unwrap().set_text(&value).unwrap();
        let parsed = cookie::Cookie::parse(set.expose_secret()).unwrap();
        prop_assert_eq!(parsed.name_value(), (&*choices.name, &*value));
        prop_assert_eq!(parsed.path(), Some(&*choices.path));
        let domain = choices.stored("", None).attributes.remove("domain");
        prop_assert_eq!(parsed.domain(), domain.as_deref());
        prop_assert_eq!(parsed.secure().unwrap_or(false), choices.secure);
        prop_assert_eq!(parsed.http_only().unwrap_or(false), choices.http_only);
        let same_site = parsed.same_site().map(|same_site| same_site.to_string());
        prop_assert_eq!(same_site, Some(format!("{:?}", choices.same_site)));
        let seconds = parsed.max_age().map(|age| age.whole_seconds().unsigned_abs());
        prop_assert_eq!(seconds, choices.max_age);
    }
}
