#![doc = include_str!("../README.md")]

mod allowlist;
mod builder;
mod client;
mod decision;
mod diff;
mod embedded;
mod entry;
mod equal;
mod error;
mod explain;
mod family;
mod faults;
mod label;
mod layers;
mod lines;
mod live;
mod mend;
mod network;
mod parse;
mod place;
mod rate_key;
mod report;
#[cfg(feature = "serde")]
mod serialize;
mod spans;
mod table;
mod write;

pub use allowlist::Allowlist;
pub use builder::Builder;
pub use client::{
    AddressRefused, ClientIp, FieldLines, ForwardedHeader, HopProblem, InvalidPeer, InvalidTrust,
    MAX_HOPS, Peer, Provenance, TrustPolicy, TrustPolicyBuilder,
};
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
pub use layers::Layers;
pub use lines::{MAX_LINE, MAX_SKIPPED};
pub use live::{Live, LiveFile, Loaded, Reload, ReloadError};
pub use mend::Mend;
pub use network::Network;
pub use place::Place;
pub use rate_key::{InvalidRateKeys, RateKey, RateKeys};
pub use report::{Finding, FindingKind, KEPT_FINDINGS, Report};
