//! Passwords and one-time links to a new one in [`PostgresStore`].

use sqlx::Row;

use super::{PostgresStore, account_columns, account_from, account_id, sign_ins};
use crate::store::{AccountId, LinkHash, SignInId, StoreError, UnixMs, UsedLink};

impl PostgresStore {
    pub(super) async fn write_password_hash(&self, id: AccountId, hash: &str) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("UPDATE accounts SET password_hash = $1, active = TRUE WHERE id = $2")
            .bind(hash)
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM password_links WHERE account = $1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    pub(super) async fn swap_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
        keep: SignInId,
        now: UnixMs,
    ) -> Result<Option<Vec<SignInId>>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let swapped = sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
            .bind(new)
            .bind(id.to_string())
            .bind(old)
            .execute(&mut *transaction)
            .await?;
        if swapped.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query("DELETE FROM password_links WHERE account = $1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        let ended = sign_ins::revoke_all(&mut *transaction, id, Some(keep), now).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }

    pub(super) async fn insert_password_link(
        &self,
        email: &str,
        link: LinkHash,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        if email.contains('\0') {
            return Ok(false);
        }
        let inserted = sqlx::query(
            "INSERT INTO password_links (hash, account, created_at) \
             SELECT $1, id, $2 FROM accounts WHERE email = $3 AND active",
        )
        .bind(link.0.as_slice())
        .bind(now)
        .bind(email)
        .execute(&self.pool)
        .await?;
        Ok(inserted.rows_affected() > 0)
    }

    pub(super) async fn select_password_link(&self, link: LinkHash, oldest: UnixMs) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM password_links WHERE hash = $1 AND created_at >= $2")
            .bind(link.0.as_slice())
            .bind(oldest)
            .fetch_optional(&self.pool)
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
        let mut transaction = self.pool.begin().await?;
        let owner = sqlx::query("SELECT account FROM password_links WHERE hash = $1 AND created_at >= $2")
            .bind(link.0.as_slice())
            .bind(oldest)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(owner) = owner else { return Ok(None) };
        let owner = account_id(&owner, 0)?.to_string();
        // From here on the account's links are used one after another, whichever of them.
        let account =
            sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a WHERE a.id = $1 FOR UPDATE"))
                .bind(&owner)
                .fetch_optional(&mut *transaction)
                .await?;
        let Some(account) = account else { return Ok(None) };
        let account = account_from(&account)?;
        // The other links of the account too: whoever has one of them did not ask for this password.
        let gone = sqlx::query("DELETE FROM password_links WHERE account = $1 RETURNING hash")
            .bind(&owner)
            .fetch_all(&mut *transaction)
            .await?;
        let mut was_there = false;
        for row in &gone {
            was_there |= row.try_get::<&[u8], _>(0)? == link.0;
        }
        if !was_there {
            return Ok(None);
        }
        sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2")
            .bind(password_hash)
            .bind(&owner)
            .execute(&mut *transaction)
            .await?;
        let ended = sign_ins::revoke_all(&mut *transaction, account.id, None, now).await?;
        transaction.commit().await?;
        Ok(Some(UsedLink { account, ended }))
    }

    pub(super) async fn delete_old_password_links(&self, oldest: UnixMs) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM password_links WHERE created_at < $1").bind(oldest).execute(&self.pool).await?;
        Ok(())
    }
}
