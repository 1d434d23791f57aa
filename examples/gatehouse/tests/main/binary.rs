//! From the first start to the last: the program as an operator meets it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{Process, command, holds_part_of, log, read_reply, refused};

const KEYS: &str = "/api/v1/keys";
const WHOAMI: &str = "/api/v1/whoami";
const CONTROLS: &str = "/api/v1/orgs/org_demo/controls";
const READER: &str = r#"{"name":"reader","scopes":["read:controls"]}"#;

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn the_life_of_a_key_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let gate = Process::start(folder, &[]);
    let admin = gate.admin();
    assert_eq!(gate.get(WHOAMI, &admin).0, 200);

    let (status, minted) = gate.post(KEYS, &admin, READER);
    assert_eq!(status, 201);
    let (id, old) = (text(&minted["id"]), text(&minted["key"]));
    for _ in 0..3 {
        assert_eq!(gate.get(CONTROLS, &old).0, 200);
    }
    let rotate = format!("{KEYS}/{id}/rotate");
    let (status, rotated) = gate.post(&rotate, &admin, r#"{"overlap_seconds":2}"#);
    assert_eq!(status, 201);
    let new = text(&rotated["key"]);
    assert_eq!(gate.get(CONTROLS, &old).0, 200, "within the overlap");
    assert_eq!(gate.post(&rotate, &admin, r#"{"overlap_seconds":2}"#).0, 409);
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(gate.get(CONTROLS, &old).0, 401, "after the overlap");
    assert_eq!(gate.get(CONTROLS, &new).0, 200);
    gate.stop();

    let gate = Process::start(folder, &[]);
    assert!(!gate.greeting.contains("ADMIN="), "the first key is shown once");
    assert!(gate.greeting.contains("issue-admin-key"));
    assert_eq!(gate.get(CONTROLS, &old).0, 401);
    assert_eq!(gate.get(CONTROLS, &new).0, 200);
    let (_, shown) = gate.get(&format!("{KEYS}/{id}"), &admin);
    assert_eq!(shown["use_count"], 4, "the uses before the stop were written");
    assert_eq!(shown["state"], "replaced");

    let new_id = text(&rotated["id"]);
    assert_eq!(gate.call("DELETE", &format!("{KEYS}/{new_id}"), &admin, "").0, 200);
    assert_eq!(gate.get(CONTROLS, &new).0, 401);
    gate.stop();

    let gate = Process::start(folder, &[]);
    assert_eq!(gate.get(CONTROLS, &new).0, 401, "revoked for good");
    gate.stop();

    let said = log(folder);
    for key in [&admin, &old, &new] {
        assert!(!holds_part_of(&said, key));
        let stored = fs::read(folder.join("gatehouse-data/gatehouse.db")).unwrap();
        assert!(!holds_part_of(&String::from_utf8_lossy(&stored), key));
    }
}

/// The lines that a first start prints, run as they are.
#[test]
fn the_printed_lines_in_a_shell() {
    if Command::new("curl").arg("--version").output().is_err() {
        // Straight to stderr, which the test runner does not keep to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED the_printed_lines_in_a_shell: there is no curl; run `apt-get install curl`"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let vars = [("GATEHOUSE_STEP_UP_SECONDS", "2")];
    let gate = Process::with_usual_limits(folder.path(), &vars);
    let (_, lines) = gate.greeting.split_once("\nGATE=").unwrap();
    // A person needs the twenty seconds to paste; a test does not.
    let lines = lines.replace("\"overlap_seconds\":20", "\"overlap_seconds\":2");
    let lines = lines.replace("sleep 21", "sleep 3");
    let lines = lines.replace("# mint a key of the person", "sleep 3 # mint a key of the person");
    let run = Command::new("sh").arg("-ec").arg(format!("GATE={lines}")).output().unwrap();
    assert!(run.status.success() && run.stderr.is_empty(), "{run:?}");
    let said = String::from_utf8(run.stdout).unwrap();
    let mut rest = said.as_str();
    for expected in [
        r#""scopes":["admin"]"#,
        r#""name":"first tour""#,
        r#""controls":["#,
        r#""replaces":"key_"#,
        r#""name":"first tour""#,
        r#""message":"the API key was replaced by a newer one""#,
        r#""state":"revoked""#,
        "401 Unauthorized",
        r#""message":"the API key was revoked""#,
        r#""code":"WOULD_LOCK_YOU_OUT""#,
        r#""login":"ann@example.com""#,
        "200 OK",
        "set-cookie: __Host-gatehouse_session=",
        r#""code":"LOGIN_FAILED""#,
        r#""device":"curl on"#,
        r#""code":"STEP_UP_REQUIRED""#,
        r#""session_id":"#,
        r#""sidecar_id":"sc_1""#,
        "204 No Content",
        "Max-Age=0",
    ] {
        let at = rest.find(expected).unwrap_or_else(|| panic!("{expected} is not in {rest}"));
        rest = &rest[at + expected.len()..];
    }
    gate.stop();
}

#[test]
fn no_log_line_holds_a_key_wherever_it_is_put() {
    for format in ["text", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let vars = [("GATEHOUSE_LOG", "trace"), ("GATEHOUSE_LOG_FORMAT", format)];
        let gate = Process::start(folder.path(), &vars);
        let admin = gate.admin();
        let (_, minted) = gate.post(KEYS, &admin, READER);
        let key = text(&minted["key"]);
        for path in [
            format!("{WHOAMI}?api_key={key}"),
            format!("{KEYS}/{key}"),
            format!("/{key}"),
            format!("{KEYS}?after={key}"),
            format!("/api/v1/orgs/{key}/controls"),
        ] {
            gate.get(&path, &admin);
            gate.get(&path, &key);
        }
        gate.post(KEYS, &admin, &format!(r#"{{"name":"n","scopes":["{key}"]}}"#));
        gate.post(KEYS, &admin, &format!(r#"{{"{key}":"#));
        for sidecar in [key.clone(), format!("x{}", &key[..50])] {
            let body = format!(r#"{{"sidecar_id":"{sidecar}"}}"#);
            assert_eq!(gate.post("/api/v1/s3p/heartbeat", &admin, &body).0, 422);
        }
        gate.get(WHOAMI, &format!("{key}x"));
        let (login, password) = ("ann@hidden.example", "sesame-open-the-door");
        for (what, login, password) in [
            ("register", login, password),
            ("register", login, password),
            ("register", login, "sesame-open-th"),
            ("register", password, "another good password"),
            ("register", "sesame-open the-door", password),
            ("login", login, password),
            ("login", login, "sesame-open-the-window"),
            ("login", "bob@hidden.example", password),
            ("login", login, &password.repeat(300)),
        ] {
            let body = format!(r#"{{"login":"{login}","password":"{password}"}}"#);
            gate.post(&format!("/api/v1/auth/{what}"), password, &body);
            gate.post(
                &format!("/api/v1/auth/{what}?{password}"),
                password,
                &body[..body.len() - 1],
            );
        }
        let method = key.replace('_', "-");
        for head in [
            format!("GET {WHOAMI} HTTP/1.1\r\nAuthorization: Basic {key}"),
            format!("GET {WHOAMI} HTTP/1.1\r\nAuthorization: {key}"),
            format!("GET {WHOAMI} HTTP/1.1\r\nX-Server-Id: {key}\r\nAuthorization: Bearer {key}"),
            format!("GET {WHOAMI} HTTP/1.1\r\n{method}: {key}"),
            format!("{method} {WHOAMI} HTTP/1.1"),
            format!("GET {WHOAMI} {key}"),
            key.clone(),
        ] {
            gate.raw(format!("{head}\r\nHost: gate\r\nConnection: close\r\n\r\n").as_bytes());
        }
        gate.stop();

        let said = log(folder.path());
        assert!(!holds_part_of(&said, &admin) && !holds_part_of(&said, &key), "{said}");
        for file in ["peppers", "password-peppers"] {
            let peppers = fs::read_to_string(folder.path().join("gatehouse-data").join(file));
            let peppers = peppers.unwrap();
            let (_, pepper) = peppers.trim().split_once(':').unwrap();
            assert!(!said.contains(&pepper[..8]));
        }
        for hidden in ["sesame", "hidden.example", "another good", "argon2id$", "$v=19"] {
            assert!(!said.contains(hidden), "{hidden} is in {said}");
        }
        for expected in [
            "/api/v1/keys/{id}",
            "key_length",
            "authorization_scheme",
            "OTHER",
            "/api/v1/auth/login",
            "user_",
            "password_wrong",
            "login_unknown",
            "login_taken",
            "password_too_short",
        ] {
            assert!(said.contains(expected), "{expected}");
        }
        let id = text(&minted["id"]);
        assert!(said.contains(&id), "who it was is there");
        if format == "json" {
            assert!(said.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
        }
    }
}

#[test]
fn a_request_under_way_is_finished_and_no_other_begun() {
    let folder = tempfile::tempdir().unwrap();
    let mut gate = Process::start(folder.path(), &[]);
    let (admin, length) = (gate.admin(), READER.len());
    let idle = gate.connect();
    let mut stream = gate.connect();
    let head = format!(
        "POST {KEYS} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {admin}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&READER.as_bytes()[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    gate.signal("-INT");
    let begun = Instant::now();
    while TcpStream::connect(&gate.addr).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it still takes connections");
        std::thread::sleep(Duration::from_millis(5));
    }
    stream.write_all(&READER.as_bytes()[10..]).unwrap();
    let (status, body) = read_reply(stream);
    assert_eq!(status, 201, "{body}");
    assert_eq!(gate.wait().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(9), "an idle connection holds nothing up");
    drop(idle);
}

#[test]
fn a_client_that_goes_away_leaves_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[]);
    let mut stream = gate.connect();
    let admin = gate.admin();
    let head = format!(
        "POST {KEYS} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {admin}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    gate.stop();
    let said = log(folder.path());
    assert!(said.contains("client_gone") || said.contains("body_syntax"), "{said}");
}

#[test]
fn heads_that_no_client_sends() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[]);
    let admin = gate.admin();
    let get = |authorization: &[u8]| {
        let head = format!("GET {WHOAMI} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n");
        let header = [b"Authorization: Bearer ", authorization, b"\r\n\r\n"].concat();
        gate.raw(&[head.as_bytes(), &header].concat())
    };
    assert_eq!(get(admin.as_bytes()).0, 200);
    let (status, body) = get(&vec![b'a'; 20_000]);
    assert_eq!(status, 431);
    assert!(body.contains("HEADERS_TOO_LARGE"));
    assert_eq!(get(admin.repeat(17_000).as_bytes()).0, 431, "a mebibyte, and no body");
    assert_eq!(get(format!("{admin}\0").as_bytes()).0, 400);
    assert_eq!(get(format!("\0{admin}").as_bytes()).0, 400);
    assert_eq!(get(format!("{admin}\r\n x").as_bytes()).0, 400, "a folded header");
    assert_eq!(gate.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").0, 400, "TLS");
    assert_eq!(gate.get("/healthz", "").0, 200, "it is still there");
    gate.stop();
}

#[test]
fn peppers_are_kept_and_missed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let gate = Process::start(folder, &[]);
    let admin = gate.admin();
    gate.stop();
    assert!(log(folder).contains("no peppers are given, so one was generated"));
    let path = folder.join("gatehouse-data/peppers");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.clone()), 0o600);
    assert_eq!(mode(folder.join("gatehouse-data")), 0o700);
    let peppers = fs::read_to_string(&path).unwrap();
    let (id, _) = peppers.split_once(':').unwrap();

    // Gone: no start, and no new one in its place.
    fs::rename(&path, folder.join("kept")).unwrap();
    let error = refused(folder, &[]);
    assert!(error.contains("gatehouse-data/peppers is gone"), "{error}");
    assert!(!path.exists());

    // Damaged: no start, and no advice to make another.
    fs::write(&path, "").unwrap();
    let error = refused(folder, &[]);
    assert!(error.contains("restore it from the backup"), "{error}");
    fs::remove_file(&path).unwrap();

    // Another one: no start, and the error says which is missing.
    let other = "other:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    let error = refused(folder, &[("GATEHOUSE_PEPPERS", other)]);
    assert!(error.contains(id) && error.contains("(live keys: 1)"), "{error}");
    assert!(!error.contains("f1w9BKZz"));

    // Both: the old key works, and is under the new pepper from its first use on.
    let both = format!("{other},{peppers}");
    let gate = Process::start(folder, &[("GATEHOUSE_PEPPERS", &both)]);
    assert_eq!(gate.get(WHOAMI, &admin).0, 200);
    gate.stop();
    let gate = Process::start(folder, &[("GATEHOUSE_PEPPERS", other)]);
    assert_eq!(gate.get(WHOAMI, &admin).0, 200);
    gate.stop();

    // Readable by others: a warning.
    fs::write(&path, other).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    Process::start(folder, &[]).stop();
    assert!(log(folder).contains("chmod 600"));
}

#[test]
fn an_admin_key_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[]);
    for (arguments, owner) in
        [(&["issue-admin-key"][..], "org_demo"), (&["issue-admin-key", "org_two"], "org_two")]
    {
        let run = command(folder.path(), &[]).args(arguments).output().unwrap();
        assert!(run.status.success(), "{run:?}");
        let key = String::from_utf8(run.stdout).unwrap();
        let (status, body) = gate.get(WHOAMI, key.trim_end());
        assert_eq!((status, &body["owner"]), (200, &Value::from(owner)));
    }
    gate.stop();
    let odd = command(folder.path(), &[]).args(["issue-admin-key", "a b"]).output().unwrap();
    assert_eq!(odd.status.code(), Some(1));
    let odd = command(folder.path(), &[]).arg("serve").output().unwrap();
    assert_eq!(odd.status.code(), Some(2));
    let help = command(folder.path(), &[]).arg("--help").output().unwrap();
    assert!(help.status.success() && help.stdout.starts_with(b"gatehouse:"));
}

#[test]
fn a_pepper_is_retired_without_a_use() {
    const NEW: &str = "new:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    const OLD: &str = "old:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("GATEHOUSE_PEPPERS", OLD)]);
    let admin = gate.admin();
    gate.stop();

    let both = format!("{NEW},{OLD}");
    let vars = [("GATEHOUSE_PEPPERS", both.as_str())];
    let run = |word: &str| {
        let output = command(folder.path(), &vars).arg(word).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("pepper-report").ends_with("   1     0  old       hmac-sha256$old\n"));
    assert_eq!(run("wrap-digests"), "1 wrapped, 0 used meanwhile, 0 left as they were\n");
    let wrapped = "   1     0  old       hmac-sha256+hmac-sha256$new,old\n";
    assert!(run("pepper-report").ends_with(wrapped));

    // The wrapped key works, and its use moves it off the old pepper for good.
    let gate = Process::start(folder.path(), &vars);
    assert_eq!(gate.get(WHOAMI, &admin).0, 200);
    gate.stop();
    assert!(run("pepper-report").ends_with("   1     0  current   hmac-sha256$new\n"));
    let gate = Process::start(folder.path(), &[("GATEHOUSE_PEPPERS", NEW)]);
    assert_eq!(gate.get(WHOAMI, &admin).0, 200);
    gate.stop();
}

/// A pepper leaked and was dropped: the service says what to do, and starts once it is done.
#[test]
fn a_pepper_is_given_up() {
    const NEW: &str = "new:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    const OLD: &str = "old:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("GATEHOUSE_PEPPERS", OLD)]);
    let admin = gate.admin();
    gate.stop();

    let vars = [("GATEHOUSE_PEPPERS", NEW)];
    let error = refused(folder.path(), &vars);
    assert!(error.contains("hmac-sha256$old (live keys: 1)"), "{error}");
    assert!(error.contains("gatehouse revoke-pepper ID"), "{error}");
    let run = command(folder.path(), &vars).args(["revoke-pepper", "old"]).output().unwrap();
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "1 revoked\n");
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains("pepper=old revoked=1 reason=\"leaked\""), "{said}");

    for (id, why) in [("olds", "no key is stored under a pepper"), ("a b", "a key id is")] {
        let odd = command(folder.path(), &vars).args(["revoke-pepper", id]).output().unwrap();
        assert_eq!(odd.status.code(), Some(1));
        assert!(String::from_utf8(odd.stderr).unwrap().contains(why), "{id}");
    }

    // The revoked key needs no pepper, so it keeps nothing from starting; nor is it a first start.
    let gate = Process::start(folder.path(), &vars);
    assert_eq!(gate.get(WHOAMI, &admin).0, 401);
    assert!(!gate.greeting.contains("ADMIN="), "{}", gate.greeting);
    gate.stop();
}

