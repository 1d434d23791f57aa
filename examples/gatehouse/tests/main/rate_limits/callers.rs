//! The limits of those who are known: accounts, keys, sessions, sidecars.

use axum::http::Method;
use serde_json::json;

use super::{SECOND, TEN, WHOAMI, is_limited, left, limited, told};
use crate::allowlists::{INSIDE, LIST, OUTSIDE, is_turned_away, office, put_from};
use crate::browser::ann;
use crate::gate::{Gate, Reply, json_request, text};

const PER_KEY: &str = "RATE_LIMIT_PER_KEY";
const PER_ACCOUNT: &str = "RATE_LIMIT_PER_ACCOUNT";
const PER_SESSION: &str = "RATE_LIMIT_PER_SESSION";

/// A second key of the same account.
async fn second(gate: &Gate) -> String {
    gate.admin_of("org_demo").await
}

async fn ask(gate: &Gate, key: &str) -> Reply {
    gate.get(WHOAMI, key).await
}

#[tokio::test]
async fn a_key_within_its_account() {
    let gate = limited(PER_KEY, TEN).await;
    let other = second(&gate).await;
    for n in (0..10).rev() {
        let reply = ask(&gate, &gate.admin).await;
        assert_eq!((reply.status.as_u16(), left(&reply)), (200, &*format!("\"per-key\";r={n}")));
        let policies = reply.headers["ratelimit-policy"].to_str().unwrap();
        let names: Vec<_> =
            policies.split(", ").map(|one| one.split(';').next().unwrap()).collect();
        assert_eq!(names, ["\"per-ip\"", "\"per-account\"", "\"per-key\""]);
    }
    is_limited(&ask(&gate, &gate.admin).await, "per-key", "1");
    assert_eq!(left(&ask(&gate, &other).await), "\"per-key\";r=9");
    gate.pass(SECOND);
    assert_eq!(ask(&gate, &gate.admin).await.status, 200);
}

#[tokio::test]
async fn all_keys_of_an_account_together() {
    let gate = Gate::with_vars(&[(PER_ACCOUNT, TEN), (PER_KEY, "20 + 1/s")]).await;
    let (other, stranger) = (second(&gate).await, gate.admin_of("org_other").await);
    for _ in 0..5 {
        assert_eq!(ask(&gate, &gate.admin).await.status, 200);
        assert_eq!(ask(&gate, &other).await.status, 200);
    }
    for _ in 0..30 {
        is_limited(&ask(&gate, &gate.admin).await, "per-account", "1");
    }
    assert_eq!(ask(&gate, &stranger).await.status, 200);
    // What was refused by the account took nothing of the key: it has 15 and what came since.
    gate.pass(SECOND * 10);
    for _ in 0..10 {
        assert_eq!(ask(&gate, &gate.admin).await.status, 200);
    }
    is_limited(&ask(&gate, &gate.admin).await, "per-account", "1");
    gate.pass(SECOND * 5);
    for _ in 0..5 {
        assert_eq!(ask(&gate, &gate.admin).await.status, 200);
    }
}

/// What a stranger sends in somebody's name takes nothing of theirs.
#[tokio::test]
async fn who_is_refused_takes_nothing_of_anybodys() {
    let gate = Gate::with_vars(&[(PER_ACCOUNT, TEN), (PER_KEY, TEN)]).await;
    let revoked = second(&gate).await;
    let id = text(&ask(&gate, &revoked).await.body["key_id"]);
    assert_eq!(gate.delete(&format!("/api/v1/keys/{id}"), &gate.admin).await.status, 200);
    gate.pass(SECOND * 10);
    let mut typo = gate.admin.clone();
    typo.replace_range(typo.len() - 10..typo.len() - 9, "_");
    for _ in 0..20 {
        for key in [typo.as_str(), revoked.as_str(), "junk"] {
            let reply = ask(&gate, key).await;
            assert_eq!(reply.status, 401);
            assert!(!reply.headers["ratelimit-policy"].to_str().unwrap().contains("account"));
        }
    }
    assert_eq!(left(&ask(&gate, &gate.admin).await), "\"per-account\";r=9");
}

/// Nor does whoever is turned away by the allowlist, with the best of keys.
#[tokio::test]
async fn a_denied_address_takes_nothing() {
    let gate = Gate::with_vars(&[(PER_ACCOUNT, TEN), (PER_KEY, TEN), (PER_SESSION, TEN)]).await;
    assert_eq!(put_from(&gate, INSIDE, &gate.admin, &office()).await.status, 200);
    let mut inside = ann(&gate).await.at(INSIDE);
    assert_eq!(inside.put(&gate, LIST, office()).await.status, 200);
    let heartbeat = |peer: &'static str| {
        let body = json!({"sidecar_id": "sc_1"}).to_string();
        let path = "/api/v1/s3p/heartbeat";
        gate.send_from(peer, json_request(Method::POST, path, &gate.admin, body))
    };
    let token = text(&heartbeat(INSIDE).await.body["token"]);
    gate.pass(SECOND * 10);
    let mut outside = inside.at(OUTSIDE);
    for _ in 0..30 {
        let reply = gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await;
        is_turned_away(&reply, OUTSIDE);
        assert!(left(&reply).starts_with("\"per-ip\""), "the address itself is counted");
        is_turned_away(&outside.get(&gate, "/api/v1/sessions").await, OUTSIDE);
        let body = json!({"control": "c", "holds": true});
        let reply = gate.post_from(OUTSIDE, "/api/v1/attestations", &token, &body).await;
        is_turned_away(&reply, OUTSIDE);
    }
    let reply = gate.get_from(INSIDE, WHOAMI, &gate.admin).await;
    assert_eq!((reply.status.as_u16(), left(&reply)), (200, "\"per-account\";r=9"));
    let reply = inside.get(&gate, "/api/v1/sessions").await;
    assert_eq!((reply.status.as_u16(), left(&reply)), (200, "\"per-account\";r=9"));
}

