//! `palisade password needs-rehash`.

use std::collections::BTreeMap;

use palisade::password::{Hasher, RehashReason};
use serde::Serialize;

use super::column::Column;
use super::policy;
use crate::args::RehashArgs;
use crate::output::{Failure, Output};
use crate::rows::Rows;

#[derive(Serialize)]
struct Row {
    line: u64,
    reason: &'static str,
}

#[derive(Default, Serialize)]
struct Judged {
    needs_rehash: bool,
    hashes: u64,
    needing: u64,
    reasons: BTreeMap<&'static str, u64>,
    unreadable: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub(crate) fn needs_rehash(args: &RehashArgs, json: bool) -> Result<Output, Failure> {
    let hasher = policy::builder(&args.policy)?.build()?;
    let column = Column::open(&args.column)?;
    let mut rows = Rows::begin(json)?;
    let judged = each(column, &hasher, &mut rows);
    rows.end(judged)
}

fn each(mut column: Column, policy: &Hasher, rows: &mut Rows) -> Result<Output, Failure> {
    let mut judged = Judged::default();
    let mut only = None;
    while let Some(line) = column.next()? {
        judged.hashes += 1;
        let is_only = column.was_only_line()?;
        let reason = line.and_then(|line| match policy.needs_rehash(&line.hash) {
            Ok(reason) => Ok((line.number, reason.map(RehashReason::name))),
            Err(error) => Err(line.problem(&error)),
        });
        match reason {
            Ok((line, reason)) => {
                if is_only {
                    only = Some(format!("{}\n", reason.unwrap_or("no")));
                }
                let Some(reason) = reason else { continue };
                judged.needing += 1;
                *judged.reasons.entry(reason).or_default() += 1;
                let text = if is_only { String::new() } else { format!("{line}\t{reason}\n") };
                rows.add(&text, &Row { line, reason })?;
            }
            Err(problem) => {
                judged.unreadable += 1;
                rows.add_problem(&problem)?;
            }
        }
    }
    judged.needs_rehash = judged.needing > 0;
    let status = match (judged.unreadable, judged.needing) {
        (0, 0) => 1,
        (0, _) => 0,
        _ => 2,
    };
    let Judged { hashes, needing, unreadable, .. } = judged;
    let mut notes = String::new();
    if unreadable > 0 {
        let message = format!("{unreadable} of {hashes} lines cannot be read");
        notes = format!("error: {message}\n");
        (judged.error, judged.message) = (Some("hash_unreadable"), Some(message));
    }
    if hashes > 1 {
        let reasons = judged.reasons.iter().map(|(reason, count)| format!("{reason} {count}"));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        let colon = if reasons.is_empty() { "" } else { ": " };
        notes.insert_str(
            0,
            &format!("{needing} of {hashes} hashes should be made anew{colon}{reasons}\n"),
        );
    }
    Ok(Output::new(only.unwrap_or_default(), &judged)?.with_notes(notes).with_status(status))
}
