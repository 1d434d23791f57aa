//! Twilio: forms, digests in the URL, and what must not pass.

#![allow(clippy::similar_names, reason = "a verifier verifies what is verified")]

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use palisade_webhook::{
    BuildError, Refused, RepeatedField, SharedSecret, Sighting, TwilioSigner, TwilioUnsigned,
    TwilioVerifier, VerifiedTwilio,
};
use proptest::prelude::*;

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const BODY: &[u8] = b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&Empty=&Body=a+b";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn token(text: &str) -> SharedSecret {
    SharedSecret::from_text(text).unwrap()
}

fn signer() -> TwilioSigner {
    TwilioSigner::new(&token("12345"))
}

fn verifier() -> TwilioVerifier {
    TwilioVerifier::builder().key("a".parse().unwrap(), &token("12345")).build().unwrap()
}

fn verify<'a>(
    signature: &[u8],
    url: &'a str,
    body: &'a [u8],
) -> Result<VerifiedTwilio<'a>, Refused> {
    verifier().verify_form(&[("x-twilio-signature", signature)], url, body, now())
}

fn verify_digested<'a>(
    signature: &[u8],
    url: &'a str,
    body: &'a [u8],
) -> Result<VerifiedTwilio<'a>, Refused> {
    verifier().verify_digested(&[("x-twilio-signature", signature)], url, body, now())
}

fn fields(verified: &VerifiedTwilio<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    verified.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|at| {
        let mut other = bytes.to_vec();
        other[at / 8] ^= 1 << (at % 8);
        other
    })
}

#[test]
fn every_flipped_bit_is_noticed() {
    let signature = signer().sign(URL, BODY).unwrap();
    let honest = verify(signature.as_bytes(), URL, BODY).unwrap();
    for other in flipped(signature.as_bytes()) {
        assert!(verify(&other, URL, BODY).is_err(), "{}", other.escape_ascii());
    }
    for other in flipped(URL.as_bytes()).filter_map(|url| String::from_utf8(url).ok()) {
        assert!(verify(signature.as_bytes(), &other, BODY).is_err(), "{other}");
    }
    let mut spelled_otherwise = 0;
    for other in flipped(BODY) {
        // `%2b` is one bit from `%2B` and the same byte: then the fields are the same, and so is the replay key.
        if let Ok(verified) = verify(signature.as_bytes(), URL, &other) {
            assert_eq!(fields(&verified), fields(&honest));
            assert_eq!(verified.replay_key(), honest.replay_key());
            assert_eq!(other.to_ascii_lowercase(), BODY.to_ascii_lowercase());
            spelled_otherwise += 1;
        }
    }
    assert_eq!(spelled_otherwise, 1);
}

#[test]
fn every_flipped_bit_of_a_digested_body_is_noticed() {
    let body = br#"{"a":1}"#;
    let url = TwilioSigner::url_with_digest(URL, body);
    let signature = signer().sign(&url, body).unwrap();
    assert_eq!(verify_digested(signature.as_bytes(), &url, body).unwrap().fields().count(), 0);
    for other in flipped(body) {
        let refused = verify_digested(signature.as_bytes(), &url, &other).unwrap_err();
        assert_eq!(refused, Refused::BadSignature);
    }
    for other in flipped(url.as_bytes()).filter_map(|url| String::from_utf8(url).ok()) {
        assert!(verify_digested(signature.as_bytes(), &other, body).is_err(), "{other}");
    }
}

/// A body that adds nothing to what is signed would pass with the signature of a GET.
#[test]
fn no_body_passes_with_the_signature_of_the_url() {
    let signature = signer().sign(URL, b"").unwrap();
    assert!(verify(signature.as_bytes(), URL, b"").is_ok());
    for body in [
        b"&".as_slice(),
        b"&&",
        b"=",
        b"=&=",
        b"a",
        b"+",
        b"%",
        b" ",
        b"\n",
        b"\0",
        b"\xff",
        b"{}",
        b"{\"a\":1}",
        b"[\"a=b\"]",
        b"<a b='c'/>",
        b"--boundary\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
    ] {
        let refused = verify(signature.as_bytes(), URL, body).unwrap_err();
        assert_eq!(refused, Refused::BadSignature, "{}", body.escape_ascii());
        assert_eq!(signer().sign(URL, body), Err(TwilioUnsigned::Form));
    }
}

