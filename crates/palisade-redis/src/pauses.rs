//! The pauses between attempts to connect.

use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;

/// Pauses that double from the first to the longest. Each is shortened at random by up to half, so that
/// many processes do not come at once.
pub(crate) struct Pauses {
    next: Duration,
}

const FIRST: Duration = Duration::from_millis(50);

/// Short, so that recovery is quick; an attempt a second is nothing to a server.
const LONGEST: Duration = Duration::from_secs(1);

impl Pauses {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = LONGEST.min(pause * 2);
        // Without randomness all come at once, and still not too often.
        let dice = SysRng.try_next_u32().unwrap_or(0);
        pause / 2 + (pause / 2).mul_f64(f64::from(dice) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_no_further() {
        let mut pauses = Pauses::new();
        let mut full = FIRST;
        for _ in 0..100 {
            let pause = pauses.next();
            assert!((full / 2..=full).contains(&pause), "{pause:?} of {full:?}");
            full = LONGEST.min(full * 2);
        }
        assert_eq!(full, LONGEST);
    }
}
