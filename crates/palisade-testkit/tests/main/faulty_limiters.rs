//! Each mistake that limiters are known for fails a check of the suite.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as the test does")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use palisade_ratelimit::backend::{Newest, SKEW, State, decide, describe, interval_micros, micros};
use palisade_ratelimit::{Decision, Kind, Limiter, Policy, Request, Tier, Verdict};
use palisade_testkit::limiter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    TiersAreChargedOneByOne,
    ARefusalCharges,
    APeekCharges,
    ACostOfZeroCharges,
    NeverIsLater,
    WindowsBeginWithTheFirst,
    WindowsForgetCosts,
    BucketsOverflow,
    NothingIsRefilled,
    GroupsAreIgnored,
    GroupsAreJoined,
    KeysAreCutShort,
    KeysAreText,
    QuotasMeet,
    PoliciesMeet,
    DuplicatesAreChargedOnce,
    TimeIsInMilliseconds,
    AStepBackIsKept,
    EveryStepBackIsCut,
    EachHandleCounts,
    LooksThenWrites,
    TheOrderIsReversed,
}

fn span_of(policy: &Policy) -> u64 {
    u64::try_from(policy.quota().span().as_micros()).unwrap()
}

type Counters = HashMap<Vec<u8>, State>;

struct Faulty {
    fault: Fault,
    /// Shared by the handles, but for one fault.
    counters: Arc<Mutex<Counters>>,
    newest: Newest,
}

