//! What happened, and for whom it is written down.

use std::time::SystemTime;

use palisade::apikey::{ApiKeyId, KeyRecord};
use palisade::webhook::MessageId;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::micros::micros;
use crate::reply::rfc3339;

/// The largest body that is sent.
const MAX_PAYLOAD: usize = 64 * 1024;

/// How many deliveries may wait for one endpoint. What comes beyond is written down as given up, and can be sent by
/// hand.
pub(super) const MAX_WAITING: i64 = 1000;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventType {
    KeyCreated,
    KeyRotated,
    KeyRevoked,
    AllowlistChanged,
    PasswordChanged,
    /// Sent to one endpoint when its owner asks for it.
    Test,
}

impl EventType {
    /// Those that an endpoint can ask for.
    pub(crate) const ALL: [Self; 5] = [
        Self::KeyCreated,
        Self::KeyRotated,
        Self::KeyRevoked,
        Self::AllowlistChanged,
        Self::PasswordChanged,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyRotated => "key.rotated",
            Self::KeyRevoked => "key.revoked",
            Self::AllowlistChanged => "allowlist.changed",
            Self::PasswordChanged => "password.changed",
            Self::Test => "webhook.test",
        }
    }
}

/// Something that happened in a workspace. It holds no secret: what is in it goes to whoever an admin named.
#[derive(Debug)]
pub(crate) struct Event {
    kind: EventType,
    workspace: String,
    /// The key that it is about.
    subject: Option<String>,
    at: SystemTime,
    data: Value,
}

impl Event {
    fn new(kind: EventType, workspace: &str, at: SystemTime, data: Value) -> Self {
        Self { kind, workspace: workspace.to_owned(), subject: None, at, data }
    }

    pub(crate) fn key_created(record: &KeyRecord) -> Self {
        let data = json!({
            "key_id": record.id.as_str(),
            "name": record.name.as_str(),
            "scopes": record.scopes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        Self::of_key(EventType::KeyCreated, record, record.created, data)
    }

    pub(crate) fn key_rotated(record: &KeyRecord) -> Self {
        let data = json!({
            "key_id": record.id.as_str(),
            "name": record.name.as_str(),
            "replaces": record.replaces.as_ref().map(ApiKeyId::as_str),
        });
        Self::of_key(EventType::KeyRotated, record, record.created, data)
    }

    pub(crate) fn key_revoked(record: &KeyRecord) -> Self {
        let at = record.revoked.map_or(record.created, |revocation| revocation.at);
        let data = json!({
            "key_id": record.id.as_str(),
            "name": record.name.as_str(),
            "reason": record.revoked.map(|revocation| revocation.reason.as_str()),
        });
        Self::of_key(EventType::KeyRevoked, record, at, data)
    }

    fn of_key(kind: EventType, record: &KeyRecord, at: SystemTime, data: Value) -> Self {
        let subject = Some(record.id.as_str().to_owned());
        Self { subject, ..Self::new(kind, record.owner.as_str(), at, data) }
    }

    /// Not which networks: they say where the people of a workspace are.
    pub(crate) fn allowlist_changed(
        workspace: &str,
        version: i64,
        entries: usize,
        at: SystemTime,
    ) -> Self {
        let data = json!({"version": version, "entries": entries});
        Self::new(EventType::AllowlistChanged, workspace, at, data)
    }

    pub(crate) fn password_changed(user: &str, at: SystemTime) -> Self {
        Self::new(EventType::PasswordChanged, user, at, json!({"user_id": user}))
    }

    pub(crate) fn test(workspace: &str, endpoint: &str, at: SystemTime) -> Self {
        Self::new(EventType::Test, workspace, at, json!({"endpoint_id": endpoint}))
    }

    fn payload(&self) -> String {
        let event = json!({
            "type": self.kind.as_str(),
            "timestamp": rfc3339(self.at),
            "data": self.data,
        });
        event.to_string()
    }
}

/// Writes an event, and a delivery for each endpoint of the workspace that wants it, into the transaction of what
/// happened. Where nobody wants it nothing is written.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    event: &Event,
    now: SystemTime,
) -> Result<(), sqlx::Error> {
    let wanted: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM webhook_endpoints WHERE workspace = ?1 AND disabled_at IS NULL
            AND (events = '*' OR instr(events, ' ' || ?2 || ' ') > 0))",
    )
    .bind(&event.workspace)
    .bind(event.kind.as_str())
    .fetch_one(&mut *connection)
    .await?;
    if !wanted {
        return Ok(());
    }
    let Some(message) = insert(connection, event, now).await? else { return Ok(()) };
    sqlx::query(
        "INSERT INTO webhook_deliveries (message, endpoint, workspace, created_at, at, state, why)
        SELECT ?1, id, workspace, ?3, ?3, iif(full, 'gave_up', 'due'), iif(full, 'backlog_full', NULL)
        FROM (SELECT e.id, e.workspace, ?5 <= (SELECT count(*) FROM webhook_deliveries d
                WHERE d.endpoint = e.id AND d.state = 'due') AS full
            FROM webhook_endpoints e WHERE e.workspace = ?2 AND e.disabled_at IS NULL
                AND (e.events = '*' OR instr(e.events, ' ' || ?4 || ' ') > 0))",
    )
    .bind(message.as_str())
    .bind(&event.workspace)
    .bind(micros(now))
    .bind(event.kind.as_str())
    .bind(MAX_WAITING)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the message alone. Nothing where the same event was written before.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    event: &Event,
    now: SystemTime,
) -> Result<Option<MessageId>, sqlx::Error> {
    let id = MessageId::generate().map_err(|error| sqlx::Error::Encode(error.into()))?;
    let payload = event.payload();
    if payload.len() > MAX_PAYLOAD {
        return Err(sqlx::Error::Encode("an event is too large".into()));
    }
    let done = sqlx::query(
        "INSERT INTO webhook_messages (id, workspace, type, subject, payload, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )
    .bind(id.as_str())
    .bind(&event.workspace)
    .bind(event.kind.as_str())
    .bind(event.subject.as_deref())
    .bind(payload)
    .bind(micros(now))
    .execute(connection)
    .await?;
    Ok((done.rows_affected() > 0).then_some(id))
}
