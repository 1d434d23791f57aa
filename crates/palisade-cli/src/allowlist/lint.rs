//! `palisade allowlist lint`.

use std::fmt::Write;

use palisade::allowlist::{BuildError, EmptyList, Family, Finding, FindingKind, Malformed, Report};
use serde::Serialize;

use super::source::{Source, builder, problem};
use crate::args::LintArgs;
use crate::output::{Failure, Output};
use crate::problems::Problem;
use crate::units::counted;

#[derive(Default, Serialize)]
struct Linted {
    clean: bool,
    /// Lines that are no entries. Where there are some, nothing else was looked at.
    errors: Vec<Problem>,
    more_errors: u64,
    #[serde(flatten)]
    examined: Option<Examined>,
}

#[derive(Serialize)]
struct Examined {
    entries: usize,
    ipv4: usize,
    ipv6: usize,
    labels: usize,
    /// Whether there is no entry, and nobody said what that means.
    no_entry: bool,
    /// The family that has no entry while the other has some.
    missing_family: Option<&'static str>,
    /// The families of which the entries together allow every address, and none of them does alone.
    adds_up_to_all: Vec<&'static str>,
    findings: Vec<Found>,
    more_findings: usize,
}

#[derive(Serialize)]
struct Found {
    line: u32,
    finding: &'static str,
    network: String,
    message: String,
}

pub(crate) fn lint(args: &LintArgs, json: bool) -> Result<Output, Failure> {
    let mut builder = builder(&args.limits, args.empty);
    if args.strict {
        builder = builder.reject_host_bits();
    }
    if let Some(least) = args.refuse_broader_than {
        builder = builder.refuse_broader_than(least.ipv4, least.ipv6);
    }
    if args.empty.is_none() {
        // Told of below, with whatever else there is.
        builder = builder.when_empty(EmptyList::DeniesEveryone);
    }
    let source = Source::new(&args.list);
    let linted = match source.build(builder, json) {
        Ok((_, report)) => examined(args, &report),
        Err(BuildError::Malformed(malformed)) => of_errors(&malformed),
        Err(error) => return Err(source.failure(error)),
    };
    let status = u8::from(!linted.clean);
    Ok(Output::new(linted.to_text(), &linted)?.in_ascii().with_status(status))
}

fn of_errors(malformed: &Malformed) -> Linted {
    let errors = malformed.faults().iter().map(problem).collect();
    Linted { errors, more_errors: malformed.more(), ..Linted::default() }
}

fn examined(args: &LintArgs, report: &Report) -> Linted {
    let no_entry = report.entries() == 0 && args.empty.is_none();
    let missing = report.missing_family().filter(|_| !args.one_family);
    let mut findings: Vec<&Finding> = report.findings().iter().collect();
    findings.sort_by_key(|finding| finding.place);
    let counted = report.duplicates() + report.shadowed() + report.host_bits() + report.too_broad();
    let adds_up: Vec<Family> = [Family::V4, Family::V6]
        .into_iter()
        .filter(|family| report.adds_up_to_all(*family))
        .collect();
    let clean = !no_entry && missing.is_none() && adds_up.is_empty() && findings.is_empty();
    let examined = Examined {
        entries: report.entries(),
        ipv4: report.of_family(Family::V4),
        ipv6: report.of_family(Family::V6),
        labels: report.labels(),
        no_entry,
        missing_family: missing.map(code),
        adds_up_to_all: adds_up.into_iter().map(code).collect(),
        more_findings: counted - findings.len(),
        findings: findings.into_iter().map(Found::of).collect(),
    };
    Linted { clean, examined: Some(examined), ..Linted::default() }
}

fn code(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

impl Found {
    fn of(finding: &Finding) -> Self {
        let Finding { place, network, kind } = finding;
        let message = match kind {
            FindingKind::Duplicate { again } => {
                format!("{network} is listed again at {again}, whose label counts")
            }
            FindingKind::Shadowed { by } => {
                format!("{network} is inside of {by}, which allows it already")
            }
            FindingKind::HostBits => format!("bits beyond the length; read as {network}"),
            FindingKind::TooBroad => format!("{network} is very broad"),
            _ => finding.to_string(),
        };
        let (line, network) = (place.number(), network.to_string());
        Self { line, finding: kind.code(), network, message }
    }
}

impl Linted {
    fn to_text(&self) -> String {
        let mut text: String = self.errors.iter().map(Problem::to_text).collect();
        // Writing to a String does not fail.
        if self.more_errors > 0 {
            let _ = writeln!(text, "and {}", counted(self.more_errors, "more line", "more lines"));
        }
        let Some(examined) = &self.examined else {
            let errors = self.errors.len() as u64 + self.more_errors;
            let s = if errors == 1 { " is no entry" } else { "s are no entries" };
            let _ = writeln!(text, "{errors} line{s}; nothing else was looked at");
            return text;
        };
        let Examined { entries, ipv4, ipv6, .. } = examined;
        for Found { line, finding, message, .. } in &examined.findings {
            let _ = writeln!(text, "line {line}: {message} ({finding})");
        }
        if examined.more_findings > 0 {
            let _ = writeln!(text, "and {} more", examined.more_findings);
        }
        if examined.no_entry {
            text.push_str("there is no entry; say with --empty what that means\n");
        }
        if let Some(family) = examined.missing_family {
            let family = family.replace("ip", "IP");
            let _ = writeln!(text, "no entry is {family}: whoever comes by {family} is denied");
        }
        for family in &examined.adds_up_to_all {
            let _ =
                writeln!(text, "the entries together allow all of {}", family.replace("ip", "IP"));
        }
        let verdict = if self.clean { ", clean" } else { "" };
        let entries = counted(*entries as u64, "entry", "entries");
        let _ = writeln!(text, "{entries}: {ipv4} IPv4, {ipv6} IPv6{verdict}");
        text
    }
}
