//! `POST /webhooks/in/{scheme}`: what others send here, if it is signed.
//!
//! There is no other authentication. A sender that is not set up is a 404 that says so: which schemes there are is public.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use palisade::webhook::{Refused, ReplayError, Scheme, VerifyingStream};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::client::Client;
use crate::completion::finish;
use crate::error::ApiError;
use crate::inbound::Room;
use crate::input::Segment;
use crate::reply::json;
use crate::trail::Trail;

/// How long a body may take to arrive: some time for any, and more for each byte that is there. One of 1 MiB has 9 s.
const BODY_TIME: Duration = Duration::from_secs(5);
const BYTE_TIME: Duration = Duration::from_micros(4);

#[derive(Serialize)]
struct Receipt {
    received: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    Segment(scheme): Segment<String>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let known = Scheme::ALL.into_iter().find(|known| known.name() == scheme);
    let known = known.ok_or_else(ApiError::no_route)?;
    trail.of_scheme(&known);
    let verifier = app.inbound.verifier(&known).ok_or_else(ApiError::sender_not_set_up)?;
    // Headers that cannot be right cost no body.
    let mut stream = verifier.start(&headers, app.now())?;
    let mut room = app.inbound.room(verifier.scheme(), client.address());
    // What a body says of its length costs nothing to refuse.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > app.inbound.max_body() {
        return Err(ApiError::webhook_too_large());
    }
    if !room.fits(announced) {
        return Err(ApiError::no_room_for_a_body());
    }
    let body = read(body, &mut stream, &mut room).await?;
    let message = stream.finish(app.now())?;
    let (scheme, kept) = (*verifier.scheme(), Arc::clone(&app));
    // Whether or not the sender waits: it comes again where it does not hear that it arrived.
    let duplicate = finish(&app, async move {
        let now = kept.now();
        match kept.inbound.keep(&message, &scheme, &body, now).await {
            Ok(_fresh) => {}
            Err(ReplayError::Duplicate) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        drop(room);
        let (scheme, key_id) = (scheme.name(), message.key_id().as_str());
        tracing::info!(scheme, key_id, bytes = body.len(), "a message was received");
        Ok(false)
    })
    .await?;
    Ok(json(StatusCode::OK, &Receipt { received: true, duplicate }))
}

/// Reads a body through the verifier, and keeps it while there is room.
async fn read(
    mut body: Body,
    stream: &mut VerifyingStream,
    room: &mut Room,
) -> Result<Vec<u8>, ApiError> {
    let mut kept = Vec::new();
    let begun = Instant::now();
    loop {
        let end = begun + time_for(kept.len());
        let frame = timeout_at(end, body.frame()).await.map_err(|_| ApiError::body_too_slow())?;
        let Some(frame) = frame else { return Ok(kept) };
        let frame = frame
            .map_err(|_| ApiError::not_json("the body did not arrive whole", "send it again"))?;
        let Some(data) = frame.data_ref() else { continue };
        // The verifier has the same limit, and is asked before anything is kept.
        match stream.update(data) {
            Ok(()) => {}
            Err(Refused::BodyTooLarge) => return Err(ApiError::webhook_too_large()),
            Err(refused) => return Err(refused.into()),
        }
        if !room.grow(data.len()) {
            return Err(ApiError::no_room_for_a_body());
        }
        kept.extend_from_slice(data);
    }
}

/// How long so many bytes may take.
fn time_for(bytes: usize) -> Duration {
    BODY_TIME + BYTE_TIME.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::Ipv4Addr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::Bytes;
    use axum::response::IntoResponse;
    use hyper::body::Frame;
    use palisade::webhook::{SharedSecret, Verifier};
    use tokio::time::{Sleep, sleep};

    use super::*;
    use crate::inbound::Rooms;

    /// So many bytes after each pause, and so many times.
    struct Drip {
        bytes: usize,
        pause: Duration,
        left: u32,
        sleep: Pin<Box<Sleep>>,
    }

    impl HttpBody for Drip {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.sleep.as_mut().poll(context));
            self.left -= 1;
            self.sleep = Box::pin(sleep(self.pause));
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; self.bytes])))))
        }
    }

    async fn arrives(bytes: usize, pause: Duration, left: u32) -> Result<usize, StatusCode> {
        let key = SharedSecret::from_text("a secret of a test").unwrap();
        let verifier = Verifier::builder(Scheme::GITHUB).key("a".parse().unwrap(), key);
        let verifier = verifier.max_body(1 << 22).build().unwrap();
        let headers = [("X-Hub-Signature-256", format!("sha256={}", "0".repeat(64)))];
        let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
        let headers: HeaderMap = headers
            .into_iter()
            .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value))
            .collect();
        let mut stream = verifier.start(&headers, std::time::SystemTime::UNIX_EPOCH).unwrap();
        let mut room = Rooms::new(1 << 22).room("github", Ipv4Addr::LOCALHOST.into());
        let body = Body::new(Drip { bytes, pause, left, sleep: Box::pin(sleep(pause)) });
        let read = read(body, &mut stream, &mut room).await;
        read.map(|body| body.len()).map_err(|error| error.into_response().status())
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_slowly_has_little_time() {
        let second = Duration::from_secs(1);
        let late = Err(StatusCode::REQUEST_TIMEOUT);
        assert_eq!(arrives(1, second, 4).await, Ok(4));
        assert_eq!(arrives(1, second, 9).await, late);
        assert_eq!(arrives(1000, second * 4, 1).await, Ok(1000));
        assert_eq!(arrives(1, second * 6, 1).await, late);
        // Who goes on sending has more.
        assert_eq!(arrives(1 << 18, second, 16).await, Ok(1 << 22));
        assert_eq!(arrives(1 << 17, second, 32).await, late);
    }
}