impl Faulty {
    /// What opens handles on one limiter.
    fn opens(fault: Fault) -> impl AsyncFn() -> Arc<Self> {
        let shared: Arc<Mutex<Counters>> = Arc::default();
        async move || {
            let own = fault == Fault::EachHandleCounts;
            let counters = if own { Arc::default() } else { Arc::clone(&shared) };
            Arc::new(Self { fault, counters, newest: Newest::default() })
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn name(&self, tier: &Tier<'_, '_>) -> Vec<u8> {
        let policy = if self.has(Fault::PoliciesMeet) { "" } else { tier.policy().name() };
        let quota = if self.has(Fault::QuotasMeet) { None } else { Some(tier.policy().quota()) };
        let mut name = format!("{policy}\n{quota:?}").into_bytes();
        if let (Some(group), false) = (tier.group(), self.has(Fault::GroupsAreIgnored)) {
            if !self.has(Fault::GroupsAreJoined) {
                name.extend(group.len().to_le_bytes());
            }
            name.extend(group);
            name.push(b':');
        } else {
            name.extend(u64::MAX.to_le_bytes());
        }
        let key = match self.fault {
            Fault::KeysAreCutShort => &tier.key()[..tier.key().len().min(255)],
            Fault::KeysAreText => str::from_utf8(tier.key()).unwrap_or("?").trim().as_bytes(),
            _ => tier.key(),
        };
        name.extend(key);
        name
    }

    /// What a counter says now.
    fn current(&self, policy: &Policy, state: State, now: u64) -> State {
        let (span, is_window) = (span_of(policy), policy.quota().kind() == Kind::Window);
        let ends = match self.fault {
            Fault::WindowsBeginWithTheFirst => now + span,
            _ => now - now % span + span,
        };
        let skew = if self.has(Fault::EveryStepBackIsCut) { 0 } else { SKEW };
        let is_ahead = state.until > now + span + skew && !self.has(Fault::AStepBackIsKept);
        match (is_window, state.until <= now) {
            (true, true) => State { until: ends, count: 0 },
            (false, true) if self.has(Fault::BucketsOverflow) && state.until > 0 => state,
            (false, true) => State { until: now, count: 0 },
            (true, false) if is_ahead => State { until: ends, ..state },
            (false, false) if is_ahead => State { until: now + span, count: 0 },
            _ => state,
        }
    }

    fn charged(&self, policy: &Policy, state: State, cost: u32) -> State {
        let cost = u64::from(cost);
        match policy.quota().kind() {
            Kind::Bucket if self.has(Fault::NothingIsRefilled) => {
                State { until: state.until + 2 * cost * interval_micros(policy), count: 0 }
            }
            Kind::Bucket => State { until: state.until + cost * interval_micros(policy), count: 0 },
            Kind::Window => {
                let cost = if self.has(Fault::WindowsForgetCosts) { cost.min(1) } else { cost };
                State { until: state.until, count: state.count + cost }
            }
        }
    }

    /// The state of each tier before it is charged, and after.
    fn states(
        &self,
        request: &Request<'_, '_>,
        counters: &Counters,
        now: u64,
    ) -> (Vec<State>, Counters) {
        let mut after = Counters::new();
        let before = request.tiers().iter().map(|tier| {
            let name = self.name(tier);
            let known = match after.get(&name) {
                Some(state) if !self.has(Fault::DuplicatesAreChargedOnce) => *state,
                _ => counters.get(&name).copied().unwrap_or_default(),
            };
            let state = self.current(tier.policy(), known, now);
            // A cost that never fits is not added up.
            let cost = request.costs().min(1 << 20);
            after.insert(name, self.charged(tier.policy(), state, cost));
            state
        });
        (before.collect(), after)
    }

    async fn ask<'p>(
        &self,
        request: &Request<'p, '_>,
        now: SystemTime,
        charge: bool,
    ) -> Decision<'p> {
        let mut now = match self.fault {
            Fault::EveryStepBackIsCut => micros(now),
            _ if charge => self.newest.of(now),
            _ => self.newest.seen(now),
        };
        if self.has(Fault::TimeIsInMilliseconds) {
            now = now / 1_000 * 1_000;
        }
        let looks_first = self.has(Fault::LooksThenWrites) && charge;
        let seen = looks_first.then(|| self.counters.lock().unwrap().clone());
        if looks_first {
            tokio::task::yield_now().await;
        }
        let mut counters = self.counters.lock().unwrap();
        let (before, after) = self.states(request, seen.as_ref().unwrap_or(&counters), now);
        let decision = if charge { decide } else { describe }(request, &before, now).unwrap();
        let allowed = decision.verdict() == Verdict::Allowed;
        let charges = match self.fault {
            Fault::ARefusalCharges => charge && decision.verdict() != Verdict::Never,
            Fault::APeekCharges => allowed,
            _ => charge && allowed,
        };
        if charges && request.costs() > 0 {
            counters.extend(after);
        } else if charges && self.has(Fault::ACostOfZeroCharges) {
            let one = request.clone().cost(1);
            let (_, after) = self.states(&one, &counters, now);
            counters.extend(after);
        } else if charge && self.has(Fault::TiersAreChargedOneByOne) {
            for (tier, state) in request.tiers().iter().zip(decision.tiers()) {
                if state.verdict() != Verdict::Allowed {
                    break;
                }
                let name = self.name(tier);
                let state = after[&name];
                counters.insert(name, state);
            }
        } else if charge {
            // What was cut down stays so.
            for (tier, state) in request.tiers().iter().zip(before) {
                if let Some(held) = counters.get_mut(&self.name(tier))
                    && held.until > state.until
                {
                    *held = state;
                }
            }
        }
        decision
    }
}

impl Limiter for Faulty {
    async fn check<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        if self.has(Fault::NeverIsLater)
            && request.tiers().iter().any(|tier| request.costs() > tier.policy().quota().capacity())
        {
            return Decision::failed_closed(Duration::from_secs(1));
        }
        let decision = self.ask(request, now, true).await;
        if self.has(Fault::TheOrderIsReversed)
            && let [first, rest @ ..] = request.tiers()
        {
            let reversed = Request::new(first.policy(), first.key()).cost(request.costs());
            let reversed = rest
                .iter()
                .rev()
                .fold(reversed, |request, tier| request.within(tier.policy(), tier.key()));
            return self.ask(&reversed, now, false).await;
        }
        decision
    }

    async fn peek<'p>(&self, request: &Request<'p, '_>, now: SystemTime) -> Decision<'p> {
        self.ask(request, now, false).await
    }
}

/// How often a fault may slip through a check: one that is a race shows itself most of the time, and not each time.
const TRIES: usize = 100;

