//! From where a request comes, behind proxies and without.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use crate::browser::{Browser, PASSWORD, register};
use crate::gate::{Gate, Reply, request};

const LIST: &str = "/api/v1/allowlist";
const PROXIES: (&str, &str) = ("GATEHOUSE_TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8:a::/48");

async fn behind(source: &str) -> Gate {
    Gate::with_vars(&[PROXIES, ("GATEHOUSE_CLIENT_ADDRESS", source)]).await
}

/// What the service takes for the address of a request with these headers from this peer.
async fn seen(gate: &Gate, peer: &str, headers: &[(&str, &str)]) -> String {
    let reply = ask(gate, peer, headers).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["your_address"].as_str().unwrap().to_owned()
}

async fn ask(gate: &Gate, peer: &str, headers: &[(&str, &str)]) -> Reply {
    let ask = request(Method::GET, LIST, &gate.admin);
    let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(*name, *value));
    gate.send_from(peer, ask.body(Body::empty()).unwrap()).await
}

fn is_refused(reply: &Reply) {
    let told = (reply.status.as_u16(), reply.code());
    assert_eq!(told, (400, "CLIENT_ADDRESS_UNKNOWN"), "{}", reply.text);
    assert!(!reply.text.contains("hunter2") && !reply.text.contains("10.0.0"), "{}", reply.text);
}

