//! What `palisade ratelimit` takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use palisade::ratelimit::{InvalidPolicyName, InvalidQuotaText, Policy, Quota};

use crate::units::Time;

const FORMATS: &str = "\
Policies are written NAME=QUOTA. Give one for each tier, the widest first; the keys of the others count \
within the key of the first.
    100/min            100 at once, refilled with 100 a minute
    1000 + 100/s       1,000 at once, refilled with 100 a second
    10000/day fixed    10,000 from midnight to midnight, UTC
A period is us, ms, s, min, h or day, with a number before it if need be, such as 15min.

Traces have one request a line: its time, a key for each policy, and if it costs more than 1 `cost=N`. A time \
is in seconds from the start, such as 12.5, or 2026-01-01T12:00:00.5Z. `#` begins a comment.
    0.0   acct_1 key_7
    0.25  acct_1 key_8 cost=5   # an export";

#[derive(Debug, Subcommand)]
pub(crate) enum RatelimitCommand {
    /// Say what limits would do to a trace of requests, or to steady traffic
    ///
    /// Every request is decided as a service would do it, by the times of the trace. What is printed of each: whether
    /// it passes, which policy refuses it and for how long, and what is left of every tier. A summary follows.
    #[command(after_help = format!("{FORMATS}\n\nExamples:\n  \
        palisade ratelimit simulate --policy 'per-ip=100 + 10/s' --rate 20/s --for 30s\n  \
        palisade ratelimit simulate --policy per-account=5000/min --policy per-key=1000/min trace.txt\n  \
        palisade ratelimit simulate --policy per-account=500/min --policy per-key=100/min --summary --svg limits.svg trace.txt\n\n\
        Exit status: 0 all requests pass, 1 some are refused, 2 an error, so nobody knows."))]
    Simulate(SimulateArgs),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("traffic").args(["trace", "rate"]).required(true))]
pub(crate) struct SimulateArgs {
    /// A policy, one for each tier and the widest first; see below
    #[arg(long = "policy", value_name = "NAME=QUOTA", required = true)]
    pub(crate) policies: Vec<NamedQuota>,
    /// The trace; it may be compressed with gzip, and `-` is stdin
    #[arg(value_name = "TRACE")]
    pub(crate) trace: Option<PathBuf>,
    /// Simulate steady traffic instead of a trace, such as 20/s
    #[arg(long, value_name = "RATE", requires = "length")]
    pub(crate) rate: Option<Rate>,
    /// How long the traffic lasts, such as 60s
    #[arg(
        long = "for",
        id = "length",
        value_name = "TIME",
        requires = "rate",
        conflicts_with = "trace"
    )]
    pub(crate) length: Option<Time>,
    /// So many requests more, all at the start
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "trace")]
    pub(crate) burst: u32,
    /// By how many clients, one after another: each has a key of its own in the last tier
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "trace",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) keys: u32,
    /// Print the summary alone
    #[arg(long)]
    pub(crate) summary: bool,
    /// Write a plot to FILE: what passes and what is refused, and the level of every tier
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// How many keys are told apart at a time; a service has such a bound as well
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
          value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub(crate) max_keys: u32,
}

/// A policy, written `per-ip=100 + 10/s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedQuota(pub(crate) Policy);

impl FromStr for NamedQuota {
    type Err = InvalidNamedQuota;

    fn from_str(text: &str) -> Result<Self, InvalidNamedQuota> {
        let (name, quota) = text.split_once('=').ok_or(InvalidNamedQuota::Shape)?;
        Ok(Self(Policy::new(name.trim().to_owned(), quota.parse()?)?))
    }
}

/// Text that is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidNamedQuota {
    #[error("a policy is written NAME=QUOTA, such as 'per-ip=100 + 10/s'")]
    Shape,
    #[error(transparent)]
    Name(#[from] InvalidPolicyName),
    #[error(transparent)]
    Quota(#[from] InvalidQuotaText),
}

/// How many requests come, evenly spread, in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) requests: u32,
    pub(crate) period: Duration,
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        // A window keeps number and period as they are, where a bucket rounds.
        let window: Quota = format!("{text} fixed").parse().map_err(|_| InvalidRate)?;
        Ok(Self { requests: window.capacity(), period: window.interval() })
    }
}

/// Text that is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate is a number above 0 and a period of a millisecond or more, such as 20/s, 100/min or 5/90s"
)]
pub(crate) struct InvalidRate;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let third: Rate = "3/s".parse().unwrap();
        assert_eq!(third, Rate { requests: 3, period: Duration::from_secs(1) });
        for text in ["", "20", "0/s", "20/m", "10 + 20/s", "20/s fixed", "1/us"] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text}");
        }
    }

    #[test]
    fn policies() {
        let policy: NamedQuota = "per-ip = 100 + 10/s".parse().unwrap();
        assert_eq!((policy.0.name(), policy.0.quota().capacity()), ("per-ip", 100));
        assert_eq!("100/s".parse::<NamedQuota>(), Err(InvalidNamedQuota::Shape));
        assert!(matches!("Ip=1/s".parse::<NamedQuota>(), Err(InvalidNamedQuota::Name(_))));
        assert!(matches!("ip=1/m".parse::<NamedQuota>(), Err(InvalidNamedQuota::Quota(_))));
    }
}
