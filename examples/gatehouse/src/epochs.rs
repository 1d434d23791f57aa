//! Epoch tokens: what a sidecar gets for its API key, and delivers attestations with.

use std::sync::atomic::AtomicU64;

use palisade::session::{EpochIssuer, EpochVerifier, TokenProfile};

use crate::config::{EPOCH_KEYS, SessionConfig};
use crate::secrets::SecretUses;
use crate::sessions::signing_keys;
use crate::start::StartError;

/// Where epoch tokens come from, and what is done with them.
#[derive(Debug)]
pub struct Epochs {
    /// Gives them out.
    pub issuer: EpochIssuer,
    /// Checks them.
    pub verifier: EpochVerifier,
    /// How many attestations were taken since the process began. They are counted, and kept by nobody.
    pub(crate) attestations: AtomicU64,
}

impl Epochs {
    /// The issuer and the verifier of one ring of keys.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what is not usable.
    pub fn open(settings: &SessionConfig, secrets: &mut SecretUses) -> Result<Self, StartError> {
        let keys = signing_keys(EPOCH_KEYS, settings.epoch_keys_given, secrets)?;
        let profile = TokenProfile::new(&settings.issuer, &settings.epoch_audience)?;
        Ok(Self {
            issuer: EpochIssuer::new(keys.clone(), profile.clone())?,
            verifier: EpochVerifier::new(keys, profile)?,
            attestations: AtomicU64::new(0),
        })
    }
}
