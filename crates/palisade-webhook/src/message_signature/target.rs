//! The URI of a request, cut into what can be signed (RFC 9421 section 2.2).

use std::borrow::Cow;
use std::sync::OnceLock;

/// The longest URI that is read, in bytes: what RFC 9110 section 4.1 asks of everybody.
const MAX_URI: usize = 8_000;

/// The most parameters of a query of which one is covered.
const MAX_PARAMS: usize = 256;

/// An `http` or `https` URI.
#[derive(Clone, Debug)]
pub(super) struct Target<'u> {
    pub(super) uri: &'u str,
    /// In lower case.
    pub(super) scheme: &'static str,
    /// In lower case, without the usual port.
    pub(super) authority: String,
    /// Never empty.
    pub(super) path: &'u str,
    /// With its question mark.
    pub(super) query: Option<&'u str>,
    /// What the query was read to, once one of its parameters was asked for.
    params: OnceLock<Option<Vec<QueryParam<'u>>>>,
}

/// A parameter: its name, decoded, and its value as it stands.
type QueryParam<'u> = (Cow<'u, str>, &'u str);

impl<'u> Target<'u> {
    /// Reads an absolute URI; `None` when it is none of `http` or `https`, or has a user or a fragment.
    pub(super) fn read(uri: &'u str) -> Option<Self> {
        if uri.len() > MAX_URI || !uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return None;
        }
        let (scheme, rest) = uri.split_once("://")?;
        let (scheme, usual_port) = if scheme.eq_ignore_ascii_case("https") {
            ("https", "443")
        } else if scheme.eq_ignore_ascii_case("http") {
            ("http", "80")
        } else {
            return None;
        };
        let (authority, rest) =
            rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let (path, query) = match rest.find('?') {
            Some(at) => rest.split_at_checked(at).map(|(path, query)| (path, Some(query)))?,
            None => (rest, None),
        };
        let mut authority = authority.to_ascii_lowercase();
        if let Some((host, port)) = authority.rsplit_once(':')
            && (port.is_empty() || port == usual_port)
        {
            authority.truncate(host.len());
        }
        if authority.is_empty() || authority.contains('@') {
            return None;
        }
        let path = if path.is_empty() { "/" } else { path };
        Some(Self { uri, scheme, authority, path, query, params: OnceLock::new() })
    }

    /// The encoded value of the one parameter of this decoded name (section 2.2.8).
    pub(super) fn query_param(&self, name: &str) -> Option<String> {
        let params = self.params.get_or_init(|| read_params(self.query?.strip_prefix('?')?));
        let mut values = params.iter().flatten().filter(|(given, _)| *given == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => decode(value).map(|value| encode_query(&value)),
            _ => None,
        }
    }
}

/// The parameters of a query; `None` when a name is malformed or there are too many.
fn read_params(query: &str) -> Option<Vec<QueryParam<'_>>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut params = Vec::new();
    for pair in pairs {
        if params.len() == MAX_PARAMS {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        params.push((decode(name)?, value));
    }
    Some(params)
}

/// Decodes `+` and `%XX` to text; `None` for a broken escape and for what is not UTF-8.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['+', '%']) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let [high, low, after @ ..] = rest else { return None };
                rest = after;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?
            }
            byte => *byte,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Encodes by the form-urlencoded set of the URL standard, with a space as `%20`.
pub(super) fn encode_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    encoded
}

/// A digit of upper-case hex.
fn digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'A' - 10 + value })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9421 sections 2.2.2 to 2.2.7.
    #[test]
    fn a_uri_is_cut_as_the_rfc_does() {
        for (uri, scheme, authority, path, query) in [
            (
                "https://www.example.com/path?param=value",
                "https",
                "www.example.com",
                "/path",
                Some("?param=value"),
            ),
            ("HTTP://WWW.Example.com:80", "http", "www.example.com", "/", None),
            ("https://example.com:443/a//b?", "https", "example.com", "/a//b", Some("?")),
            ("https://example.com:80?a/b", "https", "example.com:80", "/", Some("?a/b")),
            ("https://[::1]:/x", "https", "[::1]", "/x", None),
        ] {
            let target = Target::read(uri).unwrap();
            let got = (target.scheme, &*target.authority, target.path, target.query);
            assert_eq!(got, (scheme, authority, path, query), "{uri}");
        }
        for uri in [
            "",
            "/path",
            "ftp://example.com/",
            "https://",
            "https:///path",
            "https://:443/",
            "https://user@example.com/",
            "https://example.com/#f",
            "https://example.com/a b",
            "https://example.com/\u{e4}",
            "https://example.com/\n",
        ] {
            assert!(Target::read(uri).is_none(), "{uri:?}");
        }
        assert!(Target::read(&format!("https://example.com/{}", "a".repeat(MAX_URI))).is_none());
    }

    /// RFC 9421 section 2.2.8.
    #[test]
    fn a_parameter_is_encoded_anew() {
        let uri = "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value\
            &bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=&twice=1&twice=1&n=%ff&b=%4";
        let target = Target::read(uri).unwrap();
        assert_eq!(
            target.query_param("var").as_deref(),
            Some("this%20is%20a%20big%0Amultiline%20value")
        );
        assert_eq!(Target::read(uri).unwrap().query_param("missing"), None);
        let head = Target::read(uri.split_once("&twice").unwrap().0).unwrap();
        for (name, value) in [
            ("bar", Some("with%20plus%20whitespace")),
            ("fa\u{e7}ade\": ", Some("something")),
            ("qux", Some("")),
            ("missing", None),
        ] {
            assert_eq!(head.query_param(name).as_deref(), value, "{name}");
        }
        assert_eq!(target.query_param("twice"), None);
    }

    /// The query is read for a stranger, before anything is known of him.
    #[test]
    fn the_number_of_parameters_is_capped() {
        let of = |count: usize| format!("https://a.example/?a=+%7e&&{}", "b=1&".repeat(count - 1));
        let (most, more) = (of(MAX_PARAMS), of(MAX_PARAMS + 1));
        let most = Target::read(&most).unwrap();
        assert_eq!(most.query_param("a").as_deref(), Some("%20%7E"));
        assert_eq!(most.query_param("b"), None, "there twice");
        assert_eq!(Target::read(&more).unwrap().query_param("a"), None);
    }

    #[test]
    fn every_byte_is_encoded_as_two_digits() {
        let encoded = encode_query("\u{0}\n 09AZaz*-._~\u{ff}\u{10ffff}");
        assert_eq!(encoded, "%00%0A%2009AZaz*-._%7E%C3%BF%F4%8F%BF%BF");
    }
}
