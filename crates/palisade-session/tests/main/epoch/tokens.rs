//! Issuing and verifying.

use std::fmt::{Debug, Display};
use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use palisade_secret::{Keyring, MacKey};
use palisade_session::{
    EpochClaims, EpochGrant, EpochIssuer, EpochToken, EpochTokens, EpochVerifier, InvalidProfile,
    SessionToken, SigningKeys, TokenProfile, TokenRefused, TokenScopes,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use static_assertions::{assert_impl_all, assert_not_impl_any};

use super::{HEADER, issue, issuer, keys, minutes, noon, profile, seconds, sign, verifier, verify};

assert_not_impl_any!(EpochToken: Clone, Display, PartialEq, Default, AsRef<str>, serde::Serialize, Into<SessionToken>);
assert_impl_all!(EpochToken: Send, Sync, Debug);
assert_not_impl_any!(EpochClaims: Default, serde::Serialize);

#[test]
fn a_token_tells_what_it_was_issued_for() {
    let tokens = issue(noon() + seconds(90));
    assert!(tokens.next.is_none());
    let token = tokens.current;
    assert!(token.expose_secret().starts_with("wt_eyJ"));
    let claims = verify(token.expose_secret(), noon() + seconds(90)).unwrap();
    assert_eq!(claims.subject().as_str(), "org_1");
    assert_eq!(claims.sidecar().as_str(), "sc_1");
    assert_eq!(claims.epoch(), token.epoch());
    assert_eq!(claims.epoch().to_string(), "epoch_2024010112");
    assert_eq!(claims.issued(), noon() + seconds(90));
    assert_eq!(claims.expires(), noon() + minutes(60));
    assert_eq!(claims.key_id().as_str(), "k1");

    claims.require("read:controls").unwrap();
    let missing = claims.require("read").unwrap_err();
    assert_eq!((missing.scope(), missing.reason()), ("read", "token_scope"));
    assert!(!missing.to_string().contains("`read`"));
    assert_eq!(token.terms(claims.scopes()).scopes().as_str(), "read:controls write:evidence");
}

#[test]
fn it_is_shown_nowhere() {
    let tokens = issue(noon());
    let shown = format!("{tokens:?} {:?} {:?}", issuer(), verifier());
    let text = tokens.current.expose_secret();
    for part in text.split('.').skip(1) {
        assert!(!shown.contains(&part[..8]), "{shown}");
    }
    assert!(shown.contains("<redacted>"));
}

#[test]
fn the_next_token_comes_with_the_last_five_minutes() {
    let last = Duration::from_nanos(1);
    assert!(issue(noon() + minutes(55) - last).next.is_none());
    let EpochTokens { current, next } = issue(noon() + minutes(55));
    let next = next.unwrap();
    assert_eq!(current.epoch().next(), Some(next.epoch()));

    // With a leeway of 30 seconds both ends widen.
    let end = noon() + minutes(60);
    let refused = |token: &EpochToken, now| verify(token.expose_secret(), now).err();
    assert_eq!(refused(&next, end - seconds(31)), Some(TokenRefused::NotYetValid));
    assert_eq!(refused(&next, end - seconds(30)), None);
    assert_eq!(refused(&current, end + seconds(29)), None);
    assert_eq!(refused(&current, end + seconds(30)), Some(TokenRefused::Expired));
    assert_eq!(refused(&next, end + minutes(60) + seconds(30)), Some(TokenRefused::Expired));

    // What has no next hour, and what has no hour at all.
    let grant = EpochGrant {
        subject: &"o".parse().unwrap(),
        sidecar: &"s".parse().unwrap(),
        scopes: &TokenScopes::none(),
    };
    let last_hour = "epoch_9999123123".parse::<palisade_session::Epoch>().unwrap();
    assert!(issuer().issue(&grant, last_hour.refresh_from()).unwrap().next.is_none());
    assert!(issuer().issue(&grant, last_hour.expires_at()).is_err());
    assert!(issuer().issue(&grant, SystemTime::UNIX_EPOCH - seconds(1)).is_err());
}

#[test]
fn a_clock_a_day_back_or_two_hours_ahead_refuses() {
    let token = issue(noon()).current;
    let refused = |now| verify(token.expose_secret(), now).unwrap_err();
    assert_eq!(refused(noon() - Duration::from_hours(24)), TokenRefused::NotYetValid);
    assert_eq!(refused(noon() + Duration::from_hours(2)), TokenRefused::Expired);
    assert_eq!(refused(SystemTime::UNIX_EPOCH - seconds(1)), TokenRefused::NotYetValid);
}

fn payload() -> Value {
    json!({
        "iss": "https://auth.example", "aud": "attestations", "sub": "org_1", "sidecar": "sc_1",
        "scope": "read", "epoch": "epoch_2024010112", "iat": 1_704_110_400, "exp": 1_704_114_000,
    })
}

fn signed(payload: &Value) -> String {
    format!("wt_{}", sign(HEADER, &payload.to_string()))
}

#[test]
fn every_claim_is_asked_for() {
    assert!(verify(&signed(&payload()), noon()).is_ok());
    let exp = TokenRefused::Claim("exp");
    let cases = [
        ("iss", json!("https://auth.example/"), TokenRefused::Issuer),
        ("aud", json!("other"), TokenRefused::Audience),
        ("aud", json!(["other"]), TokenRefused::Audience),
        ("sub", json!(""), TokenRefused::Claim("sub")),
        ("sub", json!("a b"), TokenRefused::Claim("sub")),
        ("sub", json!(1), TokenRefused::Malformed),
        ("sidecar", json!("a b"), TokenRefused::Claim("sidecar")),
        ("sidecar", json!("s".repeat(65)), TokenRefused::Claim("sidecar")),
        ("scope", json!(""), TokenRefused::Claim("scope")),
        ("scope", json!("a  b"), TokenRefused::Claim("scope")),
        ("scope", json!(["read"]), TokenRefused::Malformed),
        ("epoch", json!("epoch_2024010113"), exp),
        ("epoch", json!("epoch_2024010111"), exp),
        ("epoch", json!("2024010112"), TokenRefused::Claim("epoch")),
        ("epoch", json!("epoch_2024010112 "), TokenRefused::Claim("epoch")),
        // Within the leeway, so that only the epoch betrays it.
        ("exp", json!(1_704_114_001), exp),
        ("exp", json!(1_704_113_999), exp),
        ("exp", json!(1_704_114_000.5), exp),
        ("exp", json!("1704114000"), TokenRefused::Malformed),
        // After the end; a day before.
        ("iat", json!(1_704_114_001), exp),
        ("iat", json!(1_704_110_431), TokenRefused::NotYetValid),
        ("iat", json!(1_703_000_000), exp),
        ("nbf", json!(1_704_110_431), TokenRefused::NotYetValid),
    ];
    for (name, value, refused) in cases {
        let mut changed = payload();
        changed[name] = value;
        assert_eq!(verify(&signed(&changed), noon()).err(), Some(refused), "{changed}");
    }
    for name in ["iss", "aud", "sub", "sidecar", "epoch", "iat", "exp"] {
        let mut changed = payload();
        changed.as_object_mut().unwrap().remove(name);
        assert!(verify(&signed(&changed), noon()).is_err(), "without {name}");
        let twice = payload().to_string().replacen('{', &format!(r#"{{"{name}":"x","#), 1);
        let token = format!("wt_{}", sign(HEADER, &twice));
        assert_eq!(verify(&token, noon()).unwrap_err(), TokenRefused::Malformed, "{name} twice");
    }
    let mut none = payload();
    none.as_object_mut().unwrap().remove("scope");
    assert!(verify(&signed(&none), noon()).unwrap().scopes().is_empty());
}

#[test]
fn a_header_of_another_kind_is_refused() {
    let token = |header: &str| format!("wt_{}", sign(header, &payload().to_string()));
    for (header, refused) in [
        (r#"{"alg":"HS256","kid":"k1"}"#, TokenRefused::Type),
        (r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#, TokenRefused::Type),
        (r#"{"alg":"HS256","typ":"WT+JWT","kid":"k1"}"#, TokenRefused::Type),
        (r#"{"alg":"HS256","typ":"application/wt+jwt","kid":"k1"}"#, TokenRefused::Type),
        (r#"{"alg":"HS256","typ":"wt+jwt"}"#, TokenRefused::UnknownKey),
        (r#"{"alg":"HS256","typ":"wt+jwt","kid":"k2"}"#, TokenRefused::UnknownKey),
        (r#"{"alg":"none","typ":"wt+jwt","kid":"k1"}"#, TokenRefused::Algorithm),
        (r#"{"alg":"HS256","typ":"wt+jwt","kid":"k1","crit":["x"]}"#, TokenRefused::Extension),
    ] {
        assert_eq!(verify(&token(header), noon()).err(), Some(refused), "{header}");
    }
    assert!(verify(&token(r#"{"kid":"k1","typ":"wt+jwt","alg":"HS256"}"#), noon()).is_ok());
}

#[test]
fn any_changed_character_is_refused() {
    let token = issue(noon()).current.expose_secret().to_owned();
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&changed, noon()).is_err(), "{at}");
        assert!(verify(&token[..at], noon()).is_err(), "{at}");
    }
    for huge in [token.repeat(5000), "wt_".repeat(400_000), "a".repeat(1 << 20)] {
        assert_eq!(verify(&huge, noon()).unwrap_err(), TokenRefused::TooLong);
        assert_eq!(EpochToken::received(huge).unwrap_err(), TokenRefused::TooLong);
    }
}

#[test]
fn keys_rotate() {
    let key = |byte: u8| MacKey::dangerous_any_length(&[byte; 32]);
    let old = issue(noon()).current;
    let ring = Keyring::new("k2".parse().unwrap(), key(9));
    let soft = ring.clone().accept("k1".parse().unwrap(), super::mac_key()).unwrap();
    let verify = |ring| {
        EpochVerifier::new(SigningKeys::hs256(ring), profile())
            .unwrap()
            .verify(old.expose_secret(), noon())
    };
    assert!(verify(soft).is_ok());
    assert_eq!(verify(ring).unwrap_err(), TokenRefused::UnknownKey);
}

#[test]
fn a_profile_must_leave_room() {
    let short = |minutes| profile().max_lifetime(super::minutes(minutes)).unwrap();
    assert!(EpochIssuer::new(keys(), short(65)).is_ok());
    assert_eq!(EpochIssuer::new(keys(), short(64)).err(), Some(InvalidProfile::EpochLifetime));
    assert_eq!(EpochVerifier::new(keys(), short(64)).err(), Some(InvalidProfile::EpochLifetime));
    let token = issue(noon() + minutes(55)).next.unwrap();
    let verifier = EpochVerifier::new(keys(), short(65)).unwrap();
    assert!(verifier.verify(token.expose_secret(), noon() + minutes(61)).is_ok());
}

/// Whatever can be issued is short enough to be verified.
#[test]
fn the_longest_token_verifies() {
    let name = "\"".repeat(TokenProfile::MAX_NAME_LEN);
    let profile = TokenProfile::new(&name, &name.replace('"', "\\")).unwrap();
    let keys = SigningKeys::hs256(Keyring::new("k".repeat(32).parse().unwrap(), super::mac_key()));
    let grant = EpochGrant {
        subject: &"\"".repeat(128).parse().unwrap(),
        sidecar: &"s".repeat(64).parse().unwrap(),
        scopes: &"s".repeat(1024).parse().unwrap(),
    };
    let issuer = EpochIssuer::new(keys.clone(), profile.clone()).unwrap();
    let token = issuer.issue(&grant, noon()).unwrap().current;
    let claims =
        EpochVerifier::new(keys, profile).unwrap().verify(token.expose_secret(), noon()).unwrap();
    assert_eq!(claims.subject(), grant.subject);
    assert_eq!(claims.scopes(), grant.scopes);
}

#[test]
fn verifying_allocates_what_the_claims_hold() {
    let (token, verifier) = (issue(noon()).current, verifier());
    let mut claims = None;
    let info = measure(|| claims = Some(verifier.verify(token.expose_secret(), noon())));
    assert!(claims.unwrap().is_ok());
    // The subject and the scopes.
    assert_eq!(info.count_total, 2, "{info:?}");
    let text = token.expose_secret();
    let wrong = format!("{}A", &text[..text.len() - 1]);
    assert_eq!(measure(|| assert!(verifier.verify(&wrong, noon()).is_err())).count_total, 0);
}

#[test]
fn a_client_takes_over_what_a_server_sends() {
    let token = issue(noon()).current;
    let received = EpochToken::received(token.expose_secret()).unwrap();
    assert_eq!(received.epoch(), token.epoch());
    assert_eq!(received.expose_secret(), token.expose_secret());

    let other = sign(r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#, &payload().to_string());
    assert_eq!(EpochToken::received(format!("wt_{other}")).unwrap_err(), TokenRefused::Type);
    let mut changed = payload();
    changed["exp"] = json!(1_704_114_001);
    assert_eq!(EpochToken::received(signed(&changed)).unwrap_err(), TokenRefused::Claim("exp"));
    changed.as_object_mut().unwrap().remove("epoch");
    assert_eq!(EpochToken::received(signed(&changed)).unwrap_err(), TokenRefused::Claim("epoch"));
    for text in ["", "wt_", "wt_a.b.c", "wt_..", "glc_live_x"] {
        assert!(EpochToken::received(text).is_err(), "{text}");
    }
}

#[cfg(feature = "eddsa")]
#[test]
fn another_service_verifies_with_the_public_key() {
    use palisade_session::{CompactJws, Ed25519Key, Jwks};
    let keys =
        SigningKeys::ed25519(Keyring::new("e1".parse().unwrap(), Ed25519Key::generate().unwrap()));
    let public = Jwks::parse(&keys.public_keys(noon()).unwrap().to_json()).unwrap();
    let issuer = EpochIssuer::new(keys, profile()).unwrap();
    let elsewhere = EpochVerifier::with_public_keys(public.clone(), profile()).unwrap();
    let grant = EpochGrant {
        subject: &"org_1".parse().unwrap(),
        sidecar: &"sc_1".parse().unwrap(),
        scopes: &"read".parse().unwrap(),
    };
    let token = issuer.issue(&grant, noon()).unwrap().current;
    assert_eq!(elsewhere.verify(token.expose_secret(), noon()).unwrap().key_id().as_str(), "e1");
    assert!(elsewhere.verify(issue(noon()).current.expose_secret(), noon()).is_err());
    assert!(verify(token.expose_secret(), noon()).is_err());

    // In single steps.
    let step = |token: &EpochToken| {
        let jws = CompactJws::parse(&token.expose_secret()[3..]).unwrap();
        jws.verify_eddsa(&public).map(<[u8]>::len)
    };
    assert!(step(&token).is_ok_and(|len| len > 100));
    assert_eq!(step(&issue(noon()).current), Err(TokenRefused::UnknownKey));
    let (_, signature) = token.expose_secret().rsplit_once('.').unwrap();
    // Claims that were not signed, in whatever order they are written.
    let mut changed = payload();
    changed["sub"] = json!("org_2");
    let other = EpochToken::received(format!(
        "{}.{signature}",
        sign(r#"{"alg":"EdDSA","typ":"wt+jwt","kid":"e1"}"#, &changed.to_string())
            .rsplit_once('.')
            .map(|(signed, _)| format!("wt_{signed}"))
            .unwrap()
    ));
    assert_eq!(step(&other.unwrap()), Err(TokenRefused::Signature));
    let mac = sign(r#"{"alg":"HS256","typ":"wt+jwt","kid":"e1"}"#, &payload().to_string());
    let mac = EpochToken::received(format!("wt_{mac}")).unwrap();
    assert_eq!(step(&mac), Err(TokenRefused::Algorithm));
}

proptest! {
    #[test]
    fn what_is_issued_verifies_in_its_hour_alone(
        subject in "[!-~]{1,128}",
        sidecar in "[A-Za-z0-9._-]{1,64}",
        scopes in "|[!#-\\[\\]-~]{1,20}( [!#-\\[\\]-~]{1,20}){0,9}",
        at in 0..4_000_000_000_u64,
        other in 0..4_000_000_000_u64,
    ) {
        let scopes = TokenScopes::try_from(scopes).unwrap();
        let (subject, sidecar) = (subject.parse().unwrap(), sidecar.parse().unwrap());
        let grant = EpochGrant { subject: &subject, sidecar: &sidecar, scopes: &scopes };
        let now = SystemTime::UNIX_EPOCH + seconds(at);
        let tokens = issuer().issue(&grant, now).unwrap();
        let claims = verify(tokens.current.expose_secret(), now).unwrap();
        prop_assert_eq!((claims.subject(), claims.sidecar(), claims.scopes()), (&subject, &sidecar, &scopes));
        prop_assert_eq!(tokens.next.is_some(), at % 3600 >= 3300);
        for token in [Some(tokens.current), tokens.next].into_iter().flatten() {
            let epoch = token.epoch();
            // Not before it was issued, for its `iat` lies ahead then.
            let start = epoch.starts_at().max(now);
            for time in [SystemTime::UNIX_EPOCH + seconds(other), start, epoch.expires_at()] {
                let accepted = verify(token.expose_secret(), time).is_ok();
                let expected = time + seconds(30) >= start && time < epoch.expires_at() + seconds(30);
                prop_assert_eq!(accepted, expected);
            }
            prop_assert_eq!(EpochToken::received(token.expose_secret()).unwrap().epoch(), epoch);
        }
    }

    #[test]
    fn no_text_verifies(text in ".{0,80}|wt_[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{43}") {
        prop_assert!(verify(&text, noon()).is_err());
    }
}
