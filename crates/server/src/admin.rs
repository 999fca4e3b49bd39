//! What the machine's owner does on the command line, on the same database as a server that runs.

use std::sync::Arc;

use care4w_phone::PhoneNumber;
use care4w_protocol::Secret;

use crate::accounts::{PasswordError, Passwords, random_password};
use crate::clock;
use crate::import::{Import, ImportError, Summary};
use crate::store::{Account, Database, Store, StoreError, Uniqueness};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The database cannot be used.
    #[error("cannot use the database: {0}")]
    Store(#[from] StoreError),
    /// Hashing failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Not a number.
    #[error("give the number with its country, such as +12025550143")]
    NotANumber,
    /// Nobody was given the number.
    #[error("nobody was given that number")]
    NotAssigned,
    /// Nobody has the address.
    #[error("no account has that e-mail address")]
    NoSuchUser,
}

/// The accounts of a database.
pub struct Users(Arc<dyn Store>);

impl Users {
    /// Opens the database and migrates it.
    pub async fn open(database: &Database, uniqueness: Uniqueness) -> Result<Self, AdminError> {
        Ok(Self(database.open(uniqueness).await?))
    }

    /// Everybody, oldest first.
    pub async fn list(&self) -> Result<Vec<Account>, AdminError> {
        Ok(self.0.accounts().await?)
    }

    /// Sets a new random password, ends all sign-ins, and gives the password.
    pub async fn reset_password(&self, email: &str) -> Result<Secret<String>, AdminError> {
        let account = self.find(email).await?;
        let password = random_password();
        let hash = Passwords::new()?.hash(Secret::new(password.clone())).await?;
        self.0.set_password_hash(account.id, &hash).await?;
        self.0.revoke_all(account.id, None, clock::unix_ms()).await?;
        Ok(Secret::new(password))
    }

    /// Deletes an account and all that belongs to it.
    pub async fn delete(&self, email: &str) -> Result<(), AdminError> {
        let account = self.find(email).await?;
        self.0.delete_account(account.id).await?;
        Ok(())
    }

    /// Gives a user a number of the Twilio account, in place of whoever had it.
    pub async fn assign_number(&self, email: &str, number: &str) -> Result<(), AdminError> {
        let account = self.find(email).await?;
        let number = PhoneNumber::parse(number, None).map_err(|_| AdminError::NotANumber)?;
        Ok(self.0.assign_number(account.id, number.full()).await?)
    }

    /// Takes it back.
    pub async fn take_number_back(&self, number: &str) -> Result<(), AdminError> {
        let number = PhoneNumber::parse(number, None).map_err(|_| AdminError::NotANumber)?;
        if self.0.take_number_back(number.full()).await? { Ok(()) } else { Err(AdminError::NotAssigned) }
    }

    /// Brings users of the web app over.
    pub async fn import(&self, import: &Import) -> Result<Summary, ImportError> {
        import.run(&*self.0).await
    }

    /// Lets go of the database.
    pub async fn close(self) {
        self.0.close().await;
    }

    async fn find(&self, email: &str) -> Result<Account, AdminError> {
        let found = self.0.account_by_email(&email.trim().to_lowercase()).await?;
        found.map(|(account, _)| account).ok_or(AdminError::NoSuchUser)
    }
}
