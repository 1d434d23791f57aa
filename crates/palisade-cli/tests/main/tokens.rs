//! `palisade session`.

use std::time::{Duration, SystemTime};

use palisade::secret::{Keyring, MacKey, SecretBytes};
use palisade::session::{
    Ed25519Key, EpochGrant, EpochIssuer, NewClaims, SessionTokens, SigningKeys, TokenProfile,
};
use serde_json::{Value, json};

use crate::command::{Answer, PEPPER, palisade, palisade_in};

const AT: &str = "2024-01-01T12:30:00Z";
const VERIFY: [&str; 8] =
    ["session", "verify", "--issuer", "https://auth.example", "--audience", "app", "--at", AT];

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(473_364)
}

fn profile() -> TokenProfile {
    TokenProfile::new("https://auth.example", "app").unwrap()
}

fn entry() -> String {
    format!("k1:{PEPPER}")
}

fn keys() -> SigningKeys {
    SigningKeys::hs256(Keyring::from_text(&entry()).unwrap())
}

fn session(keys: SigningKeys) -> String {
    let new = NewClaims {
        user: &"usr_1".parse().unwrap(),
        session: &"s1".parse().unwrap(),
        generation: 3,
        issued: start(),
        expires: start() + Duration::from_hours(1),
    };
    SessionTokens::new(keys, profile()).issue(&new).expose_secret().to_owned()
}

fn epoch(keys: SigningKeys) -> String {
    let grant = EpochGrant {
        subject: &"org_1".parse().unwrap(),
        sidecar: &"sc_1".parse().unwrap(),
        scopes: &"read write".parse().unwrap(),
    };
    let issuer = EpochIssuer::new(keys, profile()).unwrap();
    issuer.issue(&grant, start()).unwrap().current.expose_secret().to_owned()
}

/// A token with this header and payload, under a good key or none.
fn forged(header: &str, payload: &[u8]) -> String {
    let part = |bytes: &[u8]| {
        SecretBytes::dangerous_unchecked(bytes.to_vec()).expose_base64url().to_string()
    };
    format!("{}.{}.{}", part(header.as_bytes()), part(payload), part(&[0; 32]))
}

fn run(args: &[&str], token: &str) -> Answer {
    palisade_in(args, token.as_bytes(), &[("KEYS", &entry())])
}

#[test]
fn without_a_key_nothing_is_verified() {
    for (token, kind) in [(session(keys()), "session"), (epoch(keys()), "epoch")] {
        let answer = palisade(&["session", "inspect"], format!("{token}\n").as_bytes());
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.stdout.starts_with("verdict    NOTHING WAS VERIFIED"), "{answer:?}");
        for part in ["alg = \"HS256\"", "kid = \"k1\"", "exp = 1704114000  (2024-01-01T13:00:00Z)"]
        {
            assert!(answer.stdout.contains(part), "{part} {answer:?}");
        }
        let json = palisade(&["--json", "session", "inspect"], token.as_bytes()).json();
        assert_eq!((&json["signature_verified"], &json["kind"]), (&json!(false), &json!(kind)));
        assert_eq!(json["claims"]["exp"], 1_704_114_000);
        assert_eq!(json["header"]["kid"], "k1");
        assert_eq!(json.get("reason"), None);
    }
}

#[test]
fn with_a_key_the_signature_is_checked_and_no_more() {
    for token in [session(keys()), epoch(keys())] {
        let args = ["session", "inspect", "--keys-env", "KEYS"];
        let answer = run(&args, &token);
        assert_eq!(answer.code, 0);
        assert!(answer.stdout.contains("the signature is right; claims and times WERE NOT JUDGED"));
        assert_eq!(
            run(&["--json", "session", "inspect", "--keys-env", "KEYS"], &token).json()["signature_verified"],
            true
        );

        let changed = token.replace("e30", "e31") + "A";
        let answer = run(&args, &changed);
        assert_eq!(answer.code, 1, "{answer:?}");
    }
}

