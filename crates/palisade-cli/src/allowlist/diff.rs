//! `palisade allowlist diff`.

use std::fmt::Write;

use palisade::allowlist::{Diff, Match, Network, Outsiders, Relabelled};
use serde::Serialize;

use super::source::{Source, builder};
use crate::args::DiffArgs;
use crate::output::{Failure, Output};
use crate::units::readable;

/// The most networks that are told of for each change of sides. Around a few IPv6 addresses there are thousands.
const MOST: usize = 10_000;

#[derive(Serialize)]
struct Compared<'a> {
    same: bool,
    removed: Vec<Named<'a>>,
    added: Vec<Named<'a>>,
    relabelled: Vec<Renamed<'a>>,
    /// What all change to who are in no entry, where one list is empty and allows everyone: `allowed`, `denied`.
    outsiders: Option<&'static str>,
    newly_allowed: Changed,
    newly_denied: Changed,
}

#[derive(Serialize)]
struct Named<'a> {
    network: String,
    label: &'a str,
}

#[derive(Serialize)]
struct Renamed<'a> {
    network: String,
    old_label: &'a str,
    new_label: &'a str,
}

/// The networks that change sides.
#[derive(Serialize)]
struct Changed {
    networks: Vec<String>,
    /// How many there are beyond those.
    more: usize,
}

pub(crate) fn diff(args: &DiffArgs, json: bool) -> Result<Output, Failure> {
    let old = Source { path: &args.old, name: "the first list" };
    let new = Source { path: &args.new, name: "the second list" };
    if old.is_one_stream_with(new) {
        let message = "both lists are one pipe, which is read once: one of them has to be a file";
        return Err(Failure::error("usage", &message));
    }
    let (old, _) = old.load(builder(&args.limits, args.empty), json)?;
    let (new, _) = new.load(builder(&args.limits, args.empty), json)?;
    let compared = Compared::of(&old.diff(&new));
    let status = u8::from(!compared.same);
    Ok(Output::new(compared.to_text(), &compared)?.in_ascii().with_status(status))
}

impl<'a> Compared<'a> {
    fn of(diff: &Diff<'a>) -> Self {
        // Where everyone else changes sides, one word says more than all networks of the world.
        let word = diff.outsiders();
        let unless = |changed: Outsiders| word != Some(changed);
        Self {
            same: diff.is_empty(),
            removed: diff.removed().iter().map(Named::of).collect(),
            added: diff.added().iter().map(Named::of).collect(),
            relabelled: diff.relabelled().iter().map(Renamed::of).collect(),
            outsiders: word.map(|word| match word {
                Outsiders::NowAllowed => "allowed",
                Outsiders::NowDenied => "denied",
            }),
            newly_allowed: Changed::of(
                diff.newly_allowed().filter(|_| unless(Outsiders::NowAllowed)),
            ),
            newly_denied: Changed::of(diff.newly_denied().filter(|_| unless(Outsiders::NowDenied))),
        }
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        for (sign, entries) in [('-', &self.removed), ('+', &self.added)] {
            for Named { network, label } in entries {
                let entry = format!("{sign} {network} {}", readable(label));
                let _ = writeln!(text, "{}", entry.trim_end());
            }
        }
        for Renamed { network, old_label, new_label } in &self.relabelled {
            let (old, new) = (readable(old_label), readable(new_label));
            let _ = writeln!(text, "~ {network} {old} -> {new}");
        }
        if let Some(word) = self.outsiders {
            let which = if word == "denied" { "first" } else { "second" };
            let _ = writeln!(
                text,
                "{word}: everyone who is in no entry; the {which} list is empty and allows everyone"
            );
        }
        for (word, changed) in [("allowed", &self.newly_allowed), ("denied", &self.newly_denied)] {
            for network in &changed.networks {
                let _ = writeln!(text, "{word}: {network}");
            }
            if changed.more > 0 {
                let _ = writeln!(text, "{word}: and {} more networks", changed.more);
            }
        }
        text
    }
}

impl<'a> Named<'a> {
    fn of(entry: &Match<'a>) -> Self {
        Self { network: entry.network().to_string(), label: entry.label() }
    }
}

impl<'a> Renamed<'a> {
    fn of(change: &Relabelled<'a>) -> Self {
        let network = change.network().to_string();
        Self { network, old_label: change.old_label(), new_label: change.new_label() }
    }
}

impl Changed {
    fn of(mut networks: impl Iterator<Item = Network>) -> Self {
        let shown = networks.by_ref().take(MOST).map(|network| network.to_string()).collect();
        Self { networks: shown, more: networks.count() }
    }
}
