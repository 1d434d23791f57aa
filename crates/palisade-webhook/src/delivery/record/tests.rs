use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::{RetryAfter, RetryPolicyBuilder};

const SECOND: Duration = Duration::from_secs(1);

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A generator that always gives the same, or nothing at all.
struct Fixed(Option<u32>);

impl TryRng for Fixed {
    type Error = std::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.0.ok_or(std::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.try_next_u32().map(u64::from)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(std::fmt::Error)
    }
}

fn least() -> Fixed {
    Fixed(Some(0))
}

fn first_wait(policy: &RetryPolicy, outcome: Outcome, random: u32) -> Duration {
    let mut delivery = Delivery::new(start());
    match delivery.record_with_rng(policy, 1, outcome, start(), &mut Fixed(Some(random))) {
        Ok(Next::Retry { at }) => at.duration_since(start()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn seconds(n: u64) -> RetryAfter {
    RetryAfter::parse(n.to_string().as_bytes(), start()).unwrap()
}

#[test]
fn every_status_has_its_consequence() {
    let policy = RetryPolicy::default();
    for code in 0..=u16::MAX {
        for outcome in [Outcome::Status(code), Outcome::Pause(code, seconds(7))] {
            let mut delivery = Delivery::new(start());
            let next = delivery.record(&policy, 1, outcome, start()).unwrap();
            match code {
                200..=299 => assert_eq!(next, Next::Delivered),
                410 => assert_eq!(next, Next::EndpointGone),
                _ => assert!(matches!(next, Next::Retry { .. }), "{code}"),
            }
            assert_eq!(delivery.next_attempt().is_some(), matches!(next, Next::Retry { .. }));
            assert_eq!(delivery.attempts, 1);
        }
        let overload = [429, 502, 503, 504].contains(&code);
        assert_eq!(Outcome::Status(code).is_overload(), overload);
    }
    let mut delivery = Delivery::new(start());
    let next = delivery.record(&policy, 1, Outcome::NoAnswer, start());
    assert!(matches!(next, Ok(Next::Retry { .. })));
}

#[test]
fn the_schedule_is_followed_to_its_end() {
    let policy = RetryPolicy::default();
    let mut delivery = Delivery::new(start());
    let mut now = start();
    for attempt in 1..10 {
        assert!(delivery.is_due(&policy, now));
        assert_eq!(delivery.next_attempt(), Some(attempt));
        let wait = RetryPolicy::STANDARD_DELAYS[attempt as usize - 1];
        let next = delivery.record_with_rng(&policy, attempt, Outcome::NoAnswer, now, &mut least());
        assert_eq!(next, Ok(Next::Retry { at: now + wait }));
        assert!(!delivery.is_due(&policy, now));
        assert!(!delivery.is_due(&policy, now + wait - Duration::from_nanos(1)));
        now += wait;
    }
    let why = GiveUp::Attempts;
    let last = delivery.record(&policy, 10, Outcome::Status(500), now).unwrap();
    assert_eq!(last, Next::GiveUp { why });
    assert_eq!(delivery.state, DeliveryState::GaveUp { at: now, why });
    assert!(!delivery.is_due(&policy, now));
    assert_eq!(delivery.next_attempt(), None);
}

#[test]
fn the_last_attempt_may_succeed() {
    let policy = RetryPolicy::builder().attempts(1).build().unwrap();
    let mut delivery = Delivery::new(start());
    assert_eq!(delivery.record(&policy, 1, Outcome::Status(200), start()), Ok(Next::Delivered));
}

#[test]
fn an_attempt_is_recorded_once() {
    let policy = RetryPolicy::default();
    let mut delivery = Delivery::new(start());
    let fail = Outcome::Status(500);
    let ok = Outcome::Status(200);
    assert_eq!(delivery.record(&policy, 2, ok, start()), Err(NotRecorded::TooEarly));
    assert_eq!(delivery.record(&policy, 0, ok, start()), Err(NotRecorded::Stale));
    assert_eq!(delivery, Delivery::new(start()));
    assert!(delivery.record(&policy, 1, fail, start()).is_ok());
    let once = delivery.clone();
    assert_eq!(delivery.record(&policy, 1, fail, start() + SECOND), Err(NotRecorded::Stale));
    assert_eq!(delivery.record(&policy, 1, ok, start() + SECOND), Err(NotRecorded::Stale));
    assert_eq!(delivery, once);
    assert_eq!(delivery.record(&policy, 2, ok, start()), Ok(Next::Delivered));
    let done = delivery.clone();
    for attempt in [0, 1, 2, 3, u32::MAX] {
        assert_eq!(delivery.record(&policy, attempt, fail, start()), Err(NotRecorded::Over));
    }
    assert_eq!(delivery, done);
}

#[test]
fn without_randomness_only_a_retry_waits() {
    let policy = RetryPolicy::default();
    let mut delivery = Delivery::new(start());
    let none = &mut Fixed(None);
    let next = delivery.record_with_rng(&policy, 1, Outcome::NoAnswer, start(), none);
    assert_eq!(next, Err(NotRecorded::NoRandomness));
    assert_eq!(delivery, Delivery::new(start()));
    let next = delivery.record_with_rng(&policy, 1, Outcome::Status(202), start(), none);
    assert_eq!(next, Ok(Next::Delivered));
}

#[test]
fn retry_after_is_a_lower_bound_that_is_bounded() {
    let build = |b: RetryPolicyBuilder| b.build().unwrap();
    let policy = build(RetryPolicy::builder().longest_retry_after(Duration::from_hours(1)));
    let wait = |after| {
        let busy = Outcome::Status(503).with_retry_after(Some(seconds(after)));
        first_wait(&policy, busy, 0).as_secs()
    };
    assert_eq!([0, 4, 5, 6, 3600, 3601, u64::MAX].map(wait), [5, 5, 5, 6, 3600, 3600, 3600]);
    let ignores = build(RetryPolicy::builder().longest_retry_after(Duration::ZERO));
    let busy = Outcome::Pause(429, seconds(100));
    assert_eq!(first_wait(&ignores, busy, 0), 5 * SECOND);
    assert_eq!(Outcome::NoAnswer.with_retry_after(Some(seconds(1))), Outcome::NoAnswer);
    assert_eq!(busy.with_retry_after(None), Outcome::Status(429));
}

#[test]
fn the_horizon_is_not_the_receivers_to_shorten() {
    let policy =
        RetryPolicy::builder().delays([60 * SECOND]).attempts(9).horizon(90 * SECOND).build();
    let policy = policy.unwrap();
    let mut delivery = Delivery::new(start());
    let patient = Outcome::Pause(503, seconds(1_000_000));
    let next = delivery.record_with_rng(&policy, 1, patient, start(), &mut least()).unwrap();
    assert_eq!(next, Next::Retry { at: start() + Duration::from_hours(24) });
    let later = start() + Duration::from_hours(24);
    let next = delivery.record(&policy, 2, Outcome::NoAnswer, later).unwrap();
    assert_eq!(next, Next::GiveUp { why: GiveUp::Horizon });
    let mut edge = Delivery::new(start());
    let next = edge.record(&policy, 1, Outcome::NoAnswer, start() + 30 * SECOND);
    assert!(matches!(next, Ok(Next::Retry { .. })));
    let mut edge = Delivery::new(start());
    let next = edge.record(&policy, 1, Outcome::NoAnswer, start() + 31 * SECOND);
    assert_eq!(next, Ok(Next::GiveUp { why: GiveUp::Horizon }));
}

#[test]
fn a_clock_that_steps_back_loses_no_message() {
    let policy = RetryPolicy::builder().horizon(Duration::from_hours(1)).build().unwrap();
    let year = Duration::from_hours(365 * 24);
    // The delivery began while the clock was a year ahead.
    let mut delivery = Delivery::new(start() + year);
    assert!(delivery.is_due(&policy, start()));
    let next = delivery.record_with_rng(&policy, 1, Outcome::NoAnswer, start(), &mut least());
    assert_eq!(next, Ok(Next::Retry { at: start() + 5 * SECOND }));
    // The next attempt was set while the clock was a year ahead.
    let mut delivery = Delivery::new(start());
    delivery.state = DeliveryState::Due { at: start() + year };
    assert!(delivery.is_due(&policy, start()));
    // A step back by a little only delays it.
    delivery.state = DeliveryState::Due { at: start() + policy.longest_wait() };
    assert!(!delivery.is_due(&policy, start()));
}

#[test]
fn messages_of_one_outage_do_not_come_back_together() {
    // Also when the receiver names one moment for all.
    for outcome in [Outcome::NoAnswer, Outcome::Pause(503, seconds(100))] {
        let policy = RetryPolicy::builder().delays([100 * SECOND]).build().unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let mut in_second = [0_u32; 20];
        for _ in 0..20_000 {
            let mut delivery = Delivery::new(start());
            let next = delivery.record_with_rng(&policy, 1, outcome, start(), &mut rng).unwrap();
            let Next::Retry { at } = next else { panic!("{next:?}") };
            let after = at.duration_since(start() + 100 * SECOND).unwrap();
            in_second[usize::try_from(after.as_secs()).unwrap().min(19)] += 1;
        }
        // A thousand are expected in each second; six standard deviations.
        assert!(in_second.iter().all(|n| (810..1190).contains(n)), "{in_second:?}");
    }
}

fn any_time() -> impl Strategy<Value = SystemTime> {
    let near = (0_u64..4_000_000_000, 0_u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n));
    let far = any::<u64>().prop_map(|s| Duration::from_secs(s >> 2));
    prop_oneof![
        near.prop_map(|since| SystemTime::UNIX_EPOCH + since),
        far.clone().prop_map(|s| SystemTime::UNIX_EPOCH.checked_add(s).unwrap_or(start())),
        far.prop_map(|s| SystemTime::UNIX_EPOCH.checked_sub(s).unwrap_or(start())),
    ]
}

fn any_policy() -> impl Strategy<Value = RetryPolicy> {
    let nanos = 1..u64::try_from(RetryPolicy::MAX_DELAY.as_nanos()).unwrap();
    let delay = nanos.clone().prop_map(Duration::from_nanos);
    let delays = proptest::collection::vec(delay.clone(), 1..8);
    let horizon = proptest::option::of(delay.clone());
    (delays, 1_u32..1001, horizon, 0.1_f64..=1.0, delay).prop_map(
        |(delays, attempts, horizon, jitter, longest)| {
            let builder = RetryPolicy::builder().delays(delays).attempts(attempts).jitter(jitter);
            let builder = builder.longest_retry_after(longest);
            horizon.into_iter().fold(builder, RetryPolicyBuilder::horizon).build().unwrap()
        },
    )
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let after = any::<u64>().prop_map(seconds);
    prop_oneof![
        any::<u16>().prop_map(Outcome::Status),
        (300_u16..600, after).prop_map(|(code, after)| Outcome::Pause(code, after)),
        Just(Outcome::NoAnswer),
    ]
}

proptest! {
    /// Whatever the values, also those of a record that no code of ours made: a wait is no shorter than
    /// planned and no longer than the policy's longest, and is stored as it is.
    #[test]
    fn no_values_break_it(
        policy in any_policy(), outcome in any_outcome(), created in any_time(), due in any_time(),
        attempts in prop_oneof![0_u32..1200, Just(u32::MAX)], now in any_time(), random: u32,
    ) {
        let state = DeliveryState::Due { at: due };
        let mut delivery = Delivery { created, attempts, state };
        let attempt = delivery.next_attempt().unwrap();
        let _ = delivery.is_due(&policy, now);
        let rng = &mut Fixed(Some(random));
        let next = delivery.record_with_rng(&policy, attempt, outcome, now, rng);
        prop_assert_eq!(delivery.attempts, attempt);
        let Ok(Next::Retry { at }) = next else { return Ok(()) };
        let last = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND);
        prop_assert!(at <= last && at == storable(at));
        let now = storable(now);
        if at < last {
            let wait = at.duration_since(now).unwrap();
            prop_assert!(wait + Duration::from_micros(1) > policy.delay_after(attempt));
            prop_assert!(wait <= policy.longest_wait());
        }
    }

    #[test]
    fn every_delivery_ends(policy in any_policy(), seed: u64, outcome in any_outcome()) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut delivery = Delivery::new(start());
        let mut now = start();
        let mut made = 0;
        while let Some(attempt) = delivery.next_attempt() {
            made += 1;
            prop_assert!(made <= policy.attempts());
            let next = delivery.record_with_rng(&policy, attempt, outcome, now, &mut rng);
            if let Next::Retry { at } = next.unwrap() {
                prop_assert!(at >= now && delivery.is_due(&policy, at));
                now = at;
            }
        }
        prop_assert_eq!(delivery.attempts, made);
    }
}
