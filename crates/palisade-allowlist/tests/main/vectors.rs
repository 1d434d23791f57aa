//! The corpus of addresses, entries and lists; and files of the same schema under `$PALISADE_VECTORS/allowlist`.
//!
//! A file is an object of sections, each a list of cases. A section, a case or a field that no driver knows fails
//! the test.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use palisade_allowlist::{Allowlist, EmptyList, Layers, Match, Network, NetworkProblem};
use serde_json::Value;

/// Sections that have drivers of their own.
const ELSEWHERE: &[&str] =
    &["client_ip", "forwarded_element", "rate_key", "aggregate", "range_prefixes", "netmask"];

/// Rows that lost the white space that they are about: what is left of them is a plain address or network, which
/// other rows rightly expect to be read. They are run with the white space put back, before, within and after.
const LOST_SPACE: &[(&str, &[&str])] = &[
    ("addr_parse-477e801c22", &[" 192.168.1.1", "\t192.168.1.1"]),
    ("addr_parse-f769e0b820", &["192.168.1.1 ", "192.168.1.1\n"]),
    ("entry_parse-902200101b", &[" 10.0.0.0/8", "\t10.0.0.0/8"]),
    ("entry_parse-7d67e34cbe", &["10.0.0.0/8 ", "10.0.0.0/8\n"]),
    ("entry_parse-86ba87faea", &["10.0.0.0/ 8", "10.0.0.0/\u{a0}8"]),
];

/// Accept and reject rows are counted apart: who rejects everything would look good in a corpus of attacks.
#[derive(Default)]
struct Score {
    accepted: usize,
    rejected: usize,
}

impl Score {
    fn count(&mut self, is_accepted: bool) {
        *if is_accepted { &mut self.accepted } else { &mut self.rejected } += 1;
    }
}

type Driver = fn(&Value, &mut Score);

fn driver(section: &str) -> Option<Driver> {
    match section {
        "addr_parse" => Some(address),
        "entry_parse" => Some(entry),
        "membership" => Some(membership),
        "lpm" => Some(most_specific),
        _ => None,
    }
}

