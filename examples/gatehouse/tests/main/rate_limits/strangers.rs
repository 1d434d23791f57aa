//! The limit of an address, before anything is known of who calls.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use super::{SECOND, TEN, WHOAMI, is_limited, left, limited, told};
use crate::gate::{Gate, json_request, request};

const PER_IP: &str = "RATE_LIMIT_PER_IP";

#[tokio::test]
async fn an_address_is_counted_before_its_key_is_looked_at() {
    let gate = limited(PER_IP, TEN).await;
    for n in 1..=10 {
        let reply = gate.get_from("192.0.2.1", WHOAMI, "junk").await;
        assert_eq!(reply.status, 401);
        let field = format!("\"per-ip\";r={};t={n}", 10 - n);
        let policy = "\"per-ip\";q=10;w=10";
        assert_eq!(told(&reply), [("ratelimit", field.as_str()), ("ratelimit-policy", policy)]);
    }
    for key in ["junk", gate.admin.as_str(), ""] {
        is_limited(&gate.get_from("192.0.2.1", WHOAMI, key).await, "per-ip", "1");
    }
    assert_eq!(gate.get_from("192.0.2.2", WHOAMI, &gate.admin).await.status, 200);
    gate.pass(SECOND);
    assert_eq!(gate.get_from("192.0.2.1", WHOAMI, &gate.admin).await.status, 200);
    is_limited(&gate.get_from("192.0.2.1", WHOAMI, &gate.admin).await, "per-ip", "1");
}

/// Whoever has one IPv6 address has 2⁶⁴ of them.
#[tokio::test]
async fn a_network_of_ipv6_is_one_address() {
    let gate = limited(PER_IP, TEN).await;
    for n in 0..10 {
        let peer = format!("2001:db8:1:2:{n}::{n}");
        assert_eq!(gate.get_from(&peer, WHOAMI, "junk").await.status, 401);
    }
    is_limited(&gate.get_from("2001:db8:1:2:ffff::1", WHOAMI, "junk").await, "per-ip", "1");
    assert_eq!(gate.get_from("2001:db8:1:3::1", WHOAMI, "junk").await.status, 401);
    for n in 0..10 {
        let peer = if n % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" };
        assert_eq!(gate.get_from(peer, WHOAMI, "junk").await.status, 401);
    }
    is_limited(&gate.get_from("::ffff:192.0.2.1", WHOAMI, "junk").await, "per-ip", "1");
    assert_eq!(gate.get_from("::ffff:192.0.2.2", WHOAMI, "junk").await.status, 401);
}

/// Every route but those that watch the service and those that lead nowhere.
#[tokio::test]
async fn every_route_is_counted() {
    let routes = [
        (Method::GET, "whoami", 1),
        (Method::GET, "keys", 1),
        (Method::POST, "keys", 5),
        (Method::GET, "keys/key_1", 1),
        (Method::PATCH, "keys/key_1", 1),
        (Method::DELETE, "keys/key_1", 1),
        (Method::POST, "keys/key_1/rotate", 5),
        (Method::GET, "allowlist", 1),
        (Method::PUT, "allowlist", 5),
        (Method::GET, "webhooks/endpoints", 1),
        (Method::POST, "webhooks/endpoints", 5),
        (Method::GET, "webhooks/endpoints/whe_1", 1),
        (Method::DELETE, "webhooks/endpoints/whe_1", 1),
        (Method::POST, "webhooks/endpoints/whe_1/rotate", 1),
        (Method::POST, "webhooks/endpoints/whe_1/test", 1),
        (Method::POST, "webhooks/endpoints/whe_1/enable", 1),
        (Method::POST, "webhooks/deliveries/1/retry", 1),
        (Method::GET, "orgs/org_demo/controls", 1),
        (Method::POST, "ingest", 1),
        (Method::GET, "sessions", 1),
        (Method::DELETE, "sessions/1", 1),
        (Method::POST, "sessions/revoke-others", 1),
        (Method::POST, "auth/logout", 1),
        (Method::POST, "s3p/heartbeat", 1),
        (Method::POST, "attestations", 1),
        (Method::POST, "auth/register", 10),
        (Method::POST, "auth/login", 10),
        (Method::POST, "auth/reauthenticate", 10),
        (Method::POST, "auth/password", 10),
    ];
    let gate = limited(PER_IP, "1000 + 1/s").await;
    let mut rest = 1000;
    for (method, path, cost) in routes {
        let path = format!("/api/v1/{path}");
        let reply = gate.send(json_request(method.clone(), &path, "junk", "{}".to_owned())).await;
        rest -= cost;
        assert_eq!(left(&reply), format!("\"per-ip\";r={rest}"), "{method} {path}: {}", reply.text);
    }
    let reply = gate.post("/webhooks/in/github", "junk", json!({})).await;
    assert_eq!(left(&reply), format!("\"per-ip\";r={}", rest - 1));

    for _ in 0..2000 {
        assert_eq!(gate.get("/healthz", "").await.status, 200);
    }
    let ready = gate.get("/readyz", "").await;
    let nowhere = gate.get("/api/v1/nowhere", "").await;
    assert_eq!((ready.status.as_u16(), nowhere.status.as_u16()), (200, 404));
    assert!(told(&ready).is_empty() && told(&nowhere).is_empty());
}

#[tokio::test]
async fn a_dear_request_waits_for_longer() {
    let gate = limited(PER_IP, TEN).await;
    let login = || gate.post("/api/v1/auth/login", "", json!({"login": "ann", "password": "x"}));
    assert_eq!(login().await.status, 401);
    let refused = login().await;
    is_limited(&refused, "per-ip", "10");
    gate.pass(SECOND * 9);
    let refused = login().await;
    assert_eq!((refused.status.as_u16(), left(&refused)), (429, "\"per-ip\";r=9"));
    assert_eq!(refused.headers["retry-after"], "1");
    gate.pass(SECOND);
    assert_eq!(login().await.status, 401);
}

