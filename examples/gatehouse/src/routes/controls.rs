//! `GET /api/v1/orgs/{org}/controls`: data of one organisation, here a fixed sample.

use axum::http::StatusCode;
use axum::response::Response;
use palisade::apikey::Owner;
use serde::Serialize;

use crate::caller::Allowed;
use crate::error::ApiError;
use crate::input::Segment;
use crate::permission::ReadControls;
use crate::reply::json;

#[derive(Serialize)]
struct Controls<'a> {
    org: &'a str,
    controls: &'static [Control],
}

#[derive(Serialize)]
struct Control {
    id: &'static str,
    title: &'static str,
    status: &'static str,
}

const SAMPLE: &[Control] = &[
    Control { id: "AC-2", title: "Account management", status: "met" },
    Control { id: "AU-2", title: "Event logging", status: "met" },
    Control { id: "IA-5", title: "Authenticator management", status: "in progress" },
];

/// An organisation that is not the caller's is answered like one that does not exist, so nobody can
/// find out which there are.
pub(crate) async fn list(
    Allowed { caller, .. }: Allowed<ReadControls>,
    Segment(org): Segment<Owner>,
) -> Result<Response, ApiError> {
    if org != *caller.owner() {
        return Err(ApiError::nothing_of_that_name());
    }
    Ok(json(StatusCode::OK, &Controls { org: org.as_str(), controls: SAMPLE }))
}
