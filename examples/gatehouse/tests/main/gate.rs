//! The service in this process, with a clock that the test moves.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use gatehouse::config::{Config, Database};
use gatehouse::{
    Admission, Allowlists, App, Clock, Epochs, Inbound, Limits, NORMALIZATION, Passwords, Peer,
    Revocations, SessionStore, UserSessions, Users, Webhooks, issue_admin_key, open, router,
};
use palisade::password::{
    Argon2id, HashPool, Hasher, HasherBuilder, MemoryBudget, PasswordPolicy, Queue,
};
use palisade::secret::Keyring;
use serde_json::Value;
use tower::ServiceExt;

/// Limits that are not met: a test sends more in a moment, from one address, than anybody should. Windows, since a clock
/// that steps back empties a bucket.
pub(crate) const GENEROUS: [(&str, &str); 6] = [
    ("RATE_LIMIT_PER_IP", "1000000/s fixed"),
    ("RATE_LIMIT_PER_LOGIN", "1000000/s fixed"),
    ("RATE_LIMIT_PER_LOGIN_AND_IP", "1000000/s fixed"),
    ("RATE_LIMIT_PER_ACCOUNT", "1000000/s fixed"),
    ("RATE_LIMIT_PER_KEY", "1000000/s fixed"),
    ("RATE_LIMIT_PER_SESSION", "1000000/s fixed"),
];

pub(crate) struct Gate {
    pub(crate) app: Arc<App>,
    /// An admin key of `org_demo`.
    pub(crate) admin: String,
    router: Router,
    now: Arc<Mutex<SystemTime>>,
    /// Whether the next one to ask for the time finds a fault of the program.
    faulty: Arc<AtomicBool>,
}

