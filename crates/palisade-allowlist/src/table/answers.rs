//! What a lookup answers, and the labels that answers name.

use std::collections::HashMap;

use super::key::Key;

/// What applies to an address: how long the most specific network is, and which label it has. The network itself follows
/// from the address.
///
/// Both in one number, without a table to look it up in. In a list with few labels it is a small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer(u32);

/// The numbers below this one mean something else.
const FIRST: u32 = 2;

/// The most labels of a list, so that the answer for the last one is a number, too.
const MAX_LABELS: u32 = (u32::MAX - FIRST) / 129 - 1;

impl Answer {
    /// No network of the list.
    pub(crate) const NONE: Self = Self(0);
    /// Not the same for the whole cell: look closer.
    pub(crate) const SPLIT: Self = Self(1);

    /// The answer for networks of addresses like `K`.
    pub(crate) fn new<K: Key>(len: u8, label: u32) -> Self {
        Self(FIRST + label * lengths::<K>() + u32::from(len))
    }

    /// The length and the label, where there is a network.
    #[inline]
    pub(crate) fn parts<K: Key>(self) -> Option<(u8, u32)> {
        let number = self.0.checked_sub(FIRST)?;
        let (label, len) = (number / lengths::<K>(), number % lengths::<K>());
        u8::try_from(len).ok().map(|len| (len, label))
    }

    #[inline]
    pub(super) fn number(self) -> u32 {
        self.0
    }

    #[inline]
    pub(super) fn from_number(number: u32) -> Self {
        Self(number)
    }
}

/// How many lengths a network can have.
#[inline]
fn lengths<K: Key>() -> u32 {
    u32::from(K::BITS) + 1
}

/// All labels in one text, each once.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    text: Box<str>,
    /// Where each label ends; it begins where the one before ends.
    ends: Box<[u32]>,
}

impl Labels {
    #[inline]
    pub(crate) fn get(&self, label: u32) -> &str {
        let index = label as usize;
        let begin =
            index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.text.get(begin as usize..end as usize).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.len() + size_of_val::<[u32]>(&self.ends)
    }
}

/// Gives each distinct label one number.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelsBuilder {
    numbers: HashMap<Box<str>, u32>,
    text: String,
    ends: Vec<u32>,
}

impl LabelsBuilder {
    /// The number of the label; nothing where there are too many of them, or all together pass 4 GiB.
    pub(crate) fn number_of(&mut self, label: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(label) {
            return Some(*number);
        }
        let end = u32::try_from(self.text.len() + label.len()).ok()?;
        let number = u32::try_from(self.ends.len()).ok().filter(|number| *number < MAX_LABELS)?;
        self.text.push_str(label);
        self.ends.push(end);
        self.numbers.insert(label.into(), number);
        Some(number)
    }

    pub(crate) fn finish(self) -> Labels {
        Labels { text: self.text.into(), ends: self.ends.into() }
    }
}
