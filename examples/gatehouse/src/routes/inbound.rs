//! `POST /webhooks/in/{scheme}`: what others send here, if it is signed.
//!
//! There is no other authentication. A sender that is not configured is a 404, like a path that leads nowhere.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use palisade::webhook::{Refused, ReplayError, VerifyingStream};
use serde::Serialize;

use crate::app::App;
use crate::completion::finish;
use crate::error::ApiError;
use crate::inbound::Room;
use crate::reply::json;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct Receipt {
    received: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    Path(scheme): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let verifier = app.inbound.verifier(&scheme).ok_or_else(ApiError::no_route)?;
    // Headers that cannot be right cost no body.
    let mut stream = verifier.start(&headers, app.now())?;
    let mut room = app.inbound.room();
    let read = read(body, &mut stream, &mut room);
    let body =
        tokio::time::timeout(BODY_TIME, read).await.map_err(|_| ApiError::body_too_slow())??;
    let message = stream.finish(app.now())?;
    let (scheme, kept) = (*verifier.scheme(), Arc::clone(&app));
    // Whether or not the sender waits: it comes again where it does not hear that it arrived.
    let duplicate = finish(&app, async move {
        let now = kept.now();
        match kept.inbound.keep(&message, &scheme, &body, now).await {
            Ok(_fresh) => {}
            Err(ReplayError::Duplicate) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        drop(room);
        let (scheme, key_id) = (scheme.name(), message.key_id().as_str());
        tracing::info!(scheme, key_id, bytes = body.len(), "a message was received");
        Ok(false)
    })
    .await?;
    Ok(json(StatusCode::OK, &Receipt { received: true, duplicate }))
}

/// Reads a body through the verifier, and keeps it while there is room.
async fn read(
    mut body: Body,
    stream: &mut VerifyingStream,
    room: &mut Room,
) -> Result<Vec<u8>, ApiError> {
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| ApiError::not_json("the body did not arrive whole", "send it again"))?;
        let Some(data) = frame.data_ref() else { continue };
        // The verifier has the same limit, and is asked before anything is kept.
        match stream.update(data) {
            Ok(()) => {}
            Err(Refused::BodyTooLarge) => return Err(ApiError::webhook_too_large()),
            Err(refused) => return Err(refused.into()),
        }
        if !room.grow(data.len()) {
            return Err(ApiError::no_room_for_a_body());
        }
        kept.extend_from_slice(data);
    }
    Ok(kept)
}
