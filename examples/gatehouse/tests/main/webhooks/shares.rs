//! One customer among many: what each may have, and who counts what came of an attempt.

use serde_json::{Value, json};
use sqlx::SqlitePool;
use tokio::sync::oneshot;

use super::customer::{Answer, Customer, ENDPOINTS, Sender, in_file, until};
use crate::gate::text;

const URL: &str = "https://hooks.example.com/in";

/// Eight workspaces whose receivers answer nothing, and one that comes after them.
#[tokio::test]
async fn whoever_comes_last_is_sent_to_as_well() {
    let mut sender = Sender::open().await;
    sender.stop().await;
    let (slow, quick) = (Customer::new().await, Customer::new().await);
    let key = json!({"name": "event", "scopes": ["read:controls"]});
    for number in 0..8 {
        let admin = sender.admin_of(&format!("org_{number}")).await;
        for _ in 0..5 {
            let reply = sender.post(ENDPOINTS, &admin, json!({"url": slow.url})).await;
            assert_eq!(reply.status, 201);
        }
        for _ in 0..4 {
            assert_eq!(sender.post("/api/v1/keys", &admin, key.clone()).await.status, 201);
        }
    }
    for _ in 0..160 {
        slow.answer(Answer::Hang);
    }
    sender.pass(std::time::Duration::from_millis(1));
    sender.register(&quick.url).await;
    sender.event().await;
    sender.start();
    quick.nth(1).await;
    assert!(slow.count() <= 64, "it is among the first that are taken: {}", slow.count());
}

