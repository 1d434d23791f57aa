//! What a name, a value, a domain and a path are made of.

use crate::cookie::CookieError;

/// The longest value of an attribute; a browser ignores a longer one, which would widen the scope.
/// RFC 6265bis, section 5.6.
const MAX_ATTRIBUTE: usize = 1024;

/// The longest name of a host. RFC 1035, section 2.3.4, less the length bytes.
const MAX_HOST: usize = 253;

/// The longest part of the name of a host. RFC 1035, section 2.3.4.
const MAX_LABEL: usize = 63;

/// A `token` of RFC 9110, section 5.6.2. A name that begins with `$` is one too and is refused: RFC 2965
/// reserved it, and old servers take it for an attribute of the cookie before.
pub(super) fn is_name(text: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && !text.starts_with('$') && text.bytes().all(is_token_byte)
}

/// A `cookie-value` of RFC 6265bis, section 4.1.1, which may be empty and may be in quotes.
pub(super) fn is_value(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = match bytes {
        [b'"', inner @ .., b'"'] => inner,
        _ => bytes,
    };
    inner.iter().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(byte))
}

/// The domain as it is sent: without its leading dot, in lower case.
///
/// Names of a single part, such as `localhost` and `com`, work for no browser as a domain, and neither does
/// an address. The last part of a name begins with a letter; where it does not, it is an address to a
/// browser, in one of its spellings.
pub(super) fn domain(text: &str) -> Result<String, CookieError> {
    let host = text.strip_prefix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let ends_in_a_name = host
        .rsplit_once('.')
        .is_some_and(|(_, last)| last.starts_with(|first: char| first.is_ascii_alphabetic()));
    if host.len() > MAX_HOST || !ends_in_a_name || !host.split('.').all(is_label) {
        return Err(CookieError::Domain);
    }
    Ok(host.to_ascii_lowercase())
}

/// A path as it can stand in a request, since it is compared with that byte by byte.
pub(super) fn check_path(path: &str) -> Result<(), CookieError> {
    let is_path_byte = |byte: u8| byte.is_ascii_graphic() && !b";?#".contains(&byte);
    if path.len() > MAX_ATTRIBUTE || !path.starts_with('/') || !path.bytes().all(is_path_byte) {
        return Err(CookieError::Path);
    }
    Ok(())
}
