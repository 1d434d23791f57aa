//! What a sender stores of one message on its way to one endpoint.

use std::time::{Duration, SystemTime};

use rand::TryRng;
use rand::rngs::SysRng;

use super::{GiveUp, Next, Outcome, RetryPolicy};

/// The last second of the year 9999, since 1970: the latest that every store can keep.
pub(super) const LAST_SECOND: u64 = 253_402_300_799;

/// One message on its way to one endpoint: how many attempts were made, and when the next is due.
///
/// Plain data, to be stored beside the message's id, its body and the endpoint. It sends nothing, reads no
/// clock and keeps nothing: the sender brings its own HTTP client and database. Times are whole
/// microseconds.
///
/// # How a sender uses it
///
/// 1. It stores a new delivery with a new message id.
/// 2. A worker takes one that [is due](Self::is_due) and remembers its
///    [`next_attempt`](Self::next_attempt).
/// 3. It signs the body **with the same message id and the time of this attempt**, and sends it. The id
///    lets the receiver drop what it has already seen. A new timestamp is needed because the receiver
///    refuses an old one, and with it comes a new signature.
/// 4. It calls [`record`](Self::record) and stores the result, provided that the stored number of attempts
///    is still the one it read (`update … where attempts = …`).
///
/// A message may arrive more than once, for an answer can be lost on its way back. It is never given up in
/// silence.
///
/// To send a message again by hand after it was given up, store a new delivery under the same message id.
///
/// # Examples
///
/// ```
/// use palisade_webhook::{Delivery, Next, Outcome, RetryPolicy};
/// use std::time::SystemTime;
///
/// # fn send() -> Outcome { Outcome::Status(503) }
/// let policy = RetryPolicy::default();
/// let now = SystemTime::now();
/// let mut delivery = Delivery::new(now);
/// if let Some(attempt) = delivery.next_attempt()
///     && delivery.is_due(&policy, now)
/// {
///     let outcome = send();
///     match delivery.record(&policy, attempt, outcome, SystemTime::now())? {
///         Next::Delivered => println!("done"),
///         Next::Retry { at } => println!("again at {at:?}"),
///         Next::GiveUp { why } => println!("tell the customer: {}", why.reason()),
///         Next::EndpointGone => println!("disable the endpoint"),
///         _ => {}
///     }
/// }
/// # Ok::<(), palisade_webhook::NotRecorded>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "super::stored::Stored"))]
pub struct Delivery {
    /// When it began: the horizon of the policy counts from here.
    pub created: SystemTime,
    /// How many attempts were recorded.
    pub attempts: u32,
    /// Where it stands.
    pub state: DeliveryState,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DeliveryState {
    /// An attempt is to be made, not before this time.
    Due {
        /// When.
        at: SystemTime,
    },
    /// The receiver has the message.
    Delivered {
        /// When.
        at: SystemTime,
    },
    /// No further attempt is made.
    GaveUp {
        /// When.
        at: SystemTime,
        /// Why.
        why: GiveUp,
    },
    /// The receiver wants no more messages.
    EndpointGone {
        /// When.
        at: SystemTime,
    },
}

impl Delivery {
    /// A delivery whose first attempt is due at once.
    #[must_use]
    pub fn new(now: SystemTime) -> Self {
        let now = storable(now);
        Self { created: now, attempts: 0, state: DeliveryState::Due { at: now } }
    }

    /// The number of the attempt to be made, from 1; none when the delivery is over.
    #[must_use]
    pub fn next_attempt(&self) -> Option<u32> {
        match self.state {
            DeliveryState::Due { .. } => Some(self.attempts.saturating_add(1)),
            _ => None,
        }
    }

    /// Whether an attempt is to be made at `now`.
    ///
    /// It is also when the attempt was set further ahead than the policy ever sets one: then a clock was
    /// wrong, and the message would wait for as long as the clock was ahead. What a longer policy set before
    /// a shorter one took its place is due for the same reason. A database query that looks for due
    /// deliveries takes those later than `now` plus [`longest_wait`](RetryPolicy::longest_wait) as well.
    #[must_use]
    pub fn is_due(&self, policy: &RetryPolicy, now: SystemTime) -> bool {
        match self.state {
            DeliveryState::Due { at } => at
                .duration_since(now)
                .map_or(true, |wait| wait.is_zero() || wait > policy.longest_wait()),
            _ => false,
        }
    }

