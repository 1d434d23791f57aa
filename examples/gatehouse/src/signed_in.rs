//! Who is signed in: from the cookie of a request to the proof that a handler takes, before any of the
//! body is read.
//!
//! No refusal here removes the cookie. A request that was sent a moment earlier still carries the token
//! that another one has replaced by now; an answer that removed the cookie would remove the new one.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use palisade::session::{Origin, Refused, Session};
use zeroize::Zeroizing;

use crate::app::App;
use crate::error::ApiError;
use crate::input::is_json;
use crate::trail::Trail;

/// From where the connection of a request comes: an extension that the server gives each request. Behind
/// a proxy it is the proxy's address.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Anyone who is signed in.
pub(crate) struct SignedIn(pub(crate) Session);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let visit = Visit::from_request_parts(parts, app).await?;
        match visit.session(app).await? {
            Some(Ok(session)) => Ok(Self(session)),
            Some(Err(refused)) => Err(refused.into()),
            None => Err(ApiError::no_session()),
        }
    }
}

/// Whatever came with the cookie and from where, before anything is known of it.
pub(crate) struct Visit {
    token: Option<Zeroizing<String>>,
    address: Option<IpAddr>,
    user_agent: Option<String>,
    trail: Option<Arc<Trail>>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = app.people.cookie.read_headers(&parts.headers)?;
        if token.is_some() {
            refuse_forms(parts)?;
        }
        Ok(Self {
            token: token.map(|token| Zeroizing::new(token.to_owned())),
            address: parts.extensions.get::<Peer>().map(|peer| peer.0),
            user_agent: user_agent(&parts.headers),
            trail: parts.extensions.get::<Arc<Trail>>().cloned(),
        })
    }
}

/// A form of another site can send a POST with the cookie, and cannot say that it is JSON; a script can
/// say so only after a question (a preflight) that this service does not answer. The other methods that
/// change something are asked about in any case.
fn refuse_forms(parts: &Parts) -> Result<(), ApiError> {
    if parts.method == Method::POST && !is_json(&parts.headers) {
        return Err(ApiError::not_json_type());
    }
    Ok(())
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(USER_AGENT)?.to_str().ok().map(str::to_owned)
}

impl Visit {
    /// From where the request comes.
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin { address: self.address, user_agent: self.user_agent.as_deref() }
    }

    /// The session whose token the request brings; nothing where it brings none.
    ///
    /// Fails where nobody knows, so that a verdict within is one.
    pub(crate) async fn session(
        &self,
        app: &App,
    ) -> Result<Option<Result<Session, Refused>>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let verdict = app.people.sessions.validate(token, &self.origin(), app.now()).await;
        if let Some(trail) = &self.trail {
            match &verdict {
                Ok(session) => trail.signed_in(session),
                Err(refused) => drop(refused.session().map(|id| trail.of_session(id))),
            }
        }
        match verdict {
            Err(unknown @ Refused::Unavailable(_)) => Err(unknown.into()),
            verdict => Ok(Some(verdict)),
        }
    }
}
