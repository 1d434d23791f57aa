//! What the handlers share.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use palisade::apikey::{ApiKeys, InvalidScope};
use tokio_util::task::TaskTracker;

use crate::admission::Admission;
use crate::epochs::Epochs;
use crate::inbound::Inbound;
use crate::limits::Limits;
use crate::micros::{micros, time};
use crate::passwords::Passwords;
use crate::permission::Permissions;
use crate::revocations::Revocations;
use crate::sessions::UserSessions;
use crate::store::Store;
use crate::trail::RequestIds;
use crate::webhooks::Webhooks;

/// The shared state of the service: one field for each part of Palisade that it composes.
#[derive(Debug)]
pub struct App {
    /// The API keys.
    pub keys: ApiKeys<Store>,
    /// The users and their passwords.
    pub passwords: Passwords,
    /// Who is signed in, and the cookie of it.
    pub people: UserSessions,
    /// The tokens of sidecars.
    pub epochs: Epochs,
    /// Who may come from where.
    pub admission: Admission,
    /// What is sent to customers.
    pub webhooks: Webhooks,
    /// What others send here.
    pub inbound: Inbound,
    /// How often one may come.
    pub limits: Limits,
    /// What other processes are told.
    pub revocations: Revocations,
    pub(crate) permissions: Permissions,
    pub(crate) request_ids: RequestIds,
    /// What runs to its end whether or not a client waits for it.
    pub changes: TaskTracker,
    clock: Clock,
}

impl App {
    /// The state of a service with these parts, which asks `clock` for the time.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] when a scope that a route needs is misspelt in the program.
    #[expect(
        clippy::too_many_arguments,
        reason = "one for each part of the service, each of another type"
    )]
    pub fn new(
        keys: ApiKeys<Store>,
        passwords: Passwords,
        people: UserSessions,
        epochs: Epochs,
        admission: Admission,
        webhooks: Webhooks,
        inbound: Inbound,
        limits: Limits,
        revocations: Revocations,
        clock: Clock,
    ) -> Result<Self, InvalidScope> {
        Ok(Self {
            keys,
            passwords,
            people,
            epochs,
            admission,
            webhooks,
            inbound,
            limits,
            revocations,
            permissions: Permissions::new()?,
            request_ids: RequestIds::default(),
            changes: TaskTracker::new(),
            clock,
        })
    }

    /// The time in whole microseconds, as the stores keep it: so what was just written compares equal with the time
    /// that it was written for.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        time(micros((self.clock.0)()))
    }
}

/// Where the time comes from: the system, or in a test whatever moves it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(SystemTime::now)
    }

    /// A clock that asks a function.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
