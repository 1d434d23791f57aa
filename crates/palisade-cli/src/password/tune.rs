//! `palisade password tune`.

use std::fmt::Write;
use std::time::Duration;

use palisade::password::{
    Argon2id, Backend, Calibration, Measurement, MemoryBudget, Mint, Target, calibrate,
};
use serde::Serialize;

use crate::args::TuneArgs;
use crate::output::{Failure, Output};
use crate::progress;
use crate::units::Size;

#[derive(Serialize)]
struct Tuned {
    found: bool,
    recommended: Option<Row>,
    /// The same as code.
    code: Option<String>,
    measured: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    p50_ms: f64,
    p99_ms: f64,
    per_second: f64,
    hashes: usize,
}

pub(crate) fn tune(args: &TuneArgs, json: bool) -> Result<Output, Failure> {
    let target = Target {
        time: args.target.0,
        memory: MemoryBudget::bytes(args.memory.bytes()),
        concurrency: usize::try_from(args.concurrency).unwrap_or(usize::MAX),
        backend: Backend::default(),
    };
    let bar = progress::bar(None, "{bar:30} {pos}/{len} sizes of memory, now {msg}", json);
    let found = calibrate(&target, |step| {
        bar.set_length(step.of as u64);
        bar.set_position(step.done as u64);
        bar.set_message(parameters(step.measuring));
    });
    bar.finish_and_clear();
    let found = found.map_err(|error| Failure::error("calibration", &error))?;

    let best = found.measurement().and_then(row);
    let code = found.recommended().map(code);
    let tuned = Tuned {
        found: best.is_some(),
        recommended: best,
        code,
        measured: found.measurements().iter().filter_map(row).collect(),
    };
    let status = u8::from(!tuned.found);
    Ok(Output::new(text(args, &found), &tuned)?.with_status(status))
}

fn text(args: &TuneArgs, found: &Calibration) -> String {
    let mut text = String::new();
    let head = match (found.recommended(), found.measurement()) {
        (Some(best), Some(measured)) => format!(
            "recommended      {}\n\
             hashes a second  {:.1}\n\
             half within      {}\n\
             99 % within      {}\n\
             in code          {}\n",
            parameters(best),
            measured.per_second,
            milliseconds(measured.p50),
            milliseconds(measured.p99),
            code(best),
        ),
        _ => format!(
            "Nothing as strong as OWASP asks stays within {} with {} at once. Allow more time or\n\
             fewer logins at once; weaker parameters are no remedy.\n",
            milliseconds(args.target.0),
            args.concurrency,
        ),
    };
    // Writing to a String does not fail.
    let _ = writeln!(text, "{head}\n   MEMORY  PASSES        P50        P99  HASHES/S");
    for measured in found.measurements() {
        let Mint::Argon2id(params) = measured.mint else { continue };
        let is_best = found.recommended() == Some(params);
        let _ = writeln!(
            text,
            "{} {:>7}  {:>6}  {:>9}  {:>9}  {:>8.1}",
            if is_best { "*" } else { " " },
            Size::from_bytes(params.memory_bytes()).to_string(),
            params.passes(),
            milliseconds(measured.p50),
            milliseconds(measured.p99),
            measured.per_second,
        );
    }
    text
}

fn row(measured: &Measurement) -> Option<Row> {
    let Mint::Argon2id(params) = measured.mint else { return None };
    Some(Row {
        memory_kib: params.memory_kib(),
        passes: params.passes(),
        lanes: params.lanes(),
        p50_ms: measured.p50.as_secs_f64() * 1000.0,
        p99_ms: measured.p99.as_secs_f64() * 1000.0,
        per_second: measured.per_second,
        hashes: measured.hashes,
    })
}

fn parameters(params: Argon2id) -> String {
    let (passes, lanes) = (params.passes(), params.lanes());
    let plural = |count: u32| if count == 1 { "" } else { "es" };
    let memory = Size::from_bytes(params.memory_bytes());
    let lane = if lanes == 1 { "lane" } else { "lanes" };
    format!("Argon2id, {memory}, {passes} pass{}, {lanes} {lane}", plural(passes))
}

fn code(params: Argon2id) -> String {
    format!("Argon2id::new({}, {}, {})?", params.memory_kib(), params.passes(), params.lanes())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
