//! What is known in the database of the keys that secrets are derived from.

use super::secret::Secrets;
use super::{WebhookStore, WebhooksError};

impl WebhookStore {
    /// The master keys that secrets are under, and of how many endpoints.
    pub(super) async fn key_ids(&self) -> Result<Vec<(String, i64)>, WebhooksError> {
        let statement = "SELECT key_id, count(*) FROM webhook_endpoints
            WHERE disabled_reason IS NOT 'removed' GROUP BY key_id";
        Ok(sqlx::query_as(statement).fetch_all(&self.pool).await?)
    }

    /// The id of a master key that is not the one that secrets were derived from under this id. Takes note of the
    /// others.
    pub(super) async fn other_key(
        &self,
        secrets: &Secrets,
    ) -> Result<Option<String>, WebhooksError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for (id, probe) in secrets.probes() {
            let known: Option<Vec<u8>> = sqlx::query_scalar(
                "SELECT probe FROM webhook_keys WHERE key_id = ?1 AND EXISTS (SELECT 1
                    FROM webhook_endpoints WHERE key_id = ?1 OR old_key_id = ?1)",
            )
            .bind(id.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
            if known.is_some_and(|known| probe.verify(&known).is_err()) {
                transaction.rollback().await?;
                return Ok(Some(id.as_str().to_owned()));
            }
            sqlx::query(
                "INSERT INTO webhook_keys (key_id, probe) VALUES (?1, ?2)
                ON CONFLICT (key_id) DO UPDATE SET probe = excluded.probe",
            )
            .bind(id.as_str())
            .bind(probe.to_bytes().as_slice())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(None)
    }
}
