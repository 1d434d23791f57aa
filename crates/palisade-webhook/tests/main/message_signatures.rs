//! HTTP Message Signatures: what counts, and what must not.

#![allow(clippy::similar_names, reason = "a verifier verifies what is verified")]

mod limits;
mod policy;
mod times;

use std::time::{Duration, SystemTime};

use palisade_webhook::{
    Component, MessageHeaders, MessageRefused, MessageRequest, MessageSigner, MessageVerifier,
    PrivateKey, SharedSecret, SigningKey, VerifyingKey,
};
use proptest::prelude::*;

const URI: &str = "https://example.com/hooks/a?v=1&w=2";
const BODY: &[u8] = br#"{"paid":true}"#;

/// What a request has before it is signed.
const HEADERS: [(&str, &str); 2] =
    [("Content-Type", "application/json"), ("X-Two", "first, and second")];

/// The key of RFC 9421 appendix B.1.3, as PKCS #8.
const P256: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUpuF81l+kOxbjf7T\n\
    4mNSv0r5tN67Gim7rnf6EFpcYDuhRANCAASohVhlUsKs9kcYeM/XsJNbT/4P0t/D\n\
    QSSOoXvEHgWK8DHOJzfS0wzgYX6FHoPGHvVnnRUYZ2V2SQNdkKdM2ehd\n\
    -----END PRIVATE KEY-----\n";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// The example key of Standard Webhooks.
fn ed25519() -> PrivateKey {
    PrivateKey::from_whsk(
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    )
    .unwrap()
}

fn shared() -> SharedSecret {
    SharedSecret::from_text("the secret of these tests").unwrap()
}

/// A key of each algorithm, with its two roles.
fn keys() -> [(SigningKey, VerifyingKey); 3] {
    let p256 = PrivateKey::from_pem(P256).unwrap();
    let ed25519 = ed25519();
    [
        ((&shared()).into(), (&shared()).into()),
        ((&ed25519).into(), ed25519.public_key().into()),
        ((&p256).into(), p256.public_key().into()),
    ]
}

fn components() -> [Component; 5] {
    [
        Component::METHOD,
        Component::TARGET_URI,
        Component::field("content-type").unwrap(),
        Component::field("x-two").unwrap(),
        Component::query_param("w").unwrap(),
    ]
}

fn verifier() -> MessageVerifier {
    MessageVerifier::builder().key("a".parse().unwrap(), shared()).build().unwrap()
}

fn signer() -> MessageSigner {
    MessageSigner::builder("a".parse().unwrap(), shared()).build().unwrap()
}

/// The headers of a request with those of its signature.
fn with(signed: &MessageHeaders) -> Vec<(String, Vec<u8>)> {
    let signed = signed.iter();
    HEADERS.into_iter().chain(signed).map(|(name, value)| (name.into(), value.into())).collect()
}

fn sign(signer: &MessageSigner, body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let request = MessageRequest::new("POST", URI, &HEADERS).unwrap();
    with(&signer.sign(&request, body, now()).unwrap())
}

fn check(
    verifier: &MessageVerifier,
    headers: &[(String, Vec<u8>)],
    body: &[u8],
) -> Result<(), MessageRefused> {
    let request = MessageRequest::new("POST", URI, headers)?;
    verifier.verify(&request, body, now()).map(drop)
}