#[test]
fn the_digest_is_compared_whatever_the_body_is() {
    let url = TwilioSigner::url_with_digest(URL, b"{}");
    let signature = signer().sign(&url, b"{}").unwrap();
    // A form under a URL with a digest is no form to us: it must have the digest, too.
    for body in [b"".as_slice(), b"a=1", b"{} "] {
        assert!(verify_digested(signature.as_bytes(), &url, body).is_err());
        assert_eq!(signer().sign(&url, body), Err(TwilioUnsigned::Digest));
    }
    let twice = TwilioSigner::url_with_digest(&url, b"{}");
    assert_eq!(signer().sign(&twice, b"{}"), Err(TwilioUnsigned::Digest));
}

/// Each request passes in the one way in which it was signed, whatever its URL says.
#[test]
fn the_receiver_chooses_the_mode() {
    let url = TwilioSigner::url_with_digest(URL, b"{}");
    let digested = signer().sign(&url, b"{}").unwrap();
    let form = signer().sign(URL, BODY).unwrap();
    assert!(verify_digested(digested.as_bytes(), &url, b"{}").is_ok());
    assert!(verify(form.as_bytes(), URL, BODY).is_ok());
    // The MAC of a digested request is that of a form without fields.
    for body in [b"".as_slice(), b"{}"] {
        let refused = verify(digested.as_bytes(), &url, body).unwrap_err();
        assert_eq!(refused, Refused::BadSignature);
    }
    let refused = verify_digested(form.as_bytes(), URL, BODY).unwrap_err();
    assert_eq!(refused, Refused::BadSignature);
    let bare = signer().sign(URL, b"").unwrap();
    assert_eq!(verify_digested(bare.as_bytes(), URL, b"").unwrap_err(), Refused::BadSignature);
}

/// A stranger sends a text with the digest of a body of his own, and Twilio signs it as a field. Then he moves
/// the fields into the URL.
#[test]
fn a_text_that_twilio_signs_brings_no_body_in() {
    let evil = br#"{"transfer":"everything"}"#;
    let marked = TwilioSigner::url_with_digest("https://x.example/", evil);
    let (_, pair) = marked.split_once('?').unwrap();
    for (text, after) in [(format!("&{pair}&"), "From=%2B1415"), (format!("&{pair}"), "From=1")] {
        let encoded: String = text.bytes().fold(String::new(), |mut all, byte| {
            write!(all, "%{byte:02X}").unwrap();
            all
        });
        let body = format!("AccountSid=AC1&Body={encoded}&{after}");
        let signature = signer().sign(URL, body.as_bytes()).unwrap();
        let after = after.replace("%2B", "+").replace('=', "");
        let url = format!("{URL}AccountSidAC1Body{text}{after}");
        for verify in [verify, verify_digested] {
            let refused = verify(signature.as_bytes(), &url, evil).unwrap_err();
            assert_eq!(refused, Refused::BadSignature, "{url}");
        }
    }
}

#[test]
fn order_repetition_and_spelling_do_not_change_the_message() {
    let signature = signer().sign(URL, b"b=2&a=x+y&b=1").unwrap();
    for body in [b"a=x+y&b=1&b=2".as_slice(), b"b=1&b=2&b=1&%61=x%20y", b"b=2&a=%78+y&b=1&b=2"] {
        let verified = verify(signature.as_bytes(), URL, body).unwrap();
        let wanted = [("a", "x y"), ("b", "1"), ("b", "2")];
        assert_eq!(fields(&verified), wanted.map(|(n, v)| (n.into(), v.into())));
        assert_eq!(verified.body(), body);
    }
    for body in [b"a=x+y&b=1".as_slice(), b"a=x+y&b=1&b=2&c=", b"a=x y&b=1&b=2"] {
        assert!(verify(signature.as_bytes(), URL, body).is_err());
    }
}

