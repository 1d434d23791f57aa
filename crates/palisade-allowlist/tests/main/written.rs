//! Lists as text, read back; and when two lists are the same.

use std::io::{self, Write};
use std::net::Ipv4Addr;

use palisade_allowlist::{Allowlist, EmptyList, Entry, Network};
use proptest::prelude::*;

use crate::support::{build, entries};

fn written(list: &Allowlist) -> Vec<u8> {
    let mut text = Vec::new();
    list.write_to(&mut text).unwrap();
    text
}

fn read(text: &[u8]) -> Allowlist {
    let builder = Allowlist::builder().when_empty(EmptyList::DeniesEveryone);
    builder.extend_lines(text).unwrap().build().unwrap().0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_list_reads_back(entries in entries(30)) {
        let list = build(&entries);
        let text = written(&list);
        let again = read(&text);
        prop_assert_eq!(&again, &list);
        prop_assert_eq!(written(&again), text);
    }

    /// Each line is an entry by itself.
    #[test]
    fn a_line_is_an_entry(entries in entries(10)) {
        let list = build(&entries);
        let text = String::from_utf8(written(&list)).unwrap();
        let lines: Vec<Entry> = text.lines().map(|line| line.parse().unwrap()).collect();
        let pairs = lines.iter().map(|entry| (entry.network(), entry.label()));
        prop_assert!(pairs.eq(list.entries().map(|entry| (entry.network(), entry.label()))));
    }

    /// Equality against the entries themselves: sorted, and the last of each network kept.
    #[test]
    fn equal_lists_have_equal_entries(a in entries(4), b in entries(4)) {
        let plain = |entries: &[_]| {
            let kept: std::collections::BTreeMap<_, _> = entries.iter().cloned().collect();
            kept
        };
        prop_assert_eq!(build(&a) == build(&b), plain(&a) == plain(&b));
    }
}

#[test]
fn the_order_does_not_count_and_all_else_does() {
    let list = |text: &str| read(text.as_bytes());
    let base = list("10.0.0.0/8 a\n2001:db8::/32 b\n");
    assert_eq!(base, list("# c\n2001:db8::/32\tb\n\n10.0.0.0/8   a"));
    assert_eq!(base, list("10.0.0.0/8 other\n2001:db8::/32 b\n10.0.0.0/8 a\n"));
    assert_eq!(base, base.clone());
    for other in [
        "",
        "10.0.0.0/8 a\n",
        "10.0.0.0/8 b\n2001:db8::/32 b\n",
        "10.0.0.0/9 a\n2001:db8::/32 b\n",
        "10.0.0.0/8 a\n2001:db8::/32 b\n::1 c\n",
    ] {
        assert_ne!(base, list(other), "{other}");
    }
}

#[test]
fn what_empty_means_counts_for_empty_lists_only() {
    let list = |text: &str, meaning| {
        let builder = Allowlist::builder().extend_lines(text.as_bytes()).unwrap();
        builder.when_empty(meaning).build().unwrap().0
    };
    let both = [EmptyList::AllowsEveryone, EmptyList::DeniesEveryone];
    let [open, shut] = both.map(|meaning| list("", meaning));
    assert_ne!(open, shut);
    assert_eq!(open, list("# nothing\n", EmptyList::AllowsEveryone));
    let [a, b] = both.map(|meaning| list("::1\n", meaning));
    assert_eq!(a, b);
    assert!(written(&open).is_empty());
}

/// A writer that takes `left` bytes.
struct Full {
    left: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left);
        self.left -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let list = read(b"10.0.0.0/8 a\n2001:db8::/32 b\n");
    let len = written(&list).len();
    for left in 0..len {
        let error = list.write_to(Full { left }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero, "{left}");
    }
    list.write_to(Full { left: len }).unwrap();
}

/// A large list is written in pieces: memory does not grow with it.
#[test]
fn writing_streams() {
    let networks = (0..40_000_u32).map(|number| Network::host(Ipv4Addr::from(number << 8).into()));
    let entries = networks.map(|network| Entry::new(network, "").unwrap());
    let (list, _) = Allowlist::builder().extend(entries).build().unwrap();
    let counted = allocation_counter::measure(|| list.write_to(io::sink()).unwrap());
    assert!(counted.bytes_max < 64 << 10, "{counted:?}");
}
