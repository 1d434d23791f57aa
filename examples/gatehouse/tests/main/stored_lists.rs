//! Lists in the database: changes at once, by another process, halfway, and what cannot be read.

use std::time::{Duration, SystemTime};

use gatehouse::Allowlists;
use palisade::allowlist::Entry;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::allowlists::{
    INSIDE, LIST, OUTSIDE, is_turned_away, office, put_from, put_with, restricted,
};
use crate::browser::{Browser, PASSWORD, leaves_the_cookie, register, signed_in};
use crate::gate::Gate;

const WHOAMI: &str = "/api/v1/whoami";
const SESSIONS: &str = "/api/v1/sessions";

/// Of two admins who change the same version at once, one is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_changes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    let gate = Gate::with_vars(&[("GATEHOUSE_DATABASE", path.to_str().unwrap())]).await;
    for round in 0..10 {
        let tag = format!("\"{round}\"");
        let one = json!({"entries": [{"network": "203.0.113.0/24", "label": "one"}]});
        let two = json!({"entries": [{"network": "203.0.113.0/25", "label": "two"}]});
        let headers = [("if-match", tag.as_str())];
        let (first, second) = tokio::join!(
            put_with(&gate, INSIDE, &gate.admin, &one, &headers),
            put_with(&gate, INSIDE, &gate.admin, &two, &headers)
        );
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        let winner = if first.status == 200 { "one" } else { "two" };
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let shown = gate.get_from(INSIDE, LIST, &gate.admin).await.body;
        assert_eq!(
            (&shown["version"], &shown["entries"][0]["label"]),
            (&json!(round + 1), &json!(winner))
        );
    }
    // Without a version the last one holds, whole and in memory as on the disk.
    for _ in 0..10 {
        let wide =
            json!({"entries": [{"network": "203.0.113.0/24"}, {"network": "198.51.100.0/24"}]});
        let narrow = office();
        let (first, second) = tokio::join!(
            put_from(&gate, INSIDE, &gate.admin, &narrow),
            put_from(&gate, INSIDE, &gate.admin, &wide)
        );
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
        let shown = gate.get_from(INSIDE, LIST, &gate.admin).await.body;
        let expected = if shown["count"] == 2 { 200 } else { 403 };
        assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, expected);
    }
}

/// What another process changed is seen within the staleness, as a key that it revoked.
#[tokio::test]
async fn a_change_by_another_process() {
    let gate = Gate::open().await;
    let store = gate.app.passwords.users.allowlists();
    let staleness = Duration::from_secs(5);
    let other = Allowlists::open(store, staleness, gate.app.now()).await.unwrap();
    let inside = INSIDE.parse().unwrap();
    let entries: [Entry; 1] = ["203.0.113.0/24 Office".parse().unwrap()];
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200);
    let replaced = other.replace("org_demo", &entries, inside, |_| true, gate.app.now()).await;
    assert!(matches!(replaced.unwrap(), gatehouse::Replacement::Done { version: 1 }));
    gate.pass(Duration::from_secs(4));
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200, "not seen yet");
    gate.pass(Duration::from_secs(1));
    is_turned_away(&gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await, OUTSIDE);
    let _ = other.replace("org_demo", &[], inside, |_| true, gate.app.now()).await.unwrap();
    gate.pass(Duration::from_secs(5));
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200);
    // A clock that steps back makes nothing younger.
    let _ = other.replace("org_demo", &entries, inside, |_| true, gate.app.now()).await.unwrap();
    gate.go_back(Duration::from_mins(1));
    is_turned_away(&gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await, OUTSIDE);
}