/// Twilio's design, said in the documentation: the boundaries are not signed.
#[test]
fn moved_boundaries_have_the_same_signature() {
    let signature = signer().sign(URL, b"To=1&X=2").unwrap();
    let verified = verify(signature.as_bytes(), URL, b"To=1X2").unwrap();
    assert_eq!(fields(&verified), [(b"To".to_vec(), b"1X2".to_vec())]);
    let honest = verify(signature.as_bytes(), URL, b"To=1&X=2").unwrap();
    assert_eq!(verified.replay_key(), honest.replay_key(), "and so the replay guard knows it");
}

#[test]
fn the_header_comes_once_and_is_canonical_base64() {
    let signature = signer().sign(URL, BODY).unwrap();
    let name = "X-Twilio-Signature";
    let check =
        |headers: &[(&str, &str)]| verifier().verify_form(headers, URL, BODY, now()).map(drop);
    assert_eq!(check(&[(name, &format!(" {signature}\t"))]), Ok(()));
    assert_eq!(check(&[]), Err(Refused::MissingHeader(name)));
    assert_eq!(
        check(&[(name, &signature), ("x-twilio-signature", &signature)]),
        Err(Refused::DuplicateHeader(name))
    );
    let long = "A".repeat(64 * 1024);
    assert_eq!(check(&[(name, &long)]), Err(Refused::HeaderTooLong(name)));
    let unpadded = signature.trim_end_matches('=');
    let url_safe = signature.replace('+', "-").replace('/', "_");
    assert_ne!(url_safe, signature, "the example tells the alphabets apart");
    let twice = format!("{signature},{signature}");
    let hex = "00".repeat(20);
    for malformed in ["", unpadded, &url_safe, &twice, &hex, "\u{e9}", "AAAA", "a b="] {
        assert_eq!(check(&[(name, malformed)]), Err(Refused::MalformedHeader(name)), "{malformed}");
    }
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(check(&[(name, wrong)]), Err(Refused::BadSignature));
}

#[test]
fn the_port_may_be_signed_or_not() {
    for (called, received, fits) in [
        ("https://a.example:8443/x", "https://a.example/x", false),
        ("https://a.example/x", "https://a.example:8443/x", true),
        ("https://a.example:8443/x", "https://a.example:8443/x", true),
        ("https://a.example:443/x", "https://a.example/x", true),
        ("http://a.example:80/x", "http://a.example/x", true),
        ("http://a.example:443/x", "http://a.example/x", false),
        ("https://a.example/x", "https://b.example/x", false),
        ("https://u:p@a.example/x", "https://u:p@a.example:1/x", true),
        ("https://u/x", "https://u:p@a.example/x", false),
    ] {
        let signature = signer().sign(called, b"a=1").unwrap();
        let verified = verify(signature.as_bytes(), received, b"a=1");
        assert_eq!(verified.is_ok(), fits, "{called} {received}");
    }
}

#[test]
fn tokens_rotate() {
    let end = now() + Duration::from_mins(1);
    let verifier = TwilioVerifier::builder()
        .key_until("old".parse().unwrap(), &token("12345"), end)
        .key("new".parse().unwrap(), &token("67890"))
        .build()
        .unwrap();
    let old = [("x-twilio-signature", signer().sign(URL, BODY).unwrap())];
    let new = TwilioSigner::new(&token("67890")).sign(URL, BODY).unwrap();
    let new = [("x-twilio-signature", new)];
    let key = |headers, at| {
        let verified = verifier.verify_form(headers, URL, BODY, at)?;
        let _ = Sighting::from(&verified);
        Ok(verified.key_id().to_string())
    };
    assert_eq!(key(&old, now()), Ok("old".into()));
    assert_eq!(key(&new, end), Ok("new".into()));
    assert_eq!(key(&old, end), Err(Refused::BadSignature));
}

