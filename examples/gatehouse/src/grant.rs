//! How far a key reaches that manages others. Whoever can mint or rotate a key gets to see it, so
//! none may be worth more than the key that it is made with.

use palisade_apikey::{Authenticated, Scopes};

use crate::error::ApiError;

/// Goes on only if the caller may manage keys of this environment with these scopes.
pub(crate) fn may_manage(
    caller: &Authenticated,
    environment: Option<&str>,
    scopes: &Scopes,
) -> Result<(), ApiError> {
    if caller.server().is_some() {
        return Err(ApiError::beyond_reach(
            "a key that is bound to a server manages no keys",
            "use the key of an account",
        ));
    }
    if caller.environment() == Some("test") && environment != Some("test") {
        return Err(ApiError::beyond_reach(
            "a test key manages test keys only",
            "use a live key, or the format gate_acct_test",
        ));
    }
    caller.require_all(scopes)?;
    Ok(())
}
