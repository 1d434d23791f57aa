//! `palisade allowlist lint`, `diff` and `stats`.

use serde_json::json;

use crate::lists::{Files, LIST, error, gzip, lines, said};

/// Three of its lines are no entries.
const WRONG: &str = "\
10.0.0.0/8   fine
10.0.0.300   a typo
010.0.0.1
10.0.0.0/255.0.0.0
";

#[test]
fn lint_tells_every_mistake() {
    let files = Files::new(&[("wrong.txt", WRONG.as_bytes())]);
    let lint = files.run(&["lint", "wrong.txt"], b"");
    assert_eq!(
        said(&lint),
        (
            1,
            "line 2: column 8: this is not an IP address (bad_address)\n\
             line 3: column 1: an octet begins with a zero, which some programs read as octal (octal)\n\
             line 4: column 10: a netmask stands where the prefix length is due; \
             write 10.0.0.0/8 (netmask)\n\
             3 lines are no entries; nothing else was looked at\n"
        )
    );
    let json = files.run(&["--json", "lint", "wrong.txt"], b"");
    assert_eq!(json.code, 1);
    let json = json.json();
    assert_eq!((&json["clean"], &json["more_errors"]), (&false.into(), &0.into()));
    assert_eq!(json["errors"][1]["error"], "octal");
    assert_eq!(json["errors"][1]["line"], 3);

    // Every other command takes the same lines for an error.
    for args in [
        &["check", "wrong.txt", "10.0.0.1"][..],
        &["stats", "wrong.txt"],
        &["diff", "wrong.txt", "wrong.txt"],
    ] {
        let answer = files.run(args, b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{args:?}");
        assert!(answer.stderr.contains("line 4: "), "{answer:?}");
        let answer = files.run(&[&["--json"], args].concat(), b"");
        assert_eq!(error(&answer), (2, "list".into()));
        assert_eq!(answer.json()["problems"][2]["error"], "netmask");
    }
}

#[test]
fn mistakes_without_end_are_counted() {
    let files = Files::new(&[("wrong.txt", lines(2_500, |n| format!("x{n}")).as_bytes())]);
    let lint = files.run(&["lint", "wrong.txt"], b"");
    let (code, text) = said(&lint);
    assert_eq!((code, text.lines().count()), (1, 1_002));
    let last: Vec<_> = text.lines().skip(1_000).collect();
    let whole = "2500 lines are no entries; nothing else was looked at";
    assert_eq!(last, ["and 1500 more lines", whole]);
    let json = files.run(&["--json", "lint", "wrong.txt"], b"").json();
    assert_eq!(
        (json["errors"].as_array().unwrap().len(), &json["more_errors"]),
        (1_000, &1_500.into())
    );

    for (lines_in_all, command, of_rest) in
        [(1_001, "lint", "\nand 1 more line\n"), (101, "stats", "\nand 1 more line\nerror: ")]
    {
        let wrong = lines(lines_in_all, |n| format!("x{n}"));
        let answer = files.run(&[command, "-"], wrong.as_bytes());
        let text = answer.stdout + &answer.stderr;
        assert!(text.contains(of_rest), "{command}: {text}");
    }

    let stats = files.run(&["stats", "wrong.txt"], b"").stderr;
    assert_eq!(stats.lines().count(), 102);
    assert!(stats.contains("\nand 2400 more lines\nerror: "), "{stats}");

    // What is odd is counted, too.
    let odd = lines(1_500, |n| format!("10.0.{}.{}", n >> 8, n & 255)) + "10.0.0.0/8\n::1\n";
    let lint = files.run(&["lint", "-"], odd.as_bytes());
    let (code, text) = said(&lint);
    assert_eq!(code, 1);
    assert!(text.ends_with("\nand 500 more\n1502 entries: 1501 IPv4, 1 IPv6\n"), "{text}");
}

#[test]
fn lint_tells_what_is_odd() {
    let odd = "10.0.0.1/8\n10.1.0.0/16 VPN\n10.1.0.0/16\n2000::/3\n";
    let files = Files::new(&[
        ("odd.txt", odd.as_bytes()),
        ("four.txt", b"192.0.2.0/24\n"),
        ("six.txt", b"2001:db8::/32\n"),
        ("both.txt", b"192.0.2.0/24\n2001:db8::/32\n"),
    ]);
    assert_eq!(
        said(&files.run(&["lint", "odd.txt"], b"")),
        (
            1,
            "line 1: bits beyond the length; read as 10.0.0.0/8 (host_bits)\n\
             line 2: 10.1.0.0/16 is listed again at line 3, whose label counts (duplicate)\n\
             line 3: 10.1.0.0/16 is inside of 10.0.0.0/8, which allows it already (shadowed)\n\
             line 4: 2000::/3 is very broad (too_broad)\n\
             3 entries: 2 IPv4, 1 IPv6\n"
        )
    );
    let json = files.run(&["--json", "lint", "odd.txt"], b"").json();
    assert_eq!((&json["entries"], &json["ipv4"], &json["ipv6"]), (&3.into(), &2.into(), &1.into()));
    assert_eq!(json["findings"].as_array().unwrap().len(), 4);
    assert_eq!(json["findings"][0]["finding"], "host_bits");

    let strict = files.run(&["--json", "lint", "--strict", "odd.txt"], b"");
    assert_eq!((strict.code, &strict.json()["errors"][0]["error"]), (1, &"host_bits".into()));
    for (least, lines) in [("9,4", vec![1, 4]), ("8,4", vec![4]), ("8,3", vec![]), ("0,0", vec![])]
    {
        let lint = files.run(&["--json", "lint", "--refuse-broader-than", least, "odd.txt"], b"");
        let json = lint.json();
        let errors: Vec<_> =
            json["errors"].as_array().unwrap().iter().map(|error| error["line"].clone()).collect();
        assert_eq!(errors, lines, "{least}");
    }
    for wrong in ["8", "33,0", "0,129", "+8,0", "8,", "", "8,8,8", "\u{1b}[31m", "\u{9b}31m"] {
        let option = format!("--refuse-broader-than={wrong}");
        assert_eq!(files.run(&["lint", &option, "odd.txt"], b"").code, 2, "{wrong:?}");
        let json = files.run(&["--json", "lint", &option, "odd.txt"], b"").json();
        assert!(!json["message"].as_str().unwrap().contains(char::is_control), "{json}");
    }

    assert_eq!(
        said(&files.run(&["lint", "both.txt"], b"")),
        (0, "2 entries: 1 IPv4, 1 IPv6, clean\n")
    );
    for (list, missing) in [("four.txt", "ipv6"), ("six.txt", "ipv4")] {
        let json = files.run(&["--json", "lint", list], b"");
        assert_eq!((json.code, &json.json()["missing_family"]), (1, &missing.into()));
        let text = files.run(&["lint", list], b"").stdout;
        assert!(text.starts_with("no entry is IPv") && text.contains("\n1 entry: "), "{text}");
        assert_eq!(files.run(&["lint", "--one-family", list], b"").code, 0);
    }
}

#[test]
fn diff_tells_entries_and_addresses() {
    let new = "\
        10.0.0.0/8 Intranet\n192.0.2.0/24 Both\n2001:db8:8000::/33 Büro\n203.0.113.9\n";
    let files = Files::new(&[
        ("old.txt", LIST.as_bytes()),
        ("new.txt", new.as_bytes()),
        ("old.gz", &gzip(LIST.as_bytes())),
    ]);
    assert_eq!(
        said(&files.run(&["diff", "old.txt", "new.txt"], b"")),
        (
            1,
            "- 10.20.0.0/16 VPN\n- 192.0.2.0/25 East\n- 2001:db8::/32 Büro\n\
             + 192.0.2.0/24 Both\n+ 203.0.113.9/32\n+ 2001:db8:8000::/33 Büro\n\
             ~ 10.0.0.0/8 Internal -> Intranet\n\
             allowed: 192.0.2.128/25\nallowed: 203.0.113.9/32\ndenied: 2001:db8::/33\n"
        )
    );
    let json = files.run(&["--json", "diff", "old.txt", "new.txt"], b"").json();
    assert_eq!(json["same"], false);
    assert_eq!(json["removed"][2], json!({ "network": "2001:db8::/32", "label": "Büro" }));
    assert_eq!(json["added"].as_array().unwrap().len(), 3);
    assert_eq!(
        json["relabelled"],
        json!([{ "network": "10.0.0.0/8", "old_label": "Internal", "new_label": "Intranet" }])
    );
    assert_eq!(json["newly_denied"], json!({ "networks": ["2001:db8::/33"], "more": 0 }));
    assert_eq!(json["outsiders"], json!(null));

    assert_eq!(said(&files.run(&["diff", "old.txt", "old.gz"], b"")), (0, ""));
    assert_eq!(said(&files.run(&["diff", "-", "old.gz"], LIST.as_bytes())), (0, ""));
    let same = files.run(&["--json", "diff", "old.txt", "-"], LIST.as_bytes());
    assert_eq!((same.code, &same.json()["same"]), (0, &true.into()));
    assert_eq!(error(&files.run(&["--json", "diff", "-", "-"], b"")), (2, "usage".into()));
    let answer = files.run(&["diff", "old.txt", "none.txt"], b"");
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.starts_with("error: the second list cannot be read"), "{answer:?}");
}

