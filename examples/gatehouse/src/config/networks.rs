//! Networks in a variable, or in the file that it names.

use palisade::allowlist::{Allowlist, BuildError, EmptyList};

/// What such a variable has to be.
pub(super) const RULE: &str = "networks separated by commas, or @ and the path of a file";

/// Reads them; there is at least one. Bits beyond the length are refused: `10.0.0.7/8` is most likely one machine, and
/// would be sixteen million.
pub(super) fn read(text: &str, most: u32) -> Result<Allowlist, BuildError> {
    let list = Allowlist::builder().max_entries(most).reject_host_bits();
    let list = match text.strip_prefix('@') {
        Some(path) => list.extend_lines(std::io::BufReader::new(std::fs::File::open(path)?))?,
        None => text.split(',').fold(list, |list, network| list.push(network.trim(), "")),
    };
    let (list, _) = list.when_empty(EmptyList::DeniesEveryone).build()?;
    if list.is_empty() { Err(BuildError::Empty) } else { Ok(list) }
}
