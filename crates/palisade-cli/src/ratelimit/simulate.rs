//! `palisade ratelimit simulate`.

use std::collections::HashSet;
use std::time::SystemTime;

use indicatif::ProgressBar;
use palisade::ratelimit::{MemoryLimiter, Policy, Request};

use super::bins::Bins;
use super::plot;
use super::steady::Steady;
use super::summary::Summary;
use super::table::{Row, Table};
use super::trace::Trace;
use super::{Arrival, Form};
use crate::args::SimulateArgs;
use crate::output::{Failure, Output};
use crate::progress;
use crate::rows::Rows;

/// So many requests take long enough to show a bar.
const MANY: u64 = 200_000;

pub(super) fn simulate(args: &SimulateArgs, json: bool) -> Result<Output, Failure> {
    let policies: Vec<Policy> = args.policies.iter().map(|named| named.0.clone()).collect();
    let mut names = HashSet::new();
    if !policies.iter().all(|policy| names.insert(policy.name())) {
        let message = "two policies have one name; they would count together, so give each its own";
        return Err(Failure::error("policy", &message));
    }
    // Rows on a terminal show by themselves how far it is, and a bar would stand between them.
    let quiet = json || !args.summary;
    let traffic = Traffic::open(args, policies.len(), quiet)?;
    if args.summary {
        return run(args, &policies, traffic, None);
    }
    let mut rows = Rows::begin(json)?;
    let result = run(args, &policies, traffic, Some(&mut rows));
    rows.end(result)
}

fn run(
    args: &SimulateArgs,
    policies: &[Policy],
    mut traffic: Traffic,
    mut rows: Option<&mut Rows>,
) -> Result<Output, Failure> {
    let limiter = MemoryLimiter::new(usize::try_from(args.max_keys).unwrap_or(usize::MAX))
        .map_err(|error| Failure::error("usage", &error))?;
    let mut summary = Summary::new(policies);
    let mut bins = args.svg.is_some().then(|| Bins::new(policies));
    let mut table = None;
    while let Some(arrival) = traffic.next()? {
        let Some(request) = request(policies, &arrival) else { continue };
        let decision = limiter.check(&request, SystemTime::UNIX_EPOCH + arrival.time);
        summary.add(&arrival, &decision);
        if let Some(bins) = &mut bins {
            bins.add(&arrival, &decision);
        }
        let Some(rows) = &mut rows else { continue };
        let mut text = String::new();
        // The first request tells how times are written.
        let table = table.get_or_insert_with(|| {
            let table = Table::new(policies, traffic.form());
            text = table.head();
            table
        });
        text += &table.row(&arrival, &decision);
        rows.add(&text, &Row::of(&arrival, &decision))?;
    }
    let form = traffic.form();
    if let (Some(bins), Some(path)) = (&bins, &args.svg) {
        plot::write(bins, form, path)?;
    }
    let gap = if rows.is_some() { "\n" } else { "" };
    Ok(Output::new(format!("{gap}{}", summary.to_text(form)), &summary)?
        .with_notes(summary.notes())
        .with_status(u8::from(!summary.passed())))
}

/// The request of an arrival, which has a key for each policy.
fn request<'p, 'k>(policies: &'p [Policy], arrival: &'k Arrival) -> Option<Request<'p, 'k>> {
    let mut tiers = policies.iter().zip(&arrival.keys);
    let (policy, key) = tiers.next()?;
    let first = Request::new(policy, key).cost(arrival.cost);
    Some(tiers.fold(first, |request, (policy, key)| request.within(policy, key)))
}

/// Where requests come from.
enum Traffic {
    Trace(Trace),
    Steady { steady: Steady, bar: ProgressBar },
}

impl Traffic {
    fn open(args: &SimulateArgs, tiers: usize, quiet: bool) -> Result<Self, Failure> {
        match (&args.trace, args.rate, args.length) {
            (None, Some(rate), Some(length)) => {
                let steady = Steady::new(rate, length.0, args.burst, args.keys, tiers)?;
                let total = steady.total();
                let template = "{bar:30} {pos} of {len} requests, {eta} left";
                let bar = progress::bar(Some(total), template, quiet || total < MANY);
                Ok(Self::Steady { steady, bar })
            }
            (Some(path), ..) => Trace::open(path, tiers, quiet).map(Self::Trace),
            // The command line is refused before.
            _ => Err(Failure::error("usage", &"give a trace, or --rate and --for")),
        }
    }

    fn next(&mut self) -> Result<Option<Arrival>, Failure> {
        match self {
            Self::Trace(trace) => trace.next(),
            Self::Steady { steady, bar } => {
                let next = steady.next();
                match &next {
                    Some(arrival) if arrival.number % 4_096 == 0 => {
                        bar.set_position(arrival.number);
                    }
                    Some(_) => {}
                    None => bar.finish_and_clear(),
                }
                Ok(next)
            }
        }
    }

    fn form(&self) -> Form {
        match self {
            Self::Trace(trace) => trace.form(),
            Self::Steady { .. } => Form::Seconds,
        }
    }
}
