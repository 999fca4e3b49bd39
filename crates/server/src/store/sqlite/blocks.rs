//! Whom users have blocked, and who is reached in spite of it, in [`SqliteStore`].
//!
//! A block is part of the question, not a second one after it, and for whoever is not found somebody else stands in: the next
//! in the same index, whose row is as far away as that of whoever would have been found. One row is found and read in any
//! case, so that whoever is blocked, or asks for nobody, waits as long for the answer as somebody who finds somebody.

use care4w_phone::Care4wId;
use sqlx::Row;

use super::{SqliteStore, account_columns};
use crate::store::{Account, AccountId, Blocked, StoreError, Uniqueness, UnixMs};

/// The account with `?1` in a unique column or the next behind it (of the last the one before), and whether it is there for
/// the asker `?2`.
macro_rules! sought_by {
    ($column:literal) => {
        sought_by!($column, "")
    };
    ($column:literal, $and:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", (a.",
            $column,
            " IS ?1) & (a.active <> 0) & ((SELECT count(*) FROM blocks b WHERE b.account = a.id AND b.blocked = ?2) = 0)",
            $and,
            " FROM accounts a WHERE a.rowid = coalesce(\
             (SELECT n.rowid FROM accounts n WHERE n.",
            $column,
            " >= ?1 ORDER BY n.",
            $column,
            " LIMIT 1), (SELECT n.rowid FROM accounts n ORDER BY n.",
            $column,
            " DESC LIMIT 1))"
        )
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
        self.readers.account(sought_by!("care4w_id"), &[id.as_str(), by.as_str()]).await
    }

    pub(super) async fn select_holder(&self, full: &str, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        self.readers.account(sought_by!("phone_full"), &[full, by.as_str()]).await
    }

    pub(super) async fn select_national_holder(
        &self,
        national: &str,
        proved: bool,
        by: &Care4wId,
    ) -> Result<Option<Account>, StoreError> {
        let statement = match self.uniqueness {
            Uniqueness::National => sought_by!("phone_national", " & (a.phone_verified >= (?3 = '1'))"),
            // The only one, if there is only one.
            Uniqueness::Full => concat!(
                "WITH sought (place) AS MATERIALIZED (SELECT iif(count(*) = 1, max(f.rowid), NULL) FROM accounts f \
                 WHERE f.phone_national = ?1 AND f.phone_verified >= (?3 = '1') AND f.active \
                 AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account = f.id AND b.blocked = ?2)) SELECT ",
                account_columns!(),
                ", s.place IS NOT NULL FROM sought s JOIN accounts a ON a.rowid = coalesce(s.place, \
                 (SELECT n.rowid FROM accounts n WHERE n.phone_national > ?1 ORDER BY n.phone_national LIMIT 1), \
                 (SELECT n.rowid FROM accounts n ORDER BY n.phone_national DESC LIMIT 1))"
            ),
        };
        self.readers.account(statement, &[national, by.as_str(), if proved { "1" } else { "0" }]).await
    }
}
