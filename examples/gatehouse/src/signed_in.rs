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
use palisade::session::{Origin, Refused, Session, SessionStore, Sessions};
use zeroize::Zeroizing;

use crate::admission::{Credential, admit};
use crate::app::App;
use crate::client::Client;
use crate::error::ApiError;
use crate::input::is_json;
use crate::trail::Trail;

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
    address: IpAddr,
    user_agent: Option<String>,
    trail: Option<Arc<Trail>>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let client = Client::from_request_parts(parts, app).await?;
        let token = app.people.cookie.read_headers(&parts.headers)?;
        if token.is_some() {
            refuse_forms(parts)?;
        }
        Ok(Self {
            token: token.map(|token| Zeroizing::new(token.to_owned())),
            address: client.address(),
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
        Origin { address: Some(self.address), user_agent: self.user_agent.as_deref() }
    }

    /// The address of the client.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// The session whose token the request brings, if its workspace may be reached from here; nothing where the
    /// request brings none.
    ///
    /// Fails where nobody knows, so that a verdict within is one.
    pub(crate) async fn session(
        &self,
        app: &App,
    ) -> Result<Option<Result<Session, Refused>>, ApiError> {
        let lists = app.admission.lists.fresh(app.now()).await?;
        let admitted = |session: &Session| {
            let (trail, workspace) = (self.trail.as_deref(), session.user().as_str());
            admit(&lists, trail, workspace, self.address, Credential::Session)
        };
        // First without a trace, where it matters; `admission` says why.
        if lists.may_deny(self.address) {
            match self.session_to_end(app).await? {
                Some(Ok(session)) => admitted(&session)?,
                refused => return Ok(refused),
            }
        }
        let verdict = self.validate(&app.people.sessions, app).await?;
        if let Some(Ok(session)) = &verdict {
            admitted(session)?;
        }
        Ok(verdict)
    }

    /// The session whose token the request brings, from wherever it comes and without a trace of use: to be
    /// ended, and for nothing else.
    pub(crate) async fn session_to_end(
        &self,
        app: &App,
    ) -> Result<Option<Result<Session, Refused>>, ApiError> {
        self.validate(&app.people.looks, app).await
    }

    async fn validate<S: SessionStore>(
        &self,
        sessions: &Sessions<S>,
        app: &App,
    ) -> Result<Option<Result<Session, Refused>>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let verdict = sessions.validate(token, &self.origin(), app.now()).await;
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
