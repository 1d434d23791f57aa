//! The program itself: two of them, one that dies, and what is found at the next start.

use palisade::webhook::{MessageId, Scheme, SharedSecret, Signer};
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use std::fs;
use std::path::Path;

use super::customer::{Customer, ENDPOINTS, until};
use crate::process::{Process, command, log, refused};

const KEYS: &str = "/api/v1/keys";
const KEY: &str = r#"{"name":"k","scopes":["read:controls"]}"#;
const OPEN: [(&str, &str); 2] = [
    ("GATEHOUSE_WEBHOOK_LOOPBACK", "allow"),
    ("GATEHOUSE_WEBHOOK_RETRY_SECONDS", "1,1,1,1,1,1,1,1"),
];

fn register(gate: &Process, admin: &str, url: &str) -> (String, String) {
    let (status, reply) = gate.post(ENDPOINTS, admin, &format!(r#"{{"url":"{url}"}}"#));
    assert_eq!(status, 201, "{reply}");
    let text = |name: &str| reply[name].as_str().unwrap().to_owned();
    (format!("{ENDPOINTS}/{}", text("id")), text("secret"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_send_each_message_once() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let folder = folder.path();
    let mut vars = OPEN.to_vec();
    vars.push(("GATEHOUSE_LOG", "trace"));
    let one = Process::start(folder, &vars);
    let admin = one.admin();
    let two = Process::start(folder, &vars);
    let (endpoint, secret) = register(&one, &admin, &customer.url);
    for _ in 0..10 {
        assert_eq!(one.post(KEYS, &admin, KEY).0, 201);
        assert_eq!(two.post(KEYS, &admin, KEY).0, 201);
    }
    customer.nth(20).await;
    until(|| async { is_done(&two.get(&endpoint, &admin).1) }).await;
    let ids: std::collections::BTreeSet<String> =
        customer.all().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), customer.count()), (20, 20));
    let now = std::time::SystemTime::now();
    assert!(customer.all().iter().all(|request| request.is_standard(&secret, now)));
    one.stop();
    two.stop();
    let said = log(folder);
    assert!(said.contains("a webhook was sent"));
    assert!(!said.contains(&secret[6..22]), "no secret in the log");
    let keys = fs::read_to_string(folder.join("gatehouse-data/webhook-keys")).unwrap();
    let (_, key) = keys.trim().split_once(':').unwrap();
    assert!(!said.contains(&key[..16]));
}

/// By the clock of the system, which counts finer than the store does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_revocation_is_announced() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let gate = Process::start(folder.path(), &OPEN);
    let admin = gate.admin();
    register(&gate, &admin, &customer.url);
    for _ in 0..3 {
        let (_, minted) = gate.post(KEYS, &admin, KEY);
        let id = minted["id"].as_str().unwrap().to_owned();
        assert_eq!(gate.call("DELETE", &format!("{KEYS}/{id}"), &admin, "").0, 200);
    }
    customer.nth(6).await;
    let kinds = customer.all().iter().filter(|r| r.json()["type"] == "key.revoked").count();
    assert_eq!(kinds, 3);
    gate.stop();
}

fn is_done(body: &Value) -> bool {
    let all = body["deliveries"].as_array().unwrap();
    all.iter().all(|delivery| delivery["state"] == "delivered")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A port at which nobody listens yet.
    let port = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut gate = Process::start(folder, &OPEN);
    let admin = gate.admin();
    let (endpoint, secret) = register(&gate, &admin, &format!("http://127.0.0.1:{port}/hook"));
    assert_eq!(gate.post(KEYS, &admin, KEY).0, 201);
    until(|| async {
        let delivery = gate.get(&endpoint, &admin).1["deliveries"][0].clone();
        delivery["last_outcome"] == "connect_failed"
    })
    .await;
    gate.signal("-KILL");
    gate.wait();
    let customer = Customer::at(&format!("127.0.0.1:{port}")).await;
    let gate = Process::start(folder, &OPEN);
    // Were it killed in the middle of an attempt, the lease would have to end first.
    let request = customer.nth(1).await;
    assert!(request.is_glacis(&secret, std::time::SystemTime::now()), "the same secret");
    until(|| async { is_done(&gate.get(&endpoint, &admin).1) }).await;
    gate.stop();
}