/// Defines a test for each fault: the check fails with it, and passes without.
macro_rules! caught {
    ($($test:ident: $fault:ident by $check:ident;)*) => {$(
        #[test]
        fn $test() {
            // On a thread of its own, since a check need not be `Send`.
            let check = |fault| {
                let run = move || palisade_testkit::run(limiter::$check(Faulty::opens(fault)));
                std::thread::spawn(run).join().is_ok()
            };
            assert!(check(Fault::None), "the check fails without the fault");
            let caught = (0..TRIES).any(|_| !check(Fault::$fault));
            assert!(caught, "the check let the fault pass");
        }
    )*};
}

caught! {
    tiers_one_by_one: TiersAreChargedOneByOne by all_tiers_are_charged_or_none;
    a_refusal_that_charges: ARefusalCharges by a_refused_request_takes_nothing;
    a_refusal_that_charges_2: ARefusalCharges by a_window_counts_costs;
    a_refusal_that_charges_3: ARefusalCharges by retry_after_is_exact;
    a_refusal_that_charges_4: ARefusalCharges by tiers_at_once_are_charged_together;
    a_peek_that_charges: APeekCharges by a_peek_changes_nothing;
    a_peek_that_charges_2: APeekCharges by a_peek_says_what_a_check_says;
    a_cost_of_zero_that_charges: ACostOfZeroCharges by a_cost_of_zero_takes_nothing;
    never_as_later: NeverIsLater by a_cost_above_the_capacity_is_never_allowed;
    windows_from_the_first: WindowsBeginWithTheFirst by a_window_begins_anew;
    windows_from_the_first_2: WindowsBeginWithTheFirst by a_window_is_cut_by_utc;
    costs_that_windows_forget: WindowsForgetCosts by a_window_counts_costs;
    a_bucket_without_brim: BucketsOverflow by a_bucket_fills_up_to_its_brim;
    a_slow_refill: NothingIsRefilled by a_bucket_is_refilled_token_by_token;
    a_slow_refill_2: NothingIsRefilled by a_bucket_gives_its_capacity_at_once;
    a_slow_refill_3: NothingIsRefilled by costs_are_taken_whole;
    ignored_groups: GroupsAreIgnored by a_key_is_counted_within_its_group;
    joined_groups: GroupsAreJoined by keys_and_groups_do_not_meet;
    keys_that_are_cut: KeysAreCutShort by strange_keys_do_not_meet;
    keys_as_text: KeysAreText by strange_keys_do_not_meet;
    quotas_that_meet: QuotasMeet by a_changed_quota_counts_anew;
    policies_that_meet: PoliciesMeet by policies_do_not_meet;
    duplicates_once: DuplicatesAreChargedOnce by a_tier_that_comes_twice_is_charged_twice;
    milliseconds: TimeIsInMilliseconds by a_bucket_is_refilled_token_by_token;
    milliseconds_2: TimeIsInMilliseconds by retry_after_is_exact;
    a_step_back_that_is_kept: AStepBackIsKept by a_clock_that_steps_back_locks_nobody_out;
    a_step_back_that_is_kept_2: AStepBackIsKept
        by a_clock_that_steps_ahead_and_back_locks_nobody_out;
    every_step_back_is_cut: EveryStepBackIsCut by a_clock_a_little_behind_gets_nothing_more;
    every_step_back_is_cut_2: EveryStepBackIsCut by no_span_of_time_admits_too_much;
    handles_that_count: EachHandleCounts by what_one_handle_takes_the_other_misses;
    a_look_before_the_write: LooksThenWrites by a_bucket_at_once_is_never_overdrawn;
    a_look_before_the_write_2: LooksThenWrites by tiers_at_once_are_charged_together;
    a_look_before_the_write_3: LooksThenWrites by no_span_of_time_admits_too_much;
    an_order_that_is_reversed: TheOrderIsReversed by the_order_of_tiers_is_kept;
    a_model_that_differs: DuplicatesAreChargedOnce by it_answers_like_the_memory_limiter;
    a_model_that_differs_2: AStepBackIsKept by it_answers_like_the_memory_limiter;
    a_model_that_differs_3: QuotasMeet by it_answers_like_the_memory_limiter;
}

mod none {
    use super::{Fault, Faulty};

    palisade_testkit::limiter_suite!(async { (Faulty::opens(Fault::None), ()) });
}
