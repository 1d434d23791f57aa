//! Changes run to their end, whether or not the client waits for it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::ApiError;

/// Runs a request that may change something in a task of its own.
///
/// When a client goes away, the future of its request is dropped wherever it stands. Between the
/// write of a revocation and the moment at which the cache forgets the key, that would leave a key
/// that is revoked and accepted still.
pub(crate) async fn run_to_the_end(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match app.changes.spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(cause = %error, "a request did not run to its end");
            ApiError::internal("task_failed").into_response()
        }
    }
}
