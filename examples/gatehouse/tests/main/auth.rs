//! Registering and logging in.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use gatehouse::LoginName;
use palisade::password::{Hasher, Password};
use serde_json::json;

use crate::bouncer::{Bouncer, end};
use crate::gate::{Gate, Reply, cheap_hasher, pool};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const PASSWORD: &str = "to be or not to be, ann";

/// A request without a key.
fn request(path: &str, body: String) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri(path);
    request.header("content-type", "application/json").body(Body::from(body)).unwrap()
}

async fn send(gate: &Gate, path: &str, login: &str, password: &str) -> Reply {
    let body = json!({"login": login, "password": password});
    gate.send(request(path, body.to_string())).await
}

/// All that a client sees, but for what names the request.
fn seen(reply: &Reply) -> String {
    let mut headers = reply.headers.clone();
    headers.remove("x-request-id");
    headers.remove("date");
    // Of the address, which asked once more meanwhile.
    headers.remove("ratelimit");
    format!("{} {headers:?} {}", reply.status, reply.text)
}

async fn store(gate: &Gate, login: &str, hash: &str) {
    let login: LoginName = login.parse().unwrap();
    let _ = gate.app.passwords.users.insert_new(&login, hash, gate.app.now()).await.unwrap();
}

#[tokio::test]
async fn a_new_user_logs_in() {
    let gate = Gate::open().await;
    let reply = send(&gate, REGISTER, "Ann@Example.com", PASSWORD).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(reply.body["login"], "ann@example.com");
    assert!(reply.body["id"].as_str().unwrap().starts_with("user_"));
    let created = reply.body["created_at"].as_str().unwrap();
    assert_eq!(created, humantime::format_rfc3339_micros(gate.app.now()).to_string());
    assert_eq!(reply.body.as_object().unwrap().len(), 3);

    for login in ["ann@example.com", "ANN@EXAMPLE.COM"] {
        let reply = send(&gate, LOGIN, login, PASSWORD).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
    assert!(gate.app.changes.is_empty(), "a hash that was just made is not made anew");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_look_the_same() {
    let gate = Gate::open().await;
    assert_eq!(send(&gate, REGISTER, "ann", PASSWORD).await.status, 201);
    let wrong = send(&gate, LOGIN, "ann", "to be or not to be, bob").await;
    let unknown = send(&gate, LOGIN, "bob", PASSWORD).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "LOGIN_FAILED"));
    assert_eq!(wrong.challenge(), "Bearer realm=\"gatehouse\"");
    assert_eq!(seen(&wrong), seen(&unknown));
    assert!(!wrong.text.contains("ann") && !unknown.text.contains("bob"));
    for password in ["", " ", "to be or not to be, Ann", "to be or not to be, ann "] {
        assert_eq!(seen(&send(&gate, LOGIN, "ann", password).await), seen(&wrong));
    }
}

