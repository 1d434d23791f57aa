//! What becomes of those who come from elsewhere, and what is left of them.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use palisade::allowlist::Entry;
use palisade::session::SessionStore as _;
use serde_json::{Value, json};

use crate::allowlists::{INSIDE, LIST, OUTSIDE, is_turned_away, office, put_from, restricted};
use crate::bouncer::{Bouncer, end};
use crate::browser::{Browser, PASSWORD, ann, register};
use crate::gate::{Gate, cheap_hasher, json_request, pool, request, text};

const KEYS: &str = "/api/v1/keys";
const WHOAMI: &str = "/api/v1/whoami";
const SESSIONS: &str = "/api/v1/sessions";
const LOGOUT: &str = "/api/v1/auth/logout";
const PROVE: &str = "/api/v1/auth/reauthenticate";

/// A key that may not come leaves no trace of use, whatever it asks for.
#[tokio::test]
async fn a_key_from_elsewhere() {
    let gate = restricted().await;
    let body = json!({"name": "r", "scopes": ["read:controls"]}).to_string();
    let mint = json_request(Method::POST, KEYS, &gate.admin, body);
    let minted = gate.send_from(INSIDE, mint).await;
    let (id, key) = (text(&minted.body["id"]), text(&minted.body["key"]));
    for peer in [OUTSIDE, "2001:db8::1", "::ffff:198.51.100.9"] {
        let address = peer.trim_start_matches("::ffff:");
        is_turned_away(&gate.get_from(peer, WHOAMI, &key).await, address);
        is_turned_away(&gate.get_from(peer, "/api/v1/orgs/org_demo/controls", &key).await, address);
        for path in [WHOAMI, KEYS, LIST] {
            is_turned_away(&gate.get_from(peer, path, &gate.admin).await, address);
        }
        let forced = json!({"entries": [], "force": true});
        is_turned_away(&put_from(&gate, peer, &gate.admin, &forced).await, address);
    }
    gate.app.keys.flush().await.unwrap();
    let shown = gate.get_from(INSIDE, &format!("{KEYS}/{id}"), &gate.admin).await.body;
    assert_eq!((&shown["use_count"], &shown["last_used_at"]), (&json!(0), &Value::Null), "{shown}");
    for peer in [INSIDE, "::ffff:203.0.113.7"] {
        assert_eq!(gate.get_from(peer, WHOAMI, &key).await.status, 200);
    }
    gate.app.keys.flush().await.unwrap();
    let shown = gate.get_from(INSIDE, &format!("{KEYS}/{id}"), &gate.admin).await.body;
    assert_eq!(shown["use_count"], 2);
}

/// A stranger learns nothing: only who holds a good key is told about an address.
#[tokio::test]
async fn guesses_are_answered_as_anywhere() {
    let gate = restricted().await;
    let unrestricted = Gate::open().await;
    let mut typo = gate.admin.clone();
    typo.replace_range(typo.len() - 10..typo.len() - 9, "_");
    let foreign = unrestricted.admin.as_str();
    for key in ["junk", &typo, foreign, "gate_acct_live_junk"] {
        let (here, there) =
            (gate.get_from(OUTSIDE, WHOAMI, key).await, gate.get_from(INSIDE, WHOAMI, key).await);
        assert_eq!((here.status.as_u16(), &here.text), (401, &there.text), "{key}");
    }
    let revoked = gate.admin_of("org_demo").await;
    let id = text(&gate.get_from(INSIDE, WHOAMI, &revoked).await.body["key_id"]);
    let delete = request(Method::DELETE, &format!("{KEYS}/{id}"), &gate.admin);
    let delete = gate.send_from(INSIDE, delete.body(Body::empty()).unwrap()).await;
    assert_eq!(delete.status, 200);
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &revoked).await.status, 401);
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, "").await.status, 401);
    // Other workspaces are not concerned, and what needs no workspace needs no address.
    let other = gate.admin_of("org_other").await;
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &other).await.status, 200);
    let shown = gate.get_from(OUTSIDE, LIST, &other).await.body;
    assert_eq!(shown["count"], 0);
    assert_eq!(gate.get_from(OUTSIDE, "/healthz", "").await.status, 200);
    assert_eq!(gate.get_from(OUTSIDE, "/readyz", "").await.status, 200);
}

