//! What the program finds in its database at a start, and puts in order.

use sqlx::SqlitePool;

use super::customer::{Customer, ENDPOINTS, until};
use super::shares::deliveries;
use crate::gate::text;
use crate::process::{Process, log, refused};

const OPEN: (&str, &str) = ("GATEHOUSE_WEBHOOK_LOOPBACK", "allow");
const KEY: &str = r#"{"name":"k","scopes":["read:controls"]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_rows_go_and_wrong_times_are_mended() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let folder = folder.path();
    let gate = Process::start(folder, &[OPEN]);
    let admin = gate.admin();
    let body = format!(r#"{{"url":"{}"}}"#, customer.url);
    let [gone, kept] = [(); 2].map(|()| text(&gate.post(ENDPOINTS, &admin, &body).1["id"]));
    gate.stop();
    let path = folder.join("gatehouse-data/gatehouse.db");
    let database = SqlitePool::connect(path.to_str().unwrap()).await.unwrap();
    deliveries(&database, &gone, "gave_up", "gone", 1200, "").await;
    deliveries(&database, &kept, "gave_up", "old", 700, "1700000000000000").await;
    deliveries(&database, &kept, "delivered", "new", 2600, "").await;
    deliveries(&database, &kept, "due", "ahead", 1, "9000000000000000").await;
    sqlx::query(
        "UPDATE webhook_endpoints SET disabled_at = 1, disabled_reason = 'removed' WHERE id = ?",
    )
    .bind(&gone)
    .execute(&database)
    .await
    .unwrap();
    let gate = Process::start(folder, &[OPEN]);
    assert_eq!(customer.nth(1).await.header("webhook-id"), "ahead1");
    until(|| async {
        let counts = "SELECT (SELECT count(*) FROM webhook_endpoints),
            (SELECT count(*) FROM webhook_deliveries WHERE state <> 'due'),
            (SELECT count(*) FROM webhook_messages)";
        let counts: (i64, i64, i64) = sqlx::query_as(counts).fetch_one(&database).await.unwrap();
        counts.0 == 1 && (2000..=2001).contains(&counts.1) && (2000..=2001).contains(&counts.2)
    })
    .await;
    gate.stop();
}

const A: &str = "a:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
const OTHER_A: &str = "a:Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";
const B: &str = "b:T8bT2u6cV4kq7vXW2yJrLQ8dSx5AKo3FZQcX1nP9nq0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_under_the_same_id_is_refused() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let folder = folder.path();
    let vars = |keys: &'static str| [OPEN, ("GATEHOUSE_WEBHOOK_KEYS", keys)];
    // While no endpoint is under it, a key may be replaced.
    let gate = Process::start(folder, &vars(OTHER_A));
    let admin = gate.admin();
    gate.stop();
    let gate = Process::start(folder, &vars(A));
    let body = format!(r#"{{"url":"{}"}}"#, customer.url);
    let secret = text(&gate.post(ENDPOINTS, &admin, &body).1["secret"]);
    gate.stop();
    let said = refused(folder, &vars(OTHER_A));
    assert!(said.contains("GATEHOUSE_WEBHOOK_KEYS: the key a is not"), "{said}");
    assert!(!said.contains(&OTHER_A[2..]));

    // Without the key nothing is sent, which is said once.
    let gate = Process::start(folder, &vars(B));
    assert_eq!(gate.post("/api/v1/keys", &admin, KEY).0, 201);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    gate.stop();
    let said = log(folder);
    assert_eq!(said.matches("endpoints have secrets under a key").count(), 1, "{said}");
    assert!(!said.contains("it waits"), "{said}");
    assert_eq!(customer.count(), 0);
    let both = "b:T8bT2u6cV4kq7vXW2yJrLQ8dSx5AKo3FZQcX1nP9nq0,a:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY";
    let gate = Process::start(folder, &vars(both));
    assert!(customer.nth(1).await.is_standard(&secret, std::time::SystemTime::now()));
    gate.stop();
}
