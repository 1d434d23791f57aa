//! `/api/v1/keys`: the keys of the caller's organisation, or of the person who is signed in.
//!
//! Whose they are is always taken from the caller's key or session; no body has a field for it. A change
//! asks the store once more whether that still works: it may have been revoked while the body was on its
//! way, or a moment ago in another process. A person is shown no new key without a password of a moment ago.

mod requests;
mod view;

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use palisade::apikey::{ApiKeyId, Issued, NewKey, Owner, RevocationReason, Scopes};
use serde::Serialize;

use self::requests::{MintRequest, Page, RenameRequest, RotateRequest, Rotation};
use self::view::{IssuedView, KeyView};
use crate::app::App;
use crate::client::Client;
use crate::error::ApiError;
use crate::input::{Body, Params, Segment};
use crate::manager::Manager;
use crate::reply::json;
use crate::webhooks::{Change, Changed, Intent};

#[derive(Serialize)]
struct KeyList<'a> {
    keys: Vec<KeyView<'a>>,
    /// What to give as `after` to get those that follow, where there may be any.
    next: Option<&'a str>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    manager: Manager,
    Params(page): Params<Page>,
) -> Result<Response, ApiError> {
    let limit = page.limit()?;
    let records = app.keys.list(&manager.owner()?, page.after()?.as_ref(), limit).await?;
    let full = records.len() == limit;
    let now = app.now();
    let list = KeyList {
        keys: records.iter().map(|record| KeyView::new(record, now)).collect(),
        next: records.last().filter(|_| full).map(|last| last.id.as_str()),
    };
    Ok(json(StatusCode::OK, &list))
}

pub(crate) async fn mint(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    Body(request): Body<MintRequest>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_a_new_key(&app, client, now).await?;
    let format = request.format(app.keys.formats())?;
    let scopes = request.scopes()?;
    manager.may_manage(format.environment(), &scopes)?;

    let mut new = NewKey::new(manager.owner()?, format, request.name()?, scopes);
    if let Some(server) = request.server(format)? {
        new = new.bound_to(server);
    }
    if let Some(lifetime) = request.lifetime() {
        new = new.expires_after(lifetime, now);
    }
    let intent = app.webhooks.intend(&manager.owner()?, Change::Create, now).await?;
    let issued = app.keys.issue(new, now).await?;
    app.webhooks.settle(intent, &[Changed::Created(&issued.record)], now).await;
    Ok(created(&app, issued))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    manager: Manager,
    Segment(id): Segment<ApiKeyId>,
) -> Result<Response, ApiError> {
    let record = app.keys.load(&manager.owner()?, &id).await?;
    Ok(json(StatusCode::OK, &KeyView::new(&record, app.now())))
}

pub(crate) async fn rename(
    State(app): State<Arc<App>>,
    manager: Manager,
    Segment(id): Segment<ApiKeyId>,
    Body(request): Body<RenameRequest>,
) -> Result<Response, ApiError> {
    manager.confirm(&app, app.now()).await?;
    let owner = manager.owner()?;
    let record = app.keys.load(&owner, &id).await?;
    manager.may_manage(record.environment.as_deref(), &Scopes::none())?;
    app.keys.rename(&owner, &id, &request.name()?).await?;
    let record = app.keys.load(&owner, &id).await?;
    Ok(json(StatusCode::OK, &KeyView::new(&record, app.now())))
}

/// The new key has the scopes of the old one, and the caller sees it: rotating is granting.
pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    manager: Manager,
    Segment(id): Segment<ApiKeyId>,
    client: Client,
    Body(request): Body<RotateRequest>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_a_new_key(&app, client, now).await?;
    let owner = manager.owner()?;
    let record = app.keys.load(&owner, &id).await?;
    manager.may_manage(record.environment.as_deref(), &record.scopes)?;
    let change = Change::Rotate(&id);
    match request.rotation()? {
        Rotation::Overlap(overlap) => {
            let intent = app.webhooks.intend(&owner, change, now).await?;
            let issued = app.keys.rotate(&owner, &id, overlap, now).await?;
            app.revocations.of_key(&id).await;
            app.webhooks.settle(intent, &[Changed::Rotated(&issued.record)], now).await;
            Ok(created(&app, issued))
        }
        Rotation::Leaked => {
            let intent = app.webhooks.intend_at_any_rate(&owner, change, now).await;
            let reason = RevocationReason::Leaked;
            let issued = app.keys.rotate_at_once(&owner, &id, reason, now).await;
            // It may have been stopped also where it was not replaced.
            app.revocations.of_key(&id).await;
            announce_leak(&app, intent, (&owner, &id), issued.as_ref().ok(), now).await;
            Ok(created(&app, issued?))
        }
    }
}

/// Revoking twice is answered like revoking once: the first revocation stands.
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    manager: Manager,
    Segment(id): Segment<ApiKeyId>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm(&app, now).await?;
    let owner = manager.owner()?;
    let record = app.keys.load(&owner, &id).await?;
    manager.may_manage(record.environment.as_deref(), &Scopes::none())?;
    let reason = RevocationReason::Requested;
    let intent = app.webhooks.intend_at_any_rate(&owner, Change::Revoke(&id), now).await;
    let revocation = app.keys.revoke(&owner, &id, reason, now).await?;
    app.revocations.of_key(&id).await;
    let record = palisade::apikey::KeyRecord { revoked: Some(revocation), ..record };
    let revoked = [Changed::Revoked(&record)];
    let changed = if revocation.at >= now { revoked.as_slice() } else { &[] };
    app.webhooks.settle(intent, changed, now).await;
    Ok(json(StatusCode::OK, &KeyView::new(&record, now)))
}

/// Announces the revocation of a key that leaked, and the key that replaces it; there is none where it was replaced
/// before. Where it cannot be seen what was done the intent is left, and settled later by what is stored then.
async fn announce_leak(
    app: &App,
    intent: Intent,
    (owner, id): (&Owner, &ApiKeyId),
    issued: Option<&Issued>,
    now: SystemTime,
) {
    let Ok(old) = app.keys.load(owner, id).await else { return };
    let mut changed = Vec::new();
    if let Some(issued) = issued {
        changed.push(Changed::Rotated(&issued.record));
    }
    if old.revoked.is_some_and(|revocation| revocation.at >= now) {
        changed.push(Changed::Revoked(&old));
    }
    if !changed.is_empty() {
        app.webhooks.settle(intent, &changed, now).await;
    }
}

/// The one response that holds a key.
fn created(app: &App, issued: Issued) -> Response {
    let location = format!("/api/v1/keys/{}", issued.record.id);
    let view = IssuedView::new(issued.key, &issued.record, app.now());
    let mut response = json(StatusCode::CREATED, &view);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
