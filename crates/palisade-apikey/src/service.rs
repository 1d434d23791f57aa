//! The service: formats, peppers, store and policy in one place.

mod authenticate;

use std::time::SystemTime;

use crate::cache::Cache;
use crate::error::{IssueError, ManageError, RotateError};
use crate::key::ApiKey;
use crate::moves::DigestMoves;
use crate::policy::{Overlap, Policy};
use crate::record::{last_moment, storable};
use crate::store::{InsertError, KeyStore, Retirement, Rotation, StoreError};
use crate::usage::UsageTracker;
use crate::{
    ApiKeyId, DigestRing, Formats, KeyDigest, KeyFormat, KeyName, KeyRecord, KeyState, NewKey,
    Owner, Revocation, RevocationReason, SchemeStanding, Scopes,
};

/// The API keys of a service. Built once and shared; see the [crate's front page](crate) for a first
/// use.
///
/// Every method that manages a key takes the owner, from whatever authenticated the caller: a key of
/// another owner is not found.
///
/// # Cancellation
///
/// A call that is dropped before it ends has done all of its change or nothing. Run changes to their
/// end all the same, in a task of their own where a client that goes away would drop them: a store may
/// finish a write after its caller is gone, and a revocation that nobody waited for may then reach the
/// cache as late as one by another process.
#[derive(Debug)]
pub struct ApiKeys<S> {
    formats: Formats,
    pub(crate) digests: DigestRing,
    pub(crate) store: S,
    pub(crate) cache: Cache,
    usage: UsageTracker,
    moves: DigestMoves,
}

/// A key that was just issued: the only time that the key itself is there.
#[derive(Debug)]
pub struct Issued {
    /// The key, to be revealed once.
    pub key: ApiKey,
    /// What was stored.
    pub record: KeyRecord,
}

impl<S: KeyStore> ApiKeys<S> {
    /// The most records that [`list`](Self::list) returns at once.
    pub const MAX_PAGE: usize = 100;

    /// A service that issues keys of these formats, digests them with this ring and keeps them in
    /// this store.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a policy is given once, like the others")]
    pub fn new(formats: Formats, digests: DigestRing, store: S, policy: Policy) -> Self {
        Self {
            formats,
            digests,
            store,
            cache: Cache::new(policy.staleness, policy.cached_keys),
            usage: UsageTracker::new(policy.usage_interval),
            moves: DigestMoves::default(),
        }
    }

    /// The formats of the service.
    #[must_use]
    pub fn formats(&self) -> &Formats {
        &self.formats
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Issues a key.
    ///
    /// # Errors
    ///
    /// [`IssueError`]: what is wrong with the request, or what failed. Nothing was stored then.
    pub async fn issue(&self, new: NewKey, now: SystemTime) -> Result<Issued, IssueError> {
        let format = self.formats.find(&new.format).ok_or(IssueError::UnknownFormat)?;
        let issued = self.draft(format, new, now)?;
        self.store.insert_new(&issued.record).await?;
        Ok(issued)
    }

    /// Takes over a key of which only the digest is known: a row of another system, or a key that was
    /// minted elsewhere. `last_four` is what may be shown of it, as far as that is known.
    ///
    /// Give a row of another system an id made of that row's own, so that a second import of it is a
    /// [`Duplicate`](IssueError::Duplicate): by its digest it is not known again once the key was used.
    ///
    /// # Errors
    ///
    /// [`IssueError`]: what is wrong with the request, or what failed. Nothing was stored then.
    pub async fn import(
        &self,
        id: ApiKeyId,
        new: NewKey,
        digest: KeyDigest,
        last_four: &str,
        now: SystemTime,
    ) -> Result<KeyRecord, IssueError> {
        let format = self.formats.find(&new.format).ok_or(IssueError::UnknownFormat)?;
        if self.digests.standing(digest.scheme(), now) == SchemeStanding::Unusable {
            return Err(IssueError::UnusableDigest);
        }
        if last_four.len() > 4 || !last_four.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(IssueError::LastFour);
        }
        let record = KeyRecord { id, ..record(format, new, digest, last_four, now)? };
        self.store.insert_new(&record).await?;
        Ok(record)
    }

