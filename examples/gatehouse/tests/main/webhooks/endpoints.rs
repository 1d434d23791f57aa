//! Who may register endpoints, and what is refused.

use std::time::Duration;

use axum::http::Method;
use palisade::allowlist::Entry;
use serde_json::json;

use super::customer::{Answer, Customer, ENDPOINTS, OPEN, Sender};
use crate::browser::{PASSWORD, ann, register, signed_in};
use crate::gate::{Gate, text};

const URL: &str = "https://hooks.example.com/in";

#[tokio::test]
async fn what_an_endpoint_may_be() {
    let gate = Gate::open().await;
    let created = gate.post(ENDPOINTS, &gate.admin, json!({"url": URL})).await;
    assert_eq!((created.status.as_u16(), &created.body["events"]), (201, &json!(["*"])));
    for (body, code) in [
        (json!({"url": "http://hooks.example.com/"}), "WEBHOOK_URL_REFUSED"),
        (json!({"url": "https://10.0.0.1/"}), "WEBHOOK_URL_REFUSED"),
        (json!({"url": "https://0xa9fea9fe/latest"}), "WEBHOOK_URL_REFUSED"),
        (json!({"url": "https://me:secret@example.com/"}), "WEBHOOK_URL_REFUSED"),
        (json!({"url": format!("{URL}?{}", "x".repeat(2048))}), "WEBHOOK_URL_REFUSED"),
        (json!({"url": ""}), "WEBHOOK_URL_REFUSED"),
        (json!({"url": URL, "events": []}), "INVALID_REQUEST"),
        (json!({"url": URL, "events": ["key.created", "key.lost"]}), "INVALID_REQUEST"),
        (json!({"url": URL, "events": ["webhook.test"]}), "INVALID_REQUEST"),
        (json!({"url": URL, "events": ["*"]}), "INVALID_REQUEST"),
        (json!({"url": URL, "description": "x".repeat(201)}), "INVALID_REQUEST"),
        (json!({"url": URL, "description": "a\u{1b}[2J"}), "INVALID_REQUEST"),
        (json!({"url": URL, "secret": "mine"}), "INVALID_REQUEST"),
        (json!({"url": URL, "workspace": "org_other"}), "INVALID_REQUEST"),
        (json!({}), "INVALID_REQUEST"),
    ] {
        let reply = gate.post(ENDPOINTS, &gate.admin, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, code), "{}", reply.text);
        assert!(!reply.text.contains("key.lost") && !reply.text.contains("example.com/in"));
    }
    for _ in 1..10 {
        assert_eq!(gate.post(ENDPOINTS, &gate.admin, json!({"url": URL})).await.status, 201);
    }
    let more = gate.post(ENDPOINTS, &gate.admin, json!({"url": URL})).await;
    assert_eq!((more.status.as_u16(), more.code()), (409, "TOO_MANY_ENDPOINTS"));
    let one = format!("{ENDPOINTS}/{}", text(&created.body["id"]));
    assert_eq!(gate.delete(&one, &gate.admin).await.status, 204);
    assert_eq!(gate.delete(&one, &gate.admin).await.status, 404);
    assert_eq!(gate.post(ENDPOINTS, &gate.admin, json!({"url": URL})).await.status, 201);
}

/// What the hint says of a URL, where these variables are set.
async fn hint(vars: &[(&str, &str)], url: &str) -> String {
    let gate = Gate::with_vars(vars).await;
    let reply = gate.post(ENDPOINTS, &gate.admin, json!({"url": url})).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (422, "WEBHOOK_URL_REFUSED"), "{url}");
    text(&reply.body["error"]["details"]["hint"]).clone()
}

#[tokio::test]
async fn a_refused_url_has_a_hint_of_its_kind() {
    let (allow, general) = ("GATEHOUSE_WEBHOOK_LOOPBACK", "is where the messages are sent to");
    for url in
        ["http://127.0.0.1:9000/", "http://localhost/", "https://127.0.0.1/", "https://localhost/"]
    {
        assert!(hint(&[], url).await.contains("GATEHOUSE_WEBHOOK_LOOPBACK=allow"), "{url}");
    }
    assert!(hint(&[], "https://example.com/#a").await.contains(general));
    let open = [(allow, "allow")];
    assert!(hint(&open, "http://example.com/").await.contains("ends in .localhost"));
    for url in ["https://10.0.0.1/", "https://intranet/", "ftp://localhost/"] {
        assert!(hint(&open, url).await.contains(general), "it is open already: {url}");
    }
}

