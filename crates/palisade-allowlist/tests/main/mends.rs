//! What is written instead of a network, and what is proposed for it.

use palisade_allowlist::{Allowlist, Entry, Mend, Network, NetworkProblem};

/// What is told about a text of one line.
fn lines(text: &str) -> String {
    let builder = Allowlist::builder().extend_lines(text.as_bytes()).unwrap();
    builder.build().unwrap_err().to_string()
}

/// White space within a network would make the rest of it a label, and the network another one.
#[test]
fn networks_torn_apart() {
    for (text, told) in [
        (
            "10.0.0.0 - 10.255.255.255",
            "column 10: a range from one address to another is not a network; write 10.0.0.0/8",
        ),
        (
            "10.0.0.5 \u{2013} 10.0.0.7 Office",
            "column 10: a range from one address to another is not a network; \
             write 10.0.0.5/32 and 10.0.0.6/31",
        ),
        ("10.0.0.5 -::1", "column 10: a range from one address to another is not a network"),
        (
            "10.1.0.0 255.255.0.0",
            "column 10: a netmask stands where the prefix length is due; write 10.1.0.0/16",
        ),
        (
            "10.1.2.3 255.255.0.0 Office",
            "column 10: a netmask stands where the prefix length is due; \
             write 10.1.0.0/16, or 10.1.2.3 for the one address",
        ),
        ("10.1.0.0 0.0.0.0", "column 10: a netmask stands where the prefix length is due"),
        ("10.1.0.0/16 255.255.0.0", "column 13: a netmask stands where the prefix length is due"),
        ("10.2.0.0  /16", "column 11: a network has no white space in it; write 10.2.0.0/16"),
        ("10.2.0.0 / 16 x", "column 10: a network has no white space in it; write 10.2.0.0/16"),
        ("10.2.0.0 /33", "column 10: a network has no white space in it"),
        ("10.2.0.0/16 /8", "column 13: a network has no white space in it"),
        ("::1 ::2", "column 5: there are several networks; give each an entry of its own"),
        ("::1 10.0.0.0/8,", "column 5: there are several networks; give each an entry of its own"),
    ] {
        assert_eq!(text.parse::<Entry>().unwrap_err().to_string(), told);
        assert_eq!(lines(text), format!("line 1: {told}"));
    }
}

/// Forms of addresses and networks that some program reads, and no two of them alike.
#[test]
fn forms_that_are_not_ours() {
    use NetworkProblem as Problem;
    for (text, problem, mend) in [
        ("::ffff:10.0.0.0/95", Problem::MappedTooShort, None),
        ("::ffff:10.0.0.0/8", Problem::MappedTooShort, Some("10.0.0.0/8")),
        ("::ffff:0:0/0", Problem::MappedTooShort, Some("0.0.0.0/0")),
        ("fe80::1%eth0", Problem::Zone, None),
        ("fe80::%1/64", Problem::Zone, None),
        ("[2001:db8::]/32", Problem::Brackets, Some("2001:db8::/32")),
        ("[::1]:443", Problem::Brackets, Some("::1/128")),
        ("010.0.0.1", Problem::Octal, None),
        ("127.000.000.001/32", Problem::Octal, None),
        ("0x7f.0.0.1", Problem::Hexadecimal, None),
        ("0X0a.1.1.1/8", Problem::Hexadecimal, None),
        ("10/8", Problem::Shorthand, Some("10.0.0.0/8")),
        ("192.168/16", Problem::Shorthand, Some("192.168.0.0/16")),
        ("10.1", Problem::Shorthand, None),
        ("10.0.*.*", Problem::Wildcard, Some("10.0.0.0/16")),
        ("*", Problem::Wildcard, None),
        ("10.*.0.*", Problem::Wildcard, None),
        ("10.0.0.0-10.0.0.255", Problem::Range, Some("10.0.0.0/24")),
        ("10.0.0.1:443", Problem::Port, Some("10.0.0.1/32")),
        ("10.0.0.0/255.0.0.0", Problem::Netmask, Some("10.0.0.0/8")),
        ("10.0.0.0/0.255.255.255", Problem::Netmask, None),
        ("10.0.0.0/8,10.1.0.0/16", Problem::Several, None),
        ("\u{ff11}\u{ff10}.0.0.0/8", Problem::NotAscii, None),
        ("10.0.0.0/\u{ff18}", Problem::NotAscii, None),
        ("10.0.0.0\u{2013}10.0.0.255", Problem::NotAscii, None),
        ("-10.0.0.0/8", Problem::Address, None),
        ("10.0.0.-1", Problem::Address, None),
        ("10.0.0.0/-8", Problem::Length, None),
        ("10.0.0.0/+8", Problem::Length, None),
        ("10.0.0.0/08", Problem::Length, Some("10.0.0.0/8")),
        ("10.0.0.1/08", Problem::Length, Some("10.0.0.0/8, or 10.0.0.1 for the one address")),
        ("0.0.0.0/00", Problem::Length, Some("0.0.0.0/0")),
        ("10.0.0.0/", Problem::Length, None),
        ("10.0.0.0/8/8", Problem::Length, None),
        ("10.0.0.0/x", Problem::Length, None),
        ("10.0.0.0/8\0", Problem::Length, None),
        ("10.0/x", Problem::Shorthand, None),
        ("10.0.0.0/ 8", Problem::WhiteSpace, Some("10.0.0.0/8")),
        (" 10.0.0.0/8", Problem::WhiteSpace, Some("10.0.0.0/8")),
        ("10.0.0.0/8 ", Problem::WhiteSpace, Some("10.0.0.0/8")),
        ("10.0.0.0 /8", Problem::WhiteSpace, Some("10.0.0.0/8")),
        ("10.0.0.0/x ", Problem::WhiteSpace, None),
        ("[10.0.0.0]/x", Problem::Brackets, None),
        ("10.*/x", Problem::Wildcard, None),
        ("10.0.0.0/33", Problem::LengthRange, None),
        ("::/129", Problem::LengthRange, None),
        ("localhost", Problem::Address, None),
        ("all", Problem::Address, None),
        ("/8", Problem::Address, None),
    ] {
        assert_refused(text, problem, mend);
    }
}

