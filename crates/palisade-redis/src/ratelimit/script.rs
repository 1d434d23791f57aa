//! The question to the server, and its answer.

use std::time::{Duration, SystemTime};

use palisade_ratelimit::backend::{self, Newest, State};
use palisade_ratelimit::{Decision, Kind, Request, Verdict};
use redis::Value;

use super::Fault;
use super::names::names;
use crate::Namespace;
use crate::database::{Call, Script};

/// The script that decides, and by whose clock.
#[derive(Debug)]
pub(super) struct Take {
    script: Script,
    clock: Clock,
    /// On the clock of the callers, as the limiter in process has it.
    newest: Newest,
}

/// Whose clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Server,
    Caller,
}

/// Whether an allowed request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Check,
    Peek,
}

/// What the server said.
#[derive(Debug)]
pub(super) struct Answer<'p> {
    pub(super) decision: Decision<'p>,
    /// How many counters made no sense, and count as used up.
    pub(super) garbled: u64,
}

impl Take {
    pub(super) fn new(clock: Clock) -> Self {
        Self { script: Script::new(include_str!("take.lua")), clock, newest: Newest::default() }
    }

    pub(super) fn call(
        &self,
        namespace: &Namespace,
        request: &Request<'_, '_>,
        now: SystemTime,
        mode: Mode,
    ) -> Call<'_> {
        let mut call = self.script.call(&names(namespace, request));
        call = match (self.clock, mode) {
            (Clock::Server, _) => call.arg(""),
            (Clock::Caller, Mode::Check) => call.arg(self.newest.of(now)),
            (Clock::Caller, Mode::Peek) => call.arg(self.newest.seen(now)),
        };
        call = call.arg(u8::from(mode == Mode::Check));
        for tier in request.tiers() {
            let (quota, cost) = (tier.policy().quota(), u64::from(request.costs()));
            let (charge, limit) = if quota.kind() == Kind::Window {
                (cost, quota.capacity())
            } else {
                (cost.saturating_mul(micros(quota.interval())), 0)
            };
            call = call.arg(micros(quota.span())).arg(charge).arg(limit);
        }
        call
    }

    /// Reads the answer to [`call`](Self::call). The decision is computed anew, by the code of the limiter in
    /// process; the server must have come to the same.
    pub(super) fn read<'p>(
        request: &Request<'p, '_>,
        answer: &Value,
        mode: Mode,
    ) -> Result<Answer<'p>, Fault> {
        let Value::Array(answer) = answer else { return Err(Fault::Malformed) };
        let mut numbers = answer.iter().map(number);
        let mut next = || numbers.next().flatten().ok_or(Fault::Malformed);
        let (allowed, now, garbled) = (next()?, next()?, next()?);
        let mut states = Vec::with_capacity(request.tiers().len());
        for tier in request.tiers() {
            let until = next()?;
            let is_window = tier.policy().quota().kind() == Kind::Window;
            let count = if is_window { next()? } else { 0 };
            states.push(State { until, count });
        }
        if numbers.next().is_some() {
            return Err(Fault::Malformed);
        }
        let decision = match mode {
            Mode::Check => backend::decide(request, &states, now),
            Mode::Peek => backend::describe(request, &states, now),
        };
        let decision = decision.ok_or(Fault::Malformed)?;
        let said = match allowed {
            0 => false,
            1 => true,
            _ => return Err(Fault::Malformed),
        };
        if said != (decision.verdict() == Verdict::Allowed) {
            return Err(Fault::Malformed);
        }
        Ok(Answer { decision, garbled })
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use palisade_ratelimit::{PER_MINUTE, Policy, Quota};

    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;

    fn read(numbers: &[i64]) -> Result<bool, Fault> {
        let bucket = Policy::new("b", Quota::per_minute(10).unwrap()).unwrap();
        let window = Policy::new("w", Quota::window(10, PER_MINUTE).unwrap()).unwrap();
        let request = Request::new(&bucket, "a").within(&window, "b");
        let answer = Value::Array(numbers.iter().map(|number| Value::Int(*number)).collect());
        let answer = Take::read(&request, &answer, Mode::Check)?;
        Ok(answer.decision.verdict() == Verdict::Allowed)
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(read(&[1, NOW, 0, NOW, NOW + 1_000, 9]), Ok(true));
        assert_eq!(read(&[0, NOW, 0, NOW, NOW + 1_000, 10]), Ok(false));
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_none() {
        assert_eq!(read(&[0, NOW, 0, NOW, NOW + 1_000, 9]), Err(Fault::Malformed));
        assert_eq!(read(&[1, NOW, 0, NOW, NOW + 1_000, 10]), Err(Fault::Malformed));
        assert_eq!(read(&[2, NOW, 0, NOW, NOW + 1_000, 9]), Err(Fault::Malformed));
    }

    #[test]
    fn an_answer_of_another_shape_is_none() {
        assert_eq!(read(&[]), Err(Fault::Malformed));
        assert_eq!(read(&[1, NOW, 0, NOW, NOW + 1_000]), Err(Fault::Malformed));
        assert_eq!(read(&[1, NOW, 0, NOW, NOW + 1_000, 9, 0]), Err(Fault::Malformed));
        assert_eq!(read(&[1, NOW, 0, -1, NOW + 1_000, 9]), Err(Fault::Malformed));
        let policy = Policy::new("b", Quota::per_minute(10).unwrap()).unwrap();
        let request = Request::new(&policy, "a");
        for value in [
            Value::Nil,
            Value::Okay,
            Value::Int(1),
            Value::SimpleString("1".into()),
            Value::Array(vec![Value::BulkString(b"1".to_vec()); 4]),
            Value::Array(vec![Value::Nil; 4]),
        ] {
            let fault = Take::read(&request, &value, Mode::Check).unwrap_err();
            assert_eq!(fault, Fault::Malformed, "{value:?}");
        }
    }
}
