//! What became of all requests, in a few numbers.

use std::fmt::Write;
use std::time::Duration;

use palisade::ratelimit::{Decision, Policy, Verdict};
use serde::Serialize;

use super::table::{number, shown};
use super::{Arrival, Form};
use crate::units::counted;

#[derive(Serialize)]
pub(super) struct Summary {
    passed: bool,
    requests: u64,
    admitted: u64,
    denied: u64,
    never: u64,
    cost: u64,
    cost_admitted: u64,
    tiers: Vec<Tier>,
    first_denial: Option<Refused>,
    longest_wait: Option<Refused>,
    /// How often a time is before that of the line above.
    steps_back: u64,
    /// Counted in a bucket that keys share, since there were too many.
    overflowed: u64,
    first_time: f64,
    last_time: f64,
    #[serde(skip)]
    first: Option<Duration>,
    #[serde(skip)]
    previous: Duration,
    #[serde(skip)]
    last: Duration,
    #[serde(skip)]
    step_back: Option<u64>,
}

#[derive(Serialize)]
struct Tier {
    policy: String,
    quota: String,
    /// The requests that it refused, and of several tiers refused for longest.
    refused: u64,
    lowest: u32,
}

/// A request that does not pass.
#[derive(Serialize)]
struct Refused {
    request: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    time: f64,
    policy: String,
    retry_after: Option<f64>,
    #[serde(skip)]
    at: Duration,
    #[serde(skip)]
    wait: Option<Duration>,
}

impl Summary {
    pub(super) fn new(policies: &[Policy]) -> Self {
        let tier = |policy: &Policy| Tier {
            policy: policy.name().to_owned(),
            quota: policy.quota().to_string(),
            refused: 0,
            lowest: policy.quota().capacity(),
        };
        Self {
            passed: true,
            requests: 0,
            admitted: 0,
            denied: 0,
            never: 0,
            cost: 0,
            cost_admitted: 0,
            tiers: policies.iter().map(tier).collect(),
            first_denial: None,
            longest_wait: None,
            steps_back: 0,
            overflowed: 0,
            first_time: 0.0,
            last_time: 0.0,
            first: None,
            previous: Duration::ZERO,
            last: Duration::ZERO,
            step_back: None,
        }
    }

    pub(super) fn add(&mut self, arrival: &Arrival, decision: &Decision<'_>) {
        self.pass_time(arrival);
        self.requests += 1;
        self.cost += u64::from(arrival.cost);
        self.overflowed += u64::from(decision.is_overflow());
        for (tier, state) in self.tiers.iter_mut().zip(decision.tiers()) {
            tier.lowest = tier.lowest.min(state.remaining());
        }
        let wait = match decision.verdict() {
            Verdict::Allowed => {
                self.admitted += 1;
                self.cost_admitted += u64::from(arrival.cost);
                return;
            }
            Verdict::Denied { retry_after } => {
                self.denied += 1;
                Some(retry_after)
            }
            Verdict::Never => {
                self.never += 1;
                None
            }
        };
        self.passed = false;
        let name = decision.tightest().map(|tier| tier.policy().name()).unwrap_or_default();
        if let Some(tier) = self.tiers.iter_mut().find(|tier| tier.policy == name) {
            tier.refused += 1;
        }
        let refused = || Refused {
            request: arrival.number,
            line: arrival.line,
            time: arrival.time.as_secs_f64(),
            policy: name.to_owned(),
            retry_after: wait.map(|wait| wait.as_secs_f64()),
            at: arrival.time,
            wait,
        };
        if self.first_denial.is_none() {
            self.first_denial = Some(refused());
        }
        let longest = self.longest_wait.as_ref().and_then(|longest| longest.wait);
        if wait > longest {
            self.longest_wait = Some(refused());
        }
    }

    fn pass_time(&mut self, arrival: &Arrival) {
        let first = *self.first.get_or_insert(arrival.time);
        if arrival.time < self.previous {
            self.steps_back += 1;
            self.step_back = self.step_back.or(arrival.line);
        }
        self.previous = arrival.time;
        self.first = Some(first.min(arrival.time));
        self.last = self.last.max(arrival.time);
        self.first_time = first.min(arrival.time).as_secs_f64();
        self.last_time = self.last.as_secs_f64();
    }

    pub(super) fn passed(&self) -> bool {
        self.passed
    }

    pub(super) fn to_text(&self, form: Form) -> String {
        let span = self.last.saturating_sub(self.first.unwrap_or_default());
        let mut rows = vec![
            ("requests".to_owned(), format!("{} over {} s", self.requests, number(span))),
            (
                "admitted".to_owned(),
                format!("{}, at a cost of {}", self.admitted, self.cost_admitted),
            ),
            ("denied".to_owned(), self.denied.to_string()),
        ];
        if self.never > 0 {
            let told = format!("{}, for they cost more than a limit ever allows", self.never);
            rows.push(("never".to_owned(), told));
        }
        let place = |refused: &Refused| {
            let request = match refused.line {
                Some(line) => format!("line {line}"),
                None => format!("request {}", refused.request),
            };
            format!("{request} at {}, by {}", shown(refused.at, form), refused.policy)
        };
        if let Some(first) = &self.first_denial {
            rows.push(("first denial".to_owned(), place(first)));
        }
        if let Some((longest, wait)) =
            self.longest_wait.as_ref().and_then(|it| Some((it, it.wait?)))
        {
            rows.push((
                "longest wait".to_owned(),
                format!("{} s, {}", number(wait), place(longest)),
            ));
        }
        for tier in &self.tiers {
            let told =
                format!("{}: refused {}, lowest level {}", tier.quota, tier.refused, tier.lowest);
            rows.push((tier.policy.clone(), told));
        }
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for (name, told) in rows {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{name:width$}  {told}");
        }
        text
    }

    /// What an operator should know before the answer is believed.
    pub(super) fn notes(&self) -> String {
        let mut notes = String::new();
        if let Some(line) = self.step_back {
            let times = counted(self.steps_back, "time", "times");
            // Writing to a String does not fail.
            let _ = writeln!(
                notes,
                "note: the clock of the trace steps back {times}, first on line {line}; a service would see the same"
            );
        }
        if self.overflowed > 0 {
            let requests = counted(self.overflowed, "request was", "requests were");
            let _ = writeln!(
                notes,
                "note: {requests} counted in a bucket that keys share, for there were too many; raise --max-keys to tell them apart"
            );
        }
        notes
    }
}
