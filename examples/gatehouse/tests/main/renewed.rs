//! A session is renewed by one request while another one ends it: it lives on under its next id, so nobody is
//! told that he is signed out, and no cookie is removed.

use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use gatehouse::SessionStore;
use palisade::session::{Others, SessionId, SessionRecord, SessionStore as _, Written};
use serde_json::json;
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

use crate::browser::{Browser, PASSWORD, ann, leaves_the_cookie, signed_in};
use crate::gate::{Gate, Reply};

const LOGOUT: &str = "/api/v1/auth/logout";
const SESSIONS: &str = "/api/v1/sessions";

/// A service whose sessions are behind one connection, which serves those that wait for it in their order.
async fn gate_with_one_connection() -> (Gate, SqlitePool) {
    let pool =
        SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let store = SessionStore::from_pool(pool.clone());
    store.migrate().await.unwrap();
    (Gate::with_sessions_in(store).await, pool)
}

fn id_of(browser: &Browser) -> SessionId {
    let (id, _) = browser.cookie.as_deref().unwrap().split_once('.').unwrap();
    id.parse().unwrap()
}

/// Sends this request. When it has found the session alive, and before it ends it, the session of the browser
/// gets its next id; then the browser with the cookie for that one is returned too.
async fn renewed_meanwhile(
    gate: &Gate,
    pool: &SqlitePool,
    browser: &Browser,
    request: Request<Body>,
) -> (Reply, Browser) {
    let (store, id) = (gate.app.people.sessions.store(), id_of(browser));
    let stored = store.load(&id).await.unwrap().unwrap();
    let successor = SessionRecord { id: SessionId::generate().unwrap(), ..stored.record };

    // Three wait for the connection: the request for a look, the renewal, and then the request to end it.
    let held = pool.acquire().await.unwrap();
    let moment = Duration::from_millis(200);
    let mut reply = pin!(gate.send(request));
    assert!(tokio::time::timeout(moment, reply.as_mut()).await.is_err(), "it waits for the look");
    let mut renewal = pin!(store.rotate(&id, &successor, Others::Keep, gate.app.now()));
    assert!(tokio::time::timeout(moment, renewal.as_mut()).await.is_err(), "it comes second");
    drop(held);
    let (reply, renewed) = tokio::join!(reply, renewal);
    assert_eq!(renewed.unwrap(), Written::Done);
    let (_, secret) = browser.cookie.as_deref().unwrap().split_once('.').unwrap();
    (reply, Browser::with_cookie(&format!("{}.{secret}", successor.id)))
}

fn is_told_to_try_again(reply: &Reply) {
    assert_eq!((reply.status.as_u16(), reply.code()), (409, "SESSION_CHANGED"), "{}", reply.text);
    assert!(reply.text.contains("another request changed the session"), "{}", reply.text);
    assert!(leaves_the_cookie(reply));
}

#[tokio::test]
async fn a_logout() {
    let (gate, pool) = gate_with_one_connection().await;
    let browser = ann(&gate).await;
    let request = browser.request(Method::POST, LOGOUT).header("content-type", "application/json");
    let request = request.body(Body::empty()).unwrap();
    let (reply, mut renewed) = renewed_meanwhile(&gate, &pool, &browser, request).await;
    is_told_to_try_again(&reply);
    assert!(renewed.is_signed_in(&gate).await, "it lives on");
    assert_eq!(renewed.post(&gate, LOGOUT, json!({})).await.status, 204);
    assert_eq!(renewed.cookie, None);
}

#[tokio::test]
async fn the_end_of_the_session_that_asks() {
    let (gate, pool) = gate_with_one_connection().await;
    let browser = ann(&gate).await;
    let path = format!("{SESSIONS}/{}", id_of(&browser));
    let request = browser.request(Method::DELETE, &path).body(Body::empty()).unwrap();
    let (reply, renewed) = renewed_meanwhile(&gate, &pool, &browser, request).await;
    is_told_to_try_again(&reply);
    assert!(renewed.is_signed_in(&gate).await, "it lives on");
}

/// The list that a person looks at is older than the renewal.
#[tokio::test]
async fn the_end_of_another_session() {
    let gate = Gate::open().await;
    let (mut here, mut there) = (ann(&gate).await, signed_in(&gate, "ann", PASSWORD).await);
    let listed = format!("{SESSIONS}/{}", id_of(&there));
    let proof = json!({"password": PASSWORD});
    assert_eq!(there.post(&gate, "/api/v1/auth/reauthenticate", proof).await.status, 200);
    is_told_to_try_again(&here.delete(&gate, &listed).await);
    assert!(there.is_signed_in(&gate).await && here.is_signed_in(&gate).await);
    let listed = format!("{SESSIONS}/{}", id_of(&there));
    assert_eq!(here.delete(&gate, &listed).await.status, 204);
    assert!(!there.is_signed_in(&gate).await);
}
