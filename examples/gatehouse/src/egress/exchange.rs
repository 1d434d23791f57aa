//! One request and its answer, over a connection of their own.

use std::future::Future;
use std::pin::pin;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::{Answer, EgressError, Limits, Message, Target};

/// The largest head of an answer, in bytes, and the most headers in it.
const MAX_HEAD: usize = 16 * 1024;
const MAX_ANSWER_HEADERS: usize = 64;

const USER_AGENT: &str = concat!("gatehouse/", env!("CARGO_PKG_VERSION"));

/// Sends the message and reads the answer. The connection ends with this future, however it ends.
pub(super) async fn post(
    stream: impl Read + Write + Unpin,
    target: &Target,
    message: &Message,
    limits: &Limits,
    end: Instant,
) -> Result<Answer, EgressError> {
    let (sender, connection) = Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_ANSWER_HEADERS)
        .handshake(stream)
        .await
        .map_err(|error| failure(&error))?;
    driven(connection, exchange(sender, request(target, message), limits, end)).await
}

async fn exchange(
    mut sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    limits: &Limits,
    end: Instant,
) -> Result<Answer, EgressError> {
    let answer = timeout_at(end, sender.send_request(request))
        .await
        .map_err(|_| EgressError::TimedOut)?
        .map_err(|error| failure(&error))?;
    let (head, body) = answer.into_parts();
    // Nobody asked to change the protocol; other answers of this class never get here.
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(EgressError::BadAnswer);
    }
    // The receiver has decided. What is wrong with the rest changes nothing of that.
    let (body, is_cut) = read(body, limits, end).await;
    Ok(Answer::new(head.status, &head.headers, body, is_cut))
}

/// The beginning of a body, and whether it was cut: by a limit, or since it broke off or came too late. What is beyond the part that is kept is read for a while, so
/// that a receiver who says a little more than is kept is not cut off in the middle of it.
async fn read(mut body: Incoming, limits: &Limits, end: Instant) -> (Vec<u8>, bool) {
    let mut kept = Vec::new();
    let mut seen = 0_usize;
    let is_whole = loop {
        let Ok(frame) = timeout_at(end, body.frame()).await else { break false };
        let frame = match frame {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => frame,
        };
        let Some(data) = frame.data_ref() else { continue };
        seen = seen.saturating_add(data.len());
        let room = limits.body_kept.saturating_sub(kept.len());
        kept.extend(data.iter().take(room));
        if seen > limits.body_read {
            break false;
        }
    };
    let is_cut = !is_whole || seen > kept.len();
    (kept, is_cut)
}

fn request(target: &Target, message: &Message) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(message.body().clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.path().clone();
    let headers = request.headers_mut();
    headers.insert(header::HOST, target.authority().clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::CONTENT_LENGTH, message.body().len().into());
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.extend(message.headers().clone());
    request
}

/// Runs both until the exchange is over. No task is spawned, so nothing outlives the future.
async fn driven<T>(connection: impl Future, exchange: impl Future<Output = T>) -> T {
    let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
    tokio::select! {
        biased;
        done = &mut exchange => return done,
        // What went wrong, the exchange is told too.
        _ = &mut connection => {}
    }
    exchange.await
}

fn failure(error: &hyper::Error) -> EgressError {
    if error.is_parse() || error.is_parse_too_large() {
        EgressError::BadAnswer
    } else {
        EgressError::NoAnswer
    }
}
