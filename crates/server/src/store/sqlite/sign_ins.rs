//! Sign-ins and their refresh tokens in [`SqliteStore`].

use sqlx::{Row, SqliteConnection};

use super::{SqliteStore, account_columns, account_from};
use crate::store::{Account, AccountId, RefreshHash, Rotation, SignInId, StoreError, UnixMs};

impl SqliteStore {
    pub(super) async fn select_signed_in(&self, id: SignInId) -> Result<Option<Account>, StoreError> {
        let statement = concat!(
            "SELECT ",
            account_columns!(),
            ", s.revoked_at IS NULL FROM sign_ins s JOIN accounts a ON a.id = s.account WHERE s.id = ?1"
        );
        self.readers.account(statement, &[&id.to_string()]).await
    }

    pub(super) async fn insert_sign_in(
        &self,
        account: AccountId,
        first: RefreshHash,
        now: UnixMs,
    ) -> Result<SignInId, StoreError> {
        let id = SignInId::random();
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO sign_ins (id, account, created_at) VALUES (?, ?, ?)")
            .bind(id.to_string())
            .bind(account.to_string())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        insert_token(&mut transaction, first, id, now).await?;
        transaction.commit().await?;
        Ok(id)
    }

    pub(super) async fn rotate_token(
        &self,
        used: RefreshHash,
        next: RefreshHash,
        now: UnixMs,
        oldest: UnixMs,
    ) -> Result<Rotation, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let Some(row) = sqlx::query(concat!(
            "SELECT t.sign_in, t.used_at, t.created_at AS token_created_at, s.revoked_at, ",
            account_columns!(),
            " FROM refresh_tokens t JOIN sign_ins s ON s.id = t.sign_in JOIN accounts a ON a.id = s.account \
             WHERE t.hash = ?"
        ))
        .bind(used.0.as_slice())
        .fetch_optional(&mut *transaction)
        .await?
        else {
            return Ok(Rotation::Refused);
        };
        let sign_in = SignInId::parse(row.try_get("sign_in")?).ok_or(StoreError::Damaged("sign-in id"))?;
        if row.try_get::<Option<i64>, _>("revoked_at")?.is_some() {
            return Ok(Rotation::Refused);
        }
        if row.try_get::<Option<i64>, _>("used_at")?.is_some() {
            sqlx::query("UPDATE sign_ins SET revoked_at = ? WHERE id = ?")
                .bind(now)
                .bind(sign_in.to_string())
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            return Ok(Rotation::Reused(sign_in));
        }
        if row.try_get::<i64, _>("token_created_at")? < oldest {
            return Ok(Rotation::Refused);
        }
        let account = account_from(&row)?;
        sqlx::query("UPDATE refresh_tokens SET used_at = ? WHERE hash = ?")
            .bind(now)
            .bind(used.0.as_slice())
            .execute(&mut *transaction)
            .await?;
        insert_token(&mut transaction, next, sign_in, now).await?;
        transaction.commit().await?;
        Ok(Rotation::Rotated(sign_in, Box::new(account)))
    }

    pub(super) async fn mark_revoked(&self, id: SignInId, now: UnixMs) -> Result<(), StoreError> {
        sqlx::query("UPDATE sign_ins SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?")
            .bind(now)
            .bind(id.to_string())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub(super) async fn mark_all_revoked(
        &self,
        account: AccountId,
        except: Option<SignInId>,
        now: UnixMs,
    ) -> Result<Vec<SignInId>, StoreError> {
        revoke_all(&self.write, account, except, now).await
    }

    pub(super) async fn delete_old_sign_ins(&self, oldest: UnixMs) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM refresh_tokens WHERE created_at < ?").bind(oldest).execute(&self.write).await?;
        sqlx::query("DELETE FROM sign_ins WHERE id NOT IN (SELECT sign_in FROM refresh_tokens)")
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

pub(super) async fn revoke_all<'c>(
    executor: impl sqlx::Executor<'c, Database = sqlx::Sqlite>,
    account: AccountId,
    except: Option<SignInId>,
    now: UnixMs,
) -> Result<Vec<SignInId>, StoreError> {
    let rows = sqlx::query(
        "UPDATE sign_ins SET revoked_at = ? WHERE account = ? AND revoked_at IS NULL AND id <> ? RETURNING id",
    )
    .bind(now)
    .bind(account.to_string())
    .bind(except.map(|id| id.to_string()).unwrap_or_default())
    .fetch_all(executor)
    .await?;
    rows.iter().map(|row| SignInId::parse(row.try_get("id")?).ok_or(StoreError::Damaged("sign-in id"))).collect()
}

async fn insert_token(
    connection: &mut SqliteConnection,
    hash: RefreshHash,
    sign_in: SignInId,
    now: UnixMs,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO refresh_tokens (hash, sign_in, created_at) VALUES (?, ?, ?)")
        .bind(hash.0.as_slice())
        .bind(sign_in.to_string())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}
