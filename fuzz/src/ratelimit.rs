//! Targets for `palisade-ratelimit`.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use palisade_ratelimit::backend::Newest;
use palisade_ratelimit::{
    Decision, Kind, MemoryLimiter, PER_DAY, PER_HOUR, PER_MINUTE, PER_SECOND, Policy, Quota,
    Request, Verdict,
};
use regex::Regex;

use crate::canary::{CANARY, assert_silent};

/// The rules of a text once more, in other words.
static RULES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let rules = "^ *(?:([0-9]+) *\\+ *)?([0-9]+) */ *([0-9]*) *(us|ms|s|min|h|day)( +fixed)? *$";
    Regex::new(rules).ok()
});

/// Reading a quota: what is accepted is what the rules say, comes back from its own text, and is within the bounds of
/// the builder; what is refused is not repeated.
pub fn ratelimit_quota(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = text.parse::<Quota>();
    assert_eq!(read.ok(), by_the_rules(text), "{text}");
    if let Ok(quota) = read {
        let written = quota.to_string();
        assert_eq!(written.parse(), Ok(quota), "{written}");
        assert!(quota.capacity() > 0 && quota.interval() >= Duration::from_micros(1));
        assert!(quota.span() <= 400 * PER_DAY && quota.interval() <= quota.span());
    }
    for planted in [format!("{text}{CANARY}"), format!("{CANARY}{text}")] {
        if let Err(error) = planted.parse::<Quota>() {
            assert_silent(&error);
        }
    }
}

fn by_the_rules(text: &str) -> Option<Quota> {
    if text.len() > 64 {
        return None;
    }
    let parts = RULES.as_ref()?.captures(text)?;
    let part = |n| parts.get(n).map(|part| part.as_str());
    let tokens: u32 = part(2)?.parse().ok()?;
    let count: u64 = match part(3)? {
        "" => 1,
        digits => digits.parse().ok()?,
    };
    let unit = match part(4)? {
        "us" => Duration::from_micros(1),
        "ms" => Duration::from_millis(1),
        "s" => PER_SECOND,
        "min" => PER_MINUTE,
        "h" => PER_HOUR,
        _ => PER_DAY,
    };
    let unit = u64::try_from(unit.as_micros()).ok()?;
    let period = Duration::from_micros(count.saturating_mul(unit));
    match (part(1), part(5)) {
        (None, Some(_)) => Quota::window(tokens, period).ok(),
        (Some(_), Some(_)) => None,
        (capacity, None) => {
            let capacity = capacity.map_or(Some(tokens), |capacity| capacity.parse().ok())?;
            Quota::bucket(capacity).refill(tokens, period).ok()
        }
    }
}

/// A limiter under a schedule of checks, with a clock that wanders: a look says what the check says, nothing is left
/// beyond the limit, the wait that is told is exact, and while the clock goes forward no span of time admits too much.
pub fn ratelimit_schedule(data: &[u8]) {
    let Some((policies, steps)) = data.split_at_checked(12) else { return };
    let policies: Vec<Policy> =
        policies.chunks_exact(4).zip(["a", "b", "c"]).filter_map(policy).collect();
    let [first, second, third] = &*policies else { return };
    let Ok(limiter) = MemoryLimiter::new(1_000) else { return };
    let mut admitted = Admitted::default();
    let newest = Newest::default();
    let mut now: u64 = 1_800_000_000_000_000;
    for step in steps.as_chunks::<4>().0.iter().take(256) {
        let [clock, by, tiers, cost] = *step;
        let before = now;
        now = moved(now, clock, by);
        if now < before {
            admitted.forget();
        }
        let tiers = Tiers::of(tiers);
        let mut request = Request::new(first, &tiers.keys[0]);
        let others = [(second, &tiers.keys[1]), (third, &tiers.keys[2])];
        for (policy, key) in others.into_iter().take(tiers.count - 1) {
            request = request.within(policy, key);
        }
        if tiers.comes_twice {
            request = request.within(second, &tiers.keys[1]);
        }
        let request = request.cost(if cost == u8::MAX { u32::MAX } else { cost.into() });
        let look = limiter.peek(&request, at(now));
        let done = limiter.check(&request, at(now));
        newest.of(at(now));
        assert_agree(&look, &done, &request, before <= now);
        match done.verdict() {
            Verdict::Allowed => admitted.add(&request, newest.seen(at(now))),
            Verdict::Denied { retry_after } => {
                assert!(!retry_after.is_zero());
                // Twice the cost of a tier that comes twice may be more than it ever has.
                if !tiers.comes_twice {
                    // A caller who is late is told the wait from the newest time.
                    let due = at(newest.seen(at(now))) + retry_after;
                    let early = due - Duration::from_micros(1);
                    assert_ne!(limiter.peek(&request, early).verdict(), Verdict::Allowed);
                    assert_eq!(limiter.peek(&request, due).verdict(), Verdict::Allowed);
                }
            }
            Verdict::Never => {
                let above = |policy: &Policy| request.costs() > policy.quota().capacity();
                assert!(request.tiers().iter().any(|tier| above(tier.policy())));
            }
        }
    }
}

