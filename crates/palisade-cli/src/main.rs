//! The `palisade` command: generate secrets; mint, check, digest and mask API keys; hash and
//! verify passwords; examine tokens; check allowlists; simulate rate limits; sign and
//! verify webhooks.

use std::process::ExitCode;

use clap::Parser;

mod allowlist;
mod args;
mod check;
mod completions;
mod epoch;
mod formats;
mod gzip;
mod input;
mod known;
mod mint;
mod output;
mod password;
mod peppers;
mod problems;
mod progress;
mod ratelimit;
mod rows;
mod secret;
mod session;
mod stream;
mod units;
mod usage;
mod webhook;

use args::{Cli, Command, KeyCommand, SecretCommand};
use output::{Failure, Output};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::report(error),
    };
    output::finish(&run(cli.command, cli.json), cli.json)
}

fn run(command: Command, json: bool) -> Result<Output, Failure> {
    match command {
        Command::Secret(SecretCommand::Generate(args)) => secret::generate(&args),
        Command::Key(KeyCommand::Mint(args)) => mint::mint(&args),
        Command::Key(KeyCommand::Parse(args)) => check::parse(args),
        Command::Key(KeyCommand::Digest(args)) => check::digest(args),
        Command::Key(KeyCommand::Verify(args)) => check::verify(args),
        Command::Key(KeyCommand::Mask(args)) => check::mask(args),
        Command::Key(KeyCommand::Formats(args)) => formats::formats(args),
        Command::Password(command) => password::run(command, json),
        Command::Session(command) => session::run(&command),
        Command::Epoch(command) => epoch::run(&command),
        Command::Allowlist(command) => allowlist::run(&command, json),
        Command::Ratelimit(command) => ratelimit::run(&command, json),
        Command::Webhook(command) => webhook::run(&command, json),
        Command::Completions(args) => completions::completions(&args),
    }
}
