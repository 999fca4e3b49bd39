//! The file of the history: opened, brought up to date, set aside when it is none, and shared between processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

use super::HistoryError;
use super::call::INTERRUPTED;

/// An open history.
pub(super) struct HistoryFile {
    pub(super) pool: SqlitePool,
    /// What was there could not be read, and lies beside it now.
    pub(super) was_damaged: bool,
    /// Held for as long as calls of this process may run: who finds it free knows that nobody else is in a call. None:
    /// another process has it.
    alone: Option<File>,
}

impl HistoryFile {
    /// Opens the file, and ends the calls in which the app did not live on. A file that is no history is set aside, never
    /// overwritten.
    pub(super) async fn open(file: &Path) -> Result<Self, HistoryError> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let alone = alone(file)?;
        let (pool, was_damaged) = match connect(file).await {
            Err(error) if is_damage(&error) => {
                fs::rename(file, beside(file, ".damaged")).map_err(failed)?;
                tracing::warn!("a damaged history was set aside");
                (connect(file).await?, true)
            }
            connected => (connected?, false),
        };
        if alone.is_some() {
            // Only an incoming call that was not answered is news.
            sqlx::query(
                "UPDATE calls SET ended_at = alive_at, reason = ?1, \
                 duration_ms = CASE WHEN connected_at IS NULL THEN NULL ELSE max(alive_at - connected_at, 1) END, \
                 seen = direction = 'outgoing' OR connected_at IS NOT NULL WHERE ended_at IS NULL",
            )
            .bind(INTERRUPTED)
            .execute(&pool)
            .await?;
        }
        Ok(Self { pool, was_damaged, alone })
    }

    /// Closes it; it stays closed.
    pub(super) async fn close(&self) {
        self.pool.close().await;
        if let Some(alone) = &self.alone
            && let Err(error) = alone.unlock()
        {
            tracing::debug!(kind = ?error.kind(), "the history's lock goes with the process");
        }
    }
}

/// The lock of a process in whose calls nobody else may interfere, if no other has it. The system frees it when a process
/// dies, however that happens.
fn alone(file: &Path) -> Result<Option<File>, HistoryError> {
    let lock = for_the_owner_alone().open(beside(file, ".lock")).map_err(failed)?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        // Where files cannot be locked nothing is known of others; a profile has one app.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(lock)),
    }
}

/// Whom one calls is nobody else's business.
fn for_the_owner_alone() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn failed(error: std::io::Error) -> HistoryError {
    HistoryError::Database(Box::new(error))
}

async fn connect(file: &Path) -> Result<SqlitePool, HistoryError> {
    // Before SQLite makes it readable for all.
    for_the_owner_alone().open(file).map_err(failed)?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        // What was cleared is overwritten, and cannot be read out of the file.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let migrated = sqlx::migrate!("./migrations").run(&pool).await;
    migrated.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => HistoryError::Database(Box::new(error)),
        error => HistoryError::Database(Box::new(error)),
    })?;
    Ok(pool)
}

/// Whether the file is no database, or a broken one (SQLITE_NOTADB, SQLITE_CORRUPT).
fn is_damage(error: &HistoryError) -> bool {
    let HistoryError::Database(error) = error else { return false };
    let Some(sqlx::Error::Database(error)) = error.downcast_ref() else { return false };
    matches!(error.code().as_deref(), Some("26" | "11"))
}