#[test]
fn every_corpus() {
    let own = json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"));
    assert_eq!(own.iter().map(|file| run(file)).sum::<usize>(), 112 + 97 + 108 + 40);
    if let Some(folder) = std::env::var_os("PALISADE_VECTORS") {
        for file in json_files(&Path::new(&folder).join("allowlist")) {
            run(&file);
        }
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

/// How many cases of the file were run.
fn run(file: &Path) -> usize {
    let text = std::fs::read_to_string(file).unwrap();
    let content: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let sections =
        content.as_object().unwrap_or_else(|| panic!("{}: not an object", file.display()));
    let mut score = Score::default();
    let mut cases = 0;
    let mut ids = BTreeSet::new();
    for (section, rows) in sections.iter().filter(|(section, _)| *section != "meta") {
        let rows = rows.as_array().unwrap_or_else(|| panic!("{section} is not a list of cases"));
        if let Some(count) = content["meta"]["counts"].get(section) {
            assert_eq!(count, rows.len(), "{}: {section}", file.display());
        }
        let Some(drive) = driver(section) else {
            assert!(ELSEWHERE.contains(&section.as_str()), "an unknown section `{section}`");
            continue;
        };
        for row in rows {
            assert!(ids.insert(text_of(row, "id")), "{} stands twice", text_of(row, "id"));
            drive(row, &mut score);
        }
        cases += rows.len();
    }
    let Score { accepted, rejected } = score;
    assert_eq!(accepted + rejected, cases, "{}: a row was not judged", file.display());
    println!("allowlist: {cases} cases, {accepted} accepted, {rejected} rejected");
    cases
}

fn text_of<'v>(row: &'v Value, field: &str) -> &'v str {
    row[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {row}"))
}

fn flag_of(row: &Value, field: &str) -> bool {
    row[field].as_bool().unwrap_or_else(|| panic!("no flag `{field}` in {row}"))
}

/// A field that this driver does not know may be a verdict that it would ignore.
fn assert_fields(row: &Value, known: &[&str]) {
    for field in row.as_object().unwrap_or_else(|| panic!("not an object: {row}")).keys() {
        let about = ["id", "src", "note", "divergent", "upstream_valid"];
        assert!(
            about.contains(&&**field) || known.contains(&&**field),
            "unknown `{field}` in {row}"
        );
    }
}

/// The input of a row, or what it was before it lost its white space.
fn inputs(row: &Value) -> Vec<&str> {
    let input = text_of(row, "input");
    let lost = LOST_SPACE.iter().find(|(id, _)| *id == text_of(row, "id"));
    match lost {
        Some((_, before)) if !input.contains(char::is_whitespace) => before.to_vec(),
        _ => vec![input],
    }
}

fn address(row: &Value, score: &mut Score) {
    assert_fields(row, &["input", "valid", "canonical", "unmapped", "reason"]);
    let is_valid = flag_of(row, "valid");
    for input in inputs(row) {
        let id = format!("{} {input:?}", text_of(row, "id"));
        let address = input.parse::<IpAddr>().ok();
        assert_eq!(address.is_some(), is_valid, "{id}");
        // A network with a length is no address, and that is all the difference.
        let network = Network::parse(input);
        assert_eq!(network.is_ok(), is_valid || input == "1.2.3.4/32", "{id}");
        if let (Some(address), Ok(network)) = (address, &network) {
            assert_eq!(address.to_string(), text_of(row, "canonical"), "{id}");
            assert_eq!(network.first().to_string(), text_of(row, "unmapped"), "{id}");
            assert_eq!(*network, Network::host(address), "{id}");
        }
        if let (Some(reason), Err(error)) = (row.get("reason"), network) {
            assert_reason(&id, reason, error.problem());
        }
    }
    score.count(is_valid);
}

fn entry(row: &Value, score: &mut Score) {
    let fields = ["input", "valid_entry", "valid_cidr", "canonical", "host_bits_set", "reason"];
    assert_fields(row, &fields);
    let is_valid = flag_of(row, "valid_entry");
    for input in inputs(row) {
        let id = format!("{} {input:?}", text_of(row, "id"));
        let masked = Network::parse_masking(input);
        assert_eq!(masked.is_ok(), is_valid, "{id}: {masked:?}");
        assert_eq!(masked.is_ok() && input.contains('/'), flag_of(row, "valid_cidr"), "{id}");
        // A label may follow white space, so the entry is pushed and not a line.
        let built = Allowlist::builder().push(input, "").build();
        assert_eq!(built.is_ok(), is_valid, "{id}");
        match masked {
            Ok((network, had_host_bits)) => {
                assert_eq!(network.to_string(), text_of(row, "canonical"), "{id}");
                assert_eq!(had_host_bits, flag_of(row, "host_bits_set"), "{id}");
                let strict = Network::parse(input).map_err(|error| error.problem());
                let expected =
                    if had_host_bits { Err(NetworkProblem::HostBits) } else { Ok(network) };
                assert_eq!(strict, expected, "{id}");
                let (list, report) = built.unwrap();
                assert_eq!(
                    list.entries().map(|entry| entry.network()).collect::<Vec<_>>(),
                    [network]
                );
                assert_eq!(report.host_bits() == 1, had_host_bits, "{id}");
            }
            Err(error) => {
                assert_reason(&id, &row["reason"], error.problem());
                assert_eq!(Network::parse(input), Err(error), "{id}");
            }
        }
    }
    score.count(is_valid);
}

/// A reason of the corpus is a class of ours.
fn assert_reason(id: &str, reason: &Value, problem: NetworkProblem) {
    use NetworkProblem as Problem;
    let class: &[NetworkProblem] = match reason.as_str() {
        Some("zone") => &[Problem::Zone],
        Some("mapped_prefix_too_short") => &[Problem::MappedTooShort],
        Some("prefix_len_range") => &[Problem::LengthRange],
        // Whatever begins like an address after the slash; a list of networks does, too.
        Some("netmask_notation") => &[Problem::Netmask, Problem::Several],
        Some("bad_prefix_len") => &[Problem::Length, Problem::NotAscii, Problem::WhiteSpace],
        Some("bad_address") => &[
            Problem::Address,
            Problem::Octal,
            Problem::Hexadecimal,
            Problem::Shorthand,
            Problem::Brackets,
            Problem::WhiteSpace,
            Problem::Port,
            Problem::NotAscii,
            Problem::Wildcard,
            Problem::Range,
        ],
        _ => panic!("{id}: a reason that this driver does not know: {reason}"),
    };
    assert!(class.contains(&problem), "{id}: {reason} is not {problem:?}");
}

fn membership(row: &Value, score: &mut Score) {
    assert_fields(row, &["nets", "ip", "expect", "ip_valid"]);
    let (id, expected) = (text_of(row, "id"), flag_of(row, "expect"));
    let Ok(ip) = text_of(row, "ip").parse::<IpAddr>() else {
        assert!(!flag_of(row, "ip_valid") && !expected, "{id}");
        return score.count(false);
    };
    assert!(flag_of(row, "ip_valid"), "{id}");
    let networks: Vec<&str> =
        row["nets"].as_array().unwrap().iter().map(|net| net.as_str().unwrap()).collect();
    let list = list(networks.iter().map(|network| (*network, "")));
    assert_eq!(list.contains(ip), expected, "{id}");
    assert_eq!(list.check(ip).entry().is_some(), expected, "{id}");
    assert_eq!(list.matches(ip).next().is_some(), expected, "{id}");
    assert_eq!(list.would_lock_out(ip), !expected, "{id}");
    // The same by networks one by one, and by layers of one network each.
    let parse = |network: &&str| Network::parse_masking(network).unwrap().0;
    assert_eq!(networks.iter().any(|network| parse(network).contains(ip)), expected, "{id}");
    let lists: Vec<Allowlist> =
        networks.iter().map(|network| self::list([(*network, "")])).collect();
    let lists: Vec<&Allowlist> = lists.iter().collect();
    assert_eq!(Layers::new(&lists).contains(ip), expected, "{id}");
    score.count(expected);
}

fn most_specific(row: &Value, score: &mut Score) {
    assert_fields(row, &["table", "ip", "expect_prefix", "expect_label"]);
    let id = text_of(row, "id");
    let ip: IpAddr = text_of(row, "ip").parse().unwrap();
    let table: Vec<(&str, &str)> = row["table"].as_array().unwrap().iter().map(pair).collect();
    let expected =
        row["expect_prefix"].as_str().map(|prefix| (prefix, text_of(row, "expect_label")));
    let is_null = row["expect_prefix"].is_null() && row["expect_label"].is_null();
    assert!(expected.is_some() || is_null, "{id}");

    let shown = |entry: Option<Match<'_>>| {
        entry.map(|entry| (entry.network().to_string(), entry.label().to_owned()))
    };
    let expected = expected.map(|(prefix, label)| (prefix.to_owned(), label.to_owned()));
    let whole = list(table.iter().copied());
    assert_eq!(shown(whole.check(ip).entry()), expected, "{id}");
    assert_eq!(shown(whole.matches(ip).next()), expected, "{id}");
    // Cut in two, as layers.
    let (below, above) = table.split_at(table.len() / 2);
    let lists = [below, above].map(|part| list(part.iter().copied()));
    let lists: Vec<&Allowlist> = lists.iter().collect();
    assert_eq!(shown(Layers::new(&lists).check(ip).entry()), expected, "{id}");
    score.count(expected.is_some());
}

fn pair(value: &Value) -> (&str, &str) {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(network), Value::String(label)]) => (network, label),
        _ => panic!("not a network and a label: {value}"),
    }
}

fn list<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Allowlist {
    let builder = entries
        .into_iter()
        .fold(Allowlist::builder(), |builder, (network, label)| builder.push(network, label));
    builder.when_empty(EmptyList::DeniesEveryone).build().unwrap().0
}
