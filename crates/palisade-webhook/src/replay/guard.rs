//! The guard: each message once.

use std::time::{Duration, SystemTime};

use super::{Inserted, ReplayKey, ReplayStore, Sighting, StoreError};

/// Lets each message pass once.
///
/// It takes verified messages alone, so nothing that a stranger sends is ever remembered. When it does not
/// know, because its store is full or does not answer, nothing passes.
///
/// # Examples
///
/// ```
/// use palisade_webhook::{MemoryReplays, ReplayError, ReplayGuard, Scheme, SharedSecret, Signer, Verifier};
/// use std::time::{Duration, SystemTime};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = SharedSecret::generate()?;
/// let verifier = Verifier::builder(Scheme::GLACIS).key("2026".parse()?, &secret).build()?;
/// let guard = ReplayGuard::builder(MemoryReplays::new(100_000), "glacis")
///     .retention(Duration::from_hours(24)) // GLACIS signs no time
///     .build()?;
/// # let signer = Signer::builder(Scheme::GLACIS).key("2026".parse()?, &secret).build()?;
/// # let now = SystemTime::now();
/// # let body = b"{}";
/// # let headers = signer.sign(&palisade_webhook::MessageId::generate()?, now, body)?;
///
/// let verified = verifier.verify(&headers, body, now)?;
/// match guard.admit(&verified, now).await {
///     Ok(_fresh) => { /* handle it, and answer 2xx */ }
///     Err(ReplayError::Duplicate) => { /* handled before: answer 2xx */ }
///     Err(_) => { /* nobody knows: answer 503, and the sender tries again */ }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReplayGuard<S> {
    store: S,
    scope: Box<str>,
    retention: Duration,
}

/// Makes a [`ReplayGuard`].
#[derive(Debug)]
pub struct ReplayGuardBuilder<S> {
    store: S,
    scope: Box<str>,
    retention: Option<Duration>,
}

/// How long a message without a signed time is remembered when nothing is said.
const DEFAULT_RETENTION: Duration = Duration::from_hours(24);

/// The longest retention: ten years.
const MAX_RETENTION: Duration = Duration::from_hours(10 * 365 * 24);

impl<S: ReplayStore> ReplayGuard<S> {
    /// Begins a guard that remembers in `store`.
    ///
    /// `scope` names what it stands before, such as an endpoint or a customer. The same message may pass each
    /// scope once: ids of two senders may be equal, and one message may go to two endpoints.
    #[must_use]
    pub fn builder(store: S, scope: impl Into<Box<str>>) -> ReplayGuardBuilder<S> {
        ReplayGuardBuilder { store, scope: scope.into(), retention: None }
    }

    /// Lets a verified message pass, unless it did before.
    ///
    /// It is remembered as long as the verifier would accept it again, and at least for the retention.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Duplicate`] when it passed before: the receiver answers 2xx and does nothing. Any other
    /// error means that nobody knows: it answers 503, so that the sender tries again.
    pub async fn admit(
        &self,
        message: impl Into<Sighting>,
        now: SystemTime,
    ) -> Result<Fresh, ReplayError> {
        let Sighting { key, until } = message.into();
        if until.is_some_and(|until| until <= now) {
            return Err(ReplayError::Late);
        }
        let key = key.within(&self.scope);
        let now = whole_second_before(now);
        let kept = now.checked_add(self.retention).ok_or(ReplayError::Clock)?;
        let expires = whole_second_after(until.map_or(kept, |until| until.max(kept)));
        match self.store.insert_if_absent(&key, expires, now).await? {
            Inserted::New => Ok(Fresh { key, expires }),
            Inserted::Present => Err(ReplayError::Duplicate),
            Inserted::Full => Err(ReplayError::Full),
        }
    }

    /// Forgets a message that was admitted and could not be handled, so that the sender's next attempt
    /// passes.
    ///
    /// Without this, a failure after `admit` loses the message, be it a `?` on the way or a future that is
    /// dropped because the client hung up: admit and work in a task of its own, and let no `?` skip this.
    ///
    /// A process that dies in between loses it all the same, and so does a second attempt that came and was
    /// answered as a duplicate while the first one still failed. Where that matters, write the [`ReplayKey`]
    /// into the database in the transaction that handles the message, through a [`ReplayStore`] of your own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store does not answer; the message then stays remembered.
    pub async fn withdraw(&self, fresh: Fresh, now: SystemTime) -> Result<(), StoreError> {
        // Forgotten by itself since, and perhaps admitted anew: that is not ours to take back.
        if fresh.expires <= now {
            return Ok(());
        }
        self.store.remove(&fresh.key).await
    }

    /// Where it remembers.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }
}

/// The whole second before, or this one, for stores that keep no fractions.
fn whole_second_before(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since.as_secs())).unwrap_or(time)
}

/// The next whole second, or this one.
fn whole_second_after(time: SystemTime) -> SystemTime {
    let Ok(since) = time.duration_since(SystemTime::UNIX_EPOCH) else {
        return SystemTime::UNIX_EPOCH;
    };
    let up =
        Duration::from_secs(since.as_secs().saturating_add(u64::from(since.subsec_nanos() > 0)));
    SystemTime::UNIX_EPOCH.checked_add(up).unwrap_or(time)
}

impl<S: ReplayStore> ReplayGuardBuilder<S> {
    /// How long a message is remembered at least: 24 hours when nothing is said.
    ///
    /// For a scheme that signs no time this is the only protection there is. For one that does, a longer
    /// memory than its tolerance makes the sender's late attempts duplicates as well.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// The guard.
    ///
    /// # Errors
    ///
    /// [`ReplayPolicyError`] for a retention of zero or of more than ten years.
    pub fn build(self) -> Result<ReplayGuard<S>, ReplayPolicyError> {
        let retention = self.retention.unwrap_or(DEFAULT_RETENTION);
        if retention.is_zero() || retention > MAX_RETENTION {
            return Err(ReplayPolicyError);
        }
        Ok(ReplayGuard { store: self.store, scope: self.scope, retention })
    }
}

/// The proof that a message had not passed before: only [`ReplayGuard::admit`] makes one.
#[derive(Debug)]
#[must_use = "a message that cannot be handled is withdrawn, or its next attempt counts as a duplicate"]
pub struct Fresh {
    key: ReplayKey,
    expires: SystemTime,
}

/// Why a verified message did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It passed before. The signature is right: answer 2xx, or the sender goes on trying.
    #[error("the message was received before")]
    Duplicate,
    /// The store holds as many as it can.
    #[error("too many messages at the moment; try again")]
    Full,
    /// It was verified so long ago that the verifier would refuse it by now.
    #[error("the message was verified too long ago; try again")]
    Late,
    /// The time is not one that can be stored: the clock of the server is wrong.
    #[error("the server's clock is wrong")]
    Clock,
    /// The store does not answer.
    #[error("messages cannot be taken at the moment; try again")]
    Unavailable(#[from] StoreError),
}

impl ReplayError {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Duplicate => "webhook_duplicate",
            Self::Full => "webhook_replays_full",
            Self::Late => "webhook_late",
            Self::Clock => "webhook_clock",
            Self::Unavailable(_) => "webhook_replays_unavailable",
        }
    }
}

/// A retention that protects nothing, or none that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the retention of a replay guard lies between one nanosecond and ten years")]
pub struct ReplayPolicyError;
