#![doc = include_str!("../README.md")]

mod allowlist;
mod builder;
mod decision;
mod diff;
mod embedded;
mod entry;
mod error;
mod explain;
mod family;
mod label;
mod lines;
mod mend;
mod network;
mod parse;
mod place;
mod report;
mod spans;
mod table;

pub use allowlist::Allowlist;
pub use builder::Builder;
pub use decision::{Decision, Denied, EmptyList, Match};
pub use diff::{Diff, Outsiders, Relabelled};
pub use embedded::{Embedded, EmbeddedForm};
pub use entry::Entry;
pub use error::{
    BuildError, EntryError, Fault, KEPT_FAULTS, Malformed, NetworkError, NetworkProblem,
};
pub use explain::{Explanation, Nearest};
pub use family::Family;
pub use label::{LabelError, LabelProblem, MAX_LABEL};
pub use lines::MAX_LINE;
pub use network::Network;
pub use place::Place;
pub use report::{Finding, FindingKind, KEPT_FINDINGS, Report};