#[test]
fn each_algorithm_signs_and_verifies() {
    for (signing, verifying) in keys() {
        let id = "a".parse().unwrap();
        let signer = MessageSigner::builder(id, signing).components(components()).build().unwrap();
        let verifier = MessageVerifier::builder().key(id, verifying).build().unwrap();
        let headers = sign(&signer, BODY);
        let request = MessageRequest::new("POST", URI, &headers).unwrap();
        let verified = verifier.verify(&request, BODY, now()).unwrap();
        assert_eq!(verified.body(), Some(BODY));
        assert_eq!(verified.key_id(), &id);
        assert_eq!(verified.created(), now());
        assert_eq!(verified.nonce().map(str::len), Some(22));
        assert_eq!(verified.components()[..5], components());
        assert!(verified.covers(&Component::CONTENT_DIGEST));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for (nth, (signing, verifying)) in keys().into_iter().enumerate() {
        let id = "a".parse().unwrap();
        let signer = MessageSigner::builder(id, signing).components(components()).build().unwrap();
        let verifier = MessageVerifier::builder().key(id, verifying).build().unwrap();
        let honest = sign(&signer, BODY);
        // What comes before the signature is read alike for all keys: some of its bits will do for the slow
        // ones.
        let step = |name: &str| if nth == 0 || name == "Signature" { 1 } else { 11 };
        assert_eq!(check(&verifier, &honest, BODY), Ok(()));
        for at_header in 0..honest.len() {
            let (name, value) = &honest[at_header];
            for at in (0..value.len() * 8).step_by(step(name)) {
                let mut other = honest.clone();
                other[at_header].1[at / 8] ^= 1 << (at % 8);
                let value = other[at_header].1.escape_ascii().to_string();
                assert!(check(&verifier, &other, BODY).is_err(), "{value}");
            }
        }
        for at in 0..BODY.len() * 8 {
            let mut other = BODY.to_vec();
            other[at / 8] ^= 1 << (at % 8);
            assert!(check(&verifier, &honest, &other).is_err());
        }
        for at in (0..URI.len() * 8).step_by(step("URI")) {
            let mut other = URI.as_bytes().to_vec();
            other[at / 8] ^= 1 << (at % 8);
            let Ok(other) = String::from_utf8(other) else { continue };
            let verified = MessageRequest::new("POST", &other, &honest)
                .and_then(|request| verifier.verify(&request, BODY, now()).map(drop));
            assert!(verified.is_err(), "{other}");
        }
        for method in ["GET", "post", "POSt", "PATCH"] {
            let request = MessageRequest::new(method, URI, &honest).unwrap();
            assert!(verifier.verify(&request, BODY, now()).is_err());
        }
    }
}

#[test]
fn a_replay_key_is_of_what_is_covered() {
    let key = |signer: &MessageSigner, body: &[u8]| {
        let headers = sign(signer, body);
        let request = MessageRequest::new("POST", URI, &headers).unwrap();
        verifier().verify(&request, body, now()).unwrap().replay_key()
    };
    let bare = MessageSigner::builder("a".parse().unwrap(), shared()).without_nonce();
    let bare = bare.build().unwrap();
    assert_eq!(key(&bare, BODY), key(&bare, BODY));
    assert_ne!(key(&bare, BODY), key(&bare, b"other"));
    assert_ne!(key(&signer(), BODY), key(&signer(), BODY), "each has a nonce");
}

#[test]
fn no_secret_is_shown() {
    for shown in [format!("{:?}", verifier()), format!("{:?}", signer())] {
        assert!(!shown.contains("the secret") && shown.contains("redacted"), "{shown}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(
        body: Vec<u8>,
        path in "(/[a-z0-9%]{0,8}){0,3}",
        query in "(\\?[a-z0-9=&+]{0,16})?",
        value in "[ -~]{0,32}",
        tag in "[ -~]{1,16}",
    ) {
        let uri = format!("https://example.com{path}{query}");
        let headers = [("x-value", &value)];
        let covered = [
            Component::METHOD, Component::AUTHORITY, Component::SCHEME, Component::PATH, Component::QUERY,
            Component::REQUEST_TARGET, Component::field("X-Value").unwrap(),
        ];
        let signer = MessageSigner::builder("a".parse().unwrap(), shared())
            .components(covered)
            .tag(&*tag)
            .with_algorithm()
            .expires_after(Duration::from_secs(9))
            .build()
            .unwrap();
        let signed = signer.sign(&MessageRequest::new("PUT", &uri, &headers).unwrap(), &body, now()).unwrap();
        let all: Vec<_> = signed.iter().chain([("X-VALUE", &*value)]).collect();
        let verifier = MessageVerifier::builder()
            .key("a".parse().unwrap(), shared())
            .tag(&*tag)
            .build()
            .unwrap();
        let request = MessageRequest::new("PUT", &uri, &all).unwrap();
        let verified = verifier.verify(&request, &body, now()).unwrap();
        prop_assert_eq!(verified.tag(), Some(&*tag));
        prop_assert_eq!(verified.body().is_some(), !body.is_empty());
    }

    #[test]
    fn nothing_panics(
        method: String, uri: String, input: Vec<u8>, signature: Vec<u8>, body: Vec<u8>,
    ) {
        let headers = [("signature-input", &input), ("signature", &signature)];
        for (method, uri) in [(&*method, &*uri), ("GET", URI)] {
            if let Ok(request) = MessageRequest::new(method, uri, &headers) {
                prop_assert!(verifier().verify(&request, &body, now()).is_err());
            }
        }
    }

    /// Near to what is right, so that the parser is passed.
    #[test]
    fn nothing_nearly_right_panics(
        component in "[\"@a-z;=?:0-9 ()\\\\-]{0,40}",
        params in "(;(created|expires|alg|keyid|nonce|tag|x)(=([0-9-]{1,16}|\"[ -~]{0,8}\"|:AAAA:|\\?1|a))?){0,6}",
    ) {
        let input = format!("s=({component}){params};keyid=\"a\"");
        let headers = [("signature-input", &*input), ("signature", "s=:AAAA:")];
        let request = MessageRequest::new("GET", URI, &headers).unwrap();
        prop_assert!(verifier().verify(&request, b"", now()).is_err());
    }
}
