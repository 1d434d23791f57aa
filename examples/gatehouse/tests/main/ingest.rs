//! Keys that are bound to a server.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::gate::{Gate, Reply, request};

const INGEST: &str = "/api/v1/ingest";

async fn collector(gate: &Gate) -> String {
    let body = json!({
        "name": "rack 7", "scopes": ["write:metrics"], "format": "gate_coll_live", "server": "srv-7",
    });
    gate.mint(body).await.1
}

async fn deliver(gate: &Gate, key: &str, servers: &[&str], body: Value) -> Reply {
    let mut request = request(Method::POST, INGEST, key).header("content-type", "application/json");
    for server in servers {
        request = request.header("x-server-id", *server);
    }
    gate.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn metrics() -> Value {
    json!({"metrics": [{"name": "cpu", "value": 0.5}, {"name": "disk", "value": 3}]})
}

#[tokio::test]
async fn from_its_server() {
    let gate = Gate::open().await;
    let key = collector(&gate).await;
    let reply = deliver(&gate, &key, &["srv-7"], metrics()).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    assert_eq!(reply.body, json!({"owner": "org_demo", "server": "srv-7", "accepted": 2}));
}

#[tokio::test]
async fn from_elsewhere() {
    let gate = Gate::open().await;
    let key = collector(&gate).await;
    for (servers, status, message) in [
        (&["srv-8"][..], 401, "does not work from this server"),
        (&["SRV-7"], 401, "does not work from this server"),
        (&[], 401, "from one server only"),
        (&["srv-7", "srv-7"], 400, "X-Server-Id"),
        (&["srv 7"], 400, "X-Server-Id"),
        (&[""], 400, "X-Server-Id"),
    ] {
        let reply = deliver(&gate, &key, servers, metrics()).await;
        assert_eq!(reply.status, status, "{servers:?}");
        assert!(reply.text.contains(message), "{}", reply.text);
    }
    let unnamed = gate.get("/api/v1/whoami", &key).await;
    assert_eq!(unnamed.status, 401);
    let named = request(Method::GET, "/api/v1/whoami", &key).header("x-server-id", "srv-7");
    let named = gate.send(named.body(Body::empty()).unwrap()).await;
    assert_eq!((named.status.as_u16(), &named.body["server"]), (200, &json!("srv-7")));
}

#[tokio::test]
async fn an_account_key_is_no_collector() {
    let gate = Gate::open().await;
    for servers in [&["srv-7"][..], &[]] {
        let reply = deliver(&gate, &gate.admin, servers, metrics()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "COLLECTOR_KEY_REQUIRED"));
    }
}

#[tokio::test]
async fn a_collector_without_the_scope() {
    let gate = Gate::open().await;
    let body = json!({
        "name": "r", "scopes": ["read:metrics"], "format": "gate_coll_live", "server": "srv-7",
    });
    let (_, key) = gate.mint(body).await;
    let reply = deliver(&gate, &key, &["srv-7"], metrics()).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!(reply.body["error"]["details"]["missing_scopes"], json!(["write:metrics"]));
}

#[tokio::test]
async fn a_binding_is_given_where_it_belongs() {
    let gate = Gate::open().await;
    for body in [
        json!({"name": "r", "scopes": ["read"], "format": "gate_coll_live"}),
        json!({"name": "r", "scopes": ["read"], "format": "gate_coll_live", "server": ""}),
        json!({"name": "r", "scopes": ["read"], "format": "gate_coll_live", "server": "a b"}),
        json!({"name": "r", "scopes": ["read"], "server": "srv-7"}),
    ] {
        let reply = gate.post("/api/v1/keys", &gate.admin, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"));
        assert!(reply.text.contains("server"), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_collector_manages_no_keys_whatever_its_scopes() {
    let gate = Gate::open().await;
    let body = json!({
        "name": "r", "scopes": ["admin"], "format": "gate_coll_live", "server": "srv-7",
    });
    let (_, key) = gate.mint(body).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/keys")
        .header("authorization", format!("Bearer {key}"))
        .header("x-server-id", "srv-7")
        .header("content-type", "application/json")
        .body(Body::from(json!({"name": "n", "scopes": ["read"]}).to_string()))
        .unwrap();
    let reply = gate.send(request).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "KEY_BEYOND_REACH"));
}
