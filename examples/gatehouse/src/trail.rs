//! What is left of each request: its id in the response and one line in the log.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use palisade::allowlist::Network;
use palisade::apikey::ApiKeyId;
use palisade::secret::SecretBytes;
use palisade::session::{SessionId, SidecarId};
use palisade::webhook::Scheme;

use crate::admission::Credential;
use crate::app::App;
use crate::error::{ApiError, Reason};
use crate::users::UserId;

/// How long a request may take in all, so that nothing hangs for ever.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The most bytes of header names and values. hyper has a limit of its own, above this one, at which
/// it answers without a body.
const MAX_HEADERS: usize = 16 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a request leaves behind while it is served.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    key: OnceLock<ApiKeyId>,
    user: OnceLock<UserId>,
    session: OnceLock<SessionId>,
    begun: OnceLock<SessionId>,
    ended: OnceLock<SessionId>,
    ended_others: OnceLock<u64>,
    owner: OnceLock<String>,
    sidecar: OnceLock<SidecarId>,
    scheme: OnceLock<&'static str>,
    judgement: OnceLock<Judgement>,
    limit: OnceLock<String>,
}

/// What an allowlist said of the request.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) address: IpAddr,
    /// Whose list it is.
    pub(crate) workspace: String,
    pub(crate) credential: Credential,
    /// The network that lets the address in, and its label; nothing where none does.
    pub(crate) entry: Option<(Network, String)>,
}

impl Trail {
    /// The request came with this key, be it good or refused.
    pub(crate) fn presented(&self, key: &ApiKeyId) {
        let _ = self.key.set(key.clone());
    }

    /// The request named this user, whether or not with the right password.
    pub(crate) fn logs_in(&self, user: &UserId) {
        let _ = self.user.set(user.clone());
    }

    /// The request came with the token of this session, be it alive or over.
    pub(crate) fn of_session(&self, id: &SessionId) {
        let _ = self.session.set(*id);
    }

    /// The request began this session, or made it of the one that it came with.
    pub(crate) fn began(&self, id: &SessionId) {
        let _ = self.begun.set(*id);
    }

    /// The request ended this session.
    pub(crate) fn ended(&self, id: &SessionId) {
        let _ = self.ended.set(*id);
    }

    /// The request ended so many sessions beside its own.
    pub(crate) fn ended_others(&self, sessions: u64) {
        let _ = self.ended_others.set(sessions);
    }

    /// The request came with a good key, or a good token, of this owner.
    pub(crate) fn of_owner(&self, owner: &str) {
        let _ = self.owner.set(owner.to_owned());
    }

    /// The request came from this sidecar, as far as whoever sent it says.
    pub(crate) fn of_sidecar(&self, id: &SidecarId) {
        let _ = self.sidecar.set(*id);
    }

    /// The request is a message of this scheme, as far as its path says. It is the name of a scheme that there is, and
    /// never the text of the path.
    pub(crate) fn of_scheme(&self, scheme: &Scheme) {
        let _ = self.scheme.set(scheme.name());
    }

    /// An allowlist decided about the request.
    pub(crate) fn judged(&self, judgement: Judgement) {
        let _ = self.judgement.set(judgement);
    }

    /// The request was refused by the limit of this name.
    pub(crate) fn limited_by(&self, limit: &str) {
        let _ = self.limit.set(limit.to_owned());
    }

    /// The request came from whoever is signed in there.
    pub(crate) fn signed_in(&self, session: &SessionId, user: &UserId) {
        self.of_session(session);
        self.logs_in(user);
    }
}

/// Wraps every request: gives it an id, bounds its time and the size of its headers, and logs it.
pub(crate) async fn follow(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut line = Line {
        started: Instant::now(),
        request_id: app.request_ids.next(),
        method: method_name(request.method()),
        route: request.extensions().get::<MatchedPath>().cloned(),
        trail: Arc::default(),
        outcome: None,
    };
    request.extensions_mut().insert(Arc::clone(&line.trail));

    let mut response = if header_bytes(&request) > MAX_HEADERS {
        ApiError::headers_too_large().into_response()
    } else {
        match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ApiError::took_too_long().into_response(),
        }
    };
    // Nothing here is for a cache: it depends on the key, or it is the health of this moment.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&line.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let reason = response.extensions().get::<Reason>().map(|reason| reason.0);
    line.outcome = Some((response.status(), reason));
    response
}

/// The log line of a request, written when it is dropped, so that a request whose client went away
/// has one too.
///
/// It holds the route's template and no path, query, header or body: any of them may carry a key or a
/// password. A user has an id there, and no login name.
struct Line {
    started: Instant,
    request_id: String,
    method: &'static str,
    route: Option<MatchedPath>,
    trail: Arc<Trail>,
    outcome: Option<(StatusCode, Option<&'static str>)>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let (status, reason) = match self.outcome {
            Some((status, reason)) => (Some(status.as_u16()), reason),
            None => (None, Some("client_gone")),
        };
        let (came_with, begun) = (self.trail.session.get(), self.trail.begun.get());
        let (session, replaced) = begun.map_or((came_with, None), |begun| (Some(begun), came_with));
        let judgement = self.trail.judgement.get();
        let entry = judgement.and_then(|judgement| judgement.entry.as_ref());
        tracing::info!(
            request_id = self.request_id,
            method = self.method,
            route = self.route.as_ref().map_or("-", MatchedPath::as_str),
            status,
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            key_id = self.trail.key.get().map(ApiKeyId::as_str),
            user_id = self.trail.user.get().map(UserId::as_str),
            owner = self.trail.owner.get(),
            sidecar_id = self.trail.sidecar.get().map(SidecarId::as_str),
            scheme = self.trail.scheme.get(),
            session_id = session.map(SessionId::as_str),
            replaced_session_id = replaced.map(SessionId::as_str),
            ended_session_id = self.trail.ended.get().map(SessionId::as_str),
            ended_sessions = self.trail.ended_others.get(),
            address = judgement.map(|judgement| judgement.address.to_string()),
            workspace = judgement.map(|judgement| judgement.workspace.as_str()),
            credential = judgement.map(|judgement| judgement.credential.as_str()),
            network = entry.map(|(network, _)| network.to_string()),
            label = entry.map(|(_, label)| label.as_str()),
            limit = self.trail.limit.get(),
            reason,
            "request"
        );
    }
}

/// The name of a usual method. Another one is a stranger's text.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

fn header_bytes(request: &Request) -> usize {
    request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Gives out request ids: unique in a process by a count, and among processes by chance.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: String,
    count: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        // An id is no secret. Without randomness it is unique within the process still.
        let process = SecretBytes::generate(4).map_or_else(
            |_| std::process::id().to_string(),
            |bytes| bytes.expose_hex().as_str().to_owned(),
        );
        Self { process, count: AtomicU64::new(1) }
    }
}

impl RequestIds {
    fn next(&self) -> String {
        format!("{}-{}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
    }
}
