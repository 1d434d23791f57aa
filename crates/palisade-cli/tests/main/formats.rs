//! `key formats` and `completions`.

use crate::command::palisade;

#[test]
fn the_known_formats_are_listed() {
    let listed = palisade(&["key", "formats"], b"");
    assert_eq!(listed.code, 0);
    let prefixes: Vec<&str> =
        listed.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(
        prefixes,
        [
            "gate_acct_live",
            "gate_acct_test",
            "gate_coll_live",
            "gmk_acct_live",
            "gmk_acct_test",
            "gmk_cru_live",
            "glc_live",
            "glc_test",
            "gh_live",
            "ghp"
        ]
    );

    let json = palisade(&["--json", "key", "formats"], b"").json();
    let bound: Vec<&str> = json["formats"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|format| format["server_bound"] == true)
        .map(|format| format["format"].as_str().unwrap())
        .collect();
    assert_eq!(bound, ["gate_coll_live", "gmk_cru_live"]);
    assert_eq!(json["formats"][3]["length"], 62);
    assert_eq!(json["formats"][9]["regex"], "ghp_[0-9A-Za-z]{36}");
}

#[test]
fn scanners_are_told_of_each_format() {
    let two = ["--format", "acme_live", "--format", "acme_test,body=30,check=none"];
    let run = |what: &[&str]| palisade(&[&["key", "formats"], &two[..], what].concat(), b"");

    let regex = run(&["--regex"]).stdout;
    assert_eq!(regex, "acme_live_[0-9A-Za-z]{43}_[0-9A-Za-z]{4}\nacme_test_[0-9A-Za-z]{30}\n");
    let gitleaks = run(&["--gitleaks"]).stdout;
    assert_eq!(gitleaks.matches("[[rules]]").count(), 2);
    assert!(gitleaks.contains("id = \"acme-test\""));

    let who =
        ["--service", "Acme", "--endpoint", "https://acme.example", "--contact", "a@b.example"];
    let partner = run(&[&["--partner"], &who[..]].concat()).stdout;
    assert_eq!(partner.matches("Service: Acme\n").count(), 2);
    let json = run(&[&["--json", "--partner"], &who[..]].concat()).json();
    assert!(json["formats"][1]["partner"].as_str().unwrap().contains("Length: 40"));

    assert_eq!(run(&["--partner"]).code, 2, "it says nothing of nobody");
    assert_eq!(run(&["--regex", "--gitleaks"]).code, 2, "one thing at a time");
}

#[test]
fn rules_are_printed_for_formats_that_are_named() {
    let who = ["--partner", "--service", "A", "--endpoint", "https://a.example", "--contact", "a"];
    for what in [&["--regex"][..], &["--gitleaks"], &who] {
        let answer = palisade(&[&["key", "formats"], what].concat(), b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{what:?}");
        assert!(answer.stderr.contains("--format acme_live"), "{answer:?}");
        let json = palisade(&[&["--json", "key", "formats"], what].concat(), b"");
        assert_eq!((json.code, &json.json()["error"]), (2, &"usage".into()));
    }
}

#[test]
fn what_is_no_format_is_refused() {
    for format in [
        "",
        ",",
        "Acme",
        "acme-live",
        "a_b_c_d_e",
        "acme,body=21",
        "acme,body=x",
        "acme,check=crc5",
        "acme,fast",
    ] {
        let answer = palisade(&["key", "mint", "--format", format], b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{format}");
    }
    let twice = ["--json", "key", "formats", "--format", "acme", "--format", "acme_live"];
    let answer = palisade(&twice, b"");
    assert_eq!((answer.code, &answer.json()["error"]), (2, &"format".into()));
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = palisade(&["completions", shell], b"");
        assert_eq!(script.code, 0);
        assert!(script.stdout.contains("peppers-env"), "{shell}");
        let json = palisade(&["completions", shell, "--json"], b"").json();
        assert_eq!(json["script"], script.stdout);
    }
}
