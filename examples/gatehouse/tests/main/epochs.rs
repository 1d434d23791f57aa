//! Tokens of sidecars.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::browser::{Browser, ann};
use crate::gate::{Gate, Reply, text};

const HEARTBEAT: &str = "/api/v1/s3p/heartbeat";
const ATTEST: &str = "/api/v1/attestations";

fn attestation() -> Value {
    json!({"control": "AC-2", "holds": true})
}

async fn heartbeat(gate: &Gate, key: &str) -> Reply {
    gate.post(HEARTBEAT, key, json!({"sidecar_id": "sc_7f3a"})).await
}

async fn attest(gate: &Gate, token: &str) -> Reply {
    gate.post(ATTEST, token, attestation()).await
}

/// A key that may attest, at the beginning of an hour.
async fn gate_and_key() -> (Gate, String, String) {
    let gate = Gate::open().await;
    let since = gate.app.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    gate.pass(Duration::from_secs(3600 - since.as_secs() % 3600));
    let body = json!({"name": "sidecar", "scopes": ["write:attestations"]});
    let (id, key) = gate.mint(body).await;
    (gate, id, key)
}

#[tokio::test]
async fn a_key_for_a_token() {
    let (gate, _, key) = gate_and_key().await;
    gate.pass(Duration::from_mins(10));
    let reply = heartbeat(&gate, &key).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let token = text(&reply.body["token"]);
    assert!(token.starts_with("wt_"));
    let end = gate.app.now() + Duration::from_mins(50);
    let shown = |time| humantime::format_rfc3339_micros(time).to_string();
    assert_eq!(reply.body["expires_at"], shown(end));
    assert_eq!(reply.body["refresh_from"], shown(end - Duration::from_mins(5)));
    assert_eq!(reply.body["scopes"], json!(["write:attestations"]));
    assert_eq!(reply.body["next"], Value::Null);
    let hour = humantime::format_rfc3339_seconds(gate.app.now()).to_string();
    let hour: String = hour[..13].chars().filter(char::is_ascii_digit).collect();
    assert_eq!(reply.body["epoch_id"], format!("epoch_{hour}"));

    for count in 1..=2 {
        let reply = attest(&gate, &token).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        assert_eq!(
            reply.body,
            json!({"owner": "org_demo", "sidecar_id": "sc_7f3a", "epoch_id": format!("epoch_{hour}"), "count": count})
        );
    }
}

#[tokio::test]
async fn from_one_hour_to_the_next() {
    let (gate, _, key) = gate_and_key().await;
    let first = text(&heartbeat(&gate, &key).await.body["token"]);
    gate.pass(Duration::from_mins(55) - Duration::from_secs(1));
    assert_eq!(heartbeat(&gate, &key).await.body["next"], Value::Null);
    gate.pass(Duration::from_secs(1));
    let reply = heartbeat(&gate, &key).await;
    let next = text(&reply.body["next"]["token"]);
    let begin = format!("{{\"token\":\"{}\",", text(&reply.body["token"]));
    assert!(reply.text.starts_with(&begin), "the printed tour takes the first token");
    assert_eq!(reply.body["next"].as_object().unwrap().len(), 5);
    assert_ne!(reply.body["next"]["epoch_id"], reply.body["epoch_id"]);
    assert_eq!(attest(&gate, &first).await.status, 202);
    assert_eq!(attest(&gate, &next).await.status, 401, "not before its hour");
    gate.pass(Duration::from_mins(5));
    assert_eq!(attest(&gate, &next).await.status, 202);
    assert_eq!(attest(&gate, &first).await.status, 202, "within the leeway");
    gate.pass(Duration::from_secs(30));
    let reply = attest(&gate, &first).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"));
    assert_eq!(reply.challenge(), "Bearer realm=\"gatehouse\", error=\"invalid_token\"");
    gate.go_back(Duration::from_hours(24));
    assert_eq!(attest(&gate, &next).await.status, 401, "a clock a day back");
}

