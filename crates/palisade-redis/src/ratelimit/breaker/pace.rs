//! How soon a breaker opens, and how often it asks again.

use std::time::Duration;

/// The numbers of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    failures: u32,
    first: Duration,
    longest: Duration,
}

impl Default for Pace {
    /// Three failures; 100 ms, doubled up to 2 s.
    fn default() -> Self {
        Self { failures: 3, first: Duration::from_millis(100), longest: Duration::from_secs(2) }
    }
}

impl Pace {
    pub(crate) const MOST_FAILURES: u32 = 1000;
    pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
    pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(1);

    /// `None` when a number is out of its bounds.
    pub(crate) fn new(failures: u32, first: Duration, longest: Duration) -> Option<Self> {
        let fits = (1..=Self::MOST_FAILURES).contains(&failures)
            && first >= Self::SHORTEST_PAUSE
            && first <= longest
            && longest <= Self::LONGEST_PAUSE;
        fits.then_some(Self { failures, first, longest })
    }

    /// How many failures in a row open the breaker.
    pub(crate) fn failures(self) -> u32 {
        self.failures
    }

    /// About the longest pause.
    pub(crate) fn longest(self) -> Duration {
        self.longest
    }

    /// The pause after so many pauses before it, half as long to one and a half times as long by chance.
    pub(crate) fn pause(self, before: u32, dice: &mut u64) -> Duration {
        let doubled = 1_u32.checked_shl(before.min(31)).unwrap_or(u32::MAX);
        let pause = self.first.saturating_mul(doubled).min(self.longest);
        let half = pause / 2;
        let span = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        half.saturating_add(Duration::from_nanos(roll(dice) % span.max(1)))
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): chance enough to keep a fleet from marching in step.
fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *dice;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
