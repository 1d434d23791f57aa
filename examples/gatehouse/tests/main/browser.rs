//! A client that keeps cookies, as far as a browser's are of interest here.

use axum::body::Body;
use axum::http::{Method, Request};
use gatehouse::Peer;
use serde_json::{Value, json};

use crate::gate::{Gate, Reply};

pub(crate) const COOKIE: &str = "__Host-gatehouse_session";
pub(crate) const PASSWORD: &str = "to be or not to be, ann";

/// What one browser holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    /// The value of the session cookie.
    pub(crate) cookie: Option<String>,
    pub(crate) user_agent: Option<&'static str>,
    /// From where it connects; from this machine unless it is set.
    pub(crate) peer: Option<&'static str>,
}

/// Registers someone, and returns the id.
pub(crate) async fn register(gate: &Gate, login: &str, password: &str) -> String {
    let body = json!({"login": login, "password": password});
    let reply = Browser::default().post(gate, "/api/v1/auth/register", body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.body["id"].as_str().unwrap().to_owned()
}

/// A browser in which `ann`, who is new, is signed in.
pub(crate) async fn ann(gate: &Gate) -> Browser {
    register(gate, "ann", PASSWORD).await;
    signed_in(gate, "ann", PASSWORD).await
}

/// A browser in which someone is signed in.
pub(crate) async fn signed_in(gate: &Gate, login: &str, password: &str) -> Browser {
    let mut browser = Browser::default();
    let reply = browser.login(gate, login, password).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    browser
}

impl Browser {
    /// One that holds this cookie.
    pub(crate) fn with_cookie(cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..Self::default() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("theme=dark; {COOKIE}={cookie}"));
        }
        if let Some(agent) = self.user_agent {
            request = request.header("user-agent", agent);
        }
        if let Some(peer) = self.peer {
            request = request.extension(Peer(peer.parse().unwrap()));
        }
        request
    }

    /// The same browser, connected from elsewhere.
    pub(crate) fn at(&self, peer: &'static str) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }

    pub(crate) async fn login(&mut self, gate: &Gate, login: &str, password: &str) -> Reply {
        let body = json!({"login": login, "password": password});
        self.post(gate, "/api/v1/auth/login", body).await
    }

    pub(crate) async fn get(&mut self, gate: &Gate, path: &str) -> Reply {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(gate, request).await
    }

    pub(crate) async fn delete(&mut self, gate: &Gate, path: &str) -> Reply {
        let request = self.request(Method::DELETE, path).body(Body::empty()).unwrap();
        self.send(gate, request).await
    }

    pub(crate) async fn post(&mut self, gate: &Gate, path: &str, body: Value) -> Reply {
        self.send_json(gate, Method::POST, path, body).await
    }

    pub(crate) async fn put(&mut self, gate: &Gate, path: &str, body: Value) -> Reply {
        self.send_json(gate, Method::PUT, path, body).await
    }

    async fn send_json(&mut self, gate: &Gate, method: Method, path: &str, body: Value) -> Reply {
        let request = self.request(method, path).header("content-type", "application/json");
        self.send(gate, request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Whether whoever holds this is signed in.
    pub(crate) async fn is_signed_in(&self, gate: &Gate) -> bool {
        let reply = self.clone().get(gate, "/api/v1/sessions").await;
        assert!(matches!(reply.status.as_u16(), 200 | 401), "{}", reply.text);
        reply.status == 200
    }

    async fn send(&mut self, gate: &Gate, request: Request<Body>) -> Reply {
        let reply = gate.send(request).await;
        let set: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
        assert!(set.len() <= 1);
        if let Some(set) = set.first() {
            let (pair, attributes) = set.to_str().unwrap().split_once("; ").unwrap();
            let value = pair.strip_prefix(&format!("{COOKIE}=")).unwrap();
            self.cookie = (!attributes.contains("Max-Age=0")).then(|| value.to_owned());
        }
        reply
    }
}

/// The answer leaves the cookie of the browser as it is.
pub(crate) fn leaves_the_cookie(reply: &Reply) -> bool {
    !reply.headers.contains_key("set-cookie")
}
