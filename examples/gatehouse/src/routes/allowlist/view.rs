//! What clients see of a list.

use std::net::IpAddr;

use palisade::allowlist::{Family, Finding, FindingKind, Network, Report};
use serde::Serialize;

use crate::allowlists::{StoredEntry, StoredList};

#[derive(Serialize)]
pub(super) struct ListView<'a> {
    /// Which change of the list this is; the same as the `ETag`. 0 where nobody ever put one.
    version: i64,
    entries: Vec<EntryView<'a>>,
    count: usize,
    /// Whether the list keeps anyone out. One without entries does not.
    restricted: bool,
    empty_list_allows: &'static str,
    /// From where this request came.
    your_address: IpAddr,
    /// Whether an entry holds it.
    your_address_is_listed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView<'a>>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    network: &'a str,
    label: &'a str,
}

impl<'a> ListView<'a> {
    pub(super) fn new(
        stored: &'a StoredList,
        address: IpAddr,
        report: Option<ReportView<'a>>,
    ) -> Self {
        let holds_it = |entry: &StoredEntry| {
            Network::parse(&entry.network).is_ok_and(|network| network.contains(address))
        };
        Self {
            version: stored.version,
            entries: stored
                .entries
                .iter()
                .map(|entry| EntryView { network: &entry.network, label: &entry.label })
                .collect(),
            count: stored.entries.len(),
            restricted: !stored.entries.is_empty(),
            empty_list_allows: "everyone",
            your_address: address,
            your_address_is_listed: stored.entries.iter().any(holds_it),
            report,
        }
    }
}

/// What was noticed about a list that was put. None of it stopped the list.
#[derive(Serialize)]
pub(super) struct ReportView<'a> {
    duplicates: usize,
    shadowed: usize,
    host_bits: usize,
    /// The family that no entry is of: whoever comes by it is kept out.
    missing_family: Option<String>,
    /// The families of which the entries together let in every address.
    adds_up_to_all: Vec<String>,
    findings: Vec<FindingView<'a>>,
}

#[derive(Serialize)]
struct FindingView<'a> {
    /// Counted from 1.
    entry: u32,
    network: String,
    code: &'static str,
    /// What it is about: the entry that says the same further down, or the network that holds this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    message: FindingText<'a>,
}

/// Written as the finding says it.
struct FindingText<'a>(&'a Finding);

impl Serialize for FindingText<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

impl<'a> From<&'a Report> for ReportView<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            duplicates: report.duplicates(),
            shadowed: report.shadowed(),
            host_bits: report.host_bits(),
            missing_family: report.missing_family().map(|family| family.to_string()),
            adds_up_to_all: [Family::V4, Family::V6]
                .into_iter()
                .filter(|family| report.adds_up_to_all(*family))
                .map(|family| family.to_string())
                .collect(),
            findings: report.findings().iter().map(FindingView::from).collect(),
        }
    }
}

impl<'a> From<&'a Finding> for FindingView<'a> {
    fn from(finding: &'a Finding) -> Self {
        let (again, by) = match finding.kind {
            FindingKind::Duplicate { again } => (Some(again.number()), None),
            FindingKind::Shadowed { by } => (None, Some(by.to_string())),
            _ => (None, None),
        };
        Self {
            entry: finding.place.number(),
            network: finding.network.to_string(),
            code: finding.kind.code(),
            again,
            by,
            message: FindingText(finding),
        }
    }
}
