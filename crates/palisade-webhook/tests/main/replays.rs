//! The guard: each message once, whatever the clock does and however full the store is.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use palisade_webhook::{
    Fresh, Inserted, MemoryReplays, ReplayError, ReplayGuard, ReplayKey, ReplayPolicyError,
    ReplayStore, Scheme, Signer, StoreError, Verifier,
};
use proptest::prelude::*;

use crate::kit::{NOW, at, secret, stream};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The value of a future that never waits.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

fn signer(scheme: Scheme) -> Signer {
    Signer::builder(scheme).key("a".parse().unwrap(), secret(b"k")).build().unwrap()
}

fn verifier(scheme: Scheme) -> Verifier {
    Verifier::builder(scheme).key("a".parse().unwrap(), secret(b"k")).build().unwrap()
}

/// The keys of different messages.
fn keys(count: usize) -> Vec<ReplayKey> {
    let (signer, verifier) = (signer(Scheme::GLACIS), verifier(Scheme::GLACIS));
    let id = "m".parse().unwrap();
    (0..count)
        .map(|n| {
            let body = n.to_be_bytes();
            let headers = signer.sign(&id, at(NOW), &body).unwrap();
            verifier.verify(&headers, &body, at(NOW)).unwrap().replay_key()
        })
        .collect()
}

fn insert(store: &MemoryReplays, key: &ReplayKey, expires: u64, now: u64) -> Inserted {
    now_or_never(store.insert_if_absent(key, at(expires), at(now))).unwrap()
}

#[test]
fn a_full_store_refuses_and_forgets_nothing() {
    let keys = keys(20);
    let store = MemoryReplays::new(10);
    for (n, key) in (0..).zip(&keys[..10]) {
        assert_eq!(insert(&store, key, NOW + 100 + n, NOW), Inserted::New);
    }
    for key in &keys[10..] {
        assert_eq!(insert(&store, key, NOW + 1_000, NOW + 99), Inserted::Full);
        assert_eq!(store.len(), 10);
    }
    for key in &keys[..10] {
        assert_eq!(insert(&store, key, NOW + 1, NOW + 99), Inserted::Present);
    }
    // Each second one more has expired, which makes room for one.
    for (n, key) in (0..).zip(&keys[10..]) {
        assert_eq!(insert(&store, key, NOW + 1_000, NOW + 100 + n), Inserted::New);
        assert_eq!(insert(&store, &keys[0], NOW + 1_000, NOW + 100 + n), Inserted::Full);
        assert_eq!(store.len(), 10);
    }
    assert!(!store.is_empty());
}

#[test]
fn a_store_for_nothing_refuses_everything() {
    let store = MemoryReplays::new(0);
    for key in keys(3) {
        assert_eq!(insert(&store, &key, NOW + 1, NOW), Inserted::Full);
    }
    assert!(store.is_empty());
}

#[test]
fn the_later_of_two_ends_counts() {
    let key = keys(1)[0];
    let store = MemoryReplays::new(1);
    assert_eq!(insert(&store, &key, NOW + 10, NOW), Inserted::New);
    assert_eq!(insert(&store, &key, NOW + 20, NOW + 9), Inserted::Present);
    assert_eq!(insert(&store, &key, NOW + 15, NOW + 10), Inserted::Present);
    assert_eq!(insert(&store, &key, NOW + 15, NOW + 19), Inserted::Present);
    assert_eq!(insert(&store, &key, NOW + 30, NOW + 20), Inserted::New);
    assert_eq!(store.len(), 1);
}

#[test]
fn a_guard_admits_once_in_each_scope() {
    let store = Arc::new(MemoryReplays::new(100));
    let guard = |scope: &str| ReplayGuard::builder(Arc::clone(&store), scope).build().unwrap();
    let (signer, verifier) = (signer(Scheme::SLACK), verifier(Scheme::SLACK));
    let headers = signer.sign(&"m".parse().unwrap(), at(NOW), b"{}").unwrap();
    let verified = verifier.verify(&headers, b"{}", at(NOW)).unwrap();
    for scope in ["", "a", "b", "ab", "a\0b"] {
        assert!(now_or_never(guard(scope).admit(&verified, at(NOW))).is_ok(), "{scope:?}");
    }
    for scope in ["", "a", "b", "ab", "a\0b"] {
        let again = now_or_never(guard(scope).admit(&verified, at(NOW)));
        assert!(matches!(again, Err(ReplayError::Duplicate)), "{scope:?}");
    }
    assert_eq!(store.len(), 5);
}

