//! What comes of attempts: more of them, an end, or an endpoint that is disabled.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::customer::{Answer, Customer, Sender, until};

/// Longer than the first wait of the schedule of these tests, with its jitter.
const FIRST_WAIT: Duration = Duration::from_secs(13);

/// A moment in which something would happen that must not.
const MOMENT: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn the_same_message_once_more_with_another_time() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, secret) = sender.register(&customer.url).await;
    customer.answer(Answer::Status(500));
    sender.event().await;
    let first = customer.nth(1).await;
    sender.until_delivery(&endpoint, "last_outcome", json!("500")).await;
    let delivery = sender.delivery(&endpoint).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("due"), &json!(1)));
    assert!(delivery["next_attempt_at"].is_string());
    tokio::time::sleep(MOMENT).await;
    assert_eq!(customer.count(), 1, "not before it is due");

    sender.pass(FIRST_WAIT);
    let second = customer.nth(2).await;
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_ne!(first.header("webhook-timestamp"), second.header("webhook-timestamp"));
    assert!(second.is_standard(&secret, sender.app.now()));
    sender.until_delivery(&endpoint, "state", json!("delivered")).await;

    // A success is the end, whatever time passes and whoever asks.
    sender.pass(Duration::from_hours(1));
    let id = sender.delivery(&endpoint).await["id"].as_str().unwrap().to_owned();
    let again = sender.ask(&format!("/api/v1/webhooks/deliveries/{id}/retry")).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "ALREADY_DELIVERED"));
    tokio::time::sleep(MOMENT).await;
    assert_eq!(customer.count(), 2);
}

#[tokio::test]
async fn gone_is_the_end_until_it_is_enabled() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, _) = sender.register(&customer.url).await;
    customer.answer(Answer::Status(410));
    sender.event().await;
    sender.until_delivery(&endpoint, "state", json!("gone")).await;
    let shown = sender.get(&endpoint, &sender.admin).await.body;
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("gone")));
    sender.event().await;
    let test = sender.ask(&format!("{endpoint}/test")).await;
    assert_eq!((test.status.as_u16(), test.code()), (409, "ENDPOINT_DISABLED"));
    let id = shown["deliveries"][0]["id"].as_str().unwrap().to_owned();
    let retry = format!("/api/v1/webhooks/deliveries/{id}/retry");
    assert_eq!(sender.ask(&retry).await.code(), "ENDPOINT_DISABLED");
    tokio::time::sleep(MOMENT).await;
    assert_eq!(customer.count(), 1);

    let enabled = sender.ask(&format!("{endpoint}/enable")).await;
    assert_eq!((enabled.status.as_u16(), &enabled.body["enabled"]), (200, &json!(true)));
    let first = customer.nth(1).await;
    assert_eq!(sender.ask(&retry).await.status, 202);
    let again = customer.nth(2).await;
    assert_eq!(first.header("webhook-id"), again.header("webhook-id"), "by hand, the same message");
}

#[tokio::test]
async fn whoever_fails_through_the_whole_schedule_is_disabled() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, _) = sender.register(&customer.url).await;
    for _ in 0..3 {
        customer.answer(Answer::Status(404));
    }
    sender.event().await;
    for attempt in 1..=3_u32 {
        customer.nth(attempt as usize).await;
        sender.until_delivery(&endpoint, "attempts", json!(attempt)).await;
        sender.pass(Duration::from_secs(130));
    }
    sender.until_delivery(&endpoint, "state", json!("gave_up")).await;
    assert_eq!(sender.delivery(&endpoint).await["reason"], "attempts_exhausted");
    let shown = sender.get(&endpoint, &sender.admin).await.body;
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("failing")));
}

