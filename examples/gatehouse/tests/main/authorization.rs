//! Who gets in: every spoilt key and every odd header is refused, and nothing of it comes back.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request};
use serde_json::json;

use crate::gate::{Gate, Reply, request};

const WHOAMI: &str = "/api/v1/whoami";

/// No part of `secret` that is long enough to be told from chance is in the response.
fn assert_no_echo(reply: &Reply, secret: &str) {
    let seen = format!("{} {:?}", reply.text, reply.headers);
    let body = secret.strip_prefix("gate_acct_live_").unwrap_or(secret).as_bytes();
    for window in body.windows(8) {
        let window = String::from_utf8_lossy(window);
        assert!(!seen.contains(&*window), "{window:?} is in {seen}");
    }
}

async fn with_header(gate: &Gate, value: &[u8]) -> Reply {
    let value = HeaderValue::from_bytes(value).unwrap();
    let request = Request::builder().uri(WHOAMI).header("authorization", value);
    gate.send(request.body(Body::empty()).unwrap()).await
}

async fn assert_refused(gate: &Gate, presented: &[u8]) {
    let reply = with_header(gate, &[b"Bearer ", presented].concat()).await;
    let shown = String::from_utf8_lossy(presented);
    assert_eq!(reply.status, 401, "{shown:?}");
    assert_eq!(reply.code(), "UNAUTHENTICATED", "{shown:?}");
    assert_eq!(reply.challenge(), "Bearer realm=\"gatehouse\", error=\"invalid_token\"");
    assert_no_echo(&reply, &shown);
}

#[tokio::test]
async fn a_good_key() {
    let gate = Gate::open().await;
    let reply = gate.get(WHOAMI, &gate.admin).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["owner"], "org_demo");
    assert_eq!(reply.body["scopes"], json!(["admin"]));
    assert_no_echo(&reply, &gate.admin);
    for scheme in ["bearer", "BEARER", "bEaReR   "] {
        let value = format!("{scheme} {}", gate.admin);
        assert_eq!(with_header(&gate, value.as_bytes()).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn every_byte_changed_left_out_doubled_or_in_the_other_case() {
    let gate = Gate::open().await;
    let key = gate.admin.as_bytes();
    for at in 0..key.len() {
        let (before, after) = (&key[..at], &key[at + 1..]);
        for by in [b'0', b'z', b'_', b'-', b'.', b'=', b' ', b'\t', 0xe9] {
            if key[at] != by {
                assert_refused(&gate, &[before, &[by][..], after].concat()).await;
            }
        }
        assert_refused(&gate, &[before, after].concat()).await;
        assert_refused(&gate, &[before, &[key[at]; 2][..], after].concat()).await;
        assert_refused(&gate, &key[..at]).await;
        if key[at].is_ascii_alphabetic() {
            assert_refused(&gate, &[before, &[key[at] ^ 0x20], after].concat()).await;
        }
    }
}

#[tokio::test]
async fn prefixes_separators_and_look_alikes() {
    let gate = Gate::open().await;
    let key = gate.admin.as_str();
    let body = key.strip_prefix("gate_acct_live_").unwrap();
    for spoilt in [
        format!("gate_acct_test_{body}"),
        format!("gate_coll_live_{body}"),
        format!("gate_acct_{body}"),
        format!("gate_live_{body}"),
        format!("gate-acct-live-{body}"),
        format!("gate__acct_live_{body}"),
        format!("_{key}"),
        format!("{key}_"),
        format!("{key}0"),
        format!("{key}="),
        format!("{key},{key}"),
        format!("{key} {key}"),
        format!("\"{key}\""),
        format!("Bearer {key}"),
        body.to_owned(),
        key.to_uppercase(),
        key.replace('_', "\u{ff3f}"),
        key.replace('a', "\u{430}"),
        format!("{key}\u{200b}"),
        format!("\u{feff}{key}"),
        format!("{key}\u{a0}"),
        key.replacen('g', "%67", 1),
        "gate_acct_live_".to_owned() + &"A".repeat(43) + "_0000",
        "null".to_owned(),
        "0".repeat(8000),
    ] {
        assert_refused(&gate, spoilt.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_key_of_a_mebibyte() {
    let gate = Gate::open().await;
    let reply = gate.get(WHOAMI, &gate.admin.repeat(17_000)).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (431, "HEADERS_TOO_LARGE"));
    assert_no_echo(&reply, &gate.admin);
}

#[tokio::test]
async fn a_nul_never_gets_into_a_header() {
    assert!(HeaderValue::from_bytes(b"Bearer gate_acct_live_\0").is_err());
}

#[tokio::test]
async fn no_header_two_headers_other_schemes() {
    let gate = Gate::open().await;
    let none = gate.send(Request::builder().uri(WHOAMI).body(Body::empty()).unwrap()).await;
    assert_eq!(none.status, 401);
    assert_eq!(none.challenge(), "Bearer realm=\"gatehouse\"", "no error attribute");

    for second in [format!("Bearer {}", gate.admin), "Basic eDp5".to_owned(), String::new()] {
        let request = request(Method::GET, WHOAMI, &gate.admin).header("authorization", second);
        let reply = gate.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "INVALID_REQUEST"));
        assert!(reply.challenge().contains("error=\"invalid_request\""));
        assert_no_echo(&reply, &gate.admin);
    }
    for scheme in ["Basic", "Token", "ApiKey", "Digest", "BearerX", ""] {
        let value = format!("{scheme} {}", gate.admin);
        let reply = with_header(&gate, value.trim_start().as_bytes()).await;
        assert_eq!(reply.status, 401, "{scheme}");
        assert_eq!(reply.challenge(), "Bearer realm=\"gatehouse\"");
        assert!(reply.text.contains("Authorization: Bearer"), "the hint says what to send");
        assert_no_echo(&reply, &gate.admin);
    }
    let bare = with_header(&gate, gate.admin.as_bytes()).await;
    assert_eq!(bare.status, 401);
    assert_no_echo(&bare, &gate.admin);
}

#[tokio::test]
async fn a_key_elsewhere_than_in_the_header_is_no_key() {
    let gate = Gate::open().await;
    let path = format!("{WHOAMI}?api_key={}&access_token={}", gate.admin, gate.admin);
    let request = Request::builder().uri(path).header("x-api-key", &gate.admin);
    let reply = gate.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 401);
    assert_no_echo(&reply, &gate.admin);
}

#[tokio::test]
async fn expired() {
    let gate = Gate::open().await;
    let body = json!({"name": "short", "scopes": ["read"], "expires_in_seconds": 60});
    let (_, key) = gate.mint(body).await;
    assert_eq!(gate.get(WHOAMI, &key).await.status, 200);
    gate.pass(Duration::from_secs(59));
    assert_eq!(gate.get(WHOAMI, &key).await.status, 200);
    gate.pass(Duration::from_secs(1));
    let reply = gate.get(WHOAMI, &key).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.body["error"]["message"], "the API key has expired");
}

