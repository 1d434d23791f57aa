//! Who is it, without leaving a trace.
//!
//! Whose a key or a session is, and so which allowlist is to be asked, is known only once it was found and
//! verified. The services that do this also note the use. So where an address may be denied they are asked
//! twice: first over a store through which nothing can be written, and only whoever may come is then let in over
//! the real one.

use std::time::SystemTime;

use palisade::apikey::{
    self, ApiKeyId, DigestScheme, KeyDigest, KeyName, KeyRecord, KeyStore, Owner, Retirement,
    Revocation, Rotation, SchemeTally, Usage,
};
use palisade::session::{
    self, Ending, Horizon, Others, SessionId, SessionLimit, SessionRecord, SessionStore, Stored,
    Touch, UserId, Written,
};

/// A store through which nothing is written. What is noted by the way, such as a use, is dropped; what would
/// change something is an error.
#[derive(Clone, Debug)]
pub struct ReadOnly<S>(pub(crate) S);

/// What no look asks for.
const NOT_A_LOOK: &str = "a store for looks was asked to change something";

fn no_key_change() -> apikey::StoreError {
    apikey::StoreError::new(NOT_A_LOOK)
}

fn no_session_change() -> session::StoreError {
    session::StoreError::new(NOT_A_LOOK)
}

impl<S: KeyStore> KeyStore for ReadOnly<S> {
    async fn insert_new(&self, _: &KeyRecord) -> Result<(), apikey::InsertError> {
        Err(no_key_change().into())
    }

    async fn find(
        &self,
        candidates: &[KeyDigest],
    ) -> Result<Option<KeyRecord>, apikey::StoreError> {
        self.0.find(candidates).await
    }

    async fn load(&self, id: &ApiKeyId) -> Result<Option<KeyRecord>, apikey::StoreError> {
        self.0.load(id).await
    }

    async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, apikey::StoreError> {
        self.0.list(owner, after, limit).await
    }

    async fn rotate(
        &self,
        _: &KeyRecord,
        _: Retirement,
        _: SystemTime,
    ) -> Result<Rotation, apikey::InsertError> {
        Err(no_key_change().into())
    }

    async fn revoke(
        &self,
        _: &ApiKeyId,
        _: Revocation,
    ) -> Result<Option<Revocation>, apikey::StoreError> {
        Err(no_key_change())
    }

    async fn rename(&self, _: &ApiKeyId, _: &KeyName) -> Result<bool, apikey::StoreError> {
        Err(no_key_change())
    }

    /// Drops them: a look is no use.
    async fn add_usage(&self, _: &[Usage]) -> Result<(), apikey::StoreError> {
        Ok(())
    }

    /// Leaves the digest: the key moves to the newest pepper when it is used.
    async fn replace_digest(
        &self,
        _: &ApiKeyId,
        _: &KeyDigest,
        _: &KeyDigest,
    ) -> Result<bool, apikey::StoreError> {
        Ok(false)
    }

    async fn count_schemes(&self, now: SystemTime) -> Result<Vec<SchemeTally>, apikey::StoreError> {
        self.0.count_schemes(now).await
    }

    async fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<(ApiKeyId, KeyDigest)>, apikey::StoreError> {
        self.0.digests_of(scheme, after, limit, now).await
    }
}

impl<S: SessionStore> SessionStore for ReadOnly<S> {
    async fn generation(&self, user: &UserId) -> Result<u64, session::StoreError> {
        self.0.generation(user).await
    }

    async fn insert_new(
        &self,
        _: &SessionRecord,
        _: SessionLimit,
        _: &Horizon,
    ) -> Result<Vec<SessionId>, session::InsertError> {
        Err(no_session_change().into())
    }

    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, session::StoreError> {
        self.0.load(id).await
    }

    /// Drops it: a look is no use.
    async fn touch_if_live(
        &self,
        _: &SessionId,
        _: u64,
        _: Touch,
    ) -> Result<Written, session::StoreError> {
        Ok(Written::Done)
    }

    async fn rotate(
        &self,
        _: &SessionId,
        _: &SessionRecord,
        _: Others,
        _: SystemTime,
    ) -> Result<Written, session::InsertError> {
        Err(no_session_change().into())
    }

    async fn revoke(
        &self,
        _: &UserId,
        _: &SessionId,
        _: Ending,
    ) -> Result<Option<Ending>, session::StoreError> {
        Err(no_session_change())
    }

    async fn revoke_others(
        &self,
        _: &UserId,
        _: &SessionId,
        _: Ending,
    ) -> Result<Option<u64>, session::StoreError> {
        Err(no_session_change())
    }

    async fn revoke_user(&self, _: &UserId, _: Ending) -> Result<u64, session::StoreError> {
        Err(no_session_change())
    }

    async fn revoke_everyone(&self, _: Ending) -> Result<u64, session::StoreError> {
        Err(no_session_change())
    }

    async fn list(
        &self,
        user: &UserId,
        horizon: &Horizon,
        limit: u32,
    ) -> Result<Vec<SessionRecord>, session::StoreError> {
        self.0.list(user, horizon, limit).await
    }

    async fn purge(&self, _: &Horizon, _: u32) -> Result<u64, session::StoreError> {
        Err(no_session_change())
    }
}
