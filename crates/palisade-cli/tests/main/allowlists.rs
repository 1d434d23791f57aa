//! `palisade allowlist check`, and lists without entries.

use serde_json::json;

use crate::lists::{Files, LIST, error, gzip, said};

#[test]
fn check_says_which_entry_allows() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    let all = files.run(&["check", "list.txt", "10.20.3.4", "::ffff:10.1.1.1"], b"");
    assert_eq!(
        said(&all),
        (0, "10.20.3.4 allowed 10.20.0.0/16 VPN\n10.1.1.1 allowed 10.0.0.0/8 Internal\n")
    );
    let one = files.run(&["check", "list.txt", "10.20.3.4", "192.0.2.128", "2001:db8::1"], b"");
    assert_eq!(
        said(&one),
        (
            1,
            "10.20.3.4 allowed 10.20.0.0/16 VPN\n192.0.2.128 denied\n\
             2001:db8::1 allowed 2001:db8::/32 Büro\n"
        )
    );
    let json = files.run(&["--json", "check", "list.txt", "10.20.3.4", "11.0.0.0"], b"");
    assert_eq!(json.code, 1);
    assert_eq!(
        json.json(),
        json!({
            "rows": [
                {
                    "address": "10.20.3.4", "allowed": true,
                    "network": "10.20.0.0/16", "label": "VPN",
                },
                { "address": "11.0.0.0", "allowed": false },
            ],
            "allowed": false, "addresses": 2, "denied": 1,
        })
    );
}

#[test]
fn check_explains() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    let args = ["check", "--explain", "list.txt", "10.20.3.4", "64:ff9b::a01:101"];
    let answer = files.run(&args, b"");
    let (code, text) = said(&answer);
    assert_eq!(code, 1);
    assert!(
        text.starts_with(
            "10.20.3.4 is allowed by 10.20.0.0/16 (VPN)\n  10.0.0.0/8 (Internal) allows it, too\n\
             64:ff9b::a01:101 is denied: no entry matches\n  nearest below: none\n  nearest above: "
        ),
        "{text}"
    );
    assert!(text.contains("\n  it carries 10.1.1.1 (NAT64)"), "{text}");

    let answer = files.run(&[&["--json"], &args[..]].concat(), b"").json();
    assert_eq!(
        answer["rows"][0]["explanation"],
        json!({
            "matches": [
                { "network": "10.20.0.0/16", "label": "VPN" },
                { "network": "10.0.0.0/8", "label": "Internal" },
            ],
            "nearest_below": null, "nearest_above": null, "family_is_listed": true,
            "embedded": null,
        })
    );
    let denied = &answer["rows"][1]["explanation"];
    assert_eq!(denied["embedded"]["form"], "nat64");
    assert_eq!(denied["embedded"]["entry"]["label"], "Internal");
    assert_eq!(denied["nearest_above"]["network"], "2001:db8::/32");
    let between = denied["nearest_above"]["addresses_between"].as_str().unwrap();
    let distance = (0x2001_0db8_u128 << 96) - ((0x64_ff9b << 96) | 0x0a01_0101) - 1;
    assert_eq!(between, distance.to_string());
}

