//! A receiver that answers as it is told, and a resolver that does.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gatehouse::egress::{
    Addresses, Answer, Egress, EgressBuilder, EgressError, Loopback, Message, Place, Resolve,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The body of every message here, by which a receiver knows that it has all of it.
pub(super) const BODY: &str = r#"{"event":"test"}"#;

/// A socket that listens.
pub(super) struct Receiver {
    listener: TcpListener,
    pub(super) port: u16,
}

impl Receiver {
    pub(super) async fn new() -> Self {
        Self::at("127.0.0.1", 0).await
    }

    pub(super) async fn at(address: &str, port: u16) -> Self {
        let listener = TcpListener::bind((address, port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// Answers one request with these bytes, closes, and gives back the request.
    pub(super) async fn answer(&self, answer: &[u8]) -> String {
        let mut stream = self.accept().await;
        let request = request(&mut stream).await;
        // Whoever has read enough closes before all is written.
        let _ = stream.write_all(answer).await;
        let _ = stream.shutdown().await;
        request
    }

    /// Whether nobody ever connected.
    pub(super) fn untouched(self) -> bool {
        let listener = self.listener.into_std().unwrap();
        listener.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// Reads up to the end of a request with [`BODY`].
pub(super) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    while !read.ends_with(BODY.as_bytes()) {
        if stream.read_buf(&mut read).await.unwrap() == 0 {
            break;
        }
    }
    String::from_utf8(read).unwrap()
}

pub(super) fn open() -> EgressBuilder {
    Egress::builder().loopback(Loopback::Allow).ports(1..=u16::MAX)
}

pub(super) fn message() -> Message {
    Message::new(BODY).header("content-type", "application/json").unwrap()
}

pub(super) async fn post(egress: &Egress, url: &str) -> Result<Answer, EgressError> {
    egress.post("org_demo", &egress.target(url).unwrap(), &message()).await
}

/// A resolver with an answer for each time that it is asked; the last one holds.
#[derive(Clone)]
pub(super) struct Script {
    answers: Arc<[Vec<IpAddr>]>,
    asked: Arc<AtomicUsize>,
}

impl Script {
    pub(super) fn new(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Self { answers: answers.iter().map(parse).collect(), asked: Arc::default() }
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Script {
    fn resolve<'a>(&'a self, _: &'a str, _: Place) -> Addresses<'a> {
        let time = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(time).or(self.answers.last()).cloned();
        Box::pin(async move { answer.ok_or_else(|| io::Error::from(ErrorKind::NotFound)) })
    }
}

/// A resolver that never answers.
pub(super) struct Silent;

impl Resolve for Silent {
    fn resolve<'a>(&'a self, _: &'a str, _: Place) -> Addresses<'a> {
        Box::pin(std::future::pending())
    }
}

/// A resolver that never answers for names with `hangs` in them, and goes on with such a lookup when nobody waits for it.
#[derive(Clone, Default)]
pub(super) struct Hanging {
    places: Arc<Mutex<Vec<Place>>>,
}

impl Hanging {
    /// How many lookups hang.
    pub(super) fn count(&self) -> usize {
        self.places.lock().unwrap().len()
    }

    pub(super) fn end(&self) {
        self.places.lock().unwrap().clear();
    }
}

impl Resolve for Hanging {
    fn resolve<'a>(&'a self, name: &'a str, place: Place) -> Addresses<'a> {
        if name.contains("hangs") {
            self.places.lock().unwrap().push(place);
            return Box::pin(std::future::pending());
        }
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}
