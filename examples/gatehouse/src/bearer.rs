//! Reading `Authorization: Bearer <token>` (RFC 6750 section 2.1, RFC 9110 section 11.6.2).
//!
//! Strict, because whatever two readers of one request take differently is a way past one of them:
//! one header, one scheme, one token. None of what was sent is in an error.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// Why a request has no bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBearer {
    /// No `Authorization` header.
    Missing,
    /// More than one.
    Repeated,
    /// One of another scheme, such as `Basic`.
    OtherScheme,
    /// One that is not `Bearer`, spaces, and a token.
    Malformed,
}

/// The token that a request presents.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, NoBearer> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(NoBearer::Missing)?;
    if values.next().is_some() {
        return Err(NoBearer::Repeated);
    }
    // Bytes outside ASCII are never part of it.
    let value = value.to_str().map_err(|_| NoBearer::Malformed)?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NoBearer::OtherScheme);
    }
    let token = rest.trim_start_matches(' ');
    if is_token68(token) { Ok(token) } else { Err(NoBearer::Malformed) }
}

/// `token68` of RFC 9110 section 11.2.
fn is_token68(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<String, NoBearer> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_token() {
        for value in ["Bearer a-._~+/9==", "bearer a-._~+/9==", "BEARER    a-._~+/9=="] {
            assert_eq!(read(&[value.as_bytes()]).as_deref(), Ok("a-._~+/9=="), "{value}");
        }
    }

    #[test]
    fn no_token() {
        assert_eq!(read(&[]), Err(NoBearer::Missing));
        assert_eq!(read(&[b"Bearer a", b"Bearer a"]), Err(NoBearer::Repeated));
        assert_eq!(read(&[b"Bearer a", b"Basic b"]), Err(NoBearer::Repeated));
        for other in ["Basic abc", "abc", "", " Bearer a", "Bearer\ta", "Bearer,a", "Bearera a"] {
            assert_eq!(read(&[other.as_bytes()]), Err(NoBearer::OtherScheme), "{other:?}");
        }
        let malformed: [&[u8]; 9] = [
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer =a",
            b"Bearer ==",
            b"Bearer a ",
            b"Bearer \"a\"",
            "Bearer \u{ff41}".as_bytes(),
        ];
        for value in malformed {
            assert_eq!(read(&[value]), Err(NoBearer::Malformed), "{value:?}");
        }
    }
}
