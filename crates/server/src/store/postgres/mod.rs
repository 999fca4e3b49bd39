//! The store in a PostgreSQL database.
//!
//! What must hold when several change the same at once is held by unique indexes and row locks, under PostgreSQL's own
//! isolation (read committed: each statement sees what was committed before it). Where two transactions would wait for
//! one another PostgreSQL ends one, which is tried again ([`settled`]).

mod blocks;
mod calls;
mod claims;
mod gather;
mod gathered;
mod imports;
mod open;
mod password_links;
mod sign_ins;
mod twilio;

use async_trait::async_trait;
use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::rest::{CallRecord, Discoverable, SettingsChange};
use sqlx::postgres::{PgDatabaseError, PgRow};
use sqlx::{PgPool, Row};

use crate::store::{
    Account, AccountId, Blocked, Brought, BroughtAccount, CallsPage, Claims, CreateAccountError, HeldNumber, LinkHash,
    NewAccount, NewCall, ProvedClaim, RefreshHash, Rotation, SetPhoneError, SignInId, Store, StoreError, TakenField,
    Uniqueness, UnixMs, UntoldCall, UsedLink,
};
use gathered::Gathered;

/// Columns of an [`Account`], in the order in which [`account_from`] reads them.
macro_rules! account_columns {
    () => {
        "a.id, a.email, a.display_name, a.care4w_id, a.phone_full, a.phone_national, a.phone_country, \
         a.phone_verified, a.claim_full, a.claim_national, a.claim_country, a.discoverable, a.created_at"
    };
}
use account_columns;

/// How many they are: the place of what is asked for behind them.
const ACCOUNT_COLUMNS: usize = 13;

/// Tries a change again that got into another's way.
macro_rules! settled {
    ($attempt:expr) => {{
        let mut left = crate::defaults::CONFLICT_TRIES;
        loop {
            match $attempt.await {
                Err(StoreError::Conflict(_)) if left > 1 => left -= 1,
                settled => break settled,
            }
        }
    }};
}

/// The store in a PostgreSQL database, over a pool of connections.
pub struct PostgresStore {
    pool: PgPool,
    uniqueness: Uniqueness,
    gathered: Gathered,
}

fn is_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// The name of the unique constraint that was violated.
fn violated(error: &sqlx::Error) -> Option<&str> {
    if !is_violation(error) {
        return None;
    }
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.constraint()
}

/// For a transaction that looked first: somebody came in between.
fn came_between(error: sqlx::Error) -> StoreError {
    if is_violation(&error) { StoreError::Conflict(Box::new(error)) } else { error.into() }
}

fn account_from(row: &PgRow) -> Result<Account, StoreError> {
    let phone = number_from(row, 4)?;
    Ok(Account {
        id: AccountId::parse(row.try_get(0)?).ok_or(StoreError::Damaged("account id"))?,
        email: row.try_get(1)?,
        display_name: row.try_get(2)?,
        care4w_id: Care4wId::parse(row.try_get(3)?).map_err(|_| StoreError::Damaged("care4wId"))?,
        phone_verified: phone.is_some() && row.try_get(7)?,
        phone,
        claim: number_from(row, 8)?,
        discoverable: if row.try_get(11)? { Discoverable::Everyone } else { Discoverable::Nobody },
        created_at: row.try_get(12)?,
    })
}

/// A number in three columns: full, national, country.
fn number_from(row: &PgRow, at: usize) -> Result<Option<HeldNumber>, StoreError> {
    let Some(full) = row.try_get::<Option<String>, _>(at)? else { return Ok(None) };
    let country_code =
        u16::try_from(row.try_get::<i32, _>(at + 2)?).map_err(|_| StoreError::Damaged("country code"))?;
    Ok(Some(HeldNumber { full, national: row.try_get(at + 1)?, country_code }))
}

