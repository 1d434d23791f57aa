//! Signing in and out, and where one is signed in.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use gatehouse::Peer;
use serde_json::{Value, json};

use crate::browser::{Browser, COOKIE, PASSWORD, ann, leaves_the_cookie, register, signed_in};
use crate::gate::{Gate, text};

const LOGIN: &str = "/api/v1/auth/login";
const LOGOUT: &str = "/api/v1/auth/logout";
const SESSIONS: &str = "/api/v1/sessions";
const OTHERS: &str = "/api/v1/sessions/revoke-others";

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn ids(list: &Value) -> Vec<String> {
    list["sessions"].as_array().unwrap().iter().map(|session| text(&session["id"])).collect()
}

#[tokio::test]
async fn the_cookie() {
    let gate = Gate::open().await;
    let id = register(&gate, "ann", PASSWORD).await;
    let mut browser = Browser::default();
    let reply = browser.login(&gate, "ann", PASSWORD).await;
    let token = browser.cookie.clone().unwrap();
    assert_eq!(
        reply.headers["set-cookie"],
        format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800")
    );
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.body["user_id"], id);
    assert!(token.starts_with(&format!("{}.", text(&reply.body["session_id"]))));
    let end = humantime::format_rfc3339_micros(gate.app.now() + Duration::from_hours(168));
    assert_eq!(reply.body["expires_at"], end.to_string());
    let (_, secret) = token.split_once('.').unwrap();
    assert!(!reply.text.contains(secret), "no script reads it");
}

#[tokio::test]
async fn a_cookie_of_another_name_and_scope() {
    for (vars, set) in [
        (
            &[("GATEHOUSE_SESSION_COOKIE", "glacis_session")][..],
            "__Host-glacis_session=|; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800",
        ),
        (
            &[
                ("GATEHOUSE_SESSION_COOKIE", "guardian_token"),
                ("GATEHOUSE_SESSION_COOKIE_DOMAIN", "glassmkr.com"),
                ("GATEHOUSE_SESSION_COOKIE_SAME_SITE", "lax"),
                ("GATEHOUSE_SESSION_LIFETIME_SECONDS", "86400"),
            ],
            "guardian_token=|; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=glassmkr.com; Max-Age=86400",
        ),
    ] {
        let gate = Gate::with_vars(vars).await;
        register(&gate, "ann", PASSWORD).await;
        let body = json!({"login": "ann", "password": PASSWORD});
        let reply = gate.post(LOGIN, "", body).await;
        let header = text(&reply.headers["set-cookie"].to_str().unwrap().into());
        let (begin, end) = set.split_once('|').unwrap();
        assert!(header.starts_with(begin) && header.ends_with(end), "{header}");
        let pair = header.split(';').next().unwrap();
        let request = Request::builder().uri(SESSIONS).header("cookie", pair);
        assert_eq!(gate.send(request.body(Body::empty()).unwrap()).await.status, 200);
        let request = Request::builder().method(Method::POST).uri(LOGOUT).header("cookie", pair);
        let request = request.header("content-type", "application/json");
        let reply = gate.send(request.body(Body::empty()).unwrap()).await;
        let (scope, _) = end.split_once("Max-Age").unwrap();
        let removal = text(&reply.headers["set-cookie"].to_str().unwrap().into());
        assert_eq!(removal, format!("{begin}{scope}Max-Age=0"), "the scope is repeated");
    }
}

#[tokio::test]
async fn signed_in_twice() {
    let gate = Gate::open().await;
    let mut laptop = ann(&gate).await;
    gate.pass(Duration::from_mins(2));
    let mut phone = Browser { user_agent: Some(FIREFOX), ..Browser::default() };
    phone.login(&gate, "ann", PASSWORD).await;

    let list = phone.get(&gate, SESSIONS).await.body;
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["device"], "Firefox on Linux");
    assert_eq!((&sessions[0]["current"], &sessions[1]["current"]), (&json!(true), &json!(false)));
    let now = humantime::format_rfc3339_micros(gate.app.now()).to_string();
    assert_eq!(sessions[0]["created_at"], now);
    assert_eq!(sessions[0].as_object().unwrap().len(), 6);

    let current = |list: &Value| {
        let all = list["sessions"].as_array().unwrap().clone();
        text(&all.iter().find(|session| session["current"] == true).unwrap()["id"])
    };
    let of_laptop = current(&laptop.get(&gate, SESSIONS).await.body);
    assert!(ids(&list).contains(&of_laptop));
    let reply = phone.delete(&gate, &format!("{SESSIONS}/{of_laptop}")).await;
    assert_eq!(reply.status, 204);
    assert!(leaves_the_cookie(&reply));
    assert!(!laptop.is_signed_in(&gate).await && phone.is_signed_in(&gate).await);
    let again = phone.delete(&gate, &format!("{SESSIONS}/{of_laptop}")).await;
    assert_eq!(again.status, 204, "ending it twice is no error");
    assert_eq!(ids(&phone.get(&gate, SESSIONS).await.body).len(), 1);
}

