//! The store in one SQLite file.

mod blocks;
mod calls;
mod claims;
mod imports;
mod password_links;
mod readers;
mod serving;
mod sign_ins;
mod twilio;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::rest::{CallRecord, Discoverable, SettingsChange};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqlitePool};

use crate::defaults;
use crate::store::{
    Account, AccountId, Blocked, Brought, BroughtAccount, CallsPage, Claims, CreateAccountError, HeldNumber, LinkHash,
    NewAccount, NewCall, ProvedClaim, RefreshHash, Rotation, SetPhoneError, SignInId, Store, StoreError, TakenField,
    Uniqueness, UnixMs, UntoldCall, UsedLink,
};
use readers::Readers;
pub use serving::Serving;

/// Columns of an [`Account`], in the order in which [`account_from`] reads them by name.
macro_rules! account_columns {
    () => {
        "a.id, a.email, a.display_name, a.care4w_id, a.phone_full, a.phone_national, a.phone_country, \
         a.phone_verified, a.claim_full, a.claim_national, a.claim_country, a.discoverable, a.created_at"
    };
}
use account_columns;

/// The store in one SQLite file, in WAL mode: one connection writes, several read; what every request asks is read beside
/// them ([`readers`]).
pub struct SqliteStore {
    write: SqlitePool,
    read: SqlitePool,
    uniqueness: Uniqueness,
    readers: Readers,
}

impl SqliteStore {
    /// Opens the file, makes it if it is not there (readable by its owner alone), and migrates it forwards.
    pub async fn open(file: &Path, uniqueness: Uniqueness) -> Result<Self, StoreError> {
        create_private_file(file).map_err(|error| StoreError::Database(Box::new(error)))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("./migrations/sqlite")
            .run(&write)
            .await
            .map_err(|error| StoreError::Database(Box::new(error)))?;
        let read = SqlitePoolOptions::new()
            .max_connections(defaults::SQLITE_READERS)
            .connect_with(options.read_only(true))
            .await?;
        let store = Self { write, read, readers: Readers::new(file), uniqueness };
        store.hold_uniqueness().await?;
        Ok(store)
    }

    /// Makes or drops the unique index that the setting asks for; the other index serves lookups.
    async fn hold_uniqueness(&self) -> Result<(), StoreError> {
        let statements = match self.uniqueness {
            Uniqueness::National => [
                "DROP INDEX IF EXISTS accounts_shared_phone_national",
                "CREATE UNIQUE INDEX IF NOT EXISTS accounts_phone_national ON accounts (phone_national)",
            ],
            Uniqueness::Full => [
                "DROP INDEX IF EXISTS accounts_phone_national",
                "CREATE INDEX IF NOT EXISTS accounts_shared_phone_national ON accounts (phone_national)",
            ],
        };
        for statement in statements {
            sqlx::query(statement).execute(&self.write).await.map_err(|error| match violated(&error) {
                Some(_) => StoreError::SharedNationalNumbers,
                None => error.into(),
            })?;
        }
        Ok(())
    }
}

/// Makes it, if it is not there, for its owner alone.
fn create_private_file(file: impl AsRef<Path>) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).append(true).open(file)
}

/// The text of a unique constraint that was violated ("UNIQUE constraint failed: accounts.email").
fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().filter(|error| error.is_unique_violation()).map(|error| error.message())
}

fn account_from(row: &SqliteRow) -> Result<Account, StoreError> {
    let phone = number_from(row, ["phone_full", "phone_national", "phone_country"])?;
    let discoverable = match row.try_get::<i64, _>("discoverable")? {
        0 => Discoverable::Nobody,
        _ => Discoverable::Everyone,
    };
    Ok(Account {
        id: AccountId::parse(row.try_get("id")?).ok_or(StoreError::Damaged("account id"))?,
        email: row.try_get("email")?,
        display_name: row.try_get("display_name")?,
        care4w_id: Care4wId::parse(row.try_get("care4w_id")?).map_err(|_| StoreError::Damaged("care4wId"))?,
        phone_verified: phone.is_some() && row.try_get::<i64, _>("phone_verified")? != 0,
        phone,
        claim: number_from(row, ["claim_full", "claim_national", "claim_country"])?,
        discoverable,
        created_at: row.try_get("created_at")?,
    })
}