/// The file of peppers is lost for good: the operator can still see what was under them and go on.
#[test]
fn lost_peppers_are_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[]);
    gate.stop();
    let path = folder.path().join("gatehouse-data/peppers");
    let peppers = fs::read_to_string(&path).unwrap();
    let (id, _) = peppers.split_once(':').unwrap();
    let run = |words: &[&str]| command(folder.path(), &[]).args(words).output().unwrap();

    // While it is the newest, it would only go on being used.
    let in_use = run(&["revoke-pepper", id]);
    assert_eq!(in_use.status.code(), Some(1));
    assert!(String::from_utf8(in_use.stderr).unwrap().contains("put another one before it"));

    fs::remove_file(&path).unwrap();
    assert!(refused(folder.path(), &[]).contains("gatehouse revoke-pepper ID"));
    let report = String::from_utf8(run(&["pepper-report"]).stdout).unwrap();
    assert!(report.ends_with(&format!("   1     0  unusable  hmac-sha256${id}\n")), "{report}");
    assert_eq!(run(&["revoke-pepper", id]).stdout, b"1 revoked\n");
    assert!(!path.exists(), "nothing is made in its place before it is given up");

    let gate = Process::start(folder.path(), &[]);
    assert!(path.exists());
    let key = String::from_utf8(run(&["issue-admin-key"]).stdout).unwrap();
    assert_eq!(gate.get(WHOAMI, key.trim_end()).0, 200);
    gate.stop();
}

