//! What a key is to be, before it is one.

use std::time::{Duration, SystemTime};

use crate::{KeyFormat, KeyName, Owner, Scopes, ServerId};

/// What a new key is to be.
///
/// # Examples
///
/// ```
/// use palisade_apikey::{KeyFormat, NewKey};
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let format = KeyFormat::new("gmk_cru_live")?.server_bound();
/// let new = NewKey::new("org_1".parse()?, &format, "rack 7".parse()?, "write:metrics".parse()?)
///     .bound_to("srv-7".parse()?)
///     .expires_at(SystemTime::now() + Duration::from_hours(24));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct NewKey {
    pub(crate) owner: Owner,
    pub(crate) format: String,
    pub(crate) name: KeyName,
    pub(crate) scopes: Scopes,
    pub(crate) server: Option<ServerId>,
    pub(crate) expires: Option<SystemTime>,
}

impl NewKey {
    /// A key of this format that never expires and, where the format does not ask for it, is bound
    /// to no server.
    ///
    /// # Security
    ///
    /// `owner` and the most of `scopes` come from what authenticated the caller, not from the
    /// request: see [`Authenticated::owner`](crate::Authenticated::owner) and [`Authenticated::require_all`](crate::Authenticated::require_all).
    #[must_use]
    pub fn new(owner: Owner, format: &KeyFormat, name: KeyName, scopes: Scopes) -> Self {
        let format = format.prefix().to_owned();
        Self { owner, format, name, scopes, server: None, expires: None }
    }

    /// The key works from this server only.
    #[must_use]
    pub fn bound_to(mut self, server: ServerId) -> Self {
        self.server = Some(server);
        self
    }

    /// The key stops working at this time.
    #[must_use]
    pub fn expires_at(mut self, end: SystemTime) -> Self {
        self.expires = Some(end);
        self
    }

    /// The key stops working this long after `now`. A sum that no calendar holds is refused when the
    /// key is issued.
    #[must_use]
    pub fn expires_after(self, lifetime: Duration, now: SystemTime) -> Self {
        // The epoch lies in the past of every clock, so it is refused as an expiry.
        let end = now.checked_add(lifetime).unwrap_or(SystemTime::UNIX_EPOCH);
        self.expires_at(end)
    }
}