    /// Records what came of an attempt, and says what follows.
    ///
    /// `attempt` is the number that [`next_attempt`](Self::next_attempt) gave before it was made, and `now`
    /// the time after it.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`]; the delivery is as it was.
    /// - [`Stale`](NotRecorded::Stale) when the attempt was recorded before, as by another worker. What
    ///   was recorded first stands.
    /// - [`TooEarly`](NotRecorded::TooEarly) when an attempt before it has not been recorded.
    /// - [`Over`](NotRecorded::Over) when the delivery is over.
    /// - [`NoRandomness`](NotRecorded::NoRandomness) when the system gave none for the jitter. There is no
    ///   fallback: without jitter all messages of an outage come back at once. Call it again; only a
    ///   retry needs randomness, so a success is always recorded.
    pub fn record(
        &mut self,
        policy: &RetryPolicy,
        attempt: u32,
        outcome: Outcome,
        now: SystemTime,
    ) -> Result<Next, NotRecorded> {
        self.record_with_rng(policy, attempt, outcome, now, &mut SysRng)
    }

    /// [`record`](Self::record) with the given generator for the jitter: for tests.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn record_with_rng<R: TryRng>(
        &mut self,
        policy: &RetryPolicy,
        attempt: u32,
        outcome: Outcome,
        now: SystemTime,
        rng: &mut R,
    ) -> Result<Next, NotRecorded> {
        let next = self.next_attempt().ok_or(NotRecorded::Over)?;
        if attempt < next {
            return Err(NotRecorded::Stale);
        }
        if attempt > next {
            return Err(NotRecorded::TooEarly);
        }
        let now = storable(now);
        let next = self.after(policy, attempt, outcome, now, rng)?;
        self.attempts = attempt;
        self.state = match next {
            Next::Delivered => DeliveryState::Delivered { at: now },
            Next::Retry { at } => DeliveryState::Due { at },
            Next::GiveUp { why } => DeliveryState::GaveUp { at: now, why },
            Next::EndpointGone => DeliveryState::EndpointGone { at: now },
        };
        Ok(next)
    }

    fn after<R: TryRng>(
        &self,
        policy: &RetryPolicy,
        attempt: u32,
        outcome: Outcome,
        now: SystemTime,
        rng: &mut R,
    ) -> Result<Next, NotRecorded> {
        match outcome.status() {
            Some(200..=299) => return Ok(Next::Delivered),
            Some(410) => return Ok(Next::EndpointGone),
            _ => {}
        }
        if attempt >= policy.attempts {
            return Ok(Next::GiveUp { why: GiveUp::Attempts });
        }
        let planned = policy.delay_after(attempt);
        // A clock that stepped back has not let any time pass.
        let passed = now.duration_since(self.created).unwrap_or_default();
        if policy.horizon.is_some_and(|horizon| passed.saturating_add(planned) > horizon) {
            return Ok(Next::GiveUp { why: GiveUp::Horizon });
        }
        let asked = outcome.retry_after().map_or(Duration::ZERO, |after| after.wait());
        let wait = planned.max(asked.min(policy.longest_retry_after));
        let random = rng.try_next_u32().map_err(|_| NotRecorded::NoRandomness)?;
        let jitter = policy.jitter_of(wait, f64::from(random) / f64::from(u32::MAX));
        let at = now.checked_add(wait.saturating_add(jitter)).unwrap_or(now);
        Ok(Next::Retry { at: storable(at) })
    }
}

/// The last microsecond that is not after this time, and that every store can keep.
pub(super) fn storable(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = since.min(Duration::from_secs(LAST_SECOND));
    let whole = Duration::new(since.as_secs(), since.subsec_micros() * 1000);
    SystemTime::UNIX_EPOCH.checked_add(whole).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Why an attempt was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRecorded {
    /// This attempt was recorded before.
    #[error("this attempt was recorded before")]
    Stale,
    /// An earlier attempt has not been recorded.
    #[error("an earlier attempt has not been recorded")]
    TooEarly,
    /// The delivery is over.
    #[error("the delivery is over")]
    Over,
    /// The system gave no randomness for the jitter.
    #[error("the system gave no randomness")]
    NoRandomness,
}

impl NotRecorded {
    /// A short, stable word for the audit log and for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Stale => "delivery_attempt_stale",
            Self::TooEarly => "delivery_attempt_too_early",
            Self::Over => "delivery_over",
            Self::NoRandomness => "no_randomness",
        }
    }
}

#[cfg(test)]
mod tests;
