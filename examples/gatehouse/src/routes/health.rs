//! `GET /healthz` and `GET /readyz`: for whatever watches the service. Neither needs a key.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::reply::json;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process is alive. It looks at nothing, so that a store that is down does not get the process
/// killed, which would not mend the store.
pub(crate) async fn alive() -> Response {
    json(StatusCode::OK, &Health { status: "ok" })
}

/// The stores answer too, so requests may be sent here: that of the keys, and the allowlists, without which nobody is
/// let in.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.keys.store().ping().await?;
    app.admission.lists.fresh(app.now()).await?;
    Ok(json(StatusCode::OK, &Health { status: "ready" }))
}
