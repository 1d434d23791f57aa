//! From a row to a session record.

use palisade_session::{
    Credential, Ending, Factors, SecretDigest, SessionId, SessionRecord, Stored, UserAgent,
};
use sqlx::sqlite::SqliteRow;

use super::super::row::Columns;
use crate::column::{CorruptRow, micros};

/// A row of `palisade_sessions`.
pub(super) struct SessionRow<'r>(Columns<'r>);

impl<'r> SessionRow<'r> {
    pub(super) fn new(row: &'r SqliteRow) -> Self {
        Self(Columns { row, table: "palisade_sessions", key: "id" })
    }

    pub(super) fn record(&self) -> Result<SessionRecord, CorruptRow> {
        let columns = &self.0;
        let digest = columns.checked_if_set("digest", |bytes: &[u8]| bytes.try_into().ok())?;
        Ok(SessionRecord {
            id: self.id()?,
            user: columns.parsed("user_id")?,
            generation: columns.number("generation")?,
            credential: digest.map_or(Credential::Signed, |bytes| {
                Credential::Opaque(SecretDigest::from_bytes(bytes))
            }),
            created: columns.time("created_at")?,
            last_seen: columns.time("last_seen_at")?,
            address: columns.parsed_if_set("address")?,
            user_agent: columns.checked_if_set("user_agent", user_agent)?,
            device: columns.parsed_if_set("device")?,
            factors: columns.checked("factors", factors)?,
            ended: self.ending()?,
        })
    }

    /// The record, with the generation of its user beside it.
    pub(super) fn stored(&self) -> Result<Stored, CorruptRow> {
        // None where the one row of all generations was deleted; zero would bring sessions back.
        let generation: Option<i64> = self.0.value("user_generation")?;
        Ok(Stored { record: self.record()?, user_generation: checked_generation(generation)? })
    }

    pub(super) fn id(&self) -> Result<SessionId, CorruptRow> {
        self.0.parsed("id")
    }

    pub(super) fn ending(&self) -> Result<Option<Ending>, CorruptRow> {
        let ended = self.0.ending("ended_at", "ended_reason")?;
        Ok(ended.map(|(at, reason)| Ending { at, reason }))
    }
}

/// A generation as it was added up from both tables.
pub(super) fn checked_generation(generation: Option<i64>) -> Result<u64, CorruptRow> {
    generation.and_then(|generation| u64::try_from(generation).ok()).ok_or_else(|| CorruptRow {
        table: "palisade_session_everyone",
        id: "1".to_owned(),
        column: "generation",
    })
}

/// What was kept was cut already.
fn user_agent(text: &str) -> Option<UserAgent> {
    let agent = UserAgent::cut(text);
    (agent.as_str() == text).then_some(agent)
}

fn factors(text: &str) -> Option<Factors> {
    let factors: Factors = text.parse().ok()?;
    let kept = factors.iter().all(|(_, at)| micros("factors", at).is_ok());
    (kept && factors.to_string() == text).then_some(factors)
}
