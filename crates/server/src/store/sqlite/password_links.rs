//! One-time links to a new password in [`SqliteStore`].

use super::sign_ins::revoke_all;
use super::{SqliteStore, account_columns, account_from};
use crate::store::{AccountId, LinkHash, SignInId, StoreError, UnixMs, UsedLink};

impl SqliteStore {
    pub(super) async fn swap_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
        keep: SignInId,
        now: UnixMs,
    ) -> Result<Option<Vec<SignInId>>, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let swapped = sqlx::query("UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ?")
            .bind(new)
            .bind(id.to_string())
            .bind(old)
            .execute(&mut *transaction)
            .await?;
        if swapped.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query("DELETE FROM password_links WHERE account = ?")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        let ended = revoke_all(&mut *transaction, id, Some(keep), now).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }

    pub(super) async fn insert_password_link(
        &self,
        email: &str,
        link: LinkHash,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO password_links (hash, account, created_at) \
             SELECT ?, id, ? FROM accounts WHERE email = ? AND active",
        )
        .bind(link.0.as_slice())
        .bind(now)
        .bind(email)
        .execute(&self.write)
        .await?;
        Ok(inserted.rows_affected() > 0)
    }

    pub(super) async fn select_password_link(&self, link: LinkHash, oldest: UnixMs) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM password_links WHERE hash = ? AND created_at >= ?")
            .bind(link.0.as_slice())
            .bind(oldest)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    pub(super) async fn take_password_link(
        &self,
        link: LinkHash,
        oldest: UnixMs,
        password_hash: &str,
        now: UnixMs,
    ) -> Result<Option<UsedLink>, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let Some(row) = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            " FROM password_links l JOIN accounts a ON a.id = l.account WHERE l.hash = ? AND l.created_at >= ?"
        ))
        .bind(link.0.as_slice())
        .bind(oldest)
        .fetch_optional(&mut *transaction)
        .await?
        else {
            return Ok(None);
        };
        let account = account_from(&row)?;
        let id = account.id.to_string();
        // The other links of the account too: whoever has one of them did not ask for this password.
        sqlx::query("DELETE FROM password_links WHERE account = ?").bind(&id).execute(&mut *transaction).await?;
        sqlx::query("UPDATE accounts SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(&id)
            .execute(&mut *transaction)
            .await?;
        let ended = revoke_all(&mut *transaction, account.id, None, now).await?;
        transaction.commit().await?;
        Ok(Some(UsedLink { account, ended }))
    }

    pub(super) async fn delete_password_links(&self, account: AccountId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM password_links WHERE account = ?")
            .bind(account.to_string())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub(super) async fn delete_old_password_links(&self, oldest: UnixMs) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM password_links WHERE created_at < ?").bind(oldest).execute(&self.write).await?;
        Ok(())
    }
}
