//! `palisade-session` against `jsonwebtoken` with its `rust_crypto` provider: same claims, same key.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use palisade_secret::{Keyring, MacKey};
use palisade_session::{
    MemoryStore, NewClaims, NewSession, Origin, SessionId, SessionPolicy, SessionTokens, Sessions,
    SigningKeys, TokenProfile, UserId,
};
use serde::{Deserialize, Serialize};

use super::Rows;
use crate::{Comparison, now_or_never};

const KEY: [u8; 32] = *b"\x5f\xa1\x77\x3d\x90\xe2\x1c\x44\xb8\x0b\x6e\xd3\x29\xf5\x84\x1a\
                        \xc7\x62\x3f\x9d\x51\xee\x08\xb3\x76\x2a\xd9\x95\x40\xfc\x1b\x68";
const ISSUER: &str = "https://auth.glassmkr.com";
const AUDIENCE: &str = "guardian";
const DAY: Duration = Duration::from_hours(24);

pub(super) fn rows() -> Rows {
    Ok(vec![verify_signed()?, issue_signed()?, reject_forged()?, validate_opaque()?])
}

/// A signed session token, from its text to its checked claims.
fn verify_signed() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { tokens, token, now, .. } = Fixture::new()?;
    let theirs = decode(token.clone());
    Ok(Comparison::time(
        "session/verify_signed",
        move || tokens.verify(black_box(&token), now),
        "jsonwebtoken, decode",
        theirs,
    ))
}

fn issue_signed() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { tokens, user, session, claims, now, .. } = Fixture::new()?;
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("2026a".to_owned());
    let key = EncodingKey::from_secret(&KEY);
    Ok(Comparison::time(
        "session/issue_signed",
        move || {
            let user = black_box(&user);
            let expires = now + DAY;
            tokens.issue(&NewClaims {
                user,
                session: &session,
                generation: 3,
                issued: now,
                expires,
            })
        },
        "jsonwebtoken, encode",
        move || jsonwebtoken::encode(&header, black_box(&claims), &key),
    ))
}

/// A token whose signature is wrong in its last character.
fn reject_forged() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { tokens, mut token, now, .. } = Fixture::new()?;
    let last = token.pop();
    token.push(if last == Some('A') { 'E' } else { 'A' });
    let theirs = decode(token.clone());
    Ok(Comparison::time(
        "session/reject_forged",
        move || tokens.verify(black_box(&token), now).is_err(),
        "jsonwebtoken, decode",
        theirs,
    ))
}

/// The whole service with opaque tokens and the record in its cache: parse, digest, comparison,
/// timeouts and proof.
fn validate_opaque() -> Result<Comparison, Box<dyn Error>> {
    let Fixture { token: signed, user, now, .. } = Fixture::new()?;
    let policy = SessionPolicy::builder().cache(1000, Duration::from_secs(5)).build()?;
    let sessions = Sessions::opaque(MemoryStore::new(), policy);
    let sign_in = now_or_never(sessions.begin(&user)).ok_or("the store is in memory")??;
    let created = now_or_never(sessions.create(sign_in, NewSession::default(), now));
    let (token, _) = created.ok_or("the store is in memory")??;
    let origin = Origin::unknown();
    Ok(Comparison::time(
        "session/validate_opaque",
        move || {
            now_or_never(sessions.validate(black_box(token.expose_secret()), &origin, now))
                .is_some_and(|validated| validated.is_ok())
        },
        "jsonwebtoken, decode",
        decode(signed),
    ))
}

struct Fixture {
    tokens: SessionTokens,
    token: String,
    user: UserId,
    session: SessionId,
    claims: Claims,
    now: SystemTime,
}

impl Fixture {
    fn new() -> Result<Self, Box<dyn Error>> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(unix(SystemTime::now())?);
        let keys = Keyring::new("2026a".parse()?, MacKey::dangerous_any_length(&KEY));
        let tokens =
            SessionTokens::new(SigningKeys::hs256(keys), TokenProfile::new(ISSUER, AUDIENCE)?);
        let user: UserId = "usr_01KA5M8Z3V9QXW4R7T2Y6B1CDE".parse()?;
        let session = SessionId::generate()?;
        let expires = now + DAY;
        let new = NewClaims { user: &user, session: &session, generation: 3, issued: now, expires };
        let token = tokens.issue(&new).expose_secret().to_owned();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_string(),
            sid: session.to_string(),
            r#gen: 3,
            iat: unix(now)?,
            exp: unix(expires)?,
        };
        Ok(Self { tokens, token, user, session, claims, now })
    }
}

fn unix(time: SystemTime) -> Result<u64, Box<dyn Error>> {
    Ok(time.duration_since(SystemTime::UNIX_EPOCH)?.as_secs())
}

/// What a program that reads these tokens declares for `jsonwebtoken`.
#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    r#gen: u64,
    iat: u64,
    exp: u64,
}

/// The peer with every check that it offers for these claims, set up once.
fn decode(token: String) -> impl FnMut() -> bool {
    let key = DecodingKey::from_secret(&KEY);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    validation.validate_nbf = true;
    validation.leeway = 30;
    move || jsonwebtoken::decode::<Claims>(black_box(&token), &key, &validation).is_ok()
}
