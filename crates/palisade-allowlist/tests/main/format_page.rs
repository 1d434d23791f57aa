//! The worked examples of `docs/formats/allowlist.md`, recomputed.

use std::process::Command;

use palisade_allowlist::{Allowlist, Report};

use crate::support::ip;

const PAGE: &str = include_str!("../../../../docs/formats/allowlist.md");

/// The fenced blocks of a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("\n```{language}\n");
    PAGE.split(&begin).skip(1).map(|rest| &rest[..=rest.find("\n```").unwrap()]).collect()
}

fn example() -> (Allowlist, Report) {
    Allowlist::builder().extend_lines(blocks("text")[1].as_bytes()).unwrap().build().unwrap()
}

#[test]
fn the_list_is_written_and_reported_as_shown() {
    let (list, report) = example();
    let mut written = Vec::new();
    list.write_to(&mut written).unwrap();
    assert_eq!(str::from_utf8(&written).unwrap(), blocks("text")[2]);
    assert_eq!(format!("{report}\n"), blocks("text")[3]);
}

#[test]
fn the_table_of_addresses_is_right() {
    let (list, _) = example();
    let rows: Vec<Vec<&str>> = PAGE
        .lines()
        .skip_while(|line| *line != "| address | by | label |")
        .skip(2)
        .map_while(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|row| row.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let entry = list.check(ip(row[0])).entry();
        let network = entry.map_or("nothing".to_owned(), |entry| entry.network().to_string());
        assert_eq!((network.as_str(), entry.map_or("", |entry| entry.label())), (row[1], row[2]));
    }
}

#[test]
fn the_refusals_are_right() {
    let builder = Allowlist::builder().extend_lines(blocks("text")[4].as_bytes()).unwrap();
    assert_eq!(format!("{}\n", builder.build().unwrap_err()), blocks("text")[5]);
}

/// What the page says, where there is a shell.
#[test]
fn the_shell_agrees() {
    let script = blocks("bash")[0];
    let shown: Vec<&str> =
        script.lines().filter_map(|line| line.split_once("# ")).map(|at| at.1).collect();
    assert_eq!(shown, ["1", "1", "0", "0"]);
    let Ok(output) = Command::new("bash").args(["-c", script]).output() else {
        eprintln!("SKIPPED: there is no bash");
        return;
    };
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().collect::<Vec<_>>(), shown);
}

#[cfg(feature = "serde")]
#[test]
fn the_json_is_right() {
    use palisade_allowlist::{BuildError, Entry};
    use serde_json::{Value, from_str, to_value};

    let [entry, fault] = blocks("json")[..] else { panic!("two blocks") };
    let (list, _) = example();
    let read: Entry = from_str(entry).unwrap();
    let first = list.entries().next().unwrap();
    assert_eq!((read.network(), read.label()), (first.network(), first.label()));
    assert_eq!(to_value(&read).unwrap(), from_str::<Value>(entry).unwrap());

    let builder = Allowlist::builder().extend_lines(blocks("text")[4].as_bytes()).unwrap();
    let Err(BuildError::Malformed(malformed)) = builder.build() else { panic!("it is refused") };
    assert_eq!(to_value(&malformed.faults()[0]).unwrap(), from_str::<Value>(fault).unwrap());
}
