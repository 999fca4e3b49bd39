//! Sign-ins and their refresh tokens in [`PostgresStore`].

use sqlx::{PgConnection, Postgres, Row};

use super::{ACCOUNT_COLUMNS, PostgresStore, account_columns, account_from};
use crate::store::{AccountId, RefreshHash, Rotation, SignInId, StoreError, UnixMs};

impl PostgresStore {
    pub(super) async fn insert_sign_in(
        &self,
        account: AccountId,
        first: RefreshHash,
        now: UnixMs,
    ) -> Result<SignInId, StoreError> {
        let id = SignInId::random();
        let mut transaction = self.pool.begin().await?;
        sqlx::query("INSERT INTO sign_ins (id, account, created_at) VALUES ($1, $2, $3)")
            .bind(id.to_string())
            .bind(account.to_string())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        insert_token(&mut transaction, first, id, now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Token and sign-in are locked: of two who use the same token at once, the second sees that it was used.
    pub(super) async fn rotate_token(
        &self,
        used: RefreshHash,
        next: RefreshHash,
        now: UnixMs,
        oldest: UnixMs,
    ) -> Result<Rotation, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(row) = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            ", t.sign_in, s.revoked_at IS NOT NULL, t.used_at IS NOT NULL, t.created_at \
             FROM refresh_tokens t JOIN sign_ins s ON s.id = t.sign_in JOIN accounts a ON a.id = s.account \
             WHERE t.hash = $1 FOR UPDATE OF t, s"
        ))
        .bind(used.0.as_slice())
        .fetch_optional(&mut *transaction)
        .await?
        else {
            return Ok(Rotation::Refused);
        };
        let sign_in = SignInId::parse(row.try_get(ACCOUNT_COLUMNS)?).ok_or(StoreError::Damaged("sign-in id"))?;
        if row.try_get(ACCOUNT_COLUMNS + 1)? {
            return Ok(Rotation::Refused);
        }
        if row.try_get(ACCOUNT_COLUMNS + 2)? {
            sqlx::query("UPDATE sign_ins SET revoked_at = $1 WHERE id = $2")
                .bind(now)
                .bind(sign_in.to_string())
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            return Ok(Rotation::Reused(sign_in));
        }
        if row.try_get::<i64, _>(ACCOUNT_COLUMNS + 3)? < oldest {
            return Ok(Rotation::Refused);
        }
        let account = account_from(&row)?;
        sqlx::query("UPDATE refresh_tokens SET used_at = $1 WHERE hash = $2")
            .bind(now)
            .bind(used.0.as_slice())
            .execute(&mut *transaction)
            .await?;
        insert_token(&mut transaction, next, sign_in, now).await?;
        transaction.commit().await?;
        Ok(Rotation::Rotated(sign_in, Box::new(account)))
    }

    pub(super) async fn mark_revoked(&self, id: SignInId, now: UnixMs) -> Result<(), StoreError> {
        sqlx::query("UPDATE sign_ins SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2")
            .bind(now)
            .bind(id.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(super) async fn delete_old_sign_ins(&self, oldest: UnixMs) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM refresh_tokens WHERE created_at < $1").bind(oldest).execute(&self.pool).await?;
        sqlx::query("DELETE FROM sign_ins s WHERE NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.sign_in = s.id)")
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

pub(super) async fn revoke_all<'c>(
    executor: impl sqlx::Executor<'c, Database = Postgres>,
    account: AccountId,
    except: Option<SignInId>,
    now: UnixMs,
) -> Result<Vec<SignInId>, StoreError> {
    let rows = sqlx::query(
        "UPDATE sign_ins SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL AND id <> $3 RETURNING id",
    )
    .bind(now)
    .bind(account.to_string())
    .bind(except.map(|id| id.to_string()).unwrap_or_default())
    .fetch_all(executor)
    .await?;
    rows.iter().map(|row| SignInId::parse(row.try_get(0)?).ok_or(StoreError::Damaged("sign-in id"))).collect()
}

async fn insert_token(
    connection: &mut PgConnection,
    hash: RefreshHash,
    sign_in: SignInId,
    now: UnixMs,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO refresh_tokens (hash, sign_in, created_at) VALUES ($1, $2, $3)")
        .bind(hash.0.as_slice())
        .bind(sign_in.to_string())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}