/// A response that was read whole, and checked for what holds of all of them.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Gate {
    pub(crate) async fn open() -> Self {
        Self::with_vars(&[]).await
    }

    /// The service that is told these variables.
    pub(crate) async fn with_vars(vars: &[(&str, &str)]) -> Self {
        Self::with(vars, pool(cheap_hasher().build().unwrap(), 2, 16), None).await
    }

    /// The service with no users yet and this pool.
    pub(crate) async fn with_pool(pool: HashPool) -> Self {
        Self::with(&[], pool, None).await
    }

    /// The service with its sessions in this store.
    pub(crate) async fn with_sessions_in(store: SessionStore) -> Self {
        Self::with(&[], pool(cheap_hasher().build().unwrap(), 2, 16), Some(store)).await
    }

    async fn with(vars: &[(&str, &str)], pool: HashPool, store: Option<SessionStore>) -> Self {
        // A whole second, as cookies count.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
        // Of two values of one variable, the last one holds.
        let vars = [("GATEHOUSE_DATABASE", ":memory:")].iter().chain(&GENEROUS).chain(vars);
        let vars = vars.map(|(name, value)| (name.into(), value.into()));
        let config = Config::from_vars(vars).unwrap();
        let mut opened = open(&config, now).await.unwrap();
        assert!(opened.is_new);
        let clock_now = now;
        let now = Arc::new(Mutex::new(now));
        let faulty = Arc::new(AtomicBool::new(false));
        let clock = {
            let (now, faulty) = (Arc::clone(&now), Arc::clone(&faulty));
            Clock::from_fn(move || {
                assert!(!faulty.swap(false, Ordering::SeqCst), "a fault that a test made");
                // With nanoseconds, as the clock of the system has and no store keeps.
                *now.lock().unwrap() + Duration::from_nanos(789)
            })
        };
        let users = match &config.database {
            Database::Memory => Users::in_memory().await.unwrap(),
            Database::File(path) => Users::open(path).await.unwrap(),
        };
        let policy = PasswordPolicy::single_factor(NORMALIZATION).word("gatehouse");
        let passwords = Passwords { users, pool, policy: policy.build().unwrap() };
        let store = store.unwrap_or_else(|| opened.keys.store().database().sessions());
        let people = UserSessions::open(&config.sessions, &mut opened.secrets, store).unwrap();
        let epochs = Epochs::open(&config.sessions, &mut opened.secrets).unwrap();
        let lists = passwords.users.allowlists();
        let lists = Allowlists::open(lists, config.allowlist_staleness, clock_now).await.unwrap();
        let store = passwords.users.webhooks();
        let inbound = Inbound::open(&config, &mut opened.secrets, &store).unwrap();
        let webhooks = Webhooks::open(&config, &mut opened.secrets, store).await.unwrap();
        let admission = Admission { clients: config.clients, lists };
        let keys = opened.keys;
        let redis = config.limits.database();
        let limits = Limits::open(&config.limits, redis.as_ref()).unwrap();
        let revocations = Revocations::open(&config.limits, redis.as_ref());
        let app = App::new(
            keys,
            passwords,
            people,
            epochs,
            admission,
            webhooks,
            inbound,
            limits,
            revocations,
            clock,
        );
        let app = app.unwrap();
        let app = Arc::new(app);
        let router = router(Arc::clone(&app));
        let mut gate = Self { app, admin: String::new(), router, now, faulty };
        gate.admin = gate.admin_of("org_demo").await;
        gate
    }

    /// A new admin key of this organisation.
    pub(crate) async fn admin_of(&self, owner: &str) -> String {
        let owner = owner.parse().unwrap();
        issue_admin_key(&self.app.keys, owner, self.app.now()).await.unwrap().key.reveal()
    }

    pub(crate) fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// Has the next one that asks for the time panic.
    pub(crate) fn break_the_clock(&self) {
        self.faulty.store(true, Ordering::SeqCst);
    }

    pub(crate) fn clock_is_broken(&self) -> bool {
        self.faulty.load(Ordering::SeqCst)
    }

    pub(crate) fn go_back(&self, time: Duration) {
        *self.now.lock().unwrap() -= time;
    }

    /// Sends a request, from this machine unless it says otherwise.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        request.extensions_mut().get_or_insert(Peer(Ipv4Addr::LOCALHOST.into()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body: Value = if head.status == StatusCode::NO_CONTENT {
            assert!(text.is_empty() && !head.headers.contains_key("content-type"));
            Value::Null
        } else {
            assert_eq!(head.headers["content-type"], "application/json");
            serde_json::from_str(&text).expect("every body is JSON")
        };

        assert_eq!(head.headers["cache-control"], "no-store");
        assert!(head.headers.contains_key("x-request-id"));
        assert!(!text.contains("digest") && !text.contains("hmac-sha256"), "{text}");
        if !head.status.is_success() {
            let code = body["error"]["code"].as_str().unwrap();
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
            assert!(body["error"]["message"].is_string());
            assert!(body["error"]["details"]["hint"].is_string());
        }
        let challenged =
            matches!(head.status.as_u16(), 401) || body["error"]["code"] == "INSUFFICIENT_SCOPE";
        assert!(!challenged || head.headers.contains_key("www-authenticate"), "{text}");
        Reply { status: head.status, headers: head.headers, text, body }
    }

    /// Sends a request over a connection from this address.
    pub(crate) async fn send_from(&self, peer: &str, mut request: Request<Body>) -> Reply {
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        self.send(request).await
    }

    pub(crate) async fn get_from(&self, peer: &str, path: &str, key: &str) -> Reply {
        self.send_from(peer, request(Method::GET, path, key).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Reply {
        self.send(request(Method::GET, path, key).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str, key: &str) -> Reply {
        self.send(request(Method::DELETE, path, key).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Reply {
        self.send_json(Method::POST, path, key, body).await
    }

    pub(crate) async fn post_from(&self, peer: &str, path: &str, key: &str, body: &Value) -> Reply {
        self.send_from(peer, json_request(Method::POST, path, key, body.to_string())).await
    }

    pub(crate) async fn send_json(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Value,
    ) -> Reply {
        self.send(json_request(method, path, key, body.to_string())).await
    }

    /// Mints a key with the admin key and returns its id and the key.
    pub(crate) async fn mint(&self, body: Value) -> (String, String) {
        let reply = self.post("/api/v1/keys", &self.admin, body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        (text(&reply.body["id"]), text(&reply.body["key"]))
    }
}

/// A policy under the pepper `p1` that costs next to nothing.
pub(crate) fn cheap_hasher() -> HasherBuilder {
    let ring = Keyring::from_text("p1:f1w9BKZzgNoEVpRAYoUNZfAKkc_eOcMd9NHDhOBqSHY").unwrap();
    let mint = Argon2id::new(64, 1, 1).unwrap();
    Hasher::builder().normalization(NORMALIZATION).mint(mint).peppers(ring)
}

pub(crate) fn pool(hasher: Hasher, workers: usize, queue: usize) -> HashPool {
    let budget = MemoryBudget::mib(64);
    HashPool::with_workers(hasher, workers, budget, Queue::bounded(queue)).unwrap()
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn challenge(&self) -> &str {
        self.headers.get("www-authenticate").map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn request(method: Method, path: &str, key: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"))
}

pub(crate) fn json_request(method: Method, path: &str, key: &str, body: String) -> Request<Body> {
    request(method, path, key)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
