//! `palisade ratelimit`.

mod bins;
mod plot;
mod simulate;
mod steady;
mod summary;
mod table;
mod trace;

use std::time::Duration;

use crate::args::RatelimitCommand;
use crate::output::{Failure, Output};

pub(crate) fn run(command: &RatelimitCommand, json: bool) -> Result<Output, Failure> {
    match command {
        RatelimitCommand::Simulate(args) => simulate::simulate(args, json),
    }
}

/// A request that comes.
struct Arrival {
    /// Counted from 1.
    number: u64,
    /// On which line of the trace.
    line: Option<u64>,
    /// Since the start, or since 1970: by the form of the trace.
    time: Duration,
    /// For each tier.
    keys: Vec<String>,
    cost: u32,
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `12.5`, from the start.
    Seconds,
    /// `2026-01-01T12:00:00Z`.
    Calendar,
}
