//! From where a request comes: resolved once, before anything else is looked at.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use palisade::allowlist::ClientIp;

use crate::app::App;
use crate::error::ApiError;

/// The other end of the connection: an extension that the server gives each request. Behind a proxy it is the
/// proxy's address.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Finds the address of the client, by the policy of the operator. Where it is not known, nothing is served: to
/// take the proxy for the client would give everyone the proxy's rights.
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(Peer(peer)) = request.extensions().get().copied() else {
        tracing::error!("a request has no peer: the server that calls the router has to add one");
        return ApiError::internal("peer_missing").into_response();
    };
    match app.admission.clients.resolve(peer, request.headers()) {
        Ok(client) => {
            request.extensions_mut().insert(Client(client));
            next.run(request).await
        }
        Err(refused) => {
            // Mostly a proxy that is not set up as the variables say, and the operator has to know which.
            tracing::warn!(%peer, cause = ?refused, "the address of a client is not known");
            ApiError::from(refused).into_response()
        }
    }
}

/// The address of the client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(ClientIp);

impl Client {
    /// In canonical form: an IPv4-mapped address is IPv4.
    pub(crate) fn address(self) -> IpAddr {
        self.0.address()
    }
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        // A route outside of the layer would have none; it fails closed.
        parts.extensions.get().copied().ok_or_else(|| ApiError::internal("client_missing"))
    }
}
