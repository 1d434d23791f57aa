//! The corpora of signed tokens: every row.

use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::{Keyring, MacKey, SecretBytes};
use palisade_session::{CompactJws, SessionTokens, SigningKeys, TokenProfile};
use serde_json::Value;

use crate::support::{HEADER, hex, mac_key, payload, sign, start, tokens};
use crate::vectors::{Score, assert_fields, number, rows, text};

/// Rows that are meant to have white space around the token and have none, so that they are byte for
/// byte the first row, which is good. `white_space_is_no_part_of_a_token` has what they meant.
const LOST_ITS_SPACE: [&str; 3] = ["b64-space-end", "b64-crlf-end", "st-15"];

const PROFILE: &[&str] = &[
    "now",
    "leeway_seconds",
    "allowed_alg",
    "keys",
    "retired_keys",
    "other_registered_public_keys",
    "iss",
    "aud",
    "typ",
    "require",
    "max_lifetime_seconds",
    "max_token_bytes",
    "max_kid_bytes",
    "duplicate_members",
    "unknown_kid",
];

/// The token of a row: in full, or as a recipe.
fn token(case: &Value) -> String {
    let Some(recipe) = case.get("token_gen") else { return text(case, "token").to_owned() };
    assert_fields(recipe, &["prefix", "repeat", "times", "suffix"]);
    let times = usize::try_from(number(recipe, "times")).unwrap();
    text(recipe, "prefix").to_owned()
        + &text(recipe, "repeat").repeat(times)
        + text(recipe, "suffix")
}

/// A key that is long enough for `HS256`.
fn key(text: &str) -> Option<MacKey> {
    let bytes = Base64UrlUnpadded::decode_vec(text).unwrap();
    MacKey::new(SecretBytes::dangerous_unchecked(bytes)).ok()
}

pub(crate) fn corpus(file: &Value, score: &mut Score) {
    assert_fields(file, &["description", "profile", "count", "cases"]);
    let profile = &file["profile"];
    assert_fields(profile, PROFILE);
    assert_eq!((text(profile, "allowed_alg"), text(profile, "typ")), ("HS256", "JWT"));
    assert_eq!(number(profile, "max_token_bytes"), 4096);
    assert_eq!(profile["require"], serde_json::json!(["iss", "aud", "sub", "sid", "iat", "exp"]));
    let span = |name| Duration::from_secs(number(profile, name));
    let now = SystemTime::UNIX_EPOCH + span("now");
    let mut keys = profile["keys"].as_object().unwrap().iter();
    let mut next =
        || keys.next().map(|(id, k)| (id.parse().unwrap(), key(k.as_str().unwrap()).unwrap()));
    let (id, first) = next().unwrap();
    let ring = std::iter::from_fn(next)
        .fold(Keyring::new(id, first), |ring, (id, key)| ring.accept(id, key).unwrap());
    let profile = TokenProfile::new(text(profile, "iss"), text(profile, "aud"))
        .and_then(|profile| profile.leeway(span("leeway_seconds")))
        .and_then(|profile| profile.max_lifetime(span("max_lifetime_seconds")))
        .unwrap();
    let tokens = SessionTokens::new(SigningKeys::hs256(ring), profile);
    for case in rows(file) {
        let known = ["id", "category", "token", "token_gen", "expected", "reason", "basis"];
        assert_fields(case, &[&known[..], &["strict_may_reject", "lenient_may_accept"]].concat());
        let token = token(case);
        let expected = match text(case, "expected") {
            "accept" => true,
            "reject" => {
                LOST_ITS_SPACE.contains(&text(case, "id")) && token == self::token(&rows(file)[0])
            }
            unknown => panic!("an unknown verdict: {unknown}"),
        };
        score.row(&case["id"], tokens.verify(&token, now).is_ok(), expected);
    }
}

