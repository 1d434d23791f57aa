//! `GET /api/v1/whoami`: what the service knows of the key that the request came with.

use axum::http::StatusCode;
use axum::response::Response;
use palisade::apikey::{Authenticated, Scope, ServerId};
use serde::Serialize;

use crate::caller::Caller;
use crate::reply::{json, rfc3339};

#[derive(Serialize)]
struct Whoami<'a> {
    key_id: &'a str,
    name: &'a str,
    owner: &'a str,
    environment: Option<&'a str>,
    scopes: Vec<String>,
    server: Option<&'a str>,
    expires_at: Option<String>,
}

impl<'a> From<&'a Authenticated> for Whoami<'a> {
    fn from(caller: &'a Authenticated) -> Self {
        Self {
            key_id: caller.key_id().as_str(),
            name: caller.name().as_str(),
            owner: caller.owner().as_str(),
            environment: caller.environment(),
            scopes: caller.scopes().iter().map(Scope::to_string).collect(),
            server: caller.server().map(ServerId::as_str),
            expires_at: caller.expires().map(rfc3339),
        }
    }
}

pub(crate) async fn show(Caller(caller): Caller) -> Response {
    json(StatusCode::OK, &Whoami::from(&caller))
}
