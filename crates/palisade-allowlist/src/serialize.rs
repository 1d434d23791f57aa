//! Forms for JSON and its like. Whatever is read goes through the strict parser.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{
    Entry, EntryError, Family, Fault, Finding, FindingKind, LabelError, Malformed, Match, Mend,
    Network, NetworkError, Place, Report,
};

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    /// By [`Network::parse`]: bits below the length are refused.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Network;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a network in CIDR notation, or an address")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Network, E> {
                Network::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "Entry", deny_unknown_fields)]
struct EntryForm<'a> {
    network: Network,
    #[serde(borrow, default)]
    label: Cow<'a, str>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EntryForm { network: self.network(), label: self.label().into() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    /// From `{"network": …, "label": …}`, where the label may be missing.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = EntryForm::deserialize(deserializer)?;
        Self::new(form.network, &form.label).map_err(de::Error::custom)
    }
}

impl Serialize for Match<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EntryForm { network: self.network(), label: self.label().into() }.serialize(serializer)
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        })
    }
}

#[derive(serde::Serialize)]
#[serde(rename = "Place", rename_all = "snake_case")]
enum PlaceForm {
    Line(u32),
    Entry(u32),
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Line(number) => PlaceForm::Line(number),
            Self::Entry(number) => PlaceForm::Entry(number),
        }
        .serialize(serializer)
    }
}

#[derive(serde::Serialize)]
#[serde(rename = "Finding")]
struct FindingForm {
    kind: &'static str,
    place: Place,
    network: Network,
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Network>,
    message: String,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (again, by) = match self.kind {
            FindingKind::Duplicate { again } => (Some(again), None),
            FindingKind::Shadowed { by } => (None, Some(by)),
            FindingKind::HostBits | FindingKind::TooBroad => (None, None),
        };
        FindingForm {
            kind: self.kind.code(),
            place: self.place,
            network: self.network,
            again,
            by,
            message: self.to_string(),
        }
        .serialize(serializer)
    }
}

#[derive(serde::Serialize)]
#[serde(rename = "Report")]
struct ReportForm<'a> {
    entries: usize,
    ipv4: usize,
    ipv6: usize,
    labels: usize,
    missing_family: Option<Family>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    adds_up_to_all: Vec<Family>,
    duplicates: usize,
    shadowed: usize,
    host_bits: usize,
    too_broad: usize,
    findings: &'a [Finding],
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ReportForm {
            entries: self.entries(),
            ipv4: self.of_family(Family::V4),
            ipv6: self.of_family(Family::V6),
            labels: self.labels(),
            missing_family: self.missing_family(),
            adds_up_to_all: [Family::V4, Family::V6]
                .into_iter()
                .filter(|family| self.adds_up_to_all(*family))
                .collect(),
            duplicates: self.duplicates(),
            shadowed: self.shadowed(),
            host_bits: self.host_bits(),
            too_broad: self.too_broad(),
            findings: self.findings(),
        }
        .serialize(serializer)
    }
}

#[derive(serde::Serialize)]
#[serde(rename = "Mend", rename_all = "snake_case")]
enum MendForm<'a> {
    Networks(&'a [Network]),
    Either([Network; 2]),
}

impl Serialize for Mend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Networks(networks) => MendForm::Networks(networks),
            Self::Either(network, host) => MendForm::Either([*network, *host]),
        }
        .serialize(serializer)
    }
}

#[derive(serde::Serialize)]
#[serde(rename = "Error")]
struct ErrorForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    code: &'static str,
    column: Option<usize>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'a Mend>,
}

impl<'a> ErrorForm<'a> {
    fn of_network(error: &'a NetworkError) -> Self {
        Self {
            place: None,
            code: error.problem().code(),
            column: Some(error.column()),
            message: error.problem().to_string(),
            mend: error.mend(),
        }
    }

    fn of_label(error: LabelError) -> Self {
        Self {
            place: None,
            code: error.problem().code(),
            column: Some(error.column()),
            message: error.problem().to_string(),
            mend: None,
        }
    }

    fn of_entry(error: &'a EntryError) -> Self {
        match error {
            EntryError::Network(error) => Self::of_network(error),
            EntryError::Label(error) => Self::of_label(*error),
            EntryError::LineTooLong
            | EntryError::NotUtf8 { .. }
            | EntryError::CarriageReturn { .. }
            | EntryError::TooBroad { .. } => Self {
                place: None,
                code: error.code(),
                column: error.column(),
                message: error.to_string(),
                mend: None,
            },
        }
    }
}

impl Serialize for NetworkError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ErrorForm::of_network(self).serialize(serializer)
    }
}

impl Serialize for LabelError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ErrorForm::of_label(*self).serialize(serializer)
    }
}

impl Serialize for EntryError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ErrorForm::of_entry(self).serialize(serializer)
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ErrorForm { place: Some(self.place), ..ErrorForm::of_entry(&self.error) }
            .serialize(serializer)
    }
}

#[derive(serde::Serialize)]
#[serde(rename = "Malformed")]
struct MalformedForm<'a> {
    faults: &'a [Fault],
    more: u64,
}

impl Serialize for Malformed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MalformedForm { faults: self.faults(), more: self.more() }.serialize(serializer)
    }
}
