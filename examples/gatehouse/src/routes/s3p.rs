//! `POST /api/v1/s3p/heartbeat`: a sidecar exchanges its API key for the token of this hour.
//!
//! The key is checked each time, against the store, so a key that is revoked gets no further token. A
//! token that is out already works until its hour ends.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use palisade::apikey::{Formats, Scope, Scopes};
use palisade::session::{EpochGrant, EpochToken, SidecarId, Subject, TokenScopes};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::caller::Allowed;
use crate::client::Client;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::permission::{ATTEST, WriteAttestations};
use crate::reply::{json, rfc3339};
use crate::trail::Trail;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heartbeat {
    sidecar_id: String,
    scopes: Option<Vec<String>>,
}

impl Described for Heartbeat {
    const FIELDS: &'static str = "the fields are sidecar_id (1 to 64 characters of A-Z a-z 0-9 . _ -) and if need be scopes (list of text, by default write:attestations)";
}

impl Heartbeat {
    /// The id is written to the log, and into the token for everyone to read, so a key in its place is refused.
    fn sidecar(&self, formats: &Formats) -> Result<SidecarId, ApiError> {
        if formats.iter().any(|format| self.sidecar_id.contains(format.prefix())) {
            return Err(ApiError::invalid_body("an API key is no id of a sidecar", Self::FIELDS));
        }
        self.sidecar_id.parse().map_err(|error: palisade::session::InvalidName| {
            ApiError::invalid_body(error.to_string(), Self::FIELDS)
        })
    }

    /// What the token is to allow; checked like the scopes of a key, since it is a part of those.
    fn scopes(&self) -> Result<Scopes, ApiError> {
        let named = self.scopes.as_ref().map_or_else(|| ATTEST.to_owned(), |all| all.join(" "));
        let scopes: Scopes = named.parse().map_err(|error: palisade::apikey::InvalidScope| {
            ApiError::invalid_body(error.to_string(), Self::FIELDS)
        })?;
        if scopes.is_empty() {
            return Err(ApiError::invalid_body("a token has a scope at least", Self::FIELDS));
        }
        Ok(scopes)
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    current: TokenView<'a>,
    /// In the last five minutes of an hour, the token for the next one.
    next: Option<TokenView<'a>>,
}

#[derive(Serialize)]
struct TokenView<'a> {
    token: &'a str,
    epoch_id: String,
    expires_at: String,
    refresh_from: String,
    scopes: Vec<String>,
}

impl<'a> TokenView<'a> {
    fn new(token: &'a EpochToken, scopes: &Scopes) -> Self {
        let epoch = token.epoch();
        Self {
            token: token.expose_secret(),
            epoch_id: epoch.to_string(),
            expires_at: rfc3339(epoch.expires_at()),
            refresh_from: rfc3339(epoch.refresh_from()),
            scopes: scopes.iter().map(Scope::to_string).collect(),
        }
    }
}

pub(crate) async fn heartbeat(
    State(app): State<Arc<App>>,
    Extension(trail): Extension<Arc<Trail>>,
    Allowed { caller, .. }: Allowed<WriteAttestations>,
    client: Client,
    Body(request): Body<Heartbeat>,
) -> Result<Response, ApiError> {
    let (sidecar, scopes) = (request.sidecar(app.keys.formats())?, request.scopes()?);
    trail.of_sidecar(&sidecar);
    let now = app.now();
    app.keys.confirm(&caller, now).await?;
    // The token outlasts the request, which may have begun before its address was taken off the list.
    app.admission.lists.confirm(caller.owner().as_str(), client.address()).await??;
    caller.require_all(&scopes)?;
    // Whatever is an owner is a subject too.
    let subject: Subject =
        caller.owner().as_str().parse().map_err(|_| ApiError::internal("subject_of_owner"))?;
    let token_scopes: TokenScopes = scopes.to_string().parse().map_err(|error| {
        let error: palisade::session::InvalidScopes = error;
        ApiError::invalid_body(error.to_string(), "ask for fewer scopes")
    })?;
    let grant = EpochGrant { subject: &subject, sidecar: &sidecar, scopes: &token_scopes };
    let tokens = app.epochs.issuer.issue(&grant, now)?;
    let answer = Answer {
        current: TokenView::new(&tokens.current, &scopes),
        next: tokens.next.as_ref().map(|next| TokenView::new(next, &scopes)),
    };
    Ok(json(StatusCode::OK, &answer))
}
