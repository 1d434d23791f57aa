//! One entry of a list.

use std::fmt;
use std::str::FromStr;

use crate::{EntryError, LabelError, LabelProblem, Network, label, mend};

/// A network and what its owner calls it.
///
/// As text it is a line of the [text format](crate::Builder::extend_lines): the network, white space, the label.
///
/// # Examples
///
/// ```
/// use palisade_allowlist::Entry;
///
/// let entry: Entry = "203.0.113.0/24  CI/CD pipeline".parse()?;
/// assert_eq!(entry.network().prefix_len(), 24);
/// assert_eq!(entry.label(), "CI/CD pipeline");
/// assert_eq!(entry.to_string(), "203.0.113.0/24 CI/CD pipeline");
/// # Ok::<(), palisade_allowlist::EntryError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    network: Network,
    label: Box<str>,
}

impl Entry {
    /// An entry; the label may be empty.
    ///
    /// # Errors
    ///
    /// [`LabelError`] for a label that is too long, has control characters or could not be read back.
    pub fn new(network: Network, label: &str) -> Result<Self, LabelError> {
        label::check(label)?;
        Ok(Self { network, label: label.into() })
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The label, empty where there is none.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let (network, label) = halves(text);
        let offset = text.len() - label.len();
        Self::new(Network::parse(network)?, label)
            .map_err(|error| bad_label(network, label, error).shifted(offset))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.label.is_empty() {
            return self.network.fmt(f);
        }
        write!(f, "{} {}", self.network, self.label)
    }
}

/// The error for the label of a line, whose network was read. Columns count from the beginning of the label.
pub(crate) fn bad_label(network: &str, label: &str, error: LabelError) -> EntryError {
    let torn =
        (error.problem() == LabelProblem::Network).then(|| label::torn_from(label)).flatten();
    torn.map_or(EntryError::Label(error), |torn| mend::torn(network, torn).into())
}

/// What stands before the first space or tab, and what begins after them.
pub(crate) fn halves(text: &str) -> (&str, &str) {
    match text.find([' ', '\t']) {
        Some(at) => {
            let (network, rest) = text.split_at(at);
            (network, rest.trim_start_matches([' ', '\t']))
        }
        None => (text, ""),
    }
}
