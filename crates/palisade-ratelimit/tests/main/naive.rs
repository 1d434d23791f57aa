//! Limits as a person would keep them on paper, slowly: tokens as exact fractions and a list of what was taken.

use std::collections::HashMap;
use std::time::Duration;

use palisade_ratelimit::{Kind, Quota};

/// What the naive limiter says of one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Allowed,
    After(Duration),
    Never,
}

/// Counters by name. Time must not step back.
#[derive(Default)]
pub(crate) struct Naive {
    /// Tokens in the bucket, times the interval in microseconds, so that they are whole; and when that was so.
    buckets: HashMap<String, (u128, u64)>,
    /// What was taken, by the start of the window.
    windows: HashMap<(String, u64), u64>,
}

impl Naive {
    /// Checks all tiers, and takes the cost from all of them or from none. Returns what each says and has left.
    pub(crate) fn check(
        &mut self,
        tiers: &[(String, Quota)],
        cost: u32,
        now: u64,
        takes: bool,
    ) -> (bool, Vec<(Says, u32)>) {
        let says: Vec<Says> =
            tiers.iter().map(|(key, quota)| self.says(key, quota, cost, now)).collect();
        let allowed = says.iter().all(|says| *says == Says::Allowed);
        if allowed && takes {
            for (key, quota) in tiers {
                self.take(key, quota, cost, now);
            }
        }
        let left = tiers.iter().map(|(key, quota)| self.left(key, quota, now));
        (allowed, says.into_iter().zip(left.collect::<Vec<_>>()).collect())
    }

    fn says(&self, key: &str, quota: &Quota, cost: u32, now: u64) -> Says {
        if cost == 0 {
            return Says::Allowed;
        }
        if cost > quota.capacity() {
            return Says::Never;
        }
        let interval = quota.interval().as_micros();
        match quota.kind() {
            Kind::Bucket => {
                let missing =
                    (u128::from(cost) * interval).saturating_sub(self.level(key, quota, now));
                match missing {
                    0 => Says::Allowed,
                    missing => Says::After(Duration::from_micros(missing.try_into().unwrap())),
                }
            }
            Kind::Window => {
                let (start, taken) = self.window(key, quota, now);
                if taken + u64::from(cost) <= quota.capacity().into() {
                    return Says::Allowed;
                }
                Says::After(Duration::from_micros(start + u64::try_from(interval).unwrap() - now))
            }
        }
    }

    fn take(&mut self, key: &str, quota: &Quota, cost: u32, now: u64) {
        match quota.kind() {
            Kind::Bucket => {
                let level =
                    self.level(key, quota, now) - u128::from(cost) * quota.interval().as_micros();
                self.buckets.insert(key.to_owned(), (level, now));
            }
            Kind::Window => {
                let (start, _) = self.window(key, quota, now);
                *self.windows.entry((key.to_owned(), start)).or_default() += u64::from(cost);
            }
        }
    }

    fn left(&self, key: &str, quota: &Quota, now: u64) -> u32 {
        let left = match quota.kind() {
            Kind::Bucket => self.level(key, quota, now) / quota.interval().as_micros(),
            Kind::Window => (u64::from(quota.capacity()) - self.window(key, quota, now).1).into(),
        };
        left.try_into().unwrap()
    }

    /// One microsecond adds one unit, up to the brim.
    fn level(&self, key: &str, quota: &Quota, now: u64) -> u128 {
        let brim = quota.span().as_micros();
        let (level, then) = self.buckets.get(key).copied().unwrap_or((brim, now));
        brim.min(level + u128::from(now - then))
    }

    fn window(&self, key: &str, quota: &Quota, now: u64) -> (u64, u64) {
        let length = u64::try_from(quota.interval().as_micros()).unwrap();
        let start = now / length * length;
        (start, self.windows.get(&(key.to_owned(), start)).copied().unwrap_or_default())
    }
}
