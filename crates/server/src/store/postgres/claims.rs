//! Numbers and claims to them in [`PostgresStore`], and what becomes of both.

use sqlx::{PgConnection, Row};

use super::{PostgresStore, account_id, came_between, is_violation};
use crate::store::{AccountId, HeldNumber, ProvedClaim, StoreError, Uniqueness};

impl PostgresStore {
    /// Whether it is the account's now. The unique indexes decide.
    pub(super) async fn write_phone(
        &self,
        id: AccountId,
        number: &HeldNumber,
        verified: bool,
    ) -> Result<bool, StoreError> {
        let written = sqlx::query(
            "UPDATE accounts SET phone_full = $1, phone_national = $2, phone_country = $3, phone_verified = $4, \
             claim_full = NULL, claim_national = NULL, claim_country = NULL WHERE id = $5",
        )
        .bind(&number.full)
        .bind(&number.national)
        .bind(i32::from(number.country_code))
        .bind(verified)
        .bind(id.to_string())
        .execute(&self.pool)
        .await;
        match written {
            Ok(_) => Ok(true),
            Err(error) if is_violation(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn write_claim(&self, id: AccountId, number: Option<&HeldNumber>) -> Result<(), StoreError> {
        sqlx::query("UPDATE accounts SET claim_full = $1, claim_national = $2, claim_country = $3 WHERE id = $4")
            .bind(number.map(|number| &number.full))
            .bind(number.map(|number| &number.national))
            .bind(number.map(|number| i32::from(number.country_code)))
            .bind(id.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Those who prove the same number do so one after another: the lock is on the number, and ends with the
    /// transaction. Whoever sets it without proof in between runs into the unique index, or this does, and is tried
    /// again.
    pub(super) async fn commit_claim(&self, id: AccountId, number: &HeldNumber) -> Result<ProvedClaim, StoreError> {
        let key = self.uniqueness_key(number);
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(key)
            .execute(&mut *transaction)
            .await?;
        let claimed = sqlx::query(
            "SELECT 1 FROM accounts WHERE id = $1 \
             AND (claim_full = $2 OR (claim_full IS NULL AND phone_full = $2 AND NOT phone_verified)) FOR UPDATE",
        )
        .bind(id.to_string())
        .bind(&number.full)
        .fetch_optional(&mut *transaction)
        .await?;
        if claimed.is_none() {
            return Ok(ProvedClaim::NotClaimed);
        }
        if self.taken_in(&mut transaction, number, id).await? == Some(true) {
            return Ok(ProvedClaim::Taken);
        }
        let statements = match self.uniqueness {
            Uniqueness::National => [
                "UPDATE accounts SET phone_full = NULL, phone_national = NULL, phone_country = NULL, \
                 phone_verified = FALSE WHERE phone_national = $1 AND id <> $2 AND NOT phone_verified RETURNING id",
                "UPDATE accounts SET claim_full = NULL, claim_national = NULL, claim_country = NULL \
                 WHERE claim_national = $1 AND id <> $2 RETURNING id",
            ],
            Uniqueness::Full => [
                "UPDATE accounts SET phone_full = NULL, phone_national = NULL, phone_country = NULL, \
                 phone_verified = FALSE WHERE phone_full = $1 AND id <> $2 AND NOT phone_verified RETURNING id",
                "UPDATE accounts SET claim_full = NULL, claim_national = NULL, claim_country = NULL \
                 WHERE claim_full = $1 AND id <> $2 RETURNING id",
            ],
        };
        let mut displaced = Vec::new();
        for statement in statements {
            let rows = sqlx::query(statement).bind(key).bind(id.to_string()).fetch_all(&mut *transaction).await?;
            for row in &rows {
                displaced.push(account_id(row, 0)?);
            }
        }
        displaced.sort();
        displaced.dedup();
        sqlx::query(
            "UPDATE accounts SET phone_full = $1, phone_national = $2, phone_country = $3, phone_verified = TRUE, \
             claim_full = NULL, claim_national = NULL, claim_country = NULL WHERE id = $4",
        )
        .bind(&number.full)
        .bind(&number.national)
        .bind(i32::from(number.country_code))
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await
        .map_err(came_between)?;
        transaction.commit().await.map_err(came_between)?;
        Ok(ProvedClaim::Committed(displaced))
    }

    pub(super) async fn taken_in(
        &self,
        connection: &mut PgConnection,
        number: &HeldNumber,
        except: AccountId,
    ) -> Result<Option<bool>, StoreError> {
        let statement = match self.uniqueness {
            Uniqueness::National => {
                "SELECT bool_or(phone_verified) FROM accounts WHERE phone_national = $1 AND id <> $2"
            }
            Uniqueness::Full => "SELECT bool_or(phone_verified) FROM accounts WHERE phone_full = $1 AND id <> $2",
        };
        let row = sqlx::query(statement)
            .bind(self.uniqueness_key(number))
            .bind(except.to_string())
            .fetch_one(connection)
            .await?;
        Ok(row.try_get(0)?)
    }

    fn uniqueness_key<'a>(&self, number: &'a HeldNumber) -> &'a str {
        match self.uniqueness {
            Uniqueness::National => &number.national,
            Uniqueness::Full => &number.full,
        }
    }
}
