//! `palisade password breached`.

use std::fs::File;
use std::io::{self, Read};

use indicatif::{BinaryBytes, ProgressBar};
use palisade::password::{
    BreachedFilter, FilterBuildError, FilterBuilder, FilterError, FilterStanding, Fingerprint,
};
use serde::Serialize;

use super::source::{self, Ask};
use crate::args::{BuildArgs, CheckArgs, ListFormat};
use crate::output::{Failure, Output};
use crate::{gzip, progress};

#[derive(Serialize)]
struct Built {
    passwords: u64,
    bytes: u64,
    fingerprint_bits: u8,
}

pub(crate) fn build(args: &BuildArgs, json: bool) -> Result<Output, Failure> {
    if args.format == ListFormat::Plain && args.least_count != 1 {
        let message = "--least-count goes with --format sha1: a plain list has no counts";
        return Err(Failure::error("usage", &message));
    }
    let (fingerprint, fingerprint_bits) =
        if args.fingerprint == "16" { (Fingerprint::Bits16, 16) } else { (Fingerprint::Bits8, 8) };
    let mut builder = FilterBuilder::new(fingerprint);
    if args.lists.is_empty() {
        let bar = progress::bar(None, "{spinner} {bytes} of stdin", json);
        add(&mut builder, args, Box::new(bar.wrap_read(io::stdin())), 1)?;
        bar.finish_and_clear();
    }
    for (list, number) in args.lists.iter().zip(1..) {
        let bar = progress::bar(None, "{bar:30} {bytes} of {total_bytes}, {eta} left", json);
        let file = File::open(list).map_err(|error| unreadable(number, &error))?;
        if let Ok(about) = file.metadata() {
            bar.set_length(about.len());
        }
        add(&mut builder, args, Box::new(bar.wrap_read(file)), number)?;
        bar.finish_and_clear();
    }

    let bar = progress::bar(None, "{spinner} filling the filter", json);
    let filter = filled(builder, &bar)?;
    let bytes = filter.as_bytes().len() as u64;
    filter.save(&args.output).map_err(|error| {
        // Of the error only its kind is told: the rest may name the path.
        Failure::error("output", &format!("the filter cannot be written: {}", error.kind()))
    })?;
    let built = Built { passwords: filter.passwords(), bytes, fingerprint_bits };
    let text = format!("{} passwords in {}\n", built.passwords, BinaryBytes(bytes));
    Output::new(text, &built)
}

/// Adds a list, compressed or not. The bar counts the bytes of the file.
fn add(
    builder: &mut FilterBuilder,
    args: &BuildArgs,
    list: Box<dyn Read>,
    number: usize,
) -> Result<(), Failure> {
    let list = gzip::decompressed(list).map_err(|error| unreadable(number, &error))?;
    let added = match args.format {
        ListFormat::Plain => builder.add_passwords(list, |_| {}),
        ListFormat::Sha1 => builder.add_sha1(list, args.least_count, |_| {}),
    };
    added.map_err(|error| of_list(number, &error))
}

fn filled(builder: FilterBuilder, bar: &ProgressBar) -> Result<BreachedFilter, Failure> {
    bar.tick();
    let filter = builder.build().map_err(|error| Failure::error("list", &error))?;
    bar.finish_and_clear();
    Ok(filter)
}

fn of_list(number: usize, error: &FilterBuildError) -> Failure {
    Failure::error("list", &format!("list {number}: {error}"))
}

/// The path is not repeated: it may be a password that was put in its place.
fn unreadable(number: usize, error: &io::Error) -> Failure {
    Failure::error("input", &format!("list {number} cannot be read: {error}"))
}

#[derive(Serialize)]
struct Checked {
    breached: bool,
    /// Of how many passwords the filter was made.
    passwords: u64,
}

pub(crate) fn check(args: &CheckArgs) -> Result<Output, Failure> {
    let filter = BreachedFilter::open(&args.filter).map_err(|error| match error {
        FilterError::NotAFilter => {
            let message = "this is no filter; make one with `palisade password breached build`";
            Failure::error("filter", &message)
        }
        error => Failure::error("filter", &error),
    })?;
    let password = source::password(&args.source, Ask::Once)?;
    let breached = filter.look_up(&password) == FilterStanding::ProbablyBreached;
    let text = if breached { "probably breached\n" } else { "not in the filter\n" };
    let checked = Checked { breached, passwords: filter.passwords() };
    Ok(Output::new(text.to_owned(), &checked)?.with_status(u8::from(!breached)))
}
