//! Allowlists of the program itself: across a restart, in two processes, from the command line, in the log.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::browser::PASSWORD;
use crate::process::{Process, command, log, refused};

const LIST: &str = "/api/v1/allowlist";
const WHOAMI: &str = "/api/v1/whoami";
const OFFICE: &str =
    r#"{"entries":[{"network":"203.0.113.0/24","label":"Office"},{"network":"2001:db8::/32"}]}"#;

/// Everyone on this machine is a proxy.
const PROXIES: [(&str, &str); 2] =
    [("GATEHOUSE_TRUSTED_PROXIES", "127.0.0.0/8"), ("GATEHOUSE_CLIENT_ADDRESS", "x-forwarded-for")];

fn start(folder: &Path, more: &[(&str, &str)]) -> Process {
    Process::start(folder, &[&PROXIES[..], more].concat())
}

/// A request that comes from this address.
fn ask(
    gate: &Process,
    from: &str,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> (u16, Value) {
    let (status, body) = gate.raw(
        format!(
            "{method} {path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nX-Forwarded-For: {from}\r\n\
             Authorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn status(gate: &Process, from: &str, key: &str) -> u16 {
    ask(gate, from, "GET", WHOAMI, key, "").0
}

fn run(folder: &Path, words: &[&str]) -> String {
    let output = command(folder, &[]).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn across_a_restart_and_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), &[]);
    let admin = gate.admin();
    assert_eq!(ask(&gate, "203.0.113.7", "PUT", LIST, &admin, OFFICE).0, 200);
    assert_eq!(status(&gate, "198.51.100.9", &admin), 403);
    gate.stop();

    let gate = start(folder.path(), &[("GATEHOUSE_MAX_STALENESS_SECONDS", "0")]);
    assert_eq!(status(&gate, "198.51.100.9", &admin), 403);
    let (_, list) = ask(&gate, "203.0.113.7", "GET", LIST, &admin, "");
    assert_eq!((&list["version"], &list["count"]), (&1.into(), &2.into()));

    let shown = run(folder.path(), &["allowlist", "show", "org_demo"]);
    assert_eq!(shown, "# org_demo: version 1, 2 entries\n203.0.113.0/24 Office\n2001:db8::/32\n");
    let cleared = run(folder.path(), &["allowlist", "clear", "org_demo"]);
    assert!(cleared.starts_with("2 removed: everyone may reach org_demo; "), "{cleared}");
    assert_eq!(status(&gate, "198.51.100.9", &admin), 200, "at once, without staleness");
    let shown = run(folder.path(), &["allowlist", "show", "org_demo"]);
    assert_eq!(shown, "# org_demo: version 2, 0 entries, so everyone is allowed\n");
    let (_, list) = ask(&gate, "198.51.100.9", "GET", LIST, &admin, "");
    assert_eq!(list["version"], 2, "a version never comes back");
    gate.stop();
}

/// A person who is locked out is known by the login name.
#[test]
fn the_list_of_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), &[]);
    let body = format!(r#"{{"login":"ann","password":"{PASSWORD}"}}"#);
    let (_, user) = ask(&gate, "203.0.113.7", "POST", "/api/v1/auth/register", "", &body);
    let id = user["id"].as_str().unwrap().to_owned();
    gate.stop();
    let issued = command(folder.path(), &[]).args(["issue-admin-key", &id]).output().unwrap();
    let key = String::from_utf8(issued.stdout).unwrap().trim().to_owned();
    let gate = start(folder.path(), &[]);
    assert_eq!(ask(&gate, "203.0.113.7", "PUT", LIST, &key, OFFICE).0, 200);
    assert_eq!(status(&gate, "198.51.100.9", &key), 403);
    let login = |from: &str| ask(&gate, from, "POST", "/api/v1/auth/login", "", &body).0;
    assert_eq!((login("198.51.100.9"), login("203.0.113.7")), (401, 200));
    gate.stop();
    let said = log(folder.path());
    let line = said.lines().find(|line| line.contains("login_address_not_allowed")).unwrap();
    for part in ["198.51.100.9", "credential=\"password\"", &format!("workspace=\"{id}\"")] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(!line.contains("203.0.113") && !line.contains("ann"), "{line}");
    for name in ["Ann", &id] {
        let shown = run(folder.path(), &["allowlist", "show", name]);
        assert!(shown.starts_with(&format!("# {id}: version 1, 2 entries\n")), "{shown}");
    }
    assert!(run(folder.path(), &["allowlist", "clear", "ann"]).contains(&id));
    let gate = start(folder.path(), &[]);
    assert_eq!(status(&gate, "198.51.100.9", &key), 200);
    gate.stop();
}

