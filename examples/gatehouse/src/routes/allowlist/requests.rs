//! What clients may ask for.

use palisade::allowlist::{Allowlist, Entry, Network, Report};
use serde::Deserialize;

use crate::allowlists::{MAX_ENTRIES, builder};
use crate::error::ApiError;
use crate::input::Described;

/// `PUT /api/v1/allowlist`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRequest {
    entries: Vec<EntryRequest>,
    /// Whether the list is put even if it does not hold the address of whoever puts it.
    #[serde(default)]
    pub(super) force: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRequest {
    network: String,
    #[serde(default)]
    label: String,
}

impl Described for ListRequest {
    const FIELDS: &'static str = "the body is {\"entries\":[{\"network\":\"203.0.113.0/24\",\"label\":\"Office\"},…]}, and if need be \"force\":true";
}

impl ListRequest {
    /// The list, and what its owner should know about it.
    ///
    /// The texts go through the strict parser here and not while the body is read, so that all that is wrong is
    /// told at once.
    pub(super) fn build(&self) -> Result<(Allowlist, Report), ApiError> {
        if self.entries.len() > MAX_ENTRIES as usize {
            return Err(ApiError::too_many_entries());
        }
        let entries = self.entries.iter();
        let list = entries.fold(builder(), |list, entry| list.push(&entry.network, &entry.label));
        Ok(list.build()?)
    }

    /// The entries of a list that was built, in the order of the request and in canonical form.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, ApiError> {
        let entry = |entry: &EntryRequest| {
            let (network, _) = Network::parse_masking(&entry.network).ok()?;
            Entry::new(network, &entry.label).ok()
        };
        let entries: Option<Vec<Entry>> = self.entries.iter().map(entry).collect();
        entries.ok_or_else(|| ApiError::internal("entries_of_a_list"))
    }
}
