//! Putting a list: what is taken, what is refused, and who may.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, ann, leaves_the_cookie};
use crate::gate::{Gate, Reply, request, text};

pub(crate) const LIST: &str = "/api/v1/allowlist";
const KEYS: &str = "/api/v1/keys";
const WHOAMI: &str = "/api/v1/whoami";
const PROVE: &str = "/api/v1/auth/reauthenticate";

/// On the list of [`office`], and not on it.
pub(crate) const INSIDE: &str = "203.0.113.7";
pub(crate) const OUTSIDE: &str = "198.51.100.9";

pub(crate) fn office() -> Value {
    json!({"entries": [{"network": "203.0.113.0/24", "label": "Office"}]})
}

/// Puts a list with this key, over a connection from this address.
pub(crate) async fn put_from(gate: &Gate, peer: &str, key: &str, body: &Value) -> Reply {
    put_with(gate, peer, key, body, &[]).await
}

pub(crate) async fn put_with(
    gate: &Gate,
    peer: &str,
    key: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Reply {
    let put = request(Method::PUT, LIST, key).header("content-type", "application/json");
    let put = headers.iter().fold(put, |put, (name, value)| put.header(*name, *value));
    gate.send_from(peer, put.body(Body::from(body.to_string())).unwrap()).await
}

/// A service whose `org_demo` is reached from the office alone.
pub(crate) async fn restricted() -> Gate {
    let gate = Gate::open().await;
    let reply = put_from(&gate, INSIDE, &gate.admin, &office()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    gate
}

pub(crate) fn is_turned_away(reply: &Reply, address: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.code()),
        (403, "ADDRESS_NOT_ALLOWED"),
        "{}",
        reply.text
    );
    assert_eq!(reply.body["error"]["details"]["address"], address);
    for part in ["203.0.113", "/24", "Office"] {
        assert!(!reply.text.contains(part), "the list stays inside: {}", reply.text);
    }
    assert!(leaves_the_cookie(reply));
}

#[tokio::test]
async fn what_is_put_is_shown() {
    let gate = Gate::open().await;
    let reply = gate.get_from(OUTSIDE, LIST, &gate.admin).await;
    assert_eq!((reply.status.as_u16(), &reply.headers["etag"]), (200, &"\"0\"".parse().unwrap()));
    let nothing = json!({
        "version": 0, "entries": [], "count": 0, "restricted": false, "empty_list_allows": "everyone",
        "your_address": OUTSIDE, "your_address_is_listed": false,
    });
    assert_eq!(reply.body, nothing);

    let body = json!({"entries": [
        {"network": "203.0.113.77/24", "label": "Office"},
        {"network": "10.0.0.0/8"},
        {"network": "10.1.0.0/16", "label": "VPN"},
        {"network": "::ffff:10.0.0.0/104", "label": "again"},
    ]});
    let put = put_from(&gate, INSIDE, &gate.admin, &body).await;
    assert_eq!((put.status.as_u16(), &put.headers["etag"]), (200, &"\"1\"".parse().unwrap()));
    let report = &put.body["report"];
    for (count, expected) in [("duplicates", 1), ("shadowed", 1), ("host_bits", 1)] {
        assert_eq!(report[count], expected, "{report}");
    }
    assert_eq!(report["missing_family"], "IPv6");
    let findings = report["findings"].as_array().unwrap();
    let found = |code: &str| findings.iter().find(|one| one["code"] == code).unwrap();
    assert_eq!(
        (&found("duplicate")["entry"], &found("duplicate")["again"]),
        (&json!(2), &json!(4))
    );
    assert_eq!(found("shadowed")["by"], "10.0.0.0/8");
    assert!(text(&found("host_bits")["message"]).contains("read as 203.0.113.0/24"));

    let entries = json!([
        {"network": "203.0.113.0/24", "label": "Office"},
        {"network": "10.0.0.0/8", "label": ""},
        {"network": "10.1.0.0/16", "label": "VPN"},
        {"network": "10.0.0.0/8", "label": "again"},
    ]);
    let shown = gate.get_from("10.9.9.9", LIST, &gate.admin).await;
    for reply in [&put, &shown] {
        assert_eq!((&reply.body["entries"], &reply.body["count"]), (&entries, &json!(4)));
        assert_eq!(reply.body["restricted"], true);
        assert_eq!(reply.body["your_address_is_listed"], true);
    }
    assert!(shown.body.get("report").is_none());

    let empty = put_from(&gate, INSIDE, &gate.admin, &json!({"entries": []})).await;
    assert_eq!((empty.status.as_u16(), &empty.body["version"]), (200, &json!(2)));
    assert_eq!(empty.body["restricted"], false);
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200, "everyone again");
}