/// A request that was authenticated waits for its body while its key is revoked: it changes nothing.
#[test]
fn a_body_that_comes_after_the_revocation_is_too_late() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[]);
    let admin = gate.admin();
    let (_, thief) = gate.post(KEYS, &admin, r#"{"name":"stolen","scopes":["admin"]}"#);
    let (key, id) = (text(&thief["key"]), text(&thief["id"]));

    let body = r#"{"name":"late","scopes":["admin"]}"#;
    let mut stream = gate.connect();
    let head = format!(
        "POST {KEYS} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The service asks for the body once the key was checked.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(gate.call("DELETE", &format!("{KEYS}/{id}"), &admin, "").0, 200);
    stream.write_all(body.as_bytes()).unwrap();
    let (status, answer) = read_reply(stream);
    assert_eq!(status, 401, "{answer}");
    let (_, list) = gate.get(KEYS, &admin);
    assert_eq!(list["keys"].as_array().unwrap().len(), 2, "no key was minted");
    gate.stop();
}

#[test]
fn uses_are_written_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("GATEHOUSE_USAGE_INTERVAL_SECONDS", "1")]);
    let admin = gate.admin();
    let (_, whoami) = gate.get(WHOAMI, &admin);
    let path = format!("{KEYS}/{}", text(&whoami["key_id"]));
    let begun = Instant::now();
    while gate.get(&path, &admin).1["use_count"] == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "no use was written");
        std::thread::sleep(Duration::from_millis(50));
    }
    gate.stop();
}

