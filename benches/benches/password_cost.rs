//! What hashing a password costs on this machine, with as many logins at once as there are cores:
//! Argon2id across memory and passes, and bcrypt from 10 to 14, as a table and as a plot.
//!
//! `cargo bench -p palisade-benches --bench password_cost [-- --target 250ms --simd --svg FILE]`
#![allow(missing_docs, reason = "a program")]

use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use palisade_benches::Machine;
use palisade_password::{
    Argon2id, Backend, Bcrypt, Load, Measurement, MemoryBudget, Mint, Target, calibrate, measure,
};
use plotters::prelude::*;

const MEMORY_MIB: [u32; 8] = [7, 12, 19, 32, 46, 64, 128, 256];
const PASSES: [u32; 5] = [1, 2, 3, 4, 5];
const BCRYPT_COSTS: [u32; 5] = [10, 11, 12, 13, 14];

/// For how long each setting is measured.
const LASTING: Duration = Duration::from_millis(500);

/// Measure what hashing a password costs on this machine
#[derive(Parser)]
struct Options {
    /// How long a login may wait, for the recommendation
    #[arg(long, default_value = "250ms", value_parser = humantime::parse_duration)]
    target: Duration,
    /// The memory of all hashes together, in MiB, for the recommendation
    #[arg(long, default_value_t = 1024)]
    memory: u32,
    /// How many logins there are at once; without it, one for each core
    #[arg(long)]
    concurrency: Option<usize>,
    /// Compute with the SIMD backend
    #[arg(long)]
    simd: bool,
    /// Where the plot is written
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/password_cost.svg"))]
    svg: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Given by cargo when benches are run as tests: measure one setting and write nothing
    #[arg(long, hide = true)]
    test: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let concurrency = options.concurrency.unwrap_or(cores);
    let backend = if options.simd { Backend::Simd } else { Backend::Portable };
    let load = |lasting| Load { concurrency, memory: MemoryBudget::mib(1024), lasting, backend };
    if options.test || !options.bench {
        measure(Argon2id::new(1024, 1, 1)?, &load(Duration::ZERO))?;
        return Ok(());
    }

    let recommended = recommend(&options, concurrency, backend)?;
    let mut settings: Vec<Mint> = Vec::new();
    for mib in MEMORY_MIB {
        // More work than that is above the default limits for stored hashes.
        for passes in PASSES.into_iter().filter(|passes| mib * passes <= 1024) {
            settings.push(Argon2id::new(mib * 1024, passes, 1)?.into());
        }
    }
    for cost in BCRYPT_COSTS {
        settings.push(Bcrypt::new(cost)?.into());
    }
    settings.extend(recommended.map(Mint::from).filter(|mint| !settings.contains(mint)));