/// A process that died between a change of a key and its event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_announced_by_the_next_process() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let folder = folder.path();
    let gate = Process::start(folder, &OPEN);
    let admin = gate.admin();
    let (_, minted) = gate.post(KEYS, &admin, KEY);
    let id = minted["id"].as_str().unwrap().to_owned();
    assert_eq!(gate.call("DELETE", &format!("{KEYS}/{id}"), &admin, "").0, 200);
    register(&gate, &admin, &customer.url);
    gate.stop();
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let at = i64::try_from(since.unwrap().as_micros() - 180_000_000).unwrap();
    let mut database = open(folder).await;
    for (change, key) in
        [("revoked", Some(id.as_str())), ("rotated", Some(id.as_str())), ("created", None)]
    {
        sqlx::query("INSERT INTO webhook_intents (workspace, change, key_id, at) VALUES ('org_demo', ?, ?, ?)")
            .bind(change)
            .bind(key)
            .bind(at)
            .execute(&mut database)
            .await
            .unwrap();
    }
    database.close().await.unwrap();
    let gate = Process::start(folder, &OPEN);
    let request = customer.nth(1).await;
    assert_eq!(
        (&request.json()["type"], &request.json()["data"]["key_id"]),
        (&"key.revoked".into(), &id.into())
    );
    gate.stop();
    let mut database = open(folder).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_intents")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!((left, customer.count()), (0, 1), "one event, and no intent is left");
}

async fn open(folder: &Path) -> SqliteConnection {
    let path = folder.join("gatehouse-data/gatehouse.db");
    SqliteConnection::connect(path.to_str().unwrap()).await.unwrap()
}

#[test]
fn a_replay_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = SharedSecret::from_text("a:b,c").unwrap();
    let signer =
        Signer::builder(Scheme::GLACIS).key("k".parse().unwrap(), &secret).build().unwrap();
    let body = r#"{"paid":true}"#;
    let now = std::time::SystemTime::now();
    let headers = signer.sign(&MessageId::generate().unwrap(), now, body.as_bytes()).unwrap();
    let lines: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = lines.concat();
    let length = body.len();
    let request = format!(
        "POST /webhooks/in/glacis HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    fs::write(folder.join("glacis"), "new:another\nold:a:b,c\n").unwrap();
    let vars = [("GATEHOUSE_INBOUND_GLACIS_FILE", "glacis")];
    let run = |args: &[&str]| {
        let output = command(folder, &vars).args(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for expected in [r#"{"received":true}"#, r#"{"received":true,"duplicate":true}"#] {
        let gate = Process::start(folder, &vars);
        let (status, said) = gate.raw(request.as_bytes());
        assert_eq!((status, said.trim()), (200, expected));
        gate.stop();
        assert_eq!(run(&["received"]).lines().count(), 2, "kept when it came first, and once");
    }
    let list = run(&["received"]);
    assert!(list.contains("  glacis  old  13  -"), "{list}");
    assert_eq!(run(&["received", "1"]), body);
    let said = refused_with(folder, &["received", "7"]);
    assert!(said.contains("no message of that number"), "{said}");
}

fn refused_with(folder: &Path, args: &[&str]) -> String {
    let output = command(folder, &[]).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn starts_that_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = "f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    let ring = format!("a:{secret}");
    for (vars, expected) in [
        (vec![("GATEHOUSE_INBOUND_GITHUB", "hunter2")], "line 1"),
        (vec![("GATEHOUSE_INBOUND_STANDARD", "a:hunter2")], "line 1"),
        (vec![("GATEHOUSE_INBOUND_GITHUB", "a:hunter2\na:x")], "the id a"),
        (vec![("GATEHOUSE_INBOUND_GITHUB_FILE", "missing")], "GATEHOUSE_INBOUND_GITHUB_FILE"),
        (
            vec![
                ("GATEHOUSE_INBOUND_GITHUB", "a:hunter2"),
                ("GATEHOUSE_INBOUND_SLACK", "b:hunter2"),
            ],
            "one secret is in both",
        ),
        (
            vec![
                ("GATEHOUSE_WEBHOOK_KEYS", ring.as_str()),
                ("GATEHOUSE_INBOUND_SLACK", ring.as_str()),
            ],
            "one secret is in both",
        ),
        (
            vec![("GATEHOUSE_WEBHOOK_KEYS", ring.as_str()), ("GATEHOUSE_PEPPERS", ring.as_str())],
            "one secret is in both",
        ),
    ] {
        let said = refused(folder, &vars);
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("hunter2") && !said.contains(secret), "{said}");
    }
}