#[tokio::test]
async fn a_refused_port_names_those_that_are_open() {
    let url = "https://example.com:22/";
    assert!(hint(&[], url).await.starts_with("the ports that are open: 443, 8443; "));
    let ports = "GATEHOUSE_WEBHOOK_PORTS";
    let more = hint(&[(ports, "9443,8444")], url).await;
    assert!(more.starts_with("the ports that are open: 443, 8443, 8444, 9443; "), "{more}");
    let many: Vec<_> = (1000..1100).map(|port: u16| port.to_string()).collect();
    let many = hint(&[(ports, &many.join(","))], url).await;
    assert!(many.contains(", 1017, 1018, and more; ") && many.len() < 250, "{many}");
}

#[tokio::test]
async fn who_may() {
    let gate = Gate::open().await;
    let (_, reader) = gate.mint(json!({"name": "r", "scopes": ["read"]})).await;
    let test = json!({"name": "t", "scopes": ["admin"], "format": "gate_acct_test"});
    let (_, test) = gate.mint(test).await;
    let body = json!({"url": URL});
    for (key, status, code) in [
        ("", 401, "UNAUTHENTICATED"),
        (reader.as_str(), 403, "INSUFFICIENT_SCOPE"),
        (test.as_str(), 403, "KEY_BEYOND_REACH"),
    ] {
        let reply = gate.post(ENDPOINTS, key, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{}", reply.text);
    }
    let id = text(&gate.post(ENDPOINTS, &gate.admin, body).await.body["id"]);
    let one = format!("{ENDPOINTS}/{id}");
    for path in ["rotate", "test", "enable"] {
        let reply = gate.post(&format!("{one}/{path}"), &test, json!({})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "KEY_BEYOND_REACH"), "{path}");
    }
    assert_eq!(gate.delete(&one, &test).await.code(), "KEY_BEYOND_REACH");
    for path in [ENDPOINTS, &one] {
        assert_eq!(gate.get(path, &test).await.code(), "KEY_BEYOND_REACH", "to look, too");
    }
}

/// What shows a secret or removes an endpoint needs a password of a moment ago; what tries something does not.
#[tokio::test]
async fn a_person_types_the_password_once_more() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let created = browser.post(&gate, ENDPOINTS, json!({"url": URL})).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let one = format!("{ENDPOINTS}/{}", text(&created.body["id"]));
    gate.pass(Duration::from_mins(5));
    for (path, body) in
        [(ENDPOINTS.to_owned(), json!({"url": URL})), (format!("{one}/rotate"), json!({}))]
    {
        let reply = browser.post(&gate, &path, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "STEP_UP_REQUIRED"), "{path}");
    }
    assert_eq!(browser.get(&gate, &one).await.body["secret_version"], 1);
    assert_eq!(browser.post(&gate, &format!("{one}/test"), json!({})).await.status, 202);
    assert_eq!(browser.post(&gate, &format!("{one}/enable"), json!({})).await.status, 200);
    let proof = json!({"password": PASSWORD});
    assert_eq!(browser.post(&gate, "/api/v1/auth/reauthenticate", proof).await.status, 200);
    assert_eq!(browser.post(&gate, &format!("{one}/rotate"), json!({})).await.status, 200);
    gate.pass(Duration::from_mins(5));
    assert_eq!(browser.delete(&gate, &one).await.code(), "STEP_UP_REQUIRED");
    let proof = json!({"password": PASSWORD});
    assert_eq!(browser.post(&gate, "/api/v1/auth/reauthenticate", proof).await.status, 200);
    assert_eq!(browser.delete(&gate, &one).await.status, 204);
}

