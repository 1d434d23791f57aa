//! What somebody may send to do harm.

use palisade_allowlist::{AddressRefused, HopProblem, Peer, Provenance};

use crate::client_support::{FORWARDED, XFF, hops, ip, ranges, resolve, told};

const MIB: usize = 1 << 20;

fn invalid(index: usize, problem: HopProblem) -> AddressRefused {
    AddressRefused::InvalidHop { index, problem, last_trusted: None }
}

#[test]
fn ten_thousand_hops() {
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    let trusted = "10.0.0.1, ".repeat(10_000);
    let refused =
        resolve(&policy, "@", "X-Forwarded-For", format!("{trusted}10.0.0.1")).unwrap_err();
    assert_eq!(refused, AddressRefused::TooManyHops);
    let client = resolve(&policy, "@", "X-Forwarded-For", format!("{trusted}192.0.2.1"));
    assert_eq!(told(client).0, ip("192.0.2.1"));
    let lines = vec![("x-forwarded-for", "10.0.0.1"); 10_000];
    assert_eq!(policy.resolve(Peer::UnixSocket, &lines), Err(AddressRefused::TooManyHops));

    let policy = ranges(FORWARDED, &["10.0.0.0/8"]);
    let trusted = "for=\"10.0.0.1:1\", ".repeat(10_000);
    let refused = resolve(&policy, "@", "Forwarded", format!("{trusted}for=10.0.0.1")).unwrap_err();
    assert_eq!(refused, AddressRefused::TooManyHops);
}

/// Each of them is looked at a few times at most; a reader that starts again at each comma or quote would be noticed
/// by whoever waits for this test.
#[test]
fn a_mebibyte_of_one_kind() {
    for part in [
        ",", "\"", "\\", "\\\"", "\"\\", ";", "=", "a", "for=\"", "x=\"\"", " ", "\t;", "1.", "[",
        ":", "\u{e9}",
    ] {
        let value = part.repeat(MIB / part.len());
        for (header, name) in [(XFF, "X-Forwarded-For"), (FORWARDED, "Forwarded")] {
            for policy in [ranges(header, &[]), hops(64, header, &[])] {
                assert!(resolve(&policy, "@", name, &value).is_err(), "{part:?}");
                let good = format!("{value}, {}192.0.2.1", if header == XFF { "" } else { "for=" });
                if policy.resolve(Peer::UnixSocket, &[(name, &good)]).is_err() {
                    assert!(resolve(&hops(1, header, &[]), "@", name, &good).is_ok(), "{part:?}");
                }
            }
        }
    }
}

/// A string of a mebibyte is one that is well-formed; an address of a mebibyte is none.
#[test]
fn long_strings() {
    let policy = ranges(FORWARDED, &[]);
    let host = format!("host=\"{}\";for=192.0.2.1", "\\\",".repeat(MIB / 3));
    assert_eq!(told(resolve(&policy, "@", "Forwarded", host)).0, ip("192.0.2.1"));
    let node = format!("for=\"{}192.0.2.1\"", "\\0".repeat(MIB / 2));
    let refused = resolve(&policy, "@", "Forwarded", node).unwrap_err();
    assert_eq!(refused, invalid(0, HopProblem::Malformed));
    let escaped: String =
        "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535".chars().flat_map(|c| ['\\', c]).collect();
    let client = resolve(&policy, "@", "Forwarded", format!("for=\"{escaped}\""));
    assert_eq!(told(client).0, ip("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"));
}

#[test]
fn quotes_that_never_end() {
    let policy = ranges(FORWARDED, &["10.0.0.0/8"]);
    for (value, index) in [
        ("\"", 0),
        ("for=\"", 0),
        ("for=\"192.0.2.1", 0),
        ("for=192.0.2.1\"", 0),
        ("for=\"192.0.2.1\\\"", 0),
        ("for=192.0.2.1, for=\"10.0.0.1\\\"", 0),
        ("for=192.0.2.1;host=\"a, for=10.0.0.1", 1),
        ("for=192.0.2.1;x=\"\\\", for=10.0.0.1", 1),
    ] {
        let refused = resolve(&policy, "@", "Forwarded", value).unwrap_err();
        match refused {
            AddressRefused::InvalidHop { index: found, problem: HopProblem::Malformed, .. } => {
                assert_eq!(found, index, "{value}");
            }
            _ => panic!("{value}: {refused:?}"),
        }
    }
    // The client's quote is left open, and the element of the proxy is whole.
    let client = resolve(&policy, "@", "Forwarded", "host=\"a, for=\"192.0.2.1\"");
    assert_eq!(told(client).0, ip("192.0.2.1"));
    // No string goes on in another field line.
    let lines = [("Forwarded", "for=192.0.2.1;host=\"a"), ("Forwarded", "b\";for=10.0.0.1")];
    let refused = policy.resolve(Peer::UnixSocket, &lines).unwrap_err();
    assert_eq!(refused, invalid(0, HopProblem::Malformed));
}

