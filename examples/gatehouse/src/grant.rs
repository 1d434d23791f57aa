//! How far a key reaches that manages others. Whoever can mint or rotate a key gets to see it, so
//! none may do more than the key that it is made with. How long it lives is the minter's choice.

use palisade::apikey::{Authenticated, Scopes};

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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use palisade::apikey::{ApiKeys, DigestRing, KeyFormat, MemoryStore, NewKey, Policy};
    use palisade::secret::{Keyring, MacKey, SecretBytes};

    use super::*;

    /// A caller whose key is of this format and has these scopes.
    async fn caller(format: &KeyFormat, scopes: &str) -> Authenticated {
        let pepper = MacKey::new(SecretBytes::generate(32).unwrap()).unwrap();
        let ring = DigestRing::new(Keyring::new("p".parse().unwrap(), pepper));
        let formats = crate::formats::formats().unwrap();
        let keys = ApiKeys::new(formats, ring, MemoryStore::new(), Policy::default());
        let scopes = scopes.parse().unwrap();
        let new = NewKey::new("org".parse().unwrap(), format, "key".parse().unwrap(), scopes);
        let now = SystemTime::now();
        let key = keys.issue(new, now).await.unwrap().key.reveal();
        keys.authenticate(&key, now).await.unwrap()
    }

    #[tokio::test]
    async fn nobody_grants_more_than_he_has() {
        let live = KeyFormat::new("gate_acct_live").unwrap();
        let caller = caller(&live, "admin:keys write:controls").await;
        let may = |scopes: &str| may_manage(&caller, Some("live"), &scopes.parse().unwrap());
        assert!(may("read:controls write:controls admin:keys").is_ok());
        for more in ["admin", "read", "admin:controls", "read:evidence", "read:controls write"] {
            assert!(may(more).is_err(), "{more}");
        }
    }

    #[tokio::test]
    async fn test_keys_stay_among_themselves() {
        let test = KeyFormat::new("gate_acct_test").unwrap();
        let caller = caller(&test, "admin").await;
        let none = Scopes::none();
        assert!(may_manage(&caller, Some("test"), &none).is_ok());
        assert!(may_manage(&caller, Some("live"), &none).is_err());
        assert!(may_manage(&caller, None, &none).is_err());
    }
}
