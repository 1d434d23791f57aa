//! Who may come from where. What each kind of credential is turned away with, and when, is decided here.
//!
//! Whose allowlist counts is known only once the credential was found, so nothing can be refused for an address
//! before that. The lists are read first, where they are too old to decide. Then the key or the session is found
//! and verified, and [`admit`] is the rule that comes between that and the note of the use. Who may not come is
//! turned away there: no use is counted, no session is renewed, no handler runs, and no body is read.
//!
//! A 403 goes to whoever holds a good key, session or token, and so learns nothing from it. A stranger who guesses
//! gets the 401 that a wrong key gets. At the login, where a stranger may name anybody, an address that is not
//! allowed gets the answer of a wrong password at the cost of a name that nobody has: the password is never
//! compared, so whoever stole it cannot even find out there that it is the right one.
//!
//! Signing out needs no address: it can only take something away, and whoever moved to another network must be
//! able to end what was left open.

use std::net::IpAddr;

use palisade::allowlist::TrustPolicy;

use crate::allowlists::{Allowlists, Lists};
use crate::error::ApiError;
use crate::trail::{Judgement, Trail};

/// From where clients come, and which workspaces let them in from there.
#[derive(Debug)]
pub struct Admission {
    /// Whom to believe about the address of a client.
    pub clients: TrustPolicy,
    /// The allowlists of the workspaces.
    pub lists: Allowlists,
}

/// What a request was judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    ApiKey,
    Session,
    Password,
    EpochToken,
}

impl Credential {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Session => "session",
            Self::Password => "password",
            Self::EpochToken => "epoch_token",
        }
    }
}

/// Goes on only if the workspace may be reached from this address, and leaves in the trail by which entry.
pub(crate) fn admit(
    lists: &Lists,
    trail: Option<&Trail>,
    workspace: &str,
    address: IpAddr,
    credential: Credential,
) -> Result<(), ApiError> {
    let verdict = lists.check(workspace, address);
    // A workspace that anyone may reach leaves nothing: from where its people come is not written down.
    if let (Some(trail), Ok(Some(_)) | Err(_)) = (trail, &verdict) {
        let entry = verdict.ok().flatten();
        trail.judged(Judgement {
            address,
            workspace: workspace.to_owned(),
            credential,
            entry: entry.map(|entry| (entry.network(), entry.label().to_owned())),
        });
    }
    verdict.map(drop).map_err(ApiError::from)
}
