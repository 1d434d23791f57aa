//! What GitHub published of its secret scanning partner programme: `tests/vectors/github_secret_scanning.json`.

use palisade_webhook::{PublicKey, Refused, Scheme, Verifier};
use serde_json::Value;

use crate::kit::{NOW, at, stream};

const SCHEME: Scheme = Scheme::GITHUB_SECRET_SCANNING;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/github_secret_scanning.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What was signed. One payload ends with a newline, which the file lost; its length tells so.
fn payload(vector: &Value) -> String {
    let mut payload = text(&vector["payload"]).to_owned();
    let len = vector["payload_len"].as_u64().unwrap();
    if text(&vector["name"]).ends_with("trailing newline") && payload.len() as u64 + 1 == len {
        payload.push('\n');
    }
    assert_eq!(payload.len() as u64, len);
    payload
}

/// The fingerprint that GitHub calls each key by, and the key.
fn keys(vectors: &Value) -> Vec<(String, PublicKey)> {
    let published = vectors["public_keys_response"]["public_keys"].as_array().unwrap();
    let extra = vectors["extra_test_keys"].as_array().unwrap();
    published
        .iter()
        .chain(extra)
        .map(|key| {
            (
                text(&key["key_identifier"]).to_owned(),
                PublicKey::from_pem(text(&key["key"])).unwrap(),
            )
        })
        .collect()
}

/// A receiver that calls its keys as it likes.
fn verifier<'k>(keys: impl IntoIterator<Item = &'k (String, PublicKey)>) -> Verifier {
    let builder =
        keys.into_iter().enumerate().fold(Verifier::builder(SCHEME), |builder, (n, key)| {
            builder.key(format!("key-{n}").parse().unwrap(), &key.1)
        });
    builder.build().unwrap()
}

fn headers(vector: &Value) -> [(&str, &str); 2] {
    [
        ("GITHUB-PUBLIC-KEY-IDENTIFIER", text(&vector["key_identifier"])),
        ("GITHUB-PUBLIC-KEY-SIGNATURE", text(&vector["signature"])),
    ]
}

#[test]
fn fingerprints_are_those_that_github_uses() {
    for (identifier, key) in keys(&vectors()) {
        assert_eq!(key.fingerprint(), Some(identifier.as_str()));
        let again = PublicKey::from_pem(&key.to_string()).unwrap();
        assert_eq!(again.fingerprint(), Some(identifier.as_str()));
    }
}

#[test]
fn every_vector_is_judged_as_it_says() {
    let vectors = vectors();
    let keys = keys(&vectors);
    let verifier = verifier(&keys);
    let (mut valid, mut invalid, mut short) = (0, 0, 0);
    for vector in vectors["vectors"].as_array().unwrap() {
        let body = payload(vector);
        let body = body.as_bytes();
        let headers = headers(vector);
        let at_once = verifier.verify(&headers, body, at(NOW));
        let named = at_once.as_ref().map(|verified| *verified.key_id()).ok();
        let streamed =
            stream(&verifier, &headers, body, 10, at(NOW)).map(|verified| *verified.key_id());
        assert_eq!(named, streamed.ok(), "{}", vector["name"]);
        assert_eq!(at_once.is_ok(), vector["valid"].as_bool().unwrap(), "{}", vector["name"]);
        if let Some(named) = named {
            let place =
                keys.iter().position(|(identifier, _)| *identifier == headers[0].1).unwrap();
            assert_eq!(named.to_string(), format!("key-{place}"));
            short += usize::from(text(&vector["name"]).contains("31-byte s"));
            valid += 1;
        } else {
            assert_eq!(at_once.err(), Some(Refused::BadSignature));
            invalid += 1;
        }
    }
    assert!(valid >= 5 && invalid >= 2 && short == 1);
}

/// The key that the request names counts, and no other one that the receiver holds.
#[test]
fn a_key_that_is_not_held_is_unknown() {
    let vectors = vectors();
    let keys = keys(&vectors);
    let vector = &vectors["vectors"][0];
    let body = text(&vector["payload"]).as_bytes();
    let [(_, named), signature] = headers(vector);
    let others = verifier(keys.iter().filter(|(identifier, _)| identifier != named));
    let all = verifier(&keys);
    let refused = |verifier: &Verifier, name: &str| {
        let headers = [("Github-Public-Key-Identifier", name), signature];
        let verdict = verifier.verify(&headers, body, at(NOW)).map(drop);
        assert_eq!(verdict, stream(verifier, &headers, body, 10, at(NOW)).map(drop));
        verdict
    };
    assert_eq!(refused(&all, named), Ok(()));
    assert_eq!(refused(&others, named), Err(Refused::UnknownKey));
    for (identifier, _) in keys.iter().filter(|(identifier, _)| identifier != named) {
        assert_eq!(refused(&all, identifier), Err(Refused::BadSignature));
    }
    for name in ["", "f", &named[..63], &named.to_uppercase(), &format!("{named}0"), "key-9"] {
        assert_eq!(refused(&all, name), Err(Refused::UnknownKey), "{name}");
    }
}

#[test]
fn a_key_counts_until_its_end() {
    let vectors = vectors();
    let keys = keys(&vectors);
    let vector = &vectors["vectors"][0];
    let body = text(&vector["payload"]).as_bytes();
    let headers = headers(vector);
    let (_, key) = keys.iter().find(|(identifier, _)| *identifier == headers[0].1).unwrap();
    let id = "a".parse().unwrap();
    let verifier = Verifier::builder(SCHEME).key_until(id, key, at(NOW)).build().unwrap();
    assert!(verifier.verify(&headers, body, at(NOW - 1)).is_ok());
    assert_eq!(verifier.verify(&headers, body, at(NOW)).map(drop), Err(Refused::UnknownKey));
    assert_eq!(verifier.start(&headers, at(NOW)).map(drop), Err(Refused::UnknownKey));
}