/// A typing error is no reason to say that nothing was there.
#[test]
fn commands_that_find_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |words: &[&str], vars: &[(&str, &str)]| {
        let output = command(folder.path(), vars).args(words).output().unwrap();
        assert!(output.stdout.is_empty(), "{output:?}");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for word in ["show", "clear"] {
        let words = ["allowlist", word, "org_demo"];
        let (code, said) = refused(&words, &[]);
        assert!(code == Some(1) && said.contains("there is no database"), "{said}");
        let (code, said) = refused(&words, &[("GATEHOUSE_DATABASE", ":memory:")]);
        assert!(code == Some(1) && said.contains("`:memory:`"), "{said}");
        let (code, said) = refused(&words[..2], &[]);
        assert!(code == Some(2) && said.contains("WORKSPACE"), "{said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    start(folder.path(), &[]).stop();
    for word in ["show", "clear"] {
        for name in ["org_dmeo", "org_demo", "", "x y"] {
            let (code, said) = refused(&["allowlist", word, name], &[]);
            assert!(code == Some(1) && said.contains("no workspace of that name"), "{said}");
        }
    }
}

#[test]
fn two_processes_on_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let vars = [("GATEHOUSE_MAX_STALENESS_SECONDS", "1")];
    let one = start(folder.path(), &vars);
    let admin = one.admin();
    let two = start(folder.path(), &vars);
    assert_eq!(status(&two, "198.51.100.9", &admin), 200);
    assert_eq!(ask(&one, "203.0.113.7", "PUT", LIST, &admin, OFFICE).0, 200);
    assert_eq!(status(&one, "198.51.100.9", &admin), 403, "here at once");
    let put = Instant::now();
    while status(&two, "198.51.100.9", &admin) != 403 {
        assert!(put.elapsed() < Duration::from_secs(30), "there within the staleness");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status(&two, "203.0.113.7", &admin), 200);
    one.stop();
    two.stop();
}

/// Who changed a list, who was turned away from where, and by which entry somebody was let in.
#[test]
fn what_the_log_says() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), &[("GATEHOUSE_LOG_FORMAT", "json")]);
    let admin = gate.admin();
    let (_, who) = ask(&gate, "198.51.100.9", "GET", WHOAMI, &admin, "");
    assert_eq!(ask(&gate, "203.0.113.7", "PUT", LIST, &admin, OFFICE).0, 200);
    assert_eq!(status(&gate, "198.51.100.9", &admin), 403);
    assert_eq!(status(&gate, "203.0.113.7", &admin), 200);
    assert_eq!(status(&gate, "hunter2", &admin), 400);
    let forced = r#"{"entries":[{"network":"192.0.2.0/24"}],"force":true}"#;
    assert_eq!(ask(&gate, "203.0.113.7", "PUT", LIST, &admin, forced).0, 200);
    gate.stop();

    let said = log(folder.path());
    assert!(!said.contains(&admin[20..40]) && !said.contains("hunter2"), "{said}");
    let lines: Vec<Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |message: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["message"] == message).collect()
    };
    let changes = of("an allowlist was changed");
    let change = |at: usize, name: &str| changes[at][name].clone();
    assert_eq!(changes.len(), 2);
    assert_eq!(
        (change(0, "workspace"), change(0, "key_id")),
        ("org_demo".into(), who["key_id"].clone())
    );
    assert_eq!((change(0, "entries"), change(0, "forced")), (2.into(), false.into()));
    assert_eq!((change(1, "entries"), change(1, "forced")), (1.into(), true.into()));

    let requests: Vec<&Value> =
        of("request").into_iter().filter(|line| line["route"] == WHOAMI).collect();
    let [before, denied, allowed, unknown] = requests[..] else { panic!("{said}") };
    assert!(before.get("address").is_none(), "of a workspace that anyone reaches: {before}");
    assert_eq!(
        (&denied["reason"], &denied["address"]),
        (&"address_not_allowed".into(), &"198.51.100.9".into())
    );
    assert_eq!(
        (&denied["workspace"], &denied["credential"]),
        (&"org_demo".into(), &"api_key".into())
    );
    assert!(denied.get("network").is_none(), "{denied}");
    assert_eq!(
        (&allowed["network"], &allowed["label"]),
        (&"203.0.113.0/24".into(), &"Office".into())
    );
    assert_eq!(allowed["address"], "203.0.113.7");
    assert_eq!(unknown["reason"], "client_hop_invalid");
    assert_eq!(of("the address of a client is not known").len(), 1);
}

#[test]
fn starts_that_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (vars, expected) in [
        (&PROXIES[..1], "GATEHOUSE_TRUSTED_PROXIES: has to be left out, or "),
        (&PROXIES[1..], "GATEHOUSE_TRUSTED_PROXIES: has to be given where "),
        (
            &[PROXIES[1], ("GATEHOUSE_TRUSTED_PROXIES", "10.0.0.0/08")],
            "GATEHOUSE_TRUSTED_PROXIES: entry 1: column 10: the prefix length is not a plain decimal number; write 10.0.0.0/8",
        ),
        (
            &[PROXIES[1], ("GATEHOUSE_TRUSTED_PROXIES", "@missing")],
            "GATEHOUSE_TRUSTED_PROXIES: the list cannot be read: ",
        ),
        (
            &[PROXIES[0], ("GATEHOUSE_CLIENT_ADDRESS", "all")],
            "GATEHOUSE_CLIENT_ADDRESS: has to be peer, ",
        ),
    ] {
        let said = refused(folder.path(), vars);
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}
