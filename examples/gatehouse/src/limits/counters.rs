//! What counts: this process, or Redis for all of them.

use std::time::SystemTime;

use palisade::ratelimit::{Decision, MemoryLimiter, Request};

use crate::config::LimitConfig;
use crate::start::StartError;

/// What counts the requests.
#[derive(Debug)]
pub(super) enum Counters {
    Local {
        /// Keys that anybody can make up, in a table of their own: a flood of them shares its last places with
        /// nobody who is known.
        strangers: MemoryLimiter,
        known: MemoryLimiter,
    },
}

/// Whose key a request is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An address or a login name.
    Stranger,
    /// An account, and a credential that was verified.
    Known,
}

impl Counters {
    pub(super) fn open(config: &LimitConfig) -> Result<Self, StartError> {
        let table = || MemoryLimiter::new(config.keys);
        Ok(Self::Local { strangers: table(), known: table() })
    }

    pub(super) async fn check<'p>(
        &self,
        kind: Kind,
        request: &Request<'p, '_>,
        now: SystemTime,
    ) -> Decision<'p> {
        match (self, kind) {
            (Self::Local { strangers, .. }, Kind::Stranger) => strangers.check(request, now),
            (Self::Local { known, .. }, Kind::Known) => known.check(request, now),
        }
    }

    pub(super) fn overflowed(&self) -> u64 {
        match self {
            Self::Local { strangers, known } => {
                strangers.overflowed().saturating_add(known.overflowed())
            }
        }
    }
}