#[tokio::test]
async fn without_the_scope() {
    let gate = Gate::open().await;
    let (id, key) = gate.mint(json!({"name": "c", "scopes": ["read:controls"]})).await;
    assert_eq!(gate.get("/api/v1/orgs/org_demo/controls", &key).await.status, 200);
    let (_, other) = gate.mint(json!({"name": "e", "scopes": ["read:evidence"]})).await;
    let refused = gate.get("/api/v1/orgs/org_demo/controls", &other).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!(refused.body["error"]["details"]["missing_scopes"], json!(["read:controls"]));
    assert_eq!(
        refused.challenge(),
        "Bearer realm=\"gatehouse\", error=\"insufficient_scope\", scope=\"read:controls\""
    );

    let one = format!("/api/v1/keys/{id}");
    let rotate = format!("{one}/rotate");
    for reply in [
        gate.get("/api/v1/keys", &key).await,
        gate.get(&one, &key).await,
        gate.delete(&one, &key).await,
        gate.post("/api/v1/keys", &key, json!({"name": "n", "scopes": ["admin"]})).await,
        gate.post(&rotate, &key, json!({"leaked": true})).await,
        gate.send_json(Method::PATCH, &one, &key, json!({"name": "n"})).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
        assert!(reply.challenge().ends_with("scope=\"admin\""), "{}", reply.challenge());
    }
    assert_eq!(gate.get(WHOAMI, &key).await.status, 200, "it stands as it stood");
}

#[tokio::test]
async fn an_organisation_of_others_looks_like_none() {
    let gate = Gate::open().await;
    let other = gate.admin_of("org_other").await;
    assert_eq!(gate.get("/api/v1/orgs/org_other/controls", &other).await.status, 200);
    let theirs = gate.get("/api/v1/orgs/org_other/controls", &gate.admin).await;
    let none = gate.get("/api/v1/orgs/org_nobody/controls", &gate.admin).await;
    let odd = gate.get("/api/v1/orgs/%ff/controls", &gate.admin).await;
    assert_eq!(theirs.status, 404);
    assert_eq!(theirs.text, none.text);
    assert_eq!(odd.text, none.text);
}
