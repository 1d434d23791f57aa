//! Keys of a person, and the password of a moment ago that a new one needs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bouncer::{Bouncer, end};
use crate::browser::{Browser, PASSWORD, ann, leaves_the_cookie, register, signed_in};
use crate::gate::{Gate, cheap_hasher, pool, text};

const KEYS: &str = "/api/v1/keys";
const PROVE: &str = "/api/v1/auth/reauthenticate";

fn key() -> Value {
    json!({"name": "laptop", "scopes": ["read:controls"]})
}

fn proof() -> Value {
    json!({"password": PASSWORD})
}

#[tokio::test]
async fn the_same_request_once_more() {
    let gate = Gate::open().await;
    let id = register(&gate, "ann", PASSWORD).await;
    let mut browser = signed_in(&gate, "ann", PASSWORD).await;
    gate.pass(Duration::from_mins(5));
    let refused = browser.post(&gate, KEYS, key()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "STEP_UP_REQUIRED"));
    let challenge = refused.challenge();
    assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
    assert!(challenge.contains("acr_values=\"password\", max_age=\"300\""), "{challenge}");
    assert_eq!(
        refused.body["error"]["details"]["step_up"],
        json!({"factor": "password", "within_seconds": 300, "at": PROVE})
    );
    assert!(leaves_the_cookie(&refused) && browser.is_signed_in(&gate).await);

    let before = browser.clone();
    let proved = browser.post(&gate, PROVE, proof()).await;
    assert_eq!((proved.status.as_u16(), &proved.body["user_id"]), (200, &json!(id)));
    assert_ne!(browser.cookie, before.cookie);
    assert!(!before.is_signed_in(&gate).await, "the old token is dead");

    let minted = browser.post(&gate, KEYS, key()).await;
    assert_eq!(minted.status, 201, "{}", minted.text);
    assert_eq!(minted.body["owner"], id);
    let minted = text(&minted.body["key"]);
    assert_eq!(gate.get("/api/v1/whoami", &minted).await.body["owner"], id);
    let path = format!("/api/v1/orgs/{id}/controls");
    assert_eq!(gate.get(&path, &minted).await.status, 200);
    assert_eq!(gate.get("/api/v1/orgs/org_demo/controls", &minted).await.status, 404);
}

#[tokio::test]
async fn how_long_a_proof_is_enough() {
    let gate = Gate::with_vars(&[("GATEHOUSE_STEP_UP_SECONDS", "60")]).await;
    let mut browser = ann(&gate).await;
    assert_eq!(browser.post(&gate, KEYS, key()).await.status, 201, "a sign-in is a proof");
    gate.pass(Duration::from_secs(59));
    assert_eq!(browser.post(&gate, KEYS, key()).await.status, 201);
    gate.pass(Duration::from_secs(1));
    assert_eq!(browser.post(&gate, KEYS, key()).await.code(), "STEP_UP_REQUIRED");
    let mut other = signed_in(&gate, "ann", PASSWORD).await;
    assert_eq!(other.post(&gate, KEYS, key()).await.status, 201);
    let elsewhere = browser.post(&gate, KEYS, key()).await;
    assert_eq!(elsewhere.code(), "STEP_UP_REQUIRED", "a proof in another session is none");
    gate.go_back(Duration::from_hours(24));
    assert_eq!(other.post(&gate, KEYS, key()).await.code(), "STEP_UP_REQUIRED");
}

#[tokio::test]
async fn what_proves_nothing() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let other = "to be or not to be, bob";
    register(&gate, "bob", other).await;
    gate.pass(Duration::from_mins(6));
    let before = browser.cookie.clone();
    for password in [other, "", "to be or not to be, Ann"] {
        let reply = browser.post(&gate, PROVE, json!({"password": password})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "PASSWORD_WRONG"));
        assert!(leaves_the_cookie(&reply));
    }
    for body in [json!({}), json!({"password": other, "login": "bob"}), json!(null)] {
        let reply = browser.post(&gate, PROVE, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"));
    }
    assert_eq!(browser.cookie, before);
    assert_eq!(browser.post(&gate, KEYS, key()).await.code(), "STEP_UP_REQUIRED");
    let reply = Browser::default().post(&gate, PROVE, proof()).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"));
}