fn policy((bytes, name): (&[u8], &'static str)) -> Option<Policy> {
    let [kind, capacity, tokens, period] = *bytes else { return None };
    let period = [Duration::from_millis(3), PER_SECOND, PER_MINUTE, PER_HOUR, 30 * PER_DAY]
        .into_iter()
        .nth(usize::from(period) % 5)?;
    let (capacity, tokens) = (u32::from(capacity).max(1), u32::from(tokens).max(1));
    let quota = if kind % 2 == 0 {
        Quota::bucket(capacity).refill(tokens, period)
    } else {
        Quota::window(capacity, period)
    };
    Policy::new(name, quota.ok()?).ok()
}

fn moved(now: u64, clock: u8, by: u8) -> u64 {
    const HOUR: u64 = 3_600_000_000;
    let by = u64::from(by);
    match clock % 7 {
        0 => now,
        1 => now + by * by * 997,
        2 => now + by * 60_000_000,
        3 => now - HOUR,
        4 => now + 24 * HOUR,
        5 => now - by,
        _ => now - by * 10_000,
    }
}

fn at(micros: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

/// Which tiers a request has: how many, by which keys, and whether the second comes twice.
struct Tiers {
    count: usize,
    keys: [[u8; 1]; 3],
    comes_twice: bool,
}

impl Tiers {
    fn of(byte: u8) -> Self {
        let keys = [[byte >> 2 & 1], [byte >> 3 & 1], [byte >> 4 & 1]];
        let count = usize::from(byte % 4).clamp(1, 3);
        Self { count, keys, comes_twice: count > 1 && byte & 0x40 != 0 }
    }
}

fn assert_agree(
    look: &Decision<'_>,
    done: &Decision<'_>,
    request: &Request<'_, '_>,
    is_forward: bool,
) {
    assert_eq!(look.verdict(), done.verdict());
    assert_eq!(done.tiers().len(), request.tiers().len());
    assert!(!done.is_overflow());
    let taken = if done.verdict() == Verdict::Allowed { request.costs() } else { 0 };
    for (look, done) in look.tiers().iter().zip(done.tiers()) {
        assert_eq!(look.verdict(), done.verdict());
        assert!(done.remaining() <= done.limit() && look.remaining() <= look.limit());
        // A caller whose clock is behind finds a bucket that is less than empty.
        let left = look.remaining().saturating_sub(taken);
        assert!(left == done.remaining() && (!is_forward || look.remaining() >= taken));
        assert!(done.reset_after() <= done.quota().span() + PER_SECOND);
    }
}

/// What was admitted, by policy, group and key, since the clock stepped back last.
#[derive(Default)]
struct Admitted {
    counters: BTreeMap<Counter, Vec<(u64, u32)>>,
}

/// Policy, group and key.
type Counter = (String, Vec<u8>, Vec<u8>);

impl Admitted {
    fn forget(&mut self) {
        self.counters.clear();
    }

    fn add(&mut self, request: &Request<'_, '_>, now: u64) {
        for tier in request.tiers() {
            let (group, key) = (tier.group().unwrap_or(b"-"), tier.key());
            let name = (tier.policy().name().to_owned(), group.to_vec(), key.to_vec());
            let taken = self.counters.entry(name).or_default();
            taken.push((now, request.costs()));
            assert_bounded(taken, tier.policy().quota(), now);
        }
    }
}

/// No span that ends now holds more than it may.
fn assert_bounded(taken: &[(u64, u32)], quota: Quota, now: u64) {
    let interval = u64::try_from(quota.interval().as_micros()).unwrap_or(u64::MAX);
    let mut sum = 0;
    for (time, cost) in taken.iter().rev() {
        let refilled = match quota.kind() {
            Kind::Bucket => (now - time) / interval,
            Kind::Window if time / interval == now / interval => 0,
            Kind::Window => return,
        };
        sum += u64::from(*cost);
        let most = u64::from(quota.capacity()).saturating_add(refilled);
        assert!(sum <= most, "{sum} of {most} within {} us", now - time);
    }
}
