//! Changes run to their end, whether or not the client waits for it.

use std::future::Future;
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
    let response = finish(&app, async { Ok(next.run(request).await) }).await;
    response.unwrap_or_else(IntoResponse::into_response)
}

/// Does the rest of a request in a task of its own: for those whose first part is better given up when the
/// client goes away.
pub(crate) async fn finish<T: Send + 'static>(
    app: &App,
    rest: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    app.changes.spawn(rest).await.unwrap_or_else(|error| {
        tracing::error!(cause = %error, "a request did not run to its end");
        Err(ApiError::internal("task_failed"))
    })
}
