//! Reading the peppers that digests are made with.

use palisade::apikey::DigestRing;
use palisade::secret::Keyring;

use crate::args::PeppersArg;
use crate::output::Failure;

/// The ring that the variable names, or nothing where none was asked for.
pub(crate) fn load(args: &PeppersArg) -> Result<Option<DigestRing>, Failure> {
    let Some(name) = &args.peppers_env else { return Ok(None) };
    Ok(Some(DigestRing::new(Keyring::from_env(name.as_str())?)))
}
