//! The corpora of signed tokens: every row, accept and reject apart.

use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade_secret::{Keyring, MacKey, SecretBytes};
use palisade_session::{CompactJws, SessionTokens, SigningKeys, TokenProfile};
use serde_json::Value;

/// Rows that are meant to have white space around the token and have none, so that they are byte for
/// byte the first row, which is good. `white_space_around_a_token` has what they meant.
const LOST_ITS_SPACE: [&str; 3] = ["b64-space-end", "b64-crlf-end", "st-15"];

/// The token of a row: in full, or as a recipe.
fn token(case: &Value) -> String {
    let Some(recipe) = case.get("token_gen") else {
        return case["token"].as_str().unwrap().to_owned();
    };
    let text = |name: &str| recipe[name].as_str().unwrap();
    let times = usize::try_from(recipe["times"].as_u64().unwrap()).unwrap();
    text("prefix").to_owned() + &text("repeat").repeat(times) + text("suffix")
}

fn key(text: &str) -> Option<MacKey> {
    let bytes = Base64UrlUnpadded::decode_vec(text).unwrap();
    MacKey::new(SecretBytes::dangerous_unchecked(bytes)).ok()
}

#[test]
fn jwt_corpus() {
    let file: Value = serde_json::from_str(include_str!("../vectors/jwt_corpus.json")).unwrap();
    let profile = &file["profile"];
    let text = |name: &str| profile[name].as_str().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(profile["now"].as_u64().unwrap());
    let mut keys = profile["keys"].as_object().unwrap().iter();
    let (id, secret) = keys.next().unwrap();
    let mut ring = Keyring::new(id.parse().unwrap(), key(secret.as_str().unwrap()).unwrap());
    for (id, secret) in keys {
        ring = ring.accept(id.parse().unwrap(), key(secret.as_str().unwrap()).unwrap()).unwrap();
    }
    let tokens = SessionTokens::new(
        SigningKeys::hs256(ring),
        TokenProfile::new(text("iss"), text("aud")).unwrap(),
    );
    let (mut accepted, mut rejected) = (0, 0);
    for case in file["cases"].as_array().unwrap() {
        let token = token(case);
        let verdict = tokens.verify(&token, now);
        let lost_its_space = LOST_ITS_SPACE.contains(&case["id"].as_str().unwrap());
        if lost_its_space {
            assert_eq!(token, self::token(&file["cases"][0]), "{}", case["id"]);
        }
        let expected = case["expected"] == "accept" || lost_its_space;
        assert_eq!(verdict.is_ok(), expected, "{} {verdict:?}", case["id"]);
        if expected { accepted += 1 } else { rejected += 1 }
    }
    println!("session: {} cases, {accepted} accepted, {rejected} rejected", accepted + rejected);
}

#[test]
fn wycheproof() {
    let file: Value =
        serde_json::from_str(include_str!("../vectors/wycheproof_jws_hmac.json")).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let verdict = CompactJws::parse(case["jws"].as_str().unwrap()).ok().and_then(|jws| {
            let keys = case["keys"].as_array().unwrap();
            let mut named = keys.iter().filter(|key| key["kid"].as_str() == jws.key_id()).take(2);
            let (Some(found), None) = (named.next(), named.next()) else { return None };
            // A key says what it is for; one that is for encryption does not sign.
            let found = (found["alg"] == "HS256").then_some(found)?;
            jws.verify_hs256(&key(found["k"].as_str().unwrap())?).ok().map(<[u8]>::to_vec)
        });
        assert_eq!(verdict.is_some(), case["strict_expected"] == "valid", "{}", case["id"]);
    }
}