    /// Mints a key and writes its record, which nobody has stored yet.
    fn draft(
        &self,
        format: &KeyFormat,
        new: NewKey,
        now: SystemTime,
    ) -> Result<Issued, IssueError> {
        let key = format.mint()?;
        let digest = self.digests.digest_text(key.as_str());
        let record = record(format, new, digest, crate::key::last_four(key.as_str()), now)?;
        Ok(Issued { key, record })
    }

    /// The keys of an owner in the order they were created, those after `after` where it is given,
    /// [`MAX_PAGE`](Self::MAX_PAGE) at most. A full page means that there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn list(
        &self,
        owner: &Owner,
        after: Option<&ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        self.store.list(owner, after, limit.min(Self::MAX_PAGE)).await
    }

    /// One key of an owner.
    ///
    /// # Errors
    ///
    /// [`ManageError::NotFound`] when the owner has no such key.
    pub async fn load(&self, owner: &Owner, id: &ApiKeyId) -> Result<KeyRecord, ManageError> {
        let record = self.store.load(id).await?;
        record.filter(|record| record.owner == *owner).ok_or(ManageError::NotFound)
    }

    /// Replaces a key by a new one with the same owner, name, scopes and server. Both work during
    /// the overlap; the old key stops sooner if its own expiry is sooner.
    ///
    /// The new key lives as long as the old one was given, counted from now.
    ///
    /// # Errors
    ///
    /// [`RotateError`]. Of two rotations at once, one gets [`RotateError::Conflict`].
    pub async fn rotate(
        &self,
        owner: &Owner,
        id: &ApiKeyId,
        overlap: Overlap,
        now: SystemTime,
    ) -> Result<Issued, RotateError> {
        let end = now.checked_add(overlap.0).and_then(storable).ok_or(IssueError::Expiry)?;
        self.replace(owner, id, Retirement::ExpireBy(end), now).await
    }

    /// Replaces a key by a new one and revokes it at once: for a key that leaked.
    ///
    /// A key that was replaced before, and works still because of its overlap, is revoked all the same:
    /// what leaked must stop. It gets no second successor.
    ///
    /// # Errors
    ///
    /// As [`rotate`](Self::rotate), and [`RotateError::StoppedOnly`] for a key that was replaced before.
    /// After any error but [`NotFound`](RotateError::NotFound) and that of a store that fails, the key
    /// no longer works: whatever keeps it from having a successor does not keep it alive.
    pub async fn rotate_at_once(
        &self,
        owner: &Owner,
        id: &ApiKeyId,
        reason: RevocationReason,
        now: SystemTime,
    ) -> Result<Issued, RotateError> {
        let at = storable(now).unwrap_or(SystemTime::UNIX_EPOCH);
        let retire = Retirement::Revoke(Revocation { at, reason });
        match self.replace(owner, id, retire, now).await {
            Err(error @ (RotateError::Conflict | RotateError::Issue(_))) => {
                self.revoke(owner, id, reason, now).await?;
                Err(match error {
                    RotateError::Conflict => RotateError::StoppedOnly,
                    issue => issue,
                })
            }
            result => result,
        }
    }

    async fn replace(
        &self,
        owner: &Owner,
        id: &ApiKeyId,
        retire: Retirement,
        now: SystemTime,
    ) -> Result<Issued, RotateError> {
        let old = self.load(owner, id).await?;
        match old.state(now) {
            KeyState::Active if old.replaced_by.is_some() => return Err(RotateError::Conflict),
            KeyState::Active => {}
            state => return Err(RotateError::NotActive(state)),
        }
        let format = self.formats.find(&old.format).ok_or(IssueError::UnknownFormat)?;
        let mut new = NewKey::new(old.owner, format, old.name, old.scopes);
        new.server = old.server;
        let lifetime = old.expires.and_then(|end| end.duration_since(old.created).ok());
        // To the end of the calendar at most, so that a key of a very long life can be rotated.
        new.expires = lifetime.map(|lifetime| {
            now.checked_add(lifetime).and_then(storable).unwrap_or_else(last_moment)
        });
        let mut issued = self.draft(format, new, now)?;
        issued.record.replaces = Some(old.id);

        let _ends = self.cache.ends_generation();
        let rotation =
            self.store.rotate(&issued.record, retire, now).await.map_err(IssueError::from)?;
        match rotation {
            Rotation::Done => Ok(issued),
            Rotation::Refused => Err(RotateError::Conflict),
        }
    }

    /// Revokes a key for good, at once here and within the [staleness](crate::MaxStaleness) in other
    /// processes. Revoking it again changes nothing; the first revocation stands and is returned.
    ///
    /// # Errors
    ///
    /// [`ManageError`] when the owner has no such key or the store fails.
    pub async fn revoke(
        &self,
        owner: &Owner,
        id: &ApiKeyId,
        reason: RevocationReason,
        now: SystemTime,
    ) -> Result<Revocation, ManageError> {
        let record = self.load(owner, id).await?;
        // A broken clock must not keep a key alive: the record's own time will do.
        let at = storable(now).unwrap_or(record.created);
        let _ends = self.cache.ends_generation();
        self.store.revoke(id, Revocation { at, reason }).await?.ok_or(ManageError::NotFound)
    }

    /// Changes what a key is called. A proof may show the old name for as long as the
    /// [staleness](crate::MaxStaleness).
    ///
    /// # Errors
    ///
    /// [`ManageError`] when the owner has no such key or the store fails.
    pub async fn rename(
        &self,
        owner: &Owner,
        id: &ApiKeyId,
        name: &KeyName,
    ) -> Result<(), ManageError> {
        self.load(owner, id).await?;
        let found = self.store.rename(id, name).await?;
        if found { Ok(()) } else { Err(ManageError::NotFound) }
    }

    /// Reads every key from the store again: to be called when another process reports a
    /// revocation.
    pub fn forget_cached(&self) {
        self.cache.end_generation();
    }

    /// Writes what requests left behind, if the policy's interval has passed since the last time: the
    /// uses that were counted, and the digests that move to the primary pepper. To be called from time
    /// to time, off the path of requests.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails; the uses are kept, and the next call tries again at once.
    /// When the store wrote them and its answer was lost, they are counted twice rather than never.
    pub async fn flush_if_due(&self, now: SystemTime) -> Result<Flushed, StoreError> {
        if !self.usage.is_due(now) {
            return Ok(Flushed::default());
        }
        let flushed = self.flush().await;
        if flushed.is_err() {
            self.usage.is_overdue();
        }
        flushed
    }

    /// Writes what requests left behind, whenever the last time was: for a shutdown, once no request is
    /// being served.
    ///
    /// # Errors
    ///
    /// As [`flush_if_due`](Self::flush_if_due).
    pub async fn flush(&self) -> Result<Flushed, StoreError> {
        let used = self.usage.flush(&self.store).await?;
        let moved = self.moves.flush(&self.store).await?;
        Ok(Flushed { used, moved })
    }
}