#[tokio::test]
async fn without_proxies_no_header_is_read() {
    let gate = Gate::open().await;
    let forged = [
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("cf-connecting-ip", "203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
    ];
    for (peer, address) in [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
    ] {
        assert_eq!(seen(&gate, peer, &forged).await, address);
    }
}

#[tokio::test]
async fn x_forwarded_for() {
    let gate = behind("x-forwarded-for").await;
    let header = |value| [("x-forwarded-for", value)];
    for (value, address) in [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("hunter2, 203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[2001:db8::9]:443", "2001:db8::9"),
    ] {
        assert_eq!(seen(&gate, "10.0.0.2", &header(value)).await, address, "{value}");
        assert_eq!(seen(&gate, "::ffff:10.0.0.2", &header(value)).await, address, "{value}");
        assert_eq!(seen(&gate, "2001:db8:a::1", &header(value)).await, address, "{value}");
    }
    let two = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")];
    assert_eq!(seen(&gate, "10.0.0.2", &two).await, "203.0.113.9", "lines are one list");
    // Forged by somebody who is no proxy.
    assert_eq!(seen(&gate, "192.0.2.7", &header("203.0.113.9")).await, "192.0.2.7");
    assert_eq!(seen(&gate, "192.0.2.7", &header("hunter2")).await, "192.0.2.7");
    // Where a proxy says nothing, or nothing that can be read, nobody is served.
    let odd = ["", "hunter2", "203.0.113.9, hunter2", "203.0.113.9,", "unknown", "0.0.0.0"];
    for value in odd {
        is_refused(&ask(&gate, "10.0.0.2", &header(value)).await);
    }
    is_refused(&ask(&gate, "10.0.0.2", &[]).await);
    is_refused(&ask(&gate, "10.0.0.2", &[("forwarded", "for=203.0.113.9")]).await);
    // What needs no address is there all the same.
    for path in ["/healthz", "/readyz"] {
        assert_eq!(gate.get_from("10.0.0.2", path, "").await.status, 200);
    }
    assert_eq!(gate.get_from("10.0.0.2", "/api/v1/nothing", "").await.status, 404);
}

#[tokio::test]
async fn the_other_headers() {
    let gate = behind("forwarded").await;
    let header = [("forwarded", "for=198.51.100.1, for=\"[2001:db8::9]:4711\";proto=https")];
    assert_eq!(seen(&gate, "10.0.0.2", &header).await, "2001:db8::9");
    is_refused(&ask(&gate, "10.0.0.2", &[("forwarded", "for=_hidden")]).await);

    let gate = behind("hops:2").await;
    let header = |value| [("x-forwarded-for", value)];
    let value = "198.51.100.1, 203.0.113.9, 192.0.2.80";
    assert_eq!(seen(&gate, "10.0.0.2", &header(value)).await, "203.0.113.9");
    is_refused(&ask(&gate, "10.0.0.2", &header("203.0.113.9")).await);
    assert_eq!(seen(&gate, "192.0.2.7", &header(value)).await, "192.0.2.7");

    let gate = behind("header:CF-Connecting-IP").await;
    let header = [("cf-connecting-ip", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
    assert_eq!(seen(&gate, "10.0.0.2", &header).await, "203.0.113.9");
    assert_eq!(seen(&gate, "192.0.2.7", &header).await, "192.0.2.7");
    is_refused(&ask(&gate, "10.0.0.2", &[("x-forwarded-for", "203.0.113.9")]).await);
    let twice = [("cf-connecting-ip", "203.0.113.9"), ("cf-connecting-ip", "203.0.113.10")];
    is_refused(&ask(&gate, "10.0.0.2", &twice).await);
}

/// A list of proxies in the way of nobody: what is judged is the client.
#[tokio::test]
async fn an_allowlist_behind_a_proxy() {
    let gate = behind("x-forwarded-for").await;
    let list = json!({"entries": [{"network": "203.0.113.0/24", "label": "Office"}]}).to_string();
    let put = |from: &'static str| {
        let put = request(Method::PUT, LIST, &gate.admin)
            .header("content-type", "application/json")
            .header("x-forwarded-for", from);
        gate.send_from("10.0.0.2", put.body(Body::from(list.clone())).unwrap())
    };
    assert_eq!(put("198.51.100.9").await.code(), "WOULD_LOCK_YOU_OUT");
    assert_eq!(put("203.0.113.7").await.status, 200);
    let inside = [("x-forwarded-for", "203.0.113.8")];
    assert_eq!(ask(&gate, "10.0.0.2", &inside).await.status, 200);
    for (peer, value, address) in [
        ("10.0.0.2", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.2", "203.0.113.8, 198.51.100.9", "198.51.100.9"),
        ("192.0.2.7", "203.0.113.8", "192.0.2.7"),
        ("10.0.0.2", "10.0.0.3", "10.0.0.3"),
    ] {
        let reply = ask(&gate, peer, &[("x-forwarded-for", value)]).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "ADDRESS_NOT_ALLOWED"), "{value}");
        assert_eq!(reply.body["error"]["details"]["address"], address);
        assert!(!reply.text.contains("203.0.113"), "{}", reply.text);
    }
    // Everybody else is let in from 10.0.0.2 all the same, so a header that is missing must not mean that.
    is_refused(&ask(&gate, "10.0.0.2", &[]).await);
}

/// The list of sessions shows the client, and not the proxy.
#[tokio::test]
async fn where_one_is_signed_in() {
    let gate = behind("x-forwarded-for").await;
    let direct = |path: &str, body: serde_json::Value| {
        let post = Browser::default()
            .at("10.0.0.2")
            .request(Method::POST, path)
            .header("x-forwarded-for", "203.0.113.9")
            .header("content-type", "application/json");
        gate.send(post.body(Body::from(body.to_string())).unwrap())
    };
    register(&gate, "ann", PASSWORD).await;
    let reply = direct("/api/v1/auth/login", json!({"login": "ann", "password": PASSWORD})).await;
    let set = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    let browser = Browser::with_cookie(set.split(['=', ';']).nth(1).unwrap());
    let list = browser.at("10.0.0.2").request(Method::GET, "/api/v1/sessions");
    let list = list.header("x-forwarded-for", "203.0.113.9").body(Body::empty()).unwrap();
    let list = gate.send(list).await;
    assert_eq!(list.body["sessions"][0]["address"], "203.0.113.9", "{}", list.text);
}
