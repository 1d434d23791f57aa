//! Webhooks to customers: what happens in a workspace is sent to the endpoints that it registered.
//!
//! An event and one delivery for each endpoint are written in the transaction of the change, or for a change in the
//! store of keys by an [intent](intents) before it. A [task](dispatch) sends what is due, by the schedule of
//! Standard Webhooks, until the receiver has it.

mod claim;
pub(crate) mod dispatch;
mod due;
mod endpoints;
mod event;
mod forget;
mod history;
mod intents;
mod late;
mod master_keys;
mod secret;

use std::time::{Duration, SystemTime};

use palisade::secret::{Keyring, MacKey};
use palisade::webhook::{InvalidRetryPolicy, RetryPolicy};
use sqlx::sqlite::SqlitePool;
use tokio::sync::Notify;

use crate::config::{Config, WEBHOOK_KEYS};
use crate::egress::{Egress, InvalidEgress};
use crate::peppers::{self, PepperUse};
use crate::secrets::SecretUses;
use crate::start::StartError;

pub(crate) use endpoints::{Added, Endpoint, NewEndpoint};
pub(crate) use event::{Event, EventType, write as write_event};
pub(crate) use history::{BY_HAND, DeliveryRow, Retried};
pub(crate) use intents::{Change, Changed, Intent};
pub(crate) use secret::Secrets;

/// How long the secret before goes on signing beside the new one.
pub(crate) const OVERLAP: Duration = Duration::from_hours(24);

/// The most endpoints of a workspace.
pub(crate) const MAX_ENDPOINTS: u32 = 10;

/// How long deliveries that are over are kept.
pub(crate) const RETENTION: Duration = Duration::from_hours(30 * 24);

/// What is sent to customers, and how.
#[derive(Debug)]
pub struct Webhooks {
    pub(crate) store: WebhookStore,
    pub(crate) secrets: Secrets,
    pub(crate) egress: Egress,
    pub(crate) policy: RetryPolicy,
    /// Told when there is something to send.
    wake: Notify,
}

impl Webhooks {
    /// Opens the endpoints and the keys that their secrets are derived from.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what is not usable.
    pub async fn open(
        config: &Config,
        secrets: &mut SecretUses,
        store: WebhookStore,
    ) -> Result<Self, StartError> {
        let settings = &config.webhooks;
        let used = store.key_ids().await?;
        let ring =
            peppers::load(PepperUse::Webhooks, settings.keys, &config.database, !used.is_empty())?;
        secrets.add(WEBHOOK_KEYS, &ring)?;
        warn_of_lost_keys(&ring, &used);
        let webhooks = Self {
            store,
            secrets: Secrets::new(ring),
            egress: config.egress.open()?,
            policy: policy(&settings.retry)?,
            wake: Notify::new(),
        };
        match webhooks.store.other_key(&webhooks.secrets).await? {
            None => Ok(webhooks),
            Some(key_id) => Err(StartError::WebhookKeyReplaced { key_id }),
        }
    }

    /// Has what is due sent at once: without this it is found a moment later.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

/// The schedule of Standard Webhooks, or another one.
fn policy(waits: &[Duration]) -> Result<RetryPolicy, InvalidRetryPolicy> {
    match waits {
        [] => Ok(RetryPolicy::default()),
        waits => RetryPolicy::builder().delays(waits.iter().copied()).build(),
    }
}

/// Nothing is sent to an endpoint without its key: its messages wait until the key is given again.
fn warn_of_lost_keys(ring: &Keyring<MacKey>, used: &[(String, i64)]) {
    for (key_id, endpoints) in used {
        if ring.find(key_id, SystemTime::UNIX_EPOCH).is_err() {
            tracing::error!(
                key_id,
                endpoints,
                "endpoints have secrets under a key that is not given, so nothing is sent to them; add it to {WEBHOOK_KEYS}"
            );
        }
    }
}

/// The endpoints, messages and deliveries in the database. Each call is one statement, or one transaction that locks
/// from its start.
#[derive(Clone, Debug)]
pub struct WebhookStore {
    pool: SqlitePool,
}

impl WebhookStore {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// The pool, for what is received.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}

/// The webhooks cannot be read or written at the moment.
///
/// Its text is safe to show a stranger. The cause, for the operator's log, is its
/// [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the store of webhooks is not available")]
pub struct WebhooksError(#[from] sqlx::Error);

impl From<InvalidEgress> for StartError {
    fn from(error: InvalidEgress) -> Self {
        Self::Egress(error)
    }
}
