//! Targets for the texts of `palisade-allowlist`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use palisade_allowlist::{
    Allowlist, BuildError, EmptyList, Entry, Layers, MAX_LINE, Match, Mend, Network, NetworkError,
    NetworkProblem,
};

use crate::canary::{CANARY, assert_silent};

/// Parsing a network: what is accepted is what the standard library and plain arithmetic say, and what is refused
/// is explained with a proposal that would be accepted.
pub fn allowlist_network(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let masked = Network::parse_masking(text);
    assert_eq!(masked.as_ref().ok().map(|(network, _)| network.ipnet()), by_the_rules(text));
    match (Network::parse(text), masked) {
        (Ok(network), Ok((same, had_host_bits))) => {
            assert!(network == same && !had_host_bits);
            assert_is_sound(network);
        }
        (Err(error), Ok((network, had_host_bits))) => {
            assert!(had_host_bits && error.problem() == NetworkProblem::HostBits);
            assert_explains(text, &error);
            assert_is_sound(network);
        }
        (Err(error), Err(same)) => {
            assert_eq!(error, same);
            assert_explains(text, &error);
        }
        (Ok(_), Err(error)) => unreachable!("who masks refuses more: {error}"),
    }
    for planted in [format!("{text}{CANARY}"), format!("{CANARY}{text}")] {
        if let Err(error) = Network::parse(&planted) {
            assert_silent(&error);
        }
    }
    if let Ok(entry) = text.parse::<Entry>() {
        assert_eq!(entry.to_string().parse(), Ok(entry));
    }
}

/// The rules once more, in other words.
fn by_the_rules(text: &str) -> Option<IpNet> {
    let mut parts = text.splitn(2, '/');
    let address: IpAddr = parts.next()?.parse().ok()?;
    let width: u8 = if address.is_ipv4() { 32 } else { 128 };
    let len = match parts.next() {
        None => width,
        Some(digits) => {
            let len: u8 = digits.parse().ok()?;
            // No sign, and no zero in front.
            (len <= width && digits == len.to_string()).then_some(len)?
        }
    };
    let gone = if address.to_canonical().is_ipv4() { width - 32 } else { 0 };
    let len = len.checked_sub(gone)?;
    Some(IpNet::new(address.to_canonical(), len).ok()?.trunc())
}

fn assert_is_sound(network: Network) {
    let plain = network.ipnet();
    assert_eq!(Network::parse(&network.to_string()), Ok(network));
    assert_eq!(Network::try_from(plain), Ok(network));
    assert_eq!((network.first(), network.last()), (plain.network(), plain.broadcast()));
    // The end of `::/80` is an IPv4-mapped address, and those are IPv4.
    let ends = [network.first(), network.last()].into_iter();
    for end in ends.filter(|end| end.to_canonical() == *end) {
        assert!(network.contains(end) && network.covers(&Network::host(end)), "{network}");
    }
    for beside in [step(network.first(), false), step(network.last(), true)].into_iter().flatten() {
        assert!(!network.contains(beside), "{beside} is not in {network}");
    }
}

fn assert_explains(text: &str, error: &NetworkError) {
    assert!((1..=text.len() + 1).contains(&error.column()), "{error}");
    let Some(mend) = error.mend() else { return };
    let proposed = mend.networks();
    assert!(!proposed.is_empty(), "{error}");
    for network in &proposed {
        assert_eq!(Network::parse(&network.to_string()), Ok(*network), "{error}");
        assert!(network.prefix_len() > 0 || names_nothing(text), "{text:?}: {error}");
    }
    match mend {
        Mend::Either(network, host) => {
            assert!(network.covers(host) && network != host, "{error}");
            assert_eq!(Network::host(host.first()), *host);
        }
        Mend::Networks(networks) => {
            assert!(networks.is_sorted_by(|one, two| one < two && !one.covers(two)), "{error}");
            assert!(networks.len() == 1 || error.problem() == NetworkProblem::Range, "{error}");
        }
        other => unreachable!("a third kind of mend: {other:?}"),
    }
}

/// Whether the text may begin with the unspecified address, in IPv6 form or not: only then may it mean everyone.
fn names_nothing(text: &str) -> bool {
    let first = text.split(['/', '-', ']']).next().unwrap_or_default();
    !first.contains(|c: char| matches!(c, '1'..='9' | 'a'..='e' | 'A'..='E'))
}

/// Reading a list of any bytes: it is what a plain reader makes of it, answers as a plain search does, and can be
/// written and read back.
pub fn allowlist_lines(data: &[u8]) {
    let read = Allowlist::builder().when_empty(EmptyList::DeniesEveryone).extend_lines(data);
    let lines = plain_lines(data);
    let wrong = lines.iter().filter(|line| line.is_none()).count();
    let (list, report) = match read.and_then(palisade_allowlist::Builder::build) {
        Ok(built) => built,
        Err(BuildError::Malformed(malformed)) => {
            let told = malformed.faults().len() as u64 + malformed.more();
            assert_eq!(told, wrong as u64, "{malformed}");
            return;
        }
        Err(error) => unreachable!("no limit is near: {error}"),
    };
    assert_eq!(wrong, 0);
    let entries: Vec<Plain> = lines.into_iter().flatten().collect();
    assert_eq!(report.host_bits(), entries.iter().filter(|entry| entry.had_host_bits).count());
    assert_eq!(report.duplicates(), entries.len() - list.len());
    assert_answers_alike(&list, &entries);

    let mut text = Vec::new();
    assert!(list.write_to(&mut text).is_ok());
    let again = Allowlist::builder().when_empty(EmptyList::DeniesEveryone).extend_lines(&*text);
    assert!(
        again.and_then(palisade_allowlist::Builder::build).is_ok_and(|(again, _)| again == list)
    );
}

