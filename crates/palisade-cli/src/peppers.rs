//! Reading the peppers that digests are made with.

use palisade::secret::{KeyId, Keyring, LoadError, LoadErrorKind, MacKey, SecretBytes};

use crate::args::VariableName;
use crate::output::Failure;

/// The id of a pepper that was given without one.
const LONE_ID: &str = "default";

/// Reads a keyring, or a single secret, from the variable or from the file that its twin names.
pub(crate) fn load(name: &VariableName) -> Result<Keyring<MacKey>, Failure> {
    match Keyring::from_env(name.as_str()) {
        Err(error) if matches!(error.kind(), LoadErrorKind::Entry { entry: 1 }) => {
            lone(name, error)
        }
        loaded => Ok(loaded?),
    }
}

/// The ring of a single secret without an id. When it is none, the error is the one of the ring,
/// unless the secret is there and weak.
fn lone(name: &VariableName, no_ring: LoadError) -> Result<Keyring<MacKey>, Failure> {
    let secret = match SecretBytes::from_env(name.as_str()) {
        Ok(secret) => secret,
        Err(error) if matches!(error.kind(), LoadErrorKind::Encoding | LoadErrorKind::Empty) => {
            return Err(no_ring.into());
        }
        Err(error) => return Err(error.into()),
    };
    let id: KeyId = LONE_ID.parse().map_err(|error| Failure::error("peppers", &error))?;
    let pepper = MacKey::new(secret).map_err(|error| Failure::error("peppers", &error))?;
    Ok(Keyring::new(id, pepper))
}
