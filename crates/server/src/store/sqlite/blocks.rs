//! Whom users have blocked, and who is reached in spite of it, in [`SqliteStore`].
//!
//! A block is part of the question, not a second one after it, and the asker stands in for whoever is not found: one row is
//! found, sent and read in any case, so that whoever is blocked, or asks for nobody, waits as long for the answer as
//! somebody who finds somebody.

use care4w_phone::Care4wId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, account_columns, account_from};
use crate::store::{Account, AccountId, Blocked, StoreError, UnixMs};

/// The account whose id the condition finds by `?1` for the asker `?2`, else the asker's own; `found` says which.
macro_rules! found_or_asker {
    ($id:literal, $condition:literal) => {
        concat!(
            "WITH sought (id) AS MATERIALIZED (SELECT (SELECT ",
            $id,
            " FROM accounts f WHERE ",
            $condition,
            " AND f.active AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account = f.id AND b.blocked = ?2))) SELECT ",
            account_columns!(),
            ", s.id IS NOT NULL AS found FROM sought s \
             JOIN accounts a ON a.id = coalesce(s.id, (SELECT o.id FROM accounts o WHERE o.care4w_id = ?2))"
        )
    };
}

/// The account, if it is not the asker's that stands in. Read before, in any case.
fn found(row: Option<&SqliteRow>) -> Result<Option<Account>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let (account, found) = (account_from(row)?, row.try_get::<i64, _>("found")? != 0);
    Ok(Some(account).filter(|_| found))
}

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

impl SqliteStore {
    pub(super) async fn insert_block(
        &self,
        account: AccountId,
        blocked: &Care4wId,
        name: Option<&str>,
        now: UnixMs,
        most: usize,
    ) -> Result<bool, StoreError> {
        let written = sqlx::query(
            "INSERT INTO blocks (account, blocked, name, blocked_at) SELECT a.id, ?, ?, ? FROM accounts a WHERE a.id = ? \
             AND ((SELECT count(*) FROM blocks b WHERE b.account = a.id) < ? \
             OR EXISTS (SELECT 1 FROM blocks b WHERE b.account = a.id AND b.blocked = ?)) \
             ON CONFLICT DO UPDATE SET name = coalesce(excluded.name, name)",
        )
        .bind(blocked.as_str())
        .bind(name)
        .bind(now)
        .bind(account.to_string())
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(blocked.as_str())
        .execute(&self.write)
        .await?;
        Ok(written.rows_affected() > 0)
    }

    pub(super) async fn delete_block(&self, account: AccountId, blocked: &Care4wId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM blocks WHERE account = ? AND blocked = ?")
            .bind(account.to_string())
            .bind(blocked.as_str())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub(super) async fn select_blocks(&self, account: AccountId) -> Result<Vec<Blocked>, StoreError> {
        let rows = sqlx::query(
            "SELECT blocked, name, blocked_at FROM blocks WHERE account = ? ORDER BY blocked_at DESC, blocked",
        )
        .bind(account.to_string())
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Blocked {
                    care4w_id: Care4wId::parse(row.try_get("blocked")?).map_err(|_| StoreError::Damaged("care4wId"))?,
                    name: row.try_get("name")?,
                    blocked_at: row.try_get("blocked_at")?,
                })
            })
            .collect()
    }

    pub(super) async fn select_by_id(&self, id: &Care4wId, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(found_or_asker!("f.id", "f.care4w_id = ?1"))
            .bind(id.as_str())
            .bind(by.as_str())
            .fetch_optional(&self.read)
            .await?;
        found(row.as_ref())
    }

    pub(super) async fn select_holder(&self, full: &str, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(found_or_asker!("f.id", "f.phone_full = ?1"))
            .bind(full)
            .bind(by.as_str())
            .fetch_optional(&self.read)
            .await?;
        found(row.as_ref())
    }

    pub(super) async fn select_national_holder(
        &self,
        national: &str,
        proved: bool,
        by: &Care4wId,
    ) -> Result<Option<Account>, StoreError> {
        // The only one, if there is only one.
        let row = sqlx::query(found_or_asker!(
            "iif(count(*) = 1, max(f.id), NULL)",
            "f.phone_national = ?1 AND f.phone_verified >= ?3"
        ))
        .bind(national)
        .bind(by.as_str())
        .bind(i64::from(proved))
        .fetch_optional(&self.read)
        .await?;
        found(row.as_ref())
    }
}
