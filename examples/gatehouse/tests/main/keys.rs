//! The life of keys over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};

use crate::gate::{Gate, text};

const KEYS: &str = "/api/v1/keys";
const WHOAMI: &str = "/api/v1/whoami";

#[tokio::test]
async fn mint_show_rename_list() {
    let gate = Gate::open().await;
    let minted =
        gate.post(KEYS, &gate.admin, json!({"name": "laptop", "scopes": ["read:controls"]})).await;
    assert_eq!(minted.status, 201);
    let id = text(&minted.body["id"]);
    assert_eq!(minted.headers["location"], format!("{KEYS}/{id}"));
    let key = text(&minted.body["key"]);
    assert!(key.starts_with("gate_acct_live_"));
    let masked = text(&minted.body["masked"]);
    assert_eq!(masked, format!("gate_acct_live_…{}", &key[key.len() - 4..]));

    let one = format!("{KEYS}/{id}");
    let renamed = gate.send_json(Method::PATCH, &one, &gate.admin, json!({"name": "tablet"})).await;
    assert_eq!(renamed.body["name"], "tablet");
    let shown = gate.get(&one, &gate.admin).await;
    assert_eq!(shown.body, renamed.body);
    assert!(shown.body.get("key").is_none() && !shown.text.contains(&key[15..30]));
    assert_eq!(shown.body["owner"], "org_demo");

    let listed = gate.get(KEYS, &gate.admin).await;
    assert_eq!(listed.body["keys"].as_array().unwrap().len(), 2);
    assert_eq!(listed.body["next"], Value::Null);
}

#[tokio::test]
async fn pages() {
    let gate = Gate::open().await;
    for n in 0..5 {
        gate.pass(Duration::from_secs(1));
        gate.mint(json!({"name": format!("key {n}"), "scopes": ["read"]})).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{KEYS}?limit=2");
    loop {
        let page = gate.get(&path, &gate.admin).await;
        seen.extend(page.body["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])));
        match page.body["next"].as_str() {
            Some(next) => path = format!("{KEYS}?limit=2&after={next}"),
            None => break,
        }
    }
    let all = gate.get(&format!("{KEYS}?limit=100"), &gate.admin).await;
    let all: Vec<String> =
        all.body["keys"].as_array().unwrap().iter().map(|key| text(&key["id"])).collect();
    assert_eq!(seen, all);
    assert_eq!(all.len(), 6);
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "after=a%20b", "page=2", "after="]
    {
        let reply = gate.get(&format!("{KEYS}?{query}"), &gate.admin).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "INVALID_REQUEST"), "{query}");
    }
}

#[tokio::test]
async fn rotate_with_an_overlap() {
    let gate = Gate::open().await;
    let (id, old) = gate.mint(json!({"name": "k", "scopes": ["read:controls"]})).await;
    assert_eq!(gate.get(WHOAMI, &old).await.status, 200);

    let path = format!("{KEYS}/{id}/rotate");
    let rotated = gate.post(&path, &gate.admin, json!({"overlap_seconds": 60})).await;
    assert_eq!(rotated.status, 201);
    assert_eq!(rotated.body["replaces"], id);
    assert_eq!(rotated.body["scopes"], json!(["read:controls"]));
    let new = text(&rotated.body["key"]);
    assert_ne!(new, old);

    gate.pass(Duration::from_secs(59));
    assert_eq!(gate.get(WHOAMI, &old).await.status, 200);
    assert_eq!(gate.get(WHOAMI, &new).await.status, 200);
    let again = gate.post(&path, &gate.admin, json!({"overlap_seconds": 60})).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "KEY_ALREADY_ROTATED"));

    gate.pass(Duration::from_secs(1));
    let late = gate.get(WHOAMI, &old).await;
    assert_eq!(late.status, 401);
    assert_eq!(late.body["error"]["message"], "the API key was replaced by a newer one");
    assert_eq!(gate.get(WHOAMI, &new).await.status, 200);
    let shown = gate.get(&format!("{KEYS}/{id}"), &gate.admin).await;
    assert_eq!(shown.body["state"], "replaced");
    assert_eq!(shown.body["replaced_by"], rotated.body["id"]);
    let late = gate.post(&path, &gate.admin, json!({"overlap_seconds": 60})).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "KEY_ALREADY_ROTATED"));
}

