//! What a plot shows, in bounded memory: spans of time of equal width, which grow with the trace.

use std::collections::BTreeMap;
use std::time::Duration;

use palisade::ratelimit::{Decision, Kind, Policy, TierState, Verdict};

use super::Arrival;

/// The most spans, which are the most bars that an eye tells apart.
const MOST: u64 = 300;

pub(super) struct Bins {
    /// In microseconds: 1, 2, 10, 20, 100 and so on.
    width: u64,
    /// By the number of the span; those without a request are left out.
    spans: BTreeMap<u64, Bin>,
    tiers: Vec<Tier>,
}

/// A tier, as far as a plot needs it.
#[derive(Clone)]
pub(super) struct Tier {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) capacity: u32,
}

#[derive(Clone, Default)]
pub(super) struct Bin {
    pub(super) admitted: u64,
    pub(super) refused: u64,
    /// The lowest of each tier.
    levels: Vec<Level>,
}

/// The level of a key after a request, in tokens, with times in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub(super) at: u64,
    pub(super) left: u32,
    /// When it is full again.
    pub(super) full_at: u64,
}

impl Bins {
    pub(super) fn new(policies: &[Policy]) -> Self {
        let tier = |policy: &Policy| Tier {
            name: policy.name().to_owned(),
            kind: policy.quota().kind(),
            capacity: policy.quota().capacity(),
        };
        Self { width: 1, spans: BTreeMap::new(), tiers: policies.iter().map(tier).collect() }
    }

    pub(super) fn add(&mut self, arrival: &Arrival, decision: &Decision<'_>) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let at = micros(arrival.time);
        let level = |tier: &TierState<'_>| Level {
            at,
            left: tier.remaining(),
            full_at: at.saturating_add(micros(tier.reset_after())),
        };
        let allowed = decision.verdict() == Verdict::Allowed;
        let bin = Bin {
            admitted: allowed.into(),
            refused: (!allowed).into(),
            levels: decision.tiers().iter().map(level).collect(),
        };
        self.spans.entry(at / self.width).or_default().merge(bin);
        while self.last().saturating_sub(self.first()) >= MOST {
            self.widen();
        }
    }

    /// Each span becomes twice or five times as wide, so that widths stay round.
    fn widen(&mut self) {
        let factor = if self.width.to_string().starts_with('2') { 5 } else { 2 };
        self.width *= factor;
        let mut wider: BTreeMap<u64, Bin> = BTreeMap::new();
        for (number, bin) in std::mem::take(&mut self.spans) {
            wider.entry(number / factor).or_default().merge(bin);
        }
        self.spans = wider;
    }

    fn first(&self) -> u64 {
        self.spans.first_key_value().map_or(0, |(number, _)| *number)
    }

    fn last(&self) -> u64 {
        self.spans.last_key_value().map_or(0, |(number, _)| *number)
    }

    pub(super) fn width(&self) -> u64 {
        self.width
    }

    /// Where the first span begins and the last one ends, in microseconds.
    pub(super) fn range(&self) -> (u64, u64) {
        (self.first() * self.width, (self.last() + 1) * self.width)
    }

    pub(super) fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The spans with their starts.
    pub(super) fn bars(&self) -> impl Iterator<Item = (u64, &Bin)> {
        self.spans.iter().map(|(number, bin)| (number * self.width, bin))
    }

    /// The levels of a tier, one a span, in the order of time.
    pub(super) fn levels(&self, tier: usize) -> impl Iterator<Item = Level> {
        self.spans.values().filter_map(move |bin| bin.levels.get(tier).copied())
    }
}

impl Bin {
    fn merge(&mut self, other: Self) {
        self.admitted += other.admitted;
        self.refused += other.refused;
        if self.levels.is_empty() {
            self.levels = other.levels;
            return;
        }
        for (level, other) in self.levels.iter_mut().zip(other.levels) {
            // Of equal ones the later, since it says for how long it was so.
            if other.left < level.left || (other.left == level.left && other.at > level.at) {
                *level = other;
            }
        }
    }
}

impl Tier {
    /// The level at a time between one request and the next, when nothing is taken.
    pub(super) fn recovered(&self, level: Level, at: u64) -> f64 {
        let (left, capacity) = (f64::from(level.left), f64::from(self.capacity));
        let passed = seconds(at.saturating_sub(level.at));
        let whole = seconds(level.full_at.saturating_sub(level.at));
        match self.kind {
            _ if at >= level.full_at => capacity,
            Kind::Bucket => left + (capacity - left) * passed / whole,
            Kind::Window => left,
        }
    }
}

/// Microseconds as seconds.
pub(super) fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use palisade::ratelimit::{MemoryLimiter, Quota, Request};

    use super::*;

    #[test]
    fn memory_is_bounded_and_nothing_is_lost() {
        let policy = Policy::new("a", Quota::per_second(2).unwrap()).unwrap();
        let limiter = MemoryLimiter::new(10).unwrap();
        let mut bins = Bins::new(std::slice::from_ref(&policy));
        // The clock goes ahead in ever larger steps, and once back to the start.
        let mut time = Duration::from_secs(1_800_000_001);
        for n in 0..2_000_u32 {
            time += Duration::from_micros(1 << (n / 60).min(30));
            let time = if n == 1_500 { Duration::from_secs(1_700_000_001) } else { time };
            let arrival =
                Arrival { number: 1, line: None, time, keys: vec!["k".to_owned()], cost: 1 };
            let request = Request::new(&policy, "k");
            bins.add(&arrival, &limiter.check(&request, SystemTime::UNIX_EPOCH + time));
            assert!(bins.spans.len() as u64 <= MOST);
        }
        let (from, to) = bins.range();
        assert!((to - from) / bins.width() <= MOST && from <= 1_700_000_001_000_000, "{from} {to}");
        let sum: u64 = bins.bars().map(|(_, bin)| bin.admitted + bin.refused).sum();
        assert_eq!(sum, 2_000);
        assert!(bins.bars().all(|(start, _)| start % bins.width() == 0));
    }
}
