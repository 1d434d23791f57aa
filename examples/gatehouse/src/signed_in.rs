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
use palisade::session::{Origin, Refused, RefusedOr, Session, SessionRecord};
use zeroize::Zeroizing;

use crate::admission::{Credential, admit};
use crate::app::App;
use crate::client::Client;
use crate::error::ApiError;
use crate::input::is_json;
use crate::limits::{Counted, Holder, Tally};
use crate::trail::Trail;

/// Anyone who is signed in.
pub(crate) struct SignedIn(pub(crate) Session);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let visit = Visit::from_request_parts(parts, app).await?;
        visit.session(app).await.map(Self)
    }
}

/// Whatever came with the cookie and from where, before anything is known of it.
pub(crate) struct Visit {
    token: Option<Zeroizing<String>>,
    address: IpAddr,
    user_agent: Option<String>,
    trail: Option<Arc<Trail>>,
    tally: Arc<Tally>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let client = Client::from_request_parts(parts, app).await?;
        let Counted(tally) = Counted::from_request_parts(parts, app).await?;
        let token = app.people.cookie.read_headers(&parts.headers)?;
        if token.is_some() {
            refuse_forms(parts)?;
        }
        Ok(Self {
            token: token.map(|token| Zeroizing::new(token.to_owned())),
            address: client.address(),
            user_agent: user_agent(&parts.headers),
            trail: parts.extensions.get::<Arc<Trail>>().cloned(),
            tally,
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

    /// The session whose token the request brings, if its workspace may be reached from here.
    async fn session(&self, app: &App) -> Result<Session, ApiError> {
        let now = app.now();
        let token = self.token.as_ref().ok_or_else(ApiError::no_session)?;
        let lists = app.admission.lists.fresh(now).await?;
        let trail = self.trail.as_deref();
        let rule = |session: &SessionRecord| {
            if let Some(trail) = trail {
                trail.signed_in(&session.id, &session.user);
            }
            admit(&lists, trail, session.user.as_str(), self.address, Credential::Session)
        };
        let verdict = app.people.sessions.validate_if(token, &self.origin(), now, rule).await;
        let session = verdict.map_err(|error| match error {
            RefusedOr::Denied(error) => error,
            RefusedOr::Refused(refused) => {
                self.was_refused(&refused);
                refused.into()
            }
        })?;
        let (user, id) = (session.user().as_str(), session.id().as_str());
        app.limits.of_caller(user, Holder::Session(id), &self.tally, now).await?;
        Ok(session)
    }

    /// The session whose token the request brings, from wherever it comes and without a note of the use: to be
    /// ended, and for nothing else. Nothing where the request brings none.
    ///
    /// Fails where nobody knows, so that a verdict within is one.
    pub(crate) async fn session_to_end(
        &self,
        app: &App,
    ) -> Result<Option<Result<Session, Refused>>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let sessions = &app.people.sessions;
        let verdict = sessions.validate_to_end(token, &self.origin(), app.now()).await;
        match (&verdict, &self.trail) {
            (Ok(session), Some(trail)) => trail.signed_in(session.id(), session.user()),
            (Ok(_), None) => {}
            (Err(refused), _) => self.was_refused(refused),
        }
        match verdict {
            Err(unknown @ Refused::Unavailable(_)) => Err(unknown.into()),
            verdict => Ok(Some(verdict)),
        }
    }

    fn was_refused(&self, refused: &Refused) {
        if let (Some(trail), Some(id)) = (&self.trail, refused.session()) {
            trail.of_session(id);
        }
    }
}
