//! What becomes of a message on its way.

use proptest::prelude::*;

use super::plans::{Plan, Shape};
use crate::kit::{Fields, NOW};

/// One change. Places are taken modulo what there is.
#[derive(Clone, Debug)]
pub(super) enum Change {
    UpperCase(usize),
    Reverse,
    Duplicate(usize),
    Remove(usize),
    FlipByte(usize, usize, u8),
    Pad(usize),
    ForeignField(String),
    Entry(usize, &'static str, usize),
    DropEntry(usize),
    SwapEntries,
    Time(&'static str),
    Body(usize, u8),
}

const TIMES: &[&str] = &[
    "0",
    "01700000000",
    "+1700000000",
    "-1",
    "1700000001",
    "1699999999",
    "17000000000",
    "18446744073709551615",
    "18446744073709551616",
    "1700000000.0",
    "",
    "１７００００００００",
];

/// Entries as strangers and other versions write them. `L` is a label of the scheme, `:` what assigns.
const ENTRIES: &[&str] =
    &["", "L:", "L:x", "L", "v0:abc", "zz", ":", "LL:x", "t:1700000000", "ts:5", "L:\u{e9}"];

pub(super) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<usize>().prop_map(Change::UpperCase),
        Just(Change::Reverse),
        any::<usize>().prop_map(Change::Duplicate),
        any::<usize>().prop_map(Change::Remove),
        (any::<usize>(), any::<usize>(), 1..=u8::MAX)
            .prop_map(|(field, place, bits)| Change::FlipByte(field, place, bits)),
        any::<usize>().prop_map(Change::Pad),
        "[a-z]{1,9}".prop_map(Change::ForeignField),
        (0..9_usize, prop::sample::select(ENTRIES), prop_oneof![Just(1), Just(2), 14..18_usize])
            .prop_map(|(place, entry, times)| Change::Entry(place, entry, times)),
        any::<usize>().prop_map(Change::DropEntry),
        Just(Change::SwapEntries),
        prop::sample::select(TIMES).prop_map(Change::Time),
        (any::<usize>(), 1..=u8::MAX).prop_map(|(place, bits)| Change::Body(place, bits)),
    ]
}

impl Change {
    pub(super) fn apply(&self, plan: &Plan, fields: &mut Fields, body: &mut [u8]) {
        let count = fields.len();
        if count == 0 {
            return;
        }
        match self {
            Self::UpperCase(field) => {
                let name = &mut fields[field % count].0;
                *name = name.to_uppercase();
            }
            Self::Reverse => fields.reverse(),
            Self::Duplicate(field) => fields.push(fields[field % count].clone()),
            Self::Remove(field) => drop(fields.remove(field % count)),
            Self::FlipByte(field, place, bits) => {
                let value = &mut fields[field % count].1;
                let len = value.len().max(1);
                value.get_mut(place % len).into_iter().for_each(|byte| *byte ^= bits);
            }
            Self::Pad(field) => {
                let value = &mut fields[field % count].1;
                *value = [b" \t".as_slice(), value, b"\t "].concat();
            }
            Self::ForeignField(name) => fields.push((name.clone(), b"anything".to_vec())),
            Self::Time(time) => {
                for (_, value) in fields {
                    if let Ok(text) = std::str::from_utf8(value) {
                        *value = text.replace(&NOW.to_string(), time).into_bytes();
                    }
                }
            }
            Self::Body(place, bits) => {
                let len = body.len().max(1);
                body.get_mut(place % len).into_iter().for_each(|byte| *byte ^= bits);
            }
            Self::Entry(..) | Self::DropEntry(_) | Self::SwapEntries => self.entries(plan, fields),
        }
    }

    /// Changes that a header with one signature does not know.
    fn entries(&self, plan: &Plan, fields: &mut Fields) {
        let Shape::Many(separator, assign, labels) = plan.shape else { return };
        for (name, value) in fields {
            if !name.eq_ignore_ascii_case(plan.header) {
                continue;
            }
            let mut entries: Vec<Vec<u8>> =
                value.split(|byte| *byte == separator).map(<[u8]>::to_vec).collect();
            match self {
                Self::Entry(place, entry, times) => {
                    let entry = entry
                        .replace('L', labels[place % labels.len()].0)
                        .replace(':', &char::from(assign).to_string());
                    let place = place % (entries.len() + 1);
                    let more = vec![entry.into_bytes(); *times];
                    entries.splice(place..place, more);
                }
                Self::DropEntry(place) => drop(entries.remove(place % entries.len())),
                _ => entries.reverse(),
            }
            *value = entries.join(&separator);
        }
    }
}