    let bar = ProgressBar::new(settings.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let mut rows = Vec::with_capacity(settings.len());
    for setting in settings {
        bar.set_message(name(setting));
        rows.push(measure(setting, &load(LASTING))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    rows.sort_by_key(|row| order(row.mint));
    print(&rows, recommended, &options, concurrency);
    plot(&rows, recommended, &options.svg)?;
    println!("\nThe plot is in {}.", options.svg.display());
    Ok(())
}

fn recommend(
    options: &Options,
    concurrency: usize,
    backend: Backend,
) -> Result<Option<Argon2id>, Box<dyn Error>> {
    let memory = MemoryBudget::mib(options.memory);
    let target = Target { time: options.target, memory, concurrency, backend };
    let bar = ProgressBar::new_spinner();
    let found = calibrate(&target, |step| {
        bar.set_message(format!("looking for a recommendation: {}", name(step.measuring.into())));
        bar.tick();
    })?;
    bar.finish_and_clear();
    Ok(found.recommended())
}

/// Argon2id by memory and passes, then bcrypt by cost.
fn order(mint: Mint) -> (bool, u32, u32) {
    match mint {
        Mint::Argon2id(params) => (false, params.memory_kib(), params.passes()),
        Mint::Bcrypt(params) => (true, params.cost(), 0),
        _ => (true, u32::MAX, 0),
    }
}

fn name(mint: Mint) -> String {
    match mint {
        Mint::Argon2id(params) => {
            let (mib, passes) = (params.memory_kib() / 1024, passes(params.passes()));
            format!("Argon2id {mib} MiB, {passes}")
        }
        Mint::Bcrypt(params) => format!("bcrypt {}", params.cost()),
        _ => "another".to_owned(),
    }
}

fn passes(number: u32) -> String {
    if number == 1 { "1 pass".to_owned() } else { format!("{number} passes") }
}

fn print(
    rows: &[Measurement],
    recommended: Option<Argon2id>,
    options: &Options,
    concurrency: usize,
) {
    println!("| setting | p50 | p99 | hashes/s | |\n|---|--:|--:|--:|---|");
    for row in rows {
        let mark = match row.mint {
            Mint::Argon2id(params) if Some(params) == recommended => "**recommended**",
            Mint::Argon2id(params) if params == Argon2id::OWASP => "OWASP, the default",
            Mint::Bcrypt(params) if params == Bcrypt::COST_12 => "what many services have",
            _ => "",
        };
        println!(
            "| {} | {} | {} | {:.1} | {mark} |",
            name(row.mint),
            milliseconds(row.p50),
            milliseconds(row.p99),
            row.per_second
        );
    }
    println!(
        "\n{concurrency} logins at once, {} backend; recommended for {:?} and {} MiB.",
        if options.simd { "SIMD" } else { "portable" },
        options.target,
        options.memory,
    );
    println!("Measured on {}.", Machine::this());
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// Time against memory, a line for each number of passes; bcrypt as horizontal lines.
fn plot(
    rows: &[Measurement],
    recommended: Option<Argon2id>,
    file: &Path,
) -> Result<(), Box<dyn Error>> {
    let canvas = SVGBackend::new(file, (900, 560)).into_drawing_area();
    canvas.fill(&WHITE)?;
    let memory: Range<f64> = 6.0..300.0;
    let time: Range<f64> = 3.0..5000.0;
    let mut chart = ChartBuilder::on(&canvas)
        .caption("What a password hash costs under load", ("sans-serif", 22))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(memory.clone().log_scale(), time.log_scale())?;
    chart
        .configure_mesh()
        .x_desc("memory of a hash, MiB")
        .y_desc("median time, ms")
        .x_label_formatter(&|mib| format!("{mib:.0}"))
        .y_label_formatter(&|ms| format!("{ms:.0}"))
        .light_line_style(WHITE)
        .draw()?;

    for passes in PASSES {
        let color = Palette99::pick(passes as usize).to_rgba();
        let points: Vec<(f64, f64)> =
            rows.iter().filter_map(|row| point(row, Some(passes))).collect();
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(format!("Argon2id, {}", self::passes(passes)))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    for row in rows {
        let Mint::Bcrypt(params) = row.mint else { continue };
        let ms = row.p50.as_secs_f64() * 1000.0;
        chart
            .draw_series(LineSeries::new([(memory.start, ms), (memory.end, ms)], BLACK.mix(0.3)))?;
        let label = Text::new(
            format!("bcrypt {}", params.cost()),
            (memory.start * 1.05, ms),
            ("sans-serif", 13),
        );
        chart.draw_series([label])?;
    }
    let is_recommended = |row: &&Measurement| match row.mint {
        Mint::Argon2id(params) => Some(params) == recommended,
        _ => false,
    };
    if let Some(at) = rows.iter().find(is_recommended).and_then(|row| point(row, None)) {
        chart
            .draw_series([Circle::new(at, 7, RED.filled())])?
            .label("recommended")
            .legend(|(x, y)| Circle::new((x + 9, y), 6, RED.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    canvas.present()?;
    Ok(())
}

/// Memory in MiB and milliseconds of an Argon2id row of so many passes, or of any.
fn point(row: &Measurement, passes: Option<u32>) -> Option<(f64, f64)> {
    match row.mint {
        Mint::Argon2id(params) if passes.is_none_or(|passes| passes == params.passes()) => {
            let mib = f64::from(params.memory_kib()) / 1024.0;
            Some((mib, row.p50.as_secs_f64() * 1000.0))
        }
        _ => None,
    }
}