#[test]
fn what_was_withdrawn_passes_again_and_nothing_else_does() {
    let (signer, verifier) = (signer(Scheme::STANDARD), verifier(Scheme::STANDARD));
    let guard = ReplayGuard::builder(MemoryReplays::new(100), "test").build().unwrap();
    let admit = |id: &str| {
        let headers = signer.sign(&id.parse().unwrap(), at(NOW), b"{}").unwrap();
        let verified = verifier.verify(&headers, b"{}", at(NOW)).unwrap();
        now_or_never(guard.admit(&verified, at(NOW)))
    };
    let first = admit("one").unwrap();
    let _kept: Fresh = admit("two").unwrap();
    now_or_never(guard.withdraw(first, at(NOW))).unwrap();
    assert_eq!(guard.store().len(), 1);
    assert!(matches!(admit("two"), Err(ReplayError::Duplicate)));
    drop(admit("one").unwrap());
    assert!(matches!(admit("one"), Err(ReplayError::Duplicate)));
}

#[test]
fn a_guard_of_a_full_store_admits_nothing() {
    let (signer, verifier) = (signer(Scheme::GLACIS), verifier(Scheme::GLACIS));
    let guard = ReplayGuard::builder(MemoryReplays::new(1), "test")
        .retention(Duration::from_hours(1))
        .build()
        .unwrap();
    let admit = |body: &[u8], now: u64| {
        let headers = signer.sign(&"m".parse().unwrap(), at(now), body).unwrap();
        let verified = verifier.verify(&headers, body, at(now)).unwrap();
        now_or_never(guard.admit(&verified, at(now)))
    };
    drop(admit(b"1", NOW).unwrap());
    assert!(matches!(admit(b"2", NOW), Err(ReplayError::Full)));
    assert!(matches!(admit(b"2", NOW + HOUR - 1), Err(ReplayError::Full)));
    assert!(matches!(admit(b"1", NOW), Err(ReplayError::Duplicate)));
    drop(admit(b"2", NOW + HOUR).unwrap());
}

/// A store that does not answer.
#[derive(Debug)]
struct Down;

impl ReplayStore for Down {
    async fn insert_if_absent(
        &self,
        _: &ReplayKey,
        _: SystemTime,
        _: SystemTime,
    ) -> Result<Inserted, StoreError> {
        Err(StoreError::new("connection refused to 192.0.2.1"))
    }

    async fn remove(&self, _: &ReplayKey) -> Result<(), StoreError> {
        Err(StoreError::new("connection refused to 192.0.2.1"))
    }
}

#[test]
fn a_store_that_is_down_admits_nothing_and_its_cause_is_for_the_log() {
    let headers = signer(Scheme::GLACIS).sign(&"m".parse().unwrap(), at(NOW), b"{}").unwrap();
    let verifier = verifier(Scheme::GLACIS);
    let verified = verifier.verify(&headers, b"{}", at(NOW)).unwrap();
    let guard = ReplayGuard::builder(Down, "test").build().unwrap();
    let error = now_or_never(guard.admit(&verified, at(NOW))).unwrap_err();
    assert_eq!(error.reason(), "webhook_replays_unavailable");
    assert!(!error.to_string().contains("192.0.2.1"));
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    assert!(cause.to_string().contains("192.0.2.1"));
}

#[test]
fn a_retention_protects_and_ends() {
    let build = |retention| {
        ReplayGuard::builder(MemoryReplays::new(1), "test").retention(retention).build().err()
    };
    let ten_years = Duration::from_hours(10 * 365 * 24);
    assert_eq!(build(Duration::from_nanos(1)), None);
    assert_eq!(build(ten_years), None);
    assert_eq!(build(Duration::ZERO), Some(ReplayPolicyError));
    assert_eq!(build(ten_years + Duration::from_nanos(1)), Some(ReplayPolicyError));
}