#[tokio::test]
async fn a_login_name_is_taken_whatever_its_case() {
    let gate = Gate::open().await;
    assert_eq!(send(&gate, REGISTER, "ann", PASSWORD).await.status, 201);
    for login in ["ann", "Ann"] {
        let reply = send(&gate, REGISTER, login, "another long password").await;
        assert_eq!((reply.status.as_u16(), reply.code()), (409, "LOGIN_TAKEN"));
    }
    assert_eq!(send(&gate, LOGIN, "ann", PASSWORD).await.status, 200, "nothing was overwritten");
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_name() {
    let gate = Gate::open().await;
    let (a, b, c, d) = tokio::join!(
        send(&gate, REGISTER, "ann", PASSWORD),
        send(&gate, REGISTER, "ann", PASSWORD),
        send(&gate, REGISTER, "Ann", PASSWORD),
        send(&gate, REGISTER, "ann", PASSWORD),
    );
    let mut statuses = [a, b, c, d].map(|reply| reply.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

#[tokio::test]
async fn one_password_however_the_keyboard_writes_it() {
    let gate = Gate::open().await;
    let (composed, decomposed) = ("\u{e4}nne likes tides", "a\u{308}nne likes tides");
    assert_eq!(send(&gate, REGISTER, "ann", composed).await.status, 201);
    assert_eq!(send(&gate, LOGIN, "ann", decomposed).await.status, 200);
    assert_eq!(send(&gate, LOGIN, "ann", "anne likes tides").await.status, 401);
}

#[tokio::test]
async fn what_is_no_login_or_no_password() {
    let gate = Gate::open().await;
    for path in [REGISTER, LOGIN] {
        for body in [
            json!(null),
            json!({}),
            json!({"login": "ann"}),
            json!({"password": PASSWORD}),
            json!({"login": 1, "password": PASSWORD}),
            json!({"login": "ann", "password": 123_456_789_012_345_u64}),
            json!({"login": "ann", "password": null}),
            json!({"login": "ann", "password": [PASSWORD]}),
            json!({"login": "ann", "password": "x".repeat(4097)}),
            json!({"login": "ann", "password": PASSWORD, "admin": true}),
            json!({"login": "an", "password": PASSWORD}),
            json!({"login": "ann smith", "password": PASSWORD}),
            json!({"login": "ann:smith", "password": PASSWORD}),
            json!({"login": "\u{e4}nn", "password": PASSWORD}),
            json!({"login": "x".repeat(255), "password": PASSWORD}),
        ] {
            let reply = gate.send(request(path, body.to_string())).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"), "{body}");
            assert!(!reply.text.contains("to be or"), "{}", reply.text);
        }
        for body in ["{", r#"{"login":"ann","password":"to be or not to be"#, "to be or not to be"]
        {
            let reply = gate.send(request(path, body.to_owned())).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (400, "INVALID_REQUEST"), "{body}");
            assert!(!reply.text.contains("to be or"), "{}", reply.text);
        }
        let large = json!({"login": "ann", "password": "x".repeat(65 * 1024)}).to_string();
        assert_eq!(gate.send(request(path, large)).await.status, 413);
    }
    let hint = send(&gate, LOGIN, "ann", &"x".repeat(4097)).await;
    assert!(hint.body["error"]["details"]["hint"].as_str().unwrap().contains("4096 bytes"));
}

#[tokio::test]
async fn a_password_that_nobody_should_choose() {
    let gate = Gate::open().await;
    for password in [
        "",
        "fourteen chars",
        "\u{1f511}\u{1f511}\u{1f511}\u{1f511}",
        "annannannannann",
        "Ann202620262026",
        "Gatehouse1234567",
    ] {
        let reply = send(&gate, REGISTER, "ann", password).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "PASSWORD_REFUSED"), "{password}");
    }
    for (login, password) in [("ann", "x y ".repeat(1024)), ("bob", "\u{1f511}".repeat(15))] {
        assert_eq!(send(&gate, REGISTER, login, &password).await.status, 201);
        assert_eq!(send(&gate, LOGIN, login, &password).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_stored_and_cannot_be_verified_is_no_wrong_password() {
    let gate = Gate::open().await;
    let bare = Hasher::builder().build().unwrap();
    let bare = bare.hash(&Password::new(PASSWORD).unwrap()).unwrap();
    for (login, hash) in [
        ("garbage", "garbage"),
        ("half", "$argon2id$v=19$m=64,t=1"),
        ("bomb", "$argon2id$v=19$m=8388608,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ"),
        ("unpeppered", bare.as_str()),
    ] {
        store(&gate, login, hash).await;
        for password in [PASSWORD, "to be or not to be, bob"] {
            let reply = send(&gate, LOGIN, login, password).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (500, "INTERNAL"), "{login}");
            assert!(!reply.text.contains("argon") && !reply.text.contains(login), "{}", reply.text);
        }
    }
}

/// A pool of one worker and a queue of two, and what holds the worker.
async fn narrow_gate() -> (Gate, Bouncer) {
    let bouncer = Bouncer::default();
    let hasher = cheap_hasher().legacy(bouncer.clone()).accept_unpeppered_until(end());
    (Gate::with_pool(pool(hasher.build().unwrap(), 1, 2)).await, bouncer)
}

#[tokio::test]
async fn of_a_crowd_each_gets_in_or_is_told_when_to_come_again() {
    let (gate, bouncer) = narrow_gate().await;
    assert_eq!(send(&gate, REGISTER, "ann", PASSWORD).await.status, 201);
    let held = Bouncer::hold(&gate.app.passwords.pool);
    let gate = Arc::new(gate);
    let crowd: Vec<_> = (0..51)
        .map(|n| {
            let gate = Arc::clone(&gate);
            let (path, login) = match n % 3 {
                0 => (LOGIN, "ann"),
                1 => (LOGIN, "bob"),
                _ => (REGISTER, "cid"),
            };
            tokio::spawn(async move { send(&gate, path, login, PASSWORD).await })
        })
        .collect();
    while crowd.iter().filter(|one| one.is_finished()).count() < 49 {
        tokio::task::yield_now().await;
    }
    bouncer.let_in();
    let _ = held.await;

    let mut replies = Vec::new();
    for one in crowd {
        replies.push(one.await.unwrap());
    }
    let busy: Vec<_> = replies.iter().filter(|reply| reply.status == 503).collect();
    assert_eq!(busy.len(), 49, "two wait behind the one that is held");
    for reply in &busy {
        assert_eq!(reply.code(), "BUSY");
        let seconds: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    assert!(replies.iter().all(|reply| [200, 201, 401, 409, 503].contains(&reply.status.as_u16())));
    assert_eq!(replies.len(), 51, "each has an answer");
    assert_eq!(send(&gate, LOGIN, "ann", PASSWORD).await.status, 200, "and it goes on");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_place_to_another() {
    let (gate, bouncer) = narrow_gate().await;
    assert_eq!(send(&gate, REGISTER, "ann", PASSWORD).await.status, 201);
    let held = Bouncer::hold(&gate.app.passwords.pool);
    let gate = Arc::new(gate);
    for _ in 0..20 {
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { send(&gate, LOGIN, "ann", PASSWORD).await }
        });
        while gate.app.passwords.pool.status().queued == 0 && !waiting.is_finished() {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished(), "none is refused for those that went away");
        waiting.abort();
        assert!(waiting.await.is_err_and(|error| error.is_cancelled()));
    }
    bouncer.let_in();
    let _ = held.await;
    assert_eq!(send(&gate, LOGIN, "ann", PASSWORD).await.status, 200);
}
