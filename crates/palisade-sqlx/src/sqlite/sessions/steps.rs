//! The steps within one transaction, which holds the lock for writing from its start.

use std::time::SystemTime;

use palisade_session::{
    Credential, EndReason, Ending, Horizon, InsertError, Others, SessionId, SessionLimit,
    SessionRecord, StoreError, UserId, WhenFull, Written,
};
use sqlx::SqliteConnection;

use super::row::{SessionRow, checked_generation};
use super::sql;
use crate::column::{Unstorable, edge, micros, nearest_micros};

/// The generation of a user.
pub(super) async fn generation<'c>(
    connection: impl sqlx::Executor<'c, Database = sqlx::Sqlite>,
    user: &UserId,
) -> Result<u64, StoreError> {
    let generation = sqlx::query_scalar(sql::GENERATION)
        .bind(user.as_str())
        .fetch_one(connection)
        .await
        .map_err(StoreError::new)?;
    checked_generation(generation).map_err(StoreError::new)
}

pub(super) async fn insert_new(
    connection: &mut SqliteConnection,
    record: &SessionRecord,
    limit: SessionLimit,
    horizon: &Horizon,
) -> Result<Vec<SessionId>, InsertError> {
    if exists(connection, &record.id).await? {
        return Err(InsertError::Duplicate);
    }
    let generation = generation(&mut *connection, &record.user).await?;
    if record.generation != generation {
        return Err(InsertError::Stale);
    }
    let rows = sqlx::query(sql::SURPLUS)
        .bind(record.user.as_str())
        .bind(column(generation))
        .bind(edge(horizon.created_after))
        .bind(edge(horizon.seen_after))
        // Room for the new one.
        .bind(limit.most() - 1)
        .fetch_all(&mut *connection)
        .await
        .map_err(StoreError::new)?;
    let surplus: Result<Vec<_>, _> = rows.iter().map(|row| SessionRow::new(row).id()).collect();
    let surplus = surplus.map_err(StoreError::new)?;
    if !surplus.is_empty() && limit.when_full() == WhenFull::Refuse {
        return Err(InsertError::Full);
    }
    let ending = Ending { at: record.created, reason: EndReason::TooManySessions };
    for id in &surplus {
        end(connection, id, ending).await?;
    }
    insert(connection, record).await?;
    Ok(surplus)
}

pub(super) async fn rotate(
    connection: &mut SqliteConnection,
    from: &SessionId,
    successor: &SessionRecord,
    others: Others,
    now: SystemTime,
) -> Result<Written, InsertError> {
    let current = generation(&mut *connection, &successor.user).await?;
    let expected = match others {
        Others::Keep => current,
        Others::End(_) => current + 1,
    };
    let rotatable = is_live(connection, from, &successor.user, current).await?;
    if !rotatable || successor.generation != expected {
        return Ok(Written::Gone);
    }
    if exists(connection, &successor.id).await? {
        return Err(InsertError::Duplicate);
    }
    end(connection, from, Ending { at: now, reason: EndReason::Replaced }).await?;
    if let Others::End(reason) = others {
        let ending = Ending { at: now, reason };
        end_others(connection, &successor.user, current, None, ending).await?;
        next_generation(connection, &successor.user).await?;
    }
    insert(connection, successor).await?;
    Ok(Written::Done)
}

pub(super) async fn revoke_others(
    connection: &mut SqliteConnection,
    user: &UserId,
    keep: &SessionId,
    ending: Ending,
) -> Result<Option<u64>, StoreError> {
    let generation = generation(&mut *connection, user).await?;
    if !is_live(connection, keep, user, generation).await? {
        return Ok(None);
    }
    Ok(Some(end_others(connection, user, generation, Some(keep), ending).await?))
}

pub(super) async fn revoke_user(
    connection: &mut SqliteConnection,
    user: &UserId,
    ending: Ending,
) -> Result<u64, StoreError> {
    let generation = generation(&mut *connection, user).await?;
    let ended = end_others(connection, user, generation, None, ending).await?;
    next_generation(connection, user).await?;
    Ok(ended)
}

