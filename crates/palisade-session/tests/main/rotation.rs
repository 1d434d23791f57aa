//! New keys: soft, with an end, and hard.

use palisade_session::{MemoryStore, SessionTokens, Sessions, SigningKeys, TokenRefused};

use crate::support::{
    HOUR, MINUTE, SECOND, mac_key, part, policy, profile, ring, run, sign_in, start, tokens, user,
    verdict,
};

fn service(store: &MemoryStore, tokens: SessionTokens) -> Sessions<MemoryStore> {
    Sessions::signed(store.clone(), policy().build().unwrap(), tokens).unwrap()
}

#[test]
fn soft_rotation_keeps_sessions_and_signs_with_the_new_key() {
    let store = MemoryStore::new();
    let before = service(&store, tokens(&["a"]));
    let (old, session) = run(sign_in(&before, &user(), start()));
    let after = service(&store, tokens(&["b", "a"]));
    assert_eq!(run(verdict(&after, &old, start())), "ok");
    let (renewed, _) = run(after.rotate(&session, start())).unwrap();
    assert!(part(renewed.expose_secret(), 0).contains(r#""kid":"b""#));
    assert_eq!(run(verdict(&after, renewed.expose_secret(), start())), "ok");
    // A process that has not heard of the new key yet.
    assert_eq!(run(verdict(&before, renewed.expose_secret(), start())), "token_unknown_key");
    let key = tokens(&["b", "a"]).verify(&old, start()).unwrap().key_id();
    assert_eq!(key.as_str(), "a");
}

#[test]
fn a_key_with_an_end_verifies_until_then_and_not_at_it() {
    let store = MemoryStore::new();
    let (old, _) = run(sign_in(&service(&store, tokens(&["a"])), &user(), start()));
    let end = start() + 10 * MINUTE;
    let keys = ring(&["b"]).accept_until("a".parse().unwrap(), mac_key("a"), end).unwrap();
    let tokens = SessionTokens::new(SigningKeys::hs256(keys), profile());
    let after = service(&store, tokens);
    assert_eq!(run(verdict(&after, &old, end - SECOND)), "ok");
    assert_eq!(run(verdict(&after, &old, end)), "token_unknown_key");
    assert_eq!(run(verdict(&after, &old, end + HOUR)), "token_unknown_key");
}

#[test]
fn a_header_that_is_spelled_otherwise_does_not_reach_a_key_past_its_end() {
    let end = start() + MINUTE;
    let keys = ring(&["b"]).accept_until("a".parse().unwrap(), mac_key("a"), end).unwrap();
    let tokens = SessionTokens::new(SigningKeys::hs256(keys), profile());
    let spaced = r#"{ "alg":"HS256","typ":"JWT","kid":"a"}"#;
    let token = crate::support::sign(spaced, &crate::support::payload(&[]), &mac_key("a"));
    tokens.verify(&token, end - SECOND).unwrap();
    assert_eq!(tokens.verify(&token, end).unwrap_err(), TokenRefused::UnknownKey);
}

/// The key of one id under the id of another ring: an id that is used again is no way in.
#[test]
fn an_id_that_is_used_again_for_another_key_opens_nothing() {
    let (old, _) = run(sign_in(&service(&MemoryStore::new(), tokens(&["a"])), &user(), start()));
    let reused = palisade_secret::Keyring::new("a".parse().unwrap(), mac_key("z"));
    let tokens = SessionTokens::new(SigningKeys::hs256(reused), profile());
    assert_eq!(tokens.verify(&old, start()).unwrap_err(), TokenRefused::Signature);
}

#[cfg(feature = "eddsa")]
mod eddsa {
    use palisade_secret::{Keyring, SecretBytes};
    use palisade_session::{Ed25519Key, InvalidJwks, Jwks, SessionVerifier};

    use super::*;

    fn key(byte: u8) -> Ed25519Key {
        Ed25519Key::new(&SecretBytes::dangerous_unchecked(vec![byte; 32])).unwrap()
    }

    fn ring(ids: &[&str]) -> Keyring<Ed25519Key> {
        let first = Keyring::new(ids[0].parse().unwrap(), key(ids[0].as_bytes()[0]));
        ids[1..].iter().fold(first, |ring, id| {
            ring.accept(id.parse().unwrap(), key(id.as_bytes()[0])).unwrap()
        })
    }

    #[test]
    fn sessions_live_on_under_a_new_signing_key_and_the_set_tells_others() {
        let store = MemoryStore::new();
        let tokens = |ids: &[&str]| SessionTokens::new(SigningKeys::ed25519(ring(ids)), profile());
        let (old, _) = run(sign_in(&service(&store, tokens(&["a"])), &user(), start()));
        let after = service(&store, tokens(&["b", "a"]));
        assert_eq!(run(verdict(&after, &old, start())), "ok");
        let set = SigningKeys::ed25519(ring(&["b", "a"])).public_keys(start()).unwrap().to_json();
        let elsewhere = SessionVerifier::new(Jwks::parse(&set).unwrap(), profile());
        assert_eq!(elsewhere.verify(&old, start()).unwrap().key_id().as_str(), "a");
        let hard = service(&store, tokens(&["c"]));
        assert_eq!(run(verdict(&hard, &old, start())), "token_unknown_key");
    }

    /// From the ring to the set: a key that is past its end is not published.
    #[test]
    fn a_key_past_its_end_is_not_published() {
        let ring = ring(&["b"]).accept_until("a".parse().unwrap(), key(b'a'), start()).unwrap();
        let keys = SigningKeys::ed25519(ring);
        assert!(keys.public_keys(start() - SECOND).unwrap().to_json().contains(r#""kid":"a""#));
        assert!(!keys.public_keys(start()).unwrap().to_json().contains(r#""kid":"a""#));
        assert!(SigningKeys::hs256(crate::support::ring(&["a"])).public_keys(start()).is_none());
    }

    #[test]
    fn sets_that_are_none() {
        let good = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let set = |keys: &str| Jwks::parse(&format!(r#"{{"keys":[{keys}]}}"#)).map(drop);
        assert_eq!(set(good), Ok(()));
        let edit = |from: &str, to: &str| set(&good.replace(from, to));
        assert_eq!(edit(r#""kid":"a","#, ""), Err(InvalidJwks::KeyId));
        assert_eq!(edit(r#""a""#, r#""é""#), Err(InvalidJwks::KeyId));
        assert_eq!(edit("11qY", ""), Err(InvalidJwks::Key));
        assert_eq!(edit("11qY", "11qY11qY"), Err(InvalidJwks::Key));
        assert_eq!(edit("11qY", "11q+"), Err(InvalidJwks::Key));
        assert_eq!(edit("URo", "URo="), Err(InvalidJwks::Key));
        assert_eq!(edit(r#""x""#, r#""y""#), Err(InvalidJwks::Key));
        assert_eq!(edit("Ed25519", "X25519"), Err(InvalidJwks::NoKey));
        assert_eq!(edit("OKP", "EC"), Err(InvalidJwks::NoKey));
        assert_eq!(edit(r#""kid""#, r#""alg":"HS256","kid""#), Err(InvalidJwks::NoKey));
        assert_eq!(edit(r#""kid""#, r#""use":"enc","kid""#), Err(InvalidJwks::NoKey));
        assert_eq!(edit(r#""kid""#, r#""alg":"EdDSA","use":"sig","kid""#), Ok(()));
        assert_eq!(edit(r#""kid""#, r#""d":"AA","kid""#), Err(InvalidJwks::Private));
        assert_eq!(edit(r#""kid""#, r#""kid":"b","kid""#), Err(InvalidJwks::Malformed));
        assert_eq!(set(&format!("{good},{good}")), Err(InvalidJwks::Duplicate));
        let other = r#"{"kty":"RSA","n":"AQ","e":"AQAB"}"#;
        assert_eq!(set(&format!("{other},{good}")), Ok(()));
        assert_eq!(set(""), Err(InvalidJwks::NoKey));
        assert_eq!(set("7"), Err(InvalidJwks::Malformed));
        assert_eq!(Jwks::parse("").map(drop), Err(InvalidJwks::Malformed));
        assert_eq!(Jwks::parse(&" ".repeat(65_537)).map(drop), Err(InvalidJwks::TooLong));
        // Points of small order, for which many signatures hold.
        for weak in [
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let key = good.replace("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", weak);
            assert_eq!(set(&key), Err(InvalidJwks::Key), "{weak}");
        }
        for len in [0, 31, 33, 64] {
            let secret = SecretBytes::dangerous_unchecked(vec![7; len]);
            assert!(Ed25519Key::new(&secret).is_err(), "{len}");
        }
    }

    /// Tokens of one algorithm under a key of the other, and signatures of the wrong length.
    #[test]
    fn the_other_algorithm_is_refused() {
        let claims = crate::support::payload(&[]);
        let ed = SessionTokens::new(SigningKeys::ed25519(ring(&["a"])), profile());
        let hs = crate::support::sign(crate::support::HEADER, &claims, &mac_key("a"));
        assert_eq!(ed.verify(&hs, start()).unwrap_err(), TokenRefused::Algorithm);
        let header = crate::support::HEADER.replace("HS256", "EdDSA");
        let wrong = crate::support::sign(&header, &claims, &mac_key("a"));
        assert_eq!(ed.verify(&wrong, start()).unwrap_err(), TokenRefused::Signature);
        assert_eq!(tokens(&["a"]).verify(&wrong, start()).unwrap_err(), TokenRefused::Algorithm);
        let (good, _) = run(sign_in(&service(&MemoryStore::new(), ed), &user(), start()));
        assert_eq!(tokens(&["a"]).verify(&good, start()).unwrap_err(), TokenRefused::Algorithm);
    }
}
