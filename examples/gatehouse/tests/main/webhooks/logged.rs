//! What the log says of webhooks.

use std::path::Path;

use serde_json::Value;

use crate::process::{Process, log};

const JSON: (&str, &str) = ("GATEHOUSE_LOG_FORMAT", "json");

/// The lines of the log that have this field.
fn lines(folder: &Path, field: &str) -> Vec<Value> {
    let lines = log(folder);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
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
    gate.stop();
    let said = lines(folder, "status").into_iter().filter(|line| line["status"] != 200);
    let said: Vec<_> = said.map(|line| (line["scheme"].clone(), line["reason"].clone())).collect();
    assert_eq!(
        said,
        [
            ("github".into(), "webhook_bad_signature".into()),
            ("github".into(), "webhook_malformed_signature".into()),
            (Value::Null, "no_route".into()),
        ]
    );
    assert!(!log(folder).contains("hunter"), "what a stranger wrote");
}