pub(crate) fn wycheproof(file: &Value, score: &mut Score) {
    for case in rows(file) {
        assert_fields(
            case,
            &[
                "id",
                "category",
                "comment",
                "keys",
                "jws",
                "upstream_result",
                "strict_expected",
                "flags",
                "note",
            ],
        );
        let payload = CompactJws::parse(text(case, "jws")).ok().and_then(|jws| {
            let keys = case["keys"].as_array().unwrap();
            let mut named = keys.iter().filter(|key| key["kid"].as_str() == jws.key_id()).take(2);
            let (Some(found), None) = (named.next(), named.next()) else { return None };
            // A key says what it is for; one that is for encryption does not sign.
            let found = (found["alg"] == "HS256").then_some(found)?;
            jws.verify_hs256(&key(text(found, "k"))?).ok().map(<[u8]>::to_vec)
        });
        let expected = match text(case, "strict_expected") {
            "valid" => true,
            "invalid" => false,
            unknown => panic!("an unknown verdict: {unknown}"),
        };
        score.row(&case["id"], payload.is_some(), expected);
    }
}

/// Appendix A.1 of RFC 7515 and its like: header, payload and signature to the byte, and the claims
/// at two moments. They have no `typ`, `kid`, `sid` of ours, so the claims are judged on a copy that
/// adds what is missing and is signed with the same key.
pub(crate) fn rfc7515(file: &Value, score: &mut Score) {
    for case in rows(file) {
        let id = &case["id"];
        let (signed, presented) = text(case, "jws").rsplit_once('.').unwrap();
        let jws = CompactJws::parse(text(case, "jws")).unwrap();
        assert_eq!(text(&case["jwk"], "kty"), "oct", "{id}");
        let key = key(text(&case["jwk"], "k")).unwrap();
        assert_eq!(jws.algorithm(), text(case, "alg"), "{id}");
        assert_eq!(hex(jws.header_json().as_bytes()), text(case, "header_json_hex"), "{id}");
        let payload = jws.dangerous_unverified_payload();
        assert_eq!(hex(payload), text(case, "payload_json_hex"), "{id}");
        let tag = key.mac(&[signed.as_bytes()]).to_bytes();
        assert_eq!(hex(&tag), text(case, "signature_hex"), "{id}");
        assert_eq!(Base64UrlUnpadded::encode_string(&tag), presented, "{id}");

        let claims: Value = serde_json::from_slice(payload).unwrap();
        for (field, expected) in case.as_object().unwrap() {
            let valid = || match expected.as_str().unwrap() {
                "valid" => true,
                "invalid" | "expired (exp: on or after)" => false,
                unknown => panic!("an unknown verdict: {unknown}"),
            };
            match field.as_str() {
                "verify_signature" => score.row(id, jws.verify_hs256(&key).is_ok(), valid()),
                _ if field.starts_with("verify_claims_now_") => {
                    let now = field["verify_claims_now_".len()..].parse().unwrap();
                    score.row(id, claims_hold(&claims, &key, now), valid());
                }
                "id" | "source" | "alg" | "jwk" | "jws" | "header_json_hex"
                | "payload_json_hex" | "signature_hex" => {}
                unknown => panic!("an unknown field: {unknown}"),
            }
        }
    }
}

fn claims_hold(claims: &Value, key: &MacKey, now: u64) -> bool {
    let mut claims = claims.clone();
    let issuer = text(&claims, "iss").to_owned();
    let expires = number(&claims, "exp");
    for (name, value) in [("aud", "x"), ("sub", "x"), ("sid", "x")] {
        claims[name] = value.into();
    }
    claims["iat"] = (expires - 3600).into();
    let token = sign(HEADER, &claims.to_string(), key);
    let profile = TokenProfile::new(&issuer, "x").unwrap().leeway(Duration::ZERO).unwrap();
    let keys = SigningKeys::hs256(Keyring::new("a".parse().unwrap(), key.clone()));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
    SessionTokens::new(keys, profile).verify(&token, now).is_ok()
}

/// What three rows of the corpus meant to say.
#[test]
fn white_space_is_no_part_of_a_token() {
    let tokens = tokens(&["a"]);
    let good = sign(HEADER, &payload(&[]), &mac_key("a"));
    tokens.verify(&good, start()).unwrap();
    for space in [" ", "\t", "\n", "\r\n", "\u{a0}", "\u{2003}", "\u{feff}", "\0", "\u{b}"] {
        for at in 0..=good.len() {
            let spaced = format!("{}{space}{}", &good[..at], &good[at..]);
            assert!(tokens.verify(&spaced, start()).is_err(), "{space:?} at {at}");
        }
    }
}
