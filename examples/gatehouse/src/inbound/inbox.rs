//! What was received, and by what it is known when it comes again: two tables, one transaction.

use std::time::SystemTime;

use palisade::webhook::{Inserted, ReplayKey, ReplayStore, StoreError};
use sqlx::{Row, SqliteConnection};

use super::kept::{forget_replays, seconds};
use super::limits::{KeptLimits, Usage};
use crate::micros::micros;
use crate::webhooks::WebhookStore;

/// A message that was verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    pub(crate) scheme: &'static str,
    pub(crate) key_id: &'a str,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) signed: Option<SystemTime>,
    pub(crate) body: &'a [u8],
}

/// Where one message goes together with its replay key.
pub(super) struct Inbox<'a> {
    store: &'a WebhookStore,
    message: Received<'a>,
    limits: KeptLimits,
}

impl<'a> Inbox<'a> {
    pub(super) fn new(store: &'a WebhookStore, message: Received<'a>, limits: KeptLimits) -> Self {
        Self { store, message, limits }
    }

    async fn insert(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, sqlx::Error> {
        let key = key.to_bytes();
        let mut transaction = self.store.pool().begin_with("BEGIN IMMEDIATE").await?;
        let known: Option<i64> =
            sqlx::query_scalar("SELECT expires FROM webhook_replays WHERE key = ?1")
                .bind(key.as_slice())
                .fetch_optional(&mut *transaction)
                .await?;
        let is_present = known.is_some_and(|end| end > seconds(now));
        let scheme = self.message.scheme;
        let before = usage(&mut transaction, scheme).await?;
        if !is_present {
            let mut there = before;
            // Keys whose end has come make room. Without any it is refused: to forget others would let replays in.
            if known.is_none() && self.limits.replays_are_full(there) {
                forget_replays(&mut *transaction, scheme, now).await?;
                there = usage(&mut transaction, scheme).await?;
            }
            let has_room = self.limits.has_room_for(self.message.body, there);
            if !has_room || (known.is_none() && self.limits.replays_are_full(there)) {
                transaction.rollback().await?;
                return Ok(Inserted::Full);
            }
        }
        // One that is present is kept until the later of both ends.
        sqlx::query(
            "INSERT INTO webhook_replays (key, scheme, expires) VALUES (?1, ?4, ?2)
            ON CONFLICT (key) DO UPDATE SET expires = max(?2, iif(?3, expires, 0))",
        )
        .bind(key.as_slice())
        .bind(seconds(expires))
        .bind(is_present)
        .bind(scheme)
        .execute(&mut *transaction)
        .await?;
        if !is_present {
            let Received { key_id, message_id, signed, body, .. } = self.message;
            sqlx::query(
                "INSERT INTO webhook_received (scheme, key_id, message_id, signed_at, received_at, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .bind(scheme)
            .bind(key_id)
            .bind(message_id)
            .bind(signed.map(micros))
            .bind(micros(now))
            .bind(body)
            .execute(&mut *transaction)
            .await?;
        }
        let after = usage(&mut transaction, scheme).await?;
        transaction.commit().await?;
        self.limits.warn_if_crossed(scheme, before, after);
        Ok(if is_present { Inserted::Present } else { Inserted::New })
    }
}

/// What there is of a sender before a message is added.
async fn usage(connection: &mut SqliteConnection, scheme: &str) -> Result<Usage, sqlx::Error> {
    sqlx::query("INSERT INTO webhook_senders (scheme) VALUES (?1) ON CONFLICT DO NOTHING")
        .bind(scheme)
        .execute(&mut *connection)
        .await?;
    let statement = "SELECT replays, bytes FROM webhook_senders WHERE scheme = ?1";
    let row = sqlx::query(statement).bind(scheme).fetch_one(connection).await?;
    Ok(Usage { replays: row.try_get("replays")?, bytes: row.try_get("bytes")? })
}

impl ReplayStore for Inbox<'_> {
    async fn insert_if_absent(
        &self,
        key: &ReplayKey,
        expires: SystemTime,
        now: SystemTime,
    ) -> Result<Inserted, StoreError> {
        self.insert(key, expires, now).await.map_err(StoreError::new)
    }

    async fn remove(&self, key: &ReplayKey) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM webhook_replays WHERE key = ?1")
            .bind(key.to_bytes().as_slice())
            .execute(self.store.pool())
            .await
            .map_err(StoreError::new)?;
        Ok(())
    }
}
