//! The breaker against a model that remembers every call.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Breaker, LOST_AFTER, Pace, Permit, Transition};

const MILLISECOND: Duration = Duration::from_millis(1);

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

fn pace() -> Pace {
    Pace::new(3, FIRST, LONGEST).unwrap()
}

/// A breaker that three failures have opened.
fn opened(now: Instant) -> Breaker {
    let breaker = Breaker::new(pace(), 7);
    assert_eq!(breaker.admit(now).unwrap().failed(now), None);
    assert_eq!(breaker.admit(now).unwrap().failed(now), None);
    assert!(!breaker.is_open());
    assert_eq!(breaker.admit(now).unwrap().failed(now), Some(Transition::Opened));
    assert!(breaker.is_open());
    breaker
}

#[test]
fn a_success_ends_a_row_of_failures() {
    let now = Instant::now();
    let breaker = Breaker::new(pace(), 1);
    for _ in 0..10 {
        assert_eq!(breaker.admit(now).unwrap().failed(now), None);
        assert_eq!(breaker.admit(now).unwrap().failed(now), None);
        assert_eq!(breaker.admit(now).unwrap().succeeded(now), None);
    }
}

#[test]
fn a_call_that_is_given_up_says_nothing() {
    let now = Instant::now();
    let breaker = Breaker::new(pace(), 1);
    for _ in 0..10 {
        drop(breaker.admit(now).unwrap());
    }
    assert_eq!(breaker.admit(now).unwrap().failed(now), None);
    drop(breaker.admit(now).unwrap());
    assert_eq!(breaker.admit(now).unwrap().failed(now), None);
    assert_eq!(breaker.admit(now).unwrap().failed(now), Some(Transition::Opened));
}

#[test]
fn a_failure_of_many_calls_at_once_opens_once() {
    let now = Instant::now();
    let breaker = Breaker::new(pace(), 1);
    let calls: Vec<Permit<'_>> = (0..50).map(|_| breaker.admit(now).unwrap()).collect();
    let transitions: Vec<_> = calls.into_iter().filter_map(|call| call.failed(now)).collect();
    assert_eq!(transitions, [Transition::Opened]);
}

#[test]
fn a_late_answer_closes_nothing_and_opens_nothing() {
    let now = Instant::now();
    let breaker = Breaker::new(pace(), 1);
    let mut early: Vec<Permit<'_>> = (0..8).map(|_| breaker.admit(now).unwrap()).collect();
    for _ in 0..3 {
        breaker.admit(now).unwrap().failed(now);
    }
    assert_eq!(early.pop().unwrap().succeeded(now), None);
    assert!(breaker.is_open());

    let later = now + Duration::from_secs(1);
    let probe = breaker.admit(later).unwrap();
    assert_eq!(early.pop().unwrap().succeeded(later), None);
    assert!(breaker.admit(later).is_none(), "the probe is still the only one");
    assert!(matches!(probe.succeeded(later), Some(Transition::Closed { .. })));

    for call in early {
        assert_eq!(call.failed(later), None);
    }
    assert!(!breaker.is_open());
}

#[test]
fn one_probe_at_a_time() {
    let now = Instant::now();
    let breaker = opened(now);
    let later = now + Duration::from_millis(150);
    let probe = breaker.admit(later).unwrap();
    for _ in 0..5 {
        assert!(breaker.admit(later + MILLISECOND).is_none());
    }
    assert_eq!(
        probe.succeeded(later + MILLISECOND),
        // Three that failed and five that were turned away.
        Some(Transition::Closed { lasted: Duration::from_millis(151), missed: 8 })
    );
    assert!(!breaker.is_open());
}

#[test]
fn a_probe_that_is_given_up_makes_room_for_the_next_and_lengthens_nothing() {
    let now = Instant::now();
    let breaker = opened(now);
    let later = now + Duration::from_millis(150);
    for _ in 0..50 {
        drop(breaker.admit(later).unwrap());
    }
    assert_eq!(breaker.admit(later).unwrap().failed(later), None);
    assert!(breaker.admit(later + 99 * MILLISECOND).is_none(), "the second pause");
    assert!(breaker.admit(later + 300 * MILLISECOND).is_some());
}

#[test]
fn only_a_write_closes_after_a_refused_write() {
    let now = Instant::now();
    let breaker = Breaker::new(pace(), 7);
    for transition in [None, None, Some(Transition::Opened)] {
        assert_eq!(breaker.admit(now).unwrap().answered(now), None);
        assert_eq!(breaker.admit(now).unwrap().refused(now), transition);
        if transition.is_none() {
            assert_eq!(breaker.admit_look(now).unwrap().answered(now), None);
        }
    }
    let later = now + Duration::from_millis(150);
    for _ in 0..50 {
        assert!(breaker.admit_look(later).is_none(), "a look finds out nothing");
        assert_eq!(breaker.admit(later).unwrap().answered(later), None);
    }
    assert!(breaker.is_open());
    let probe = breaker.admit(later).unwrap();
    assert_eq!(
        probe.succeeded(later),
        Some(Transition::Closed { lasted: Duration::from_millis(150), missed: 53 })
    );
    // It is as before.
    for _ in 0..10 {
        assert_eq!(breaker.admit(later).unwrap().failed(later), None);
        assert_eq!(breaker.admit(later).unwrap().failed(later), None);
        assert_eq!(breaker.admit_look(later).unwrap().answered(later), None);
    }
}