/// Another process took the attempt over while this one waited for the answer.
#[tokio::test]
async fn of_a_lost_turn_only_a_success_counts() {
    for (code, state, attempts) in [(500, "due", 0), (200, "delivered", 1)] {
        let (_folder, sender, database) = in_file().await;
        let customer = Customer::new().await;
        let (endpoint, _) = sender.register(&customer.url).await;
        let (word, waits) = oneshot::channel();
        customer.answer(Answer::When(waits, code));
        sender.event().await;
        customer.nth(1).await;
        let taken = sqlx::query("UPDATE webhook_deliveries SET lease = 'another-1'")
            .execute(&database)
            .await
            .unwrap();
        assert_eq!(taken.rows_affected(), 1);
        word.send(()).unwrap();
        // Another message is through by now, so what came of the first one is recorded, or never is.
        sender.event().await;
        customer.nth(2).await;
        until(|| async { states(&sender, &endpoint).await[0]["state"] == "delivered" }).await;
        if code == 200 {
            until(|| async { states(&sender, &endpoint).await[1]["state"] == "delivered" }).await;
        } else {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        let first = states(&sender, &endpoint).await[1].clone();
        assert_eq!((&first["state"], &first["attempts"]), (&json!(state), &json!(attempts)));
    }
}

/// The latest first.
async fn states(sender: &Sender, endpoint: &str) -> Value {
    let mut all = sender.get(endpoint, &sender.admin).await.body["deliveries"].clone();
    let all = all.as_array_mut().unwrap();
    all.sort_by_key(|delivery| text(&delivery["state"]) != "delivered");
    json!(all)
}

#[tokio::test]
async fn what_is_sent_by_hand_has_limits() {
    let (_folder, mut sender, database) = in_file().await;
    sender.stop().await;
    let (endpoint, _) = sender.register(URL).await;
    let test = format!("{endpoint}/test");
    for _ in 0..100 {
        assert_eq!(sender.ask(&test).await.status, 202);
    }
    let more = sender.ask(&test).await;
    assert_eq!((more.status.as_u16(), more.code()), (429, "TOO_MANY_REQUESTS"));
    sender.pass(std::time::Duration::from_mins(1));
    assert_eq!(sender.ask(&test).await.status, 202);

    // As many wait as may, and one was given up.
    let id = endpoint.rsplit('/').next().unwrap();
    deliveries(&database, id, "due", "old", 899, "").await;
    deliveries(&database, id, "gave_up", "over", 1, "").await;
    let retry = |id: &str| format!("/api/v1/webhooks/deliveries/{id}/retry");
    let full = sender.ask(&retry("over1")).await;
    assert_eq!((full.status.as_u16(), full.code()), (409, "BACKLOG_FULL"));
    assert_eq!(sender.ask(&retry("old7")).await.status, 202, "it waits already");
    let due = "SELECT count(*) FROM webhook_deliveries WHERE state = 'due'";
    assert_eq!(sqlx::query_scalar::<_, i64>(due).fetch_one(&database).await.unwrap(), 1000);
}

/// What cannot be read is given up, and holds up nothing.
#[tokio::test]
async fn rows_that_cannot_be_read() {
    let (_folder, sender, database) = in_file().await;
    let customer = Customer::new().await;
    let (endpoint, _) = sender.register(&customer.url).await;
    let id = endpoint.rsplit('/').next().unwrap();
    deliveries(&database, id, "due", "a.b", 4, "").await;
    sender.event().await;
    customer.nth(1).await;
    let why = "SELECT count(*) FROM webhook_deliveries WHERE why = 'unreadable'";
    until(|| async {
        let ended: i64 = sqlx::query_scalar(why).fetch_one(&database).await.unwrap();
        ended == 4
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_the_program_does_not_end_it() {
    let (sender, customer) = (Sender::open().await, Customer::new().await);
    sender.register(&customer.url).await;
    sender.break_the_clock();
    until(|| async { !sender.clock_is_broken() }).await;
    sender.event().await;
    customer.nth(1).await;
}

/// An endpoint that is removed is nowhere to be seen, and nothing is sent there.
#[tokio::test]
async fn what_is_removed() {
    let (_folder, sender, database) = in_file().await;
    let customer = Customer::new().await;
    let (endpoint, _) = sender.register(&customer.url).await;
    let id = endpoint.rsplit('/').next().unwrap();
    deliveries(&database, id, "gave_up", "over", 1000, "").await;
    assert_eq!(sender.delete(&endpoint, &sender.admin).await.status, 204);
    assert_eq!(sender.get(&endpoint, &sender.admin).await.status, 404);
    assert_eq!(sender.get(ENDPOINTS, &sender.admin).await.body["endpoints"], json!([]));
    for path in ["rotate", "test", "enable"] {
        assert_eq!(sender.ask(&format!("{endpoint}/{path}")).await.status, 404, "{path}");
    }
    assert_eq!(sender.ask("/api/v1/webhooks/deliveries/over1/retry").await.status, 404);
    let left = "SELECT count(*) FROM webhook_deliveries";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&database).await.unwrap();
    assert_eq!(left, 1000, "they go later, some at a time");
    for _ in 0..10 {
        let reply = sender.post(ENDPOINTS, &sender.admin, json!({"url": URL})).await;
        assert_eq!(reply.status, 201, "it does not count");
    }
}

/// Writes deliveries of a message each.
pub(super) async fn deliveries(
    database: &SqlitePool,
    endpoint: &str,
    state: &str,
    name: &str,
    count: i64,
    at: &str,
) {
    let at = if at.is_empty() { "unixepoch() * 1000000 - 60000000" } else { at };
    let numbers = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})"
    );
    for statement in [
        format!(
            "{numbers} INSERT INTO webhook_messages
            SELECT '{name}' || n, 'org_demo', 'webhook.test', NULL, '{{}}', {at} FROM n"
        ),
        format!(
            "{numbers} INSERT INTO webhook_deliveries
                (id, message, endpoint, workspace, created_at, state, at)
            SELECT '{name}' || n, '{name}' || n, '{endpoint}', 'org_demo', {at} + n, '{state}', {at} FROM n"
        ),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(database).await.unwrap();
    }
}
