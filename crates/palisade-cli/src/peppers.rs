//! Reading the peppers that digests and hashes are made with.

use palisade::secret::{Keyring, MacKey};

use crate::args::PeppersArg;
use crate::output::Failure;

/// The ring that the variable names, or nothing where none was asked for.
pub(crate) fn load(args: &PeppersArg) -> Result<Option<Keyring<MacKey>>, Failure> {
    let Some(name) = &args.peppers_env else { return Ok(None) };
    Ok(Some(Keyring::from_env(name.as_str())?))
}
