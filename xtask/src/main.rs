//! The commands of this repository. A person, the README and continuous integration run the same
//! ones: `cargo xtask test`, `bench`, `fuzz` and `docs`.

mod bench;
mod docs;
mod fuzz;
mod links;
mod servers;
mod step;
mod test;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The commands of this repository"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check format, lints, documentation and links, then run every test
    Test {
        /// Only this package; `secret` is short for `palisade-secret`
        #[arg(value_name = "CRATE")]
        package: Option<String>,
    },
    /// Measure against peers and print the ratios as a Markdown table
    Bench {
        /// Only the comparisons whose name holds this text
        #[arg(long, value_name = "PATTERN")]
        only: Option<String>,
        /// Write the figures to this file too
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Run every fuzz target for a while, from its seeds and dictionary
    Fuzz {
        /// How long each target runs, in seconds
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
        /// Only this target
        #[arg(long, value_name = "TARGET")]
        only: Option<String>,
    },
    /// Build the documentation and check every link in the Markdown files
    Docs,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::load()?;
    match command {
        Command::Test { package } => test::run(&workspace, package.as_deref()),
        Command::Bench { only, json } => bench::run(&workspace, only.as_deref(), json.as_deref()),
        Command::Fuzz { seconds, only } => fuzz::run(&workspace, seconds, only.as_deref()),
        Command::Docs => docs::run(&workspace),
    }
}
