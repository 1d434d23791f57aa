//! What the log says of webhooks.

use std::path::Path;

use serde_json::{Value, json};

use super::customer::{Answer, Customer, ENDPOINTS, until};
use crate::process::{Process, log};

const JSON: (&str, &str) = ("GATEHOUSE_LOG_FORMAT", "json");

/// The lines of the log that have this field.
fn lines(folder: &Path, field: &str) -> Vec<Value> {
    let lines = log(folder);
    // The last one may be half written.
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| !line[field].is_null()).collect()
}

/// Sends `{}` with this signature of GitHub to the sender of this name.
fn send(gate: &Process, name: &str, signature: &str) -> u16 {
    let request = format!(
        "POST /webhooks/in/{name} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\
         X-Hub-Signature-256: {signature}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    gate.raw(request.as_bytes()).0
}

#[test]
fn a_refused_message_has_its_scheme() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let gate = Process::start(folder, &[JSON, ("GATEHOUSE_INBOUND_GITHUB", "a:a secret")]);
    assert_eq!(send(&gate, "github", &format!("sha256={}", "0".repeat(64))), 401);
    assert_eq!(send(&gate, "github", "hunter2"), 400);
    assert_eq!(send(&gate, "hunter3", "hunter2"), 404);
    assert_eq!(send(&gate, "stripe", "hunter2"), 404);
    gate.stop();
    let said = lines(folder, "status").into_iter().filter(|line| line["status"] != 200);
    let said: Vec<_> = said.map(|line| (line["scheme"].clone(), line["reason"].clone())).collect();
    assert_eq!(
        said,
        [
            ("github".into(), "webhook_bad_signature".into()),
            ("github".into(), "webhook_malformed_header".into()),
            (Value::Null, "no_route".into()),
            ("stripe".into(), "webhook_sender_not_set_up".into()),
        ]
    );
    assert!(!log(folder).contains("hunter"), "what a stranger wrote");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_has_what_came_of_it() {
    let (folder, customer) = (tempfile::tempdir().unwrap(), Customer::new().await);
    let folder = folder.path();
    customer.answer(Answer::Status(500));
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let open = ("GATEHOUSE_WEBHOOK_LOOPBACK", "allow");
    let gate = Process::start(folder, &[JSON, open, ("GATEHOUSE_WEBHOOK_RETRY_SECONDS", "1,600")]);
    let admin = gate.admin();
    let mut endpoints = Vec::new();
    for url in [&customer.url, &nobody] {
        let (status, reply) = gate.post(ENDPOINTS, &admin, &json!({ "url": url }).to_string());
        assert_eq!(status, 201, "{reply}");
        endpoints.push(reply["id"].as_str().unwrap().to_owned());
    }
    let key = r#"{"name":"k","scopes":["read:controls"]}"#;
    assert_eq!(gate.post("/api/v1/keys", &admin, key).0, 201);
    let of = |endpoint: &String| {
        let lines = lines(folder, "outcome").into_iter();
        lines.filter(|line| line["endpoint_id"] == **endpoint).collect::<Vec<_>>()
    };
    until(|| async { endpoints.iter().all(|endpoint| of(endpoint).len() >= 2) }).await;
    gate.stop();
    let [answered, unanswered] = [of(&endpoints[0]), of(&endpoints[1])];
    for (line, message, outcome, next) in [
        (&answered[0], "a webhook was sent", "500", "retry"),
        (&answered[1], "a webhook was sent", "200", "delivered"),
        (&unanswered[0], "a webhook got no answer", "connect_failed", "retry"),
        (&unanswered[1], "a webhook got no answer", "connect_failed", "retry"),
    ] {
        let said = [&line["message"], &line["outcome"], &line["next"]];
        assert_eq!(said, [message, outcome, next], "{line}");
        let at = line["next_attempt_at"].as_str();
        assert_eq!(at.is_some(), next == "retry", "{line}");
        assert!(at.is_none_or(|at| at.starts_with("20") && at.ends_with('Z')), "{line}");
    }
}
