//! Claimed numbers in [`SqliteStore`], and what becomes of them.

use sqlx::{Row, SqliteConnection};

use super::SqliteStore;
use crate::store::{AccountId, HeldNumber, ProvedClaim, StoreError, Uniqueness};

impl SqliteStore {
    pub(super) async fn write_claim(&self, id: AccountId, number: Option<&HeldNumber>) -> Result<(), StoreError> {
        sqlx::query("UPDATE accounts SET claim_full = ?, claim_national = ?, claim_country = ? WHERE id = ?")
            .bind(number.map(|number| &number.full))
            .bind(number.map(|number| &number.national))
            .bind(number.map(|number| i64::from(number.country_code)))
            .bind(id.to_string())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub(super) async fn commit_claim(&self, id: AccountId, number: &HeldNumber) -> Result<ProvedClaim, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let claimed = sqlx::query(
            "SELECT 1 FROM accounts WHERE id = ?1 \
             AND (claim_full = ?2 OR (claim_full IS NULL AND phone_full = ?2 AND phone_verified = 0))",
        )
        .bind(id.to_string())
        .bind(&number.full)
        .fetch_optional(&mut *transaction)
        .await?;
        if claimed.is_none() {
            return Ok(ProvedClaim::NotClaimed);
        }
        let (held, claims) = match self.uniqueness {
            Uniqueness::National => ("phone_national", "claim_national"),
            Uniqueness::Full => ("phone_full", "claim_full"),
        };
        let key = self.uniqueness_key(number);
        if self.taken_in(&mut transaction, number, id).await? == Some(true) {
            return Ok(ProvedClaim::Taken);
        }
        let mut displaced = Vec::new();
        for (column, rest) in [(held, ", phone_verified = 0"), (claims, "")] {
            let (prefix, _) = column.split_once('_').expect("the column has a prefix");
            let statement = format!(
                "UPDATE accounts SET {prefix}_full = NULL, {prefix}_national = NULL, {prefix}_country = NULL{rest} \
                 WHERE {column} = ? AND id <> ? RETURNING id"
            );
            // Made of the words above alone.
            let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(key)
                .bind(id.to_string())
                .fetch_all(&mut *transaction)
                .await?;
            for row in rows {
                displaced.push(AccountId::parse(row.try_get("id")?).ok_or(StoreError::Damaged("account id"))?);
            }
        }
        displaced.sort();
        displaced.dedup();
        sqlx::query(
            "UPDATE accounts SET phone_full = ?, phone_national = ?, phone_country = ?, phone_verified = 1, \
             claim_full = NULL, claim_national = NULL, claim_country = NULL WHERE id = ?",
        )
        .bind(&number.full)
        .bind(&number.national)
        .bind(i64::from(number.country_code))
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(ProvedClaim::Committed(displaced))
    }

    pub(super) async fn select_phone_taken(
        &self,
        number: &HeldNumber,
        except: AccountId,
    ) -> Result<Option<bool>, StoreError> {
        let mut connection = self.read.acquire().await?;
        self.taken_in(&mut connection, number, except).await
    }

    async fn taken_in(
        &self,
        connection: &mut SqliteConnection,
        number: &HeldNumber,
        except: AccountId,
    ) -> Result<Option<bool>, StoreError> {
        let statement = match self.uniqueness {
            Uniqueness::National => "SELECT max(phone_verified) FROM accounts WHERE phone_national = ? AND id <> ?",
            Uniqueness::Full => "SELECT max(phone_verified) FROM accounts WHERE phone_full = ? AND id <> ?",
        };
        let row = sqlx::query(statement)
            .bind(self.uniqueness_key(number))
            .bind(except.to_string())
            .fetch_one(connection)
            .await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(|verified| verified != 0))
    }

    fn uniqueness_key<'a>(&self, number: &'a HeldNumber) -> &'a str {
        match self.uniqueness {
            Uniqueness::National => &number.national,
            Uniqueness::Full => &number.full,
        }
    }
}