/// A list in which everything is wrong tells all of it, and is not stored.
#[tokio::test]
async fn all_that_is_wrong_at_once() {
    let gate = restricted().await;
    let long = "x".repeat(201);
    let body = json!({"force": true, "entries": [
        {"network": "10.0.0.0/08", "label": "a"},
        {"network": "192.0.2.1", "label": "fine"},
        {"network": "010.0.0.1", "label": "a"},
        {"network": "fe80::1%hunter2", "label": "a"},
        {"network": "0.0.0.0/0", "label": "all"},
        {"network": "10.0.0.0/7", "label": "broad"},
        {"network": "2000::/15", "label": "broad"},
        {"network": "192.0.2.2", "label": "a\nb"},
        {"network": "192.0.2.3", "label": long},
        {"network": "::ffff:10.0.0.0/95", "label": "a"},
    ]});
    let reply = put_from(&gate, INSIDE, &gate.admin, &body).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (422, "ALLOWLIST_REFUSED"), "{}", reply.text);
    assert!(text(&reply.body["error"]["message"]).starts_with("9 entries are refused"));
    assert!(!reply.text.contains("hunter2"));
    let faults = reply.body["error"]["details"]["entries"].as_array().unwrap();
    let told: Vec<(u64, Option<u64>, &str, &str)> = faults
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (one["entry"].as_u64().unwrap(), one["column"].as_u64(), text("field"), text("code"))
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, Some(10), "network", "bad_length"),
            (3, Some(1), "network", "octal"),
            (4, Some(8), "network", "zone"),
            (5, None, "network", "too_broad"),
            (6, None, "network", "too_broad"),
            (7, None, "network", "too_broad"),
            (8, Some(2), "label", "label_control"),
            (9, Some(201), "label", "label_too_long"),
            (10, Some(17), "network", "mapped_too_short"),
        ]
    );
    assert!(text(&faults[0]["message"]).ends_with("write 10.0.0.0/8"), "{}", faults[0]);
    for (index, limit) in [(3, "/8"), (4, "/8"), (5, "/16")] {
        let message = text(&faults[index]["message"]);
        assert!(message.contains(&format!("broader than {limit}")), "{message}");
        assert!(message.contains("{\"entries\":[]}, allows every address"), "{message}");
    }
    let shown = gate.get_from(INSIDE, LIST, &gate.admin).await;
    assert_eq!((&shown.body["version"], &shown.body["count"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn bodies_that_are_no_lists() {
    let gate = Gate::open().await;
    for body in [
        json!({}),
        json!([]),
        json!({"entries": [{"label": "no network"}]}),
        json!({"entries": [{"network": 10, "label": "a"}]}),
        json!({"entries": ["10.0.0.0/8"]}),
        json!({"entries": [], "force": "yes"}),
        json!({"entries": [], "owner": "org_other"}),
    ] {
        let reply = put_from(&gate, INSIDE, &gate.admin, &body).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (422, "INVALID_REQUEST"), "{body}");
    }
    assert_eq!(gate.post(LIST, &gate.admin, office()).await.status, 405);
}

#[tokio::test]
async fn a_thousand_entries_and_no_more() {
    let gate = Gate::open().await;
    let label = "\u{e4}".repeat(100);
    let entries = |count: u32| -> Vec<Value> {
        let network = |n: u32| format!("2001:db8:{n:x}:ffff:ffff:ffff:ffff:0/112");
        (1..=count).map(|n| json!({"network": network(n), "label": label})).collect()
    };
    let most = json!({"entries": entries(1000), "force": true});
    let reply = put_from(&gate, "2001:db8:3e8:ffff:ffff:ffff:ffff:1", &gate.admin, &most).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.body["count"]),
        (200, &json!(1000)),
        "{}",
        reply.text
    );
    let more = json!({"entries": entries(1001), "force": true});
    let peer = "2001:db8:1:ffff:ffff:ffff:ffff:1";
    let reply = put_from(&gate, peer, &gate.admin, &more).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (422, "ALLOWLIST_REFUSED"));
    assert!(text(&reply.body["error"]["message"]).contains("at most 1000 entries"));
    let huge = json!({"entries": [{"network": "10.0.0.0/8", "label": "x".repeat(600 * 1024)}]});
    assert_eq!(put_from(&gate, peer, &gate.admin, &huge).await.status, 413);
    assert_eq!(gate.get_from(peer, LIST, &gate.admin).await.body["version"], 1);
}

