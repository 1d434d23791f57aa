//! `jsonwebtoken` as the oracle: it verifies what is issued here, and what it issues verifies here.
//! What it accepts and is refused here are stricter rules of ours, each in a list below.
//!
//! It reads the clock of the system, so these tests do too.

use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use palisade_secret::{Keyring, MacKey};
use palisade_session::{NewClaims, SessionTokens, SigningKeys, TokenProfile, TokenRefused};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{AUDIENCE, HEADER, ISSUER, mac_key, seconds, sign, tokens};

fn oracle(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.leeway = 30;
    validation
}

/// Claims whose times are around now, as offsets in seconds.
#[derive(Debug)]
struct Claims {
    issuer: String,
    audience: String,
    user: String,
    session: String,
    generation: u64,
    issued: u64,
    expires: u64,
}

prop_compose! {
    fn any_claims()(
        issuer in "[!-~]{1,256}", audience in "[!-~]{1,256}", user in "[!-~]{1,128}",
        session in "[A-Za-z0-9_-]{1,32}", generation: u64,
        issued in 0..300_000_u64, expires in 60..300_000_u64,
    ) -> Claims {
        Claims { issuer, audience, user, session, generation, issued, expires }
    }
}

/// Both directions, with one pair of keys.
fn both_ways(
    claims: &Claims,
    keys: SigningKeys,
    algorithm: Algorithm,
    encoding: &EncodingKey,
    decoding: &DecodingKey,
) {
    let now = SystemTime::now();
    let (issued, expires) =
        (now - Duration::from_secs(claims.issued), now + Duration::from_secs(claims.expires));
    let profile = TokenProfile::new(&claims.issuer, &claims.audience).unwrap();
    let tokens = SessionTokens::new(keys, profile);
    let (user, session) = (claims.user.parse().unwrap(), claims.session.parse().unwrap());
    let generation = claims.generation;
    let ours =
        tokens.issue(&NewClaims { user: &user, session: &session, generation, issued, expires });
    let expected = json!({
        "iss": claims.issuer, "aud": claims.audience, "sub": claims.user, "sid": claims.session,
        "gen": generation, "iat": seconds(issued), "exp": seconds(expires),
    });
    let validation = oracle(algorithm, &claims.issuer, &claims.audience);
    let read = decode::<Value>(ours.expose_secret(), decoding, &validation).unwrap();
    assert_eq!(read.claims, expected);
    assert_eq!((read.header.kid.as_deref(), read.header.typ.as_deref()), (Some("a"), Some("JWT")));

    let mut header = Header::new(algorithm);
    header.kid = Some("a".into());
    let theirs = encode(&header, &expected, encoding).unwrap();
    let read = tokens.verify(&theirs, now).unwrap();
    assert_eq!((read.user(), read.session()), (&user, &session));
    assert_eq!(read.generation(), Some(generation));
    assert_eq!(seconds(read.issued()), seconds(issued));
    assert_eq!(seconds(read.expires()), seconds(expires));

    // One character changed: refused by both.
    let mut changed = theirs.into_bytes();
    let at = usize::try_from(generation).unwrap_or(7) % changed.len();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    assert!(tokens.verify(&changed, now).is_err());
    assert!(decode::<Value>(&changed, decoding, &validation).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hs256_verifies_in_both_directions(
        claims in any_claims(), key in proptest::collection::vec(any::<u8>(), 32..100),
    ) {
        let ring = Keyring::new("a".parse().unwrap(), MacKey::dangerous_any_length(&key));
        let (encoding, decoding) = (EncodingKey::from_secret(&key), DecodingKey::from_secret(&key));
        both_ways(&claims, SigningKeys::hs256(ring), Algorithm::HS256, &encoding, &decoding);
    }

    /// What the oracle refuses of tokens that are well signed and randomly wrong is refused here.
    #[test]
    fn what_the_oracle_refuses_is_refused(
        member in prop::sample::select(vec!["iss", "aud", "sub", "exp", "iat", "nbf", "sid", "x"]),
        value in prop_oneof![
            Just(String::new()), "[0-9]{1,12}", "\"[a-z0-9]{0,9}\"", Just("null".into()),
            Just("[]".into()), Just("{}".into()), "-?[0-9]{1,4}\\.[0-9]{1,4}", "[0-9]e[0-9]{1,3}",
        ],
    ) {
        let token = sign(HEADER, &claims_now(&[(member, &value)]), &mac_key("a"));
        let key = DecodingKey::from_secret(&(b'a'..b'a' + 32).collect::<Vec<u8>>());
        let mut validation = oracle(Algorithm::HS256, ISSUER, AUDIENCE);
        validation.validate_nbf = true;
        let theirs = decode::<Value>(&token, &key, &validation);
        let ours = tokens(&["a"]).verify(&token, SystemTime::now());
        prop_assert!(ours.is_err() || theirs.is_ok(), "{member} {value} {theirs:?}");
    }
}

/// A good payload of now, with changes as in [`payload`](crate::support::payload).
fn claims_now(changes: &[(&str, &str)]) -> String {
    let now = seconds(SystemTime::now());
    let (issued, expires) = (now.to_string(), (now + 3600).to_string());
    let mut all = vec![("iat", issued.as_str()), ("exp", expires.as_str())];
    all.extend(changes);
    crate::support::payload(&all)
}

/// Both verdicts on a token that is well signed.
fn verdicts(header: &str, payload: &str) -> (Result<(), TokenRefused>, bool) {
    let token = sign(header, payload, &mac_key("a"));
    let key = DecodingKey::from_secret(&(b'a'..b'a' + 32).collect::<Vec<u8>>());
    let theirs = decode::<Value>(&token, &key, &oracle(Algorithm::HS256, ISSUER, AUDIENCE));
    (tokens(&["a", "b"]).verify(&token, SystemTime::now()).map(drop), theirs.is_ok())
}

fn assert_stricter(header: &str, payload: &str, refused: TokenRefused) {
    assert_eq!(verdicts(header, payload), (Err(refused), true), "{header} {payload}");
}

#[test]
fn stricter_about_headers() {
    let claims = claims_now(&[]);
    assert_eq!(verdicts(HEADER, &claims), (Ok(()), true));
    for (header, refused) in [
        (r#"{"alg":"HS256","kid":"a"}"#, TokenRefused::Type),
        (r#"{"alg":"HS256","typ":"wt+jwt","kid":"a"}"#, TokenRefused::Type),
        (r#"{"alg":"HS256","typ":"JWT"}"#, TokenRefused::UnknownKey),
        (r#"{"alg":"HS256","typ":"JWT","kid":"zzz"}"#, TokenRefused::UnknownKey),
        (r#"{"alg":"HS256","typ":"JWT","kid":"b"}"#, TokenRefused::Signature),
        (r#"{"alg":"HS256","typ":"JWT","kid":"a","b64":"x"}"#, TokenRefused::Extension),
        (r#"{"alg":"HS256","typ":"JWT","kid":"a","crit":["x"]}"#, TokenRefused::Extension),
        (r#"{"alg":"HS256","typ":"JWT","kid":"a","cty":"JWT"}"#, TokenRefused::Extension),
    ] {
        assert_stricter(header, &claims, refused);
    }
}

#[test]
fn stricter_about_claims() {
    let now = seconds(SystemTime::now());
    let week = (now + 8 * 24 * 3600).to_string();
    let future = (now + 600).to_string();
    for (name, value, refused) in [
        ("sid", "", TokenRefused::Claim("sid")),
        ("iat", "", TokenRefused::Claim("iat")),
        ("iat", "\"yesterday\"", TokenRefused::Malformed),
        ("iat", future.as_str(), TokenRefused::NotYetValid),
        ("nbf", future.as_str(), TokenRefused::NotYetValid),
        ("exp", week.as_str(), TokenRefused::Claim("exp")),
        ("sub", "\"a b\"", TokenRefused::Claim("sub")),
        ("gen", "\"0\"", TokenRefused::Malformed),
    ] {
        assert_stricter(HEADER, &claims_now(&[(name, value)]), refused);
    }
    let twice = claims_now(&[]).replacen('{', r#"{"sid":"ses_02","#, 1);
    assert_stricter(HEADER, &twice, TokenRefused::Malformed);
    let inside = claims_now(&[("x", r#"{"y":1,"y":2}"#)]);
    assert_stricter(HEADER, &inside, TokenRefused::Malformed);
}

#[test]
fn stricter_about_length() {
    let long = claims_now(&[("x", &format!("\"{}\"", "x".repeat(5000)))]);
    assert_stricter(HEADER, &long, TokenRefused::TooLong);
}

#[cfg(feature = "eddsa")]
mod eddsa {
    use palisade_secret::SecretBytes;
    use palisade_session::{Ed25519Key, Jwks, SessionId, SessionVerifier};

    use super::*;
    use crate::support::{SECOND, profile};

    /// What stands before the 32 bytes of a private key in PKCS#8 (RFC 8410 section 7).
    const PKCS8: [u8; 16] =
        [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

    fn keys(secret: [u8; 32]) -> (SigningKeys, Jwks) {
        let secret = SecretBytes::dangerous_unchecked(secret.to_vec());
        let key = Ed25519Key::new(&secret).unwrap();
        let keys = SigningKeys::ed25519(Keyring::new("a".parse().unwrap(), key));
        let public = keys.public_keys(SystemTime::now()).unwrap();
        (keys, public)
    }

    fn decoding(public: &Jwks) -> DecodingKey {
        let set: Value = serde_json::from_str(&public.to_json()).unwrap();
        DecodingKey::from_ed_components(set["keys"][0]["x"].as_str().unwrap()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn eddsa_verifies_in_both_directions(claims in any_claims(), secret: [u8; 32]) {
            let (keys, public) = keys(secret);
            let encoding = EncodingKey::from_ed_der(&[&PKCS8[..], &secret].concat());
            both_ways(&claims, keys, Algorithm::EdDSA, &encoding, &decoding(&public));
        }
    }

    #[test]
    fn another_service_verifies_with_the_published_keys() {
        let (keys, public) = keys([7; 32]);
        let tokens = SessionTokens::new(keys, profile());
        let verifier = SessionVerifier::new(Jwks::parse(&public.to_json()).unwrap(), profile());
        let (user, session) = ("usr_01".parse().unwrap(), SessionId::generate().unwrap());
        let now = SystemTime::now();
        let claims = NewClaims {
            user: &user,
            session: &session,
            generation: 3,
            issued: now,
            expires: now + 60 * SECOND,
        };
        let token = tokens.issue(&claims);
        let read = verifier.verify(token.expose_secret(), now).unwrap();
        assert_eq!((read.user(), read.generation()), (&user, Some(3)));
        let refused = verifier.verify(token.expose_secret(), now + 90 * SECOND + SECOND);
        assert_eq!(refused.unwrap_err(), TokenRefused::Expired);
    }

    /// An identity provider signs tokens of the same `typ` with the same claims, for other ends.
    #[test]
    fn a_token_without_a_generation_is_no_session_elsewhere() {
        let (keys, public) = keys([7; 32]);
        let tokens = SessionTokens::new(keys, profile());
        let verifier = SessionVerifier::new(public, profile());
        let now = SystemTime::now();
        let (iss, aud) = (crate::support::ISSUER, crate::support::AUDIENCE);
        let (iat, exp) = (seconds(now), seconds(now + 60 * SECOND));
        let claims = serde_json::json!({
            "iss": iss, "aud": aud, "sub": "usr_01", "sid": "ses_01", "iat": iat, "exp": exp,
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("a".to_owned());
        let encoding = EncodingKey::from_ed_der(&[&PKCS8[..], &[7; 32]].concat());
        let token = jsonwebtoken::encode(&header, &claims, &encoding).unwrap();
        assert!(tokens.verify(&token, now).is_ok(), "the store has the generation");
        assert_eq!(verifier.verify(&token, now).unwrap_err(), TokenRefused::Claim("gen"));
    }
}