#[tokio::test]
async fn out_everywhere_else() {
    let gate = Gate::open().await;
    let mut here = ann(&gate).await;
    let elsewhere =
        [signed_in(&gate, "ann", PASSWORD).await, signed_in(&gate, "ann", PASSWORD).await];
    register(&gate, "bob", PASSWORD).await;
    let bob = signed_in(&gate, "bob", PASSWORD).await;
    let reply = here.post(&gate, OTHERS, json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.body), (200, json!({"ended": 2})));
    for browser in &elsewhere {
        assert!(!browser.is_signed_in(&gate).await);
    }
    assert!(here.is_signed_in(&gate).await && bob.is_signed_in(&gate).await);
    assert_eq!(here.post(&gate, OTHERS, json!({})).await.body, json!({"ended": 0}));
}

#[tokio::test]
async fn what_is_not_ones_own_is_not_there() {
    let gate = Gate::open().await;
    let mut ann = ann(&gate).await;
    register(&gate, "bob", PASSWORD).await;
    let mut bob = signed_in(&gate, "bob", PASSWORD).await;
    let of_ann = ids(&ann.get(&gate, SESSIONS).await.body).remove(0);
    assert_eq!(ids(&bob.get(&gate, SESSIONS).await.body).len(), 1, "and not in the list");
    for id in [of_ann.as_str(), "no-such-session", "%00", "a.b", &"x".repeat(33)] {
        let reply = bob.delete(&gate, &format!("{SESSIONS}/{id}")).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (404, "NOT_FOUND"), "{id}");
        assert!(
            !reply.text.contains("key") && !reply.text.contains("organisation"),
            "{}",
            reply.text
        );
    }
    assert!(ann.is_signed_in(&gate).await);
}

#[tokio::test]
async fn a_sign_in_always_gives_a_new_session() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    register(&gate, "bob", PASSWORD).await;
    let first = browser.clone();
    browser.login(&gate, "ann", PASSWORD).await;
    assert_ne!(browser.cookie, first.cookie);
    assert!(!first.is_signed_in(&gate).await, "the session that the request came with is over");

    // Somebody else on the same machine.
    let of_ann = browser.clone();
    let reply = browser.login(&gate, "bob", PASSWORD).await;
    assert_eq!(reply.status, 200);
    assert!(!of_ann.is_signed_in(&gate).await && browser.is_signed_in(&gate).await);

    // A login that fails ends nothing.
    let of_bob = browser.clone();
    let reply = browser.login(&gate, "ann", "to be or not to be, cid").await;
    assert_eq!(reply.status, 401);
    assert!(leaves_the_cookie(&reply) && of_bob.is_signed_in(&gate).await);

    // A token that an attacker planted is not taken over.
    for planted in ["planted", &of_ann.cookie.unwrap(), "AAAAAAAAAAAAAAAAAAAAAA.AAAA"] {
        let mut browser = Browser::with_cookie(planted);
        assert_eq!(browser.login(&gate, "ann", PASSWORD).await.status, 200);
        assert_ne!(browser.cookie.as_deref(), Some(planted));
        assert!(!Browser::with_cookie(planted).is_signed_in(&gate).await);
    }
}