/// However small a limit is, it closes no route.
#[tokio::test]
async fn nothing_costs_more_than_the_limit() {
    for limit in ["3 + 1/min", "3/min fixed"] {
        let gate = limited(PER_IP, limit).await;
        let body = json!({"login": "ann", "password": "x"});
        let login = || gate.post("/api/v1/auth/login", "", body.clone());
        assert_eq!(login().await.status, 401);
        assert_eq!(login().await.status, 429);
        gate.pass(SECOND * 180);
        assert_eq!(login().await.status, 401);
    }
}

/// Behind a proxy, each client has its own limit, and nobody chooses whose by a header.
#[tokio::test]
async fn behind_a_proxy_clients_are_counted() {
    let gate = Gate::with_vars(&[
        (PER_IP, TEN),
        ("GATEHOUSE_CLIENT_ADDRESS", "x-forwarded-for"),
        ("GATEHOUSE_TRUSTED_PROXIES", "10.0.0.0/8"),
    ])
    .await;
    let ask = |forwarded: String| {
        let ask = request(Method::GET, WHOAMI, &gate.admin).header("x-forwarded-for", forwarded);
        gate.send_from("10.0.0.1", ask.body(Body::empty()).unwrap())
    };
    for n in 0..10 {
        // What the client wrote itself stands on the left.
        assert_eq!(ask(format!("198.51.100.{n}, 203.0.113.9")).await.status, 200);
    }
    is_limited(&ask("198.51.100.99, 203.0.113.9".to_owned()).await, "per-ip", "1");
    assert_eq!(ask("203.0.113.10".to_owned()).await.status, 200);
    // A request whose client is not known is counted by nobody's address.
    let unknown = Request::builder().uri(WHOAMI).body(Body::empty()).unwrap();
    let unknown = gate.send_from("10.0.0.1", unknown).await;
    assert_eq!((unknown.code(), told(&unknown)), ("CLIENT_ADDRESS_UNKNOWN", vec![]));
}

#[tokio::test]
async fn headers_as_the_operator_says() {
    let vars = |style| [(PER_IP, TEN), ("RATE_LIMIT_HEADERS", style)];
    for (style, is_epoch) in [("legacy-epoch", true), ("legacy-delta", false)] {
        let gate = Gate::with_vars(&vars(style)).await;
        let since = gate.app.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let base = if is_epoch { since.as_secs() } else { 0 };
        for n in 1..=10_u64 {
            let reply = gate.get(WHOAMI, "junk").await;
            let (left, reset) = ((10 - n).to_string(), (base + n).to_string());
            assert_eq!(
                told(&reply),
                [
                    ("x-ratelimit-limit", "10"),
                    ("x-ratelimit-remaining", left.as_str()),
                    ("x-ratelimit-reset", reset.as_str())
                ]
            );
        }
        let refused = gate.get(WHOAMI, "junk").await;
        assert_eq!(refused.status, 429);
        assert_eq!(refused.headers["retry-after"], "1");
    }
}

/// Somebody who makes up login names, and comes from everywhere, is in the way of logins at most.
#[tokio::test]
async fn a_flood_of_login_names() {
    let limit = ("RATE_LIMIT_PER_LOGIN", "3/h");
    let gate = Gate::with_vars(&[(PER_IP, TEN), ("RATE_LIMIT_KEYS", "1000"), limit]).await;
    let mut refused = 0_u32;
    for n in 0..2000 {
        let body = json!({"login": format!("nobody-{n}"), "password": "x"});
        let peer = format!("2001:db8:{n:x}::1");
        let reply = gate.post_from(&peer, "/api/v1/auth/login", "", &body).await;
        refused += u32::from(reply.status == 429);
        gate.pass(SECOND / 10);
    }
    assert!(refused > 100, "{refused} were refused");
    for n in 0..100 {
        let peer = format!("192.0.2.{n}");
        assert_eq!(gate.get_from(&peer, WHOAMI, &gate.admin).await.status, 200);
    }
}

/// A flood of addresses takes no place from those who are known, and throttles itself.
#[tokio::test]
async fn a_flood_of_addresses() {
    let vars = [(PER_IP, TEN), ("RATE_LIMIT_KEYS", "1000"), ("RATE_LIMIT_PER_ACCOUNT", "3/h")];
    let gate = Gate::with_vars(&vars).await;
    let known = gate.get_from("192.0.2.1", WHOAMI, "junk").await;
    assert_eq!(left(&known), "\"per-ip\";r=9");
    let mut refused = 0_u32;
    for n in 0..3000 {
        let reply = gate.get_from(&format!("2001:db8:{n:x}::1"), WHOAMI, "junk").await;
        refused += u32::from(reply.status == 429);
    }
    assert!(refused > 1000, "{refused} were refused");
    // Whoever was counted before is counted still, and a new address shares the counter of the flood.
    let known = gate.get_from("192.0.2.1", WHOAMI, "junk").await;
    assert_eq!((known.status.as_u16(), left(&known)), (401, "\"per-ip\";r=8"));
    // The flood takes no places of accounts: two that were never counted have one each.
    let [one, two] = [gate.admin_of("org_one").await, gate.admin_of("org_two").await];
    for key in [&one, &two] {
        for _ in 0..3 {
            assert_eq!(gate.get_from("192.0.2.1", WHOAMI, key).await.status, 200);
        }
    }
    is_limited(&gate.get_from("192.0.2.1", WHOAMI, &two).await, "per-account", "1200");
}
