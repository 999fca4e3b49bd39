//! Accounts that are brought over into [`SqliteStore`].

use care4w_phone::Care4wId;
use sqlx::{Row, SqliteConnection};

use super::SqliteStore;
use crate::store::{Brought, BroughtAccount, Claims, StoreError, TakenField, Uniqueness};

impl SqliteStore {
    /// All of them in one transaction: one that is refused leaves no trace, and the others stay.
    pub(super) async fn insert_brought(&self, accounts: &[BroughtAccount]) -> Result<Vec<Brought>, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let mut became = Vec::with_capacity(accounts.len());
        for account in accounts {
            let rivals = rivals(&mut *transaction, &account.claims(), self.uniqueness).await?;
            became.push(if rivals.itself {
                Brought::AlreadyThere
            } else if rivals.taken.is_empty() {
                insert(&mut transaction, account).await?;
                Brought::Added
            } else {
                Brought::Taken(rivals.taken)
            });
        }
        transaction.commit().await?;
        Ok(became)
    }

    pub(super) async fn select_taken(&self, claims: &Claims) -> Result<Vec<TakenField>, StoreError> {
        Ok(rivals(&self.read, claims, self.uniqueness).await?.taken)
    }
}

/// Accounts that are there already.
struct Rivals {
    /// The one with the claimed id.
    itself: bool,
    /// What others have.
    taken: Vec<TakenField>,
}

async fn rivals<'c>(
    executor: impl sqlx::Executor<'c, Database = sqlx::Sqlite>,
    claims: &Claims,
    uniqueness: Uniqueness,
) -> Result<Rivals, StoreError> {
    let (statement, phone) = match uniqueness {
        Uniqueness::National => (
            "SELECT id, email, care4w_id, phone_national AS phone FROM accounts \
             WHERE id = ? OR email = ? OR care4w_id = ? OR phone_national = ?",
            claims.phone.as_ref().map(|number| number.national.as_str()),
        ),
        Uniqueness::Full => (
            "SELECT id, email, care4w_id, phone_full AS phone FROM accounts \
             WHERE id = ? OR email = ? OR care4w_id = ? OR phone_full = ?",
            claims.phone.as_ref().map(|number| number.full.as_str()),
        ),
    };
    let (id, email) = (claims.id.map(|id| id.to_string()), claims.email.as_deref());
    let care4w_id = claims.care4w_id.as_ref().map(Care4wId::as_str);
    let rows = sqlx::query(statement).bind(&id).bind(email).bind(care4w_id).bind(phone).fetch_all(executor).await?;
    let mut rivals = Rivals { itself: false, taken: Vec::new() };
    for row in rows {
        let has = |column, claimed: Option<&str>| {
            Ok::<_, StoreError>(claimed.is_some() && row.try_get::<Option<&str>, _>(column)? == claimed)
        };
        if has("id", id.as_deref())? {
            rivals.itself = true;
            continue;
        }
        for (column, claimed, field) in [
            ("email", email, TakenField::Email),
            ("care4w_id", care4w_id, TakenField::Care4wId),
            ("phone", phone, TakenField::Phone),
        ] {
            if has(column, claimed)? {
                rivals.taken.push(field);
            }
        }
    }
    rivals.taken.sort();
    Ok(rivals)
}

async fn insert(connection: &mut SqliteConnection, account: &BroughtAccount) -> Result<(), StoreError> {
    let phone = account.phone.as_ref();
    sqlx::query(
        "INSERT INTO accounts (id, email, password_hash, display_name, care4w_id, phone_full, phone_national, \
         phone_country, phone_verified, active, created_at) VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(account.id.to_string())
    .bind(&account.email)
    .bind(&account.display_name)
    .bind(account.care4w_id.as_str())
    .bind(phone.map(|(number, _)| number.full.as_str()))
    .bind(phone.map(|(number, _)| number.national.as_str()))
    .bind(phone.map(|(number, _)| i64::from(number.country_code)))
    .bind(i64::from(phone.is_some_and(|(_, verified)| *verified)))
    .bind(i64::from(account.active))
    .bind(account.created_at)
    .execute(connection)
    .await?;
    Ok(())
}
