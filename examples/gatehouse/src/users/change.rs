//! A change of a password, and what it leaves to be done.

use std::time::SystemTime;

use palisade::session::UserId;
use sqlx::Row;

use super::{Swap, Users, UsersError, user_id};
use crate::webhooks::{Event, write_event};

impl Users {
    /// Replaces the hash of a user who chose a new password, if it still is the old one, and notes in the
    /// same statement that the user's sessions are to be ended. Whoever wants to know of it by webhook is told in the
    /// same transaction.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn change_password(
        &self,
        id: &UserId,
        old: &str,
        new: &str,
        now: SystemTime,
    ) -> Result<Swap, UsersError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let statement = "UPDATE users SET password_hash = ?3, sessions_due = 1
            WHERE id = ?1 AND password_hash = ?2";
        let done = sqlx::query(statement)
            .bind(id.as_str())
            .bind(old)
            .bind(new)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(Swap::Overtaken);
        }
        write_event(&mut transaction, &Event::password_changed(id.as_str(), now), now).await?;
        transaction.commit().await?;
        Ok(Swap::Done)
    }

    /// Notes that the sessions of a user are ended. Under which hash, so that one change does not answer
    /// for the next one.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn sessions_are_ended(&self, id: &UserId, hash: &str) -> Result<(), UsersError> {
        let statement = "UPDATE users SET sessions_due = 0 WHERE id = ?1 AND password_hash = ?2";
        sqlx::query(statement).bind(id.as_str()).bind(hash).execute(&self.pool).await?;
        Ok(())
    }

    /// The users whose password was changed and whose sessions were not ended yet, with the hash of each.
    ///
    /// # Errors
    ///
    /// [`UsersError`].
    pub async fn with_sessions_due(&self) -> Result<Vec<(UserId, String)>, UsersError> {
        let statement = "SELECT id, password_hash FROM users WHERE sessions_due = 1";
        let rows = sqlx::query(statement).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((user_id(row)?, row.try_get("password_hash")?))).collect()
    }
}
