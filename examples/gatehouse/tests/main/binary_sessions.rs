//! Sessions of the program itself: across a restart, from the command line, in the log.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use crate::browser::{COOKIE, PASSWORD};
use crate::process::{Process, command, log, refused};

const SESSIONS: &str = "/api/v1/sessions";

/// The whole answer to a request of a browser.
fn ask(gate: &Process, method: &str, path: &str, cookie: &str, body: &str) -> (u16, String) {
    let mut stream = gate.connect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nCookie: {COOKIE}={cookie}\r\n\
         User-Agent: hidden-agent\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

fn cookie_in(answer: &str) -> String {
    let (_, rest) = answer.split_once(&format!("{COOKIE}=")).expect("a cookie");
    rest.split(';').next().unwrap().to_owned()
}

fn register(gate: &Process, login: &str) {
    let body = format!(r#"{{"login":"{login}","password":"{PASSWORD}"}}"#);
    assert_eq!(gate.post("/api/v1/auth/register", "", &body).0, 201);
}

fn sign_in(gate: &Process, login: &str) -> String {
    let body = format!(r#"{{"login":"{login}","password":"{PASSWORD}"}}"#);
    let (status, answer) = ask(gate, "POST", "/api/v1/auth/login", "", &body);
    assert_eq!(status, 200, "{answer}");
    cookie_in(&answer)
}

fn status(gate: &Process, cookie: &str) -> u16 {
    ask(gate, "GET", SESSIONS, cookie, "").0
}

fn run(folder: &Path, words: &[&str]) -> String {
    let output = command(folder, &[]).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn across_a_restart_and_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[]);
    register(&gate, "ann");
    register(&gate, "bob");
    let (ann, bob) = (sign_in(&gate, "ann"), sign_in(&gate, "bob"));
    let (_, list) = ask(&gate, "GET", SESSIONS, &ann, "");
    assert!(list.contains(r#""address":"127.0.0.1""#), "{list}");
    gate.stop();

    let gate = Process::start(folder.path(), &[]);
    assert_eq!((status(&gate, &ann), status(&gate, &bob)), (200, 200));
    assert_eq!(run(folder.path(), &["end-sessions", "Ann"]), "1 ended, reason: administrator\n");
    assert_eq!((status(&gate, &ann), status(&gate, &bob)), (401, 200), "at once");
    let ann = sign_in(&gate, "ann");
    assert_eq!(run(folder.path(), &["end-all-sessions"]), "2 ended, reason: administrator\n");
    assert_eq!((status(&gate, &ann), status(&gate, &bob)), (401, 401));
    assert_eq!(status(&gate, &sign_in(&gate, "ann")), 200);
    for (words, why) in [
        (&["end-sessions", "cid"], "no user of that login name"),
        (&["end-sessions", "a b"], "a login name has"),
    ] {
        let odd = command(folder.path(), &[]).args(words).output().unwrap();
        assert_eq!(odd.status.code(), Some(1));
        assert!(String::from_utf8(odd.stderr).unwrap().contains(why), "{why}");
    }
    let odd = command(folder.path(), &[]).arg("end-sessions").output().unwrap();
    assert_eq!(odd.status.code(), Some(2));
    let said = String::from_utf8(odd.stderr).unwrap();
    assert!(said.contains("needs one word more: LOGIN") && said.lines().count() == 1, "{said}");
    let end = command(folder.path(), &[]).arg("end-all-sessions").output().unwrap();
    let said = String::from_utf8(end.stderr).unwrap();
    assert!(said.contains("ended=1") && said.contains("reason=\"administrator\""), "{said}");
    gate.stop();
}

/// A typing error in the folder is no reason to say that nothing was there to be ended.
#[test]
fn commands_on_a_database_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("users.txt"), "").unwrap();
    let run = |words: &[&str], vars: &[(&str, &str)]| {
        let output = command(folder.path(), vars).args(words).output().unwrap();
        assert!(output.stdout.is_empty(), "{output:?}");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let in_memory = [("GATEHOUSE_DATABASE", ":memory:")];
    for words in [
        &["end-sessions", "ann"][..],
        &["end-all-sessions"],
        &["pepper-report"],
        &["wrap-digests"],
        &["revoke-pepper", "p1"],
        &["wrap-passwords"],
    ] {
        let place = folder.path().canonicalize().unwrap().join("gatehouse-data/gatehouse.db");
        let said = run(words, &[]);
        let expected = format!("GATEHOUSE_DATABASE: there is no database {};", place.display());
        assert!(said.contains(&expected), "{words:?}: {said}");
        let said = run(words, &[("GATEHOUSE_DATABASE", "other/gate.db")]);
        assert!(said.contains("/other/gate.db;"), "{words:?}: {said}");
        assert!(run(words, &in_memory).contains("`:memory:`"), "{words:?}");
    }
    // These two may come before the first start, and not to a database that ends with them.
    for words in [&["import-users", "users.txt"][..], &["issue-admin-key"]] {
        assert!(run(words, &in_memory).contains("`:memory:`"), "{words:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is made");
}

/// Keys that are given outlive the process and are shared; those that are not end with it.
#[test]
fn signed_sessions_and_their_keys() {
    const KEYS: &str = "k1:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    const NEWER: &str = "k2:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    let folder = tempfile::tempdir().unwrap();
    let signed = ("GATEHOUSE_SESSION_TOKENS", "signed");
    let start =
        |keys: &str| Process::start(folder.path(), &[signed, ("GATEHOUSE_SESSION_KEYS", keys)]);
    let gate = start(KEYS);
    register(&gate, "ann");
    let ann = sign_in(&gate, "ann");
    gate.stop();
    let gate = start(&format!("{NEWER},{KEYS}"));
    assert_eq!(status(&gate, &ann), 200, "a soft rotation");
    gate.stop();
    let gate = start(NEWER);
    assert_eq!(status(&gate, &ann), 401, "a hard one");
    gate.stop();
    let gate = Process::start(folder.path(), &[signed]);
    let ann = sign_in(&gate, "ann");
    assert_eq!(status(&gate, &ann), 200);
    gate.stop();
    assert!(log(folder.path()).contains("no signing keys are given"));
    let gate = Process::start(folder.path(), &[signed]);
    assert_eq!(status(&gate, &ann), 401);
    gate.stop();
}

/// Whichever two of them, in whichever place of a ring: the start names both variables, and not the value.
#[test]
fn one_secret_for_two_uses() {
    const SECRET: &str = "f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    const OTHER: &str = "Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    let folder = tempfile::tempdir().unwrap();
    let uses = [
        "GATEHOUSE_PEPPERS",
        "GATEHOUSE_PASSWORD_PEPPERS",
        "GATEHOUSE_SESSION_KEYS",
        "GATEHOUSE_EPOCH_KEYS",
    ];
    let (alone, second) = (format!("a:{SECRET}"), format!("b:{OTHER},c:{SECRET}"));
    fs::write(folder.path().join("second"), &second).unwrap();
    for (at, first_use) in uses.iter().enumerate() {
        for second_use in &uses[at + 1..] {
            let file = format!("{second_use}_FILE");
            for twin in [(*second_use, second.as_str()), (file.as_str(), "second")] {
                let signed = ("GATEHOUSE_SESSION_TOKENS", "signed");
                let said = refused(folder.path(), &[signed, (*first_use, &alone), twin]);
                let expected = format!("{first_use}, {second_use}: one secret is in both");
                assert!(said.contains(&expected), "{expected} is not in {said}");
                assert!(!said.contains(&SECRET[..8]) && !said.contains(&OTHER[..8]), "{said}");
            }
        }
    }
    // The one that was generated counts too.
    let generated = fs::read_to_string(folder.path().join("gatehouse-data/peppers")).unwrap();
    let said = refused(folder.path(), &[("GATEHOUSE_EPOCH_KEYS", generated.trim())]);
    assert!(said.contains("GATEHOUSE_PEPPERS, GATEHOUSE_EPOCH_KEYS: "), "{said}");
    Process::start(folder.path(), &[]).admin();
}

/// Who did what to which session, and which sidecar came: ids are no secrets.
#[test]
fn what_the_log_says_of_sessions_and_sidecars() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("GATEHOUSE_LOG_FORMAT", "json")]);
    register(&gate, "ann");
    let cookies: Vec<_> = (0..4).map(|_| sign_in(&gate, "ann")).collect();
    let ids: Vec<_> = cookies.iter().map(|cookie| cookie.split_once('.').unwrap().0).collect();
    let path = format!("{SESSIONS}/{}", ids[1]);
    assert_eq!(ask(&gate, "DELETE", &path, &cookies[0], "").0, 204);
    let (status, answer) =
        ask(&gate, "POST", &format!("{SESSIONS}/revoke-others"), &cookies[0], "{}");
    assert!(status == 200 && answer.contains(r#"{"ended":2}"#), "{answer}");
    let proof = format!(r#"{{"password":"{PASSWORD}"}}"#);
    let (status, answer) = ask(&gate, "POST", "/api/v1/auth/reauthenticate", &cookies[0], &proof);
    assert_eq!(status, 200, "{answer}");
    let renewed = cookie_in(&answer);
    assert_eq!(ask(&gate, "POST", "/api/v1/auth/logout", &renewed, "").0, 204);
    let (admin, heartbeat) = (gate.admin(), "/api/v1/s3p/heartbeat");
    let (_, narrow) = gate.post(heartbeat, &admin, r#"{"sidecar_id":"sc_1","scopes":["read"]}"#);
    let (_, good) = gate.post(heartbeat, &admin, r#"{"sidecar_id":"sc_2"}"#);
    let more = r#"{"sidecar_id":"sc_3","scopes":["admin:x-y"]}"#;
    let reader = r#"{"name":"r","scopes":["write:attestations"]}"#;
    let (_, reader) = gate.post("/api/v1/keys", &admin, reader);
    assert_eq!(gate.post(heartbeat, reader["key"].as_str().unwrap(), more).0, 403);
    for (answer, expected) in [(&narrow, 403), (&good, 202)] {
        let token = answer["token"].as_str().unwrap();
        let body = r#"{"control":"c","holds":true}"#;
        assert_eq!(gate.post("/api/v1/attestations", token, body).0, expected);
    }
    gate.stop();

    let said = log(folder.path());
    let lines: Vec<serde_json::Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let requests = |route: &str| -> Vec<_> {
        lines.iter().filter(|line| line["route"] == format!("/api/v1/{route}")).collect()
    };
    let logins: Vec<_> =
        requests("auth/login").iter().map(|line| line["session_id"].as_str().unwrap()).collect();
    assert_eq!(logins, ids);
    assert_eq!(requests("sessions/{id}")[0]["ended_session_id"], ids[1]);
    assert_eq!(requests("sessions/{id}")[0]["session_id"], ids[0]);
    assert_eq!(requests("sessions/revoke-others")[0]["ended_sessions"], 2);
    let renewal = requests("auth/reauthenticate")[0];
    let renewed = renewed.split_once('.').unwrap().0;
    assert_eq!(
        (&renewal["session_id"], &renewal["replaced_session_id"]),
        (&renewed.into(), &ids[0].into())
    );
    assert_eq!(requests("auth/logout")[0]["ended_session_id"], renewed);
    let signed_in = lines.iter().filter(|line| line["message"] == "signed in").count();
    assert_eq!(signed_in, ids.len(), "who proves the password once more does not sign in");
    for (route, status, sidecar) in [
        ("s3p/heartbeat", 200, "sc_1"),
        ("s3p/heartbeat", 200, "sc_2"),
        ("s3p/heartbeat", 403, "sc_3"),
        ("attestations", 403, "sc_1"),
        ("attestations", 202, "sc_2"),
    ] {
        let of_sidecar = |line: &&&serde_json::Value| line["sidecar_id"] == sidecar;
        let found = requests(route);
        let line =
            found.iter().find(of_sidecar).unwrap_or_else(|| panic!("{route} {sidecar}: {said}"));
        assert_eq!(
            (&line["status"], &line["owner"]),
            (&status.into(), &"org_demo".into()),
            "{line}"
        );
    }
}

#[test]
fn no_token_in_the_log_or_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("GATEHOUSE_LOG", "trace")]);
    register(&gate, "ann");
    let ann = sign_in(&gate, "ann");
    let (id, secret) = ann.split_once('.').unwrap();
    for path in [SESSIONS.to_owned(), format!("{SESSIONS}/{ann}"), format!("/{ann}")] {
        for method in ["GET", "DELETE", "POST"] {
            ask(&gate, method, &path, &ann, &ann);
        }
    }
    let change = format!(r#"{{"current_password":"{PASSWORD}","new_password":"{PASSWORD} too"}}"#);
    let (_, answer) = ask(&gate, "POST", "/api/v1/auth/password", &ann, &change);
    let renewed = cookie_in(&answer);
    let heartbeat = gate.post("/api/v1/s3p/heartbeat", &gate.admin(), r#"{"sidecar_id":"sc_1"}"#);
    let token = heartbeat.1["token"].as_str().unwrap().to_owned();
    assert_eq!(gate.post("/api/v1/attestations", &token, r#"{"control":"c","holds":true}"#).0, 202);
    assert_eq!(gate.get(SESSIONS, &token).0, 401);
    assert_eq!(status(&gate, &ann), 401);
    gate.stop();

    let said = log(folder.path());
    let stored = fs::read(folder.path().join("gatehouse-data/gatehouse.db")).unwrap();
    let stored = String::from_utf8_lossy(&stored);
    let renewed = renewed.split_once('.').unwrap().1;
    for hidden in [secret, renewed, &token[token.len() - 20..]] {
        assert!(!said.contains(&hidden[..16]) && !stored.contains(&hidden[..16]));
    }
    assert!(!said.contains("hidden-agent") && !said.contains("to be or not"));
    assert!(
        said.contains(id) && said.contains("session_id") && said.contains("replaced"),
        "{said}"
    );
}
