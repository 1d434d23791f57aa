//! The timeline: one row a request.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use palisade::ratelimit::{Decision, Policy, TierState, Verdict};
use serde::Serialize;

use super::{Arrival, Form};
use crate::units::readable;

/// The columns, of widths that are known before the first request.
pub(super) struct Table {
    form: Form,
    time: usize,
    by: usize,
    /// The name of each policy, and how wide its column is.
    tiers: Vec<(String, usize)>,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    request: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    time: f64,
    keys: &'a [String],
    cost: u32,
    verdict: &'static str,
    policy: Option<&'a str>,
    retry_after: Option<f64>,
    tiers: Vec<Level<'a>>,
}

#[derive(Serialize)]
struct Level<'a> {
    policy: &'a str,
    remaining: u32,
    reset_after: f64,
}

impl<'a> Row<'a> {
    pub(super) fn of(arrival: &'a Arrival, decision: &'a Decision<'_>) -> Self {
        let level = |tier: &'a TierState<'_>| Level {
            policy: tier.policy().name(),
            remaining: tier.remaining(),
            reset_after: tier.reset_after().as_secs_f64(),
        };
        Self {
            request: arrival.number,
            line: arrival.line,
            time: arrival.time.as_secs_f64(),
            keys: &arrival.keys,
            cost: arrival.cost,
            verdict: word(decision),
            policy: refusing(decision),
            retry_after: retry_after(decision).map(|wait| wait.as_secs_f64()),
            tiers: decision.tiers().iter().map(level).collect(),
        }
    }
}

impl Table {
    pub(super) fn new(policies: &[Policy], form: Form) -> Self {
        let tier = |policy: &Policy| {
            let digits = policy.quota().capacity().to_string().len();
            (policy.name().to_owned(), policy.name().len().max(digits))
        };
        let tiers: Vec<_> = policies.iter().map(tier).collect();
        let by = tiers.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let time = match form {
            Form::Seconds => 10,
            Form::Calendar => 27,
        };
        Self { form, time, by: by.max(2), tiers }
    }

    pub(super) fn head(&self) -> String {
        let (time, by) = (self.time, self.by);
        let mut text = format!(
            "{:>time$}  {:7}  {:by$}  {:>10}  {:>5}",
            "TIME", "VERDICT", "BY", "RETRY", "COST"
        );
        for (name, width) in &self.tiers {
            // Writing to a String does not fail.
            let _ = write!(text, "  {name:>width$}");
        }
        text + "  KEYS\n"
    }

    pub(super) fn row(&self, arrival: &Arrival, decision: &Decision<'_>) -> String {
        let (width, by) = (self.time, self.by);
        let time = shown(arrival.time, self.form);
        let (verdict, policy) = (word(decision), refusing(decision).unwrap_or("-"));
        let retry = retry_after(decision).map_or_else(|| "-".to_owned(), number);
        let cost = arrival.cost;
        let mut text = format!("{time:>width$}  {verdict:7}  {policy:by$}  {retry:>10}  {cost:>5}");
        for (tier, (_, width)) in decision.tiers().iter().zip(&self.tiers) {
            // Writing to a String does not fail.
            let _ = write!(text, "  {:>width$}", tier.remaining());
        }
        for (n, key) in arrival.keys.iter().enumerate() {
            text.push_str(if n == 0 { "  " } else { " " });
            text.push_str(&readable(key));
        }
        text + "\n"
    }
}

fn word(decision: &Decision<'_>) -> &'static str {
    match decision.verdict() {
        Verdict::Allowed => "allowed",
        Verdict::Denied { .. } => "denied",
        Verdict::Never => "never",
    }
}

/// The policy that refuses, and of several the one that does so for longest.
fn refusing<'p>(decision: &Decision<'p>) -> Option<&'p str> {
    let refused = decision.verdict() != Verdict::Allowed;
    refused.then(|| decision.tightest()).flatten().map(|tier| tier.policy().name())
}

fn retry_after(decision: &Decision<'_>) -> Option<Duration> {
    match decision.verdict() {
        Verdict::Denied { retry_after } => Some(retry_after),
        Verdict::Allowed | Verdict::Never => None,
    }
}

/// Seconds to the microsecond, without zeros at the end.
pub(super) fn number(time: Duration) -> String {
    let text = format!("{}.{:06}", time.as_secs(), time.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time in the form of the trace.
pub(super) fn shown(time: Duration, form: Form) -> String {
    match form {
        Form::Seconds => number(time),
        // Times of a trace end in the year 2200.
        Form::Calendar => {
            humantime::format_rfc3339_micros(SystemTime::UNIX_EPOCH + time).to_string()
        }
    }
}
