//! What clients may ask for. An unknown field is refused: a client that names an `owner` believes
//! something that is not so.

use std::time::Duration;

use palisade::apikey::{ApiKeyId, Formats, KeyFormat, KeyName, Overlap, Scope, Scopes, ServerId};
use serde::Deserialize;

use crate::error::ApiError;
use crate::input::Described;

/// The page size of a list where the client names none.
const PAGE: usize = 50;

/// The largest page.
const MAX_PAGE: usize = 100;

/// `POST /api/v1/keys`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MintRequest {
    name: String,
    scopes: Vec<String>,
    format: Option<String>,
    server: Option<String>,
    expires_in_seconds: Option<u64>,
}

impl Described for MintRequest {
    const FIELDS: &'static str = "the fields are name (text) and scopes (list of text), and if need be format (text), server (text), expires_in_seconds (whole number)";
}

impl MintRequest {
    pub(crate) fn name(&self) -> Result<KeyName, ApiError> {
        name(&self.name)
    }

    pub(crate) fn scopes(&self) -> Result<Scopes, ApiError> {
        if self.scopes.is_empty() || self.scopes.len() > Scopes::MAX {
            let message = format!("a key has 1 to {} scopes", Scopes::MAX);
            return Err(ApiError::invalid_body(
                message,
                "for example \"scopes\":[\"read:controls\"]",
            ));
        }
        let parsed: Result<Vec<Scope>, _> = self.scopes.iter().map(|scope| scope.parse()).collect();
        parsed.map(Scopes::from_iter).map_err(|error| {
            ApiError::invalid_body(error.to_string(), "for example \"scopes\":[\"read:controls\"]")
        })
    }

    pub(crate) fn format<'f>(&self, formats: &'f Formats) -> Result<&'f KeyFormat, ApiError> {
        let prefix = self.format.as_deref().unwrap_or(crate::formats::DEFAULT);
        formats.find(prefix).ok_or_else(|| {
            let known: Vec<&str> = formats.iter().map(KeyFormat::prefix).collect();
            ApiError::invalid_body(
                "there is no such key format",
                format!("the formats are {}", known.join(", ")),
            )
        })
    }

    /// The server that the key is to be bound to, which the keys of collectors are and no others.
    pub(crate) fn server(&self, format: &KeyFormat) -> Result<Option<ServerId>, ApiError> {
        match &self.server {
            Some(_) if !format.is_server_bound() => Err(ApiError::invalid_body(
                "keys of this format are not bound to a server",
                "leave out \"server\", or use the format gate_coll_live",
            )),
            Some(server) => server.parse().map(Some).map_err(|error| {
                let error: palisade::apikey::InvalidName = error;
                ApiError::invalid_body(error.to_string(), "mend \"server\"")
            }),
            // Issuing refuses it where the format asks for one.
            None => Ok(None),
        }
    }

    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.expires_in_seconds.map(Duration::from_secs)
    }
}

/// `PATCH /api/v1/keys/{id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameRequest {
    name: String,
}

impl Described for RenameRequest {
    const FIELDS: &'static str = "the one field is name (text)";
}

impl RenameRequest {
    pub(crate) fn name(&self) -> Result<KeyName, ApiError> {
        name(&self.name)
    }
}

fn name(text: &str) -> Result<KeyName, ApiError> {
    text.parse().map_err(|error: palisade::apikey::InvalidName| {
        ApiError::invalid_body(error.to_string(), "mend \"name\"")
    })
}

/// `POST /api/v1/keys/{id}/rotate`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateRequest {
    overlap_seconds: Option<u64>,
    leaked: Option<bool>,
}

impl Described for RotateRequest {
    const FIELDS: &'static str = "the body is {\"overlap_seconds\":3600} to let both keys work for an hour, or {\"leaked\":true} to stop the old one at once";
}

/// What becomes of the old key.
pub(crate) enum Rotation {
    /// It works beside the new one for a while.
    Overlap(Overlap),
    /// It stops at once.
    Leaked,
}

impl RotateRequest {
    pub(crate) fn rotation(&self) -> Result<Rotation, ApiError> {
        match (self.overlap_seconds, self.leaked) {
            (Some(seconds), None | Some(false)) => {
                Ok(Rotation::Overlap(Overlap::of(Duration::from_secs(seconds))?))
            }
            (None, Some(true)) => Ok(Rotation::Leaked),
            _ => Err(ApiError::invalid_body(
                "the body has to say what becomes of the old key, and one thing only",
                Self::FIELDS,
            )),
        }
    }
}

/// `GET /api/v1/keys?after=…&limit=…`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    after: Option<String>,
    limit: Option<usize>,
}

impl Described for Page {
    const FIELDS: &'static str = "after is the id of a key, limit a number from 1 to 100";
}

impl Page {
    pub(crate) fn after(&self) -> Result<Option<ApiKeyId>, ApiError> {
        let parsed = self.after.as_deref().map(str::parse).transpose();
        parsed.map_err(|_| ApiError::invalid_query(Self::FIELDS))
    }

    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        let limit = self.limit.unwrap_or(PAGE);
        if (1..=MAX_PAGE).contains(&limit) {
            Ok(limit)
        } else {
            Err(ApiError::invalid_query(Self::FIELDS))
        }
    }
}