/// The list that is put has to hold whoever puts it, in whichever form the address comes.
#[tokio::test]
async fn nobody_locks_himself_out() {
    let gate = Gate::open().await;
    let of = |network: &str| json!({"entries": [{"network": network, "label": "l"}]});
    for (peer, network) in [
        (OUTSIDE, "203.0.113.0/24"),
        ("::ffff:198.51.100.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8:1::/48"),
        ("2001:db8::1", "203.0.113.0/24"),
    ] {
        let reply = put_from(&gate, peer, &gate.admin, &of(network)).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (409, "WOULD_LOCK_YOU_OUT"), "{peer}");
        let address = peer.trim_start_matches("::ffff:");
        assert_eq!(reply.body["error"]["details"]["address"], address);
        assert_eq!(gate.get_from(peer, LIST, &gate.admin).await.body["version"], 0);
    }
    for (version, (peer, network)) in (1..).zip([
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        (INSIDE, "::ffff:203.0.113.7"),
        (INSIDE, "::ffff:203.0.113.0/120"),
    ]) {
        let reply = put_from(&gate, peer, &gate.admin, &of(network)).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["version"]),
            (200, &json!(version)),
            "{network}"
        );
    }
    let mut forced = of("2001:db8::/32");
    forced["force"] = json!(true);
    let reply = put_from(&gate, INSIDE, &gate.admin, &forced).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.body["your_address_is_listed"]),
        (200, &json!(false))
    );
    let address = INSIDE;
    let turned_away = gate.get_from(INSIDE, LIST, &gate.admin).await;
    assert_eq!((turned_away.status.as_u16(), turned_away.code()), (403, "ADDRESS_NOT_ALLOWED"));
    assert_eq!(turned_away.body["error"]["details"]["address"], address);
    assert_eq!(gate.get_from("2001:db8::1", LIST, &gate.admin).await.status, 200);
}

/// Who may put a list: as who may mint a key that may do everything.
#[tokio::test]
async fn who_may_put_one() {
    let gate = Gate::open().await;
    let mint = async |body: Value| text(&gate.post(KEYS, &gate.admin, body).await.body["key"]);
    let reader = mint(json!({"name": "r", "scopes": ["read", "write"]})).await;
    let part = mint(json!({"name": "p", "scopes": ["admin:keys"]})).await;
    let test = mint(json!({"name": "t", "scopes": ["admin"], "format": "gate_acct_test"})).await;
    for key in [&reader, &part] {
        for reply in
            [put_from(&gate, INSIDE, key, &office()).await, gate.get_from(INSIDE, LIST, key).await]
        {
            assert_eq!((reply.status.as_u16(), reply.code()), (403, "INSUFFICIENT_SCOPE"));
        }
    }
    let reply = put_from(&gate, INSIDE, &test, &office()).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "KEY_BEYOND_REACH"));
    assert_eq!(gate.get_from(INSIDE, LIST, &test).await.status, 200);
    let collector =
        json!({"name": "c", "scopes": ["admin"], "format": "gate_coll_live", "server": "s1"});
    let collector = mint(collector).await;
    let reply = put_with(&gate, INSIDE, &collector, &office(), &[("x-server-id", "s1")]).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "KEY_BEYOND_REACH"));
    assert_eq!(put_from(&gate, INSIDE, "junk", &office()).await.status, 401);
    let nobody = Browser::default().put(&gate, LIST, office()).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(gate.get_from(OUTSIDE, LIST, &gate.admin).await.body["version"], 0);
    // A key types no password, as for a new key.
    gate.pass(Duration::from_hours(1));
    assert_eq!(put_from(&gate, INSIDE, &gate.admin, &office()).await.status, 200);
}

#[tokio::test]
async fn a_person_types_the_password_once_more() {
    let gate = Gate::open().await;
    let mut ann = ann(&gate).await.at(INSIDE);
    gate.pass(Duration::from_mins(5));
    let refused = ann.put(&gate, LIST, office()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "STEP_UP_REQUIRED"));
    assert_eq!(ann.get(&gate, LIST).await.body["version"], 0);
    let proof = json!({"password": PASSWORD});
    assert_eq!(ann.post(&gate, PROVE, proof).await.status, 200);
    let put = ann.put(&gate, LIST, office()).await;
    assert_eq!((put.status.as_u16(), &put.body["count"]), (200, &json!(1)), "{}", put.text);
    assert_eq!(gate.get_from(OUTSIDE, WHOAMI, &gate.admin).await.status, 200, "hers alone");
}

#[tokio::test]
async fn a_list_that_somebody_else_changed() {
    let gate = Gate::open().await;
    let put = async |tags: &[&str], body: &Value| {
        let headers: Vec<_> = tags.iter().map(|tag| ("if-match", *tag)).collect();
        put_with(&gate, INSIDE, &gate.admin, body, &headers).await
    };
    assert_eq!(put(&["\"0\""], &office()).await.body["version"], 1);
    for stale in [&["\"0\""][..], &["\"2\""], &["1"], &["W/\"1\""], &["\"0\", \"2\""], &[""]] {
        let reply = put(stale, &json!({"entries": []})).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (412, "ALLOWLIST_CHANGED"), "{stale:?}");
    }
    assert_eq!(gate.get_from(INSIDE, LIST, &gate.admin).await.body["count"], 1);
    for (version, good) in
        (2..).zip([&["\"1\""][..], &["\"7\", \"2\""], &["\"7\"", "\"3\""], &["*"], &[]])
    {
        let reply = put(good, &office()).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["version"]),
            (200, &json!(version)),
            "{good:?}"
        );
    }
}
