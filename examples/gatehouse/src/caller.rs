//! Who is calling: extractors that authenticate before the handler runs and before any of the body
//! is read.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use palisade::apikey::{ApiKeys, Authenticated, KeyStore, Refused, ServerId};
use palisade::session::EpochClaims;

use crate::admission::{Credential, admit};
use crate::app::App;
use crate::bearer::bearer;
use crate::client::Client;
use crate::error::{ApiError, Wanted};
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
        let now = app.now();
        let request = Request {
            presented: bearer(&parts.headers)
                .map_err(|refused| ApiError::no_bearer(refused, Wanted::ApiKey))?,
            server: server_id(&parts.headers)?,
            trail: parts.extensions.get::<Arc<Trail>>().map(|trail| &**trail),
            now,
        };
        let lists = app.admission.lists.fresh(now).await?;
        let admitted = |caller: &Authenticated| {
            let workspace = caller.owner().as_str();
            admit(&lists, request.trail, workspace, address, Credential::ApiKey)
        };
        // First without a trace, where it matters; `admission` says why.
        if lists.may_deny(address) {
            admitted(&request.authenticate(&app.admission.keys).await?)?;
        }
        let caller = request.authenticate(&app.keys).await?;
        admitted(&caller)?;
        Ok(Self(caller))
    }
}

/// What a request says of the key that it comes with.
struct Request<'a> {
    presented: &'a str,
    server: Option<ServerId>,
    trail: Option<&'a Trail>,
    now: SystemTime,
}

impl Request<'_> {
    async fn authenticate<S: KeyStore>(
        &self,
        keys: &ApiKeys<S>,
    ) -> Result<Authenticated, ApiError> {
        let verdict = match &self.server {
            None => keys.authenticate(self.presented, self.now).await,
            Some(server) => keys.authenticate_from(self.presented, server, self.now).await,
        };
        let key_id = verdict.as_ref().map_or_else(Refused::key_id, |caller| Some(caller.key_id()));
        if let (Some(trail), Some(key_id)) = (self.trail, key_id) {
            trail.presented(key_id);
        }
        let caller = verdict?;
        if let Some(trail) = self.trail {
            trail.of_owner(caller.owner().as_str());
        }
        Ok(caller)
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
        claims.require(ATTEST)?;
        Ok(Self(claims))
    }
}
