//! What the tests share.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::{Policy, Quota};

/// Noon of a day in 2026, in microseconds since 1970.
pub(crate) const NOON: u64 = 1_795_348_800_000_000;

pub(crate) fn at(micros: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

pub(crate) fn policy(name: &str, quota: Quota) -> Policy {
    Policy::new(name.to_owned(), quota).unwrap()
}
