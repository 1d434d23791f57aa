//! The limit of strangers: before anything else is looked at.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::tally::Tally;
use super::weights::weight;
use crate::app::App;
use crate::client::Client;
use crate::error::ApiError;
use crate::trail::Trail;

/// Counts a request by the address of its client, and tells of all that was counted in the headers of the answer.
///
/// It stands behind [`resolve`](crate::client::resolve), since behind a proxy all clients have the proxy's address.
pub(crate) async fn count_address(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let trail = request.extensions().get::<Arc<Trail>>().cloned();
    let tally = Arc::new(Tally::new(weight(request.method(), route), trail));
    request.extensions_mut().insert(Arc::clone(&tally));
    let client = request.extensions().get::<Client>().copied();
    let verdict = match client {
        Some(client) => app.limits.of_address(client.address(), &tally, app.now()).await,
        // A route outside of the layer would have none; it fails closed.
        None => Err(ApiError::internal("client_missing")),
    };
    let mut response = match verdict {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    tally.write(response.headers_mut());
    response
}

/// By what a request was counted up to now.
pub(crate) struct Counted(pub(crate) Arc<Tally>);

impl FromRequestParts<Arc<App>> for Counted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        // A route outside of the layer would have none; it fails closed.
        let tally = parts.extensions.get::<Arc<Tally>>().cloned();
        tally.map(Self).ok_or_else(|| ApiError::internal("tally_missing"))
    }
}
