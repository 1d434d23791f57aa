//! `/api/v1/allowlist`: from where the workspace of the caller may be reached.
//!
//! A list that is put replaces the one before as a whole. It guards all keys of the workspace and all sessions of
//! its person, so a stolen cookie is not enough to change it: a person types the password once more, as for a new
//! key. A key can type nothing. It may put a list as it may mint a key: whoever holds an admin key could mint
//! another one anyway, and a list that was put by a program is what many workspaces are after.

mod requests;
mod view;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use self::requests::ListRequest;
use self::view::{ListView, ReportView};
use crate::allowlists::{Replacement, StoredList};
use crate::app::App;
use crate::client::Client;
use crate::error::ApiError;
use crate::input::Body;
use crate::manager::Manager;
use crate::reply::json;

/// The largest list, in bytes: a thousand entries with labels as long as they may be.
pub(crate) const MAX_LIST: usize = 512 * 1024;

/// The list as it is stored, and not as this process has it in memory.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
) -> Result<Response, ApiError> {
    let workspace = manager.owner()?;
    app.admission.lists.confirm(workspace.as_str(), client.address()).await??;
    let stored = app.admission.lists.store().load(workspace.as_str()).await?;
    Ok(answer(&stored, client, None))
}

pub(crate) async fn put(
    State(app): State<Arc<App>>,
    manager: Manager,
    client: Client,
    headers: HeaderMap,
    Body(request): Body<ListRequest>,
) -> Result<Response, ApiError> {
    let now = app.now();
    manager.confirm_for_the_allowlist(&app, now).await?;
    let (list, report) = request.build()?;
    if list.would_lock_out(client.address()) && !request.force {
        return Err(ApiError::would_lock_you_out(client.address()));
    }
    let (workspace, entries) = (manager.owner()?, request.entries()?);
    let is_meant_for = |version| is_meant_for(&headers, version);
    let lists = &app.admission.lists;
    let address = client.address();
    let version =
        match lists.replace(workspace.as_str(), &entries, address, is_meant_for, now).await? {
            Replacement::Done { version } => {
                app.webhooks.wake();
                version
            }
            Replacement::Overtaken => return Err(ApiError::allowlist_changed()),
            Replacement::Denied(denied) => return Err(denied.into()),
        };
    let (key_id, user_id) = manager.ids();
    tracing::info!(
        workspace = workspace.as_str(),
        key_id,
        user_id,
        entries = entries.len(),
        version,
        forced = request.force,
        "an allowlist was changed"
    );
    let stored = StoredList::new(workspace.as_str(), version, &entries);
    Ok(answer(&stored, client, Some(ReportView::from(&report))))
}

/// Whether `If-Match` takes this version (RFC 9110 section 13.1.1). Without the header, every one is replaced.
fn is_meant_for(headers: &HeaderMap, version: i64) -> bool {
    let mut values = headers.get_all(IF_MATCH).iter().peekable();
    let tag = tag(version);
    values.peek().is_none()
        || values.any(|value| {
            let mut tags = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            tags.any(|given| given == b"*" || given == tag.as_bytes())
        })
}

fn tag(version: i64) -> String {
    format!("\"{version}\"")
}

fn answer(stored: &StoredList, client: Client, report: Option<ReportView<'_>>) -> Response {
    let mut response = json(StatusCode::OK, &ListView::new(stored, client.address(), report));
    if let Ok(tag) = HeaderValue::from_str(&tag(stored.version)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