#[tokio::test]
async fn signing_out() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let before = browser.clone();
    let reply = browser.post(&gate, LOGOUT, json!({})).await;
    assert_eq!(reply.status, 204);
    assert_eq!(
        reply.headers["set-cookie"],
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0")
    );
    assert_eq!(browser.cookie, None);
    assert!(!before.is_signed_in(&gate).await);
    let reply = browser.post(&gate, LOGOUT, json!({})).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"));
    assert!(leaves_the_cookie(&reply), "a request without the cookie must not remove one");

    // With a session that is over, or that never was, the cookie goes all the same.
    for cookie in [before.cookie.as_deref().unwrap(), "junk"] {
        let mut browser = Browser::with_cookie(cookie);
        assert_eq!(browser.post(&gate, LOGOUT, json!({})).await.status, 204);
        assert_eq!(browser.cookie, None);
    }

    // To end the current one in the list is to sign out.
    let mut browser = signed_in(&gate, "ann", PASSWORD).await;
    let id = ids(&browser.get(&gate, SESSIONS).await.body).remove(0);
    assert_eq!(browser.delete(&gate, &format!("{SESSIONS}/{id}")).await.status, 204);
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn sessions_run_out() {
    let gate = Gate::with_vars(&[
        ("GATEHOUSE_SESSION_IDLE_SECONDS", "600"),
        ("GATEHOUSE_SESSION_LIFETIME_SECONDS", "3600"),
    ])
    .await;
    register(&gate, "ann", PASSWORD).await;
    let mut idle = signed_in(&gate, "ann", PASSWORD).await;
    let mut busy = signed_in(&gate, "ann", PASSWORD).await;
    gate.pass(Duration::from_secs(599));
    assert!(busy.is_signed_in(&gate).await);
    gate.pass(Duration::from_secs(1));
    let reply = idle.get(&gate, SESSIONS).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"));
    assert!(reply.text.contains("away for long"), "{}", reply.text);
    assert!(leaves_the_cookie(&reply) && idle.cookie.is_some());
    for _ in 0..5 {
        assert!(busy.is_signed_in(&gate).await);
        gate.pass(Duration::from_mins(9));
    }
    gate.pass(Duration::from_mins(5));
    let reply = busy.get(&gate, SESSIONS).await;
    assert!(reply.text.contains("signed in long ago"), "{}", reply.text);
}

#[tokio::test]
async fn a_clock_that_is_wrong_for_a_while() {
    let gate = Gate::open().await;
    let browser = ann(&gate).await;
    gate.pass(Duration::from_hours(2));
    assert!(browser.is_signed_in(&gate).await);
    gate.go_back(Duration::from_hours(26));
    assert!(browser.is_signed_in(&gate).await, "a day back");
    gate.pass(Duration::from_hours(24));
    assert!(browser.is_signed_in(&gate).await);
}

#[tokio::test]
async fn the_least_lately_used_makes_room() {
    let gate = Gate::with_vars(&[("GATEHOUSE_SESSION_LIMIT", "2")]).await;
    let first = ann(&gate).await;
    gate.pass(Duration::from_mins(2));
    let second = signed_in(&gate, "ann", PASSWORD).await;
    gate.pass(Duration::from_mins(2));
    assert!(first.is_signed_in(&gate).await);
    let third = signed_in(&gate, "ann", PASSWORD).await;
    assert!(!second.is_signed_in(&gate).await);
    assert!(first.is_signed_in(&gate).await && third.is_signed_in(&gate).await);
}

#[tokio::test]
async fn cookies_that_no_browser_sends() {
    let gate = Gate::open().await;
    let token = ann(&gate).await.cookie.unwrap();
    let send = async |cookies: &[&str]| {
        let mut request = Request::builder().uri(SESSIONS);
        for cookie in cookies {
            request = request.header("cookie", *cookie);
        }
        gate.send(request.body(Body::empty()).unwrap()).await
    };
    let good = format!("{COOKIE}={token}");
    assert_eq!(send(&[&format!("a=1; {good}"), "b=2"]).await.status, 200);
    assert_eq!(send(&[&format!("{good}; {good}")]).await.status, 200, "the same twice");
    for twice in [
        &[format!("{good}; {COOKIE}=evil").as_str()][..],
        &[format!("{COOKIE}=evil; {good}").as_str()],
        &[&good, format!("{COOKIE}=evil").as_str()],
        &[format!("{good}; {COOKIE}=").as_str()],
    ] {
        let reply = send(twice).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "INVALID_REQUEST"));
        assert!(leaves_the_cookie(&reply));
    }
    for signed_out in [
        format!("{COOKIE}="),
        format!("{COOKIE}=\"{token}\""),
        format!("{COOKIE}={token}x"),
        format!("{COOKIE}={}", &token[..token.len() - 1]),
        format!("{COOKIE}={}", token.to_uppercase()),
        format!("__host-gatehouse_session={token}"),
        format!("gatehouse_session={token}"),
        format!("{COOKIE}={}", "A".repeat(12_000)),
        COOKIE.to_owned(),
    ] {
        let reply = send(&[&signed_out]).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (401, "UNAUTHENTICATED"), "{signed_out}");
        assert!(leaves_the_cookie(&reply));
        assert!(!reply.text.contains(&token[23..]));
    }
    for large in [format!("{COOKIE}={}", "A".repeat(1 << 20)), "c=1; ".repeat(10_000) + &good] {
        assert_eq!(send(&[&large]).await.status, 431);
    }
    let request = Request::builder().uri(SESSIONS).header("cookie", format!("a=1\t2; {good}"));
    assert_eq!(gate.send(request.body(Body::empty()).unwrap()).await.status, 200);
    // A shadow does not sign in, nor does it let anyone sign in beside it.
    let request = Request::builder()
        .method(Method::POST)
        .uri(LOGIN)
        .header("content-type", "application/json")
        .header("cookie", format!("{good}; {COOKIE}=evil"))
        .body(Body::from(json!({"login": "ann", "password": PASSWORD}).to_string()));
    assert_eq!(gate.send(request.unwrap()).await.status, 400);
}

