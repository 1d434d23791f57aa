//! What a lookup costs and how much memory a list takes, against the number of prefixes: ours and the peers, as a
//! table and as a plot. The prefixes are drawn from the full table of the internet, both families together.
//!
//! `cargo bench -p palisade-benches --bench allowlist_size [-- --svg FILE]`
#![allow(missing_docs, reason = "a program")]

use std::error::Error;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use ip_network::IpNetwork;
use ip_network_table::IpNetworkTable;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use iprange::IpRange;
use palisade_allowlist::Allowlist;
use palisade_benches::Machine;
use palisade_benches::allowlist::{
    Prefix, best_time, full_table, label_of, probes, sample, text_of,
};
use plotters::coord::Shift;
use plotters::prelude::*;
use prefix_trie::PrefixMap;

const SIZES: [usize; 8] = [10, 100, 1_000, 10_000, 50_000, 100_000, 300_000, 1_062_046];

/// Measure lists of networks of many sizes
#[derive(Parser)]
struct Options {
    /// Where the plot is written
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/allowlist_size.svg"))]
    svg: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Given by cargo when benches are run as tests: measure the smallest size and write nothing
    #[arg(long, hide = true)]
    test: bool,
}

#[derive(Clone, Copy)]
struct Point {
    size: usize,
    nanoseconds: f64,
    bytes: u64,
}

/// A line of the plot, in the order of [`KINDS`].
type Measure = fn(&[Prefix], &[IpAddr]) -> Result<(f64, u64), Box<dyn Error>>;

