//! `POST /api/v1/attestations`: sidecars say which controls hold. Counted here, and kept by nobody.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::caller::Attester;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::reply::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attestation {
    control: String,
    #[serde(rename = "holds")]
    _holds: bool,
}

impl Described for Attestation {
    const FIELDS: &'static str = "the body is {\"control\":text,\"holds\":true or false}";
}

#[derive(Serialize)]
struct Receipt<'a> {
    owner: &'a str,
    sidecar_id: &'a str,
    epoch_id: String,
    /// How many this process has taken, of all sidecars.
    count: u64,
}

pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    Attester(claims): Attester,
    Body(attestation): Body<Attestation>,
) -> Result<Response, ApiError> {
    if attestation.control.is_empty() {
        return Err(ApiError::invalid_body("the control has no name", Attestation::FIELDS));
    }
    let receipt = Receipt {
        owner: claims.subject().as_str(),
        sidecar_id: claims.sidecar().as_str(),
        epoch_id: claims.epoch().to_string(),
        count: app.epochs.attestations.fetch_add(1, Ordering::Relaxed) + 1,
    };
    Ok(json(StatusCode::ACCEPTED, &receipt))
}
