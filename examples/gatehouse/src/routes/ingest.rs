//! `POST /api/v1/ingest`: collectors deliver what they measured. Counted here, and kept by nobody.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::caller::Collector;
use crate::error::ApiError;
use crate::input::{Body, Described};
use crate::permission::WriteMetrics;
use crate::reply::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delivery {
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    #[serde(rename = "value")]
    _value: f64,
}

impl Described for Delivery {
    const FIELDS: &'static str = "the body is {\"metrics\":[{\"name\":text,\"value\":number},…]}";
}

#[derive(Serialize)]
struct Receipt<'a> {
    owner: &'a str,
    server: &'a str,
    accepted: usize,
}

pub(crate) async fn accept(
    Collector { caller, server, .. }: Collector<WriteMetrics>,
    Body(delivery): Body<Delivery>,
) -> Result<Response, ApiError> {
    if delivery.metrics.iter().any(|metric| metric.name.is_empty()) {
        return Err(ApiError::invalid_body("a metric has no name", Delivery::FIELDS));
    }
    let receipt = Receipt {
        owner: caller.owner().as_str(),
        server: server.as_str(),
        accepted: delivery.metrics.len(),
    };
    Ok(json(StatusCode::ACCEPTED, &receipt))
}
