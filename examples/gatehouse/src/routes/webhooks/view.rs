//! Endpoints and deliveries as their owners see them.

use std::time::SystemTime;

use serde::Serialize;

use crate::reply::rfc3339;
use crate::webhooks::{DeliveryRow, Endpoint};

#[derive(Serialize)]
pub(crate) struct EndpointList<'a> {
    pub(crate) endpoints: Vec<EndpointView<'a>>,
}

/// An endpoint, without its secret.
#[derive(Serialize)]
pub(crate) struct EndpointView<'a> {
    id: &'a str,
    url: &'a str,
    description: &'a str,
    /// The types of events, or `*`.
    events: Vec<&'a str>,
    created_at: String,
    enabled: bool,
    disabled_at: Option<String>,
    disabled_reason: Option<&'a str>,
    /// How often there was a secret.
    secret_version: i64,
    /// Until when the secret before signs too.
    previous_secret_until: Option<String>,
}

impl<'a> EndpointView<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint, now: SystemTime) -> Self {
        let disabled = endpoint.disabled.as_ref();
        let old = endpoint.old_secret.as_ref().filter(|(_, until)| now < *until);
        Self {
            id: &endpoint.id,
            url: &endpoint.url,
            description: &endpoint.description,
            events: endpoint.events.split_whitespace().collect(),
            created_at: rfc3339(endpoint.created),
            enabled: disabled.is_none(),
            disabled_at: disabled.map(|(at, _)| rfc3339(*at)),
            disabled_reason: disabled.map(|(_, reason)| reason.as_str()),
            secret_version: endpoint.secret.version,
            previous_secret_until: old.map(|(_, until)| rfc3339(*until)),
        }
    }
}

/// An endpoint whose secret is new, with the secret: never to be seen again.
#[derive(Serialize)]
pub(crate) struct SecretView<'a> {
    #[serde(flatten)]
    endpoint: EndpointView<'a>,
    secret: &'a str,
}

impl<'a> SecretView<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint, secret: &'a str, now: SystemTime) -> Self {
        Self { endpoint: EndpointView::new(endpoint, now), secret }
    }
}

/// An endpoint and its latest deliveries.
#[derive(Serialize)]
pub(crate) struct DetailView<'a> {
    #[serde(flatten)]
    endpoint: EndpointView<'a>,
    deliveries: Vec<DeliveryView<'a>>,
}

impl<'a> DetailView<'a> {
    pub(crate) fn new(
        endpoint: &'a Endpoint,
        deliveries: &'a [DeliveryRow],
        now: SystemTime,
    ) -> Self {
        let enabled = endpoint.disabled.is_none();
        let deliveries = deliveries.iter().map(|row| DeliveryView::new(row, enabled));
        Self { endpoint: EndpointView::new(endpoint, now), deliveries: deliveries.collect() }
    }
}

#[derive(Serialize)]
struct DeliveryView<'a> {
    id: &'a str,
    message_id: &'a str,
    r#type: &'a str,
    created_at: String,
    /// `due`, `delivered`, `gave_up` or `gone`.
    state: &'a str,
    /// Why it was given up.
    reason: Option<&'a str>,
    attempts: i64,
    /// A status, or a word for why there was none.
    last_outcome: Option<&'a str>,
    last_attempt_at: Option<String>,
    next_attempt_at: Option<String>,
}

impl<'a> DeliveryView<'a> {
    fn new(row: &'a DeliveryRow, enabled: bool) -> Self {
        let waits = enabled && row.state == "due";
        Self {
            id: &row.id,
            message_id: &row.message,
            r#type: &row.kind,
            created_at: rfc3339(row.created),
            state: &row.state,
            reason: row.why.as_deref(),
            attempts: row.attempts,
            last_outcome: row.outcome.as_deref(),
            last_attempt_at: row.outcome_at.map(rfc3339),
            next_attempt_at: waits.then(|| rfc3339(row.at)),
        }
    }
}

/// A message that is on its way.
#[derive(Serialize)]
pub(crate) struct QueuedView<'a> {
    pub(crate) delivery_id: &'a str,
}