#[test]
fn a_look_closes_what_looks_have_opened() {
    let now = Instant::now();
    let breaker = Breaker::new(pace(), 7);
    for _ in 0..3 {
        breaker.admit_look(now).unwrap().refused(now);
    }
    assert!(breaker.is_open());
    let later = now + Duration::from_millis(150);
    let probe = breaker.admit_look(later).unwrap();
    assert!(matches!(probe.answered(later), Some(Transition::Closed { .. })));
}

#[test]
fn pauses_go_on_when_it_opens_again_soon() {
    let mut now = Instant::now();
    let breaker = opened(now);
    for nominal in [100_u32, 200, 400, 800, 1600, 2000, 2000] {
        assert!(breaker.admit(now + MILLISECOND * (nominal / 2 - 1)).is_none(), "{nominal}");
        now += MILLISECOND * (nominal * 3 / 2);
        assert!(matches!(
            breaker.admit(now).unwrap().succeeded(now),
            Some(Transition::Closed { .. })
        ));
        now += Duration::from_secs(2);
        for _ in 0..3 {
            breaker.admit(now).unwrap().failed(now);
        }
    }
    now += Duration::from_secs(3);
    breaker.admit(now).unwrap().succeeded(now);
    now += Duration::from_millis(2_001);
    for _ in 0..3 {
        breaker.admit(now).unwrap().failed(now);
    }
    assert!(breaker.admit(now + MILLISECOND * 150).is_some(), "long after, it begins anew");
}

#[test]
fn a_probe_that_nobody_polls_any_more_is_lost() {
    let now = Instant::now();
    let breaker = opened(now);
    let later = now + Duration::from_millis(150);
    let stuck = breaker.admit(later).unwrap();
    assert!(breaker.admit(later + LOST_AFTER.mul_f32(0.999)).is_none());
    let next = breaker.admit(later + LOST_AFTER).unwrap();
    assert_eq!(stuck.succeeded(later + LOST_AFTER), None);
    assert!(matches!(next.succeeded(later + LOST_AFTER), Some(Transition::Closed { .. })));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let mut dice = 3;
    for (before, nominal) in [(0, 100), (1, 200), (2, 400), (4, 1600), (5, 2000), (u32::MAX, 2000)]
    {
        let pauses: Vec<Duration> = (0..1000).map(|_| pace().pause(before, &mut dice)).collect();
        let (shortest, longest) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        let nominal = Duration::from_millis(nominal);
        assert!(*shortest >= nominal / 2 && *shortest < nominal * 6 / 10, "{shortest:?}");
        assert!(*longest <= nominal * 3 / 2 && *longest > nominal * 14 / 10, "{longest:?}");
    }
}

#[test]
fn breakers_with_different_seeds_do_not_knock_at_once() {
    let mut pauses: Vec<Duration> = (0..100)
        .map(|seed| {
            let mut dice = seed;
            pace().pause(0, &mut dice)
        })
        .collect();
    pauses.sort();
    pauses.dedup();
    assert!(pauses.len() > 95);
}

#[test]
fn numbers_out_of_bounds_make_no_pace() {
    let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
    assert!(Pace::new(1, one, one).is_some());
    assert!(Pace::new(1000, MILLISECOND, Duration::from_mins(1)).is_some());
    assert!(Pace::new(0, one, two).is_none());
    assert!(Pace::new(1001, one, two).is_none());
    assert!(Pace::new(3, two, one).is_none());
    assert!(Pace::new(3, Duration::ZERO, one).is_none());
    assert!(Pace::new(3, one, Duration::from_secs(61)).is_none());
}

#[test]
fn threads_see_each_transition_once() {
    let breaker = Breaker::new(pace(), 11);
    let start = Instant::now();
    let transitions = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = Vec::new();
                    for round in 0..20_000_u32 {
                        let now = start + MILLISECOND * round;
                        let Some(call) = breaker.admit(now) else { continue };
                        let fails = round / 5_000 % 2 == 0;
                        seen.extend(if fails { call.failed(now) } else { call.succeeded(now) });
                    }
                    seen
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let opened = transitions.iter().filter(|seen| **seen == Transition::Opened).count();
    let closed = transitions.len() - opened;
    assert!(opened >= 1);
    assert_eq!(opened, closed + usize::from(breaker.is_open()));
}

