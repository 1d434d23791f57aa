//! Who is calling: extractors that authenticate before the handler runs and before any of the body
//! is read.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use palisade::apikey::{Authenticated, KeyRecord, RefusedOr, ServerId};
use palisade::session::EpochClaims;

use crate::admission::{Credential, admit};
use crate::app::App;
use crate::bearer::bearer;
use crate::client::Client;
use crate::error::{ApiError, Wanted};
use crate::limits::{Counted, Holder};
use crate::permission::{ATTEST, Permission};
use crate::trail::Trail;

/// The header in which a collector names the server that it runs on.
pub(crate) const SERVER_ID: &str = "x-server-id";

/// Anyone with a good key.
pub(crate) struct Caller(pub(crate) Authenticated);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let address = Client::from_request_parts(parts, app).await?.address();
        let Counted(tally) = Counted::from_request_parts(parts, app).await?;
        let now = app.now();
        let presented = bearer(&parts.headers)
            .map_err(|refused| ApiError::no_bearer(refused, Wanted::ApiKey))?;
        let server = server_id(&parts.headers)?;
        let trail = parts.extensions.get::<Arc<Trail>>().map(|trail| &**trail);
        let lists = app.admission.lists.fresh(now).await?;
        let rule = |key: &KeyRecord| {
            let workspace = key.owner.as_str();
            if let Some(trail) = trail {
                trail.presented(&key.id);
                trail.of_owner(workspace);
            }
            admit(&lists, trail, workspace, address, Credential::ApiKey)
        };
        let verdict = match &server {
            None => app.keys.authenticate_if(presented, now, rule).await,
            Some(server) => app.keys.authenticate_from_if(presented, server, now, rule).await,
        };
        match verdict {
            Ok(caller) => {
                let holder = Holder::Key(caller.key_id().as_str());
                app.limits.of_caller(caller.owner().as_str(), holder, &tally, now).await?;
                Ok(Self(caller))
            }
            Err(RefusedOr::Denied(error)) => Err(error),
            Err(RefusedOr::Refused(refused)) => {
                if let (Some(trail), Some(key_id)) = (trail, refused.key_id()) {
                    trail.presented(key_id);
                }
                Err(refused.into())
            }
        }
    }
}

fn server_id(headers: &HeaderMap) -> Result<Option<ServerId>, ApiError> {
    let mut values = headers.get_all(SERVER_ID).iter();
    let id = match values.next() {
        None => return Ok(None),
        Some(value) => value.to_str().ok().and_then(|text| text.parse().ok()),
    };
    match (id, values.next()) {
        (Some(id), None) => Ok(Some(id)),
        _ => Err(ApiError::invalid_header(
            "the X-Server-Id header is not one server id",
            "send it once, with 1 to 128 visible ASCII characters",
        )),
    }
}

/// Someone with a good key whose scopes cover `P`.
pub(crate) struct Allowed<P> {
    pub(crate) caller: Authenticated,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<Arc<App>> for Allowed<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Caller(caller) = Caller::from_request_parts(parts, app).await?;
        caller.require(P::scope(&app.permissions))?;
        Ok(Self { caller, permission: PhantomData })
    }
}

/// A collector with a good key, on the server that the key is bound to, whose scopes cover `P`.
pub(crate) struct Collector<P> {
    pub(crate) caller: Authenticated,
    pub(crate) server: ServerId,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<Arc<App>> for Collector<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Allowed { caller, permission } = Allowed::<P>::from_request_parts(parts, app).await?;
        let server = caller.server().cloned().ok_or_else(ApiError::not_a_collector)?;
        Ok(Self { caller, server, permission })
    }
}

/// A sidecar with the token of this hour, which may attest. Neither an API key nor a cookie will do: the
/// token is what leaves a machine that should not hold the key.
pub(crate) struct Attester(pub(crate) EpochClaims);

impl FromRequestParts<Arc<App>> for Attester {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let (address, now) = (Client::from_request_parts(parts, app).await?.address(), app.now());
        let Counted(tally) = Counted::from_request_parts(parts, app).await?;
        let token = bearer(&parts.headers)
            .map_err(|refused| ApiError::no_bearer(refused, Wanted::EpochToken))?;
        let claims = app.epochs.verifier.verify(token, now)?;
        let workspace = claims.subject().as_str();
        let trail = parts.extensions.get::<Arc<Trail>>().map(|trail| &**trail);
        if let Some(trail) = trail {
            trail.of_owner(workspace);
            trail.of_sidecar(claims.sidecar());
        }
        let lists = app.admission.lists.fresh(now).await?;
        admit(&lists, trail, workspace, address, Credential::EpochToken)?;
        let holder = Holder::Sidecar(claims.sidecar().as_str());
        app.limits.of_caller(workspace, holder, &tally, now).await?;
        claims.require(ATTEST)?;
        Ok(Self(claims))
    }
}
