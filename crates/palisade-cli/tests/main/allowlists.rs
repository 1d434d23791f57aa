//! `palisade allowlist`.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

use crate::command::{Answer, palisade};

const LIST: &str = "\
# Offices
10.0.0.0/8     Internal
10.20.0.0/16   VPN

192.0.2.0/25   East
2001:db8::/32  Büro
";

/// Three of its lines are no entries.
const WRONG: &str = "\
10.0.0.0/8   fine
10.0.0.300   a typo
010.0.0.1
10.0.0.0/255.0.0.0
";

/// A folder with files in it.
struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            std::fs::write(folder.path(name), bytes).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `palisade allowlist` in the folder: what has a dot in it is a file there.
    fn run(&self, args: &[&str], stdin: &[u8]) -> Answer {
        let is_file = |arg: &str| Path::new(arg).extension().is_some() && self.path(arg).exists();
        let args: Vec<String> =
            args.iter()
                .map(|arg| {
                    if is_file(arg) { self.path(arg).display().to_string() } else { (*arg).into() }
                })
                .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        palisade(&[&["allowlist"], &args[..]].concat(), stdin)
    }
}

fn lines(count: u32, line: impl Fn(u32) -> String) -> String {
    let lines: Vec<String> = (0..count).map(|n| line(n) + "\n").collect();
    lines.concat()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The answers on stdout, with nothing on stderr.
fn said(answer: &Answer) -> (i32, &str) {
    assert_eq!(answer.stderr, "", "{answer:?}");
    (answer.code, &answer.stdout)
}

fn error(answer: &Answer) -> (i32, String) {
    (answer.code, answer.json()["error"].as_str().unwrap().to_owned())
}

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

    // No address at all is no yes.
    assert_eq!(error(&files.run(&["--json", "check", "list.txt", "-"], b"\n")).0, 2);
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
        assert!(files.run(&["lint", list], b"").stdout.starts_with("no entry is IPv"));
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

#[test]
fn lists_may_be_compressed() {
    let (one, two) = LIST.split_at(LIST.find("192.").unwrap());
    let members = [gzip(one.as_bytes()), gzip(two.as_bytes())].concat();
    let whole = gzip(LIST.as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() - 6;
    damaged[middle] ^= 1;
    let files = Files::new(&[
        ("members.gz", &members),
        ("cut.gz", &whole[..whole.len() - 9]),
        ("head.gz", &whole[..3]),
        ("damaged.gz", &damaged),
        ("trailing.gz", &[&whole[..], b"more"].concat()),
        // The name tells nothing.
        ("plain.gz", LIST.as_bytes()),
    ]);
    for list in ["members.gz", "plain.gz"] {
        assert_eq!(files.run(&["--json", "stats", list], b"").json()["entries"], 4, "{list}");
    }
    assert_eq!(files.run(&["--json", "stats", "-"], &members).json()["entries"], 4);
    for list in ["cut.gz", "head.gz", "damaged.gz", "trailing.gz"] {
        for args in [
            &["check", list, "10.0.0.1"][..],
            &["lint", list],
            &["stats", list],
            &["diff", list, "plain.gz"],
        ] {
            let answer = files.run(&[&["--json"], args].concat(), b"");
            assert_eq!(error(&answer), (2, "input".into()), "{args:?}");
        }
    }
}

#[test]
fn a_large_list_has_its_bounds_and_no_bar_in_a_pipe() {
    let large = lines(6_000, |n| format!("10.{}.{}.0/24 {:>0180}", n >> 8 & 255, n & 255, n % 100));
    assert!(large.len() > 1 << 20);
    let files = Files::new(&[("large.txt", large.as_bytes())]);
    for (args, stdin) in
        [(&["stats", "large.txt"][..], &b""[..]), (&["stats", "-"], large.as_bytes())]
    {
        let text = files.run(args, stdin);
        assert_eq!(said(&text).0, 0);
        assert!(text.stdout.starts_with("entries     6000\n"));
        assert_eq!(files.run(&[&["--json"], args].concat(), stdin).json()["entries"], 6_000);
    }
    for command in
        [&["stats", "large.txt"][..], &["lint", "large.txt"], &["check", "large.txt", "::1"]]
    {
        let limited = [&["--json"], &command[..1], &["--max-entries", "5999"], &command[1..]];
        let answer = files.run(&limited.concat(), b"");
        assert_eq!(error(&answer), (2, "list_too_large".into()), "{command:?}");
    }
    assert_eq!(files.run(&["stats", "--max-entries", "6000", "large.txt"], b"").code, 0);
}

#[test]
fn what_cannot_be_read() {
    let files = Files::new(&[("list.txt", LIST.as_bytes())]);
    let folder = files.path("").display().to_string();
    for list in ["/nowhere/at/all", &folder] {
        for args in [&["check", list, "10.0.0.1"][..], &["lint", list], &["stats", list]] {
            let answer = files.run(&[&["--json"], args].concat(), b"");
            assert_eq!(error(&answer), (2, "input".into()), "{args:?}");
        }
    }
}

/// Neither the name of a file nor a label moves the cursor or turns the direction.
#[test]
fn nothing_steers_the_terminal() {
    let evil = "\u{1b}]0;title\u{7}\u{9b}31m.txt";
    let label = "safe \u{202e}live\u{200b}";
    let list = format!("10.0.0.0/8 {label}\n");
    let files = Files::new(&[("list.txt", list.as_bytes()), ("new.txt", b"10.0.0.0/8 b\n")]);
    #[cfg(unix)]
    std::fs::write(files.path(evil), "10.0.0.0/8 \u{1b}[31mred\nfoo\u{1b}\n").unwrap();
    for args in [
        &["check", "list.txt", "10.0.0.1"][..],
        &["check", "--explain", "list.txt", "10.0.0.1", "11.0.0.1"],
        &["lint", "list.txt"],
        &["stats", "list.txt"],
        &["diff", "list.txt", "new.txt"],
        &["check", "list.txt", evil],
        &["check", evil, "10.0.0.1"],
        &["lint", evil],
        &["stats", evil],
        &["diff", "list.txt", evil],
        &["diff", "list.txt", "new.txt", evil],
        &["stats", "--empty", evil],
    ] {
        for json in [&[][..], &["--json"]] {
            let Answer { stdout, stderr, .. } = files.run(&[json, args].concat(), b"");
            let said = stdout + &stderr;
            let steers = |c: char| c != '\n' && (c.is_control() || !c.is_ascii());
            assert!(!said.is_empty() && !said.contains(steers), "{args:?} {said:?}");
        }
    }
    let check = files.run(&["check", "list.txt", "10.0.0.1"], b"");
    assert_eq!(check.stdout, "10.0.0.1 allowed 10.0.0.0/8 safe \\u202elive\\u200b\n");
    let json = files.run(&["--json", "check", "list.txt", "10.0.0.1"], b"").json();
    assert_eq!(json["rows"][0]["label"], label);
}
