//! Prints the ratio table. `cargo xtask bench` builds this as a release and runs it.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use palisade_benches::{Comparison, Machine, json, markdown, rows};

/// Measure operations of ours against those of peers, by turns in one process
#[derive(Parser)]
struct Options {
    /// Only the comparisons whose name holds this text
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
    /// Write the figures to this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let chosen = choose(rows::all()?, options.only.as_deref())?;
    // Draws on a terminal only, and there on the standard error.
    let bar = ProgressBar::new(chosen.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let mut measured = Vec::with_capacity(chosen.len());
    for comparison in chosen {
        bar.set_message(comparison.name());
        measured.push(comparison.measure()?);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let machine = Machine::this();
    println!("{}", markdown(&measured, &machine));
    if let Some(file) = &options.json {
        let text = json(&measured, &machine)?;
        fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn choose(rows: Vec<Comparison>, only: Option<&str>) -> Result<Vec<Comparison>, String> {
    let Some(pattern) = only else { return Ok(rows) };
    let names: Vec<&str> = rows.iter().map(Comparison::name).collect();
    if !names.iter().any(|name| name.contains(pattern)) {
        return Err(format!("no comparison holds `{pattern}`; there are: {}", names.join(", ")));
    }
    Ok(rows.into_iter().filter(|row| row.name().contains(pattern)).collect())
}