/// Of another workspace nothing is there: each answer is that of an id that nobody has.
#[tokio::test]
async fn endpoints_of_others_are_not_there() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    customer.answer(Answer::Status(500));
    let (endpoint, _) = sender.register(&customer.url).await;
    sender.event().await;
    sender.until_delivery(&endpoint, "attempts", json!(1)).await;
    let delivery = text(&sender.delivery(&endpoint).await["id"]);
    let other = sender.admin_of("org_other").await;
    register(&sender, "bob", PASSWORD).await;
    let mut bob = signed_in(&sender, "bob", PASSWORD).await;
    let nobody = sender.get(&format!("{ENDPOINTS}/whe_0"), &other).await.text;
    for (method, path) in [
        (Method::GET, endpoint.clone()),
        (Method::DELETE, endpoint.clone()),
        (Method::POST, format!("{endpoint}/rotate")),
        (Method::POST, format!("{endpoint}/test")),
        (Method::POST, format!("{endpoint}/enable")),
        (Method::POST, format!("/api/v1/webhooks/deliveries/{delivery}/retry")),
    ] {
        let reply = sender.send_json(method.clone(), &path, &other, json!({})).await;
        assert_eq!((reply.status.as_u16(), &reply.text), (404, &nobody), "{method} {path}");
        if method == Method::POST {
            assert_eq!(bob.post(&sender, &path, json!({})).await.status, 404);
        }
    }
    assert_eq!(sender.get(ENDPOINTS, &other).await.body["endpoints"], json!([]));
    assert_eq!(sender.get(&endpoint, &sender.admin).await.body["secret_version"], 1);
    // What the owner may: the message that waits is sent at once.
    let retry = format!("/api/v1/webhooks/deliveries/{delivery}/retry");
    let reply = sender.ask(&retry).await;
    assert_eq!((reply.status.as_u16(), &reply.body["delivery_id"]), (202, &json!(delivery)));
    customer.nth(2).await;
}

#[tokio::test]
async fn an_address_that_is_not_allowed_changes_nothing() {
    let gate = Gate::with_vars(&OPEN).await;
    let id = text(&gate.post(ENDPOINTS, &gate.admin, json!({"url": URL})).await.body["id"]);
    let list = json!({"entries": [{"network": "203.0.113.0/24"}], "force": true});
    assert_eq!(
        gate.send_json(Method::PUT, "/api/v1/allowlist", &gate.admin, list).await.status,
        200
    );
    for path in [ENDPOINTS.to_owned(), format!("{ENDPOINTS}/{id}/rotate")] {
        let reply = gate.post(&path, &gate.admin, json!({"url": URL})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "ADDRESS_NOT_ALLOWED"));
    }
}

/// The list in memory still lets the request in; the one that is stored by now does not.
#[tokio::test]
async fn a_request_that_began_before_the_list_was_changed() {
    let gate = Gate::open().await;
    let body = json!({"url": URL});
    let id = text(&gate.post(ENDPOINTS, &gate.admin, body.clone()).await.body["id"]);
    let one = format!("{ENDPOINTS}/{id}");
    let queued = gate.post(&format!("{one}/test"), &gate.admin, json!({})).await;
    let delivery = text(&queued.body["delivery_id"]);
    let entries: [Entry; 1] = ["203.0.113.0/24 Office".parse().unwrap()];
    let store = gate.app.passwords.users.allowlists();
    let _ = store.replace("org_demo", &entries, |_| None, gate.app.now()).await.unwrap();
    for (method, path) in [
        (Method::POST, ENDPOINTS.to_owned()),
        (Method::POST, format!("{one}/rotate")),
        (Method::POST, format!("{one}/test")),
        (Method::POST, format!("{one}/enable")),
        (Method::POST, format!("/api/v1/webhooks/deliveries/{delivery}/retry")),
        (Method::DELETE, one.clone()),
    ] {
        let body = if path == ENDPOINTS { body.clone() } else { json!({}) };
        let reply = gate.send_json(method, &path, &gate.admin, body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "ADDRESS_NOT_ALLOWED"), "{path}");
    }
    let shown = gate.get(&one, &gate.admin).await.body;
    assert_eq!((&shown["secret_version"], &shown["enabled"]), (&json!(1), &json!(true)));
}

#[tokio::test]
async fn a_store_that_does_not_answer() {
    let gate = Gate::open().await;
    gate.app.passwords.users.close().await;
    let reply = gate.get(ENDPOINTS, &gate.admin).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
}
