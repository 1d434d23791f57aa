//! The full table, and smaller ones drawn from it.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Read;
use std::net::IpAddr;

use flate2::read::MultiGzDecoder;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// A prefix of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    /// The lowest address.
    pub address: IpAddr,
    /// How many bits are given.
    pub len: u8,
}

/// How many labels there are in a table, each as likely as the others: the worst case for whoever hopes that
/// neighbours have the same one.
pub const LABELS: u32 = 256;

/// The full table as of its file, 1,062,046 prefixes in order.
///
/// # Errors
///
/// When the file is not what it was.
pub fn full_table() -> Result<Vec<Prefix>, Box<dyn Error>> {
    let mut text = String::new();
    let file = &include_bytes!("../../data/bgp_full_table.txt.gz")[..];
    MultiGzDecoder::new(file).read_to_string(&mut text)?;
    text.lines().map(prefix).collect()
}

/// The labelled ranges of fifteen cloud providers, as text.
///
/// # Errors
///
/// When the file is not what it was.
pub fn cloud_text() -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let file = &include_bytes!("../../data/cloud_ranges_labelled.txt.gz")[..];
    MultiGzDecoder::new(file).read_to_string(&mut text)?;
    Ok(text)
}

/// As many prefixes of the table, drawn at random and in order.
#[must_use]
pub fn sample(table: &[Prefix], many: usize) -> Vec<Prefix> {
    let mut rng = StdRng::seed_from_u64(11);
    let mut table = table.to_vec();
    let mut drawn = table.partial_shuffle(&mut rng, many).0.to_vec();
    drawn.sort_unstable();
    drawn
}

/// Which label a prefix has, as a number below [`LABELS`].
#[must_use]
pub fn label_of(prefix: &Prefix) -> u32 {
    let bits = match prefix.address {
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => {
            let bits = u128::from(address).to_be_bytes();
            bits.chunks(8).fold(0, |sum, half| {
                half.iter()
                    .fold(0_u64, |part, byte| (part << 8) | u64::from(*byte))
                    .wrapping_add(sum)
            })
        }
    };
    let mut rng = StdRng::seed_from_u64(bits ^ (u64::from(prefix.len) << 56));
    rng.next_u32() % LABELS
}

/// The label with this number.
#[must_use]
pub fn label_text(label: u32) -> String {
    format!("Network {label:03}")
}

/// The text file of a table: a prefix and its label on each line.
#[must_use]
pub fn text_of(table: &[Prefix]) -> String {
    let mut text = String::new();
    for prefix in table {
        let Prefix { address, len } = prefix;
        let _ = writeln!(text, "{address}/{len} {}", label_text(label_of(prefix)));
    }
    text
}

fn prefix(line: &str) -> Result<Prefix, Box<dyn Error>> {
    let (address, len) = line.split_once('/').ok_or("a prefix has a slash")?;
    Ok(Prefix { address: address.parse()?, len: len.parse()? })
}