/// What stops a key is done at once, and what shows one is not.
#[tokio::test]
async fn which_changes_need_it() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let id = text(&browser.post(&gate, KEYS, key()).await.body["id"]);
    gate.pass(Duration::from_mins(6));
    let one = format!("{KEYS}/{id}");
    assert_eq!(browser.get(&gate, KEYS).await.body["keys"].as_array().unwrap().len(), 1);
    assert_eq!(browser.get(&gate, &one).await.status, 200);
    let rotate = browser.post(&gate, &format!("{one}/rotate"), json!({"leaked": true})).await;
    assert_eq!(rotate.code(), "STEP_UP_REQUIRED");
    assert_eq!(browser.get(&gate, &one).await.body["state"], "active");
    let revoked = browser.delete(&gate, &one).await;
    assert_eq!((revoked.status.as_u16(), &revoked.body["state"]), (200, &json!("revoked")));
}

#[tokio::test]
async fn keys_of_others_are_not_there() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    register(&gate, "bob", PASSWORD).await;
    let mut bob = signed_in(&gate, "bob", PASSWORD).await;
    let of_bob = text(&bob.post(&gate, KEYS, key()).await.body["id"]);
    let (of_org, _) = gate.mint(key()).await;
    for id in [of_bob, of_org] {
        let one = format!("{KEYS}/{id}");
        let rotate = browser.post(&gate, &format!("{one}/rotate"), json!({"leaked": true})).await;
        for reply in [browser.get(&gate, &one).await, browser.delete(&gate, &one).await, rotate] {
            assert_eq!((reply.status.as_u16(), reply.code()), (404, "NOT_FOUND"));
        }
    }
    assert_eq!(browser.get(&gate, KEYS).await.body["keys"], json!([]));
    let body = json!({"name": "n", "scopes": ["read"], "owner": "org_demo"});
    assert_eq!(browser.post(&gate, KEYS, body).await.status, 422);
}

#[tokio::test]
async fn a_proof_in_a_session_that_is_over_is_too_late() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let mut thief = browser.clone();
    let logout = browser.post(&gate, "/api/v1/auth/logout", json!({})).await;
    assert_eq!(logout.status, 204);
    for (path, body) in [(KEYS, key()), (PROVE, proof())] {
        let reply = thief.post(&gate, path, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"), "{path}");
    }
}

/// Two requests with one cookie prove at once: one is done, and the other is told to come again.
#[tokio::test]
async fn two_proofs_at_once() {
    let bouncer = Bouncer::default();
    let hasher = cheap_hasher().legacy(bouncer.clone()).accept_unpeppered_until(end());
    let gate = Arc::new(Gate::with_pool(pool(hasher.build().unwrap(), 1, 8)).await);
    let browser = ann(&gate).await;
    let held = Bouncer::hold_now(&gate.app.passwords.pool).await;
    let two = [(), ()].map(|()| {
        let (gate, mut browser) = (Arc::clone(&gate), browser.clone());
        tokio::spawn(async move { (browser.post(&gate, PROVE, proof()).await, browser) })
    });
    while gate.app.passwords.pool.status().queued < 2 {
        tokio::task::yield_now().await;
    }
    bouncer.let_in();
    let _ = held.await;
    let [a, b] = two;
    let (mut done, mut gone) = (a.await.unwrap(), b.await.unwrap());
    if done.0.status != 200 {
        std::mem::swap(&mut done, &mut gone);
    }
    assert_eq!(done.0.status, 200);
    assert_eq!((gone.0.status.as_u16(), gone.0.code()), (409, "SESSION_CHANGED"));
    assert!(leaves_the_cookie(&gone.0));
    assert!(!browser.is_signed_in(&gate).await);
    let again = done.1.post(&gate, PROVE, proof()).await;
    assert_eq!(again.status, 200, "with the new cookie");
}
