//! The URL that Twilio called.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const BODY_SHA256: &str = "bodySHA256";

/// A URL, cut around its port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'u> {
    /// Up to the port, or up to where it would stand.
    before: &'u str,
    /// With its colon. The usual one where the URL has none, and empty where no usual one is known.
    port: &'u str,
    after: &'u str,
}

/// The digest that the URL holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodySha256([u8; 32]);

/// There is a `bodySHA256`, but not once or not last, or it is not 64 digits of lower-case hex.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed;

impl<'u> Target<'u> {
    pub(super) fn new(url: &'u str) -> Self {
        let whole = Self { before: url, port: "", after: "" };
        let Some((scheme, rest)) = url.split_once("://") else { return whole };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let Some((authority, after)) = rest.split_at_checked(end) else { return whole };
        // What stands behind the last colon of a password or of an IPv6 address is not of digits alone: an
        // `@` or a bracket follows.
        let digits = authority.rsplit_once(':').map(|(_, digits)| digits);
        let is_port = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (port_len, usual) = match digits.filter(is_port) {
            Some(digits) => (digits.len() + 1, None),
            None => (0, usual_port(scheme)),
        };
        let cut = url.len() - after.len();
        let parts = url
            .split_at_checked(cut - port_len)
            .and_then(|(before, rest)| Some((before, rest.split_at_checked(port_len)?)));
        let Some((before, (port, after))) = parts else { return whole };
        Self { before, port: usual.unwrap_or(port), after }
    }

    /// The URL as it may have been signed, in three pieces: without its port, and with it.
    pub(super) fn spellings(self) -> impl Iterator<Item = [&'u str; 3]> {
        let with = (!self.port.is_empty()).then_some([self.before, self.port, self.after]);
        std::iter::once([self.before, "", self.after]).chain(with)
    }

    /// The digest of the body, where the query ends with one.
    ///
    /// Twilio puts it last. A stranger's text that Twilio signs as a field of a form has other fields behind
    /// it, unless its name is the last in the order, so it does not end what is signed.
    pub(super) fn body_sha256(self) -> Result<Option<BodySha256>, Malformed> {
        // A URL without an authority is all `before`.
        let tail = if self.after.is_empty() { self.before } else { self.after };
        let tail = tail.split_once('#').map_or(tail, |(tail, _)| tail);
        let query = tail.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let Some((_, value)) = pairs.find(|(name, _)| *name == BODY_SHA256) else {
            return Ok(None);
        };
        let mut digest = [0; 32];
        let read = base16ct::lower::decode(value, &mut digest).map(<[u8]>::len);
        match (read, pairs.next()) {
            (Ok(32), None) => Ok(Some(BodySha256(digest))),
            _ => Err(Malformed),
        }
    }
}

impl BodySha256 {
    pub(super) fn fits(&self, body: &[u8]) -> bool {
        self.0.ct_eq(Sha256::digest(body).as_slice()).into()
    }
}

/// The URL with the digest of a body at the end of its query.
pub(super) fn with_body_sha256(url: &str, body: &[u8]) -> String {
    let cut = url.find('#').and_then(|at| url.split_at_checked(at));
    let (before, fragment) = cut.unwrap_or((url, ""));
    let joint = if before.contains('?') { '&' } else { '?' };
    let digest = base16ct::lower::encode_string(&Sha256::digest(body));
    format!("{before}{joint}{BODY_SHA256}={digest}{fragment}")
}

fn usual_port(scheme: &str) -> Option<&'static str> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    if is("https") || is("wss") {
        Some(":443")
    } else if is("http") || is("ws") {
        Some(":80")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_tried_with_its_port_and_without() {
        for (url, spellings) in [
            ("https://a.example/x", ["https://a.example/x", "https://a.example:443/x"].as_slice()),
            ("http://a.example", &["http://a.example", "http://a.example:80"]),
            ("wss://a.example/s", &["wss://a.example/s", "wss://a.example:443/s"]),
            ("https://a.example:1234/x", &["https://a.example/x", "https://a.example:1234/x"]),
            (
                "https://a.example:1?b=c:2/",
                &["https://a.example?b=c:2/", "https://a.example:1?b=c:2/"],
            ),
            (
                "https://u:1@a.example/x",
                &["https://u:1@a.example/x", "https://u:1@a.example:443/x"],
            ),
            ("https://[::1]/x", &["https://[::1]/x", "https://[::1]:443/x"]),
            ("https://[::1]:8443/x", &["https://[::1]/x", "https://[::1]:8443/x"]),
            ("HTTPS://a.example:/x", &["HTTPS://a.example:/x", "HTTPS://a.example::443/x"]),
            ("sip:a.example", &["sip:a.example"]),
            ("", &[""]),
        ] {
            let got: Vec<String> = Target::new(url).spellings().map(|url| url.concat()).collect();
            assert_eq!(got, spellings, "{url}");
        }
    }

    #[test]
    fn the_digest_stands_once_in_the_query_and_is_lower_hex() {
        let digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let upper = digest.to_uppercase();
        let read = |tail: &str| Target::new(&format!("https://a.example{tail}")).body_sha256();
        assert!(matches!(read(&format!("/x?a=1&bodySHA256={digest}")), Ok(Some(_))));
        assert!(matches!(read(&format!("?bodySHA256={digest}#f")), Ok(Some(_))));
        for tail in ["/x", "/x?a=1", "/bodySHA256=1", "/x?bodysha256=1", "/x#?bodySHA256=1"] {
            assert!(matches!(read(tail), Ok(None)), "{tail}");
        }
        for tail in [
            "/x?bodySHA256".to_owned(),
            "/x?bodySHA256=".to_owned(),
            "/x?bodySHA256=0a".to_owned(),
            format!("/x?bodySHA256={upper}"),
            format!("/x?bodySHA256={digest}00"),
            format!("/x?bodySHA256={digest}&bodySHA256={digest}"),
            format!("/x?bodySHA256={digest}&a=1"),
            format!("/x?bodySHA256={digest}&"),
        ] {
            assert!(matches!(read(&tail), Err(Malformed)), "{tail}");
        }
    }
}
