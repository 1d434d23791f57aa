//! What others send here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use palisade::webhook::{MessageId, PrivateKey, Scheme, SharedSecret, Signer, SigningKey};
use serde_json::json;

use crate::gate::{Gate, Reply};

const PEM: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8rGvQkWtWbnPhKUm
QUx+rhj1/Yz46f5P9EEYL3y0XvmhRANCAARsIbKs0mrt64515S2NyDnOUsaVA+py
vYuffsVRF0IjnsubuO7hvxbEQZ0oNHjaz4P90rSbBx7OzXr7Guv5eV79
-----END PRIVATE KEY-----
";
/// A text with whatever a provider may choose.
const TEXT: &str = "wh:sec,ret with all = signs #1";
const URL: &str = "https://example.com/webhooks/in/square";

/// A sender whose keys the service was told.
struct Peer {
    scheme: Scheme,
    signer: Signer,
    variable: String,
    value: String,
}

impl Peer {
    /// The key is the second of two: during a rotation either counts.
    fn new(scheme: Scheme) -> Self {
        let name = scheme.name();
        let (key, good, other): (SigningKey, String, String) = match name {
            "standard" | "svix" => {
                let secret = SharedSecret::generate().unwrap();
                let text = secret.expose_whsec().to_string();
                let other = SharedSecret::generate().unwrap().expose_whsec().to_string();
                (secret.into(), text, other)
            }
            "discord" => {
                let key = PrivateKey::generate_ed25519().unwrap();
                let other = PrivateKey::generate_ed25519().unwrap().public_key().to_string();
                let public = key.public_key().to_string();
                (key.into(), public, other)
            }
            "sendgrid" | "github-secret-scanning" => {
                let key = PrivateKey::from_pem(PEM).unwrap();
                let public = key.public_key().to_string();
                (key.into(), public.clone(), public)
            }
            _ => {
                let text = format!("{TEXT} {name}");
                (SharedSecret::from_text(&text).unwrap().into(), text, format!("old {name}"))
            }
        };
        let mut signer = Signer::builder(scheme).key("good".parse().unwrap(), key);
        if scheme.signs_url() {
            signer = signer.url(URL);
        }
        let variable = format!("GATEHOUSE_INBOUND_{}", name.to_uppercase().replace('-', "_"));
        let value = format!("other:{other}\ngood:{good}\n");
        Self { scheme, signer: signer.build().unwrap(), variable, value }
    }

    fn body(&self, now: SystemTime, text: &str) -> String {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        json!({"webhookTimestamp": since.as_millis(), "from": self.scheme.name(), "text": text})
            .to_string()
    }

    fn request(&self, now: SystemTime, signed: &str, sent: impl Into<Body>) -> Request<Body> {
        let id = MessageId::generate().unwrap();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("/webhooks/in/{}", self.scheme.name()));
        for (name, value) in self.signer.sign(&id, now, signed.as_bytes()).unwrap().iter() {
            request = request.header(name, value);
        }
        request.body(sent.into()).unwrap()
    }

    async fn send(&self, gate: &Gate, text: &str) -> Reply {
        let body = self.body(gate.app.now(), text);
        gate.send(self.request(gate.app.now(), &body, body.clone())).await
    }
}

async fn gate_for(peers: &[Peer], more: &[(&str, &str)]) -> Gate {
    let mut vars: Vec<(&str, &str)> =
        peers.iter().map(|peer| (peer.variable.as_str(), peer.value.as_str())).collect();
    if peers.iter().any(|peer| peer.scheme.signs_url()) {
        vars.push(("GATEHOUSE_INBOUND_SQUARE_URL", URL));
    }
    vars.extend(more);
    Gate::with_vars(&vars).await
}

/// All but those that would need the same public key as another one.
fn peers() -> Vec<Peer> {
    let all = Scheme::ALL.into_iter().filter(|scheme| scheme.name() != "sendgrid");
    all.map(Peer::new).collect()
}

fn is_received(reply: &Reply) -> bool {
    reply.status == 200 && reply.body == json!({"received": true})
}