/// What a form of another site can send does nothing.
#[tokio::test]
async fn a_form_is_no_request_of_a_person() {
    let gate = Gate::open().await;
    let browser = ann(&gate).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        for path in [LOGOUT, OTHERS, LOGIN, "/api/v1/keys", "/api/v1/auth/password"] {
            let request = browser.request(Method::POST, path).header("content-type", kind);
            let reply = gate.send(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (415, "UNSUPPORTED_MEDIA_TYPE"));
        }
        let request = browser.request(Method::POST, LOGOUT).body(Body::empty()).unwrap();
        assert_eq!(gate.send(request).await.status, 415);
    }
    assert!(browser.is_signed_in(&gate).await);
}

#[tokio::test]
async fn from_where() {
    let gate = Gate::open().await;
    register(&gate, "ann", PASSWORD).await;
    let body = json!({"login": "ann", "password": PASSWORD}).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri(LOGIN)
        .header("content-type", "application/json")
        .header("x-forwarded-for", "203.0.113.9")
        .extension(Peer("192.0.2.7".parse().unwrap()));
    let reply = gate.send(request.body(Body::from(body)).unwrap()).await;
    let set = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    let value = set.split(['=', ';']).nth(1).unwrap();
    let list = Browser::with_cookie(value).get(&gate, SESSIONS).await.body;
    assert_eq!(list["sessions"][0]["address"], "192.0.2.7", "a header is nobody's address");
}

/// The same with tokens that are signed: the store decides all the same.
#[tokio::test]
async fn signed_tokens() {
    let gate = Gate::with_vars(&[("GATEHOUSE_SESSION_TOKENS", "signed")]).await;
    let mut browser = ann(&gate).await;
    let token = browser.cookie.clone().unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(browser.is_signed_in(&gate).await);
    let proof = json!({"password": PASSWORD});
    let reply = browser.post(&gate, "/api/v1/auth/reauthenticate", proof).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(!Browser::with_cookie(&token).is_signed_in(&gate).await);
    let before = browser.clone();
    assert!(before.is_signed_in(&gate).await);
    assert_eq!(browser.post(&gate, LOGOUT, json!({})).await.status, 204);
    assert!(!before.is_signed_in(&gate).await);
    let other = Gate::with_vars(&[("GATEHOUSE_SESSION_TOKENS", "signed")]).await;
    let there = ann(&other).await;
    assert!(!there.is_signed_in(&gate).await, "of another ring");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hundreds_of_requests_in_one_session() {
    let gate = Arc::new(Gate::open().await);
    let browser = ann(&gate).await;
    gate.pass(Duration::from_mins(2));
    let crowd: Vec<_> = (0..400)
        .map(|_| {
            let (gate, browser) = (Arc::clone(&gate), browser.clone());
            tokio::spawn(async move { browser.is_signed_in(&gate).await })
        })
        .collect();
    for one in crowd {
        assert!(one.await.unwrap());
    }
}

/// A cookie opens no door of a key, and a key no door of a person.
#[tokio::test]
async fn a_session_is_no_key() {
    let gate = Gate::open().await;
    let mut browser = ann(&gate).await;
    let token = browser.cookie.clone().unwrap();
    assert_eq!(gate.get("/api/v1/whoami", &token).await.status, 401);
    assert_eq!(browser.get(&gate, "/api/v1/whoami").await.status, 401);
    assert_eq!(gate.get("/api/v1/keys", &token).await.status, 401);
    for path in [SESSIONS, "/api/v1/keys"] {
        let reply = Browser::with_cookie(&gate.admin).get(&gate, path).await;
        assert_eq!(reply.status, 401);
    }
    assert_eq!(gate.get(SESSIONS, &gate.admin).await.status, 401);
    // With both, the header alone decides where a key would do, and nobody looks at it where none does.
    let request = browser.request(Method::GET, SESSIONS);
    let request = request.header("authorization", "Bearer junk").body(Body::empty()).unwrap();
    assert_eq!(gate.send(request).await.status, 200);
    let request = browser.request(Method::GET, "/api/v1/keys");
    let request = request.header("authorization", "Bearer junk").body(Body::empty()).unwrap();
    assert_eq!(gate.send(request).await.status, 401);
}