/// What is refused by the address takes nothing of the account, nor the other way round once it is let in.
#[tokio::test]
async fn a_limited_address_takes_nothing_of_the_account() {
    let gate = Gate::with_vars(&[("RATE_LIMIT_PER_IP", TEN), (PER_KEY, "20 + 1/h")]).await;
    for n in 0..30 {
        let expected = if n < 10 { 200 } else { 429 };
        assert_eq!(gate.get_from("192.0.2.1", WHOAMI, &gate.admin).await.status, expected);
    }
    for n in (0..10).rev() {
        let reply = gate.get_from("192.0.2.2", WHOAMI, &gate.admin).await;
        assert_eq!(reply.status, 200);
        // Both are equally tight here; the caller's own is told.
        assert_eq!(left(&reply), format!("\"per-key\";r={n}"));
    }
    gate.pass(SECOND * 10);
    let refused = gate.get_from("192.0.2.1", WHOAMI, &gate.admin).await;
    is_limited(&refused, "per-key", "3590");
}

#[tokio::test]
async fn a_session_within_its_account() {
    let gate = limited(PER_SESSION, TEN).await;
    let mut browser = ann(&gate).await;
    for n in (0..10).rev() {
        let reply = browser.get(&gate, "/api/v1/sessions").await;
        assert_eq!(left(&reply), format!("\"per-session\";r={n}"));
    }
    is_limited(&browser.get(&gate, "/api/v1/sessions").await, "per-session", "1");
    assert!(browser.cookie.is_some(), "nobody is signed out by a limit");
    let mut other = crate::browser::signed_in(&gate, "ann", crate::browser::PASSWORD).await;
    assert_eq!(other.get(&gate, "/api/v1/sessions").await.status, 200);
    // Signing out is always possible: it takes something away.
    assert_eq!(browser.post(&gate, "/api/v1/auth/logout", json!({})).await.status, 204);
}

/// The keys of a person and the sessions of the same person are one account.
#[tokio::test]
async fn the_keys_and_the_sessions_of_a_person() {
    let gate = Gate::with_vars(&[(PER_ACCOUNT, "20 + 1/s")]).await;
    let mut browser = ann(&gate).await;
    let body = json!({"name": "k", "scopes": ["read"]});
    let minted = browser.post(&gate, "/api/v1/keys", body).await;
    assert_eq!((minted.status.as_u16(), left(&minted)), (201, "\"per-account\";r=15"));
    let key = text(&minted.body["key"]);
    for n in (0..15).rev() {
        assert_eq!(left(&ask(&gate, &key).await), format!("\"per-account\";r={n}"));
    }
    is_limited(&browser.get(&gate, "/api/v1/sessions").await, "per-account", "1");
}

#[tokio::test]
async fn a_sidecar_within_its_account() {
    let gate = limited("RATE_LIMIT_PER_SIDECAR", "2/min").await;
    let token = async |sidecar: &str| {
        let reply = gate.post("/api/v1/s3p/heartbeat", &gate.admin, json!({"sidecar_id": sidecar}));
        text(&reply.await.body["token"])
    };
    let (one, two) = (token("sc_1").await, token("sc_2").await);
    let attest = |token: &str| {
        let body = json!({"control": "c", "holds": true}).to_string();
        gate.send(json_request(Method::POST, "/api/v1/attestations", token, body))
    };
    assert_eq!(attest(&one).await.status, 202);
    assert_eq!(attest(&one).await.status, 202);
    is_limited(&attest(&one).await, "per-sidecar", "30");
    assert_eq!(attest(&two).await.status, 202);
}

/// A key without the scope is counted: it is somebody's who is known.
#[tokio::test]
async fn a_key_that_may_not_is_counted() {
    let gate = limited(PER_KEY, TEN).await;
    let (_, key) = gate.mint(json!({"name": "k", "scopes": ["read:controls"]})).await;
    for _ in 0..10 {
        let reply = gate.get("/api/v1/keys", &key).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
        assert_eq!(told(&reply).len(), 2);
    }
    is_limited(&gate.get("/api/v1/keys", &key).await, "per-key", "1");
}

/// What costs more takes more, in each limit.
#[tokio::test]
async fn a_new_key_costs_five() {
    let gate = limited(PER_KEY, TEN).await;
    let mint = || gate.post("/api/v1/keys", &gate.admin, json!({"name": "k", "scopes": ["read"]}));
    assert_eq!(left(&mint().await), "\"per-key\";r=5");
    assert_eq!(left(&mint().await), "\"per-key\";r=0");
    let refused = mint().await;
    is_limited(&refused, "per-key", "5");
    let listed = gate.get("/api/v1/keys", &gate.admin_of("org_demo").await).await.body;
    assert_eq!(listed["keys"].as_array().unwrap().len(), 4, "nothing was minted");
}
