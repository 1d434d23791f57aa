//! What a login leaves behind: a hash made anew, whatever happens meanwhile.

use axum::body::Body;
use axum::http::{Method, Request};
use gatehouse::{LoginName, Swap, User};
use palisade::password::{Bcrypt, Hasher, Password};
use serde_json::json;

use crate::bouncer::{Bouncer, end};
use crate::gate::{Gate, cheap_hasher, pool};

const PASSWORD: &str = "to be or not to be, ann";

/// A gate with one worker where `ann` has a bcrypt hash without a pepper, and what holds the worker.
async fn gate_with_an_old_row() -> (Gate, Bouncer) {
    let bouncer = Bouncer::default();
    let hasher = cheap_hasher().legacy(bouncer.clone()).accept_unpeppered_until(end());
    let gate = Gate::with_pool(pool(hasher.build().unwrap(), 1, 16)).await;
    let old = Hasher::builder().mint(Bcrypt::new(10).unwrap()).build().unwrap();
    let hash = old.hash(&Password::new(PASSWORD).unwrap()).unwrap();
    let now = gate.app.now();
    let _ = gate.app.passwords.users.insert_new(&ann(), hash.as_str(), now).await.unwrap();
    (gate, bouncer)
}

fn ann() -> LoginName {
    "ann".parse().unwrap()
}

async fn stored(gate: &Gate) -> User {
    gate.app.passwords.users.find(&ann()).await.unwrap().unwrap()
}

async fn log_in(gate: &Gate, password: &str) -> u16 {
    let body = json!({"login": "ann", "password": password}).to_string();
    let request = Request::builder().method(Method::POST).uri("/api/v1/auth/login");
    let request = request.header("content-type", "application/json").body(Body::from(body));
    gate.send(request.unwrap()).await.status.as_u16()
}

/// Waits for what logins left behind.
async fn settle(gate: &Gate) {
    gate.app.changes.close();
    gate.app.changes.wait().await;
}

#[tokio::test]
async fn a_login_moves_an_old_row() {
    let (gate, _) = gate_with_an_old_row().await;
    assert_eq!(log_in(&gate, "to be or not to be, bob").await, 401);
    settle(&gate).await;
    assert!(stored(&gate).await.password_hash.starts_with("$2b$10$"), "only a right one moves it");

    assert_eq!(log_in(&gate, PASSWORD).await, 200);
    settle(&gate).await;
    let new = stored(&gate).await.password_hash;
    let inspection = cheap_hasher().build().unwrap().inspect(&new).unwrap().to_string();
    assert_eq!(inspection, "hmac-sha256 pepper=p1, argon2id v=19 m=64 t=1 p=1");
    assert_eq!(log_in(&gate, PASSWORD).await, 200);
    assert_eq!(log_in(&gate, "to be or not to be, bob").await, 401);
    settle(&gate).await;
    assert_eq!(stored(&gate).await.password_hash, new, "once is enough");
}

/// The answer is there while the worker that would hash anew is held; the client has it and is gone.
#[tokio::test]
async fn the_answer_does_not_wait_and_the_work_is_not_lost() {
    let (gate, bouncer) = gate_with_an_old_row().await;
    assert_eq!(log_in(&gate, PASSWORD).await, 200);
    let held = Bouncer::hold(&gate.app.passwords.pool);
    assert!(stored(&gate).await.password_hash.starts_with("$2b$10$"));
    bouncer.let_in();
    let _ = held.await;
    settle(&gate).await;
    assert!(!stored(&gate).await.password_hash.starts_with("$2b$10$"));
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_stays_changed() {
    let (gate, bouncer) = gate_with_an_old_row().await;
    let user = stored(&gate).await;
    assert_eq!(log_in(&gate, PASSWORD).await, 200);
    // Queued before the work that the login left behind, which has not been polled yet.
    let held = Bouncer::hold(&gate.app.passwords.pool);
    let changed = cheap_hasher().build().unwrap();
    let changed = changed.hash(&Password::new("an other password").unwrap()).unwrap();
    let users = &gate.app.passwords.users;
    let swap = users.swap_hash(&user.id, &user.password_hash, changed.as_str()).await.unwrap();
    assert_eq!(swap, Swap::Done);
    bouncer.let_in();
    let _ = held.await;
    settle(&gate).await;
    assert_eq!(stored(&gate).await.password_hash, changed.as_str());
    assert_eq!(log_in(&gate, PASSWORD).await, 401);
    assert_eq!(log_in(&gate, "an other password").await, 200);
}

#[tokio::test]
async fn a_busy_pool_or_a_store_that_is_down_costs_no_login() {
    let (gate, bouncer) = gate_with_an_old_row().await;
    assert_eq!(log_in(&gate, PASSWORD).await, 200);
    let pool = &gate.app.passwords.pool;
    let mut held = vec![Bouncer::hold(pool)];
    // Once the one worker is held, the others fill the queue.
    while pool.status().running == 0 {
        std::thread::yield_now();
    }
    held.extend(std::iter::repeat_with(|| Bouncer::hold(pool)).take(16));
    settle(&gate).await;
    bouncer.let_in();
    for one in held {
        let _ = one.await;
    }
    assert!(stored(&gate).await.password_hash.starts_with("$2b$10$"), "the queue was full");

    assert_eq!(log_in(&gate, PASSWORD).await, 200, "the next login tries again");
    gate.app.passwords.users.close().await;
    settle(&gate).await;
}
