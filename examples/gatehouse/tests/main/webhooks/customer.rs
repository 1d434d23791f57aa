//! A customer who receives webhooks, and a service that sends them.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use palisade::webhook::{Scheme, SharedSecret, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::gate::{Gate, text};

pub(super) const ENDPOINTS: &str = "/api/v1/webhooks/endpoints";

/// Longer than anything takes here, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_mins(1);

/// What happens within a machine; the schedule of attempts is moved by the clock of the test.
pub(super) const OPEN: [(&str, &str); 2] =
    [("GATEHOUSE_WEBHOOK_LOOPBACK", "allow"), ("GATEHOUSE_WEBHOOK_RETRY_SECONDS", "10,100")];

/// A receiver that answers as it is told, and 200 where it is told nothing.
#[derive(Clone, Default)]
pub(super) struct Customer {
    pub(super) url: String,
    received: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

#[derive(Clone)]
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) enum Answer {
    Status(u16),
    /// A status and a header.
    With(u16, &'static str, String),
    /// A status, once the test says so.
    When(oneshot::Receiver<()>, u16),
    /// No answer for a long time.
    Hang,
}

impl Customer {
    pub(super) async fn new() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub(super) async fn at(addr: &str) -> Self {
        let listener = TcpListener::bind(addr).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let customer = Self { url, ..Self::default() };
        let router = Router::new().fallback(receive).with_state(customer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        customer
    }

    pub(super) fn answer(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(super) fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until there are so many requests, and returns the last of them.
    pub(super) async fn nth(&self, count: usize) -> Request {
        until(|| async { self.count() >= count }).await;
        self.all()[count - 1].clone()
    }
}

async fn receive(State(customer): State<Customer>, headers: HeaderMap, body: Bytes) -> Response {
    customer.received.lock().unwrap().push(Request { headers, body });
    let answer = customer.answers.lock().unwrap().pop_front();
    match answer {
        None => StatusCode::OK.into_response(),
        Some(Answer::Status(code)) => StatusCode::from_u16(code).unwrap().into_response(),
        Some(Answer::With(code, name, value)) => {
            (StatusCode::from_u16(code).unwrap(), [(name, value)]).into_response()
        }
        Some(Answer::When(word, code)) => {
            word.await.unwrap();
            StatusCode::from_u16(code).unwrap().into_response()
        }
        Some(Answer::Hang) => {
            tokio::time::sleep(PATIENCE * 10).await;
            StatusCode::OK.into_response()
        }
    }
}

impl Request {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn is_standard(&self, secret: &str, now: SystemTime) -> bool {
        let key = SharedSecret::from_whsec(secret).unwrap();
        self.verifies(Scheme::STANDARD, &key, now)
    }

    /// By the text of the secret itself.
    pub(super) fn is_glacis(&self, secret: &str, now: SystemTime) -> bool {
        let key = SharedSecret::from_text(secret).unwrap();
        self.verifies(Scheme::GLACIS, &key, now)
    }

    fn verifies(&self, scheme: Scheme, key: &SharedSecret, now: SystemTime) -> bool {
        let verifier = Verifier::builder(scheme).key("k".parse().unwrap(), key).build().unwrap();
        verifier.verify(&self.headers, &self.body, now).is_ok()
    }
}

/// Waits for something that happens in another task.
pub(super) async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "it does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A service that sends, until it is stopped.
pub(super) struct Sender {
    gate: Gate,
    task: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Deref for Sender {
    type Target = Gate;

    fn deref(&self) -> &Gate {
        &self.gate
    }
}

impl Sender {
    pub(super) async fn open() -> Self {
        Self::with_vars(&OPEN).await
    }

    pub(super) async fn with_vars(vars: &[(&str, &str)]) -> Self {
        let mut sender = Self { gate: Gate::with_vars(vars).await, task: None };
        sender.start();
        sender
    }

    pub(super) fn start(&mut self) {
        let (stop, stopped) = watch::channel(false);
        let run = gatehouse::dispatch_webhooks(Arc::clone(&self.gate.app), stopped);
        self.task = Some((stop, tokio::spawn(run)));
    }

    /// As the service stops.
    pub(super) async fn stop(&mut self) {
        let (stop, task) = self.task.take().unwrap();
        stop.send(true).unwrap();
        task.await.unwrap();
    }

    /// As the service stops; something happens meanwhile, and then the receiver answers.
    pub(super) async fn event_while_stopping(&mut self, word: oneshot::Sender<()>) {
        let (stop, task) = self.task.take().unwrap();
        stop.send(true).unwrap();
        // The task is told first, since all of these are on one thread.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.event().await;
        word.send(()).unwrap();
        task.await.unwrap();
    }

    /// As a process dies.
    pub(super) async fn kill(&mut self) {
        let (_stop, task) = self.task.take().unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    /// Registers an endpoint: its path and its secret.
    pub(super) async fn register(&self, url: &str) -> (String, String) {
        let reply = self.post(ENDPOINTS, &self.admin, json!({"url": url})).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        (format!("{ENDPOINTS}/{}", text(&reply.body["id"])), text(&reply.body["secret"]))
    }

    /// Makes something happen that endpoints are told of, and returns the id of the key.
    pub(super) async fn event(&self) -> String {
        self.mint(json!({"name": "event", "scopes": ["read:controls"]})).await.0
    }

    /// Has this path posted to without a body.
    pub(super) async fn ask(&self, path: &str) -> crate::gate::Reply {
        self.post(path, &self.admin, json!({})).await
    }

    /// The latest delivery of an endpoint.
    pub(super) async fn delivery(&self, endpoint: &str) -> Value {
        self.get(endpoint, &self.admin).await.body["deliveries"][0].clone()
    }

    /// Waits until the latest delivery of an endpoint is so.
    pub(super) async fn until_delivery(&self, endpoint: &str, member: &str, value: Value) {
        until(|| async { self.delivery(endpoint).await[member] == value }).await;
    }
}

/// A service that sends, and a look into its database. The folder holds it.
pub(super) async fn in_file() -> (tempfile::TempDir, Sender, sqlx::SqlitePool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.db");
    let path = path.to_str().unwrap();
    let mut vars = OPEN.to_vec();
    vars.push(("GATEHOUSE_DATABASE", path));
    let sender = Sender::with_vars(&vars).await;
    let database = sqlx::SqlitePool::connect(path).await.unwrap();
    (folder, sender, database)
}