/// What lasts is decided by the list that is stored: neither a list in memory that is a moment old, nor a request that
/// began before the change, replaces the list, shows it, or makes a key or a token.
#[tokio::test]
async fn an_old_list_decides_nothing_that_lasts() {
    let gate = Gate::open().await;
    let entries: [Entry; 1] = ["203.0.113.0/24 Office".parse().unwrap()];
    let store = gate.app.passwords.users.allowlists();
    let _ = store.replace("org_demo", &entries, |_| None, gate.app.now()).await.unwrap();
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200, "not seen yet");

    is_turned_away(&gate.get_from(OUTSIDE, LIST, &gate.admin).await, OUTSIDE);
    let own = json!({"entries": [{"network": OUTSIDE}]});
    is_turned_away(&put_from(&gate, OUTSIDE, &gate.admin, &own).await, OUTSIDE);
    let forced = json!({"entries": [{"network": OUTSIDE}], "force": true});
    is_turned_away(&put_from(&gate, OUTSIDE, &gate.admin, &forced).await, OUTSIDE);
    let key = json!({"name": "thief", "scopes": ["read:controls"]});
    is_turned_away(&gate.post_from(OUTSIDE, "/api/v1/keys", &gate.admin, &key).await, OUTSIDE);
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200, "still not seen");
    let shown = gate.get_from(INSIDE, LIST, &gate.admin).await.body;
    assert_eq!((&shown["version"], &shown["count"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn without_staleness_every_request_reads() {
    let gate = Gate::with_vars(&[("GATEHOUSE_MAX_STALENESS_SECONDS", "0")]).await;
    let store = gate.app.passwords.users.allowlists();
    let entries: [Entry; 1] = ["203.0.113.0/24 Office".parse().unwrap()];
    let _ = store.replace("org_demo", &entries, |_| None, SystemTime::now()).await.unwrap();
    is_turned_away(&gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await, OUTSIDE);
}

/// Lists that nobody can read any more let nobody in, and turn nobody away for good.
#[tokio::test]
async fn a_store_that_is_down() {
    let gate = restricted().await;
    let browser = signed_in_bob(&gate).await;
    gate.app.passwords.users.close().await;
    assert_eq!(gate.get_from(INSIDE, WHOAMI, &gate.admin).await.status, 200, "read a moment ago");
    is_turned_away(&gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await, OUTSIDE);
    let put = put_from(&gate, INSIDE, &gate.admin, &office()).await;
    assert_eq!((put.status.as_u16(), put.code()), (503, "UNAVAILABLE"));
    gate.pass(Duration::from_secs(5));
    for reply in [
        gate.get_from(INSIDE, WHOAMI, &gate.admin).await,
        gate.get_from(INSIDE, LIST, &gate.admin).await,
        browser.clone().get(&gate, SESSIONS).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
        assert!(leaves_the_cookie(&reply));
    }
}

async fn signed_in_bob(gate: &Gate) -> Browser {
    register(gate, "bob", PASSWORD).await;
    signed_in(gate, "bob", PASSWORD).await
}

/// A row that somebody damaged closes its own workspace, and no other.
#[tokio::test]
async fn a_damaged_list_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    let gate = Gate::with_vars(&[("GATEHOUSE_DATABASE", path.to_str().unwrap())]).await;
    assert_eq!(put_from(&gate, INSIDE, &gate.admin, &office()).await.status, 200);
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let damage = "UPDATE allowlist_entries SET network = '203.0.113.0/024';
        UPDATE allowlists SET change = change + 1";
    sqlx::raw_sql(damage).execute(&mut connection).await.unwrap();
    gate.pass(Duration::from_secs(5));
    let reply = gate.get_from(INSIDE, WHOAMI, &gate.admin).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "ADDRESS_NOT_ALLOWED"));
    let other = gate.admin_of("org_other").await;
    assert_eq!(gate.get_from(INSIDE, WHOAMI, &other).await.status, 200);
}

/// A change is stored whole or not at all.
#[tokio::test]
async fn a_change_that_fails_halfway() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    let gate = Gate::with_vars(&[("GATEHOUSE_DATABASE", path.to_str().unwrap())]).await;
    assert_eq!(put_from(&gate, INSIDE, &gate.admin, &office()).await.status, 200);
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON allowlist_entries WHEN NEW.position = 2
        BEGIN SELECT RAISE(ABORT, 'broken'); END";
    sqlx::raw_sql(broken).execute(&mut connection).await.unwrap();
    let two = json!({"entries": [{"network": "203.0.113.7"}, {"network": "198.51.100.9"}]});
    let reply = put_from(&gate, INSIDE, &gate.admin, &two).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"));
    let shown = gate.get_from("203.0.113.8", LIST, &gate.admin).await;
    assert_eq!((&shown.body["version"], &shown.body["count"]), (&json!(1), &json!(1)));
    is_turned_away(&gate.get_from(OUTSIDE, LIST, &gate.admin).await, OUTSIDE);
}

/// With the rows of its entries lost, a list would be no restriction; it is told by the number that it had.
#[tokio::test]
async fn a_list_whose_entries_are_lost_lets_nobody_in() {
    for lost in ["1 = 1", "position = 2"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gatehouse.db");
        let gate = Gate::with_vars(&[("GATEHOUSE_DATABASE", path.to_str().unwrap())]).await;
        let two = json!({"entries": [{"network": "203.0.113.0/24"}, {"network": "192.0.2.0/24"}]});
        assert_eq!(put_from(&gate, INSIDE, &gate.admin, &two).await.status, 200);
        let mut connection =
            SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        let damage = format!(
            "DELETE FROM allowlist_entries WHERE {lost}; UPDATE allowlists SET change = change + 1"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(damage)).execute(&mut connection).await.unwrap();
        gate.pass(Duration::from_secs(5));
        let reply = gate.get_from(INSIDE, WHOAMI, &gate.admin).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "ADDRESS_NOT_ALLOWED"), "{lost}");
        is_turned_away(&gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await, OUTSIDE);
    }
}