/// What one process revokes, another one refuses: at once without staleness, and soon with it.
#[test]
fn two_processes_on_one_database() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let gate = Process::start(folders[0].path(), &[]);
    let admin = gate.admin();
    let database = folders[0].path().join("gatehouse-data/gatehouse.db");
    let database = ("GATEHOUSE_DATABASE", database.to_str().unwrap());
    for staleness in [0, 2] {
        let seconds = staleness.to_string();
        let vars = [database, ("GATEHOUSE_MAX_STALENESS_SECONDS", seconds.as_str())];
        let other = Process::start(folders[1].path(), &vars);
        let (_, minted) = gate.post(KEYS, &admin, READER);
        let (id, key) = (text(&minted["id"]), text(&minted["key"]));
        assert_eq!(other.get(WHOAMI, &key).0, 200);
        assert_eq!(gate.call("DELETE", &format!("{KEYS}/{id}"), &admin, "").0, 200);
        assert_eq!(gate.get(WHOAMI, &key).0, 401);
        std::thread::sleep(Duration::from_millis(staleness * 1100));
        assert_eq!(other.get(WHOAMI, &key).0, 401, "after {staleness} seconds");
        other.stop();
    }
    gate.stop();
}

#[test]
fn in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Process::start(folder.path(), &[("GATEHOUSE_DATABASE", ":memory:")]);
    assert_eq!(gate.get(WHOAMI, &gate.admin()).0, 200);
    gate.stop();
    assert!(!folder.path().join("gatehouse-data").exists());
    let gate = Process::start(folder.path(), &[("GATEHOUSE_DATABASE", ":memory:")]);
    gate.admin();
    gate.stop();
}

