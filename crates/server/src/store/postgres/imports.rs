//! Accounts that are brought over into [`PostgresStore`]: one question and one insertion for a whole batch.

use std::collections::HashSet;

use care4w_phone::Care4wId;
use sqlx::{PgConnection, Row};

use super::{PostgresStore, came_between};
use crate::store::{Brought, BroughtAccount, Claims, HeldNumber, StoreError, TakenField, Uniqueness};

impl PostgresStore {
    /// All of them in one transaction: one that is refused leaves no trace, and the others stay. Who registers meanwhile
    /// with what one of them wants makes it be tried again.
    pub(super) async fn insert_brought(&self, accounts: &[BroughtAccount]) -> Result<Vec<Brought>, StoreError> {
        let claims: Vec<Claims> = accounts.iter().map(BroughtAccount::claims).collect();
        let mut transaction = self.pool.begin().await?;
        let mut there = There::default();
        for account in self.rivals(&mut transaction, &claims).await? {
            there.add(account);
        }
        let mut became = Vec::with_capacity(accounts.len());
        let mut new = Vec::with_capacity(accounts.len());
        for (account, claims) in accounts.iter().zip(&claims) {
            let wanted = self.wanted(claims);
            became.push(if wanted.id.as_ref().is_some_and(|id| there.ids.contains(id)) {
                Brought::AlreadyThere
            } else {
                let taken = there.taken(&wanted);
                if taken.is_empty() {
                    there.add(wanted);
                    new.push(account);
                    Brought::Added
                } else {
                    Brought::Taken(taken)
                }
            });
        }
        insert(&mut transaction, &new).await?;
        transaction.commit().await?;
        Ok(became)
    }

    pub(super) async fn select_taken(&self, claims: &Claims) -> Result<Vec<TakenField>, StoreError> {
        let wanted = self.wanted(claims);
        let mut connection = self.pool.acquire().await?;
        let mut there = There::default();
        for account in self.rivals(&mut connection, std::slice::from_ref(claims)).await? {
            if account.id != wanted.id {
                there.add(account);
            }
        }
        Ok(there.taken(&wanted))
    }

    fn wanted(&self, claims: &Claims) -> Unique {
        Unique {
            id: claims.id.map(|id| id.to_string()),
            email: claims.email.clone(),
            care4w_id: claims.care4w_id.as_ref().map(|id| id.as_str().to_owned()),
            phone: claims.phone.as_ref().map(|number| self.key(number)),
        }
    }

    fn key(&self, number: &HeldNumber) -> String {
        match self.uniqueness {
            Uniqueness::National => number.national.clone(),
            Uniqueness::Full => number.full.clone(),
        }
    }

    /// The accounts that have something of what is claimed.
    async fn rivals(&self, connection: &mut PgConnection, claims: &[Claims]) -> Result<Vec<Unique>, StoreError> {
        let statement = match self.uniqueness {
            Uniqueness::National => {
                "SELECT id, email, care4w_id, phone_national FROM accounts \
                 WHERE id = ANY($1) OR email = ANY($2) OR care4w_id = ANY($3) OR phone_national = ANY($4)"
            }
            Uniqueness::Full => {
                "SELECT id, email, care4w_id, phone_full FROM accounts \
                 WHERE id = ANY($1) OR email = ANY($2) OR care4w_id = ANY($3) OR phone_full = ANY($4)"
            }
        };
        let texts = |texts: Vec<Option<String>>| texts.into_iter().flatten().collect::<Vec<_>>();
        let rows = sqlx::query(statement)
            .bind(texts(claims.iter().map(|claims| claims.id.map(|id| id.to_string())).collect()))
            .bind(texts(claims.iter().map(|claims| claims.email.clone()).collect()))
            .bind(texts(claims.iter().map(|claims| claims.care4w_id.as_ref().map(Care4wId::to_string)).collect()))
            .bind(texts(claims.iter().map(|claims| claims.phone.as_ref().map(|number| self.key(number))).collect()))
            .fetch_all(connection)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Unique {
                    id: row.try_get(0)?,
                    email: row.try_get(1)?,
                    care4w_id: row.try_get(2)?,
                    phone: row.try_get(3)?,
                })
            })
            .collect()
    }
}

/// What belongs to one account alone.
struct Unique {
    id: Option<String>,
    email: Option<String>,
    care4w_id: Option<String>,
    phone: Option<String>,
}

/// What belongs to the accounts that are there.
#[derive(Default)]
struct There {
    ids: HashSet<String>,
    emails: HashSet<String>,
    care4w_ids: HashSet<String>,
    phones: HashSet<String>,
}

impl There {
    fn add(&mut self, account: Unique) {
        self.ids.extend(account.id);
        self.emails.extend(account.email);
        self.care4w_ids.extend(account.care4w_id);
        self.phones.extend(account.phone);
    }

    fn taken(&self, wanted: &Unique) -> Vec<TakenField> {
        [
            (&self.emails, &wanted.email, TakenField::Email),
            (&self.care4w_ids, &wanted.care4w_id, TakenField::Care4wId),
            (&self.phones, &wanted.phone, TakenField::Phone),
        ]
        .into_iter()
        .filter(|(there, wanted, _)| wanted.as_ref().is_some_and(|wanted| there.contains(wanted)))
        .map(|(_, _, field)| field)
        .collect()
    }
}

async fn insert(connection: &mut PgConnection, accounts: &[&BroughtAccount]) -> Result<(), StoreError> {
    fn column<'a, T>(accounts: &[&'a BroughtAccount], value: impl Fn(&'a BroughtAccount) -> T) -> Vec<T> {
        accounts.iter().map(|account| value(account)).collect()
    }
    fn number(account: &BroughtAccount) -> Option<&HeldNumber> {
        account.phone.as_ref().map(|(number, _)| number)
    }
    sqlx::query(
        "INSERT INTO accounts (id, email, password_hash, display_name, care4w_id, phone_full, phone_national, \
         phone_country, phone_verified, active, created_at) \
         SELECT id, email, '', display_name, care4w_id, phone_full, phone_national, phone_country, phone_verified, \
         active, created_at FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], \
         $7::INTEGER[], $8::BOOLEAN[], $9::BOOLEAN[], $10::BIGINT[]) AS brought (id, email, display_name, care4w_id, \
         phone_full, phone_national, phone_country, phone_verified, active, created_at)",
    )
    .bind(column(accounts, |account| account.id.to_string()))
    .bind(column(accounts, |account| account.email.as_str()))
    .bind(column(accounts, |account| account.display_name.as_str()))
    .bind(column(accounts, |account| account.care4w_id.as_str()))
    .bind(column(accounts, |account| number(account).map(|number| number.full.as_str())))
    .bind(column(accounts, |account| number(account).map(|number| number.national.as_str())))
    .bind(column(accounts, |account| number(account).map(|number| i32::from(number.country_code))))
    .bind(column(accounts, |account| account.phone.as_ref().is_some_and(|(_, verified)| *verified)))
    .bind(column(accounts, |account| account.active))
    .bind(column(accounts, |account| account.created_at))
    .execute(connection)
    .await
    .map_err(came_between)?;
    Ok(())
}
