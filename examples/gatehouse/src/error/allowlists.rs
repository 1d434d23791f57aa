//! How what happens to an address, or to an allowlist, becomes a response.
//!
//! None of these holds a network that somebody else listed.

use std::net::IpAddr;

use axum::http::StatusCode;
use palisade::allowlist::{AddressRefused, BuildError, Denied, EntryError, Fault, KEPT_FAULTS};
use serde::Serialize;

use super::ApiError;
use crate::allowlists::{AllowlistsError, MAX_ENTRIES};

const EVERYONE: &str = "an empty list, {\"entries\":[]}, allows every address";

/// An entry that was refused.
#[derive(Debug, Serialize)]
pub(super) struct FaultView {
    /// Counted from 1.
    entry: u32,
    /// In the text that is wrong, counted from 1 in bytes; nothing where the whole of it is.
    column: Option<usize>,
    /// Which text that is.
    field: &'static str,
    code: &'static str,
    message: String,
}

impl From<&Fault> for FaultView {
    fn from(Fault { place, error, .. }: &Fault) -> Self {
        let message = match error {
            // Whoever writes 0.0.0.0/0 means everyone, which has a form of its own.
            EntryError::TooBroad { .. } => format!("{error}; {EVERYONE}"),
            error => error.to_string(),
        };
        Self {
            entry: place.number(),
            column: error.column(),
            field: if matches!(error, EntryError::Label(_)) { "label" } else { "network" },
            code: error.code(),
            message,
        }
    }
}

impl ApiError {
    /// 403 for a good key, session or token that comes from elsewhere.
    fn address_not_allowed(denied: &Denied) -> Self {
        let (status, code) = (StatusCode::FORBIDDEN, "ADDRESS_NOT_ALLOWED");
        let hint = "ask an admin of the workspace to add the address; if nobody is left inside, ask the operator";
        Self::new(status, code, denied.to_string(), hint, denied.reason())
            .seen_from(denied.address())
    }

    /// 409 for a list that whoever puts it could not change back.
    pub(crate) fn would_lock_you_out(address: IpAddr) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "WOULD_LOCK_YOU_OUT",
            format!("the list does not hold your own address, {address}"),
            "add your address, or send \"force\":true if you have another way in",
            "would_lock_out",
        )
        .seen_from(address)
    }

    /// 412 for a list that is another one than the client read.
    pub(crate) fn allowlist_changed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "ALLOWLIST_CHANGED",
            "the list was changed since it was read, so nothing was stored",
            "get the list again, make your change to it, and put it with its ETag in If-Match",
            "allowlist_changed",
        )
    }

    /// 403 for a key that speaks for less than the workspace.
    pub(crate) fn allowlist_beyond_reach() -> Self {
        Self::beyond_reach(
            "a key that is for tests or bound to a server does not change the allowlist",
            "use a live key of an account, or sign in",
        )
    }

    /// 422 for more entries than a list has.
    pub(crate) fn too_many_entries() -> Self {
        let message = format!("an allowlist has at most {MAX_ENTRIES} entries");
        Self::allowlist_refused(message, "put networks together, such as two halves of a wider one")
    }

    fn allowlist_refused(message: String, hint: &'static str) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "ALLOWLIST_REFUSED", message, hint, "allowlist_refused")
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        Self::address_not_allowed(&denied)
    }
}

impl From<BuildError> for ApiError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Malformed(malformed) => {
                // A body has no more entries than are kept of the faults.
                const { assert!(KEPT_FAULTS >= MAX_ENTRIES as usize) };
                let faults = malformed.faults();
                let message = match faults.len() {
                    1 => "an entry is refused, so nothing was stored".to_owned(),
                    entries => format!("{entries} entries are refused, so nothing was stored"),
                };
                let hint = "\"entries\" says of each what is wrong and, where that is clear, what to write";
                let mut error = Self::allowlist_refused(message, hint);
                error.0.faults = faults.iter().map(FaultView::from).collect();
                error
            }
            BuildError::TooMany { .. } => Self::too_many_entries(),
            error => {
                tracing::error!(cause = %error, "an allowlist could not be built");
                Self::internal("allowlist_not_built")
            }
        }
    }
}

impl From<AllowlistsError> for ApiError {
    fn from(error: AllowlistsError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(cause, "the store of allowlists failed");
        Self::unavailable(error.to_string(), "allowlist_store_unavailable")
    }
}

impl From<AddressRefused> for ApiError {
    fn from(refused: AddressRefused) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "CLIENT_ADDRESS_UNKNOWN",
            refused.to_string(),
            "send the request by the usual way; if you did, tell the operator the X-Request-Id of this response",
            refused.reason(),
        )
    }
}