#[test]
fn inspect_says_why_the_signature_was_not_found_right() {
    let hs256 = |id: &str| {
        let ring = Keyring::new(id.parse().unwrap(), MacKey::dangerous_any_length(&[1; 32]));
        session(SigningKeys::hs256(ring))
    };
    for (token, reason, why) in [
        (hs256("k1"), "token_signature", "the signature is not right"),
        (
            hs256("k2"),
            "token_unknown_key",
            "none of the keys that are in use has the id that the token names",
        ),
        (
            forged(r#"{"alg":"HS256","typ":"JWT"}"#, b"{}"),
            "token_unknown_key",
            "the token names no key",
        ),
        (
            forged(r#"{"alg":"HS512","typ":"JWT","kid":"k1"}"#, b"{}"),
            "token_algorithm",
            "the token names another algorithm than that of the key",
        ),
    ] {
        let answer = run(&["session", "inspect", "--keys-env", "KEYS"], &token);
        assert_eq!(answer.code, 1);
        let verdict = format!("verdict    NOTHING WAS VERIFIED: {why} ({reason})\n");
        assert!(answer.stdout.starts_with(&verdict), "{answer:?}");
        let json = run(&["--json", "session", "inspect", "--keys-env", "KEYS"], &token).json();
        assert_eq!((&json["signature_verified"], &json["reason"]), (&json!(false), &json!(reason)));
    }
}

#[test]
fn inspect_names_what_stands_twice_at_any_depth() {
    let header = r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#;
    for (payload, twice) in [
        (r#"{"a":{"b":1},"b":2,"c":[{"b":3},{"b":4}]}"#, json!([])),
        (r#"{"exp":1,"exp":2}"#, json!(["exp"])),
        (r#"{"a":{"b":1,"b":2}}"#, json!(["b"])),
        (r#"{"a":[0,[{"c":{"b":null,"d":1.5,"b":-1}}]],"e":"x"}"#, json!(["b"])),
        (
            r#"{"a":{"b":1,"\u0062":2,"c":true,"c":false},"a":{"d":{},"d":[]}}"#,
            json!(["b", "c", "a", "d"]),
        ),
    ] {
        let token = forged(header, payload.as_bytes());
        let json = palisade(&["--json", "session", "inspect"], token.as_bytes()).json();
        assert_eq!(json["twice"], twice, "{payload}");
        let text = palisade(&["session", "inspect"], token.as_bytes()).stdout;
        assert_eq!(text.contains(" TWICE"), twice != json!([]), "{text}");
    }
    let token = forged(header, br#"{"a":{"b":1,"b":2},"c":3}"#);
    let text = palisade(&["session", "inspect"], token.as_bytes()).stdout;
    assert!(text.contains("a = {\"b\":2}  HOLDS A NAME TWICE\n"), "{text}");
}

#[test]
fn an_opaque_token_shows_its_id_alone() {
    let secret = "k3Yt9QwLz0BvN7xMfR2sHc8JpUa5DgEi1TnXo6ZbVqW";
    let token = format!("pZ4xY2wN8mQ1rT6vB3kL9g.{secret}");
    for json in [false, true] {
        let mut args = vec!["session", "inspect"];
        args.extend(json.then_some("--json"));
        let answer = palisade(&args, token.as_bytes());
        assert_eq!(answer.code, 0);
        assert!(answer.stdout.contains("pZ4xY2wN8mQ1rT6vB3kL9g"));
        assert!(!answer.stdout.contains(&secret[..6]) && !answer.stdout.contains(&secret[37..]));
    }
    let answer = run(&[&["--json"], &VERIFY[..], &["--keys-env", "KEYS"]].concat(), &token);
    assert_eq!((answer.code, &answer.json()["error"]), (2, &json!("token_opaque")));
}

#[test]
fn a_good_token_verifies() {
    let with_keys = [&VERIFY[..], &["--keys-env", "KEYS"]].concat();
    for (token, kind) in [(session(keys()), "session"), (epoch(keys()), "epoch")] {
        let answer = run(&with_keys, &format!("{token}\r\n"));
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.stdout.starts_with("verdict    good"), "{answer:?}");
        let answer = run(&[&["--json"], &with_keys[..]].concat(), &token);
        let json = answer.json();
        assert_eq!((&json["valid"], &json["kind"]), (&json!(true), &json!(kind)));
        assert_eq!((&json["key"], &json["expires_at"]), (&json!("k1"), &json!(1_704_114_000)));
    }
    let json = run(&[&["--json"], &with_keys[..]].concat(), &epoch(keys())).json();
    assert_eq!(
        json,
        json!({
            "valid": true, "kind": "epoch", "key": "k1", "subject": "org_1", "sidecar": "sc_1",
            "scope": "read write", "epoch": "epoch_2024010112", "issued_at": 1_704_110_400,
            "expires_at": 1_704_114_000,
        })
    );
}

#[test]
fn a_bad_token_is_refused_with_its_reason() {
    let (session, epoch) = (session(keys()), epoch(keys()));
    let verify = |change: &[&str], token: &str| {
        let mut args = [&["--json"], &VERIFY[..], &["--keys-env", "KEYS"]].concat();
        for pair in change.chunks(2) {
            match args.iter().position(|arg| *arg == pair[0]) {
                Some(at) => args[at + 1] = pair[1],
                None => args.extend(pair),
            }
        }
        let answer = run(&args, token);
        let json = answer.json();
        assert_eq!((answer.code, &json["valid"]), (1, &json!(false)), "{change:?} {json}");
        json["reason"].as_str().unwrap().to_owned()
    };
    let late = ["--at", "2024-01-01T13:00:30Z"];
    for token in [&session, &epoch] {
        assert_eq!(verify(&late, token), "token_expired");
        assert_eq!(verify(&["--at", "1704110369"], token), "token_not_yet_valid");
        assert_eq!(verify(&["--at", "1704114000", "--leeway", "0s"], token), "token_expired");
        assert_eq!(verify(&["--issuer", "x"], token), "token_issuer");
        assert_eq!(verify(&["--audience", "x"], token), "token_audience");
        assert_eq!(verify(&[], &format!("{token}A")), "token_signature");
    }
    assert_eq!(verify(&["--kind", "epoch"], &session), "token_type");
    assert_eq!(verify(&["--kind", "session"], &epoch[3..]), "token_type");
    assert_eq!(verify(&[], &format!("wt_{session}")), "token_type");
    assert_eq!(verify(&[], &epoch[3..]), "token_type");
    for (text, reason) in [
        (String::new(), "token_empty"),
        ("\n".to_owned(), "token_empty"),
        (format!("Bearer {session}"), "token_character"),
        (format!("{session}\n\n"), "token_character"),
        (format!("{session}\0"), "token_character"),
        (format!("\u{feff}{session}"), "token_character"),
        ("a.b".to_owned(), "token_malformed"),
        (session.repeat(4000), "token_too_long"),
    ] {
        assert_eq!(verify(&[], &text), reason);
    }
}

#[test]
fn public_keys_verify() {
    let ring = Keyring::new("e1".parse().unwrap(), Ed25519Key::generate().unwrap());
    let keys = SigningKeys::ed25519(ring);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, keys.public_keys(start()).unwrap().to_json()).unwrap();
    let path = path.to_str().unwrap();
    for token in [session(keys.clone()), epoch(keys)] {
        let verified = palisade(&[&VERIFY[..], &["--jwks", path]].concat(), token.as_bytes());
        assert_eq!(verified.code, 0, "{verified:?}");
        let args = ["--json", "session", "inspect", "--jwks", path];
        assert_eq!(palisade(&args, token.as_bytes()).json()["signature_verified"], true);
        // A shared secret is another algorithm, and another key.
        assert_eq!(run(&[&VERIFY[..], &["--keys-env", "KEYS"]].concat(), &token).code, 1);
    }
    std::fs::write(folder.path().join("jwks.json"), r#"{"keys":[]}"#).unwrap();
    let answer = palisade(&["--json", "session", "inspect", "--jwks", path], b"x");
    assert_eq!((answer.code, &answer.json()["error"]), (2, &json!("keys")));
}

/// A hostile token may hold anything; a terminal sees visible ASCII and line breaks alone.
#[test]
fn nothing_of_a_token_moves_the_cursor() {
    let text = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\r\n\0\u{7f}\u{feff}é\u{e0041}";
    let payload = json!({ text: text, "exp": 1e300, "iat": -1, "nbf": 1e18 }).to_string();
    let header = json!({ "alg": text, "typ": text, "kid": text, text: [text] }).to_string();
    let raw = "{\"alg\":\"HS256\",\r\n\t\"typ\":\"JWT\"}";
    let tokens = [
        forged(&header, payload.as_bytes()),
        forged(raw, text.as_bytes()),
        forged(raw, b"\xff\x1b[2J"),
        forged(raw, b"[1]"),
        forged(raw, b"{\"exp\":1,\"exp\":2}"),
    ];
    for token in &tokens {
        for args in [&["session", "inspect"][..], &["--json", "session", "inspect"]] {
            let answer = palisade(args, token.as_bytes());
            assert_eq!(answer.code, 0, "{answer:?}");
            let harmless = |c: char| c == '\n' || c == ' ' || c.is_ascii_graphic();
            assert!(answer.stdout.chars().all(harmless), "{answer:?}");
        }
    }
    let json = palisade(&["--json", "session", "inspect"], tokens[0].as_bytes()).json();
    assert_eq!((&json["type"], &json["kind"]), (&json!(text), &json!("other")));
    assert_eq!(json["claims"][text], text);
    let twice = palisade(&["--json", "session", "inspect"], tokens[4].as_bytes()).json();
    assert_eq!((&twice["claims"], &twice["twice"]), (&json!({ "exp": 1 }), &json!(["exp"])));
    let twice = palisade(&["session", "inspect"], tokens[4].as_bytes()).stdout;
    assert!(twice.contains("STANDS TWICE"), "{twice}");
    let none = palisade(&["--json", "session", "inspect"], tokens[2].as_bytes()).json();
    assert_eq!(none["claims"], Value::Null);
}

#[test]
fn no_refusal_repeats_a_token() {
    let token = "k3Yt9QwLz0BvN7xMfR2sHc8JpUa5DgEi1TnXo6ZbVqW.k3Yt9QwLz0.x";
    let value = |option: &str| format!("{option}={token}");
    for args in [
        vec!["session".to_owned(), token.to_owned()],
        vec!["session".to_owned(), "inspect".to_owned(), token.to_owned()],
        vec!["session".to_owned(), "inspect".to_owned(), value("--env")],
        vec!["session".to_owned(), "inspect".to_owned(), value("--file")],
        vec!["session".to_owned(), "inspect".to_owned(), value("--keys-env")],
        vec!["session".to_owned(), "inspect".to_owned(), value("--jwks")],
        vec!["session".to_owned(), "verify".to_owned(), value("--at")],
        vec!["session".to_owned(), "verify".to_owned(), value("--kind")],
        vec!["epoch".to_owned(), "window".to_owned(), token.to_owned()],
        vec!["session".to_owned(), "inspect".to_owned()],
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let answer = palisade(&args, token.as_bytes());
        assert_ne!(answer.code, 0, "{args:?}");
        assert!(!(answer.stdout + &answer.stderr).contains("k3Yt9Qw"), "{args:?}");
    }
}

#[test]
fn keys_and_profiles_that_are_none_are_errors() {
    let token = session(keys());
    let long = "x".repeat(257);
    for (args, error) in [
        (vec!["--keys-env", "NOT_SET"], "keys"),
        (vec!["--keys-file", "/nowhere"], "keys"),
        (vec!["--jwks", "/nowhere"], "input"),
        (vec!["--keys-env", "KEYS", "--leeway", "61s"], "profile"),
        (vec!["--keys-env", "KEYS", "--issuer", ""], "usage"),
        (vec!["--keys-env", "KEYS", "--keys-file", "/nowhere"], "usage"),
        (vec![], "usage"),
        (vec!["--keys-env", "KEYS", "--file", "/nowhere"], "input"),
        (vec!["--keys-env", "KEYS", "--env", "NOT_SET"], "input"),
    ] {
        let answer = run(&[&["--json"], &VERIFY[..], &args].concat(), &token);
        assert_eq!((answer.code, &answer.json()["error"]), (2, &json!(error)), "{args:?}");
    }
    let args =
        ["--json", "session", "verify", "--issuer", &long, "--audience", "a", "--keys-env", "KEYS"];
    assert_eq!(run(&args, &token).json()["error"], "profile");
}
