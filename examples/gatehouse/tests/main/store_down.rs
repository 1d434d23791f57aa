//! A store that does not answer: nobody is told that his key is bad.

use axum::http::Method;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::browser::{Browser, PASSWORD, ann, leaves_the_cookie};
use crate::gate::{Gate, text};

const KEYS: &str = "/api/v1/keys";
const HEARTBEAT: &str = "/api/v1/s3p/heartbeat";
const WHOAMI: &str = "/api/v1/whoami";

#[tokio::test]
async fn unavailable_and_never_unauthenticated() {
    let gate = Gate::open().await;
    let body = json!({"name": "k", "scopes": ["read"]});
    let (id, key) = gate.mint(body.clone()).await;
    gate.app.keys.store().close().await;

    let one = format!("{KEYS}/{id}");
    for reply in [
        gate.get("/readyz", "").await,
        gate.get(WHOAMI, &key).await,
        gate.get(KEYS, &gate.admin).await,
        gate.get(&one, &gate.admin).await,
        gate.post(KEYS, &gate.admin, body).await,
        gate.post(&format!("{one}/rotate"), &gate.admin, json!({"leaked": true})).await,
        gate.send_json(Method::PATCH, &one, &gate.admin, json!({"name": "n"})).await,
        gate.delete(&one, &gate.admin).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
        assert_eq!(reply.headers["retry-after"], "1");
        let text = reply.text.to_lowercase();
        assert!(!text.contains("pool") && !text.contains("sql"), "{text}");
    }
    assert_eq!(gate.get("/healthz", "").await.status, 200, "the process is well");
    let junk = gate.get(WHOAMI, "gate_acct_live_junk").await;
    assert_eq!(junk.status, 401, "what is no key at all needs no store to be refused");
}

#[tokio::test]
async fn uses_wait_for_the_store() {
    let gate = Gate::open().await;
    assert_eq!(gate.get(WHOAMI, &gate.admin).await.status, 200);
    gate.app.keys.store().close().await;
    assert!(gate.app.keys.flush().await.is_err());
    assert!(gate.app.keys.flush().await.is_err(), "they are not lost by the first failure");
    assert_eq!(gate.get(WHOAMI, &gate.admin).await.status, 200, "cached for a few seconds");
}

#[tokio::test]
async fn users_that_cannot_be_read_are_not_unknown() {
    let gate = Gate::open().await;
    gate.app.passwords.users.close().await;
    let body = json!({"login": "ann", "password": "to be or not to be, ann"});
    for path in ["/api/v1/auth/login", "/api/v1/auth/register"] {
        let reply = gate.post(path, "", body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
        assert_eq!(reply.headers["retry-after"], "1");
        assert!(!reply.text.to_lowercase().contains("pool"), "{}", reply.text);
    }
}

/// Nobody is signed out because the store is down, and nobody is told that he is.
#[tokio::test]
async fn sessions_that_cannot_be_read_are_not_over() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let token =
        text(&gate.post(HEARTBEAT, &gate.admin, json!({"sidecar_id": "s"})).await.body["token"]);
    gate.app.people.sessions.store().close().await;
    let key = json!({"name": "k", "scopes": ["read"]});
    let change = json!({"current_password": PASSWORD, "new_password": "whether tis nobler"});
    for reply in [
        browser.get(&gate, "/api/v1/sessions").await,
        browser.delete(&gate, "/api/v1/sessions/x").await,
        browser.post(&gate, "/api/v1/sessions/revoke-others", json!({})).await,
        browser.post(&gate, "/api/v1/auth/logout", json!({})).await,
        browser.post(&gate, "/api/v1/auth/reauthenticate", json!({"password": PASSWORD})).await,
        browser.post(&gate, "/api/v1/auth/password", change).await,
        browser.login(&gate, "ann", PASSWORD).await,
        Browser::default().login(&gate, "ann", PASSWORD).await,
        Browser::default().login(&gate, "nobody", PASSWORD).await,
        browser.post(&gate, KEYS, key).await,
        browser.get(&gate, KEYS).await,
        gate.post(HEARTBEAT, &gate.admin, json!({"sidecar_id": "s"})).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
        assert_eq!(reply.headers["retry-after"], "1");
        assert!(leaves_the_cookie(&reply));
    }
    let reply = Browser::with_cookie("junk").get(&gate, "/api/v1/sessions").await;
    assert_eq!(reply.status, 401, "what is no token needs no store to be refused");
    let reply = gate.post("/api/v1/attestations", &token, json!({"control": "c", "holds": true}));
    assert_eq!(reply.await.status, 202, "a token of this hour needs no store");
    // The old password stands: it is not changed while the sessions cannot be ended.
    let users = &gate.app.passwords.users;
    assert!(users.with_sessions_due().await.unwrap().is_empty());
}

/// A store that reads and does not write: nobody is told that he is signed out while he is not.
#[tokio::test]
async fn a_session_that_cannot_be_ended_keeps_its_cookie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    let gate = Gate::with_vars(&[("GATEHOUSE_DATABASE", path.to_str().unwrap())]).await;
    let mut browser = ann(&gate).await;
    let list = browser.get(&gate, "/api/v1/sessions").await.body;
    let current = format!("/api/v1/sessions/{}", text(&list["sessions"][0]["id"]));
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let broken = "CREATE TRIGGER broken BEFORE UPDATE ON palisade_sessions
        BEGIN SELECT RAISE(ABORT, 'broken'); END";
    sqlx::raw_sql(broken).execute(&mut connection).await.unwrap();
    for reply in [
        browser.post(&gate, "/api/v1/auth/logout", json!({})).await,
        browser.delete(&gate, &current).await,
        browser.post(&gate, "/api/v1/auth/reauthenticate", json!({"password": PASSWORD})).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
        assert!(leaves_the_cookie(&reply));
    }
    assert!(browser.is_signed_in(&gate).await);
}
