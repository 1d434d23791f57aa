//! Structures that were tried for `palisade-allowlist`, on the full table of the internet: time of a longest match
//! and bytes, as a table. `docs/decisions/0011-allowlist-table.md` says what came of it.
//!
//! `cargo bench -p palisade-benches --bench allowlist_structures`
#![allow(missing_docs, reason = "a program")]

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_allowlist::Allowlist;
use palisade_benches::Machine;
use palisade_benches::allowlist::{best_time, cloud_text, full_table, probes, text_of};

/// How many starts a node of the sampled tree has.
const FAN: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let table = full_table()?;
    let text = text_of(&table);
    let (list, _) = Allowlist::builder().extend_lines(text.as_bytes())?.build()?;
    println!("| family | structure | a lookup | bytes a range |\n|---|---|--:|--:|");
    for is_ipv4 in [true, false] {
        let family = if is_ipv4 { "IPv4" } else { "IPv6" };
        let addresses = probes(&table, &list, is_ipv4);
        let row = |name: &str, bytes: f64, lookup: &mut dyn FnMut(IpAddr) -> u32| {
            println!(
                "| {family} | {name} | {:.1} ns | {bytes:.1} |",
                best_time(&addresses, lookup)
            );
        };
        let flat = Flat::of(&list, is_ipv4);
        let base = 8.0 + 2.0;
        row("sorted starts, binary search", base, &mut |address| {
            flat.search(0, flat.starts.len(), key(address))
        });
        for bits in [16, 20, 24] {
            let index = Direct::over(&flat, bits);
            let name = format!("a direct index of {bits} bits");
            row(&name, base + index.bytes_a_range(&flat), &mut |address| {
                index.find(&flat, key(address))
            });
        }
        let sampled = Sampled::over(&flat);
        let name = "samples of every 16th start, as a tree";
        row(name, base + 8.0 / 15.0, &mut |address| sampled.find(&flat, key(address)));
        let bytes = ours(&table, is_ipv4)?.heap_bytes();
        let name = "what is in use, with label and network";
        row(name, per_range(bytes, &flat), &mut |address| {
            list.check(address).entry().map_or(0, |entry| u32::from(entry.network().prefix_len()))
        });
    }
    println!("\n| list | entries | bytes an entry |\n|---|--:|--:|");
    let own = table.iter().zip(1..).map(|(prefix, number)| {
        format!("{}/{} Autonomous system {number}\n", prefix.address, prefix.len)
    });
    shape("the full table, one of 256 labels each", &text)?;
    shape("the full table, a label of its own for each", &own.collect::<String>())?;
    shape("the ranges of 15 cloud providers", &cloud_text()?)?;
    let scattered = (0_u32..1_000_000).map(|n| Ipv4Addr::from(n.wrapping_mul(2_654_435_769)));
    shape("a million single addresses of IPv4", &lines(scattered))?;
    let hosts = (0_u128..1_000_000).map(|n| Ipv6Addr::from((0x2001_0db8 << 96) | (n << 70) | n));
    shape("a million single addresses of IPv6", &lines(hosts))?;
    println!("\nMeasured on {}.", Machine::this());
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn shape(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let (list, _) = Allowlist::builder().extend_lines(text.as_bytes())?.build()?;
    let bytes = list.heap_bytes() as f64 / list.len() as f64;
    println!("| {name} | {} | {bytes:.1} |", list.len());
    Ok(())
}

fn lines(addresses: impl Iterator<Item = impl Display>) -> String {
    addresses.fold(String::new(), |mut text, address| {
        let _ = writeln!(text, "{address}");
        text
    })
}

fn ours(
    table: &[palisade_benches::allowlist::Prefix],
    is_ipv4: bool,
) -> Result<Allowlist, Box<dyn Error>> {
    let table: Vec<_> =
        table.iter().copied().filter(|prefix| prefix.address.is_ipv4() == is_ipv4).collect();
    Ok(Allowlist::builder().extend_lines(text_of(&table).as_bytes())?.build()?.0)
}

/// The first 64 bits of an address; an address of IPv4 fills the upper half.
fn key(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(u32::from(address)) << 32,
        IpAddr::V6(address) => first_half(u128::from(address)),
    }
}

