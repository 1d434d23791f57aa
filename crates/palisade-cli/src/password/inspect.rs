//! `palisade password inspect`.

use std::fmt::Write;

use palisade::password::{Hasher, SchemeMix};
use serde::Serialize;

use super::column::Column;
use super::describe::{self, Described};
use crate::args::InspectArgs;
use crate::output::{Failure, Output};
use crate::problems::{Problem, Problems};
use crate::progress;
use crate::rows::Rows;

#[derive(Serialize)]
struct Row {
    line: u64,
    #[serde(flatten)]
    described: Described,
}

#[derive(Serialize)]
struct Inspected {
    valid: bool,
    hashes: u64,
    unreadable: u64,
}

pub(crate) fn inspect(args: &InspectArgs, json: bool) -> Result<Output, Failure> {
    let column = Column::open(&args.column)?;
    if args.tally {
        return tally(column, json);
    }
    let mut rows = Rows::begin(json)?;
    let inspected = each(column, &mut rows);
    rows.end(inspected)
}

fn each(mut column: Column, rows: &mut Rows) -> Result<Output, Failure> {
    let policy = Hasher::builder().build()?;
    let mut unreadable = 0;
    while let Some(line) = column.next()? {
        let line = line.and_then(|line| match policy.inspect(&line.hash) {
            Ok(inspection) => Ok((line.number, inspection)),
            Err(error) => Err(line.problem(&error)),
        });
        match line {
            Ok((line, inspection)) => {
                let text = if column.was_only_line()? {
                    describe::table(&inspection)
                } else {
                    format!("{line}\t{}\t{inspection}\n", describe::memory(&inspection))
                };
                rows.add(&text, &Row { line, described: Described::of(&inspection) })?;
            }
            Err(problem) => {
                unreadable += 1;
                rows.add_problem(&problem)?;
            }
        }
    }
    let hashes = column.lines_read();
    let inspected = Inspected { valid: unreadable == 0, hashes, unreadable };
    Ok(Output::new(String::new(), &inspected)?
        .with_notes(note(hashes, unreadable))
        .with_status(u8::from(unreadable > 0)))
}

#[derive(Serialize)]
struct Tallied<'a> {
    #[serde(flatten)]
    inspected: Inspected,
    kinds: Vec<Kind<'a>>,
    /// Hashes of kinds beyond those that are told apart.
    others: u64,
    problems: &'a [Problem],
}

#[derive(Serialize)]
struct Kind<'a> {
    kind: &'a str,
    hashes: u64,
}

fn tally(mut column: Column, json: bool) -> Result<Output, Failure> {
    let bar = progress::bar(column.len(), "{bar:30} {bytes} of {total_bytes}, {eta} left", json);
    let mut mix = SchemeMix::new();
    let mut problems = Problems::default();
    while let Some(line) = column.next()? {
        let counted =
            line.and_then(|line| mix.observe(&line.hash).map_err(|error| line.problem(&error)));
        if let Err(problem) = counted {
            problems.add(problem);
        }
        bar.set_position(column.bytes_read());
    }
    bar.finish_and_clear();

    let (hashes, unreadable) = (column.lines_read(), problems.count());
    let kinds = mix.kinds();
    let readable = hashes - unreadable;
    let others = readable - kinds.iter().map(|(_, hashes)| hashes).sum::<u64>();
    let mut text = String::from("  HASHES   SHARE  KIND\n");
    let named = kinds.iter().map(|(kind, hashes)| (kind.as_str(), *hashes));
    let rest = (others > 0).then_some(("(further kinds)", others));
    for (kind, hashes) in named.chain(rest) {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{hashes:>8}  {:>6}  {kind}", share(hashes, readable));
    }
    let kinds = kinds.iter().map(|(kind, hashes)| Kind { kind, hashes: *hashes }).collect();
    let inspected = Inspected { valid: unreadable == 0, hashes, unreadable };
    let tallied = Tallied { inspected, kinds, others, problems: problems.shown() };
    Ok(Output::new(text, &tallied)?
        .with_notes(problems.to_text() + &note(hashes, unreadable))
        .with_status(u8::from(unreadable > 0)))
}

/// In per cent with one place.
fn share(part: u64, whole: u64) -> String {
    let mille = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{}%", mille / 10, mille % 10)
}

fn note(hashes: u64, unreadable: u64) -> String {
    match unreadable {
        0 => String::new(),
        _ => format!("{unreadable} of {hashes} lines cannot be read\n"),
    }
}