/// Never more addresses than the text could mean, and none that it does not name.
#[test]
fn what_is_not_clear_is_not_proposed() {
    use NetworkProblem as Problem;
    for (text, problem, mend) in [
        // Everyone is never proposed to who named an address.
        ("10.0.0.0/00", Problem::Length, None),
        ("10.0.0.5/0.0.0.0", Problem::Netmask, None),
        ("0.0.0.0/0.0.0.0", Problem::Netmask, Some("0.0.0.0/0")),
        ("2001:db8::1/::", Problem::Netmask, None),
        ("10/0", Problem::Shorthand, None),
        ("0/0", Problem::Shorthand, Some("0.0.0.0/0")),
        ("::ffff:10.0.0.0/0", Problem::MappedTooShort, None),
        ("10.0.0.5/0", Problem::HostBits, None),
        // Some programs read a short form from the right.
        ("10/24", Problem::Shorthand, None),
        ("10.1/8", Problem::Shorthand, None),
        ("1.2.3.4.5/8", Problem::Shorthand, None),
        // What white space separates is not joined.
        ("10.0.0.1 24", Problem::WhiteSpace, None),
        ("10.0.0. 1", Problem::WhiteSpace, None),
        ("10.0.0.0/1 6", Problem::WhiteSpace, None),
        (" 10.0.0.0 / 8 ", Problem::WhiteSpace, Some("10.0.0.0/8")),
        ("10.0.0.5 /0", Problem::WhiteSpace, None),
        ("[::1]", Problem::Brackets, Some("::1/128")),
        ("[[::1]]", Problem::Brackets, None),
        ("[::1", Problem::Brackets, None),
        ("::1]", Problem::Brackets, None),
        ("[::1]2", Problem::Brackets, None),
        ("[::1]:", Problem::Brackets, None),
        ("[::1]:80/64", Problem::Brackets, None),
        ("[::/64]", Problem::Brackets, None),
        ("2001:db8::[1]", Problem::Brackets, None),
        ("10.0.0.1:443/32", Problem::Port, None),
        ("10.0.*.*.*.*", Problem::Wildcard, None),
        ("10.*", Problem::Wildcard, None),
        ("10.0.0.*", Problem::Wildcard, Some("10.0.0.0/24")),
        ("10.0.0.5-10.0.0.7", Problem::Range, Some("10.0.0.5/32 and 10.0.0.6/31")),
        ("::ffff:10.0.0.0-::1:0:0:0", Problem::Range, None),
    ] {
        assert_refused(text, problem, mend);
    }
}

/// The problem, what to write instead, and that it is right.
fn assert_refused(text: &str, problem: NetworkProblem, mend: Option<&str>) {
    let error = Network::parse(text).unwrap_err();
    let written = error.mend().map(Mend::to_string);
    assert_eq!((error.problem(), written.as_deref()), (problem, mend), "{text}");
    // A feed masks host bits, and may have white space around and after a network.
    if problem == NetworkProblem::HostBits {
        return;
    }
    if !text.contains(' ') {
        assert_eq!(lines(text), format!("line 1: {error}"), "{text}");
    }
    assert!(Allowlist::builder().push(text, "").build().is_err(), "{text}");
    // What it says to write is right.
    for network in error.mend().map(Mend::networks).unwrap_or_default() {
        assert_eq!(Network::parse(&network.to_string()), Ok(network));
    }
}