/// With the smallest retention, a message is remembered for every nanosecond in which the verifier would
/// accept it once more. Each second attempt meets a guard of its own: a duplicate would lengthen the memory.
#[test]
fn a_message_is_remembered_as_long_as_it_verifies() {
    for scheme in [Scheme::STANDARD, Scheme::STRIPE, Scheme::SLACK, Scheme::PADDLE] {
        let (signer, verifier) = (signer(scheme), verifier(scheme));
        let headers = signer.sign(&"m".parse().unwrap(), at(NOW), b"{}").unwrap();
        let seconds = || (-301..=302).flat_map(|s| [s * 1_000 - 1, s * 1_000]).map(millis);
        for first in [-300_000, -5_000, -1, 0, 1, 999, 4_999, 5_999, 299_999, 300_999_i64] {
            let first = millis(first);
            let Ok(verified) = verifier.verify(&headers, b"{}", first) else { continue };
            for second in seconds() {
                let Ok(again) = verifier.verify(&headers, b"{}", second) else { continue };
                let guard = ReplayGuard::builder(MemoryReplays::new(9), "test")
                    .retention(Duration::from_nanos(1))
                    .build()
                    .unwrap();
                drop(now_or_never(guard.admit(&verified, first)).unwrap());
                let again = now_or_never(guard.admit(&again, second));
                assert!(matches!(again, Err(ReplayError::Duplicate)), "{}", scheme.name());
            }
        }
    }
}

fn millis(after: i64) -> SystemTime {
    let now = i64::try_from(NOW).unwrap() * 1_000;
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now + after).unwrap())
}

/// Another message, sent while the clock was a day ahead, must not make the guard forget this one.
#[test]
fn a_clock_that_steps_ahead_and_back_brings_nothing_back() {
    let (signer, verifier) = (signer(Scheme::STRIPE), verifier(Scheme::STRIPE));
    let guard = ReplayGuard::builder(MemoryReplays::new(10), "test")
        .retention(Duration::from_mins(1))
        .build()
        .unwrap();
    let sign = |body: &[u8], time| signer.sign(&"m".parse().unwrap(), at(time), body).unwrap();
    let admit = |headers, body: &[u8], now| {
        let verified = verifier.verify(headers, body, at(now)).unwrap();
        now_or_never(guard.admit(&verified, at(now))).map(drop)
    };
    let first = sign(b"1", NOW);
    admit(&first, b"1", NOW).unwrap();
    let ahead = NOW + DAY;
    let second = sign(b"2", ahead);
    assert!(verifier.verify(&first, b"1", at(ahead)).is_err());
    admit(&second, b"2", ahead).unwrap();
    assert!(matches!(admit(&first, b"1", NOW + 1), Err(ReplayError::Duplicate)));
    // An hour back it is a message from the future, until the clock comes near it again.
    assert!(verifier.verify(&first, b"1", at(NOW - HOUR)).is_err());
    assert!(matches!(admit(&first, b"1", NOW - 300), Err(ReplayError::Duplicate)));
    assert!(matches!(admit(&second, b"2", ahead), Err(ReplayError::Duplicate)));
}

#[test]
fn of_eight_threads_one_is_first() {
    for round in 0..200 {
        let store = Arc::new(MemoryReplays::new(8));
        let (signer, verifier) = (signer(Scheme::STANDARD), verifier(Scheme::STANDARD));
        let headers = signer.sign(&"m".parse().unwrap(), at(NOW), b"{}").unwrap();
        let barrier = Barrier::new(8);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let guard = ReplayGuard::builder(Arc::clone(&store), "s").build().unwrap();
                        let verified = verifier.verify(&headers, b"{}", at(NOW)).unwrap();
                        barrier.wait();
                        now_or_never(guard.admit(&verified, at(NOW))).map(drop)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "round {round}");
        let rest = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert!(rest.into_iter().all(|error| matches!(error, ReplayError::Duplicate)));
        assert_eq!(store.len(), 1);
    }
}

/// The end of the n-th key.
type End = fn(u64) -> u64;

/// What `MemoryReplays` says of itself: measured where its tables have just grown, with ends in every order.
#[test]
fn a_key_takes_the_memory_that_is_promised() {
    // One more than fills a table of the standard library, seven eighths of a power of two.
    let count = 7 * (1 << 13) + 1;
    let keys = keys(count);
    let ends: [(&str, End); 3] = [
        ("rising", |n| NOW + n),
        ("falling", |n| NOW + 1_000_000 - n),
        ("mixed", |n| NOW + n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 86_400),
    ];
    for (order, end) in ends {
        let store = MemoryReplays::new(count);
        let info = allocation_counter::measure(|| {
            for (n, key) in (1..).zip(&keys) {
                assert_eq!(insert(&store, key, end(n), NOW), Inserted::New);
            }
        });
        let each = |bytes: u64| bytes / count as u64;
        let held = each(u64::try_from(info.bytes_current).unwrap());
        println!("{order}: {held} bytes a key, {} at the highest", each(info.bytes_max));
        assert!((100..=210).contains(&held), "{order}: {held} bytes a key");
        assert!(each(info.bytes_max) <= 270, "{order}: {} bytes a key", each(info.bytes_max));
    }
}

