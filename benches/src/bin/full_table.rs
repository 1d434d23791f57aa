//! Compares a list of the whole table of the internet with a matcher that looks at every entry, on addresses drawn at
//! random: hits, misses, and the edges of networks.
//!
//! `cargo run --release -p palisade-benches --bin full_table [-- --addresses N]`

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::ExitCode;

use clap::Parser;
use indicatif::ProgressBar;
use palisade_allowlist::Allowlist;
use palisade_benches::allowlist::{Prefix, full_table, label_of, label_text, probes, text_of};

/// Compare the full table with a matcher that looks at every entry
#[derive(Parser)]
struct Options {
    /// How many addresses are compared
    #[arg(long, default_value_t = 100_000)]
    addresses: usize,
}

fn main() -> ExitCode {
    match run(Options::parse().addresses) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(addresses: usize) -> Result<usize, Box<dyn Error>> {
    let table = full_table()?;
    let (list, report) = Allowlist::builder().extend_lines(text_of(&table).as_bytes())?.build()?;
    println!("{} entries, {} of them inside of others", report.entries(), report.shadowed());
    let naive = Naive::new(&table);
    let drawn = draw(&table, &list, addresses);
    let bar = ProgressBar::new(drawn.len() as u64);
    let (mut wrong, mut hits) = (0, 0);
    for address in &drawn {
        let expected = naive.longest(*address);
        let label = expected.map(|prefix| label_text(label_of(&prefix)));
        let found = list.check(*address).entry();
        let agrees = found.map(|entry| (entry.network().first(), entry.network().prefix_len()))
            == expected.map(|prefix| (prefix.address, prefix.len))
            && found.map(|entry| entry.label()) == label.as_deref()
            && list.contains(*address) == expected.is_some();
        if !agrees {
            println!("{address}: {found:?} instead of {expected:?}");
            wrong += 1;
        }
        hits += usize::from(expected.is_some());
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("{} addresses, {hits} of them hits: {wrong} wrong", drawn.len());
    Ok(wrong)
}

/// A third of them hits and a third misses of both families by turns, and a third edges.
fn draw(table: &[Prefix], list: &Allowlist, addresses: usize) -> Vec<IpAddr> {
    let (v4, v6) = (probes(table, list, true), probes(table, list, false));
    let by_turns = v4.into_iter().zip(v6).flat_map(|(v4, v6)| [v4, v6]);
    let step = (table.len() / (addresses / 3).max(1)).max(1);
    let edges = table.iter().step_by(step).enumerate().map(|(at, prefix)| edge(prefix, at % 4));
    by_turns.take(addresses - addresses / 3).chain(edges.take(addresses / 3)).collect()
}

/// The first or last address of a network, or the one beside it.
fn edge(prefix: &Prefix, which: usize) -> IpAddr {
    match prefix.address {
        IpAddr::V4(address) => {
            let first = u32::from(address);
            let last = first | u32::MAX.checked_shr(prefix.len.into()).unwrap_or(0);
            let edges = [first, last, first.wrapping_sub(1), last.wrapping_add(1)];
            IpAddr::V4(Ipv4Addr::from(edges[which]))
        }
        IpAddr::V6(address) => {
            let first = u128::from(address);
            let last = first | u128::MAX.checked_shr(prefix.len.into()).unwrap_or(0);
            let edges = [first, last, first.wrapping_sub(1), last.wrapping_add(1)];
            IpAddr::V6(Ipv6Addr::from(edges[which]))
        }
    }
}

/// Looks at every entry, as first and last address.
struct Naive {
    v4: Vec<(u32, u32, Prefix)>,
    v6: Vec<(u128, u128, Prefix)>,
}

impl Naive {
    fn new(table: &[Prefix]) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in table {
            match prefix.address {
                IpAddr::V4(address) => {
                    let host = u32::MAX.checked_shr(prefix.len.into()).unwrap_or(0);
                    v4.push((u32::from(address), host, *prefix));
                }
                IpAddr::V6(address) => {
                    let host = u128::MAX.checked_shr(prefix.len.into()).unwrap_or(0);
                    v6.push((u128::from(address), host, *prefix));
                }
            }
        }
        Self { v4, v6 }
    }

    fn longest(&self, address: IpAddr) -> Option<Prefix> {
        let mut longest: Option<Prefix> = None;
        let mut take = |prefix: &Prefix| {
            if longest.is_none_or(|longest| longest.len <= prefix.len) {
                longest = Some(*prefix);
            }
        };
        match address {
            IpAddr::V4(address) => {
                let bits = u32::from(address);
                let matching = self.v4.iter().filter(|(first, host, _)| bits & !host == *first);
                matching.for_each(|(_, _, prefix)| take(prefix));
            }
            IpAddr::V6(address) => {
                let bits = u128::from(address);
                let matching = self.v6.iter().filter(|(first, host, _)| bits & !host == *first);
                matching.for_each(|(_, _, prefix)| take(prefix));
            }
        }
        longest
    }
}