pub(super) async fn revoke_everyone(
    connection: &mut SqliteConnection,
    ending: Ending,
) -> Result<u64, StoreError> {
    let done = sqlx::query(sql::END_EVERYONE)
        .bind(nearest_micros(ending.at))
        .bind(ending.reason.as_str())
        .execute(&mut *connection)
        .await
        .map_err(StoreError::new)?;
    sqlx::query(sql::NEXT_GENERATION_OF_EVERYONE)
        .execute(connection)
        .await
        .map_err(StoreError::new)?;
    Ok(done.rows_affected())
}

/// A generation as its column keeps it; no user's comes near the end of the numbers.
pub(super) fn column(generation: u64) -> i64 {
    i64::try_from(generation).unwrap_or(i64::MAX)
}

async fn exists(connection: &mut SqliteConnection, id: &SessionId) -> Result<bool, StoreError> {
    sqlx::query_scalar(sql::EXISTS)
        .bind(id.as_str())
        .fetch_one(connection)
        .await
        .map_err(StoreError::new)
}

async fn is_live(
    connection: &mut SqliteConnection,
    id: &SessionId,
    user: &UserId,
    generation: u64,
) -> Result<bool, StoreError> {
    sqlx::query_scalar(sql::IS_LIVE)
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(column(generation))
        .fetch_one(connection)
        .await
        .map_err(StoreError::new)
}

async fn end(
    connection: &mut SqliteConnection,
    id: &SessionId,
    ending: Ending,
) -> Result<(), StoreError> {
    sqlx::query(sql::END)
        .bind(id.as_str())
        .bind(nearest_micros(ending.at))
        .bind(ending.reason.as_str())
        .execute(connection)
        .await
        .map_err(StoreError::new)?;
    Ok(())
}

/// Ends the live sessions of a user, but the one to keep, and returns how many.
async fn end_others(
    connection: &mut SqliteConnection,
    user: &UserId,
    generation: u64,
    keep: Option<&SessionId>,
    ending: Ending,
) -> Result<u64, StoreError> {
    let done = sqlx::query(sql::END_OTHERS)
        .bind(user.as_str())
        .bind(column(generation))
        .bind(nearest_micros(ending.at))
        .bind(ending.reason.as_str())
        // No id is empty.
        .bind(keep.map_or("", SessionId::as_str))
        .execute(connection)
        .await
        .map_err(StoreError::new)?;
    Ok(done.rows_affected())
}

async fn next_generation(
    connection: &mut SqliteConnection,
    user: &UserId,
) -> Result<(), StoreError> {
    let done = sqlx::query(sql::NEXT_GENERATION)
        .bind(user.as_str())
        .execute(&mut *connection)
        .await
        .map_err(StoreError::new)?;
    if done.rows_affected() == 0 {
        sqlx::query(sql::FIRST_GENERATION)
            .bind(user.as_str())
            .execute(connection)
            .await
            .map_err(StoreError::new)?;
    }
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    record: &SessionRecord,
) -> Result<(), StoreError> {
    let time = |column, time| micros(column, time).map_err(StoreError::new);
    let digest = match &record.credential {
        Credential::Opaque(digest) => Some(digest.as_bytes().as_slice()),
        Credential::Signed => None,
    };
    for (_, at) in record.factors.iter() {
        time("factors", at)?;
    }
    let generation = i64::try_from(record.generation)
        .map_err(|_| StoreError::new(Unstorable { column: "generation" }))?;
    sqlx::query(sql::INSERT)
        .bind(record.id.as_str())
        .bind(record.user.as_str())
        .bind(generation)
        .bind(digest)
        .bind(time("created_at", record.created)?)
        .bind(time("last_seen_at", record.last_seen)?)
        .bind(record.address.map(|address| address.to_string()))
        .bind(record.user_agent.as_ref().map(palisade_session::UserAgent::as_str))
        .bind(record.device.as_ref().map(palisade_session::DeviceLabel::as_str))
        .bind(record.factors.to_string())
        .bind(record.ended.map(|ended| time("ended_at", ended.at)).transpose()?)
        .bind(record.ended.map(|ended| ended.reason.as_str()))
        .execute(connection)
        .await
        .map_err(StoreError::new)?;
    Ok(())
}
