//! Reading what signatures are checked with.

use std::time::SystemTime;

use palisade::secret::{Keyring, MacKey};
use palisade::session::{CompactJws, Jwks, TokenRefused};

use crate::args::TokenKeys;
use crate::input;
use crate::output::Failure;

/// Keys of one kind.
pub(super) enum Keys {
    Secret(Keyring<MacKey>),
    Public(Jwks),
}

/// The keys that are named, or nothing where none are asked for.
pub(super) fn load(args: &TokenKeys) -> Result<Option<Keys>, Failure> {
    let ring = match args {
        TokenKeys { keys_env: Some(name), .. } => Keyring::from_env(name.as_str()),
        TokenKeys { keys_file: Some(path), .. } => Keyring::from_file(path),
        TokenKeys { jwks: Some(path), .. } => {
            let text = input::read_file_up_to(path, "--jwks", Jwks::MAX_LEN)?;
            let text = std::str::from_utf8(&text)
                .map_err(|_| Failure::error("keys", &"the key set is not UTF-8"))?;
            let set = Jwks::parse(text).map_err(|error| Failure::error("keys", &error))?;
            return Ok(Some(Keys::Public(set)));
        }
        _ => return Ok(None),
    };
    ring.map(|ring| Some(Keys::Secret(ring))).map_err(|error| Failure::error("keys", &error))
}

impl Keys {
    /// Checks the signature and nothing else.
    pub(super) fn check(&self, jws: &CompactJws<'_>, now: SystemTime) -> Result<(), TokenRefused> {
        match self {
            Self::Secret(ring) => {
                let id = jws.key_id().ok_or(TokenRefused::UnknownKey)?;
                let key = ring.find(id, now).map_err(|_| TokenRefused::UnknownKey)?;
                jws.verify_hs256(key).map(drop)
            }
            Self::Public(set) => jws.verify_eddsa(set).map(drop),
        }
    }
}
