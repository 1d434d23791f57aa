//! The table for people and the same for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{Machine, Measured};

/// The rows as a Markdown table, then a line on the machine.
///
/// The ratio is ours divided by the peer's, the median of the rounds; the spread is the range in which
/// the middle half of the rounds' ratios lie.
#[must_use]
pub fn markdown(rows: &[Measured], machine: &Machine) -> String {
    let mut text =
        String::from("| comparison | ours | peer | ratio | spread |\n|---|--:|--:|--:|--:|\n");
    for row in rows {
        let Measured { name, peer, unit, ours, theirs, ratio } = row;
        let digits = digits(ours.min(*theirs), unit);
        let _ = writeln!(
            text,
            "| {name} | {ours:.digits$} {unit} | {theirs:.digits$} {unit} ({peer}) | {:.2} | {:.2}–{:.2} |",
            ratio.median, ratio.lower, ratio.upper,
        );
    }
    let _ = write!(text, "\nMeasured on {machine}.");
    text
}

/// How many decimals tell something: a single operation of 3.4 ns is not one of 3.
fn digits(least: f64, unit: &str) -> usize {
    usize::from(unit == "ns" && least < 100.0)
}

/// The rows as JSON, with the machine.
///
/// # Errors
///
/// None that is known: the report is plain data.
pub fn json(rows: &[Measured], machine: &Machine) -> serde_json::Result<String> {
    let rows = rows.iter().map(Row::from).collect();
    serde_json::to_string_pretty(&Report { machine, rows })
}

#[derive(Serialize)]
struct Report<'a> {
    machine: &'a Machine,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    comparison: &'static str,
    peer_name: &'static str,
    unit: &'static str,
    ours: f64,
    peer: f64,
    ratio: f64,
    /// The quartiles of the ratio.
    spread: [f64; 2],
}

impl From<&Measured> for Row {
    fn from(measured: &Measured) -> Self {
        Self {
            comparison: measured.name,
            peer_name: measured.peer,
            unit: measured.unit,
            ours: measured.ours,
            peer: measured.theirs,
            ratio: measured.ratio.median,
            spread: [measured.ratio.lower, measured.ratio.upper],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Comparison;

    fn machine() -> Machine {
        Machine { cpu: "Abacus 7".to_owned(), cores: 2, rustc: "rustc 1.95.0".to_owned() }
    }

    fn row() -> Measured {
        Comparison::bytes("secret/ring", || 300, "a map", || 200).measure().unwrap()
    }

    #[test]
    fn the_table() {
        assert_eq!(
            markdown(&[row()], &machine()),
            "| comparison | ours | peer | ratio | spread |\n\
             |---|--:|--:|--:|--:|\n\
             | secret/ring | 300 bytes | 200 bytes (a map) | 1.50 | 1.50–1.50 |\n\
             \n\
             Measured on Abacus 7, 2 cores, rustc 1.95.0."
        );
        assert_eq!(digits(3.4, "ns"), 1);
        assert_eq!(digits(340.0, "ns"), 0);
        assert_eq!(digits(3.0, "bytes"), 0);
    }

    #[test]
    fn the_same_as_json() {
        let text = json(&[row()], &machine()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["machine"]["cores"], 2);
        assert_eq!(value["rows"][0]["comparison"], "secret/ring");
        assert_eq!(value["rows"][0]["ratio"], 1.5);
        assert_eq!(value["rows"][0]["spread"][1], 1.5);
    }
}