#[tokio::test]
async fn an_epoch_token_from_elsewhere() {
    let gate = restricted().await;
    let heartbeat = |peer: &'static str| {
        let body = json!({"sidecar_id": "sc_1"}).to_string();
        let path = "/api/v1/s3p/heartbeat";
        gate.send_from(peer, json_request(Method::POST, path, &gate.admin, body))
    };
    is_turned_away(&heartbeat(OUTSIDE).await, OUTSIDE);
    let token = text(&heartbeat(INSIDE).await.body["token"]);
    let attest = |peer: &'static str| {
        let body = json!({"control": "c", "holds": true}).to_string();
        let path = "/api/v1/attestations";
        gate.send_from(peer, json_request(Method::POST, path, &token, body))
    };
    is_turned_away(&attest(OUTSIDE).await, OUTSIDE);
    let accepted = attest(INSIDE).await;
    assert_eq!((accepted.status.as_u16(), &accepted.body["count"]), (202, &json!(1)));
}

/// A session that may not come is not renewed, and what it brings along is not judged.
#[tokio::test]
async fn a_session_from_elsewhere() {
    let gate = Gate::open().await;
    let mut inside = ann(&gate).await.at(INSIDE);
    assert_eq!(inside.put(&gate, LIST, office()).await.status, 200);
    let id = inside.cookie.as_deref().unwrap().split_once('.').unwrap().0.parse().unwrap();
    let sessions = gate.app.people.sessions.store();
    let before = sessions.load(&id).await.unwrap().unwrap().record;
    gate.pass(Duration::from_hours(1));
    let mut outside = inside.at(OUTSIDE);
    let change = json!({"current_password": "wrong", "new_password": "whether tis nobler"});
    for reply in [
        outside.get(&gate, SESSIONS).await,
        outside.get(&gate, KEYS).await,
        outside.get(&gate, LIST).await,
        outside.delete(&gate, &format!("{SESSIONS}/{id}")).await,
        outside.post(&gate, &format!("{SESSIONS}/revoke-others"), json!({})).await,
        outside.post(&gate, PROVE, json!({"password": "wrong"})).await,
        outside.post(&gate, "/api/v1/auth/password", change).await,
        outside.put(&gate, LIST, json!({"entries": [], "force": true})).await,
        outside.post(&gate, KEYS, json!({"name": "k", "scopes": ["read"]})).await,
    ] {
        is_turned_away(&reply, OUTSIDE);
    }
    let after = sessions.load(&id).await.unwrap().unwrap().record;
    assert_eq!(
        (after.last_seen, after.address, after.ended),
        (before.last_seen, before.address, None)
    );
    assert_eq!(Browser::with_cookie("junk").at(OUTSIDE).get(&gate, SESSIONS).await.status, 401);
    assert!(inside.is_signed_in(&gate).await);
    let after = sessions.load(&id).await.unwrap().unwrap().record;
    assert!(after.last_seen > before.last_seen, "from inside it is renewed");
    // Idle counts from the last use that was allowed.
    gate.pass(Duration::from_hours(11));
    is_turned_away(&outside.get(&gate, SESSIONS).await, OUTSIDE);
    gate.pass(Duration::from_hours(2));
    assert_eq!(outside.get(&gate, SESSIONS).await.status, 401);
}

/// Whoever moved to another network can still end what was left open, and renews nothing by that.
#[tokio::test]
async fn signing_out_works_from_anywhere() {
    for tokens in ["opaque", "signed"] {
        let gate = Gate::with_vars(&[("GATEHOUSE_SESSION_TOKENS", tokens)]).await;
        let mut inside = ann(&gate).await.at(INSIDE);
        assert_eq!(inside.put(&gate, LIST, office()).await.status, 200);
        let list = inside.get(&gate, SESSIONS).await.body;
        let id = text(&list["sessions"][0]["id"]).parse().unwrap();
        let sessions = gate.app.people.sessions.store();
        let before = sessions.load(&id).await.unwrap().unwrap().record;
        gate.pass(Duration::from_hours(1));
        let mut outside = inside.at(OUTSIDE);
        is_turned_away(&outside.get(&gate, SESSIONS).await, OUTSIDE);
        let reply = outside.post(&gate, LOGOUT, json!({})).await;
        assert_eq!((reply.status.as_u16(), &outside.cookie), (204, &None), "{tokens}");
        let after = sessions.load(&id).await.unwrap().unwrap().record;
        assert!(after.ended.is_some());
        assert_eq!((after.last_seen, after.address), (before.last_seen, before.address));
        assert!(!inside.is_signed_in(&gate).await);
    }
}

