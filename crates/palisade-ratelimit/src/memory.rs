//! Counters in the memory of one process.

mod counters;
mod hash;
mod stripe;
mod table;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::decision::{Charges, Seen};
use crate::time::Newest;
use crate::{Decision, Request, Share, Source, State, Tier, Verdict};

use counters::{Counters, Keep};
use hash::Keyed;
use stripe::Stripes;
use table::{Slot, Table};

/// A limiter that counts in the memory of this process.
///
/// # Memory
///
/// All of it is taken at the start, 36 bytes for each of the keys that it is built for, and never more. A key takes
/// a place when it is first counted, and gives it back by itself once its bucket is full again or its window is
/// over: nothing sweeps, and nothing is lost by it.
///
/// When there is no place for a new key, it is counted in a bucket that all such keys of its policy share. So a flood
/// of new keys takes no memory, throttles itself, and pushes out no key that is being counted: whoever is throttled
/// stays throttled. New honest clients suffer with the flood until places become free, so build for many times the
/// keys of a busy hour, and use one limiter for what strangers can name (addresses) and another one for what they
/// cannot (accounts, keys): then a flood of the first reaches nobody in the second. A key that was counted together with
/// others begins with a full bucket when it finds a place of its own.
///
/// Keys are known by a hash under a secret of this limiter, so nobody can aim at the place of another.
///
/// # Clocks
///
/// A request may come with a time that is older than that of the one before it, by up to a minute: then it counts at the
/// newest time that the limiter has seen. What is older still comes from a clock that was set back: it is believed, and
/// whoever seems to owe more than a whole bucket owes one bucket. So a step back of less than a minute stops the refill until
/// the clock has caught up, and no step locks anybody out for longer than that or than a bucket takes to fill.
///
/// # Examples
///
/// ```
/// use palisade_ratelimit::{MemoryLimiter, PER_SECOND, Policy, Quota, Request, Verdict};
/// use std::time::{Duration, SystemTime};
///
/// let uploads = Policy::new("uploads", Quota::bucket(2).refill(1, PER_SECOND)?)?;
/// let limiter = MemoryLimiter::new(100_000)?;
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
///
/// let request = Request::new(&uploads, "acct_42");
/// assert_eq!(limiter.check(&request, now).verdict(), Verdict::Allowed);
/// assert_eq!(limiter.check(&request, now).verdict(), Verdict::Allowed);
/// let retry_after = Duration::from_secs(1);
/// assert_eq!(limiter.check(&request, now).verdict(), Verdict::Denied { retry_after });
/// assert_eq!(limiter.check(&request, now + retry_after).verdict(), Verdict::Allowed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryLimiter {
    hash: Keyed,
    stripes: Stripes,
    share: Share,
    newest: Newest,
    overflowed: AtomicU64,
}

/// Makes a [`MemoryLimiter`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder builds nothing until `build`"]
pub struct MemoryLimiterBuilder {
    keys: usize,
    share: Share,
}

impl MemoryLimiterBuilder {
    /// Gives away a share of every quota, for one of several processes.
    ///
    /// What costs more than the share, and not more than the quota, is denied for later and not for ever: the limiter that
    /// this one stands in for may be back by then.
    pub fn share(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// The limiter.
    ///
    /// # Errors
    ///
    /// [`InvalidSize`] unless it is for 1 to 100,000,000 keys.
    pub fn build(self) -> Result<MemoryLimiter, InvalidSize> {
        if !(1..=MOST_KEYS).contains(&self.keys) {
            return Err(InvalidSize);
        }
        Ok(MemoryLimiter {
            hash: Keyed::random(),
            stripes: Stripes::new(self.keys),
            share: self.share,
            newest: Newest::default(),
            overflowed: AtomicU64::new(0),
        })
    }
}

/// 3.6 GB.
const MOST_KEYS: usize = 100_000_000;

/// A limiter for no keys, or for more than a machine should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limiter in process is for 1 to 100,000,000 keys; each takes 36 bytes at once")]
pub struct InvalidSize;

impl MemoryLimiter {
    /// A limiter with places for so many keys, each of which is one key under one policy. It takes 36 bytes for each
    /// at once.
    ///
    /// # Errors
    ///
    /// [`InvalidSize`] unless it is for 1 to 100,000,000 keys.
    pub fn new(keys: usize) -> Result<Self, InvalidSize> {
        Self::builder(keys).build()
    }

