//! Keys as clients see them: everything of a record but the digest.

use std::time::SystemTime;

use palisade::apikey::{ApiKey, ApiKeyId, KeyRecord, Scope, ServerId};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::reply::rfc3339;

/// A key that exists.
#[derive(Serialize)]
pub(crate) struct KeyView<'a> {
    id: &'a str,
    name: &'a str,
    owner: &'a str,
    format: &'a str,
    environment: Option<&'a str>,
    masked: String,
    scopes: Vec<String>,
    server: Option<&'a str>,
    state: &'static str,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    use_count: u64,
    revoked_at: Option<String>,
    revoked_reason: Option<&'static str>,
    replaces: Option<&'a str>,
    replaced_by: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    pub(crate) fn new(record: &'a KeyRecord, now: SystemTime) -> Self {
        Self {
            id: record.id.as_str(),
            name: record.name.as_str(),
            owner: record.owner.as_str(),
            format: &record.format,
            environment: record.environment.as_deref(),
            masked: record.mask().to_string(),
            scopes: record.scopes.iter().map(Scope::to_string).collect(),
            server: record.server.as_ref().map(ServerId::as_str),
            state: record.state(now).as_str(),
            created_at: rfc3339(record.created),
            expires_at: record.expires.map(rfc3339),
            last_used_at: record.last_used.map(rfc3339),
            use_count: record.use_count,
            revoked_at: record.revoked.map(|revocation| rfc3339(revocation.at)),
            revoked_reason: record.revoked.map(|revocation| revocation.reason.as_str()),
            replaces: record.replaces.as_ref().map(ApiKeyId::as_str),
            replaced_by: record.replaced_by.as_ref().map(ApiKeyId::as_str),
        }
    }
}

/// A key that was just issued, with the key itself: never to be seen again.
#[derive(Serialize)]
pub(crate) struct IssuedView<'a> {
    #[serde(serialize_with = "as_text")]
    key: Zeroizing<String>,
    #[serde(flatten)]
    record: KeyView<'a>,
}

impl<'a> IssuedView<'a> {
    pub(crate) fn new(key: ApiKey, record: &'a KeyRecord, now: SystemTime) -> Self {
        Self { key: Zeroizing::new(key.reveal()), record: KeyView::new(record, now) }
    }
}

fn as_text<S: serde::Serializer>(key: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(key)
}
