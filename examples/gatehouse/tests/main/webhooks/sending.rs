//! From a change to the receiver that verifies it.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use palisade::webhook::MessageId;
use serde_json::{Value, json};

use super::customer::{Answer, Customer, ENDPOINTS, OPEN, Sender, until};
use crate::browser::{Browser, PASSWORD, ann};
use crate::gate::{request, text};

#[tokio::test]
async fn what_happens_arrives_and_verifies() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, secret) = sender.register(&customer.url).await;
    assert!(secret.starts_with("whsec_"));
    let key = sender.event().await;
    let request = customer.nth(1).await;
    let now = sender.app.now();
    assert!(request.is_standard(&secret, now) && request.is_glacis(&secret, now));
    assert!(!request.is_standard("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", now));
    assert_eq!(request.header("content-type"), "application/json");
    assert!(request.header("webhook-id").parse::<MessageId>().is_ok());
    let event = request.json();
    assert_eq!(event["type"], "key.created");
    assert!(event["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(event["data"], json!({"key_id": key, "name": "event", "scopes": ["read:controls"]}));
    sender.until_delivery(&endpoint, "state", json!("delivered")).await;
    let delivery = sender.delivery(&endpoint).await;
    assert_eq!(delivery["message_id"], request.header("webhook-id"));
    assert_eq!(
        (&delivery["attempts"], &delivery["last_outcome"], &delivery["next_attempt_at"]),
        (&json!(1), &json!("200"), &json!(null))
    );
}

#[tokio::test]
async fn every_type_of_event() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    sender.register(&customer.url).await;
    let id = sender.event().await;
    let one = format!("/api/v1/keys/{id}");
    let rotated =
        sender.post(&format!("{one}/rotate"), &sender.admin, json!({"overlap_seconds": 60})).await;
    let new = text(&rotated.body["id"]);
    let revoked = sender.delete(&format!("/api/v1/keys/{new}"), &sender.admin).await;
    assert_eq!(revoked.status, 200);
    sender.delete(&format!("/api/v1/keys/{new}"), &sender.admin).await;
    let list = json!({"entries": [{"network": "127.0.0.0/8"}]});
    let put = sender.send_json(Method::PUT, "/api/v1/allowlist", &sender.admin, list).await;
    assert_eq!(put.status, 200, "{}", put.text);
    // A key that leaked and was rotated already is revoked by a request that is refused.
    let leaked =
        sender.post(&format!("{one}/rotate"), &sender.admin, json!({"leaked": true})).await;
    assert_eq!(leaked.status, 409);
    customer.nth(5).await;
    let mut seen: Vec<_> = customer
        .all()
        .iter()
        .map(|request| (text(&request.json()["type"]), request.json()["data"]["key_id"].clone()))
        .collect();
    seen.sort_by_key(|(kind, id)| (kind.clone(), id.to_string()));
    let mut expected = vec![
        ("allowlist.changed".to_owned(), json!(null)),
        ("key.created".to_owned(), json!(id)),
        ("key.revoked".to_owned(), json!(id)),
        ("key.revoked".to_owned(), json!(new)),
        ("key.rotated".to_owned(), json!(new)),
    ];
    expected.sort_by_key(|(kind, id)| (kind.clone(), id.to_string()));
    assert_eq!(seen, expected);
    let text: String = customer.all().iter().map(|request| request.json().to_string()).collect();
    assert!(!text.contains("127.0.0.0"), "the networks are nobody's business: {text}");
}

#[tokio::test]
async fn a_person_hears_of_a_change_of_the_password() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let mut browser = ann(&sender).await;
    let reply = browser.post(&sender, ENDPOINTS, json!({"url": customer.url})).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let secret = text(&reply.body["secret"]);
    let body = json!({"current_password": PASSWORD, "new_password": "or not to be, that is ann's"});
    assert_eq!(browser.post(&sender, "/api/v1/auth/password", body).await.status, 200);
    let request = customer.nth(1).await;
    assert!(request.is_standard(&secret, sender.app.now()));
    assert_eq!(request.json()["type"], "password.changed");
    // Somebody else's workspace is told nothing.
    sender.event().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(customer.count(), 1);
    assert_eq!(Browser::default().get(&sender, ENDPOINTS).await.status, 401);
}