#[tokio::test]
async fn every_scheme() {
    let mut all = peers();
    let gate = gate_for(&all, &[]).await;
    let sendgrid = Peer::new(Scheme::SENDGRID);
    let gate_of_sendgrid = gate_for(std::slice::from_ref(&sendgrid), &[]).await;
    all.push(sendgrid);
    for peer in &all {
        let (name, gate) = (
            peer.scheme.name(),
            match peer.scheme.name() {
                "sendgrid" => &gate_of_sendgrid,
                _ => &gate,
            },
        );
        let now = gate.app.now();
        let reply = peer.send(gate, "one").await;
        assert!(is_received(&reply), "{name}: {}", reply.text);

        let (signed, sent) = (peer.body(now, "two"), peer.body(now, "2wo"));
        let forged = gate.send(peer.request(now, &signed, sent)).await;
        assert_eq!((forged.status.as_u16(), forged.code()), (401, "UNAUTHENTICATED"), "{name}");
        let bare = Request::builder().method(Method::POST).uri(format!("/webhooks/in/{name}"));
        let reply = gate.send(bare.body(Body::from("{}")).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "INVALID_REQUEST"), "{name}");

        let body = peer.body(now, "three");
        let request = || peer.request(now, &body, body.clone());
        if peer.scheme.has_message_id() {
            // Each request of this helper is another message, so a copy is made of one.
            let (parts, _) = request().into_parts();
            for expected in
                [json!({"received": true}), json!({"received": true, "duplicate": true})]
            {
                let copy = Request::from_parts(parts.clone(), Body::from(body.clone()));
                assert_eq!(gate.send(copy).await.body, expected, "{name}");
            }
        } else {
            let (parts, _) = request().into_parts();
            for expected in
                [json!({"received": true}), json!({"received": true, "duplicate": true})]
            {
                let mut copy = Request::from_parts(parts.clone(), Body::from(body.clone()));
                // What is not signed makes no other message of it.
                copy.headers_mut().insert("x-github-delivery", "another".parse().unwrap());
                assert_eq!(gate.send(copy).await.body, expected, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn who_is_not_configured_is_not_there() {
    let gate = gate_for(&[Peer::new(Scheme::GITHUB)], &[]).await;
    for name in ["glacis", "stripe", "nobody", "GITHUB", "github%00", "..", "%ff", "github%ff"] {
        let request = Request::builder().method(Method::POST).uri(format!("/webhooks/in/{name}"));
        let reply = gate.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (404, "NOT_FOUND"), "{name}");
        let is_known = ["glacis", "stripe"].contains(&name);
        assert_eq!(reply.text.contains("this sender is not set up"), is_known, "{}", reply.text);
    }
    let request = Request::builder().uri("/webhooks/in/github").body(Body::empty()).unwrap();
    assert_eq!(gate.send(request).await.status, 405);
}

/// A wrong signature of a key that there is, and one of a key that there is not, are one answer.
#[tokio::test]
async fn which_keys_there_are_is_not_told() {
    let peer = Peer::new(Scheme::GITHUB_SECRET_SCANNING);
    let gate = gate_for(std::slice::from_ref(&peer), &[]).await;
    let mut replies = Vec::new();
    for key in [None, Some("0".repeat(64))] {
        let mut request = peer.request(gate.app.now(), "a", "b");
        if let Some(key) = key {
            request.headers_mut().insert("Github-Public-Key-Identifier", key.parse().unwrap());
        }
        let reply = gate.send(request).await;
        replies.push((reply.status, reply.challenge().to_owned(), reply.text));
    }
    assert_eq!(replies[0], replies[1]);
}

#[tokio::test]
async fn old_and_replayed_messages() {
    let peer = Peer::new(Scheme::STANDARD);
    let gate = gate_for(std::slice::from_ref(&peer), &[]).await;
    let now = gate.app.now();
    let old = gate.send(peer.request(now - Duration::from_secs(301), "a", "a")).await;
    assert_eq!((old.status.as_u16(), old.code()), (401, "UNAUTHENTICATED"));
    // For days, where the time is signed: after that its attempts are over, and it is another message.
    let id = |request: &mut Request<Body>, gate: &Gate| {
        let time = gate.app.now();
        let headers = peer.signer.sign(&"msg_1".parse().unwrap(), time, b"a").unwrap();
        for (name, value) in headers.iter() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    };
    for (days, is_known) in [(0, false), (6, true), (8, false)] {
        gate.pass(Duration::from_hours(days * 24));
        let mut request = peer.request(gate.app.now(), "a", "a");
        id(&mut request, &gate);
        assert_eq!(gate.send(request).await.body["duplicate"] == true, is_known, "{days}");
    }
    let peer = Peer::new(Scheme::GLACIS);
    let gate = gate_for(std::slice::from_ref(&peer), &[]).await;
    assert!(is_received(&gate.send(peer.request(now, "a", "a")).await));
    gate.pass(Duration::from_hours(89 * 24));
    let replayed = gate.send(peer.request(now, "a", "a")).await;
    assert_eq!(replayed.body, json!({"received": true, "duplicate": true}));
}

/// What is known of one sender has a limit, beyond which nothing of it is taken; the others do not notice.
#[tokio::test]
async fn replay_keys_have_a_limit_for_each_sender() {
    let peers = [Peer::new(Scheme::GITHUB), Peer::new(Scheme::GLACIS)];
    let gate = gate_for(&peers, &[("GATEHOUSE_INBOUND_MAX_REPLAYS", "2")]).await;
    let [github, glacis] = &peers;
    let now = gate.app.now();
    for text in ["one", "two"] {
        assert!(is_received(&github.send(&gate, text).await));
    }
    let full = github.send(&gate, "three").await;
    assert_eq!((full.status.as_u16(), full.code()), (503, "UNAVAILABLE"), "{}", full.text);
    let body = github.body(now, "one");
    let known = gate.send(github.request(now, &body, body.clone())).await;
    assert_eq!(
        known.body,
        json!({"received": true, "duplicate": true}),
        "what is known stays known"
    );
    assert!(is_received(&glacis.send(&gate, "one").await));
    // Those whose end has come make room.
    gate.pass(Duration::from_hours(91 * 24));
    for text in ["three", "four"] {
        assert!(is_received(&github.send(&gate, text).await));
    }
    assert_eq!(github.send(&gate, "five").await.status, 503);
}

/// What is kept of the bodies of one sender has a limit, so that none can fill the disk.
#[tokio::test]
async fn kept_bodies_have_a_limit_for_each_sender() {
    let peers = [Peer::new(Scheme::GITHUB), Peer::new(Scheme::GLACIS)];
    let limits = [
        ("GATEHOUSE_INBOUND_MAX_BODY_BYTES", "1000"),
        ("GATEHOUSE_INBOUND_MAX_KEPT_BYTES", "2500"),
    ];
    let gate = gate_for(&peers, &limits).await;
    let [github, glacis] = &peers;
    let now = gate.app.now();
    let send = async |peer: &Peer, letter: &str, len| {
        let body = letter.repeat(len);
        gate.send(peer.request(now, &body, body.clone())).await
    };
    assert!(is_received(&send(github, "a", 1000).await));
    assert!(is_received(&send(github, "b", 1000).await));
    let full = send(github, "c", 501).await;
    assert_eq!((full.status.as_u16(), full.code()), (503, "UNAVAILABLE"), "{}", full.text);
    assert!(is_received(&send(github, "c", 500).await), "up to the limit");
    assert_eq!(send(github, "d", 1).await.status, 503);
    assert_eq!(send(github, "a", 1000).await.body["duplicate"], true);
    assert!(is_received(&send(glacis, "a", 1000).await), "another sender has room");
    // It is no replay when it comes again.
    gate.app.inbound.prune(now + Duration::from_hours(8 * 24)).await.unwrap();
    assert!(is_received(&send(github, "d", 1).await));
}

#[tokio::test]
async fn of_many_at_once_one_is_new() {
    let peer = Peer::new(Scheme::GLACIS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.db");
    let vars = [("GATEHOUSE_DATABASE", path.to_str().unwrap())];
    let gate = gate_for(std::slice::from_ref(&peer), &vars).await;
    let now = gate.app.now();
    let one = || gate.send(peer.request(now, "a", "a"));
    let replies = tokio::join!(one(), one(), one(), one());
    let replies = [replies.0, replies.1, replies.2, replies.3];
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(replies.iter().filter(|reply| is_received(reply)).count(), 1);
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let peer = Peer::new(Scheme::GITHUB);
    let vars = [("GATEHOUSE_INBOUND_MAX_BODY_BYTES", "100000")];
    let gate = gate_for(std::slice::from_ref(&peer), &vars).await;
    let now = gate.app.now();
    let full = "x".repeat(100_000);
    assert!(is_received(&gate.send(peer.request(now, &full, full.clone())).await));
    let more = format!("{full}x");
    let reply = gate.send(peer.request(now, &more, more.clone())).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (413, "BODY_TOO_LARGE"));
    // One that says so is not read.
    let announced = Body::new(Announced(100_001));
    let reply = gate.send(peer.request(now, "a", announced)).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (413, "BODY_TOO_LARGE"));
    // One without end is given up at the limit.
    let endless = Body::new(Endless);
    let reply = gate.send(peer.request(now, "a", endless)).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (413, "BODY_TOO_LARGE"));
    assert!(is_received(&gate.send(peer.request(now, "", "")).await), "an empty body is one");
}

/// A body that says that it has so many bytes, and never sends one: whoever reads it gives it up for its time.
struct Announced(u64);

impl axum::body::HttpBody for Announced {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.0)
    }
}

