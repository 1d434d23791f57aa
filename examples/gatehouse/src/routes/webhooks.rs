//! `/api/v1/webhooks`: where a workspace wants its events sent, and what became of them.
//!
//! Who may do it is who may mint keys. The secret of an endpoint is shown when it is made and when it is rotated, so
//! these two need what a new key needs; and so does a removal, after which nobody hears of the workspace any more. Every change asks the allowlist of the workspace in its transaction.

mod requests;
mod view;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use self::requests::{EndpointId, EndpointRequest, SecretRequest};
use self::view::{DetailView, EndpointList, EndpointView, QueuedView, SecretView};
use crate::app::App;
use crate::client::Client;
use crate::error::ApiError;
use crate::input::{Body, OptionalBody, Segment};
use crate::manager::Manager;
use crate::reply::json;
use crate::webhooks::{Added, Endpoint, Retried};

pub(crate) async fn add(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Body(request): Body<EndpointRequest>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_a_webhook_secret(&app, now).await?;
    let egress = &app.webhooks.egress;
    let target =
        egress.target(&request.url).map_err(|error| ApiError::webhook_url(error, egress))?;
    let (workspace, new) = (manager.owner()?, request.checked()?);
    let key = app.webhooks.secrets.primary();
    let store = &app.webhooks.store;
    let added = store.add(workspace.as_str(), client.address(), &new, key, now).await?;
    let endpoint = done(added, ApiError::too_many_endpoints)?;
    log(&manager, workspace.as_str(), &endpoint.id, "added");
    tracing::info!(endpoint_id = endpoint.id, %target, "webhooks go there");
    secret_shown(&app, StatusCode::CREATED, &endpoint)
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    manager: Manager,
) -> Result<Response, ApiError> {
    manager.may_manage_webhooks()?;
    let endpoints = app.webhooks.store.endpoints(manager.owner()?.as_str()).await?;
    let endpoints = endpoints.iter().map(|endpoint| EndpointView::new(endpoint, app.now()));
    Ok(json(StatusCode::OK, &EndpointList { endpoints: endpoints.collect() }))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    manager: Manager,
    Segment(EndpointId(id)): Segment<EndpointId>,
) -> Result<Response, ApiError> {
    manager.may_manage_webhooks()?;
    let (workspace, store) = (manager.owner()?, &app.webhooks.store);
    let found = store.endpoint(workspace.as_str(), &id).await?;
    let endpoint = found.ok_or_else(ApiError::nothing_of_that_name)?;
    let deliveries = store.deliveries(workspace.as_str(), &id).await?;
    Ok(json(StatusCode::OK, &DetailView::new(&endpoint, &deliveries, app.now())))
}

pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Segment(EndpointId(id)): Segment<EndpointId>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_a_webhook_secret(&app, now).await?;
    let (workspace, store) = (manager.owner()?, &app.webhooks.store);
    let removed = store.remove(workspace.as_str(), client.address(), &id, now).await?;
    done(removed, ApiError::too_many_endpoints)?;
    log(&manager, workspace.as_str(), &id, "removed");
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Segment(EndpointId(id)): Segment<EndpointId>,
    OptionalBody(request): OptionalBody<SecretRequest>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_a_webhook_secret(&app, now).await?;
    let (workspace, key) = (manager.owner()?, app.webhooks.secrets.primary());
    let store = &app.webhooks.store;
    let (address, overlap) = (client.address(), request.overlap());
    let rotated = store.rotate(workspace.as_str(), address, &id, key, overlap, now).await?;
    let endpoint = done(rotated, ApiError::too_many_endpoints)?;
    log(&manager, workspace.as_str(), &id, "rotated");
    secret_shown(&app, StatusCode::OK, &endpoint)
}

pub(crate) async fn test(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Segment(EndpointId(id)): Segment<EndpointId>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_webhooks(&app, now).await?;
    let workspace = manager.owner()?;
    let queued = app.webhooks.store.test(workspace.as_str(), client.address(), &id, now).await?;
    let delivery = done(queued, ApiError::backlog_full)?;
    app.webhooks.wake();
    Ok(json(StatusCode::ACCEPTED, &QueuedView { delivery_id: &delivery }))
}

pub(crate) async fn enable(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Segment(EndpointId(id)): Segment<EndpointId>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_webhooks(&app, now).await?;
    let (workspace, store) = (manager.owner()?, &app.webhooks.store);
    let enabled = store.enable(workspace.as_str(), client.address(), &id, now).await?;
    done(enabled, ApiError::too_many_endpoints)?;
    log(&manager, workspace.as_str(), &id, "enabled");
    app.webhooks.wake();
    let found = store.endpoint(workspace.as_str(), &id).await?;
    let endpoint = found.ok_or_else(ApiError::nothing_of_that_name)?;
    Ok(json(StatusCode::OK, &EndpointView::new(&endpoint, now)))
}

pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Segment(EndpointId(id)): Segment<EndpointId>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_webhooks(&app, now).await?;
    let workspace = manager.owner()?;
    let retried = app.webhooks.store.retry(workspace.as_str(), client.address(), &id, now).await?;
    match done(retried, ApiError::backlog_full)? {
        Retried::Delivered => Err(ApiError::already_delivered()),
        Retried::Due(delivery) => {
            app.webhooks.wake();
            Ok(json(StatusCode::ACCEPTED, &QueuedView { delivery_id: &delivery }))
        }
    }
}

fn done<T>(added: Added<T>, too_many: impl FnOnce() -> ApiError) -> Result<T, ApiError> {
    match added {
        Added::Done(done) => Ok(done),
        Added::Missing => Err(ApiError::nothing_of_that_name()),
        Added::TooMany => Err(too_many()),
        Added::TooOften => Err(ApiError::too_often_by_hand()),
        Added::Disabled => Err(ApiError::endpoint_disabled()),
        Added::Denied(denied) => Err(denied.into()),
    }
}

fn log(manager: &Manager, workspace: &str, endpoint_id: &str, change: &str) {
    let (key_id, user_id) = manager.ids();
    tracing::info!(
        workspace,
        key_id,
        user_id,
        endpoint_id,
        change,
        "a webhook endpoint was changed"
    );
}

/// The two responses that hold a secret.
fn secret_shown(app: &App, status: StatusCode, endpoint: &Endpoint) -> Result<Response, ApiError> {
    let secret = app.webhooks.secrets.derive(&endpoint.id, &endpoint.secret);
    let secret = secret.map_err(|_| ApiError::internal("webhook_secret"))?.expose_whsec();
    Ok(json(status, &SecretView::new(endpoint, &secret, app.now())))
}
