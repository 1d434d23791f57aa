//! `palisade allowlist stats`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::time::Instant;

use palisade::allowlist::{Allowlist, Family, Network};
use serde::Serialize;

use super::source::{Source, builder};
use crate::args::{Meaning, StatsArgs};
use crate::output::{Failure, Output};
use crate::units::readable;

/// How many labels are told of.
const MOST_LABELS: usize = 20;

#[derive(Serialize)]
struct Counted<'a> {
    entries: usize,
    ipv4: OfFamily,
    ipv6: OfFamily,
    labels: usize,
    /// Those with the most entries, the largest first.
    top_labels: Vec<OfLabel<'a>>,
    heap_bytes: usize,
}

#[derive(Serialize)]
struct OfFamily {
    #[serde(skip)]
    family: Family,
    entries: usize,
    /// As text: it may have 39 digits.
    addresses: String,
    /// How many networks hold the same addresses, at least.
    aggregated: usize,
    /// How many entries have each prefix length.
    prefix_lengths: BTreeMap<u8, usize>,
}

#[derive(Serialize)]
struct OfLabel<'a> {
    label: &'a str,
    entries: usize,
}

pub(crate) fn stats(args: &StatsArgs, json: bool) -> Result<Output, Failure> {
    let begun = Instant::now();
    // Nobody is let in by a count, so an empty list needs no meaning.
    let (list, _) =
        Source::new(&args.list).load(builder(&args.limits, Some(Meaning::Deny)), json)?;
    let took = begun.elapsed();
    let counted = Counted::of(&list);
    let mut text = counted.to_text();
    if io::stdout().is_terminal() {
        // Writing to a String does not fail.
        let _ = writeln!(text, "read and built in {} ms", took.as_millis());
    }
    Ok(Output::new(text, &counted)?.in_ascii())
}

impl<'a> Counted<'a> {
    fn of(list: &'a Allowlist) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let (mut ipv4, mut ipv6) =
            (OfFamily::new(list, Family::V4), OfFamily::new(list, Family::V6));
        for entry in list.entries() {
            *counts.entry(entry.label()).or_default() += 1;
            let family = if entry.network().family() == Family::V4 { &mut ipv4 } else { &mut ipv6 };
            family.entries += 1;
            *family.prefix_lengths.entry(entry.network().prefix_len()).or_default() += 1;
        }
        let labels = counts.len();
        let mut top: Vec<_> =
            counts.into_iter().map(|(label, entries)| OfLabel { label, entries }).collect();
        top.sort_by(|one, other| {
            other.entries.cmp(&one.entries).then_with(|| one.label.cmp(other.label))
        });
        top.truncate(MOST_LABELS);
        let heap_bytes = list.heap_bytes();
        Self { entries: list.len(), ipv4, ipv6, labels, top_labels: top, heap_bytes }
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = writeln!(text, "entries     {}", self.entries);
        for family in [&self.ipv4, &self.ipv6] {
            family.add_text(&mut text);
        }
        let _ = writeln!(text, "labels      {}", self.labels);
        for OfLabel { label, entries } in &self.top_labels {
            let label = if label.is_empty() { "(none)".to_owned() } else { readable(label) };
            let _ = writeln!(text, "  {entries:>9} {label}");
        }
        if self.labels > self.top_labels.len() {
            let _ = writeln!(text, "            and {} more", self.labels - self.top_labels.len());
        }
        let _ = write!(text, "memory      {} bytes", self.heap_bytes);
        if let Some(tenths) = (self.heap_bytes * 10).checked_div(self.entries) {
            let _ = write!(text, ", {}.{} an entry", tenths / 10, tenths % 10);
        }
        text.push('\n');
        text
    }
}

impl OfFamily {
    /// Without its entries.
    fn new(list: &Allowlist, family: Family) -> Self {
        let networks = list.aggregated().filter(|network| network.family() == family);
        let (mut aggregated, mut addresses) = (0, Some(0_u128));
        for network in networks {
            aggregated += 1;
            addresses = addresses.zip(size(&network)).and_then(|(sum, size)| sum.checked_add(size));
        }
        // Only all of IPv6 is too many for the number.
        let addresses = addresses.map_or_else(|| TWO_TO_128.to_owned(), |sum| sum.to_string());
        Self { family, entries: 0, addresses, aggregated, prefix_lengths: BTreeMap::new() }
    }

    fn add_text(&self, text: &mut String) {
        let Self { family, entries, addresses, aggregated, prefix_lengths } = self;
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{family}        {entries}; addresses {addresses}; aggregated {aggregated}"
        );
        for (len, entries) in prefix_lengths {
            let len = format!("/{len}");
            let _ = writeln!(text, "  {entries:>9} {len}");
        }
    }
}

const TWO_TO_128: &str = "340282366920938463463374607431768211456";

/// How many addresses the network has; nothing where these are all of IPv6.
fn size(network: &Network) -> Option<u128> {
    let host_bits = network.family().bits() - network.prefix_len();
    1_u128.checked_shl(host_bits.into())
}
