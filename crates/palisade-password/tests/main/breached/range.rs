use std::collections::HashMap;
use std::convert::Infallible;
use std::io;

use palisade_password::{
    InvalidRange, Password, RangeError, RangePrefix, RangeQuery, RangeSource, RangeStanding,
};
use proptest::prelude::*;

/// The rest of SHA-1("password") = 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
const OTHER: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD9";

fn query() -> RangeQuery {
    RangeQuery::new(&Password::new("password").unwrap())
}

fn found(response: &str) -> Result<RangeStanding, InvalidRange> {
    query().find_in(response.as_bytes())
}

#[test]
fn the_question() {
    assert_eq!(query().prefix().to_string(), "5BAA6");
    assert_eq!((RangePrefix::PADDING_HEADER, RangePrefix::PADDING_VALUE), ("Add-Padding", "true"));
    // Leading zeros stay: this one is 0000045674A811AD134F79CA5F3984F8BDB0CB11.
    let query = RangeQuery::new(&Password::new("zeros-978743").unwrap());
    assert_eq!(query.prefix().to_string(), "00000");
}

#[test]
fn debug_shows_nothing_of_the_hash() {
    let query = query();
    assert_eq!(format!("{query:?}"), "RangeQuery(<redacted>)");
    assert_eq!(format!("{:?}", query.prefix()), "RangePrefix(<redacted>)");
}

#[test]
fn answers() {
    let breached = |count| Ok(RangeStanding::Breached { count });
    for (response, expected) in [
        (format!("{SUFFIX}:3"), breached(3)),
        (format!("{OTHER}:7\r\n{SUFFIX}:3\r\n"), breached(3)),
        (format!("{SUFFIX}:3\n{OTHER}:7\n"), breached(3)),
        (format!("{}:3\n", SUFFIX.to_lowercase()), breached(3)),
        (format!("{SUFFIX}:18446744073709551615"), breached(u64::MAX)),
        // Padding is no breach, and hides none.
        (format!("{SUFFIX}:0\r\n{OTHER}:0\r\n"), Ok(RangeStanding::NotFound)),
        (format!("{SUFFIX}:0\n{SUFFIX}:4\n{SUFFIX}:0\n{SUFFIX}:2\n"), breached(4)),
        (format!("{OTHER}:7\n"), Ok(RangeStanding::NotFound)),
    ] {
        assert_eq!(found(&response), expected, "{response}");
    }
}

#[test]
fn what_is_no_answer() {
    for response in ["", "\n", "\r\n"] {
        assert_eq!(found(response), Err(InvalidRange::Empty));
    }
    for line in [
        SUFFIX.to_owned(),
        format!("{SUFFIX}:"),
        format!("{SUFFIX}:+3"),
        format!("{SUFFIX}:-3"),
        format!("{SUFFIX}:3 "),
        format!(" {SUFFIX}:3"),
        format!("{SUFFIX}:3:4"),
        format!("{SUFFIX};3"),
        format!("{SUFFIX}A:3"),
        format!("{}:3", &SUFFIX[1..]),
        format!("{}G:3", &SUFFIX[1..]),
        format!("{SUFFIX}:18446744073709551616"),
        format!("5BAA6{SUFFIX}:3"),
        format!("{SUFFIX}:3\r"),
        "<html>".to_owned(),
        String::new(),
    ] {
        // Also after a match: one bad row spoils the answer.
        let response = format!("{SUFFIX}:1\r\n{line}\r\n{OTHER}:1\r\n");
        assert_eq!(found(&response), Err(InvalidRange::Malformed { line: 2 }), "{line}");
    }
    let text = found("<html>").unwrap_err().to_string();
    assert!(!text.contains("html"), "{text}");
}

#[test]
fn an_answer_has_a_limit() {
    let row = format!("{OTHER}:1\n");
    let mut response = row.repeat(RangeQuery::MAX_RESPONSE / row.len());
    assert_eq!(found(&response), Ok(RangeStanding::NotFound));
    response.push_str(&row);
    assert_eq!(found(&response), Err(InvalidRange::TooLarge));
}

/// The parser again, as slow and plain as can be.
fn naive(response: &str) -> Option<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    let response = response.strip_suffix('\n').unwrap_or(response);
    for line in response.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (suffix, count) = line.split_once(':')?;
        let hex = suffix.chars().all(|c| c.is_ascii_hexdigit());
        let decimal = count.chars().all(|c| c.is_ascii_digit());
        if suffix.chars().count() != 35 || !hex || !decimal {
            return None;
        }
        let entry = counts.entry(suffix.to_uppercase()).or_insert(0);
        *entry = count.parse::<u64>().ok()?.max(*entry);
    }
    Some(counts)
}

fn row() -> impl Strategy<Value = String> {
    let suffix = prop_oneof![Just(SUFFIX.to_owned()), "[0-9a-fA-F]{35}", "[0-9A-F]{34,36}"];
    let count = prop_oneof![9 => "[0-9]{1,3}", 1 => "[0-9+:]{0,22}"];
    (suffix, count, "\r?\n").prop_map(|(suffix, count, end)| format!("{suffix}:{count}{end}"))
}

proptest! {
    #[test]
    fn reads_as_the_plain_parser(rows in prop::collection::vec(row(), 1..8)) {
        let response = rows.concat();
        match naive(&response) {
            None => prop_assert!(found(&response).is_err()),
            Some(counts) => {
                let expected = match counts.get(SUFFIX) {
                    None | Some(0) => RangeStanding::NotFound,
                    Some(count) => RangeStanding::Breached { count: *count },
                };
                prop_assert_eq!(found(&response), Ok(expected));
            }
        }
    }

    #[test]
    fn no_bytes_panic(response in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = query().find_in(&response);
    }
}

struct Answers(&'static str);

impl RangeSource for Answers {
    type Error = Infallible;

    async fn fetch(&self, prefix: &RangePrefix) -> Result<Vec<u8>, Infallible> {
        assert_eq!(prefix.to_string(), "5BAA6");
        Ok(self.0.as_bytes().to_vec())
    }
}

struct Down;

impl RangeSource for Down {
    type Error = io::Error;

    async fn fetch(&self, _: &RangePrefix) -> Result<Vec<u8>, io::Error> {
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[tokio::test]
async fn a_source_is_asked() {
    let query = query();
    let there = Answers("1E4C9B93F3F0682250B6CF8331B7EE68FD8:5\r\n");
    assert_eq!(query.ask(&there).await.unwrap(), RangeStanding::Breached { count: 5 });
    let nonsense = query.ask(&Answers("<html>")).await;
    let line = InvalidRange::Malformed { line: 1 };
    assert!(matches!(nonsense, Err(RangeError::Invalid(error)) if error == line));
    assert!(matches!(query.ask(&Down).await, Err(RangeError::Source(_))));
}

#[test]
fn the_future_goes_to_another_thread() {
    fn sendable<T: Send>(_: &T) {}
    sendable(&query().ask(&Down));
}
