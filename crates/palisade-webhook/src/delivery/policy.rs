//! When to try again, decided once.

use std::sync::Arc;
use std::time::Duration;

use super::RetryPolicyBuilder;

/// What [`RetryPolicy::longest_wait`] allows for clocks that differ.
const SLACK: Duration = Duration::from_mins(1);

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// How long a sender waits between attempts, and when it gives up.
///
/// The default is the schedule that the Standard Webhooks specification gives as its example, under
/// "Deliverability and reliability": ten attempts over three days and a little more.
///
/// | attempt | wait before it | since the first |
/// |---|---|---|
/// | 1 | none | 0 |
/// | 2 | 5 s | 5 s |
/// | 3 | 5 min | 5 min 5 s |
/// | 4 | 30 min | 35 min 5 s |
/// | 5 | 2 h | 2 h 35 min |
/// | 6 | 5 h | 7 h 35 min |
/// | 7 | 10 h | 17 h 35 min |
/// | 8 | 14 h | 31 h 35 min |
/// | 9 | 20 h | 51 h 35 min |
/// | 10 | 24 h | 75 h 35 min |
///
/// # Jitter
///
/// A random part is added to each wait: evenly spread from nothing to a fraction of the wait, a fifth by
/// default. So the messages that failed in one outage do not all come back in one second, and none
/// comes back before the wait, or the time that the receiver asked for, is over.
///
/// # Examples
///
/// ```
/// use palisade_webhook::RetryPolicy;
/// use std::time::Duration;
///
/// // 10 s, 20 s, 40 s … at most an hour apart, for a day.
/// let policy = RetryPolicy::builder()
///     .exponential(Duration::from_secs(10), 2.0, Duration::from_hours(1))
///     .horizon(Duration::from_hours(24))
///     .build()?;
/// assert_eq!(policy.delay_after(1), Duration::from_secs(10));
/// assert_eq!(policy.delay_after(3), Duration::from_secs(40));
/// assert_eq!(policy.delay_after(300), Duration::from_hours(1));
/// # Ok::<(), palisade_webhook::InvalidRetryPolicy>(())
/// ```
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// The wait after each attempt, and the last of them after all further attempts. Never empty.
    pub(super) delays: Arc<[Duration]>,
    pub(super) attempts: u32,
    pub(super) horizon: Option<Duration>,
    pub(super) jitter: f64,
    pub(super) longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    /// The schedule of the Standard Webhooks specification, a jitter of a fifth, and a `Retry-After` of
    /// up to a day.
    fn default() -> Self {
        Self {
            delays: Self::STANDARD_DELAYS.into(),
            attempts: 10,
            horizon: None,
            jitter: 0.2,
            longest_retry_after: Duration::from_hours(24),
        }
    }
}

impl RetryPolicy {
    /// The waits of the schedule in the Standard Webhooks specification, without jitter.
    pub const STANDARD_DELAYS: [Duration; 9] = [
        Duration::from_secs(5 * SECOND),
        Duration::from_secs(5 * MINUTE),
        Duration::from_secs(30 * MINUTE),
        Duration::from_secs(2 * HOUR),
        Duration::from_secs(5 * HOUR),
        Duration::from_secs(10 * HOUR),
        Duration::from_secs(14 * HOUR),
        Duration::from_secs(20 * HOUR),
        Duration::from_secs(24 * HOUR),
    ];
    /// The most attempts that a policy may allow.
    pub const MAX_ATTEMPTS: u32 = 1000;
    /// The longest wait before an attempt, without jitter: 30 days.
    pub const MAX_DELAY: Duration = Duration::from_hours(30 * 24);
    /// The longest time over which attempts may go on: a year.
    pub const MAX_HORIZON: Duration = Duration::from_hours(365 * 24);
    /// The least jitter: a tenth of the wait. With less, an outage ends in a rush.
    pub const MIN_JITTER: f64 = 0.1;

    /// Starts from the default.
    #[must_use]
    pub fn builder() -> RetryPolicyBuilder {
        RetryPolicyBuilder::new()
    }

    /// How many attempts there are before the sender gives up.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The wait after so many attempts, before jitter is added.
    #[must_use]
    pub fn delay_after(&self, attempts: u32) -> Duration {
        let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        self.delays.get(index).or(self.delays.last()).copied().unwrap_or(Self::MAX_DELAY)
    }

    /// The longest that [`Delivery::record`](super::Delivery::record) ever sets an attempt ahead, with
    /// jitter and `Retry-After`, and a minute more: of two processes, one may have read the clock before the
    /// other.
    ///
    /// An attempt that is due later than this was set by a clock that was wrong; see
    /// [`Delivery::is_due`](super::Delivery::is_due).
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        let wait = self.delays.iter().copied().fold(self.longest_retry_after, Duration::max);
        wait.saturating_add(self.jitter_of(wait, 1.0)).saturating_add(SLACK)
    }

    /// How much is added to a wait, `part` from 0 to 1 of the most.
    pub(super) fn jitter_of(&self, wait: Duration, part: f64) -> Duration {
        Duration::try_from_secs_f64(wait.as_secs_f64() * self.jitter * part).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_schedule_of_the_specification() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.attempts(), 10);
        let mut since = Duration::ZERO;
        let mut seen = Vec::new();
        for attempt in 1..policy.attempts() {
            since += policy.delay_after(attempt);
            seen.push(since.as_secs());
        }
        // 00:00:05 to 75:35:05 in the table of the specification.
        let minutes = [5, 35, 155, 455, 1055, 1895, 3095, 4535];
        let expected: Vec<u64> =
            std::iter::once(5).chain(minutes.map(|minutes| minutes * 60 + 5)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn delays_are_bounded_for_every_number_of_attempts() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay_after(0), Duration::from_secs(5));
        assert_eq!(policy.delay_after(u32::MAX), Duration::from_hours(24));
        assert_eq!(policy.longest_wait(), Duration::from_hours(24).mul_f64(1.2) + SLACK);
    }
}
