//! A store that does not answer: nobody is told that his key is bad.

use axum::http::Method;
use serde_json::json;

use crate::gate::Gate;

const KEYS: &str = "/api/v1/keys";
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
