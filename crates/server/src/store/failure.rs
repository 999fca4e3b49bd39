//! What it means when a database fails.

use std::error::Error;
use std::sync::Arc;

use sqlx::migrate::MigrateError;

type Cause = Box<dyn Error + Send + Sync>;

/// The store failed. Its text names no user's data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not do as asked.
    #[error("the database failed")]
    Database(#[source] Cause),
    /// It cannot be reached, or has no time. Later it may.
    #[error("the database does not answer")]
    Unavailable(#[source] Cause),
    /// Two changes got into each other's way; this one was undone and can be tried again.
    #[error("the database is too busy")]
    Conflict(#[source] Cause),
    /// The account that something was to belong to is gone: it was deleted meanwhile.
    #[error("the account is gone")]
    Gone(#[source] Cause),
    /// At start: user or password are wrong.
    #[error("the database refuses the user or the password")]
    Denied(#[source] Cause),
    /// At start: nothing of that name is there.
    #[error("there is no database of that name")]
    NoSuchDatabase(#[source] Cause),
    /// At start: the user may not do what the server has to.
    #[error("the user may not make tables in the database")]
    NotPermitted(#[source] Cause),
    /// At start: it has tables, and not ours.
    #[error("the database belongs to something else: give the server an empty one")]
    Foreign,
    /// At start: it was migrated further than this server knows.
    #[error("the database belongs to a newer server")]
    Newer,
    /// At start: another server serves it, which would lose its calls.
    #[error("another server is running on it")]
    Served,
    /// Something in the database cannot be what it should be.
    #[error("the database holds an unreadable {0}")]
    Damaged(&'static str),
    /// `uniqueness = "national"` was asked of a database in which two users share a national number.
    #[error("two users share a national number: set uniqueness to full, or change one of the two first")]
    SharedNationalNumbers,
}

impl StoreError {
    /// The store was closed.
    pub(super) fn closed() -> Self {
        sqlx::Error::PoolClosed.into()
    }

    /// The same failure, for each of several who waited for one query.
    pub(super) fn shared(error: &Arc<Self>) -> Self {
        let cause = Box::new(Arc::clone(error));
        match **error {
            Self::Unavailable(_) => Self::Unavailable(cause),
            Self::Conflict(_) => Self::Conflict(cause),
            _ => Self::Database(cause),
        }
    }

    /// Whether it may be over soon by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        let is_sqlite = error
            .as_database_error()
            .is_some_and(|error| error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some());
        let is_orphan = error.as_database_error().is_some_and(|error| error.is_foreign_key_violation());
        let cause = Box::new(error);
        match &*cause {
            _ if is_orphan => Self::Gone(cause),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(cause),
            // SQLITE_BUSY and its kinds.
            sqlx::Error::Database(_) if is_sqlite => match code.parse::<u32>() {
                Ok(code) if code & 0xff == 5 => Self::Unavailable(cause),
                _ => Self::Database(cause),
            },
            sqlx::Error::Database(_) => from_sqlstate(&code, cause),
            _ => Self::Database(cause),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Unavailable(Box::new(error)),
            _ => Self::Database(Box::new(error)),
        }
    }
}

/// PostgreSQL's error codes (its documentation, appendix A).
fn from_sqlstate(code: &str, cause: Cause) -> StoreError {
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => StoreError::Conflict(cause),
        "28000" | "28P01" => StoreError::Denied(cause),
        "3D000" => StoreError::NoSuchDatabase(cause),
        "42501" => StoreError::NotPermitted(cause),
        // Connection exceptions; no resources; stopped by an operator: starting up, shutting down; read-only standby.
        "25006" => StoreError::Unavailable(cause),
        code if ["08", "53", "57"].contains(&code.get(..2).unwrap_or_default()) => StoreError::Unavailable(cause),
        _ => StoreError::Database(cause),
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => Self::Newer,
            other => Self::Database(Box::new(other)),
        }
    }
}
