//! The two kinds of session tokens, as the service sees them.

use std::time::SystemTime;

use palisade_secret::NoRandomness;

use crate::{
    Credential, NewClaims, Refused, SecretDigest, SessionClaims, SessionId, SessionRecord,
    SessionToken, SessionTokens, TokenRefused, opaque,
};

#[derive(Debug)]
pub(super) enum Tokens {
    Opaque,
    Signed(Box<SessionTokens>),
}

impl Tokens {
    /// The token of a new record, and what is stored of it.
    pub(super) fn issue(
        &self,
        record: &SessionRecord,
        now: SystemTime,
        expires: SystemTime,
    ) -> Result<(SessionToken, Credential), NoRandomness> {
        match self {
            Self::Opaque => {
                let (token, digest) = opaque::mint(&record.id)?;
                Ok((token, Credential::Opaque(digest)))
            }
            Self::Signed(tokens) => {
                let claims = NewClaims {
                    user: &record.user,
                    session: &record.id,
                    generation: record.generation,
                    issued: now,
                    expires,
                };
                Ok((tokens.issue(&claims), Credential::Signed))
            }
        }
    }

    /// What can be told of a token without the store.
    pub(super) fn read(&self, token: &str, now: SystemTime) -> Result<Presented, TokenRefused> {
        match self {
            Self::Opaque => opaque::parse(token).map(|(id, digest)| Presented::Opaque(id, digest)),
            Self::Signed(tokens) => tokens.verify(token, now).map(Presented::Signed),
        }
    }
}

/// A token that is well formed, and, where it is signed, well signed.
pub(super) enum Presented {
    Opaque(SessionId, SecretDigest),
    Signed(SessionClaims),
}

impl Presented {
    pub(super) fn id(&self) -> &SessionId {
        match self {
            Self::Opaque(id, _) => id,
            Self::Signed(claims) => claims.session(),
        }
    }

    /// Whether this is the token of that record.
    pub(super) fn verify(&self, record: &SessionRecord) -> Result<(), Refused> {
        // A store that compares ids without regard to case answers with another record.
        if *self.id() != record.id {
            return Err(Refused::Unknown);
        }
        match (self, &record.credential) {
            (Self::Opaque(_, presented), Credential::Opaque(stored)) => {
                stored.verify(presented).map_err(|_| Refused::Unknown)
            }
            (Self::Signed(claims), Credential::Signed) => {
                let same = claims.user() == &record.user
                    && claims.generation().is_none_or(|of_token| of_token == record.generation);
                if same { Ok(()) } else { Err(Refused::Unknown) }
            }
            // A record of the other kind, from before the service changed over.
            _ => Err(Refused::Unknown),
        }
    }
}