/// What remains of IPv6 around a thousand addresses is not told of to the last network.
#[test]
fn a_diff_is_not_without_end() {
    let hosts = lines(200, |n| format!("2001:db8:{n:x}::1"));
    let files = Files::new(&[("all.txt", b"::/0\n"), ("hosts.txt", hosts.as_bytes())]);
    let json = files.run(&["--json", "diff", "all.txt", "hosts.txt"], b"").json();
    assert_eq!(json["newly_denied"]["networks"].as_array().unwrap().len(), 10_000);
    assert!(json["newly_denied"]["more"].as_u64().unwrap() > 1_000);
    let text = files.run(&["diff", "all.txt", "hosts.txt"], b"").stdout;
    assert!(text.lines().last().unwrap().starts_with("denied: and "), "{text}");
}

#[test]
fn stats_counts() {
    let more = lines(25, |n| format!("198.51.100.{n} label {n}"));
    let list = format!("{LIST}{more}10.3.0.0/16 VPN\n");
    let files = Files::new(&[("list.txt", list.as_bytes()), ("all.txt", b"::/0\n0.0.0.0/0 All\n")]);
    let answer = files.run(&["stats", "list.txt"], b"");
    let (code, text) = said(&answer);
    assert_eq!(code, 0);
    let (body, memory) = text.split_once("memory      ").unwrap();
    assert!(memory.contains(" bytes, ") && memory.ends_with(" an entry\n"), "{memory}");
    assert!(
        body.starts_with(
            "entries     30\n\
             IPv4        29; addresses 16777369; aggregated 5\n          \
             1 /8\n          2 /16\n          1 /25\n         25 /32\n\
             IPv6        1; addresses 79228162514264337593543950336; aggregated 1\n          \
             1 /32\nlabels      29\n          2 VPN\n          1 Büro\n"
        ),
        "{body}"
    );
    assert!(body.ends_with("            and 9 more\n"), "{body}");

    let json = files.run(&["--json", "stats", "list.txt"], b"");
    assert_eq!(json.code, 0);
    let json = json.json();
    assert_eq!(json["ipv4"]["prefix_lengths"], json!({ "8": 1, "16": 2, "25": 1, "32": 25 }));
    assert_eq!(json["top_labels"].as_array().unwrap().len(), 20);
    assert_eq!(json["top_labels"][0], json!({ "label": "VPN", "entries": 2 }));
    assert!(json["heap_bytes"].as_u64().unwrap() > 100);
    // No time, which differs from run to run.
    let fields: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["entries", "heap_bytes", "ipv4", "ipv6", "labels", "top_labels"]);

    let all = files.run(&["--json", "stats", "all.txt"], b"").json();
    assert_eq!(all["ipv4"]["addresses"], "4294967296");
    assert_eq!(all["ipv6"]["addresses"], "340282366920938463463374607431768211456");
    assert_eq!(all["labels"], 2);
}