fn number_from(row: &SqliteRow, [full, national, country]: [&str; 3]) -> Result<Option<HeldNumber>, StoreError> {
    let Some(full) = row.try_get::<Option<String>, _>(full)? else { return Ok(None) };
    let country_code =
        u16::try_from(row.try_get::<i64, _>(country)?).map_err(|_| StoreError::Damaged("country code"))?;
    Ok(Some(HeldNumber { full, national: row.try_get(national)?, country_code }))
}

fn accounts_from(rows: Vec<SqliteRow>) -> Result<Vec<Account>, StoreError> {
    rows.iter().map(account_from).collect()
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT count(*) FROM secrets").execute(&self.read).await?;
        Ok(())
    }

    async fn secret(&self, name: &str, make: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        sqlx::query("INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(make)
            .execute(&self.write)
            .await?;
        let row = sqlx::query("SELECT value FROM secrets WHERE name = ?").bind(name).fetch_one(&self.write).await?;
        Ok(row.try_get("value")?)
    }

    async fn close(&self) {
        self.readers.close();
        self.read.close().await;
        self.write.close().await;
    }

    async fn create_account(&self, new: NewAccount) -> Result<Account, CreateAccountError> {
        let id = AccountId::random();
        let inserted = sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, display_name, care4w_id, created_at) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(&new.email)
        .bind(&new.password_hash)
        .bind(&new.display_name)
        .bind(new.care4w_id.as_str())
        .bind(new.created_at)
        .execute(&self.write)
        .await;
        if let Err(error) = inserted {
            return Err(match violated(&error) {
                Some(text) if text.contains("accounts.email") => CreateAccountError::EmailTaken,
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
        self.insert_brought(accounts).await
    }

    async fn taken(&self, claims: &Claims) -> Result<Vec<TakenField>, StoreError> {
        self.select_taken(claims).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a WHERE a.id = ?"))
            .bind(id.to_string())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(account_from).transpose()
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<(Account, String)>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT iif(a.active, a.password_hash, '') AS password_hash, ",
            account_columns!(),
            " FROM accounts a WHERE a.email = ?"
        ))
        .bind(email)
        .fetch_optional(&self.read)
        .await?;
        row.map(|row| Ok((account_from(&row)?, row.try_get("password_hash")?))).transpose()
    }

    async fn account_by_care4w_id(&self, id: &Care4wId) -> Result<Option<Account>, StoreError> {
        let row =
            sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a WHERE a.care4w_id = ? AND a.active"))
                .bind(id.as_str())
                .fetch_optional(&self.read)
                .await?;
        row.as_ref().map(account_from).transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query(concat!("SELECT ", account_columns!(), " FROM accounts a ORDER BY a.created_at, a.id"))
            .fetch_all(&self.read)
            .await?;
        accounts_from(rows)
    }

    async fn password_hash(&self, id: AccountId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT password_hash FROM accounts WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.read)
            .await?;
        Ok(row.map(|row| row.try_get("password_hash")).transpose()?)
    }

    async fn set_password_hash(&self, id: AccountId, hash: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE accounts SET password_hash = ?, active = 1 WHERE id = ?")
            .bind(hash)
            .bind(id.to_string())
            .execute(&self.write)
            .await?;
        self.delete_password_links(id).await
    }

    async fn change_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
        keep: SignInId,
        now: UnixMs,
    ) -> Result<Option<Vec<SignInId>>, StoreError> {
        self.swap_password(id, old, new, keep, now).await
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
        self.take_password_link(link, oldest, password_hash, now).await
    }

    async fn forget_password_links(&self, oldest: UnixMs) -> Result<(), StoreError> {
        self.delete_old_password_links(oldest).await
    }

    async fn change_settings(&self, id: AccountId, change: &SettingsChange) -> Result<Option<Account>, StoreError> {
        let discoverable = change.discoverable_by_phone.map(|choice| i64::from(choice == Discoverable::Everyone));
        let row = sqlx::query(concat!(
            "UPDATE accounts AS a SET display_name = coalesce(?, display_name), \
             discoverable = coalesce(?, discoverable) WHERE a.id = ? RETURNING ",
            "id, email, display_name, care4w_id, phone_full, phone_national, phone_country, phone_verified, \
             claim_full, claim_national, claim_country, discoverable, created_at"
        ))
        .bind(change.display_name.as_deref())
        .bind(discoverable)
        .bind(id.to_string())
        .fetch_optional(&self.write)
        .await?;
        row.as_ref().map(account_from).transpose()
    }

    async fn delete_account(&self, id: AccountId) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE call_history SET other_name = 'Deleted account' \
             WHERE other_id = (SELECT care4w_id FROM accounts WHERE id = ?)",
        )
        .bind(id.to_string())
        .execute(&mut *transaction)
        .await?;
        // What others keep of this user under its id; its own blocks go with the account.
        sqlx::query("DELETE FROM blocks WHERE blocked = (SELECT care4w_id FROM accounts WHERE id = ?)")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        let gone =
            sqlx::query("DELETE FROM accounts WHERE id = ?").bind(id.to_string()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    async fn set_phone(&self, id: AccountId, number: &HeldNumber, verified: bool) -> Result<(), SetPhoneError> {
        sqlx::query(
            "UPDATE accounts SET phone_full = ?, phone_national = ?, phone_country = ?, phone_verified = ?, \
             claim_full = NULL, claim_national = NULL, claim_country = NULL WHERE id = ?",
        )
        .bind(&number.full)
        .bind(&number.national)
        .bind(i64::from(number.country_code))
        .bind(i64::from(verified))
        .bind(id.to_string())
        .execute(&self.write)
        .await
        .map_err(|error| match violated(&error) {
            Some(_) => SetPhoneError::Taken,
            None => SetPhoneError::Store(error.into()),
        })?;
        Ok(())
    }

    async fn remove_phone(&self, id: AccountId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE accounts SET phone_full = NULL, phone_national = NULL, phone_country = NULL, phone_verified = 0, \
             claim_full = NULL, claim_national = NULL, claim_country = NULL WHERE id = ?",
        )
        .bind(id.to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    async fn claim_phone(&self, id: AccountId, number: Option<&HeldNumber>) -> Result<(), StoreError> {
        self.write_claim(id, number).await
    }

    async fn prove_claim(&self, id: AccountId, number: &HeldNumber) -> Result<ProvedClaim, StoreError> {
        self.commit_claim(id, number).await
    }

    async fn phone_taken(&self, number: &HeldNumber, except: AccountId) -> Result<Option<bool>, StoreError> {
        self.select_phone_taken(number, except).await
    }

    async fn reached_by_id(&self, id: &Care4wId, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        self.select_by_id(id, by).await
    }

    async fn holder_of(&self, full: &str, by: &Care4wId) -> Result<Option<Account>, StoreError> {
        self.select_holder(full, by).await
    }

    async fn holder_of_national(
        &self,
        national: &str,
        proved: bool,
        by: &Care4wId,
    ) -> Result<Option<Account>, StoreError> {
        self.select_national_holder(national, proved, by).await
    }

    async fn block(
        &self,
        account: AccountId,
        blocked: &Care4wId,
        name: Option<&str>,
        now: UnixMs,
        most: usize,
    ) -> Result<bool, StoreError> {
        self.insert_block(account, blocked, name, now, most).await
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
        self.select_signed_in(id).await
    }

    async fn rotate(
        &self,
        used: RefreshHash,
        next: RefreshHash,
        now: UnixMs,
        oldest: UnixMs,
    ) -> Result<Rotation, StoreError> {
        self.rotate_token(used, next, now, oldest).await
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
        self.mark_all_revoked(account, except, now).await
    }

    async fn forget_sign_ins(&self, oldest: UnixMs) -> Result<(), StoreError> {
        self.delete_old_sign_ins(oldest).await
    }

    async fn call_started(&self, call: &NewCall) -> Result<(), StoreError> {
        self.insert_call(call).await
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
        self.mark_over(call, callee, talked_secs, told).await
    }

    async fn call_merged(&self, call: CallId) -> Result<(), StoreError> {
        self.remove_call(call).await
    }

    async fn finish_interrupted_calls(&self) -> Result<(), StoreError> {
        self.mark_interrupted().await
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
