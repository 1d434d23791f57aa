//! How a retry policy is made.

use std::time::Duration;

use super::RetryPolicy;

/// Makes a [`RetryPolicy`].
#[derive(Clone, Debug)]
pub struct RetryPolicyBuilder {
    delays: Delays,
    attempts: Option<u32>,
    policy: RetryPolicy,
}

#[derive(Clone, Debug)]
enum Delays {
    Listed(Vec<Duration>),
    Exponential { first: Duration, factor: f64, longest: Duration },
}

impl RetryPolicyBuilder {
    pub(super) fn new() -> Self {
        let delays = Delays::Listed(RetryPolicy::STANDARD_DELAYS.into());
        Self { delays, attempts: None, policy: RetryPolicy::default() }
    }

    /// The wait after each failed attempt. The last is repeated where [`attempts`](Self::attempts) asks
    /// for more; else there is one attempt more than there are waits.
    #[must_use]
    pub fn delays(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        // One more than may be, so that too many are seen and a list without end is not read on.
        let most = usize::try_from(RetryPolicy::MAX_ATTEMPTS).unwrap_or(usize::MAX);
        self.delays = Delays::Listed(delays.into_iter().take(most).collect());
        self
    }

    /// Waits that grow by a factor: `first`, `first × factor`, `first × factor²` and so on, never longer
    /// than `longest`.
    ///
    /// Needs [`attempts`](Self::attempts) or [`horizon`](Self::horizon), for it has no end of its own.
    #[must_use]
    pub fn exponential(mut self, first: Duration, factor: f64, longest: Duration) -> Self {
        self.delays = Delays::Exponential { first, factor, longest };
        self
    }

    /// How many attempts there are, the first included.
    #[must_use]
    pub fn attempts(mut self, most: u32) -> Self {
        self.attempts = Some(most);
        self
    }

    /// Gives up when the next attempt is planned for later than this after the delivery began.
    ///
    /// Only the planned wait counts. Jitter or the receiver's `Retry-After` may set an attempt later
    /// than the horizon, and that attempt is still made: no receiver can cut a delivery short by asking
    /// for patience. A clock of the sender that is far ahead at one attempt does cut it short: send it
    /// anew, under the same message id.
    #[must_use]
    pub fn horizon(mut self, horizon: Duration) -> Self {
        self.policy.horizon = Some(horizon);
        self
    }

    /// The most that is added to a wait at random, as a fraction of it:
    /// [`MIN_JITTER`](RetryPolicy::MIN_JITTER) to 1.
    #[must_use]
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.policy.jitter = fraction;
        self
    }

    /// The longest `Retry-After` that is honoured; a longer one counts as this. Zero ignores the header.
    #[must_use]
    pub fn longest_retry_after(mut self, longest: Duration) -> Self {
        self.policy.longest_retry_after = longest;
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// [`InvalidRetryPolicy`] when the choices contradict each other or are out of bounds.
    pub fn build(self) -> Result<RetryPolicy, InvalidRetryPolicy> {
        let mut policy = self.policy;
        if !(RetryPolicy::MIN_JITTER..=1.0).contains(&policy.jitter) {
            return Err(InvalidRetryPolicy::Jitter);
        }
        if policy.longest_retry_after > RetryPolicy::MAX_DELAY {
            return Err(InvalidRetryPolicy::RetryAfter);
        }
        if policy.horizon.is_some_and(|h| h.is_zero() || h > RetryPolicy::MAX_HORIZON) {
            return Err(InvalidRetryPolicy::Horizon);
        }
        policy.attempts = match (self.attempts, &self.delays) {
            (Some(attempts), _) => attempts,
            (None, Delays::Listed(delays)) => u32::try_from(delays.len() + 1).unwrap_or(u32::MAX),
            (None, Delays::Exponential { .. }) if policy.horizon.is_some() => {
                RetryPolicy::MAX_ATTEMPTS
            }
            (None, Delays::Exponential { .. }) => return Err(InvalidRetryPolicy::Endless),
        };
        if !(1..=RetryPolicy::MAX_ATTEMPTS).contains(&policy.attempts) {
            return Err(InvalidRetryPolicy::Attempts);
        }
        policy.delays = match self.delays {
            Delays::Listed(delays) => listed(delays)?,
            Delays::Exponential { first, factor, longest } => {
                grown(first, factor, longest, policy.attempts)?
            }
        }
        .into();
        Ok(policy)
    }
}

fn listed(delays: Vec<Duration>) -> Result<Vec<Duration>, InvalidRetryPolicy> {
    // A wait of nothing would be a loop without a pause.
    if delays.is_empty() || delays.iter().any(|d| d.is_zero() || *d > RetryPolicy::MAX_DELAY) {
        return Err(InvalidRetryPolicy::Delay);
    }
    Ok(delays)
}