#[test]
fn limits_hold() {
    let builder = || TwilioVerifier::builder().key("a".parse().unwrap(), &token("12345"));
    let small = builder().max_body(8).max_fields(2).build().unwrap();
    let check = |body: &[u8]| {
        let signature = signer().sign(URL, body).unwrap();
        small.verify_form(&[("x-twilio-signature", signature)], URL, body, now()).map(drop)
    };
    assert_eq!(check(b"a=1&b=2"), Ok(()));
    assert_eq!(check(b"a=1&b=234"), Err(Refused::BodyTooLarge));
    assert_eq!(check(b"a=&b=&c="), Err(Refused::BodyTooLarge));
    let refused = |builder: palisade_webhook::TwilioVerifierBuilder| builder.build().unwrap_err();
    assert_eq!(refused(TwilioVerifier::builder()), BuildError::NoKey);
    assert_eq!(refused(builder().max_body(0)), BuildError::Zero("max_body"));
    assert_eq!(refused(builder().max_fields(0)), BuildError::Zero("max_fields"));
    assert_eq!(refused(builder().max_fields(10_001)), BuildError::TooHigh("max_fields"));
    let twice = builder().key("a".parse().unwrap(), &token("6"));
    assert_eq!(refused(twice), BuildError::DuplicateKey("a".parse().unwrap()));
    let tokens = |count: usize| {
        (1..count).fold(builder(), |builder, at| {
            builder.key(format!("k{at}").parse().unwrap(), &token(&format!("token {at}")))
        })
    };
    assert!(tokens(4).build().is_ok());
    assert_eq!(refused(tokens(5)), BuildError::TooHigh("the number of tokens"));
}

#[test]
fn a_field_is_read_where_it_comes_once() {
    let body = b"A=1&B=2&B=3&C=4&C=4";
    let signature = signer().sign(URL, body).unwrap();
    let verified = verify(signature.as_bytes(), URL, body).unwrap();
    assert_eq!(verified.field("A"), Ok(Some(b"1".as_slice())));
    assert_eq!(verified.field("B"), Err(RepeatedField));
    assert_eq!(verified.field("C"), Ok(Some(b"4".as_slice())), "equal pairs are one");
    assert_eq!(verified.field("a"), Ok(None));
}

#[test]
fn the_digest_stands_before_a_fragment() {
    for (url, start, end) in [
        ("https://a.example/x#f?g", "https://a.example/x?bodySHA256=", "#f?g"),
        ("https://a.example/x?a=1#f", "https://a.example/x?a=1&bodySHA256=", "#f"),
    ] {
        let url = TwilioSigner::url_with_digest(url, b"{}");
        assert!(url.starts_with(start) && url.ends_with(end), "{url}");
        let signature = signer().sign(&url, b"{}").unwrap();
        assert!(verify_digested(signature.as_bytes(), &url, b"{}").is_ok());
    }
}

#[test]
fn no_token_is_shown() {
    for shown in [format!("{:?}", verifier()), format!("{:?}", signer())] {
        assert!(!shown.contains("12345") && shown.contains("redacted"), "{shown}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        pairs in prop::collection::vec(("[a-zA-Z]{1,8}", prop::collection::vec(any::<u8>(), 0..12)), 0..8),
        path in "[a-z/]{0,12}",
    ) {
        let encoded: Vec<String> = pairs
            .iter()
            .map(|(name, value)| {
                let mut pair = format!("{name}=");
                for byte in value {
                    write!(pair, "%{byte:02X}").unwrap();
                }
                pair
            })
            .collect();
        let (url, body) = (format!("https://a.example/{path}"), encoded.join("&"));
        let signature = signer().sign(&url, body.as_bytes()).unwrap();
        let verified = verify(signature.as_bytes(), &url, body.as_bytes()).unwrap();
        let mut wanted: Vec<_> =
            pairs.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect();
        wanted.sort();
        wanted.dedup();
        prop_assert_eq!(fields(&verified), wanted);
        let other = TwilioSigner::new(&token("other")).sign(&url, body.as_bytes()).unwrap();
        prop_assert!(verify(other.as_bytes(), &url, body.as_bytes()).is_err());
    }

    #[test]
    fn nothing_panics(url: String, body: Vec<u8>, signature: Vec<u8>) {
        let _ = (verify(&signature, &url, &body), verify_digested(&signature, &url, &body));
        if let Ok(signed) = signer().sign(&url, &body) {
            let form = verify(signed.as_bytes(), &url, &body).is_ok();
            let digested = verify_digested(signed.as_bytes(), &url, &body).is_ok();
            prop_assert!(form != digested);
        }
    }
}
