//! Secrets, and keys that are what they should be.

use palisade::secret::{Keyring, SecretBytes};
use serde_json::json;

use crate::command::{KEY, PEPPER, palisade, palisade_in};

#[test]
fn a_generated_secret_is_one_that_the_loader_takes() {
    let plain = palisade(&["secret", "generate"], b"");
    assert_eq!(plain.code, 0);
    assert_eq!(SecretBytes::from_text(&plain.stdout).unwrap().expose_secret().len(), 32);

    let hex = palisade(&["secret", "generate", "--hex", "--bytes", "64"], b"");
    assert_eq!(hex.stdout.trim_end().len(), 128);
    assert_eq!(SecretBytes::from_text(&hex.stdout).unwrap().expose_secret().len(), 64);

    let entry = palisade(&["secret", "generate", "--id", "2026a"], b"");
    assert_eq!(Keyring::from_text(&entry.stdout).unwrap().primary().0.as_str(), "2026a");

    let json = palisade(&["--json", "secret", "generate", "--id", "2026a"], b"").json();
    let secret = json["secret"].as_str().unwrap();
    assert_eq!(json["entry"], format!("2026a:{secret}"));
    assert_eq!(json["encoding"], "base64url");
    assert_eq!(json["bytes"], 32);
}

#[test]
fn a_short_secret_or_a_bad_id_is_refused() {
    for args in [["--bytes", "31"], ["--bytes", "0"], ["--bytes", "-1"], ["--id", "a b"]] {
        let answer = palisade(&["secret", "generate", args[0], args[1]], b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn a_minted_key_parses() {
    for (format, shape) in [
        ("gmk_acct_live", "gmk_acct_live_<43>_<4>"),
        ("gmk_cru_live", "gmk_cru_live_<43>_<4>"),
        ("gh_live", "gh_live_<43>"),
        ("ghp", "ghp_<30><6>"),
        ("acme_test", "acme_test_<43>_<4>"),
        ("acme,body=22,check=crc6", "acme_<22><6>"),
        ("acme_live,check=none,bound", "acme_live_<43>"),
    ] {
        let minted = palisade(&["key", "mint", "--format", format], b"");
        assert_eq!(minted.code, 0, "{minted:?}");
        let args = ["--json", "key", "parse", "--format", format];
        let parsed = palisade(&args, minted.stdout.as_bytes()).json();
        assert_eq!(parsed["valid"], true, "{format}: {parsed}");
        assert_eq!(parsed["shape"], shape);
        let bound = format.ends_with(",bound") || format == "gmk_cru_live";
        assert_eq!(parsed["server_bound"], bound);
    }
}

#[test]
fn a_key_is_minted_with_its_digest() {
    let args = ["key", "mint", "--format", "glc_live", "--peppers-env", "PEPPERS"];
    let peppers = format!("2026b:{PEPPER}");
    let minted = palisade_in(&args, b"", &[("PEPPERS", &peppers)]);
    let (key, digest) = minted.stdout.trim_end().split_once('\n').unwrap();
    let verify = ["key", "verify", "--digest", digest, "--peppers-env", "PEPPERS"];
    let verified = palisade_in(&verify, key.as_bytes(), &[("PEPPERS", &peppers)]);
    assert_eq!(verified.code, 0, "{verified:?}");

    let args = ["--json", "key", "mint", "--format", "glc_live"];
    let minted = palisade(&args, b"").json();
    assert_eq!(minted["format"], "glc_live");
    assert_eq!(minted["environment"], "live");
    assert!(minted.get("digest").is_none());
    let last_four = &minted["key"].as_str().unwrap()[53..];
    assert_eq!(minted["mask"], format!("glc_live_…{last_four}"));
}

#[test]
fn a_key_is_read_from_stdin_file_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, format!("{KEY}\r\n")).unwrap();
    let path = path.to_str().unwrap();
    let expected = json!({
        "valid": true,
        "format": "gmk_acct_live",
        "shape": "gmk_acct_live_<43>_<4>",
        "environment": "live",
        "mask": "gmk_acct_live_…VZS5",
        "check": "crc4",
        "server_bound": false,
    });
    for (args, stdin) in [
        (vec![], KEY.to_owned()),
        (vec![], format!("{KEY}\n")),
        (vec![], format!("{KEY}\r\n")),
        (vec!["--file", path], String::new()),
        (vec!["--env", "API_KEY"], String::new()),
    ] {
        let args = [vec!["--json", "key", "parse"], args].concat();
        let parsed = palisade_in(&args, stdin.as_bytes(), &[("API_KEY", KEY)]);
        assert_eq!((parsed.code, parsed.json()), (0, expected.clone()), "{args:?}");
    }

    let text = palisade(&["key", "parse"], KEY.as_bytes()).stdout;
    for line in ["gmk_acct_live_<43>_<4>", "live", "gmk_acct_live_…VZS5", "checksum is right"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_mask_shows_prefix_and_last_four() {
    let mask = palisade(&["key", "mask"], KEY.as_bytes());
    assert_eq!((mask.code, mask.stdout.as_str()), (0, "gmk_acct_live_…VZS5\n"));
    assert_eq!(mask.stderr, "");

    // Published, revoked, and of no privilege while it lived.
    let ghp = "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";
    let mask = palisade(&["key", "mask", "--json"], ghp.as_bytes()).json();
    assert_eq!(mask, json!({ "valid": true, "format": "ghp", "mask": "ghp_…Lq17" }));
}