#[tokio::test]
async fn each_token_has_its_own_doors() {
    let (gate, _, key) = gate_and_key().await;
    let token = text(&heartbeat(&gate, &key).await.body["token"]);
    let mut browser = ann(&gate).await;
    let session = browser.cookie.clone().unwrap();
    for other in [&key, &gate.admin, &session] {
        let reply = attest(&gate, other).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"));
    }
    let reply = browser.post(&gate, ATTEST, attestation()).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"), "a cookie");
    for path in ["/api/v1/whoami", "/api/v1/keys"] {
        assert_eq!(gate.get(path, &token).await.status, 401, "{path}");
    }
    assert_eq!(heartbeat(&gate, &token).await.status, 401, "a token gets no token");
    assert!(!Browser::with_cookie(&token).is_signed_in(&gate).await);
    let unprefixed = token.strip_prefix("wt_").unwrap();
    assert_eq!(attest(&gate, unprefixed).await.status, 401);

    // Signed sessions are statements in the same form, under keys of their own.
    let signed = Gate::with_vars(&[("GATEHOUSE_SESSION_TOKENS", "signed")]).await;
    let session = ann(&signed).await.cookie.unwrap();
    assert_eq!(attest(&signed, &session).await.status, 401);
    assert_eq!(attest(&signed, &format!("wt_{session}")).await.status, 401);
    assert!(!Browser::with_cookie(unprefixed).is_signed_in(&signed).await);
}

#[tokio::test]
async fn no_more_than_the_key_has() {
    let (gate, _, key) = gate_and_key().await;
    let (_, reader) = gate.mint(json!({"name": "r", "scopes": ["read:attestations"]})).await;
    let reply = heartbeat(&gate, &reader).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
    let ask = async |key: &str, scopes: Value| {
        let body = json!({"sidecar_id": "sc_7f3a", "scopes": scopes});
        gate.post(HEARTBEAT, key, body).await
    };
    for more in [json!(["admin"]), json!(["write"]), json!(["write:attestations", "read:controls"])]
    {
        let reply = ask(&key, more).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
    }
    for odd in [json!([]), json!([""]), json!(["attest"]), json!("write"), json!([1])] {
        assert_eq!(ask(&key, odd).await.status, 422);
    }
    for sidecar in [json!(""), json!("a b"), json!("x".repeat(65)), json!(null), json!(7)] {
        let reply = gate.post(HEARTBEAT, &key, json!({"sidecar_id": sidecar})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"));
    }
    // A token that was asked to be for less is good for less.
    let less = ask(&gate.admin, json!(["read:controls"])).await;
    assert_eq!(less.body["scopes"], json!(["read:controls"]));
    let reply = attest(&gate, &text(&less.body["token"])).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!(reply.body["error"]["details"]["missing_scopes"], json!(["write:attestations"]));
}

#[tokio::test]
async fn a_revoked_key_gets_no_further_token() {
    let (gate, id, key) = gate_and_key().await;
    let token = text(&heartbeat(&gate, &key).await.body["token"]);
    assert_eq!(gate.delete(&format!("/api/v1/keys/{id}"), &gate.admin).await.status, 200);
    assert_eq!(heartbeat(&gate, &key).await.status, 401);
    assert_eq!(attest(&gate, &token).await.status, 202, "until its hour ends");
    gate.pass(Duration::from_hours(1) + Duration::from_secs(30));
    assert_eq!(attest(&gate, &token).await.status, 401);
}

#[tokio::test]
async fn spoilt_tokens() {
    let (gate, _, key) = gate_and_key().await;
    let token = text(&heartbeat(&gate, &key).await.body["token"]);
    for at in (0..token.len()).step_by(7) {
        let by = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        for spoilt in
            [format!("{}{by}{}", &token[..at], &token[at + 1..]), token[..at].to_owned() + "x"]
        {
            let reply = attest(&gate, &spoilt).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"), "{at}");
        }
    }
    assert_eq!(attest(&gate, &format!("wt_{}", "A".repeat(12_000))).await.status, 401);
    assert_eq!(attest(&gate, &format!("wt_{}", "A".repeat(1 << 20))).await.status, 431);
    assert_eq!(attest(&gate, "").await.status, 401);
    let other = Gate::open().await;
    assert_eq!(attest(&other, &token).await.status, 401, "of another ring");
    for body in [json!({}), json!({"control": "", "holds": true}), json!({"control": "AC-2"})] {
        let reply = gate.post(ATTEST, &token, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"));
    }
}
