//! What the tests share: a service with known peppers, and a store that fails on command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use palisade_apikey::{
    ApiKeyId, ApiKeys, DigestRing, DigestScheme, Formats, InsertError, Issued, KeyDigest,
    KeyFormat, KeyName, KeyRecord, KeyStore, MaxStaleness, MemoryStore, NewKey, Owner, Policy,
    Retirement, Revocation, Rotation, SchemeTally, Scopes, StoreError, Usage,
};
use palisade_secret::{Keyring, MacKey};

/// When each test begins: a moment of the year 2027.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);

/// The pepper of the published vectors.
pub(crate) fn pepper(first: u8) -> MacKey {
    let bytes: Vec<u8> = (first..first + 32).collect();
    MacKey::dangerous_any_length(&bytes)
}

pub(crate) fn ring(ids: &[&str]) -> DigestRing {
    let key = |id: &str| pepper(id.as_bytes()[0]);
    let first = Keyring::new(ids[0].parse().unwrap(), key(ids[0]));
    let ring =
        ids[1..].iter().fold(first, |ring, id| ring.accept(id.parse().unwrap(), key(id)).unwrap());
    DigestRing::new(ring)
}

pub(crate) fn account() -> KeyFormat {
    KeyFormat::new("gmk_acct_live").unwrap()
}

pub(crate) fn test_account() -> KeyFormat {
    KeyFormat::new("gmk_acct_test").unwrap()
}

pub(crate) fn collector() -> KeyFormat {
    KeyFormat::new("gmk_cru_live").unwrap().server_bound()
}

pub(crate) fn formats() -> Formats {
    Formats::new([account(), test_account(), collector()]).unwrap()
}

pub(crate) fn uncached() -> Policy {
    Policy::default().staleness(MaxStaleness::none())
}

/// A service over the store that tests can break.
pub(crate) fn service(ids: &[&str], policy: Policy) -> ApiKeys<TestStore> {
    ApiKeys::new(formats(), ring(ids), TestStore::default(), policy)
}

pub(crate) fn owner() -> Owner {
    "org_1".parse().unwrap()
}

pub(crate) fn scopes(text: &str) -> Scopes {
    text.parse().unwrap()
}

pub(crate) fn new_key(format: &KeyFormat) -> NewKey {
    NewKey::new(owner(), format, "deploy".parse().unwrap(), scopes("read:controls"))
}

/// Issues a key and reveals it.
pub(crate) async fn issue<S: KeyStore>(keys: &ApiKeys<S>, new: NewKey) -> (String, KeyRecord) {
    let Issued { key, record } = keys.issue(new, start()).await.unwrap();
    (key.reveal(), record)
}

/// A memory store that counts its reads and writes, and fails while it is told to. A clone is the
/// same store.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestStore {
    pub(crate) inner: MemoryStore,
    pub(crate) down: Arc<AtomicBool>,
    pub(crate) digests_fixed: Arc<AtomicBool>,
    pub(crate) slow_answers: Arc<AtomicBool>,
    pub(crate) finds: Arc<AtomicU64>,
    pub(crate) usage_writes: Arc<AtomicU64>,
    pub(crate) digest_writes: Arc<AtomicU64>,
}

impl TestStore {
    fn up(&self) -> Result<(), StoreError> {
        if self.down.load(Ordering::SeqCst) { Err(StoreError::new("down")) } else { Ok(()) }
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
}

impl KeyStore for TestStore {
    async fn insert_new(&self, record: &KeyRecord) -> Result<(), InsertError> {
        self.up()?;
        self.inner.insert_new(record).await
    }

    async fn find(&self, candidates: &[KeyDigest]) -> Result<Option<KeyRecord>, StoreError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        self.up()?;
        self.inner.find(candidates).await
    }

    async fn load(&self, id: &ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
        self.up()?;
        self.inner.load(id).await
    }

    async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        self.up()?;
        self.inner.list(owner, after, limit).await
    }

    async fn rotate(
        &self,
        successor: &KeyRecord,
        retire: Retirement,
        now: SystemTime,
    ) -> Result<Rotation, InsertError> {
        self.up()?;
        self.inner.rotate(successor, retire, now).await
    }

    async fn revoke(
        &self,
        id: &ApiKeyId,
        revocation: Revocation,
    ) -> Result<Option<Revocation>, StoreError> {
        self.up()?;
        let revoked = self.inner.revoke(id, revocation).await;
        if self.slow_answers.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        revoked
    }

    async fn rename(&self, id: &ApiKeyId, name: &KeyName) -> Result<bool, StoreError> {
        self.up()?;
        self.inner.rename(id, name).await
    }

    async fn add_usage(&self, batch: &[Usage]) -> Result<(), StoreError> {
        self.up()?;
        // A real store takes a moment, in which a flush can be given up.
        tokio::task::yield_now().await;
        self.usage_writes.fetch_add(batch.len() as u64, Ordering::SeqCst);
        self.inner.add_usage(batch).await
    }

    async fn replace_digest(
        &self,
        id: &ApiKeyId,
        from: &KeyDigest,
        to: &KeyDigest,
    ) -> Result<bool, StoreError> {
        self.up()?;
        if self.digests_fixed.load(Ordering::SeqCst) {
            return Err(StoreError::new("read-only"));
        }
        self.digest_writes.fetch_add(1, Ordering::SeqCst);
        self.inner.replace_digest(id, from, to).await
    }

    async fn count_schemes(&self, now: SystemTime) -> Result<Vec<SchemeTally>, StoreError> {
        self.up()?;
        self.inner.count_schemes(now).await
    }

    async fn digests_of(
        &self,
        scheme: &DigestScheme,
        after: Option<&ApiKeyId>,
        limit: usize,
        now: SystemTime,
    ) -> Result<Vec<(ApiKeyId, KeyDigest)>, StoreError> {
        self.up()?;
        self.inner.digests_of(scheme, after, limit, now).await
    }
}
