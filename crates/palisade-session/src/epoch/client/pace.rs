//! When a client asks for a new token, and how long it waits after a failure.

use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::{Epoch, SidecarId};

/// The first minutes of the refresh window, over which clients spread; the rest is for second tries.
const SPREAD: Duration = Duration::from_mins(4);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The rhythm of one client. It follows from the sidecar's id alone: no two clients keep time
/// together, and each does the same after a restart.
#[derive(Debug)]
pub(super) struct Pace {
    seed: [u8; 32],
}

impl Pace {
    pub(super) fn of(sidecar: &SidecarId) -> Self {
        Self { seed: Sha256::digest(sidecar.as_str()).into() }
    }

    /// From when this client asks for the token of the next hour.
    pub(super) fn refresh_at(&self, epoch: Epoch) -> SystemTime {
        epoch.refresh_from() + SPREAD.mul_f64(self.part(0))
    }

    /// How long to wait after so many failures, one or more.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(6);
        let whole = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
        whole.mul_f64(1.0 - self.part(failures) / 2.0)
    }

    /// A number from 0 to below 1, another for each `n`.
    fn part(&self, n: u32) -> f64 {
        let hash = Sha256::new().chain_update(self.seed).chain_update(n.to_be_bytes()).finalize();
        f64::from(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])) / (2.0_f64).powi(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(n: u32) -> Pace {
        Pace::of(&format!("sc_{n}").parse().unwrap())
    }

    #[test]
    fn clients_spread_over_four_minutes() {
        let epoch: Epoch = "epoch_2024010112".parse().unwrap();
        let mut seconds = [0; 240];
        for n in 0..24_000 {
            let after = pace(n).refresh_at(epoch).duration_since(epoch.refresh_from()).unwrap();
            seconds[usize::try_from(after.as_secs()).unwrap()] += 1;
        }
        // A hundred expected in each second; ten standard deviations.
        assert!(seconds.iter().all(|clients| (20..200).contains(clients)), "{seconds:?}");
        assert_eq!(pace(1).refresh_at(epoch), pace(1).refresh_at(epoch));
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)]
        {
            let most = Duration::from_secs(most);
            for n in 0..100 {
                let pause = pace(n).pause(failures);
                assert!(pause <= most && pause >= most / 2, "{failures} {pause:?}");
            }
        }
        assert_ne!(pace(1).pause(1), pace(2).pause(1));
    }
}
