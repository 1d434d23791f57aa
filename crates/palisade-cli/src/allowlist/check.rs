//! `palisade allowlist check`.

use std::net::IpAddr;

use palisade::allowlist::{Allowlist, Decision, Embedded, Explanation, Match, Nearest};
use serde::Serialize;

use super::addresses::{Argument, Lines, arguments};
use super::source::{Source, builder};
use crate::args::CheckAddressesArgs;
use crate::output::{Failure, Output};
use crate::rows::Rows;
use crate::units::{counted, readable};

#[derive(Serialize)]
struct Row<'a> {
    /// Of stdin.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    address: IpAddr,
    allowed: bool,
    /// The most specific entry that matches.
    #[serde(flatten)]
    entry: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explained<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    network: String,
    label: &'a str,
}

#[derive(Serialize)]
struct Explained<'a> {
    matches: Vec<Named<'a>>,
    nearest_below: Option<Beside<'a>>,
    nearest_above: Option<Beside<'a>>,
    family_is_listed: bool,
    embedded: Option<Carried<'a>>,
}

#[derive(Serialize)]
struct Beside<'a> {
    #[serde(flatten)]
    entry: Named<'a>,
    /// As text: it may have 39 digits.
    addresses_between: String,
}

#[derive(Serialize)]
struct Carried<'a> {
    address: IpAddr,
    form: &'static str,
    entry: Option<Named<'a>>,
}

#[derive(Default, Serialize)]
struct Checked {
    allowed: bool,
    addresses: u64,
    denied: u64,
}

pub(crate) fn check(args: &CheckAddressesArgs, json: bool) -> Result<Output, Failure> {
    let addresses = arguments(&args.addresses)?;
    let source = Source::new(&args.list);
    let asks_stdin = addresses.iter().any(|address| matches!(address, Argument::Stdin));
    if asks_stdin && source.is_one_stream_with(Source::stdin()) {
        let message = "there is one stdin: it gives the list or the addresses, not both";
        return Err(Failure::error("usage", &message));
    }
    let (list, _) = source.load(builder(&args.limits, args.empty), json)?;
    let mut rows = Rows::begin(json)?;
    let checked = check_all(&list, &addresses, args.explain, &mut rows);
    rows.end(checked)
}

fn check_all(
    list: &Allowlist,
    addresses: &[Argument],
    explain: bool,
    rows: &mut Rows,
) -> Result<Output, Failure> {
    let (mut checked, mut unreadable) = (Checked::default(), 0_u64);
    for argument in addresses {
        match argument {
            Argument::Address(address) => {
                checked.add(&Row::of(list, *address, None, explain), rows)?;
            }
            Argument::Stdin => {
                let mut lines = Lines::open();
                while let Some(line) = lines.next()? {
                    match line {
                        Ok(line) => {
                            let row = Row::of(list, line.address, Some(line.number), explain);
                            checked.add(&row, rows)?;
                        }
                        Err(problem) => {
                            unreadable += 1;
                            rows.add_problem(&problem)?;
                        }
                    }
                }
            }
        }
    }
    if unreadable > 0 {
        let lines = counted(unreadable, "line", "lines");
        let are = if unreadable == 1 { "is no address" } else { "are no addresses" };
        let message = format!("{lines} of stdin {are}");
        return Err(Failure::error("address", &message));
    }
    if checked.addresses == 0 {
        // Nothing that is allowed is no yes.
        return Err(Failure::error("input", &"there is no address on stdin"));
    }
    checked.allowed = checked.denied == 0;
    Ok(Output::new(String::new(), &checked)?.with_status(u8::from(!checked.allowed)))
}

impl Checked {
    fn add(&mut self, row: &(String, Row<'_>), rows: &mut Rows) -> Result<(), Failure> {
        let (text, row) = row;
        self.addresses += 1;
        self.denied += u64::from(!row.allowed);
        rows.add(text, row)
    }
}

impl<'a> Row<'a> {
    /// The row, for a person and for a program.
    fn of(
        list: &'a Allowlist,
        address: IpAddr,
        line: Option<u64>,
        explain: bool,
    ) -> (String, Self) {
        let address = address.to_canonical();
        let decision = list.check(address);
        let explanation = explain.then(|| list.explain(address));
        let text = explanation
            .as_ref()
            .map_or_else(|| in_short(address, decision), |explanation| in_full(explanation));
        let row = Self {
            line,
            address,
            allowed: !matches!(decision, Decision::Denied(_)),
            entry: decision.entry().map(Named::of),
            explanation: explanation.as_ref().map(Explained::of),
        };
        (text, row)
    }
}

fn in_short(address: IpAddr, decision: Decision<'_>) -> String {
    match decision {
        Decision::Allowed(entry) if entry.label().is_empty() => {
            format!("{address} allowed {}\n", entry.network())
        }
        Decision::Allowed(entry) => {
            format!("{address} allowed {} {}\n", entry.network(), readable(entry.label()))
        }
        Decision::AllowedByEmptyList => format!("{address} allowed by an empty list\n"),
        Decision::Denied(_) => format!("{address} denied\n"),
    }
}

/// The first line, and the others set in beneath it.
fn in_full(explanation: &Explanation<'_>) -> String {
    let text = explanation.to_string();
    let lines: Vec<String> = text.lines().map(readable).collect();
    lines.join("\n  ") + "\n"
}

impl<'a> Named<'a> {
    fn of(entry: Match<'a>) -> Self {
        Self { network: entry.network().to_string(), label: entry.label() }
    }
}

impl<'a> Explained<'a> {
    fn of(explanation: &Explanation<'a>) -> Self {
        Self {
            matches: explanation.matches().iter().copied().map(Named::of).collect(),
            nearest_below: explanation.nearest_below().map(Beside::of),
            nearest_above: explanation.nearest_above().map(Beside::of),
            family_is_listed: explanation.family_is_listed(),
            embedded: explanation.embedded().map(Carried::of),
        }
    }
}

impl<'a> Beside<'a> {
    fn of(nearest: Nearest<'a>) -> Self {
        Self {
            entry: Named::of(nearest.entry()),
            addresses_between: nearest.addresses_between().to_string(),
        }
    }
}

impl<'a> Carried<'a> {
    fn of(embedded: Embedded<'a>) -> Self {
        Self {
            address: embedded.address().into(),
            form: embedded.form().code(),
            entry: embedded.entry().map(Named::of),
        }
    }
}