#[tokio::test]
async fn an_endpoint_that_takes_other_messages_goes_on() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, _) = sender.register(&customer.url).await;
    customer.answer(Answer::Status(404));
    sender.event().await;
    sender.until_delivery(&endpoint, "attempts", json!(1)).await;
    let failing = sender.delivery(&endpoint).await["id"].clone();
    // One that arrives while the other one fails.
    sender.pass(Duration::from_secs(1));
    sender.event().await;
    sender.until_delivery(&endpoint, "state", json!("delivered")).await;
    for attempt in 2..=3 {
        customer.answer(Answer::Status(404));
        sender.pass(Duration::from_secs(130));
        customer.nth(attempt + 1).await;
        until(|| async {
            let all = sender.get(&endpoint, &sender.admin).await.body["deliveries"].clone();
            let all = all.as_array().unwrap();
            all.iter().any(|delivery| delivery["id"] == failing && delivery["attempts"] == attempt)
        })
        .await;
    }
    let shown = sender.get(&endpoint, &sender.admin).await.body;
    assert_eq!(shown["deliveries"][1]["state"], "gave_up");
    assert_eq!(shown["enabled"], true);
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, _) = sender.register(&customer.url).await;
    customer.answer(Answer::With(429, "retry-after", "60".to_owned()));
    sender.event().await;
    sender.until_delivery(&endpoint, "last_outcome", json!("429")).await;
    // Another message waits as well: the receiver has more to do than it can.
    sender.event().await;
    sender.pass(FIRST_WAIT);
    tokio::time::sleep(MOMENT).await;
    assert_eq!(customer.count(), 1, "the schedule alone would have sent by now");
    sender.pass(Duration::from_mins(1));
    customer.nth(3).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let elsewhere = Customer::new().await;
    let (endpoint, _) = sender.register(&customer.url).await;
    customer.answer(Answer::With(307, "location", elsewhere.url.clone()));
    sender.event().await;
    sender.until_delivery(&endpoint, "last_outcome", json!("307")).await;
    sender.pass(FIRST_WAIT);
    customer.nth(2).await;
    assert_eq!(elsewhere.count(), 0);
}

/// A process that dies in the middle of an attempt: the attempt is made again once its lease ran out.
#[tokio::test]
async fn what_a_dead_process_held_is_sent_by_the_next() {
    let (mut sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, _) = sender.register(&customer.url).await;
    customer.answer(Answer::Hang);
    sender.event().await;
    let first = customer.nth(1).await;
    sender.kill().await;
    sender.start();
    tokio::time::sleep(MOMENT).await;
    assert_eq!(customer.count(), 1, "the lease holds");
    sender.pass(Duration::from_mins(1));
    let second = customer.nth(2).await;
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    sender.until_delivery(&endpoint, "state", json!("delivered")).await;
    assert_eq!(sender.delivery(&endpoint).await["attempts"], 1, "the one that was recorded");
}

#[tokio::test]
async fn a_stop_keeps_nothing_for_itself() {
    let (mut sender, customer) = (Sender::open().await, Customer::new().await);
    sender.register(&customer.url).await;
    customer.answer(Answer::Hang);
    sender.event().await;
    customer.nth(1).await;
    // The attempt ends by its own limit, or is given back: in no case does the next one wait for a lease to end.
    sender.stop().await;
    sender.pass(FIRST_WAIT);
    sender.start();
    customer.nth(2).await;
}

/// An answer that comes while the service stops is recorded.
#[tokio::test]
async fn a_stop_waits_for_what_is_under_way() {
    let (mut sender, customer) = (Sender::open().await, Customer::new().await);
    let (endpoint, _) = sender.register(&customer.url).await;
    let (word, waits) = oneshot::channel();
    customer.answer(Answer::When(waits, 200));
    sender.event().await;
    customer.nth(1).await;
    sender.event_while_stopping(word).await;
    let all = sender.get(&endpoint, &sender.admin).await.body["deliveries"].clone();
    let states: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert!(states.contains(&&json!("delivered")) && states.contains(&&json!("due")), "{all}");
    assert_eq!(customer.count(), 1, "nothing more is taken");
}

/// Two that share a database send each message once.
#[tokio::test]
async fn each_attempt_is_made_by_one() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    for _ in 0..3 {
        tokio::spawn(gatehouse::dispatch_webhooks(sender.app.clone(), stopped.clone()));
    }
    let (endpoint, _) = sender.register(&customer.url).await;
    for _ in 0..30 {
        sender.event().await;
    }
    customer.nth(30).await;
    let is_done = |body: &Value| {
        let all = body["deliveries"].as_array().unwrap();
        all.iter().all(|delivery| delivery["state"] == "delivered")
    };
    until(|| async { is_done(&sender.get(&endpoint, &sender.admin).await.body) }).await;
    let ids: std::collections::BTreeSet<String> =
        customer.all().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), customer.count()), (30, 30));
}
