//! What a route can need of a key, as types: a handler states it in its signature.

use palisade::apikey::{InvalidScope, Level, Scope};

/// The scopes that routes need, spelt once and checked at the start.
#[derive(Debug)]
pub(crate) struct Permissions {
    admin: Scope,
    read_controls: Scope,
    write_metrics: Scope,
    write_attestations: Scope,
}

impl Permissions {
    pub(crate) fn new() -> Result<Self, InvalidScope> {
        Ok(Self {
            admin: Scope::everything(Level::Admin),
            read_controls: Scope::on(Level::Read, "controls")?,
            write_metrics: Scope::on(Level::Write, "metrics")?,
            write_attestations: ATTEST.parse()?,
        })
    }
}

/// Something that a route needs of a key.
pub(crate) trait Permission: Send {
    /// The scope that stands for it.
    fn scope(permissions: &Permissions) -> &Scope;
}

/// `admin`: to manage the keys of the organisation.
#[derive(Debug)]
pub(crate) struct Admin;

impl Permission for Admin {
    fn scope(permissions: &Permissions) -> &Scope {
        &permissions.admin
    }
}

/// `read:controls`.
#[derive(Debug)]
pub(crate) struct ReadControls;

impl Permission for ReadControls {
    fn scope(permissions: &Permissions) -> &Scope {
        &permissions.read_controls
    }
}

/// `write:metrics`.
#[derive(Debug)]
pub(crate) struct WriteMetrics;

impl Permission for WriteMetrics {
    fn scope(permissions: &Permissions) -> &Scope {
        &permissions.write_metrics
    }
}

/// The scope that attestations need, of an API key as of an epoch token.
pub(crate) const ATTEST: &str = "write:attestations";

/// `write:attestations`.
#[derive(Debug)]
pub(crate) struct WriteAttestations;

impl Permission for WriteAttestations {
    fn scope(permissions: &Permissions) -> &Scope {
        &permissions.write_attestations
    }
}
