//! The text format: what it takes, and every bad input that we could think of.

use std::io::{self, BufReader, Read};

use palisade_allowlist::{
    Allowlist, BuildError, EmptyList, Entry, KEPT_FAULTS, LabelProblem, MAX_LABEL, MAX_LINE,
    MAX_SKIPPED, Network, Place, Report,
};

use crate::support::ip;

fn read(text: impl AsRef<[u8]>) -> Result<(Allowlist, Report), BuildError> {
    let builder = Allowlist::builder().when_empty(EmptyList::DeniesEveryone);
    builder.extend_lines(text.as_ref())?.build()
}

/// The entries, as lines.
fn taken(text: impl AsRef<[u8]>) -> Vec<String> {
    let (list, _) = read(text).unwrap();
    let lines = list.entries().map(|entry| format!("{}|{}", entry.network(), entry.label()));
    lines.collect()
}

/// Where and why each line is refused: place, column, word.
fn refused(text: impl AsRef<[u8]>) -> Vec<(u32, Option<usize>, &'static str)> {
    match read(text) {
        Err(BuildError::Malformed(malformed)) => malformed
            .faults()
            .iter()
            .map(|fault| (fault.place.number(), fault.error.column(), fault.error.code()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_line_may_look_like() {
    assert_eq!(taken("::ffff:10.0.0.0/96"), ["0.0.0.0/0|"]);
    assert_eq!(taken("::ffff:10.1.2.3"), ["10.1.2.3/32|"]);
    let expected = ["10.0.0.0/8|a b", "10.1.0.0/16|"];
    for text in [
        "10.0.0.0/8 a b\n10.1.0.0/16\n",
        "10.0.0.0/8 a b\n10.1.0.0/16",
        "10.0.0.0/8 a b\r\n10.1.0.0/16\r\n",
        "10.0.0.0/8 a b\r\n10.1.0.0/16\r",
        "\u{feff}10.0.0.0/8 a b\n10.1.0.0/16\n",
        "\u{feff}\r\n10.0.0.0/8 a b\r\n10.1.0.0/16",
        "\u{feff}# comment\n10.0.0.0/8 a b\n10.1.0.0/16",
        "10.0.0.0/8\ta b\n10.1.0.0/16\t\n",
        "\t 10.0.0.0/8 \t \ta b \t \n \t10.1.0.0/16 \t",
        "# 1\n\n   \n\t\n#\n10.0.0.0/8 a b\n  # 2\n10.1.0.0/16 # 3\n\n\n",
        "10.1.0.0/16\n10.0.0.0/8 a b\n",
        "10.1.0.0/16 # 10.2.0.0/16\n10.0.0.0/8 a b",
    ] {
        assert_eq!(taken(text), expected, "{text:?}");
    }
    // Within a label it is a sign like any other.
    assert_eq!(taken("::1 a # b"), ["::1/128|a # b"]);
    assert_eq!(taken("::1 ä/ö 日本\u{a0}x"), ["::1/128|ä/ö 日本\u{a0}x"]);
    assert!(taken("").is_empty());
    assert!(taken("\u{feff}").is_empty());
    assert!(taken("\n\r\n").is_empty());
}

#[test]
fn a_byte_order_mark_stands_at_the_very_beginning() {
    assert_eq!(refused("::1\n\u{feff}::2\n"), [(2, Some(1), "not_ascii")]);
    assert_eq!(refused("\u{feff}\u{feff}::1\n"), [(1, Some(4), "not_ascii")]);
    assert_eq!(refused(" \u{feff}::1\n"), [(1, Some(2), "not_ascii")]);
    // Columns count the bytes of the line, and the mark has three.
    assert_eq!(refused("\u{feff}10.0.0.0/33\n"), [(1, Some(13), "length_range")]);
    assert_eq!(refused("10.0.0.0/33\n"), [(1, Some(10), "length_range")]);
    // UTF-16, either way round.
    assert_eq!(refused(b"\xff\xfe1\x000\x00"), [(1, Some(1), "not_utf8")]);
    assert_eq!(refused(b"\xfe\xff\x001\x000"), [(1, Some(1), "not_utf8")]);
    let long = format!("\u{feff}# {}\n::1\n", "x".repeat(MAX_LINE));
    assert_eq!(taken(long), ["::1/128|"]);
}

#[test]
fn columns_count_from_the_beginning_of_the_line() {
    assert_eq!(refused("\t  10.0.0.300  a"), [(1, Some(11), "bad_address")]);
    assert_eq!(refused("  10.0.0.0/8  a\u{1}b"), [(1, Some(16), "label_control")]);
    assert_eq!(refused("::1 ok\n\n# c\n  ::1 ä\u{7f}"), [(4, Some(9), "label_control")]);
}

#[test]
fn bytes_that_no_text_has() {
    assert_eq!(refused(b"10.0.0.0/8 a\0b"), [(1, Some(13), "label_control")]);
    assert_eq!(refused(b"10.0.0.0/8\0"), [(1, Some(10), "bad_length")]);
    assert_eq!(refused(b"10.0.0.0\0/8"), [(1, Some(8), "bad_address")]);
    assert_eq!(refused(b"\0"), [(1, Some(1), "bad_address")]);
    assert_eq!(refused(b"::1 \xe9t\xe9\n"), [(1, Some(5), "not_utf8")]);
    assert_eq!(refused(b"::1 ok\n::2 a\xc3\n"), [(2, Some(6), "not_utf8")]);
    assert_eq!(refused(b"# caf\xe9\n::1"), [(1, Some(6), "not_utf8")]);
    // Half of a surrogate, and too long a way to write a dot.
    assert_eq!(refused(b"::1 \xed\xa0\x80"), [(1, Some(5), "not_utf8")]);
    assert_eq!(refused(b"10\xc0\xae0.0.0/8"), [(1, Some(3), "not_utf8")]);
    // The end of a line of long ago is none.
    assert_eq!(refused("::1 a\r::2 b"), [(1, Some(6), "carriage_return")]);
    assert_eq!(refused("::1\r::2"), [(1, Some(4), "carriage_return")]);
    assert_eq!(refused("::1 a\u{2028}::2 b"), [(1, Some(6), "label_control")]);
    assert_eq!(refused("::1\u{b}a"), [(1, Some(4), "white_space")]);
    assert_eq!(refused("::1\u{a0}a"), [(1, Some(4), "white_space")]);
    assert_eq!(refused("\u{3000}::1"), [(1, Some(1), "white_space")]);
}

#[test]
fn a_line_of_a_mebibyte() {
    let long = |begin: &str| format!("{begin}{}\n::1 after\n", "x".repeat(1 << 20));
    assert_eq!(taken(long("# ")), ["::1/128|after"]);
    assert_eq!(taken(long(" \t#")), ["::1/128|after"]);
    for begin in ["", "10.0.0.0/8 ", "10.0.0.0/8 # "] {
        assert_eq!(refused(long(begin)), [(1, None, "line_too_long")], "{begin}");
    }
    assert_eq!(refused(" ".repeat(1 << 20)), [(1, None, "line_too_long")]);
    let counted = allocation_counter::measure(|| {
        let text = BufReader::with_capacity(64, io::repeat(b'x').take(1 << 20));
        let builder = Allowlist::builder().extend_lines(text).unwrap();
        assert!(builder.build().is_err());
    });
    assert!(counted.bytes_max < 16 << 10, "{counted:?}");
}

/// Where lines end in CR alone, a comment at the beginning would swallow the whole list.
#[test]
fn a_carriage_return_within_a_line() {
    let long = "x".repeat(5_000);
    for (text, column) in [
        ("# comment\r10.0.0.0/8\r".to_owned(), 10),
        ("\r10.0.0.0/8".to_owned(), 1),
        ("::1\r\r\n::2".to_owned(), 4),
        ("::1 \r \n".to_owned(), 5),
        (format!("#{long}\r10.0.0.0/8\r"), 5_002),
        (format!("#{}\r10.0.0.0/8\r", "x".repeat(MAX_LINE)), MAX_LINE + 2),
        (format!("#{}\r10.0.0.0/8\r", "x".repeat(MAX_LINE - 1)), MAX_LINE + 1),
        (format!("#{}\r\r\n", "x".repeat(MAX_LINE - 1)), MAX_LINE + 1),
        (format!("# a\r{long}"), 4),
        (format!("{long}\r10.0.0.0/8"), 5_001),
    ] {
        for capacity in [1, 7, 8_192] {
            let reader = BufReader::with_capacity(capacity, text.as_bytes());
            let builder = Allowlist::builder().when_empty(EmptyList::AllowsEveryone);
            let error = builder.extend_lines(reader).unwrap().build().unwrap_err();
            let told = format!(
                "line 1: column {column}: a carriage return stands within the line; end lines with LF or CR LF"
            );
            assert_eq!(error.to_string(), told);
        }
    }
    for text in [format!("#{long}\r\n::1\r\n"), format!("::1\r\n#{long}\r")] {
        for capacity in [1, 7, 8_192] {
            let reader = BufReader::with_capacity(capacity, text.as_bytes());
            assert_eq!(
                Allowlist::builder().extend_lines(reader).unwrap().build().unwrap().0.len(),
                1
            );
        }
    }
}

#[test]
fn a_line_without_an_end() {
    for byte in [b'#', b'x', b' '] {
        let text = BufReader::new(io::repeat(byte));
        let error = Allowlist::builder().extend_lines(text).unwrap_err();
        assert!(matches!(error, BuildError::EndlessLine { line: 1 }), "{error}");
    }
    assert_eq!(taken(format!("#{}\n::1", "x".repeat(MAX_SKIPPED - 2))), ["::1/128|"]);
}

#[test]
fn the_longest_line() {
    // The longest network and label, and white space up to the limit.
    let network = "0000:0000:0000:0000:0000:ffff:255.255.255.255/128";
    let label = "l".repeat(MAX_LABEL);
    let blank = " ".repeat(MAX_LINE - network.len() - label.len());
    for end in ["", "\n"] {
        let line = format!("{network}{blank}{label}{end}");
        assert_eq!(taken(&line), [format!("255.255.255.255/32|{label}")]);
        assert_eq!(refused(format!(" {line}")), [(1, None, "line_too_long")]);
    }
}

#[test]
fn faults_beyond_a_thousand_are_counted_only() {
    let faults = KEPT_FAULTS + 250;
    let error = read("x\n".repeat(faults)).unwrap_err();
    let BuildError::Malformed(malformed) = error else { panic!("{error}") };
    assert_eq!((malformed.faults().len(), malformed.more()), (KEPT_FAULTS, 250));
    assert_eq!(malformed.faults().last().unwrap().place, Place::Line(1_000));
    let text = malformed.to_string();
    assert_eq!(text.lines().count(), KEPT_FAULTS + 1);
    assert!(text.ends_with("\nline 1000: column 1: this is not an IP address\nand 250 more"));
}

#[test]
fn a_line_may_arrive_byte_by_byte() {
    let text = "\u{feff}10.0.0.0/8 ä\r\n# comment\n::1 b";
    let slow = BufReader::with_capacity(1, text.as_bytes());
    let (list, _) = Allowlist::builder().extend_lines(slow).unwrap().build().unwrap();
    assert_eq!(list, read(text).unwrap().0);
}

#[test]
fn several_sources_make_one_list() {
    let (list, report) = Allowlist::builder()
        .push("10.0.0.0/8", "pushed")
        .extend_lines("\u{feff}10.0.0.0/8 first\n\n10.1.0.0/16 first\n".as_bytes())
        .unwrap()
        .extend_lines("\u{feff}10.1.0.0/16 second".as_bytes())
        .unwrap()
        .extend(["::1 read".parse::<Entry>().unwrap()])
        .build()
        .unwrap();
    let label = |address| list.check(ip(address)).entry().unwrap().label();
    assert_eq!([label("10.0.0.1"), label("10.1.0.1"), label("::1")], ["first", "second", "read"]);
    assert_eq!((report.entries(), report.duplicates()), (3, 2));

    let both = Allowlist::builder()
        .push("one", "")
        .extend_lines(b"::1\nx\n".as_slice())
        .unwrap()
        .extend_lines(b"y\n".as_slice())
        .unwrap()
        .push("two", "");
    let error = both.build().unwrap_err();
    let BuildError::Malformed(malformed) = error else { panic!("{error}") };
    let places: Vec<_> = malformed.faults().iter().map(|fault| fault.place).collect();
    assert_eq!(places, [Place::Entry(1), Place::Line(2), Place::Line(1), Place::Entry(2)]);
}

#[test]
fn everything_can_be_refused() {
    for text in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
        let builder = Allowlist::builder().refuse_broader_than(1, 1);
        let error = builder.clone().extend_lines(text.as_bytes()).unwrap().build().unwrap_err();
        let line = "line 1: the network is broader than /1, the broadest that this list takes";
        assert_eq!(error.to_string(), line);
        assert!(builder.clone().push(text, "").build().is_err());
        assert!(builder.clone().extend([text.parse::<Entry>().unwrap()]).build().is_err());
        let (list, report) = Allowlist::builder().push(text, "").build().unwrap();
        assert_eq!((list.len(), report.too_broad()), (1, 1));
        assert!(builder.push("128.0.0.0/1", "").push("8000::/1", "").build().is_ok());
    }
}

#[test]
fn host_bits_are_masked_and_told_or_refused() {
    let text = "10.1.2.3/8 a\n::ffff:10.1.2.3/112 b\n2001:db8::1/32 c\n10.1.2.3/32\n";
    let (list, report) = read(text).unwrap();
    assert_eq!(report.host_bits(), 3);
    let networks: Vec<_> = list.entries().map(|entry| entry.network().to_string()).collect();
    assert_eq!(networks, ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "2001:db8::/32"]);
    let strict = Allowlist::builder().reject_host_bits().extend_lines(text.as_bytes()).unwrap();
    assert_eq!(
        strict.build().unwrap_err().to_string(),
        "line 1: column 10: the address has bits beyond the prefix length; \
         write 10.0.0.0/8, or 10.1.2.3 for the one address\n\
         line 2: column 17: the address has bits beyond the prefix length; \
         write 10.1.0.0/16, or 10.1.2.3 for the one address\n\
         line 3: column 13: the address has bits beyond the prefix length; \
         write 2001:db8::/32, or 2001:db8::1 for the one address"
    );
}

#[test]
fn labels() {
    use LabelProblem::{Comment, Control, Invisible, TooLong, WhiteSpace};
    let network: Network = "::1".parse().unwrap();
    let longest = "ä".repeat(MAX_LABEL / 2);
    for label in [
        "",
        "a",
        "-",
        "/",
        "- 3",
        "-x",
        "a#",
        "a # b",
        "a  b",
        "日本",
        "می\u{200c}خواهم",
        &longest,
        "a ::1",
        "10.0.0.300",
        "7",
    ] {
        let entry = Entry::new(network, label).unwrap();
        assert_eq!(entry.label(), label);
        assert_eq!(entry.to_string().parse::<Entry>().unwrap(), entry);
        let builder = Allowlist::builder().push("::1", label).extend([entry.clone()]);
        assert_eq!(builder.build().unwrap().0.check(ip("::1")).entry().unwrap().label(), label);
        assert_eq!(taken(entry.to_string()), [format!("::1/128|{label}")]);
    }
    let too_long = format!("{longest}x");
    for (label, column, problem) in [
        (too_long.as_str(), 201, TooLong),
        (" a", 1, WhiteSpace),
        ("a ", 2, WhiteSpace),
        ("\u{a0}a", 1, WhiteSpace),
        ("a\u{3000}", 2, WhiteSpace),
        (" ", 1, WhiteSpace),
        ("#", 1, Comment),
        ("# a", 1, Comment),
        ("a\nb", 2, Control),
        ("a\tb", 2, Control),
        ("a\rb", 2, Control),
        ("ab\0", 3, Control),
        ("\u{1b}[2J", 1, Control),
        ("a\u{7f}", 2, Control),
        ("a\u{85}", 2, Control),
        ("a\u{2028}b", 2, Control),
        ("a\u{2029}b", 2, Control),
        ("\u{feff}", 1, Invisible),
        ("a\u{200b}", 2, Invisible),
        ("a\u{200e}b", 2, Invisible),
        ("a\u{200f}b", 2, Invisible),
        ("a\u{61c}b", 2, Invisible),
        ("a\u{202a}b", 2, Invisible),
        ("a\u{202e}b", 2, Invisible),
        ("a\u{2066}b", 2, Invisible),
        ("a\u{2069}b", 2, Invisible),
        ("/16", 1, LabelProblem::Network),
        ("/ 16 x", 1, LabelProblem::Network),
        ("- 10.0.0.9", 1, LabelProblem::Network),
        ("-::9 x", 1, LabelProblem::Network),
        ("10.0.0.9", 1, LabelProblem::Network),
        ("10.0.0.0/8 x", 1, LabelProblem::Network),
        ("255.0.0.0", 1, LabelProblem::Network),
        ("::1, x", 1, LabelProblem::Network),
    ] {
        let error = Entry::new(network, label).unwrap_err();
        assert_eq!((error.column(), error.problem()), (column, problem), "{label:?}");
        let pushed = Allowlist::builder().push("::1", label).build().unwrap_err();
        assert_eq!(pushed.to_string(), format!("entry 1: {error}"));
    }
    // In a text only some of them can be met.
    assert_eq!(refused(format!("::1 {too_long}")), [(1, Some(205), "label_too_long")]);
    assert_eq!(refused("::1 a\tb"), [(1, Some(6), "label_control")]);
    assert_eq!(refused("::1 a\u{a0}"), [(1, Some(6), "label_white_space")]);
}