fn first_half(bits: u128) -> u64 {
    u64::try_from(bits >> 64).unwrap_or(u64::MAX)
}

/// Ranges without overlap, and an answer for each. Networks longer than a /64 are left out.
struct Flat {
    starts: Vec<u64>,
    answers: Vec<u16>,
}

impl Flat {
    fn of(list: &Allowlist, is_ipv4: bool) -> Self {
        let mut ranges = Self { starts: vec![0], answers: vec![0] };
        let mut open: Vec<(u64, u16)> = Vec::new();
        let mut labels: Vec<&str> = Vec::new();
        for entry in list.entries() {
            let network = entry.network();
            let len = network.prefix_len();
            if network.first().is_ipv4() != is_ipv4 || len > 64 {
                continue;
            }
            let [begin, end] = [
                key(network.first()),
                key(network.last()) | if is_ipv4 { u64::from(u32::MAX) } else { 0 },
            ];
            ranges.close(&mut open, Some(begin));
            let label =
                labels.iter().position(|label| *label == entry.label()).unwrap_or_else(|| {
                    labels.push(entry.label());
                    labels.len() - 1
                });
            let answer = u16::try_from(1 + usize::from(len) * 256 + label).unwrap_or(u16::MAX);
            open.push((end, answer));
            ranges.begin(begin, answer);
        }
        ranges.close(&mut open, None);
        ranges
    }

    fn close(&mut self, open: &mut Vec<(u64, u16)>, before: Option<u64>) {
        while let Some((last, _)) = open.last().copied()
            && before.is_none_or(|before| last < before)
        {
            open.pop();
            if let Some(above) = last.checked_add(1) {
                self.begin(above, open.last().map_or(0, |(_, answer)| *answer));
            }
        }
    }

    fn begin(&mut self, start: u64, answer: u16) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.answers.pop();
        }
        self.starts.push(start);
        self.answers.push(answer);
    }

    fn search(&self, begin: usize, end: usize, key: u64) -> u32 {
        let found = begin + self.starts[begin..end].partition_point(|start| *start <= key);
        u32::from(self.answers[found - 1])
    }
}

/// Where the starts of each of two to the power of some bits equal slots begin.
struct Direct {
    bits: u32,
    below: Vec<u32>,
}

impl Direct {
    fn over(flat: &Flat, bits: u32) -> Self {
        let below = (0..=1_u64 << bits).map(|slot| {
            let position = flat.starts.partition_point(|start| *start >> (64 - bits) < slot);
            u32::try_from(position).unwrap_or(u32::MAX)
        });
        Self { bits, below: below.collect() }
    }

    fn find(&self, flat: &Flat, key: u64) -> u32 {
        let slot = usize::try_from(key >> (64 - self.bits)).unwrap_or(usize::MAX);
        flat.search(self.below[slot] as usize, self.below[slot + 1] as usize, key)
    }

    fn bytes_a_range(&self, flat: &Flat) -> f64 {
        per_range(self.below.len() * 4, flat)
    }
}

/// Every 16th start, every 16th of these, and so on.
struct Sampled {
    levels: Vec<Vec<u64>>,
}

impl Sampled {
    fn over(flat: &Flat) -> Self {
        let mut levels = vec![flat.starts.iter().step_by(FAN).copied().collect::<Vec<u64>>()];
        while let Some(level) = levels.last()
            && level.len() > FAN
        {
            levels.push(level.iter().step_by(FAN).copied().collect());
        }
        levels.reverse();
        Self { levels }
    }

    fn find(&self, flat: &Flat, key: u64) -> u32 {
        let node =
            self.levels.iter().fold(0, |node, level| (node + last_of(&level[node..], key)) * FAN);
        u32::from(flat.answers[node + last_of(&flat.starts[node..], key)])
    }
}

/// Which start of a node is the last one that is not above the key.
fn last_of(starts: &[u64], key: u64) -> usize {
    let node = &starts[..starts.len().min(FAN)];
    node.iter().map(|start| usize::from(*start <= key)).sum::<usize>() - 1
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn per_range(bytes: usize, flat: &Flat) -> f64 {
    bytes as f64 / flat.starts.len() as f64
}