/// At the login, a wrong address looks like a wrong password and like nobody.
#[tokio::test]
async fn a_login_from_elsewhere() {
    let gate = Gate::open().await;
    let mut inside = ann(&gate).await.at(INSIDE);
    assert_eq!(inside.put(&gate, LIST, office()).await.status, 200);
    let mut outside = Browser::default().at(OUTSIDE);
    let right = outside.login(&gate, "ann", PASSWORD).await;
    let wrong = outside.login(&gate, "ann", "not to be, or to be").await;
    let nobody = outside.login(&gate, "nobody", PASSWORD).await;
    assert_eq!((right.status.as_u16(), right.code()), (401, "LOGIN_FAILED"));
    assert_eq!((&right.text, &wrong.text), (&wrong.text, &nobody.text));
    assert_eq!(right.body["error"]["details"]["address"], OUTSIDE);
    assert!(!right.text.contains("203.0.113"));
    assert_eq!(outside.cookie, None);
    let list = inside.get(&gate, SESSIONS).await.body;
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1, "no session was begun");
    assert_eq!(Browser::default().at(INSIDE).login(&gate, "ann", PASSWORD).await.status, 200);
    let bob = "to be or not to be, bob";
    register(&gate, "bob", bob).await;
    assert_eq!(outside.login(&gate, "bob", bob).await.status, 200, "of another workspace");
}

/// The stored hash is not touched for somebody who may not come: it would hold the only worker here.
#[tokio::test]
async fn a_login_from_elsewhere_compares_no_password() {
    let bouncer = Bouncer::default();
    let hasher = cheap_hasher().legacy(bouncer.clone()).accept_unpeppered_until(end());
    let gate = Gate::with_pool(pool(hasher.build().unwrap(), 1, 16)).await;
    let users = &gate.app.passwords.users;
    let login = "ann".parse().unwrap();
    let gatehouse::Insertion::Done(id) =
        users.insert_new(&login, "bouncer$held", gate.app.now()).await.unwrap()
    else {
        panic!("the name is free");
    };
    let entries: [Entry; 1] = ["203.0.113.0/24 Office".parse().unwrap()];
    let lists = &gate.app.admission.lists;
    let _ = lists
        .replace(id.as_str(), &entries, INSIDE.parse().unwrap(), |_| true, gate.app.now())
        .await
        .unwrap();
    let mut outside = Browser::default().at(OUTSIDE);
    let reply = outside.login(&gate, "ann", PASSWORD).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "LOGIN_FAILED"));
    bouncer.let_in();
}

/// The cookie that a login comes with is ended, wherever the login comes from.
#[tokio::test]
async fn a_login_over_a_session_of_somebody_else() {
    let gate = Gate::open().await;
    let mut inside = ann(&gate).await.at(INSIDE);
    assert_eq!(inside.put(&gate, LIST, office()).await.status, 200);
    let bob = "to be or not to be, bob";
    register(&gate, "bob", bob).await;
    let mut there = inside.at(OUTSIDE);
    assert_eq!(there.login(&gate, "bob", bob).await.status, 200);
    assert!(there.is_signed_in(&gate).await && !inside.is_signed_in(&gate).await);
}

/// A request without a peer is a mistake of the program, and is served to nobody.
#[tokio::test]
async fn a_request_without_a_peer() {
    use tower::ServiceExt;
    let gate = Gate::open().await;
    let router = gatehouse::router(std::sync::Arc::clone(&gate.app));
    let ask = async |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!((ask(WHOAMI).await, ask("/healthz").await), (500, 200));
}