const KINDS: [(&str, Measure); 4] = [
    ("palisade-allowlist", ours),
    ("prefix-trie", prefix_trie),
    ("ip_network_table", network_table),
    ("iprange (any match, no labels)", ip_range),
];

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let table = full_table()?;
    if options.test || !options.bench {
        let prefixes = sample(&table, SIZES[0]);
        ours(&prefixes, &addresses(&prefixes)?)?;
        return Ok(());
    }
    let bar = ProgressBar::new(SIZES.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let mut lines: [Vec<Point>; KINDS.len()] = Default::default();
    for size in SIZES {
        bar.set_message(format!("{size} prefixes"));
        let prefixes = sample(&table, size);
        let addresses = addresses(&prefixes)?;
        for (line, (_, measure)) in lines.iter_mut().zip(KINDS) {
            let (nanoseconds, bytes) = measure(&prefixes, &addresses)?;
            line.push(Point { size, nanoseconds, bytes });
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    print(&lines);
    plot(&lines, &options.svg)?;
    println!("\nThe plot is in {}.", options.svg.display());
    Ok(())
}

/// Half of them hits, of each family as many as it has prefixes.
fn addresses(prefixes: &[Prefix]) -> Result<Vec<IpAddr>, Box<dyn Error>> {
    let (list, _) = Allowlist::builder().extend_lines(text_of(prefixes).as_bytes())?.build()?;
    let (v4, v6): (Vec<Prefix>, Vec<Prefix>) =
        prefixes.iter().partition(|prefix| prefix.address.is_ipv4());
    let mut addresses = Vec::new();
    if !v4.is_empty() {
        addresses.extend(probes(&v4, &list, true));
    }
    if !v6.is_empty() {
        // There are fewer prefixes of IPv6, and so there are addresses.
        let mut v6_addresses = probes(&v6, &list, false);
        v6_addresses.truncate(v6_addresses.len() * v6.len() / v4.len().max(v6.len()));
        // Spread evenly: a service does not see one family first.
        let step = addresses.len() / v6_addresses.len().max(1) + 1;
        for (at, address) in v6_addresses.into_iter().enumerate() {
            addresses.insert((at * step).min(addresses.len()), address);
        }
    }
    Ok(addresses)
}

fn ours(prefixes: &[Prefix], addresses: &[IpAddr]) -> Result<(f64, u64), Box<dyn Error>> {
    let text = text_of(prefixes);
    let (list, bytes) =
        counted(|| Ok(Allowlist::builder().extend_lines(text.as_bytes())?.build()?.0))?;
    let time = best_time(addresses, |address| {
        list.check(address).entry().map(|entry| (entry.network().prefix_len(), entry.label().len()))
    });
    Ok((time, bytes))
}

fn prefix_trie(prefixes: &[Prefix], addresses: &[IpAddr]) -> Result<(f64, u64), Box<dyn Error>> {
    let ((v4, v6), bytes) = counted(|| {
        let (mut v4, mut v6) = (PrefixMap::<Ipv4Net, u32>::new(), PrefixMap::<Ipv6Net, u32>::new());
        for prefix in prefixes {
            match prefix.address {
                IpAddr::V4(address) => {
                    v4.insert(Ipv4Net::new(address, prefix.len)?, label_of(prefix))
                }
                IpAddr::V6(address) => {
                    v6.insert(Ipv6Net::new(address, prefix.len)?, label_of(prefix))
                }
            };
        }
        Ok((v4, v6))
    })?;
    let time = best_time(addresses, |address| match address.to_canonical() {
        IpAddr::V4(address) => v4
            .get_lpm(&Ipv4Net::from(address))
            .map(|(network, label)| (network.prefix_len(), *label)),
        IpAddr::V6(address) => v6
            .get_lpm(&Ipv6Net::from(address))
            .map(|(network, label)| (network.prefix_len(), *label)),
    });
    Ok((time, bytes))
}

fn network_table(prefixes: &[Prefix], addresses: &[IpAddr]) -> Result<(f64, u64), Box<dyn Error>> {
    let (table, bytes) = counted(|| {
        let mut table = IpNetworkTable::new();
        for prefix in prefixes {
            table.insert(IpNetwork::new(prefix.address, prefix.len)?, label_of(prefix));
        }
        Ok(table)
    })?;
    let time = best_time(addresses, |address| {
        table
            .longest_match(address.to_canonical())
            .map(|(network, label)| (network.netmask(), *label))
    });
    Ok((time, bytes))
}

fn ip_range(prefixes: &[Prefix], addresses: &[IpAddr]) -> Result<(f64, u64), Box<dyn Error>> {
    let ((v4, v6), bytes) = counted(|| {
        let (mut v4, mut v6) = (IpRange::<Ipv4Net>::new(), IpRange::<Ipv6Net>::new());
        for prefix in prefixes {
            match IpNet::new(prefix.address, prefix.len)? {
                IpNet::V4(network) => drop(v4.add(network)),
                IpNet::V6(network) => drop(v6.add(network)),
            }
        }
        v4.simplify();
        v6.simplify();
        Ok((v4, v6))
    })?;
    let time = best_time(addresses, |address| match address.to_canonical() {
        IpAddr::V4(address) => v4.contains(&address),
        IpAddr::V6(address) => v6.contains(&address),
    });
    Ok((time, bytes))
}

/// What is built, and how many bytes of the heap it keeps.
fn counted<T>(
    build: impl FnOnce() -> Result<T, Box<dyn Error>>,
) -> Result<(T, u64), Box<dyn Error>> {
    let mut result = Err("was not built".into());
    let counts = allocation_counter::measure(|| result = build());
    Ok((result?, u64::try_from(counts.bytes_current)?))
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn per_prefix(point: &Point) -> f64 {
    point.bytes as f64 / point.size as f64
}

fn print(lines: &[Vec<Point>; KINDS.len()]) {
    println!("| prefixes | {} |", KINDS.map(|(name, _)| name).join(" | "));
    println!("|--:|{}", "--:|".repeat(KINDS.len()));
    for (at, size) in SIZES.iter().enumerate() {
        let cells: Vec<String> = lines
            .iter()
            .map(|line| {
                format!("{:.1} ns, {:.1} bytes", line[at].nanoseconds, per_prefix(&line[at]))
            })
            .collect();
        println!("| {size} | {} |", cells.join(" | "));
    }
    let growth = |line: &[Point]| line[SIZES.len() - 1].nanoseconds / line[2].nanoseconds;
    println!("\nFrom 1,000 prefixes to all of them the time grows {:.1} times.", growth(&lines[0]));
    println!("Measured on {}.", Machine::this());
}

fn plot(lines: &[Vec<Point>; KINDS.len()], file: &Path) -> Result<(), Box<dyn Error>> {
    let canvas = SVGBackend::new(file, (1100, 520)).into_drawing_area();
    canvas.fill(&WHITE)?;
    let (left, right) = canvas.split_horizontally(550);
    chart(&left, "Time of a lookup", "ns", lines, |point| point.nanoseconds)?;
    chart(&right, "Memory", "bytes a prefix", lines, per_prefix)?;
    canvas.present()?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn chart(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    caption: &str,
    unit: &str,
    lines: &[Vec<Point>; KINDS.len()],
    value: impl Fn(&Point) -> f64,
) -> Result<(), Box<dyn Error>> {
    let values = || lines.iter().flatten().map(&value);
    let low = values().fold(f64::MAX, f64::min) * 0.7;
    let high = values().fold(0.0, f64::max) * 2.5;
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d((8.0..1.4e6).log_scale(), (low..high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("prefixes")
        .y_desc(unit)
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .light_line_style(WHITE)
        .draw()?;
    for (kind, (line, (name, _))) in lines.iter().zip(KINDS).enumerate() {
        let color = Palette99::pick(kind).to_rgba();
        let width = if kind == 0 { 3 } else { 2 };
        let points: Vec<(f64, f64)> =
            line.iter().map(|point| (point.size as f64, value(point))).collect();
        chart
            .draw_series(LineSeries::new(points.clone(), color.stroke_width(width)))?
            .label(name)
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], color.stroke_width(width))
            });
        chart.draw_series(points.into_iter().map(|at| Circle::new(at, 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}