fn account_id(row: &PgRow, at: usize) -> Result<AccountId, StoreError> {
    AccountId::parse(row.try_get(at)?).ok_or(StoreError::Damaged("account id"))
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT count(*) FROM secrets").execute(&self.pool).await?;
        Ok(())
    }

    async fn secret(&self, name: &str, make: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        sqlx::query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(make)
            .execute(&self.pool)
            .await?;
        let row = sqlx::query("SELECT value FROM secrets WHERE name = $1").bind(name).fetch_one(&self.pool).await?;
        Ok(row.try_get(0)?)
    }

    async fn close(&self) {
        self.pool.close().await;
    }

    async fn create_account(&self, new: NewAccount) -> Result<Account, CreateAccountError> {
        let id = AccountId::random();
        let inserted = sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, display_name, care4w_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id.to_string())
        .bind(&new.email)
        .bind(&new.password_hash)
        .bind(&new.display_name)
        .bind(new.care4w_id.as_str())
        .bind(new.created_at)
        .execute(&self.pool)
        .await;
        if let Err(error) = inserted {
            return Err(match violated(&error) {
                Some("accounts_email") => CreateAccountError::EmailTaken,
                Some(_) => CreateAccountError::IdTaken,
                None => CreateAccountError::Store(error.into()),
            });
        }
        Ok(Account {
            id,
            email: new.email,
            display_name: new.display_name,
            care4w_id: new.care4w_id,
            phone: None,
            phone_verified: false,
            claim: None,
            discoverable: Discoverable::Everyone,
            created_at: new.created_at,
        })
    }

    async fn bring_accounts(&self, accounts: &[BroughtAccount]) -> Result<Vec<Brought>, StoreError> {
        settled!(self.insert_brought(accounts))
    }

    async fn taken(&self, claims: &Claims) -> Result<Vec<TakenField>, StoreError> {
        self.select_taken(claims).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a WHERE a.id = $1"))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(account_from).transpose()
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<(Account, String)>, StoreError> {
        // No text of PostgreSQL's has a NUL: nobody has such an address.
        if email.contains('\0') {
            return Ok(None);
        }
        let row = sqlx::query(concat!(
            "SELECT ",
            account_columns!(),
            ", CASE WHEN a.active THEN a.password_hash ELSE '' END FROM accounts a WHERE a.email = $1"
        ))
        .bind(email)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok((account_from(&row)?, row.try_get(ACCOUNT_COLUMNS)?))).transpose()
    }

    async fn account_by_care4w_id(&self, id: &Care4wId) -> Result<Option<Account>, StoreError> {
        self.gathered.ids.get(id.to_string()).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a ORDER BY a.created_at, a.id"))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(account_from).collect()
    }

    async fn password_hash(&self, id: AccountId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT password_hash FROM accounts WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn set_password_hash(&self, id: AccountId, hash: &str) -> Result<(), StoreError> {
        settled!(self.write_password_hash(id, hash))
    }

    async fn change_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
        keep: SignInId,
        now: UnixMs,
    ) -> Result<Option<Vec<SignInId>>, StoreError> {
        settled!(self.swap_password(id, old, new, keep, now))
    }

    async fn add_password_link(&self, email: &str, link: LinkHash, now: UnixMs) -> Result<bool, StoreError> {
        self.insert_password_link(email, link, now).await
    }

    async fn password_link_works(&self, link: LinkHash, oldest: UnixMs) -> Result<bool, StoreError> {
        self.select_password_link(link, oldest).await
    }

    async fn use_password_link(
        &self,
        link: LinkHash,
        oldest: UnixMs,
        password_hash: &str,
        now: UnixMs,
    ) -> Result<Option<UsedLink>, StoreError> {
        settled!(self.take_password_link(link, oldest, password_hash, now))
    }

    async fn forget_password_links(&self, oldest: UnixMs) -> Result<(), StoreError> {
        self.delete_old_password_links(oldest).await
    }

    async fn change_settings(&self, id: AccountId, change: &SettingsChange) -> Result<Option<Account>, StoreError> {
        let discoverable = change.discoverable_by_phone.map(|choice| choice == Discoverable::Everyone);
        let row = sqlx::query(concat!(
            "UPDATE accounts AS a SET display_name = coalesce($1, a.display_name), \
             discoverable = coalesce($2, a.discoverable) WHERE a.id = $3 RETURNING ",
            account_columns!()
        ))
        .bind(change.display_name.as_deref())
        .bind(discoverable)
        .bind(id.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(account_from).transpose()
    }

    async fn delete_account(&self, id: AccountId) -> Result<bool, StoreError> {
        settled!(self.remove_account(id))
    }

    async fn set_phone(&self, id: AccountId, number: &HeldNumber, verified: bool) -> Result<(), SetPhoneError> {
        match settled!(self.write_phone(id, number, verified))? {
            true => Ok(()),
            false => Err(SetPhoneError::Taken),
        }
    }

    async fn remove_phone(&self, id: AccountId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE accounts SET phone_full = NULL, phone_national = NULL, phone_country = NULL, \
             phone_verified = FALSE, claim_full = NULL, claim_national = NULL, claim_country = NULL WHERE id = $1",
        )
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn claim_phone(&self, id: AccountId, number: Option<&HeldNumber>) -> Result<(), StoreError> {
        self.write_claim(id, number).await
    }

    async fn prove_claim(&self, id: AccountId, number: &HeldNumber) -> Result<ProvedClaim, StoreError> {
        settled!(self.commit_claim(id, number))
    }

    async fn phone_taken(&self, number: &HeldNumber, except: AccountId) -> Result<Option<bool>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        self.taken_in(&mut connection, number, except).await
    }

    async fn reached_by_id(&self, id: &Care4wId, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        self.gathered.reached.get((id.to_string(), by.to_string())).await
    }

    async fn holder_of(&self, full: &str, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        self.gathered.holders.get((full.to_owned(), by.to_string())).await
    }

    async fn holder_of_national(
        &self,
        national: &str,
        proved: bool,
        by: &Care4wId,
    ) -> Result<Option<Account>, StoreError> {
        self.gathered.national_holders[usize::from(proved)].get((national.to_owned(), by.to_string())).await
    }

    async fn block(
        &self,
        account: AccountId,
        blocked: &Care4wId,
        name: Option<&str>,
        now: UnixMs,
        most: usize,
    ) -> Result<bool, StoreError> {
        settled!(self.insert_block(account, blocked, name, now, most))
    }

    async fn unblock(&self, account: AccountId, blocked: &Care4wId) -> Result<(), StoreError> {
        self.delete_block(account, blocked).await
    }

    async fn blocked(&self, account: AccountId) -> Result<Vec<Blocked>, StoreError> {
        self.select_blocks(account).await
    }

    async fn sign_in(&self, account: AccountId, first: RefreshHash, now: UnixMs) -> Result<SignInId, StoreError> {
        self.insert_sign_in(account, first, now).await
    }

    async fn signed_in(&self, id: SignInId) -> Result<Option<Account>, StoreError> {
        self.gathered.signed_in.get(id.to_string()).await
    }

    async fn rotate(
        &self,
        used: RefreshHash,
        next: RefreshHash,
        now: UnixMs,
        oldest: UnixMs,
    ) -> Result<Rotation, StoreError> {
        settled!(self.rotate_token(used, next, now, oldest))
    }

    async fn revoke(&self, id: SignInId, now: UnixMs) -> Result<(), StoreError> {
        self.mark_revoked(id, now).await
    }

    async fn revoke_all(
        &self,
        account: AccountId,
        except: Option<SignInId>,
        now: UnixMs,
    ) -> Result<Vec<SignInId>, StoreError> {
        sign_ins::revoke_all(&self.pool, account, except, now).await
    }

    async fn forget_sign_ins(&self, oldest: UnixMs) -> Result<(), StoreError> {
        settled!(self.delete_old_sign_ins(oldest))
    }

    async fn call_started(&self, call: &NewCall) -> Result<(), StoreError> {
        settled!(self.insert_call(call))
    }

    async fn call_answered(&self, call: CallId, callee: AccountId) -> Result<(), StoreError> {
        self.mark_answered(call, callee).await
    }

    async fn call_over(
        &self,
        call: CallId,
        callee: AccountId,
        talked_secs: Option<u64>,
        told: bool,
    ) -> Result<(), StoreError> {
        settled!(self.mark_over(call, callee, talked_secs, told))
    }

    async fn call_merged(&self, call: CallId) -> Result<(), StoreError> {
        settled!(self.remove_call(call))
    }

    async fn finish_interrupted_calls(&self) -> Result<(), StoreError> {
        settled!(self.mark_interrupted())
    }

    async fn untold_calls(&self, account: AccountId) -> Result<Vec<UntoldCall>, StoreError> {
        self.select_untold(account).await
    }

    async fn call_told(&self, account: AccountId, call: CallId) -> Result<(), StoreError> {
        self.mark_told(account, call).await
    }

    async fn calls(&self, account: AccountId, page: &CallsPage) -> Result<Vec<(UnixMs, CallRecord)>, StoreError> {
        self.select_calls(account, page).await
    }
}