#[tokio::test]
async fn rotate_a_leaked_key() {
    let gate = Gate::open().await;
    let (id, old) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
    assert_eq!(gate.get(WHOAMI, &old).await.status, 200, "and now it is cached");
    let rotated =
        gate.post(&format!("{KEYS}/{id}/rotate"), &gate.admin, json!({"leaked": true})).await;
    assert_eq!(rotated.status, 201);
    assert_eq!(gate.get(WHOAMI, &old).await.status, 401);
    assert_eq!(gate.get(WHOAMI, &text(&rotated.body["key"])).await.status, 200);
    let shown = gate.get(&format!("{KEYS}/{id}"), &gate.admin).await;
    assert_eq!(shown.body["revoked_reason"], "leaked");
}

/// It was rotated with an overlap before it leaked: it stops, and the answer says where to go on.
#[tokio::test]
async fn a_leaked_key_that_was_rotated_before_stops() {
    let gate = Gate::open().await;
    let (id, old) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
    let rotate = format!("{KEYS}/{id}/rotate");
    gate.post(&rotate, &gate.admin, json!({"overlap_seconds": 3600})).await;
    assert_eq!(gate.get(WHOAMI, &old).await.status, 200);
    let stopped = gate.post(&rotate, &gate.admin, json!({"leaked": true})).await;
    assert_eq!(stopped.status, 409);
    assert_eq!(stopped.body["error"]["code"], "KEY_ALREADY_ROTATED");
    assert!(text(&stopped.body["error"]["message"]).contains("it is revoked now"));
    assert_eq!(gate.get(WHOAMI, &old).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_rotations_at_once_one_wins() {
    let gate = Arc::new(Gate::open().await);
    for _ in 0..30 {
        let (id, _) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
        let rotations: Vec<_> = (0..2)
            .map(|_| {
                let gate = Arc::clone(&gate);
                let path = format!("{KEYS}/{id}/rotate");
                tokio::spawn(async move {
                    let reply = gate.post(&path, &gate.admin, json!({"overlap_seconds": 5})).await;
                    (reply.status.as_u16(), reply.code().to_owned())
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for rotation in rotations {
            outcomes.push(rotation.await.unwrap());
        }
        outcomes.sort();
        let conflict = (409, "KEY_ALREADY_ROTATED".to_owned());
        assert_eq!(outcomes, [(201, String::new()), conflict]);
    }
}

#[tokio::test]
async fn revoke_for_good() {
    let gate = Gate::open().await;
    let (id, key) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
    assert_eq!(gate.get(WHOAMI, &key).await.status, 200);
    let path = format!("{KEYS}/{id}");
    let revoked = gate.delete(&path, &gate.admin).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(revoked.body["state"], "revoked");
    let reply = gate.get(WHOAMI, &key).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.body["error"]["message"], "the API key was revoked");

    gate.pass(Duration::from_secs(9));
    let again = gate.delete(&path, &gate.admin).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body["revoked_at"], revoked.body["revoked_at"], "the first one stands");
    let rotate =
        gate.post(&format!("{path}/rotate"), &gate.admin, json!({"overlap_seconds": 5})).await;
    assert_eq!((rotate.status.as_u16(), rotate.code()), (409, "KEY_NOT_ACTIVE"));
}

/// A client that goes away in the middle of a revocation leaves no key that is revoked in the store
/// and accepted from the cache.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_that_nobody_waits_for() {
    let gate = Arc::new(Gate::open().await);
    for round in 0..150 {
        let (id, key) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
        assert_eq!(gate.get(WHOAMI, &key).await.status, 200, "and now it is cached");
        let path = format!("{KEYS}/{id}");
        let revocation = {
            let (gate, path) = (Arc::clone(&gate), path.clone());
            tokio::spawn(async move { gate.delete(&path, &gate.admin).await.status })
        };
        // The timer counts in milliseconds, and all of this is over in one.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(4 * round) {
            tokio::task::yield_now().await;
        }
        revocation.abort();
        let _ = revocation.await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        if gate.get(&path, &gate.admin).await.body["state"] == "revoked" {
            // Time stands still here, so the cache does not let go of the key by itself.
            let refused = async {
                while gate.get(WHOAMI, &key).await.status != 401 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            let ended = tokio::time::timeout(Duration::from_secs(10), refused).await;
            assert!(ended.is_ok(), "round {round}: revoked, and accepted still");
        }
    }
}

#[tokio::test]
async fn a_key_of_another_organisation_is_not_found() {
    let gate = Gate::open().await;
    let (id, key) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
    let other = gate.admin_of("org_other").await;
    let path = format!("{KEYS}/{id}");
    let none = gate.get(&format!("{KEYS}/key_none"), &other).await;
    assert_eq!(none.status, 404);
    for reply in [
        gate.get(&path, &other).await,
        gate.delete(&path, &other).await,
        gate.post(&format!("{path}/rotate"), &other, json!({"leaked": true})).await,
        gate.send_json(Method::PATCH, &path, &other, json!({"name": "mine"})).await,
    ] {
        assert_eq!(reply.status, 404);
        assert_eq!(reply.text, none.text);
    }
    assert_eq!(gate.get(WHOAMI, &key).await.body["name"], "k");
    let listed = gate.get(KEYS, &other).await;
    assert_eq!(listed.body["keys"].as_array().unwrap().len(), 1, "its own admin key");
}

#[tokio::test]
async fn the_owner_is_never_request_data() {
    let gate = Gate::open().await;
    for field in ["owner", "user", "userId", "org", "id", "key", "digest", "use_count"] {
        let mut body = json!({"name": "n", "scopes": ["read"]});
        body[field] = "org_other".into();
        let reply = gate.post(KEYS, &gate.admin, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"), "{field}");
        assert!(!reply.text.contains("org_other"), "{}", reply.text);
    }
    let path = format!("{KEYS}?owner=org_other");
    let body = json!({"name": "n", "scopes": ["read"]});
    let minted = gate.post(&path, &gate.admin, body).await;
    assert_eq!(minted.body["owner"], "org_demo");
}

#[tokio::test]
async fn a_test_key_reaches_test_keys_only() {
    let gate = Gate::open().await;
    let admin = json!({"name": "t", "scopes": ["admin"], "format": "gate_acct_test"});
    let (_, test_admin) = gate.mint(admin).await;
    let (live, _) = gate.mint(json!({"name": "l", "scopes": ["read"]})).await;
    let live = format!("{KEYS}/{live}");
    for reply in [
        gate.post(KEYS, &test_admin, json!({"name": "n", "scopes": ["read"]})).await,
        gate.post(&format!("{live}/rotate"), &test_admin, json!({"leaked": true})).await,
        gate.delete(&live, &test_admin).await,
        gate.send_json(Method::PATCH, &live, &test_admin, json!({"name": "n"})).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "KEY_BEYOND_REACH"));
    }
    let body = json!({"name": "n", "scopes": ["admin"], "format": "gate_acct_test"});
    let minted = gate.post(KEYS, &test_admin, body).await;
    assert_eq!(minted.status, 201);
    assert_eq!(minted.body["environment"], "test");
}

#[tokio::test]
async fn uses_are_counted() {
    let gate = Gate::open().await;
    let (id, key) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
    for _ in 0..7 {
        gate.get(WHOAMI, &key).await;
    }
    assert_eq!(gate.app.keys.flush().await.unwrap().used, 2, "the admin key and this one");
    let shown = gate.get(&format!("{KEYS}/{id}"), &gate.admin).await;
    assert_eq!(shown.body["use_count"], 7);
    assert!(shown.body["last_used_at"].is_string());
}
