//! Traffic that nobody had to record.

use std::time::Duration;

use super::Arrival;
use crate::args::Rate;
use crate::output::Failure;

/// The most requests, which take a minute.
const MOST: u64 = 10_000_000;

/// Requests at even distances, after a burst, by clients in turn. The same each time.
pub(super) struct Steady {
    rate: Rate,
    burst: u64,
    clients: u64,
    tiers: usize,
    total: u64,
    sent: u64,
}

impl Steady {
    pub(super) fn new(
        rate: Rate,
        length: Duration,
        burst: u32,
        clients: u32,
        tiers: usize,
    ) -> Result<Self, Failure> {
        let (requests, period) = (u128::from(rate.requests), rate.period.as_nanos().max(1));
        // The last one comes before the end.
        let steady = length.as_nanos().saturating_mul(requests).div_ceil(period);
        let burst = u64::from(burst);
        match u64::try_from(steady).ok().and_then(|steady| steady.checked_add(burst)) {
            Some(total) if total <= MOST => {
                Ok(Self { rate, burst, clients: clients.into(), tiers, total, sent: 0 })
            }
            _ => {
                let message = format!("this is more than {MOST} requests; simulate a shorter time");
                Err(Failure::error("rate", &message))
            }
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    fn time(&self, request: u64) -> Duration {
        let steady = request.saturating_sub(self.burst);
        let nanos = u128::from(steady).saturating_mul(self.rate.period.as_nanos())
            / u128::from(self.rate.requests.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Iterator for Steady {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        if self.sent == self.total {
            return None;
        }
        let request = self.sent;
        self.sent += 1;
        let client = request % self.clients.max(1) + 1;
        let mut keys = vec!["all".to_owned(); self.tiers.saturating_sub(1)];
        keys.push(format!("client-{client}"));
        let time = self.time(request);
        Some(Arrival { number: self.sent, line: None, time, keys, cost: 1 })
    }
}
