//! Guesses at passwords: by the name, and by the name and the address.

use serde_json::json;

use super::{SECOND, is_limited, limited, told};
use crate::allowlists::{INSIDE, LIST, OUTSIDE, office};
use crate::browser::{Browser, PASSWORD, ann, register};
use crate::gate::{Gate, Reply};

const PER_LOGIN: (&str, &str) = ("RATE_LIMIT_PER_LOGIN", "5/h");
const PER_LOGIN_AND_IP: (&str, &str) = ("RATE_LIMIT_PER_LOGIN_AND_IP", "2/h");

async fn gate() -> Gate {
    let gate = Gate::with_vars(&[PER_LOGIN, PER_LOGIN_AND_IP]).await;
    register(&gate, "ann", PASSWORD).await;
    gate
}

async fn guess(gate: &Gate, peer: &'static str, login: &str, password: &str) -> Reply {
    Browser::default().at(peer).login(gate, login, password).await
}

/// The answers to a name that somebody has and to one that nobody has are the same to the last byte.
#[tokio::test]
async fn a_limit_tells_nobody_which_names_there_are() {
    let gate = gate().await;
    let peers = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.2"];
    for peer in peers.into_iter().chain(["192.0.2.3", "192.0.2.3", "192.0.2.4"]) {
        let somebody = guess(&gate, peer, "ann", "wrong").await;
        let nobody = guess(&gate, peer, "nobody", "wrong").await;
        assert_eq!((somebody.status, &somebody.text), (nobody.status, &nobody.text));
        assert_eq!(told(&somebody), told(&nobody));
    }
    is_limited(&guess(&gate, "192.0.2.4", "nobody", "wrong").await, "per-login", "720");
    is_limited(&guess(&gate, "192.0.2.4", "ann", PASSWORD).await, "per-login", "720");
}

/// Nobody keeps another one out from a single address.
#[tokio::test]
async fn one_address_leaves_the_rest_for_the_owner() {
    let gate = gate().await;
    for _ in 0..2 {
        assert_eq!(guess(&gate, "192.0.2.1", "ann", "wrong").await.status, 401);
    }
    for _ in 0..20 {
        let refused = guess(&gate, "192.0.2.1", "ann", PASSWORD).await;
        is_limited(&refused, "per-login-and-ip", "1800");
    }
    assert_eq!(guess(&gate, "192.0.2.2", "ann", PASSWORD).await.status, 200);
    assert_eq!(guess(&gate, "192.0.2.1", "bob", "wrong").await.status, 401, "another name");
    gate.pass(SECOND * 1800);
    assert_eq!(guess(&gate, "192.0.2.1", "ANN", PASSWORD).await.status, 200);
    is_limited(&guess(&gate, "192.0.2.1", "aNn", PASSWORD).await, "per-login-and-ip", "1800");
}

/// Those outside of the allowlist do not keep those inside out, however many they are, and see no difference.
#[tokio::test]
async fn who_is_outside_keeps_nobody_out() {
    let gate = Gate::with_vars(&[PER_LOGIN, ("RATE_LIMIT_PER_LOGIN_AND_IP", "5/h")]).await;
    let mut inside = ann(&gate).await.at(INSIDE);
    assert_eq!(inside.put(&gate, LIST, office()).await.status, 200);
    for n in 0..7 {
        let restricted = guess(&gate, OUTSIDE, "ann", PASSWORD).await;
        let nobody = guess(&gate, OUTSIDE, "nobody", PASSWORD).await;
        assert_eq!(restricted.status, if n < 5 { 401 } else { 429 });
        assert_eq!((&restricted.text, told(&restricted)), (&nobody.text, told(&nobody)));
    }
    assert_eq!(guess(&gate, INSIDE, "ann", PASSWORD).await.status, 200);
}

/// With a stolen cookie one guesses no oftener than without.
#[tokio::test]
async fn guesses_of_who_is_signed_in() {
    let gate = limited("RATE_LIMIT_PER_LOGIN", "5/h").await;
    let mut browser = ann(&gate).await;
    let prove = json!({"password": "wrong"});
    let change = json!({"current_password": "wrong", "new_password": "whether tis nobler"});
    for _ in 0..2 {
        let reply = browser.post(&gate, "/api/v1/auth/reauthenticate", prove.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "PASSWORD_WRONG"));
        let reply = browser.post(&gate, "/api/v1/auth/password", change.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "PASSWORD_WRONG"));
    }
    let right = json!({"password": PASSWORD});
    for (path, body) in [("reauthenticate", right), ("password", change)] {
        let reply = browser.post(&gate, &format!("/api/v1/auth/{path}"), body).await;
        is_limited(&reply, "per-login", "720");
    }
    is_limited(&guess(&gate, "192.0.2.1", "ann", PASSWORD).await, "per-login", "720");
    assert!(browser.is_signed_in(&gate).await);
}