#[test]
fn check_reads_addresses_from_stdin() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    let good = files.run(&["check", "list.txt", "-"], b"10.0.0.1\r\n\n  192.0.2.1 \n10.0.0.2");
    let (code, text) = said(&good);
    assert_eq!((code, text.lines().count()), (0, 3), "{text}");

    let mixed = files.run(&["check", "list.txt", "10.0.0.1", "-", "10.0.0.2"], b"8.8.8.8\n");
    let (code, text) = said(&mixed);
    assert_eq!((code, text.lines().nth(1)), (1, Some("8.8.8.8 denied")));

    // The list from there, and the addresses as arguments.
    assert_eq!(files.run(&["check", "-", "10.0.0.1"], LIST.as_bytes()).code, 0);
    assert_eq!(files.run(&["check", "-", "11.0.0.1"], &gzip(LIST.as_bytes())).code, 1);

    // A line that is no address leaves the rest in doubt; the others are judged all the same.
    let long = "1".repeat(1_000);
    let stdin = format!("10.0.0.1\n10.0.0.0/8\n{long}\n010.0.0.1\n\u{1b}31m\n8.8.8.8\n");
    let bad = files.run(&["check", "list.txt", "-"], stdin.as_bytes());
    assert_eq!((bad.code, bad.stdout.lines().count()), (2, 2), "{bad:?}");
    for part in ["line 2: ", "line 3: ", "line 4: ", "(octal)", "line 5: ", "error: 4 lines"] {
        assert!(bad.stderr.contains(part), "{bad:?}");
    }
    assert!(!bad.stderr.contains('\u{1b}') && !bad.stderr.contains("11111111"), "{bad:?}");
    let json = files.run(&["--json", "check", "list.txt", "-"], stdin.as_bytes()).json();
    assert_eq!(json["error"], "address");
    assert_eq!(json["rows"][3]["error"], "octal");
    assert_eq!(json["rows"][5]["line"], 6);
    assert_eq!(json["rows"].as_array().unwrap().len(), 6);

    let one = files.run(&["check", "list.txt", "-"], b"10.0.0.1\nx\n").stderr;
    assert!(one.contains("error: 1 line of stdin is no address"), "{one}");

    // No address at all is no yes.
    assert_eq!(error(&files.run(&["--json", "check", "list.txt", "-"], b"\n")).0, 2);
}

/// Of a line that is cut nobody knows how it goes on.
#[test]
fn a_long_line_is_not_judged_by_its_beginning() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    let spaces = " ".repeat(300);
    for long in [format!("10.0.0.1{spaces}8.8.8.8"), format!("{spaces}8.8.8.8"), spaces.clone()] {
        for end in ["", "\n", "\n10.0.0.2\n"] {
            let stdin = format!("10.0.0.1\n{long}{end}");
            let answer = files.run(&["--json", "check", "list.txt", "-"], stdin.as_bytes());
            assert_eq!(error(&answer), (2, "address".into()), "{stdin:?}");
            let rows = &answer.json()["rows"];
            assert_eq!((&rows[1]["line"], &rows[1]["error"]), (&2.into(), &"line_too_long".into()));
        }
    }
    let padded = |len: usize| format!("{:<len$}\n", "10.0.0.1");
    assert_eq!(files.run(&["check", "list.txt", "-"], padded(255).as_bytes()).code, 0);
    assert_eq!(files.run(&["check", "list.txt", "-"], padded(256).as_bytes()).code, 2);
}

/// Stdin has more names than one, and gives its bytes once.
#[cfg(unix)]
#[test]
fn stdin_is_not_read_twice_under_another_name() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    for args in [
        &["diff", "-", "/dev/stdin"][..],
        &["diff", "/dev/stdin", "-"],
        &["diff", "/dev/stdin", "/dev/fd/0"],
        &["check", "/dev/stdin", "-"],
        &["check", "/dev/fd/0", "10.0.0.1", "-"],
    ] {
        let answer = files.run(&[&["--json"], args].concat(), LIST.as_bytes());
        assert_eq!(error(&answer), (2, "usage".into()), "{args:?}");
    }
    for args in [
        &["diff", "/dev/stdin", "list.txt"][..],
        &["diff", "list.txt", "/dev/stdin"],
        &["diff", "list.txt", "list.txt"],
        &["check", "/dev/stdin", "10.0.0.1"],
    ] {
        assert_eq!(files.run(args, LIST.as_bytes()).code, 0, "{args:?}");
    }
}

