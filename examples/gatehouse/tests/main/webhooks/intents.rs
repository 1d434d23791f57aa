//! Changes of keys and their events, where something comes between the two.

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use super::customer::{Customer, ENDPOINTS, Sender, in_file};
use crate::gate::text;
use crate::process::Process;

const KEYS: &str = "/api/v1/keys";
const KEY: &str = r#"{"name":"k","scopes":["read:controls"]}"#;
const OPEN: [(&str, &str); 1] = [("GATEHOUSE_WEBHOOK_LOOPBACK", "allow")];

/// Two keys of the same moment stand in for what a process that died has left. The store of keys gives no more than a
/// hundred in one call, and they come after those.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_many_keys_each_is_found() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let gate = Process::start(folder.path(), &OPEN);
    let admin = gate.admin();
    let mut ids = Vec::new();
    for _ in 0..110 {
        ids.push(text(&gate.post(KEYS, &admin, KEY).1["id"]));
    }
    ids.sort();
    let (status, _) = gate.post(ENDPOINTS, &admin, &json!({"url": customer.url}).to_string());
    assert_eq!(status, 201);
    gate.stop();
    let path = folder.path().join("gatehouse-data/gatehouse.db");
    let mut database = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let expected = [ids[5].clone(), ids[107].clone()];
    // The store lets nobody change when a key was made.
    let triggers = "SELECT name FROM sqlite_master
        WHERE type = 'trigger' AND tbl_name = 'palisade_api_keys'";
    let triggers: Vec<String> =
        sqlx::query_scalar(triggers).fetch_all(&mut database).await.unwrap();
    for name in triggers {
        let drop = sqlx::AssertSqlSafe(format!("DROP TRIGGER {name}"));
        sqlx::raw_sql(drop).execute(&mut database).await.unwrap();
    }
    // The others are older, so these two are not among the first hundred.
    sqlx::query("UPDATE palisade_api_keys SET created_at = 1600000000000000")
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::query("UPDATE palisade_api_keys SET created_at = 1700000000000000 WHERE id IN (?, ?)")
        .bind(&expected[0])
        .bind(&expected[1])
        .execute(&mut database)
        .await
        .unwrap();
    // Before it stands one that nobody can read, and one whose time lies ahead, of a clock that was wrong.
    let insert = "INSERT INTO webhook_intents (workspace, change, key_id, at) VALUES
        ('org_demo', 'revoked', 'no id!', 1700000000000000),
        ('org_demo', 'created', NULL, 4000000000000000),
        ('org_demo', 'created', NULL, 1700000000000000)";
    sqlx::query(insert).execute(&mut database).await.unwrap();
    let gate = Process::start(folder.path(), &OPEN);
    customer.nth(2).await;
    let mut found: Vec<String> =
        customer.all().iter().map(|request| text(&request.json()["data"]["key_id"])).collect();
    found.sort();
    assert_eq!(found, expected);
    gate.stop();
    let count = "SELECT count(*) FROM webhook_intents";
    let left: i64 = sqlx::query_scalar(count).fetch_one(&mut database).await.unwrap();
    assert_eq!(left, 0);
}

/// A request that took longer than anybody waits: its intent was settled by another process, which found nothing yet.
#[tokio::test]
async fn an_intent_that_somebody_else_settled() {
    let (_folder, sender, database) = in_file().await;
    let customer = Customer::new().await;
    sender.register(&customer.url).await;
    trigger(&database, "AFTER", "DELETE FROM webhook_intents WHERE id = NEW.id").await;
    let id = sender.event().await;
    assert_eq!(customer.nth(1).await.json()["data"]["key_id"], id);
}

#[tokio::test]
async fn a_key_that_leaked_goes_whoever_hears_of_it() {
    let (_folder, sender, database) = in_file().await;
    sender.register("https://hooks.example.com/in").await;
    let id = sender.event().await;
    trigger(&database, "BEFORE", "SELECT RAISE(ABORT, 'no room')").await;
    let rotate = format!("{KEYS}/{id}/rotate");
    let reply = sender.post(&rotate, &sender.admin, json!({"overlap_seconds": 60})).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    let reply = sender.post(&rotate, &sender.admin, json!({"leaked": true})).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let new = text(&reply.body["id"]);
    let old = sender.get(&format!("{KEYS}/{id}"), &sender.admin).await.body;
    assert_eq!(old["revoked_reason"], "leaked", "{old}");
    assert_eq!(sender.delete(&format!("{KEYS}/{new}"), &sender.admin).await.status, 200);
}

#[tokio::test]
async fn a_leak_is_two_events() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let body = json!({"url": customer.url, "events": ["key.rotated", "key.revoked"]});
    assert_eq!(sender.post(ENDPOINTS, &sender.admin, body).await.status, 201);
    let id = sender.event().await;
    let rotate = format!("{KEYS}/{id}/rotate");
    let reply = sender.post(&rotate, &sender.admin, json!({"leaked": true})).await;
    let new = text(&reply.body["id"]);
    customer.nth(2).await;
    let mut seen: Vec<(String, String, Value)> = customer
        .all()
        .iter()
        .map(|request| {
            let event = request.json();
            (text(&event["type"]), text(&event["data"]["key_id"]), event["data"]["reason"].clone())
        })
        .collect();
    seen.sort_by(|one, other| one.0.cmp(&other.0));
    let revoked = ("key.revoked".to_owned(), id, json!("leaked"));
    assert_eq!(seen, [revoked, ("key.rotated".to_owned(), new, json!(null))]);
}

/// What nobody asked for is not written down, so nothing can keep it from being done.
#[tokio::test]
async fn nothing_is_intended_where_nobody_asked() {
    let (_folder, sender, database) = in_file().await;
    let body = json!({"url": "https://hooks.example.com/in", "events": ["allowlist.changed"]});
    assert_eq!(sender.post(ENDPOINTS, &sender.admin, body).await.status, 201);
    trigger(&database, "BEFORE", "SELECT RAISE(ABORT, 'no room')").await;
    sender.event().await;
}

/// Makes something happen with each intent.
async fn trigger(database: &sqlx::SqlitePool, when: &str, what: &str) {
    let statement = format!("CREATE TRIGGER t {when} INSERT ON webhook_intents BEGIN {what}; END");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(database).await.unwrap();
}