    /// Begins a limiter with places for so many keys.
    pub fn builder(keys: usize) -> MemoryLimiterBuilder {
        MemoryLimiterBuilder { keys, share: Share::WHOLE }
    }

    /// Counts a request in all of its tiers if all of them allow it, and in none otherwise.
    pub fn check<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        let now = self.newest.of(now);
        if let [tier] = request.tiers()
            && let Some(decision) = self.check_one(request, tier, now)
        {
            return decision;
        }
        let keep = if request.costs() == 0 { Keep::Nothing } else { Keep::Reserve };
        let mut counters = self.counters(request, now, keep);
        let decision = Decision::of(request, counters.seen(), now, Charges::Yes, Source::Local);
        if decision.verdict() == Verdict::Allowed && request.costs() > 0 {
            counters.write(|seen| Some(seen.quota.charged(seen.state, request.costs())));
        } else {
            counters.leave();
        }
        drop(counters);
        if decision.is_overflow() {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
        }
        decision
    }

    /// What [`check`](Self::check) would say, without counting anything.
    pub fn peek<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        let now = self.newest.seen(now);
        let counters = self.counters(request, now, Keep::Nothing);
        Decision::of(request, counters.seen(), now, Charges::No, Source::Local)
    }

    /// Counts a request that another limiter has allowed, whether or not it fits: what does not fit leaves nothing.
    ///
    /// So a limiter that stands in for a shared one knows who has used up a limit before it is needed. A key for which
    /// there is no place is not counted.
    pub fn record(&self, request: &Request<'_, '_>, now: SystemTime) {
        if request.costs() == 0 {
            return;
        }
        let now = self.newest.of(now);
        self.counters(request, now, Keep::Reserve).write(|seen| {
            let drained = seen.quota.drained(seen.state, request.costs(), now);
            (!seen.is_overflow).then_some(drained)
        });
    }

    /// How many keys are being counted, which takes a look at every place.
    #[must_use]
    pub fn live_keys(&self, now: SystemTime) -> usize {
        let now = self.newest.seen(now);
        self.stripes.each(|table| table.live(now)).sum()
    }

    /// The memory of all places, in bytes, which never changes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.stripes.each(Table::bytes).sum()
    }

    /// How many requests were counted in the buckets that unknown keys share, since the start. When it grows, the
    /// limiter is too small, or somebody floods it.
    #[must_use]
    pub fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }
}

impl MemoryLimiter {
    /// What [`check`](Self::check) does with a single tier, which most requests have; `None` when there is no place
    /// for its key.
    fn check_one<'p>(
        &self,
        request: &Request<'p, '_>,
        tier: &Tier<'p, '_>,
        now: u64,
    ) -> Option<Decision<'p>> {
        let place = self.hash.place(tier);
        let quota = tier.policy().quota().share(self.share);
        let mut table = self.stripes.lock(place);
        let (at, state) = match table.find(place, now) {
            Slot::Taken(at) => (at, table.state(at)),
            Slot::Free(at) => (at, State::default()),
            Slot::None => return None,
        };
        let seen = Seen::new(tier.policy(), quota, state, request.costs(), now);
        if seen.fits() && request.costs() > 0 {
            table.write(at, place.print, quota.charged(seen.state, request.costs()));
        } else if state.until > seen.state.until {
            // A clock has stepped back.
            table.write(at, place.print, seen.state);
        }
        drop(table);
        Some(Decision::of(request, std::iter::once(seen), now, Charges::Yes, Source::Local))
    }

    fn counters(&self, request: &Request<'_, '_>, now: u64, keep: Keep) -> Counters<'_> {
        Counters::open(&self.stripes, &self.hash, self.share, request, now, keep)
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the secret of the hash nor the counters.
        f.debug_struct("MemoryLimiter").field("share", &self.share).finish_non_exhaustive()
    }
}
