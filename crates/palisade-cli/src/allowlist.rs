//! `palisade allowlist`.

mod addresses;
mod check;
mod diff;
mod lint;
mod source;
mod stats;

use crate::args::AllowlistCommand;
use crate::output::{Failure, Output};

pub(crate) fn run(command: &AllowlistCommand, json: bool) -> Result<Output, Failure> {
    match command {
        AllowlistCommand::Check(args) => check::check(args, json),
        AllowlistCommand::Lint(args) => lint::lint(args, json),
        AllowlistCommand::Diff(args) => diff::diff(args, json),
        AllowlistCommand::Stats(args) => stats::stats(args, json),
    }
}