#[test]
fn starts_that_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    fs::write(folder.path().join("file"), "").unwrap();
    for (name, value, expected) in [
        ("GATEHOUSE_ADDR", addr.as_str(), "GATEHOUSE_ADDR: cannot listen"),
        ("GATEHOUSE_ADDR", "8080", "GATEHOUSE_ADDR: has to be"),
        ("GATEHOUSE_PORT", "8080", "GATEHOUSE_PORT: there is no such variable"),
        ("GATEHOUSE_LOG", "loud", "GATEHOUSE_LOG: has to be"),
        ("GATEHOUSE_DATABASE", "file/x.db", "GATEHOUSE_DATABASE: "),
        ("GATEHOUSE_PEPPERS", "", "GATEHOUSE_PEPPERS: empty"),
        (
            "GATEHOUSE_PEPPERS",
            "p1:changeme",
            "GATEHOUSE_PEPPERS: entry 1: a well-known placeholder",
        ),
        ("GATEHOUSE_PEPPERS_FILE", "nowhere", "GATEHOUSE_PEPPERS_FILE (nowhere): the file cannot"),
        (
            "GATEHOUSE_SESSION_IDLE_SECONDS",
            "604801",
            "GATEHOUSE_SESSION_IDLE_SECONDS: has to be at most GATEHOUSE_SESSION_LIFETIME_SECONDS",
        ),
        ("GATEHOUSE_SESSION_COOKIE", "a b", "GATEHOUSE_SESSION_COOKIE: the name"),
        (
            "GATEHOUSE_SESSION_COOKIE",
            "__Host-x",
            "GATEHOUSE_SESSION_COOKIE: has to be a name without a prefix",
        ),
        (
            "GATEHOUSE_SESSION_COOKIE_DOMAIN",
            "localhost",
            "GATEHOUSE_SESSION_COOKIE_DOMAIN: a domain",
        ),
        (
            "GATEHOUSE_SESSION_KEYS_FILE",
            "nowhere",
            "GATEHOUSE_SESSION_KEYS_FILE: has to be left out",
        ),
        (
            "GATEHOUSE_EPOCH_KEYS",
            "e1:changeme",
            "gatehouse: GATEHOUSE_EPOCH_KEYS: entry 1: a well-known",
        ),
        ("GATEHOUSE_TOKEN_ISSUER", "a b", "GATEHOUSE_TOKEN_ISSUER: has to be"),
        ("GATEHOUSE_EPOCH_AUDIENCE", "", "GATEHOUSE_EPOCH_AUDIENCE: has to be"),
    ] {
        let error = refused(folder.path(), &[(name, value)]);
        assert!(error.contains(expected), "{expected} is not in {error}");
    }
    drop(taken);
}
