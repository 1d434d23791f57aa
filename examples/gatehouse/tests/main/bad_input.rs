//! Requests that are wrong in other ways than by their key.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use crate::gate::{Gate, json_request, request};

const KEYS: &str = "/api/v1/keys";

#[tokio::test]
async fn routes_and_methods_that_are_not() {
    let gate = Gate::open().await;
    for path in ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/nothing", "/healthz/", "/%ff"] {
        let reply = gate.get(path, &gate.admin).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (404, "NOT_FOUND"), "{path}");
    }
    for (method, path) in [
        (Method::DELETE, "/healthz"),
        (Method::PUT, KEYS),
        (Method::POST, "/api/v1/whoami"),
        (Method::GET, "/api/v1/ingest"),
    ] {
        let reply =
            gate.send(request(method, path, &gate.admin).body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (405, "METHOD_NOT_ALLOWED"), "{path}");
        assert!(reply.headers.contains_key("allow"));
    }
}

#[tokio::test]
async fn health_needs_no_key() {
    let gate = Gate::open().await;
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let reply = gate.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body, json!({"status": status}));
    }
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let gate = Gate::open().await;
    for body in
        ["", "{", "{\"name\":", "\u{1}", "{'name':1}", "{\"name\":\"a\",\"scopes\":[\"read\"]}}"]
    {
        let reply = gate.send(json_request(Method::POST, KEYS, &gate.admin, body.into())).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "INVALID_REQUEST"), "{body}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let request = request(Method::POST, KEYS, &gate.admin).header("content-type", kind);
        let reply = gate.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (415, "UNSUPPORTED_MEDIA_TYPE"));
    }
    let request = request(Method::POST, KEYS, &gate.admin)
        .header("content-type", "Application/JSON; charset=utf-8")
        .body(Body::from(json!({"name": "n", "scopes": ["read"]}).to_string()))
        .unwrap();
    assert_eq!(gate.send(request).await.status, 201);
}

#[tokio::test]
async fn bodies_that_say_something_else() {
    let gate = Gate::open().await;
    for body in [
        json!(null),
        json!([]),
        json!("text"),
        json!({}),
        json!({"name": "n"}),
        json!({"scopes": ["read"]}),
        json!({"name": 1, "scopes": ["read"]}),
        json!({"name": "n", "scopes": "read"}),
        json!({"name": "n", "scopes": []}),
        json!({"name": "n", "scopes": ["root"]}),
        json!({"name": "n", "scopes": ["read:"]}),
        json!({"name": "n", "scopes": ["read:Controls"]}),
        json!({"name": "n", "scopes": ["read admin"]}),
        json!({"name": "n", "scopes": vec!["read"; 65]}),
        json!({"name": "", "scopes": ["read"]}),
        json!({"name": " n", "scopes": ["read"]}),
        json!({"name": "a\nb", "scopes": ["read"]}),
        json!({"name": "a\u{0}b", "scopes": ["read"]}),
        json!({"name": "n".repeat(201), "scopes": ["read"]}),
        json!({"name": "n", "scopes": ["read"], "format": "gmk_acct_live"}),
        json!({"name": "n", "scopes": ["read"], "expires_in_seconds": 0}),
        json!({"name": "n", "scopes": ["read"], "expires_in_seconds": -1}),
        json!({"name": "n", "scopes": ["read"], "expires_in_seconds": 1.5}),
        json!({"name": "n", "scopes": ["read"], "expires_in_seconds": u64::MAX}),
        json!({"name": "n", "scopes": ["read"], "surprise": true}),
    ] {
        let reply = gate.post(KEYS, &gate.admin, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"), "{body}");
    }
    let twice = r#"{"name":"a","name":"b","scopes":["read"]}"#.to_owned();
    let reply = gate.send(json_request(Method::POST, KEYS, &gate.admin, twice)).await;
    assert_eq!(reply.status, 422);
}

#[tokio::test]
async fn a_secret_in_the_wrong_field_does_not_come_back() {
    let gate = Gate::open().await;
    let secret = &gate.admin;
    for body in [
        json!({"name": "n", "scopes": secret}),
        json!({"name": "n", "scopes": [secret]}),
        json!({"name": "n", "scopes": ["read"], "format": secret}),
        json!({"name": "n", "scopes": ["read"], "expires_in_seconds": secret}),
        json!({"name": "n", "scopes": ["read"], secret: 1}),
        json!({"name": format!("{secret}\n"), "scopes": ["read"]}),
    ] {
        let reply = gate.post(KEYS, secret, body).await;
        assert_eq!(reply.status, 422);
        assert!(!reply.text.contains(&secret[15..30]), "{}", reply.text);
    }
    for path in
        [format!("{KEYS}/{secret}"), format!("{KEYS}?after={secret}."), format!("/{secret}")]
    {
        let reply = gate.get(&path, secret).await;
        assert!(reply.status.is_client_error());
        assert!(!reply.text.contains(&secret[15..30]), "{}", reply.text);
    }
}

#[tokio::test]
async fn rotations_that_say_nothing_or_too_much() {
    let gate = Gate::open().await;
    let (id, _) = gate.mint(json!({"name": "k", "scopes": ["read"]})).await;
    for body in [
        json!({}),
        json!({"leaked": false}),
        json!({"leaked": true, "overlap_seconds": 5}),
        json!({"leaked": "yes"}),
        json!({"overlap_seconds": -1}),
        json!({"overlap_seconds": u64::MAX}),
        json!({"overlap_seconds": 90 * 24 * 3600 + 1}),
        json!({"overlap": 5}),
    ] {
        let reply = gate.post(&format!("{KEYS}/{id}/rotate"), &gate.admin, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"), "{body}");
    }
}

#[tokio::test]
async fn large_bodies() {
    let gate = Gate::open().await;
    let fits = json!({"name": "n", "scopes": ["x".repeat(60_000)]}).to_string();
    let reply = gate.send(json_request(Method::POST, KEYS, &gate.admin, fits)).await;
    assert_eq!(reply.status, 422);
    let large = json!({"name": "n".repeat(65 * 1024), "scopes": ["read"]}).to_string();
    let reply = gate.send(json_request(Method::POST, KEYS, &gate.admin, large.clone())).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (413, "BODY_TOO_LARGE"));
    let stranger = gate.send(json_request(Method::POST, KEYS, "no_key", large)).await;
    assert_eq!(stranger.status, 401, "who it is comes before what it says");
}

#[tokio::test]
async fn a_body_that_never_comes() {
    let gate = Gate::open().await;
    // The key is in the cache from here on: a store has timeouts of its own, which must not run.
    assert_eq!(gate.get("/api/v1/whoami", &gate.admin).await.status, 200);
    tokio::time::pause();
    let body = Body::new(Never);
    let request = request(Method::POST, KEYS, &gate.admin)
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let reply = gate.send(request).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"));
}

/// A body of which nothing arrives.
struct Never;

impl axum::body::HttpBody for Never {
    type Data = axum::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Pending
    }
}
