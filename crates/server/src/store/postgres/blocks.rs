//! Whom users have blocked in [`PostgresStore`]. Who is reached in spite of it stands beside, in `gathered`.

use care4w_phone::Care4wId;
use sqlx::Row;

use super::PostgresStore;
use crate::store::{AccountId, Blocked, StoreError, UnixMs};

/// The name of the other end of a call in the history `h`, as its owner may see it: whoever has blocked them since looks
/// like somebody who has deleted their account.
macro_rules! shown_name {
    () => {
        "CASE WHEN EXISTS (SELECT 1 FROM accounts o JOIN blocks b ON b.account = o.id \
         JOIN accounts me ON me.care4w_id = b.blocked \
         WHERE o.care4w_id = h.other_id AND me.id = h.account AND b.blocked_at >= h.started_at) \
         THEN 'Deleted account' ELSE h.other_name END AS other_name"
    };
}
pub(super) use shown_name;

impl PostgresStore {
    /// The account is locked, so that several at once do not come to more than `most`.
    pub(super) async fn insert_block(
        &self,
        account: AccountId,
        blocked: &Care4wId,
        name: Option<&str>,
        now: UnixMs,
        most: usize,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE")
            .bind(account.to_string())
            .execute(&mut *transaction)
            .await?;
        let written = sqlx::query(
            "INSERT INTO blocks (account, blocked, name, blocked_at) SELECT a.id, $1, $2, $3 FROM accounts a \
             WHERE a.id = $4 AND ((SELECT count(*) FROM blocks b WHERE b.account = a.id) < $5 \
             OR EXISTS (SELECT 1 FROM blocks b WHERE b.account = a.id AND b.blocked = $1)) \
             ON CONFLICT ON CONSTRAINT blocks_once DO UPDATE SET name = coalesce(excluded.name, blocks.name)",
        )
        .bind(blocked.as_str())
        .bind(name)
        .bind(now)
        .bind(account.to_string())
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(written.rows_affected() > 0)
    }

    pub(super) async fn delete_block(&self, account: AccountId, blocked: &Care4wId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM blocks WHERE account = $1 AND blocked = $2")
            .bind(account.to_string())
            .bind(blocked.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn select_blocks(&self, account: AccountId) -> Result<Vec<Blocked>, StoreError> {
        let rows = sqlx::query(
            "SELECT blocked, name, blocked_at FROM blocks WHERE account = $1 ORDER BY blocked_at DESC, blocked",
        )
        .bind(account.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Blocked {
                    care4w_id: Care4wId::parse(row.try_get(0)?).map_err(|_| StoreError::Damaged("care4wId"))?,
                    name: row.try_get(1)?,
                    blocked_at: row.try_get(2)?,
                })
            })
            .collect()
    }
}