#[tokio::test]
async fn only_what_an_endpoint_asked_for() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let body = json!({"url": customer.url, "events": ["key.revoked"], "description": "ours"});
    let reply = sender.post(ENDPOINTS, &sender.admin, body).await;
    assert_eq!(
        (&reply.body["events"], &reply.body["description"]),
        (&json!(["key.revoked"]), &json!("ours"))
    );
    let id = sender.event().await;
    sender.delete(&format!("/api/v1/keys/{id}"), &sender.admin).await;
    assert_eq!(customer.nth(1).await.json()["type"], "key.revoked");
    // A test is sent to whoever asks for it.
    let endpoint = format!("{ENDPOINTS}/{}", text(&reply.body["id"]));
    let queued = sender.ask(&format!("{endpoint}/test")).await;
    assert_eq!(queued.status, 202, "{}", queued.text);
    assert_eq!(customer.nth(2).await.json()["type"], "webhook.test");
    let shown = sender.get(&endpoint, &sender.admin).await.body["deliveries"].clone();
    let is_it = |delivery: &Value| delivery["id"] == queued.body["delivery_id"];
    assert!(shown.as_array().unwrap().iter().any(is_it), "{shown}");
}

#[tokio::test]
async fn both_secrets_sign_until_the_overlap_ends() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, old) = sender.register(&customer.url).await;
    let reply = sender.ask(&format!("{endpoint}/rotate")).await;
    assert_eq!((reply.status.as_u16(), &reply.body["secret_version"]), (200, &json!(2)));
    let new = text(&reply.body["secret"]);
    assert_ne!(old, new);
    let mut now = sender.app.now();
    sender.event().await;
    let request = customer.nth(1).await;
    assert_eq!(request.header("webhook-signature").split(' ').count(), 2);
    assert!(request.is_standard(&old, now) && request.is_standard(&new, now));
    assert!(request.is_glacis(&new, now) && !request.is_glacis(&old, now), "one signature only");

    sender.pass(Duration::from_hours(24));
    now += Duration::from_hours(24);
    sender.event().await;
    let request = customer.nth(2).await;
    assert!(!request.is_standard(&old, now) && request.is_standard(&new, now));
    let shown = sender.get(&endpoint, &sender.admin).await;
    assert_eq!(shown.body["previous_secret_until"], json!(null));
}

#[tokio::test]
async fn a_secret_that_leaked_signs_no_more() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, first) = sender.register(&customer.url).await;
    let rotate = format!("{endpoint}/rotate");
    // Without a body, as with `curl -X POST`.
    let request = request(Method::POST, &rotate, &sender.admin).body(Body::empty()).unwrap();
    let second = text(&sender.send(request).await.body["secret"]);
    let reply = sender.post(&rotate, &sender.admin, json!({"leaked": true})).await;
    assert_eq!((reply.status.as_u16(), &reply.body["secret_version"]), (200, &json!(3)));
    assert_eq!(reply.body["previous_secret_until"], json!(null));
    let third = text(&reply.body["secret"]);
    sender.event().await;
    let (sent, now) = (customer.nth(1).await, sender.app.now());
    assert!(sent.is_standard(&third, now) && sent.is_glacis(&third, now));
    assert!(!sent.is_standard(&first, now) && !sent.is_standard(&second, now));
    let reply = sender.post(&rotate, &sender.admin, json!({"leaked": "yes"})).await;
    assert_eq!(reply.status, 422);
}

/// Of two customers, one answers nothing.
#[tokio::test]
async fn a_slow_customer_holds_up_no_other() {
    let sender = Sender::open().await;
    let (slow, quick) = (Customer::new().await, Customer::new().await);
    sender.register(&slow.url).await;
    sender.register(&quick.url).await;
    for _ in 0..8 {
        slow.answer(Answer::Hang);
        sender.event().await;
    }
    quick.nth(8).await;
    assert_eq!(slow.count(), 2, "no more than two at once");
}

#[tokio::test]
async fn the_secret_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.db");
    let mut vars = OPEN.to_vec();
    vars.push(("GATEHOUSE_DATABASE", path.to_str().unwrap()));
    let (sender, customer) = (Sender::with_vars(&vars).await, Customer::new().await);
    let (endpoint, first) = sender.register(&customer.url).await;
    let second = text(&sender.ask(&format!("{endpoint}/rotate")).await.body["secret"]);
    sender.event().await;
    customer.nth(1).await;
    until(|| async { sender.delivery(&endpoint).await["state"] == "delivered" }).await;
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let shown =
        [sender.get(&endpoint, &sender.admin).await, sender.get(ENDPOINTS, &sender.admin).await];
    for secret in [first, second] {
        let key = palisade::webhook::SharedSecret::from_whsec(&secret).unwrap();
        let text = secret.strip_prefix("whsec_").unwrap();
        for needle in [key.expose_secret(), &text.as_bytes()[..16]] {
            assert!(!stored.windows(needle.len()).any(|window| window == needle));
        }
        assert!(shown.iter().all(|reply| reply.status == 200 && !reply.text.contains(&text[..16])));
        let sent = format!("{:?}", customer.all()[0].headers);
        assert!(!sent.contains(&text[..16]));
    }
}
