//! The service: tokens, store and policy in one place.

mod change;
mod recent;
mod tokens;
mod validate;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade_secret::NoRandomness;

use crate::cache::Cache;
use crate::record::storable;
use crate::store::{InsertError, SessionStore};
use crate::{
    CreateError, DeviceLabel, EndReason, Ending, Factor, Factors, Horizon, InvalidPolicy,
    ListedSession, Origin, Session, SessionId, SessionLimit, SessionPolicy, SessionRecord,
    SessionToken, SessionTokens, StoreError, UserAgent, UserId,
};

use tokens::Tokens;

pub use change::Change;

/// The sessions of a service. Built once and shared; see the [crate's front page](crate) for a first use.
///
/// # Cancellation
///
/// A call that is dropped before it ends has done all of its change or nothing. One has two steps:
/// [`create`](Sessions::create) ends the session that the new one replaces, then begins the new one; when
/// it is dropped or fails in between, the user signs in again. Run changes to their end
/// all the same, in a task of their own where a client that goes away would drop them: a session that goes
/// on under a new id whose token nobody received is a user who is signed out.
#[derive(Debug)]
pub struct Sessions<S> {
    tokens: Tokens,
    store: S,
    policy: SessionPolicy,
    cache: Cache,
}

/// A sign-in that has begun: made *before* the hash of the user's password is read.
///
/// It remembers the user's generation. If all his sessions are ended before the new one is stored, as by a
/// change of the password that is being checked, the new one is refused.
///
/// The order is: find the user's id, [`begin`](Sessions::begin), read the hash, verify, then
/// [`create`](Sessions::create). With a hash that was read before `begin`, a change of password between the
/// two goes unseen, and the old password gets in.
///
/// It does not outlive a request. A sign-in in two requests, such as a password and then a code, creates the
/// session after the first, and lets it do nothing until [`Session::verified`] knows the second factor, which
/// [`reauthenticate`](Sessions::reauthenticate) adds.
#[derive(Debug)]
pub struct SignIn {
    user: UserId,
    generation: u64,
}

impl SignIn {
    /// Who is signing in.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

/// What a new session is to be.
#[derive(Clone, Debug, Default)]
pub struct NewSession<'r> {
    /// From where the user signs in.
    pub origin: Origin<'r>,
    /// What the customer will see of the device; by default what the user agent tells.
    pub device: Option<DeviceLabel>,
    /// By what the user just proved who he is.
    pub factors: Vec<Factor>,
    /// The session that the request came with, if any: it ends, whoever it belongs to, for its token was
    /// known before the sign-in. One that another request renews at that very time goes on under its new id.
    pub replaces: Option<Session>,
}

impl<S: SessionStore> Sessions<S> {
    /// Sessions with opaque tokens, `<id>.<secret>`. The right choice unless other services must read the
    /// tokens.
    #[must_use]
    pub fn opaque(store: S, policy: SessionPolicy) -> Self {
        Self { tokens: Tokens::Opaque, store, cache: Cache::new(&policy), policy }
    }