struct Plain {
    network: IpNet,
    label: String,
    had_host_bits: bool,
}

/// Each line that is no comment, or nothing where it is wrong.
fn plain_lines(data: &[u8]) -> Vec<Option<Plain>> {
    let data = data.strip_prefix("\u{feff}".as_bytes()).map_or((data, 0), |data| (data, 3));
    let lines = data.0.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter_map(|(index, line)| {
            let mark = if index == 0 { data.1 } else { 0 };
            // A carriage return ends a line before the line feed, or at the end of the text.
            let is_long = line.len() + mark > MAX_LINE;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.contains(&b'\r') {
                return Some(None);
            }
            if is_long {
                let first = line.iter().find(|byte| !b" \t".contains(byte));
                return (first != Some(&b'#')).then_some(None);
            }
            let Ok(line) = std::str::from_utf8(line) else { return Some(None) };
            let line = line.trim_matches([' ', '\t']);
            (!line.is_empty() && !line.starts_with('#')).then(|| plain_line(line))
        })
        .collect()
}

fn plain_line(line: &str) -> Option<Plain> {
    let mut parts = line.splitn(2, [' ', '\t']);
    let text = parts.next()?;
    let network = by_the_rules(text)?;
    let label = parts.next().unwrap_or("").trim_start_matches([' ', '\t']);
    let label = if label.starts_with('#') { "" } else { label };
    let line_breaks = ['\u{2028}', '\u{2029}'];
    let is_label = label.len() <= 200
        && label.trim() == label
        && !label.contains(|c: char| c.is_control() || line_breaks.contains(&c))
        && !label.contains(|c| HIDDEN.contains(c))
        && !is_torn_off(label);
    let written: IpAddr = text.split('/').next()?.parse().ok()?;
    let had_host_bits = written.to_canonical() != network.addr();
    is_label.then(|| Plain { network, label: label.to_owned(), had_host_bits })
}

/// What a label may not have in it.
const HIDDEN: &str = "\u{61c}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";

/// Whether a label begins like a network, or like what may follow an address in one.
fn is_torn_off(label: &str) -> bool {
    let dashes = ["-", "\u{2013}", "\u{2014}"];
    let after_dash = dashes.iter().find_map(|dash| label.strip_prefix(dash)).map(str::trim_start);
    let after_slash = label.strip_prefix('/').map(str::trim_start);
    let is_end = |c: char| c.is_whitespace() || "/,;".contains(c);
    let first = after_dash.unwrap_or(label).split(is_end).next();
    first.is_some_and(|first| first.parse::<IpAddr>().is_ok())
        || after_slash.is_some_and(|len| len.starts_with(|c: char| c.is_ascii_digit()))
}

fn assert_answers_alike(list: &Allowlist, entries: &[Plain]) {
    // Of equal networks the last.
    let kept: BTreeMap<Network, &str> =
        entries.iter().map(|entry| (ours(entry.network), entry.label.as_str())).collect();
    let pair = |entry: Match<'_>| (entry.network(), entry.label().to_owned());
    let owned = |(network, label): (&Network, &&str)| (*network, (*label).to_owned());
    assert!(list.entries().map(pair).eq(kept.iter().map(owned)));

    let (below, above) = entries.split_at(entries.len() / 2);
    let (below, above) = (build(below), build(above));
    let lists = [&below, &above];
    let layers = Layers::new(&lists);
    for probe in entries.iter().take(40).flat_map(|entry| probes(entry.network)) {
        let mut expected: Vec<_> = kept
            .iter()
            .filter(|(network, _)| network.ipnet().contains(&probe))
            .map(owned)
            .collect();
        // Networks around one address differ in length.
        expected.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix_len()));
        assert_eq!(list.check(probe).entry().map(pair), expected.first().cloned(), "{probe}");
        assert_eq!(list.contains(probe), !expected.is_empty(), "{probe}");
        assert_eq!(list.would_lock_out(probe), expected.is_empty(), "{probe}");
        assert_eq!(layers.check(probe), list.check(probe), "{probe}");
        assert_eq!(layers.matches(probe).map(pair).collect::<Vec<_>>(), expected, "{probe}");
        assert_eq!(list.matches(probe).map(pair).collect::<Vec<_>>(), expected, "{probe}");
    }
}

fn ours(network: IpNet) -> Network {
    match Network::try_from(network) {
        Ok(network) => network,
        Err(error) => unreachable!("it was read by the rules: {error}"),
    }
}

fn build(entries: &[Plain]) -> Allowlist {
    let begin = Allowlist::builder().when_empty(EmptyList::DeniesEveryone);
    let pushed = entries
        .iter()
        .fold(begin, |builder, entry| builder.push(&entry.network.to_string(), &entry.label));
    match pushed.build() {
        Ok((list, _)) => list,
        Err(error) => unreachable!("a part of a list is one: {error}"),
    }
}

/// The ends of a network, and the addresses beside them.
fn probes(network: IpNet) -> impl Iterator<Item = IpAddr> {
    let (first, last) = (network.network(), network.broadcast());
    let ends = [Some(first), Some(last), step(first, false), step(last, true)];
    ends.into_iter().flatten().map(|address| address.to_canonical())
}

/// The next address, or the one before; none beyond the ends, nor across into IPv4-mapped addresses.
fn step(address: IpAddr, up: bool) -> Option<IpAddr> {
    let next: IpAddr = match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            let bits = if up { bits.checked_add(1) } else { bits.checked_sub(1) };
            std::net::Ipv4Addr::from(bits?).into()
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            let bits = if up { bits.checked_add(1) } else { bits.checked_sub(1) };
            std::net::Ipv6Addr::from(bits?).into()
        }
    };
    (next.to_canonical() == next).then_some(next)
}