/// One step of a schedule. Numbers choose among the calls that are under way.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Call,
    Succeed(usize),
    Fail(usize),
    GiveUp(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..400_u64).prop_map(Step::Wait),
        1 => (0..6_000_u64).prop_map(Step::Wait),
        6 => Just(Step::Call),
        2 => any::<usize>().prop_map(Step::Succeed),
        5 => any::<usize>().prop_map(Step::Fail),
        1 => any::<usize>().prop_map(Step::GiveUp),
    ];
    vec(step, 0..300)
}

/// The rules again, over whole lists of what happened.
#[derive(Default)]
struct Model {
    /// Failures and successes since the last closing, of calls that began after it.
    ends: Vec<bool>,
    open: Option<OpenModel>,
    /// When it last closed, and how long its pauses nominally were by then.
    closed: Option<(Instant, Duration)>,
    /// Calls whose end says nothing any more.
    stale: Vec<usize>,
}

struct OpenModel {
    since: Instant,
    missed: u64,
    /// What the current pause is counted from, and how long it nominally is.
    pause_from: Instant,
    nominal: Duration,
    probe: Option<(usize, Instant)>,
}

impl OpenModel {
    fn lengthen(&mut self) {
        self.nominal = (self.nominal * 2).min(LONGEST);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_the_model_does(steps in steps(), seed: u64) {
        let breaker = Breaker::new(pace(), seed);
        let mut now = Instant::now();
        let mut model = Model::default();
        let mut calls: Vec<(usize, Permit<'_>)> = Vec::new();
        let mut next = 0;
        for step in steps {
            match step {
                Step::Wait(milliseconds) => now += MILLISECOND * u32::try_from(milliseconds)?,
                Step::Call => {
                    let admitted = breaker.admit(now);
                    if let Some(open) = &mut model.open {
                        let busy = open.probe.is_some_and(|(_, began)| now < began + LOST_AFTER);
                        let paused = now.saturating_duration_since(open.pause_from);
                        prop_assert!(!busy || admitted.is_none());
                        prop_assert!(paused >= open.nominal / 2 || admitted.is_none());
                        prop_assert!(busy || paused <= open.nominal * 3 / 2 || admitted.is_some());
                        if admitted.is_some() {
                            model.stale.extend(open.probe.map(|(lost, _)| lost));
                            open.probe = Some((next, now));
                        } else {
                            open.missed += 1;
                        }
                    } else {
                        prop_assert!(admitted.is_some());
                    }
                    if let Some(call) = admitted {
                        calls.push((next, call));
                        next += 1;
                    }
                }
                Step::GiveUp(at) if !calls.is_empty() => {
                    let (id, call) = calls.swap_remove(at % calls.len());
                    drop(call);
                    if let Some(open) = &mut model.open {
                        open.probe = open.probe.filter(|(probe, _)| *probe != id);
                    }
                }
                Step::Succeed(at) if !calls.is_empty() => {
                    let (id, call) = calls.swap_remove(at % calls.len());
                    let seen = call.succeeded(now);
                    let mut expected = None;
                    let probes = |open: &OpenModel| open.probe.is_some_and(|(probe, _)| probe == id);
                    if model.open.as_ref().is_some_and(probes) {
                        let open = model.open.take().unwrap();
                        model.closed = Some((now, open.nominal));
                        let lasted = now.duration_since(open.since);
                        expected = Some(Transition::Closed { lasted, missed: open.missed });
                        model.stale.extend(calls.iter().map(|(id, _)| *id));
                        model.ends.clear();
                    } else if model.open.is_none() && !model.stale.contains(&id) {
                        model.ends.push(true);
                    }
                    prop_assert_eq!(seen, expected);
                }
                Step::Fail(at) if !calls.is_empty() => {
                    let (id, call) = calls.swap_remove(at % calls.len());
                    let seen = call.failed(now);
                    let mut expected = None;
                    if let Some(open) = &mut model.open {
                        open.missed += 1;
                        if open.probe.is_some_and(|(probe, _)| probe == id) {
                            open.probe = None;
                            open.pause_from = now;
                            open.lengthen();
                        }
                    } else if !model.stale.contains(&id) {
                        model.ends.push(false);
                        if model.ends.ends_with(&[false; 3]) {
                            expected = Some(Transition::Opened);
                            model.stale.extend(calls.iter().map(|(id, _)| *id));
                            let soon = |(at, _): &(Instant, Duration)| now - *at <= LONGEST;
                            let before = model.closed.filter(soon).map(|(_, nominal)| nominal);
                            let nominal = before.map_or(FIRST, |before| (before * 2).min(LONGEST));
                            model.open = Some(OpenModel {
                                since: now,
                                missed: 3,
                                pause_from: now,
                                nominal,
                                probe: None,
                            });
                        }
                    }
                    prop_assert_eq!(seen, expected);
                }
                Step::GiveUp(_) | Step::Succeed(_) | Step::Fail(_) => {}
            }
            prop_assert_eq!(breaker.is_open(), model.open.is_some());
        }
    }
}