    /// Sessions with signed tokens. A token that is not well signed is refused without a look at the
    /// store; the store decides about all others.
    ///
    /// # Errors
    ///
    /// [`InvalidPolicy::Lifetime`] when sessions may live longer than a token may.
    pub fn signed(
        store: S,
        policy: SessionPolicy,
        tokens: SessionTokens,
    ) -> Result<Self, InvalidPolicy> {
        if policy.absolute > tokens.max_lifetime() {
            return Err(InvalidPolicy::Lifetime);
        }
        let tokens = Tokens::Signed(Box::new(tokens));
        Ok(Self { tokens, store, cache: Cache::new(&policy), policy })
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Begins a sign-in. To be called before the hash of the password is read; see [`SignIn`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn begin(&self, user: &UserId) -> Result<SignIn, StoreError> {
        let generation = self.store.generation(user).await?;
        Ok(SignIn { user: user.clone(), generation })
    }

    /// Ends a sign-in with a session, always with a new id.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; [`CreateError::Stale`] when the user's sessions were ended since it began.
    pub async fn create(
        &self,
        sign_in: SignIn,
        new: NewSession<'_>,
        now: SystemTime,
    ) -> Result<(SessionToken, Session), CreateError> {
        let now = storable(now).ok_or(CreateError::Clock)?;
        // First, so that a session which nobody holds the token of does not stay behind.
        if let Some(old) = &new.replaces {
            let _ends = self.cache.ends(old.id());
            let ending = Ending { at: now, reason: EndReason::Replaced };
            self.store.revoke(old.user(), old.id(), ending).await?;
        }
        let user_agent = new.origin.user_agent;
        let (token, record) = self.draft(
            SessionRecord {
                id: SessionId::generate()?,
                user: sign_in.user,
                generation: sign_in.generation,
                credential: crate::Credential::Signed,
                created: now,
                last_seen: now,
                address: new.origin.address,
                user_agent: user_agent.map(UserAgent::cut),
                device: new.device.or_else(|| user_agent.and_then(DeviceLabel::of_user_agent)),
                factors: new
                    .factors
                    .into_iter()
                    .fold(Factors::none(), |all, one| all.with(one, now)),
                ended: None,
            },
            now,
        )?;
        let ends = self.cache.ends_all();
        let horizon = self.horizon(now);
        let inserted = self.store.insert_new(&record, self.policy.limit, &horizon).await;
        // So that the sign-ins of others leave the cache alone, unless nobody knows what was done.
        match &inserted {
            Ok(surplus) => ends.only(surplus),
            Err(InsertError::Store(_)) => drop(ends),
            Err(_) => ends.only(&[]),
        }
        match inserted {
            Ok(_) => Ok((token, self.proof(Arc::new(record)))),
            Err(InsertError::Stale) => Err(CreateError::Stale),
            Err(InsertError::Full) => Err(CreateError::Full),
            Err(InsertError::Duplicate) => Err(CreateError::Unavailable(repeated_id())),
            Err(InsertError::Store(error)) => Err(CreateError::Unavailable(error)),
        }
    }

    /// The token for a record, and the record with what is stored of it.
    fn draft(
        &self,
        mut record: SessionRecord,
        now: SystemTime,
    ) -> Result<(SessionToken, SessionRecord), NoRandomness> {
        // After a clock stepped back, a session seems to live longer than any token may.
        let longest = now.checked_add(self.policy.absolute).unwrap_or(now);
        let expires = self.expires(&record).min(longest);
        let (token, credential) = self.tokens.issue(&record, now, expires)?;
        record.credential = credential;
        Ok((token, record))
    }

    /// The live sessions of the user who asks, the most recently used first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn list(
        &self,
        session: &Session,
        now: SystemTime,
    ) -> Result<Vec<ListedSession>, StoreError> {
        let mut listed = self.list_of(session.user(), now).await?;
        for entry in &mut listed {
            entry.current = entry.id == *session.id();
        }
        Ok(listed)
    }

    /// The live sessions of a user, for an operator.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn list_of(
        &self,
        user: &UserId,
        now: SystemTime,
    ) -> Result<Vec<ListedSession>, StoreError> {
        let records = self.store.list(user, &self.horizon(now), SessionLimit::MAX).await?;
        let listed = |record: SessionRecord| ListedSession {
            id: record.id,
            device: record.device,
            created: record.created,
            last_seen: record.last_seen,
            address: record.address,
            user_agent: record.user_agent,
            current: false,
        };
        Ok(records.into_iter().map(listed).collect())
    }

    /// Forgets sessions that have been over for `retention`, and says how many; to be called from time to
    /// time. Until then, someone who comes back with an old token learns why it does not work. One that was
    /// ended is kept for the idle timeout more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn purge(&self, retention: Duration, now: SystemTime) -> Result<u64, StoreError> {
        const BATCH: u32 = 1000;
        // A clock that runs hours ahead for a while must not delete what lives.
        let retention = retention.max(Self::MIN_RETENTION);
        let policy = &self.policy;
        let horizon = Horizon::new(
            now,
            policy.idle.saturating_add(retention),
            policy.absolute.saturating_add(retention),
        );
        let mut forgotten = 0;
        loop {
            let batch = self.store.purge(&horizon, BATCH).await?;
            forgotten += batch;
            if batch < u64::from(BATCH) {
                return Ok(forgotten);
            }
        }
    }

    /// The least time for which [`purge`](Self::purge) keeps what is over.
    pub const MIN_RETENTION: Duration = Duration::from_hours(24);

    /// Reads every session from the store again: to be called when another process reports that some were
    /// ended.
    pub fn forget_cached(&self) {
        self.cache.end_all();
    }

    fn horizon(&self, now: SystemTime) -> Horizon {
        Horizon::new(now, self.policy.idle, self.policy.absolute)
    }

    fn expires(&self, record: &SessionRecord) -> SystemTime {
        record.created.checked_add(self.policy.absolute).unwrap_or(record.created)
    }

    fn proof(&self, record: Arc<SessionRecord>) -> Session {
        let expires = self.expires(&record);
        Session::new(record, expires)
    }
}

/// Two draws of 128 bits were equal, which does not happen: the generator is broken.
fn repeated_id() -> StoreError {
    StoreError::new("a random session id was there already")
}
