//! The own machine is out of reach unless a setting opens it.

use serde_json::json;
use tokio::net::TcpListener;

use super::customer::{ENDPOINTS, Sender};
use crate::process::{Process, log};

#[tokio::test]
async fn closed_nothing_connects() {
    let sender = Sender::with_vars(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://localhost:{port}/"),
    ] {
        let reply = sender.post(ENDPOINTS, &sender.admin, json!({"url": url})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "WEBHOOK_URL_REFUSED"));
    }
    // Of a name it is not known until it is used. That there is none at all looks the same as one of the inside.
    let (endpoint, _) = sender.register("https://none.invalid/").await;
    sender.event().await;
    sender.until_delivery(&endpoint, "last_outcome", json!("no_public_address")).await;
    let delivery = sender.delivery(&endpoint).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("due"), &json!(1)));
    let shown = sender.get(&endpoint, &sender.admin).await.text;
    assert!(!shown.contains("127.0.0") && !shown.contains("::1"), "{shown}");
    let listener = listener.into_std().unwrap();
    assert!(listener.accept().is_err(), "nobody connected");
}

#[tokio::test]
async fn open_plain_http_is_registered_for_this_machine_alone() {
    let sender = Sender::with_vars(&[("GATEHOUSE_WEBHOOK_LOOPBACK", "allow")]).await;
    for url in ["http://hooks.example.com/in", "http://1.1.1.1/", "http://localhost.example.com/"] {
        let reply = sender.post(ENDPOINTS, &sender.admin, json!({"url": url})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "WEBHOOK_URL_REFUSED"), "{url}");
        let message = reply.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("plain HTTP is only for this machine"), "{message}");
    }
    for url in ["http://localhost:9000/", "http://hooks.localhost:9000/", "http://[::1]:9000/"] {
        let reply = sender.post(ENDPOINTS, &sender.admin, json!({"url": url})).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
}

#[test]
fn open_it_says_so_at_the_start() {
    let warning = "GATEHOUSE_WEBHOOK_LOOPBACK=allow";
    for (vars, expected) in [(&[][..], false), (&[("GATEHOUSE_WEBHOOK_LOOPBACK", "allow")], true)] {
        let folder = tempfile::tempdir().unwrap();
        Process::start(folder.path(), vars).stop();
        assert_eq!(log(folder.path()).contains(warning), expected);
    }
}
