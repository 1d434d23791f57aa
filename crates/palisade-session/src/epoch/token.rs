//! What a sidecar holds.

use std::fmt;

use zeroize::Zeroizing;

use super::{Epoch, EpochTerms, PREFIX, TYPE, TokenScopes, claims};
use crate::jws::{self, MAX_TOKEN_LEN};
use crate::{CompactJws, TokenRefused};

/// An epoch token, `wt_` and a compact JWS: whoever has it may do what it allows while its hour lasts.
///
/// It cannot be cloned, printed, compared or serialised, and is wiped on drop.
pub struct EpochToken {
    text: Zeroizing<String>,
    epoch: Epoch,
}

impl EpochToken {
    pub(super) fn issued(text: Zeroizing<String>, epoch: Epoch) -> Self {
        Self { text, epoch }
    }

    /// Takes over a token that a server sent, in the program that will use it.
    ///
    /// The hour is read out of the token. Its signature is not verified, for which a client has no
    /// key: the client only learns when to renew it.
    ///
    /// # Errors
    ///
    /// [`TokenRefused`] when it is no epoch token, or its hour and its end do not agree.
    pub fn received(text: impl Into<String>) -> Result<Self, TokenRefused> {
        let text = Zeroizing::new(text.into());
        let compact = compact(&text)?;
        let jws = CompactJws::parse(compact)?;
        if jws.token_type() != Some(TYPE) {
            return Err(TokenRefused::Type);
        }
        let payload = std::str::from_utf8(jws.dangerous_unverified_payload())
            .map_err(|_| TokenRefused::Malformed)?;
        // For whom it is, its server will ask.
        let epoch = claims::epoch(&jws::claims(payload, "")?)?;
        Ok(Self { text, epoch })
    }

    /// The token as text, for the request that carries it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.text
    }

    /// The hour in which it works.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What may be told of it beside the token itself, given its scopes.
    #[must_use]
    pub fn terms(&self, scopes: &TokenScopes) -> EpochTerms {
        EpochTerms::new(self.epoch, scopes.clone())
    }
}

impl fmt::Debug for EpochToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochToken(<redacted>, {})", self.epoch)
    }
}

/// The compact JWS of an epoch token.
pub(super) fn compact(text: &str) -> Result<&str, TokenRefused> {
    // Before anything else, so that a huge text costs nothing.
    if text.len() > PREFIX.len() + MAX_TOKEN_LEN {
        return Err(TokenRefused::TooLong);
    }
    text.strip_prefix(PREFIX).ok_or(TokenRefused::Type)
}

/// The tokens that a server gives out at one time.
#[derive(Debug)]
pub struct EpochTokens {
    /// The token for the hour that it is.
    pub current: EpochToken,
    /// In the last five minutes of that hour, the token for the next one. It does not work before.
    pub next: Option<EpochToken>,
}
