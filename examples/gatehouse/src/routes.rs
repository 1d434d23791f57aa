//! The routes. A handler says in its signature what it needs of the caller; a new part of the
//! service is a new module here.

mod allowlist;
mod attestations;
mod auth;
mod controls;
mod health;
mod inbound;
mod ingest;
mod keys;
mod s3p;
mod sessions;
mod webhooks;
mod whoami;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::app::App;
use crate::completion::run_to_the_end;
use crate::error::ApiError;
use crate::input::MAX_BODY;
use crate::{client, limits, trail};

/// The whole service, ready to be served.
pub fn router(app: Arc<App>) -> Router {
    let kept = Router::new()
        .route("/whoami", get(whoami::show))
        .route("/keys", get(keys::list).post(keys::mint))
        .route("/keys/{id}", get(keys::show).patch(keys::rename).delete(keys::revoke))
        .route("/keys/{id}/rotate", post(keys::rotate))
        .route(
            "/allowlist",
            get(allowlist::show)
                .put(allowlist::put)
                .layer(DefaultBodyLimit::max(allowlist::MAX_LIST)),
        )
        .route("/webhooks/endpoints", get(webhooks::list).post(webhooks::add))
        .route("/webhooks/endpoints/{id}", get(webhooks::show).delete(webhooks::remove))
        .route("/webhooks/endpoints/{id}/rotate", post(webhooks::rotate))
        .route("/webhooks/endpoints/{id}/test", post(webhooks::test))
        .route("/webhooks/endpoints/{id}/enable", post(webhooks::enable))
        .route("/webhooks/deliveries/{id}/retry", post(webhooks::retry))
        .route("/orgs/{org}/controls", get(controls::list))
        .route("/ingest", post(ingest::accept))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", delete(sessions::revoke))
        .route("/sessions/revoke-others", post(sessions::revoke_others))
        .route("/auth/logout", post(auth::logout))
        .route("/s3p/heartbeat", post(s3p::heartbeat))
        .route("/attestations", post(attestations::accept))
        .layer(from_fn_with_state(Arc::clone(&app), run_to_the_end));
    let api = kept
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/reauthenticate", post(auth::reauthenticate))
        .route("/auth/password", post(auth::change))
        .layer(from_fn_with_state(Arc::clone(&app), limits::count_address))
        .layer(from_fn_with_state(Arc::clone(&app), client::resolve));
    let others = Router::new()
        .route("/webhooks/in/{scheme}", post(inbound::receive))
        .layer(from_fn_with_state(Arc::clone(&app), limits::count_address))
        .layer(from_fn_with_state(Arc::clone(&app), client::resolve));
    // What watches the service comes again and again from one address, and takes a 429 for a sign that the process
    // is to be killed. So neither of these is counted; nor is what leads nowhere, which costs less than counting.
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(others)
        .nest("/api/v1", api)
        .fallback(async || ApiError::no_route())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(&app), trail::follow))
        .with_state(app)
}