/// A body that begins and does not go on.
struct Slow {
    first: Option<Bytes>,
    /// How many of them have begun.
    begun: Arc<AtomicUsize>,
}

impl axum::body::HttpBody for Slow {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        if let Some(bytes) = self.first.take() {
            return std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(bytes))));
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        std::task::Poll::Pending
    }
}

/// A stranger with large bodies that do not end is in his own way alone.
#[tokio::test]
async fn slow_bodies_of_one_address_close_nothing_for_the_others() {
    let peers = [Peer::new(Scheme::GITHUB), Peer::new(Scheme::GLACIS)];
    let gate = gate_for(&peers, &[]).await;
    let [github, glacis] = &peers;
    let (now, begun) = (gate.app.now(), Arc::new(AtomicUsize::new(0)));
    let slow = || {
        let first = Some(Bytes::from(vec![b'x'; 1 << 20]));
        let body = Body::new(Slow { first, begun: Arc::clone(&begun) });
        gate.send_from("192.0.2.1", github.request(now, "a", body))
    };
    let from = |address, peer: &Peer| gate.send_from(address, peer.request(now, "b", "b"));
    let others = async {
        while begun.load(Ordering::SeqCst) < 4 {
            tokio::task::yield_now().await;
        }
        for peer in &peers {
            let refused = from("192.0.2.1", peer).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (503, "UNAVAILABLE"));
            assert!(is_received(&from("192.0.2.2", peer).await), "{}", peer.scheme.name());
        }
    };
    tokio::select! {
        () = others => {}
        _ = async { tokio::join!(slow(), slow(), slow(), slow()) } => panic!("nothing ended them"),
    }
    // What was held is given back.
    assert_eq!(from("192.0.2.1", glacis).await.body["duplicate"], true);
}

struct Endless;

impl axum::body::HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        let chunk = Bytes::from_static(&[b'x'; 1000]);
        std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(chunk))))
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_loss() {
    let peer = Peer::new(Scheme::GITHUB);
    let gate = gate_for(std::slice::from_ref(&peer), &[]).await;
    gate.app.passwords.users.close().await;
    let reply = peer.send(&gate, "one").await;
    assert_eq!((reply.status.as_u16(), reply.code()), (503, "UNAVAILABLE"), "{}", reply.text);
    assert_eq!(reply.headers["retry-after"], "1");
    let forged = gate.send(peer.request(gate.app.now(), "a", "b")).await;
    assert_eq!(forged.status, 401, "what is forged needs no store");
}