#[test]
fn check_with_what_is_no_address() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    for (address, reason) in [
        ("010.0.0.1", "octal"),
        ("10.0.0.0/8", "network"),
        ("10.0.0.1/8", "network"),
        ("fe80::1%eth0", "zone"),
        ("10.0.0.1:443", "port"),
        ("", "empty"),
    ] {
        let answer = files.run(&["--json", "check", "list.txt", "10.0.0.1", address], b"");
        assert_eq!(error(&answer), (2, reason.into()), "{address}");
        assert!(answer.json()["message"].as_str().unwrap().starts_with("address 2: "));
    }
    // What is proposed is taken, so it is one address, or nothing.
    for (address, proposed) in [
        ("192.0.2.1:80", Some("192.0.2.1")),
        ("[2001:db8::1]", Some("2001:db8::1")),
        (" 10.0.0.1", Some("10.0.0.1")),
        ("10.0.0.1/255.255.255.255", Some("10.0.0.1")),
        ("10.0.0.0/255.0.0.0", None),
        ("10.0.0.1/255.0.0.0", None),
        ("10.0.0.0-10.0.0.2", None),
        ("10.0.0.*", None),
    ] {
        let answer = files.run(&["--json", "check", "list.txt", address], b"");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        let write = message.split_once("; write ").map(|(_, write)| write);
        assert_eq!(write, proposed, "{address}: {message}");
        if let Some(proposed) = proposed {
            assert_ne!(files.run(&["check", "list.txt", proposed], b"").code, 2, "{proposed}");
        }
    }
    for args in [
        &["check", "list.txt"][..],
        &["check", "list.txt", "-", "-"],
        &["check", "-", "-"],
        &["check", "list.txt", "--max-entries", "0", "10.0.0.1"],
        &["check", "list.txt", "--empty", "perhaps", "10.0.0.1"],
    ] {
        let answer = files.run(&[&["--json"], args].concat(), LIST.as_bytes());
        assert_eq!(error(&answer), (2, "usage".into()), "{args:?}");
    }
}

#[test]
fn a_list_without_entries_needs_a_meaning() {
    let files = Files::new(&[("none.txt", b"# nothing\n"), ("list.txt", LIST.as_bytes())]);
    let check =
        |extra: &[&str]| files.run(&[extra, &["check", "none.txt", "8.8.8.8"]].concat(), b"");
    assert_eq!(error(&check(&["--json"])), (2, "list_empty".into()));
    assert!(check(&[]).stderr.contains("--empty"));
    let run = |meaning| files.run(&["check", "--empty", meaning, "none.txt", "8.8.8.8"], b"");
    assert_eq!(said(&run("allow")), (0, "8.8.8.8 allowed by an empty list\n"));
    assert_eq!(said(&run("deny")), (1, "8.8.8.8 denied\n"));

    let lint = files.run(&["lint", "none.txt"], b"");
    assert_eq!(lint.code, 1);
    assert!(lint.stdout.contains("--empty"), "{lint:?}");
    assert_eq!(files.run(&["lint", "--empty", "deny", "none.txt"], b"").code, 0);
    assert_eq!(files.run(&["--json", "lint", "none.txt"], b"").json()["no_entry"], true);

    assert_eq!(error(&files.run(&["--json", "diff", "list.txt", "none.txt"], b"")).0, 2);
    let diff = files.run(&["--json", "diff", "--empty", "allow", "none.txt", "list.txt"], b"");
    assert_eq!((diff.code, &diff.json()["outsiders"]), (1, &"denied".into()));
    assert_eq!(diff.json()["newly_denied"], json!({ "networks": [], "more": 0 }));
    let diff = files.run(&["diff", "--empty", "allow", "list.txt", "none.txt"], b"");
    assert!(diff.stdout.ends_with("empty and allows everyone\n"), "{diff:?}");
    assert!(diff.stdout.contains("\nallowed: everyone"), "{diff:?}");
    let diff = files.run(&["--json", "diff", "--empty", "deny", "none.txt", "list.txt"], b"");
    assert_eq!(diff.json()["outsiders"], json!(null));

    assert_eq!(files.run(&["--json", "stats", "none.txt"], b"").json()["entries"], 0);
}
