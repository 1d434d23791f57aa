//! The kinds of keys that gatehouse issues.

use palisade::apikey::{FormatError, Formats, KeyFormat};

/// The format of a key whose minter names none.
pub(crate) const DEFAULT: &str = "gate_acct_live";

/// Keys of accounts, live and test, and of collectors, which work from one server only.
pub(crate) fn formats() -> Result<Formats, FormatError> {
    Formats::new([
        KeyFormat::new(DEFAULT)?,
        KeyFormat::new("gate_acct_test")?,
        KeyFormat::new("gate_coll_live")?.server_bound(),
    ])
}
