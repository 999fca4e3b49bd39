//! Whom users have blocked, and who is reached in spite of it, in [`SqliteStore`].
//!
//! A block is part of the question, not a second one after it: whoever is blocked waits no longer for an answer than
//! somebody who asks for nobody.

use care4w_phone::Care4wId;
use sqlx::Row;

use super::{SqliteStore, account_columns, account_from};
use crate::store::{Account, AccountId, Blocked, StoreError, UnixMs};

/// The account `a` may be reached by the care4wId that is bound here.
macro_rules! open_to_asker {
    () => {
        " AND a.active AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account = a.id AND b.blocked = ?)"
    };
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
        let row = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            " FROM accounts a WHERE a.care4w_id = ?",
            open_to_asker!()
        ))
        .bind(id.as_str())
        .bind(by.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(account_from).transpose()
    }

    pub(super) async fn select_holder(&self, full: &str, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            " FROM accounts a WHERE a.phone_full = ?",
            open_to_asker!()
        ))
        .bind(full)
        .bind(by.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(account_from).transpose()
    }

    pub(super) async fn select_national_holder(
        &self,
        national: &str,
        proved: bool,
        by: &Care4wId,
    ) -> Result<Option<Account>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            " FROM accounts a WHERE a.phone_national = ? AND a.phone_verified >= ?",
            open_to_asker!(),
            " LIMIT 2"
        ))
        .bind(national)
        .bind(i64::from(proved))
        .bind(by.as_str())
        .fetch_all(&self.read)
        .await?;
        match rows.as_slice() {
            [one] => account_from(one).map(Some),
            _ => Ok(None),
        }
    }
}
