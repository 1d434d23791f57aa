//! Who manages API keys, and the allowlist of a workspace: an admin key of an organisation, or a person in a workspace of his own.
//!
//! The owner of a person's keys is the person's id, so that no table has to say whose workspace is whose.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use palisade::apikey::{Authenticated, Owner, Scopes};
use palisade::session::{Factor, Session};

use crate::app::App;
use crate::caller::Allowed;
use crate::client::Client;
use crate::error::ApiError;
use crate::grant;
use crate::permission::Admin;
use crate::signed_in::SignedIn;

/// Someone who may manage the keys of one owner.
pub(crate) enum Manager {
    /// A key with the scope `admin`.
    Key(Authenticated),
    /// A person who is signed in.
    Person(Session),
}

impl FromRequestParts<Arc<App>> for Manager {
    type Rejection = ApiError;

    /// A request with an `Authorization` header is judged by it alone: a browser adds the cookie by
    /// itself, and never that header.
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let by_key = parts.headers.contains_key(AUTHORIZATION);
        if by_key || app.people.cookie.read_headers(&parts.headers)?.is_none() {
            let Allowed { caller, .. } = Allowed::<Admin>::from_request_parts(parts, app).await?;
            return Ok(Self::Key(caller));
        }
        let SignedIn(session) = SignedIn::from_request_parts(parts, app).await?;
        Ok(Self::Person(session))
    }
}

impl Manager {
    /// Whose keys these are.
    pub(crate) fn owner(&self) -> Result<Owner, ApiError> {
        match self {
            Self::Key(caller) => Ok(caller.owner().clone()),
            // Whatever is a user id is an owner too.
            Self::Person(session) => {
                session.user().as_str().parse().map_err(|_| ApiError::internal("owner_of_user"))
            }
        }
    }

    /// Asks the store once more, before something is changed.
    pub(crate) async fn confirm(&self, app: &App, now: SystemTime) -> Result<(), ApiError> {
        match self {
            Self::Key(caller) => app.keys.confirm(caller, now).await?,
            Self::Person(session) => {
                let confirmed = app.people.sessions.confirm(session, now).await;
                confirmed.map_err(ApiError::ended_meanwhile)?;
            }
        }
        Ok(())
    }

    /// Asks the stores once more before a new key is shown, and a person for a password of a moment ago:
    /// the key would outlive the session, so a stolen cookie must not be enough for one. Nor must a request that began
    /// before its address was taken off the allowlist.
    pub(crate) async fn confirm_for_a_new_key(
        &self,
        app: &App,
        client: Client,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        app.admission.lists.confirm(self.owner()?.as_str(), client.address()).await??;
        self.confirm_recent(app, now).await
    }

    /// Asks the store once more before the webhooks of the workspace are changed: what happens in the whole workspace
    /// is sent there, so no key does it that speaks for less. (The address is asked for in the transaction of the
    /// change.)
    pub(crate) async fn confirm_for_webhooks(
        &self,
        app: &App,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        self.may_manage_webhooks()?;
        self.confirm(app, now).await
    }

    /// The same before the secret of an endpoint is shown or the endpoint removed, and a person is asked for a password
    /// of a moment ago: the endpoint goes on hearing of the workspace when the session is over, or nobody does.
    pub(crate) async fn confirm_for_a_webhook_secret(
        &self,
        app: &App,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        self.may_manage_webhooks()?;
        self.confirm_recent(app, now).await
    }

    /// The same for looking only: it is seen where the messages go and what is wrong there.
    pub(crate) fn may_manage_webhooks(&self) -> Result<(), ApiError> {
        match self {
            Self::Key(caller)
                if caller.server().is_some() || caller.environment() != Some("live") =>
            {
                Err(ApiError::webhooks_beyond_reach())
            }
            _ => Ok(()),
        }
    }

    async fn confirm_recent(&self, app: &App, now: SystemTime) -> Result<(), ApiError> {
        match self {
            Self::Key(_) => self.confirm(app, now).await,
            Self::Person(session) => {
                let (sessions, within) = (&app.people.sessions, app.people.step_up);
                sessions.require_recent(session, Factor::Password, within, now).await?;
                Ok(())
            }
        }
    }

    /// Asks the store once more before the allowlist of the workspace is changed, and a person for a password of a
    /// moment ago: the list guards all that the workspace has. A key can type no password. It is asked for what it
    /// is asked for before it mints another one, and has to be a live one of an account. (The address is asked for in
    /// the transaction of the change.)
    pub(crate) async fn confirm_for_the_allowlist(
        &self,
        app: &App,
        now: SystemTime,
    ) -> Result<(), ApiError> {
        if let Self::Key(caller) = self
            && (caller.server().is_some() || caller.environment() != Some("live"))
        {
            return Err(ApiError::allowlist_beyond_reach());
        }
        self.confirm_recent(app, now).await
    }

    /// The id of the key, or else of the user: what the log names the caller by.
    pub(crate) fn ids(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Key(caller) => (Some(caller.key_id().as_str()), None),
            Self::Person(session) => (None, Some(session.user().as_str())),
        }
    }

    /// Goes on only if the caller may manage keys of this environment with these scopes. A person may do
    /// everything in his own workspace.
    pub(crate) fn may_manage(
        &self,
        environment: Option<&str>,
        scopes: &Scopes,
    ) -> Result<(), ApiError> {
        match self {
            Self::Key(caller) => grant::may_manage(caller, environment, scopes),
            Self::Person(_) => Ok(()),
        }
    }
}
