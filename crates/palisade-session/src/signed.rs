//! Session tokens that are signed.

use std::time::{Duration, SystemTime};

use palisade_secret::KeyId;

use crate::jws::{self, Jws, PayloadBuffer, SigningKey, SigningKeys, Verifies};
use crate::{SessionId, SessionToken, TokenProfile, TokenRefused, UserId};

/// The `typ` of a session token.
const TYPE: &str = "JWT";

/// Issues and verifies signed session tokens: strict compact JWS with `iss`, `aud`, `sub`, `sid`, `gen`,
/// `iat` and `exp`.
///
/// Given to [`Sessions::signed`](crate::Sessions::signed), which asks the store as well. By itself it
/// knows nothing of revocation.
///
/// # Examples
///
/// ```
/// use palisade_secret::{Keyring, MacKey, SecretBytes};
/// use palisade_session::{SessionTokens, SigningKeys, TokenProfile};
/// use std::time::SystemTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = MacKey::new(SecretBytes::generate(32)?)?; // in a service: Keyring::from_env("…")
/// let keys = SigningKeys::hs256(Keyring::new("2026a".parse()?, key));
/// let profile = TokenProfile::new("https://auth.glassmkr.com", "guardian")?;
/// let tokens = SessionTokens::new(keys, profile);
///
/// let refused = tokens.verify("e30.e30.", SystemTime::now()).unwrap_err();
/// assert_eq!(refused.reason(), "token_algorithm");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SessionTokens {
    jws: Jws<SigningKey>,
    profile: TokenProfile,
    /// The members that are the same in every token, as JSON, from the opening brace on.
    common: String,
}

impl SessionTokens {
    /// Tokens signed with these keys.
    #[must_use]
    pub fn new(keys: SigningKeys, profile: TokenProfile) -> Self {
        let common = common_members(&profile.issuer, &profile.audience);
        Self { jws: Jws::new(keys.0, TYPE), profile, common }
    }

    /// A token for these claims, to be given to the user. Times are cut to whole seconds.
    pub fn issue(&self, new: &NewClaims<'_>) -> SessionToken {
        let seconds = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
        };
        let mut payload = String::with_capacity(self.common.len() + 2 * UserId::MAX_LEN);
        payload.push_str(&self.common);
        let mut number = itoa::Buffer::new();
        payload.push_str(r#""sub":"#);
        push_json(&mut payload, new.user.as_str());
        payload.push_str(r#","sid":""#);
        payload.push_str(new.session.as_str());
        payload.push_str(r#"","gen":"#);
        payload.push_str(number.format(new.generation));
        payload.push_str(r#","iat":"#);
        payload.push_str(number.format(seconds(new.issued)));
        payload.push_str(r#","exp":"#);
        payload.push_str(number.format(seconds(new.expires)));
        payload.push('}');
        SessionToken::new(self.jws.sign("", payload.as_bytes()))
    }

    /// Checks a token: form, key, signature, type, claims and times. Whether the session still lives
    /// is not asked.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`].
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<SessionClaims, TokenRefused> {
        verify(&self.jws, &self.profile, token, now)
    }

    pub(crate) fn max_lifetime(&self) -> Duration {
        self.profile.max_lifetime
    }
}

/// Verifies signed session tokens of another service, with its public keys alone.
///
/// # Security
///
/// It cannot know that a session was ended, or is idle: a token is good until it expires. Where that is too
/// long, give sessions a short absolute timeout, compare [`SessionClaims::generation`] and
/// [`SessionClaims::session`] with what the issuing service tells, or ask it.
///
/// A token under a key that came after the set was read is [`TokenRefused::UnknownKey`]: read the set again,
/// at most once in some minutes, and build another verifier. Tokens without `gen` are refused, as those
/// that an identity provider signs for other ends have the same `typ`.
#[cfg(feature = "eddsa")]
#[derive(Debug)]
pub struct SessionVerifier {
    jws: Jws<crate::jws::PublicKey>,
    profile: TokenProfile,
}

#[cfg(feature = "eddsa")]
impl SessionVerifier {
    /// A verifier with these public keys.
    #[must_use]
    pub fn new(keys: crate::Jwks, profile: TokenProfile) -> Self {
        Self { jws: Jws::new(keys.0, TYPE), profile }
    }

    /// Checks a token as [`SessionTokens::verify`] does, and that it has a generation.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`].
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<SessionClaims, TokenRefused> {
        let claims = verify(&self.jws, &self.profile, token, now)?;
        claims.generation.ok_or(TokenRefused::Claim("gen"))?;
        Ok(claims)
    }
}

fn verify<K: Verifies>(
    jws: &Jws<K>,
    profile: &TokenProfile,
    token: &str,
    now: SystemTime,
) -> Result<SessionClaims, TokenRefused> {
    let mut buffer: PayloadBuffer = [0; _];
    let (payload, key) = jws.verify(token, now, &mut buffer)?;
    let claims = jws::claims(payload, &profile.audience)?;
    let (issued, expires) = profile.check(&claims, now)?;
    let (user, session) = (claims.sub.as_deref(), claims.sid.as_deref());
    Ok(SessionClaims {
        user: user.and_then(|sub| sub.parse().ok()).ok_or(TokenRefused::Claim("sub"))?,
        session: session.and_then(|sid| sid.parse().ok()).ok_or(TokenRefused::Claim("sid"))?,
        generation: claims.generation,
        issued,
        expires,
        key,
    })
}

/// What a new session token is to claim.
#[derive(Clone, Copy, Debug)]
pub struct NewClaims<'a> {
    /// Who is signed in: `sub`.
    pub user: &'a UserId,
    /// The session: `sid`.
    pub session: &'a SessionId,
    /// The user's generation when the session began: `gen`.
    pub generation: u64,
    /// From when it counts: `iat`.
    pub issued: SystemTime,
    /// The first moment at which it no longer works: `exp`.
    pub expires: SystemTime,
}

/// What a good token claims. Verification is the only source of it.
#[derive(Clone, Debug)]
pub struct SessionClaims {
    user: UserId,
    session: SessionId,
    generation: Option<u64>,
    issued: SystemTime,
    expires: SystemTime,
    key: KeyId,
}

impl SessionClaims {
    /// Who is signed in: `sub`.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The session: `sid`.
    #[must_use]
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// The user's generation when the session began: `gen`. Tokens of other software have none.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// When it was issued: `iat`.
    #[must_use]
    pub fn issued(&self) -> SystemTime {
        self.issued
    }

    /// The first moment at which it no longer works: `exp`.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// The key that signed it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key
    }
}

/// The members that all tokens of a service have in common, as JSON, from the opening brace on.
pub(crate) fn common_members(issuer: &str, audience: &str) -> String {
    let mut common = String::from(r#"{"iss":"#);
    push_json(&mut common, issuer);
    common.push_str(r#","aud":"#);
    push_json(&mut common, audience);
    common.push(',');
    common
}

/// Appends visible ASCII as a JSON string.
pub(crate) fn push_json(payload: &mut String, text: &str) {
    payload.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        match part.strip_suffix(['"', '\\']) {
            None => payload.push_str(part),
            Some(plain) => {
                payload.push_str(plain);
                payload.push('\\');
                payload.push_str(&part[plain.len()..]);
            }
        }
    }
    payload.push('"');
}