#[test]
fn forms_that_are_no_address() {
    let policy = ranges(XFF, &["10.0.0.0/8"]);
    for bad in [
        "",
        "fe80::1%eth0",
        "[fe80::1%25eth0]",
        "fe80::1%1",
        "[192.0.2.1]",
        "[192.0.2.1]:80",
        "010.0.0.1",
        "192.0.2.01",
        "0xc0.0.2.1",
        "0xc0000201",
        "3221225985",
        "192.2.1",
        "192.0.2",
        "192.0.2.1.",
        ".192.0.2.1",
        "192.0.2.256",
        "192.0.2.1/32",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:000080",
        "192.0.2.1:8o",
        "192.0.2.1:-1",
        "[2001:db8::1]:",
        "[2001:db8::1]:65536",
        "[2001:db8::1] :80",
        "[2001:db8::1",
        "2001:db8::1]",
        "[[2001:db8::1]]",
        "2001:db8::1::",
        "2001:db8:::1",
        "::ffff:192.0.2.01",
        "\"192.0.2.1\"",
        "192.0.2.1;192.0.2.2",
        "192.0.2.1 192.0.2.2",
        "192.0.2.1\r",
        "192.0.2.1\n",
        "192.0.2.1\0",
        "192.0.2.1\u{a0}",
        "\u{feff}192.0.2.1",
        "１９２.0.2.1",
        "192。0。2。1",
        "localhost",
        "-",
        "for=192.0.2.1",
        "http://192.0.2.1",
    ] {
        let refused =
            resolve(&policy, "@", "X-Forwarded-For", format!("192.0.2.9,{bad}")).unwrap_err();
        assert_eq!(refused, invalid(0, HopProblem::Malformed), "{bad:?}");
        let refused = resolve(&policy, "@", "X-Forwarded-For", format!("192.0.2.9,{bad},10.0.0.1"))
            .unwrap_err();
        assert!(matches!(refused, AddressRefused::InvalidHop { index: 1, .. }), "{bad:?}");
        // Left of the client nobody looks.
        let client = resolve(&policy, "@", "X-Forwarded-For", format!("{bad},192.0.2.9"));
        assert_eq!(told(client), (ip("192.0.2.9"), Provenance::Header), "{bad:?}");
    }
    for (word, problem) in [
        ("unknown", HopProblem::Unknown),
        ("Unknown:80", HopProblem::Unknown),
        ("_hidden", HopProblem::Obfuscated),
        ("_", HopProblem::Malformed),
        ("_hid den", HopProblem::Malformed),
        ("unknown:x", HopProblem::Malformed),
        ("0.0.0.0", HopProblem::Unspecified),
        ("[::]:80", HopProblem::Unspecified),
        ("::ffff:0:0", HopProblem::Unspecified),
    ] {
        let refused = resolve(&policy, "@", "X-Forwarded-For", word).unwrap_err();
        assert_eq!(refused, invalid(0, problem), "{word}");
        let refused = resolve(&ranges(FORWARDED, &[]), "@", "Forwarded", format!("for=\"{word}\""));
        let problem = if word == "::ffff:0:0" { HopProblem::Malformed } else { problem };
        assert_eq!(refused.unwrap_err(), invalid(0, problem), "{word}");
    }
}

#[test]
fn elements_that_are_none() {
    let policy = ranges(FORWARDED, &[]);
    for bad in [
        ",",
        "for",
        "for=",
        "for =192.0.2.1",
        "for= 192.0.2.1",
        "for=192.0.2.1 x",
        "for=192.0.2.1 proto=http",
        "for=192.0.2.1:80",
        "for=[2001:db8::1]",
        "for=2001:db8::1",
        "for=\"2001:db8::1\"",
        "for=\" 192.0.2.1\"",
        "for=\"192.0.2.1 \"",
        "for=\"192.0.2.1\"x",
        "for=\"192.0.2.1\"\"\"",
        "for='192.0.2.1'",
        "for=192.0.2.1;x",
        "for=192.0.2.1;=x",
        "for=192.0.2.1;x=\"a\x07\"",
        "for=192.0.2.1;host=example.com:80",
        "for=192.0.2.1;for=192.0.2.1",
        "for=192.0.2.1;FOR=_x",
        "for=\"\"",
        "for=192.0.2.1\\",
        "f\\or=192.0.2.1",
        "for=\"192.0.2.1\r\"",
    ] {
        let refused = resolve(&policy, "@", "Forwarded", bad).unwrap_err();
        let no_for = bad == ",";
        let problem = if no_for { HopProblem::NoFor } else { HopProblem::Malformed };
        assert_eq!(refused, invalid(0, problem), "{bad:?}");
    }
    for none in ["proto=https", ";", "by=192.0.2.1;host=x", "fort=192.0.2.1"] {
        let refused = resolve(&policy, "@", "Forwarded", none).unwrap_err();
        assert_eq!(refused, invalid(0, HopProblem::NoFor), "{none:?}");
    }
    for good in [
        "for=192.0.2.1",
        " FOR=192.0.2.1\t",
        "for=192.0.2.1;",
        ";;for=192.0.2.1",
        "proto=https ; for=192.0.2.1 ; x=y",
        "for=\"1\\92.0.2.1\"",
        "for=\"192.0.2.1:65535\"",
        "for=\"[::ffff:192.0.2.1]:1\"",
        "x=\"\\\"\";for=192.0.2.1",
        "host=\"é, \\é\";for=192.0.2.1",
    ] {
        assert_eq!(told(resolve(&policy, "@", "Forwarded", good)).0, ip("192.0.2.1"), "{good:?}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    for bad in [&b"\xff"[..], b"192.0.2.1\xff", b"\xc3", b"\x80192.0.2.1", b"\xed\xa0\x80"] {
        let refused = resolve(&ranges(XFF, &[]), "@", "X-Forwarded-For", bad).unwrap_err();
        assert_eq!(refused, invalid(0, HopProblem::Malformed));
        for value in [[b"for=", bad].concat(), [b"for=\"", bad, b"\""].concat()] {
            let refused = resolve(&ranges(FORWARDED, &[]), "@", "Forwarded", value).unwrap_err();
            assert_eq!(refused, invalid(0, HopProblem::Malformed));
        }
    }
    let value = b"\xff\xfe, 192.0.2.1";
    assert_eq!(told(resolve(&ranges(XFF, &[]), "@", "X-Forwarded-For", value)).0, ip("192.0.2.1"));
}