/// What a flush wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Of how many keys uses were written.
    pub used: usize,
    /// How many keys moved to the primary pepper.
    pub moved: usize,
}

impl From<ManageError> for RotateError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotFound => Self::NotFound,
            ManageError::Unavailable(error) => Self::Issue(error.into()),
        }
    }
}

/// The record of a new key, if all that is asked for can be.
fn record(
    format: &KeyFormat,
    new: NewKey,
    digest: KeyDigest,
    last_four: &str,
    now: SystemTime,
) -> Result<KeyRecord, IssueError> {
    if format.is_server_bound() && new.server.is_none() {
        return Err(IssueError::ServerRequired);
    }
    if new.scopes.iter().count() > Scopes::MAX {
        return Err(IssueError::TooManyScopes);
    }
    let created = storable(now).ok_or(IssueError::Expiry)?;
    let expires = match new.expires {
        None => None,
        Some(end) => Some(storable(end).filter(|end| *end > created).ok_or(IssueError::Expiry)?),
    };
    Ok(KeyRecord {
        id: ApiKeyId::generate()?,
        owner: new.owner,
        format: format.prefix().to_owned(),
        environment: format.environment().map(str::to_owned),
        name: new.name,
        scopes: new.scopes,
        server: new.server,
        digest,
        last_four: last_four.to_owned(),
        created,
        expires,
        last_used: None,
        use_count: 0,
        revoked: None,
        replaces: None,
        replaced_by: None,
    })
}

impl From<InsertError> for IssueError {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::Duplicate => Self::Duplicate,
            InsertError::Store(error) => Self::Unavailable(error),
        }
    }
}