/// What the guard should know, in the simplest form.
#[derive(Default)]
struct Memory(HashMap<(&'static str, Vec<u8>), u64>);

#[derive(Clone, Debug)]
struct Step {
    scheme: usize,
    message: u8,
    /// How far before now it was signed: the same message signed anew, where this differs.
    signed: u64,
    clock: i64,
    streamed: bool,
    withdrawn: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let clock: &[i64] =
        &[0, 0, 0, 1, -1, 5, 60, 299, 300, 301, 302, -300, -3_600, 3_600, 86_400, -86_400];
    (0..4_usize, 0..3_u8, 0..3_u64, prop::sample::select(clock), any::<bool>(), 0..10_u8).prop_map(
        |(scheme, message, signed, clock, streamed, withdrawn)| Step {
            scheme,
            message,
            signed: signed * 200,
            clock,
            streamed,
            withdrawn: withdrawn == 0,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    /// A message is admitted unless it is remembered; it is forgotten at its end and not before; a message of
    /// a signed time is never admitted twice with the same signature.
    #[test]
    fn any_schedule_admits_each_message_once(
        steps in prop::collection::vec(step(), 1..60),
        retention in prop::sample::select(&[1_u64, 60, 600, 86_400][..]),
    ) {
        let schemes = [Scheme::STANDARD, Scheme::STRIPE, Scheme::SLACK, Scheme::GLACIS];
        let parties: Vec<_> = schemes.iter().map(|s| (signer(*s), verifier(*s))).collect();
        let guard = ReplayGuard::builder(MemoryReplays::new(10_000), "test")
            .retention(Duration::from_secs(retention))
            .build()
            .unwrap();
        let mut memory = Memory::default();
        let mut seen: HashMap<Vec<u8>, u32> = HashMap::new();
        // Whatever was sent is sent again, at every later step, as whoever captured it would.
        let mut captured: Vec<(usize, u8, u64)> = Vec::new();
        let mut now = NOW;
        for step in steps {
            now = now.checked_add_signed(step.clock).unwrap().max(NOW - 30 * DAY);
            captured.push((step.scheme, step.message, now - step.signed));
            captured.dedup();
            let replayed = captured.clone();
            for (scheme, message, time) in replayed {
                let (signer, verifier) = &parties[scheme];
                let body = [message];
                let id = format!("msg_{message}").parse().unwrap();
                let headers = signer.sign(&id, at(time), &body).unwrap();
                let admitted = if step.streamed {
                    let Ok(verified) = stream(verifier, &headers, &body, 1, at(now)) else { continue };
                    now_or_never(guard.admit(&verified, at(now)))
                } else {
                    let Ok(verified) = verifier.verify(&headers, &body, at(now)) else { continue };
                    now_or_never(guard.admit(&verified, at(now)))
                };

                let scheme = schemes[scheme];
                let known = match scheme.name() {
                    "standard" | "glacis" => vec![message],
                    _ => [vec![message], time.to_be_bytes().to_vec()].concat(),
                };
                let end = if scheme.has_time() { time.max(now) + 300 + 1 } else { 0 };
                let end = end.max(now + retention);
                let held = memory.0.entry((scheme.name(), known.clone())).or_insert(0);
                let fresh = *held <= now;
                *held = if fresh { end } else { end.max(*held) };
                prop_assert_eq!(admitted.is_ok(), fresh);
                match admitted {
                    Ok(fresh) if step.withdrawn => {
                        now_or_never(guard.withdraw(fresh, at(now))).unwrap();
                        memory.0.remove(&(scheme.name(), known));
                    }
                    Ok(_) if matches!(scheme.name(), "stripe" | "slack") => {
                        let signature = [scheme.name().as_bytes(), &known].concat();
                        let times = seen.entry(signature).or_insert(0);
                        *times += 1;
                        prop_assert_eq!(*times, 1, "admitted twice");
                    }
                    Ok(_) => {}
                    Err(error) => prop_assert!(matches!(error, ReplayError::Duplicate)),
                }
            }
        }
    }
}