fn grown(
    first: Duration,
    factor: f64,
    longest: Duration,
    attempts: u32,
) -> Result<Vec<Duration>, InvalidRetryPolicy> {
    if !(1.0..=1000.0).contains(&factor) {
        return Err(InvalidRetryPolicy::Factor);
    }
    if first.is_zero() || first > longest || longest > RetryPolicy::MAX_DELAY {
        return Err(InvalidRetryPolicy::Delay);
    }
    let mut delays = vec![first];
    let mut delay = first;
    for _ in 2..attempts {
        let next = Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(longest);
        if next <= delay || delay == longest {
            break;
        }
        delay = next.min(longest);
        delays.push(delay);
    }
    Ok(delays)
}

/// Why choices make no retry policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRetryPolicy {
    /// A wait, the first or the longest of them.
    #[error(
        "a wait is more than nothing and at most 30 days, and the first is at most the longest"
    )]
    Delay,
    /// The factor by which waits grow.
    #[error("the factor is between 1 and 1000")]
    Factor,
    /// The number of attempts.
    #[error("there are between 1 and 1000 attempts")]
    Attempts,
    /// Neither attempts nor a horizon.
    #[error("waits that grow need a number of attempts or a horizon")]
    Endless,
    /// The horizon.
    #[error("the horizon is more than nothing and at most a year")]
    Horizon,
    /// The jitter.
    #[error("the jitter is between a tenth and the whole of the wait")]
    Jitter,
    /// The longest `Retry-After`.
    #[error("a Retry-After of at most 30 days can be honoured")]
    RetryAfter,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::InvalidRetryPolicy as Why;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_misconfiguration_is_named() {
        let new = RetryPolicy::builder;
        let hour = Duration::from_hours(1);
        let day = Duration::from_hours(24);
        let ok = |b: RetryPolicyBuilder| assert!(b.build().is_ok());
        let bad = |b: RetryPolicyBuilder, why| assert_eq!(b.build().unwrap_err(), why);
        bad(new().delays([]), Why::Delay);
        bad(new().delays([SECOND, Duration::ZERO]), Why::Delay);
        bad(new().delays([RetryPolicy::MAX_DELAY + Duration::from_nanos(1)]), Why::Delay);
        ok(new().delays([RetryPolicy::MAX_DELAY]));
        ok(new().delays(vec![SECOND; 999]));
        bad(new().delays(vec![SECOND; 1000]), Why::Attempts);
        bad(new().delays(std::iter::repeat(SECOND)), Why::Attempts);
        bad(new().attempts(0), Why::Attempts);
        bad(new().attempts(1001), Why::Attempts);
        bad(new().attempts(u32::MAX), Why::Attempts);
        ok(new().attempts(1));
        ok(new().attempts(1000));
        for factor in [0.0, 0.99, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1000.1] {
            bad(new().exponential(SECOND, factor, hour).attempts(5), Why::Factor);
        }
        bad(new().exponential(SECOND, 2.0, hour), Why::Endless);
        ok(new().exponential(SECOND, 2.0, hour).horizon(day));
        ok(new().exponential(SECOND, 2.0, hour).attempts(5));
        bad(new().exponential(Duration::ZERO, 2.0, hour).attempts(5), Why::Delay);
        bad(new().exponential(hour, 2.0, SECOND).attempts(5), Why::Delay);
        bad(new().exponential(SECOND, 2.0, Duration::MAX).attempts(5), Why::Delay);
        bad(new().horizon(Duration::ZERO), Why::Horizon);
        bad(new().horizon(Duration::MAX), Why::Horizon);
        for jitter in [0.0, -0.1, 0.09, 1.01, f64::NAN, f64::INFINITY] {
            bad(new().jitter(jitter), Why::Jitter);
        }
        ok(new().jitter(1.0));
        ok(new().jitter(0.1));
        bad(new().longest_retry_after(Duration::MAX), Why::RetryAfter);
        ok(new().longest_retry_after(Duration::ZERO));
    }

    #[test]
    fn the_order_of_calls_is_of_no_importance() {
        let hour = Duration::from_hours(1);
        let a = RetryPolicy::builder().attempts(5).exponential(SECOND, 3.0, hour).build().unwrap();
        let b = RetryPolicy::builder().exponential(SECOND, 3.0, hour).attempts(5).build().unwrap();
        assert_eq!((a.attempts, &a.delays), (b.attempts, &b.delays));
        assert_eq!(a.delays.as_ref(), [1, 3, 9, 27].map(Duration::from_secs));
    }

    proptest! {
        #[test]
        fn growing_waits_never_shrink_and_never_pass_the_longest(
            first in 1..u64::MAX, factor in 1.0_f64..1000.0, longest in 1..u64::MAX,
            attempts in 1_u32..1001,
        ) {
            let (first, longest) = (Duration::from_nanos(first), Duration::from_nanos(longest));
            let built =
                RetryPolicy::builder().exponential(first, factor, longest).attempts(attempts).build();
            prop_assert_eq!(built.is_ok(), first <= longest && longest <= RetryPolicy::MAX_DELAY);
            let Ok(policy) = built else { return Ok(()) };
            prop_assert_eq!(policy.delay_after(1), first);
            let mut before = Duration::ZERO;
            for attempt in 1..attempts {
                let delay = policy.delay_after(attempt);
                prop_assert!(delay >= before && delay <= longest);
                before = delay;
            }
        }
    }
}
