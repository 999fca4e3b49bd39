//! The file in which the history is kept.

use std::path::PathBuf;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqlitePool};
use tokio::sync::OnceCell;

use super::call::{searchable, sought};
use super::clock::{parse_time, write_time};
use super::file::HistoryFile;
use super::{Begun, HistoryCall, HistoryCursor, HistoryKind, KnownPeer, UnixMs};
use crate::Problem;
use crate::app_state::CallDirection;
use crate::defaults::{HISTORY_CALLS, HISTORY_MERGE_AGAIN, HISTORY_SUGGESTIONS};

/// What did not work about the history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file cannot be opened, read or written.
    #[error("The list of your calls can't be read or written.")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A cursor that no page gave.
    #[error("That is no place in the list of calls.")]
    Cursor,
}

impl HistoryError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database(_) => "HISTORY_FAILED",
            Self::Cursor => "VALIDATION_ERROR",
        }
    }
}

impl From<sqlx::Error> for HistoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        Problem::new(error.code(), error.to_string())
    }
}

/// The history of one profile. Every account that signs in here has its own.
pub struct History {
    file: PathBuf,
    opened: OnceCell<HistoryFile>,
}

impl History {
    /// The history in this file, which is opened (made, brought up to date) when it is first needed.
    pub fn at(file: PathBuf) -> Self {
        Self { file, opened: OnceCell::new() }
    }

    async fn pool(&self) -> Result<&SqlitePool, HistoryError> {
        Ok(&self.opened.get_or_try_init(|| HistoryFile::open(&self.file)).await?.pool)
    }

    /// Whether the file could not be read when it was opened: what was in it is beside it, as `….damaged`.
    pub fn was_damaged(&self) -> bool {
        self.opened.get().is_some_and(|file| file.was_damaged)
    }

    /// Writes down that a call begins.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn begin(&self, account: &str, call: &Begun) -> Result<(), HistoryError> {
        let pool = self.pool().await?;
        insert(account, call).execute(pool).await?;
        sqlx::query(
            "DELETE FROM calls WHERE account = ?1 AND started_at < \
             (SELECT started_at FROM calls WHERE account = ?1 ORDER BY started_at DESC LIMIT 1 OFFSET ?2)",
        )
        .bind(account)
        .bind(HISTORY_CALLS)
        .execute(pool)
        .await?;
        Ok(())
    }

    /// Writes down that a call goes on, and since when sound flows.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn alive(
        &self,
        account: &str,
        id: &str,
        now: UnixMs,
        connected_at: Option<UnixMs>,
    ) -> Result<(), HistoryError> {
        sqlx::query(
            "UPDATE calls SET alive_at = ?3, connected_at = coalesce(connected_at, ?4) \
             WHERE account = ?1 AND id = ?2 AND ended_at IS NULL",
        )
        .bind(account)
        .bind(id)
        .bind(now)
        .bind(connected_at)
        .execute(self.pool().await?)
        .await?;
        Ok(())
    }

    /// Writes down how a call ended. A missed one is new until somebody looks; it is given.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn end(
        &self,
        account: &str,
        id: &str,
        now: UnixMs,
        duration_ms: Option<u32>,
        reason: &str,
    ) -> Result<Option<Begun>, HistoryError> {
        let pool = self.pool().await?;
        let about =
            "SELECT id, direction, name, detail, care4w_id, started_at FROM calls WHERE account = ?1 AND id = ?2";
        let Some(row) = sqlx::query(about).bind(account).bind(id).fetch_optional(pool).await? else {
            return Ok(None);
        };
        let direction = direction_from(row.get("direction"));
        let missed = HistoryKind::of(direction, duration_ms.is_some(), Some(reason)) == HistoryKind::Missed;
        sqlx::query(
            "UPDATE calls SET ended_at = ?3, duration_ms = ?4, reason = ?5, seen = ?6 WHERE account = ?1 AND id = ?2",
        )
        .bind(account)
        .bind(id)
        .bind(now)
        .bind(duration_ms)
        .bind(reason)
        .bind(!missed)
        .execute(pool)
        .await?;
        Ok(missed.then(|| Begun {
            id: row.get("id"),
            direction,
            name: row.get("name"),
            detail: row.get("detail"),
            care4w_id: row.get("care4w_id"),
            at: row.get("started_at"),
        }))
    }

    /// Takes over what the server knows to have been missed. What is known here stays as it is, what was cleared does
    /// not come back. `new`: whether nobody can have seen them yet. Gives those that were not known here.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn take_missed(&self, account: &str, calls: &[Begun], new: bool) -> Result<Vec<Begun>, HistoryError> {
        let pool = self.pool().await?;
        let cleared = self.cleared_at(account).await?;
        let mut together = pool.begin().await?;
        let mut taken = Vec::new();
        for call in calls.iter().filter(|call| call.at > cleared) {
            if insert(account, call).execute(&mut *together).await?.rows_affected() > 0 {
                sqlx::query(
                    "UPDATE calls SET ended_at = started_at, reason = 'MISSED', seen = ?3 WHERE account = ?1 AND id = ?2",
                )
                .bind(account)
                .bind(&call.id)
                .bind(!new)
                .execute(&mut *together)
                .await?;
                taken.push(call.clone());
            }
        }
        together.commit().await?;
        Ok(taken)
    }

    /// From when on the server is to be asked; none: it was never asked for this account.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn merge_from(&self, account: &str) -> Result<Option<UnixMs>, HistoryError> {
        let row = sqlx::query("SELECT cleared_at, merged_until FROM accounts WHERE account = ?1")
            .bind(account)
            .fetch_optional(self.pool().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let until: Option<UnixMs> = row.get("merged_until");
        // A call that began before the last look may have ended after it.
        let again = UnixMs::try_from(HISTORY_MERGE_AGAIN.as_millis()).unwrap_or(UnixMs::MAX);
        Ok(until.map(|until| row.get::<UnixMs, _>("cleared_at").max(until.saturating_sub(again))))
    }

    /// The server was asked, and the newest call that it knew began then.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn merged(&self, account: &str, until: UnixMs) -> Result<(), HistoryError> {
        sqlx::query(
            "INSERT INTO accounts (account, merged_until) VALUES (?1, ?2) \
             ON CONFLICT DO UPDATE SET merged_until = max(coalesce(merged_until, 0), ?2)",
        )
        .bind(account)
        .bind(until)
        .execute(self.pool().await?)
        .await?;
        Ok(())
    }

    /// A page of the calls that have `search` in name, number or id, the newest first. A call that runs is no part of it.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn page(
        &self,
        account: &str,
        search: &str,
        before: Option<&HistoryCursor>,
        limit: u32,
    ) -> Result<Vec<HistoryCall>, HistoryError> {
        let (words, digits) = sought(search);
        let (at, id) = match before {
            Some(cursor) => (parse_time(&cursor.started_at).ok_or(HistoryError::Cursor)?, cursor.id.as_str()),
            None => (UnixMs::MAX, ""),
        };
        let rows = sqlx::query(
            "SELECT id, direction, name, detail, care4w_id, started_at, duration_ms, connected_at, reason, seen \
             FROM calls WHERE account = ?1 AND ended_at IS NOT NULL AND (started_at, id) < (?2, ?3) \
             AND (?4 = '' OR instr(words, ?4) > 0 OR (?5 IS NOT NULL AND instr(digits, ?5) > 0)) \
             ORDER BY started_at DESC, id DESC LIMIT ?6",
        )
        .bind(account)
        .bind(at)
        .bind(id)
        .bind(words)
        .bind(digits)
        .bind(limit)
        .fetch_all(self.pool().await?)
        .await?;
        Ok(rows.iter().map(call_from).collect())
    }

    /// Whom somebody may mean who has typed this much, who was last in a call first.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn suggest(&self, account: &str, typed: &str) -> Result<Vec<KnownPeer>, HistoryError> {
        let (words, digits) = sought(typed);
        if words.chars().count() < 2 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT name, detail, max(started_at) FROM calls WHERE account = ?1 \
             AND (instr(words, ?2) > 0 OR (?3 IS NOT NULL AND instr(digits, ?3) > 0)) \
             GROUP BY detail ORDER BY max(started_at) DESC LIMIT ?4",
        )
        .bind(account)
        .bind(words)
        .bind(digits)
        .bind(HISTORY_SUGGESTIONS)
        .fetch_all(self.pool().await?)
        .await?;
        Ok(rows.iter().map(|row| KnownPeer { name: row.get("name"), detail: row.get("detail") }).collect())
    }

    /// How many missed calls nobody has looked at.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn unseen(&self, account: &str) -> Result<u32, HistoryError> {
        let row = sqlx::query("SELECT count(*) AS new FROM calls WHERE account = ?1 AND seen = 0")
            .bind(account)
            .fetch_one(self.pool().await?)
            .await?;
        Ok(row.get("new"))
    }

    /// Somebody has looked at the missed calls. Gives whether there were any new ones.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn see(&self, account: &str) -> Result<bool, HistoryError> {
        let done = sqlx::query("UPDATE calls SET seen = 1 WHERE account = ?1 AND seen = 0")
            .bind(account)
            .execute(self.pool().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Clears the account's calls, for good: what the server knows of them does not come back. A running call stays.
    ///
    /// # Errors
    /// [`HistoryError::Database`].
    pub async fn clear(&self, account: &str, now: UnixMs) -> Result<(), HistoryError> {
        let pool = self.pool().await?;
        let mut together = pool.begin().await?;
        // The server's clock may be ahead: what it had sent is cleared too.
        sqlx::query(
            "INSERT INTO accounts (account, cleared_at) SELECT ?1, max(?2, coalesce((SELECT max(started_at) \
             FROM calls WHERE account = ?1 AND ended_at IS NOT NULL), 0)) WHERE true ON CONFLICT DO UPDATE \
             SET cleared_at = max(excluded.cleared_at, coalesce(merged_until, 0))",
        )
        .bind(account)
        .bind(now)
        .execute(&mut *together)
        .await?;
        sqlx::query("DELETE FROM calls WHERE account = ?1 AND ended_at IS NOT NULL")
            .bind(account)
            .execute(&mut *together)
            .await?;
        together.commit().await?;
        Ok(())
    }

    /// Closes the file; it stays closed.
    pub async fn close(&self) {
        if let Some(file) = self.opened.get() {
            file.close().await;
        }
    }

    async fn cleared_at(&self, account: &str) -> Result<UnixMs, HistoryError> {
        let row = sqlx::query("SELECT cleared_at FROM accounts WHERE account = ?1")
            .bind(account)
            .fetch_optional(self.pool().await?)
            .await?;
        Ok(row.map_or(0, |row| row.get("cleared_at")))
    }
}

/// Writes a call down as one that begins; nothing happens to one that is there.
fn insert(account: &str, call: &Begun) -> Query<'static, Sqlite, SqliteArguments> {
    let (words, digits) = searchable(call.name.as_deref(), &call.detail, call.care4w_id.as_deref());
    sqlx::query(
        "INSERT INTO calls (account, id, direction, name, detail, care4w_id, words, digits, started_at, alive_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT DO NOTHING",
    )
    .bind(account)
    .bind(&call.id)
    .bind(direction_text(call.direction))
    .bind(&call.name)
    .bind(&call.detail)
    .bind(&call.care4w_id)
    .bind(words)
    .bind(digits)
    .bind(call.at)
}

fn call_from(row: &SqliteRow) -> HistoryCall {
    let duration_ms: Option<u32> = row.get("duration_ms");
    let reason: Option<String> = row.get("reason");
    let direction = direction_from(row.get("direction"));
    HistoryCall {
        id: row.get("id"),
        kind: HistoryKind::of(direction, duration_ms.is_some(), reason.as_deref()),
        name: row.get("name"),
        detail: row.get("detail"),
        care4w_id: row.get("care4w_id"),
        started_at: write_time(row.get("started_at")),
        duration_ms,
        reason,
        is_new: !row.get::<bool, _>("seen"),
    }
}

fn direction_text(direction: CallDirection) -> &'static str {
    match direction {
        CallDirection::Outgoing => "outgoing",
        CallDirection::Incoming => "incoming",
    }
}

fn direction_from(text: &str) -> CallDirection {
    if text == "outgoing" { CallDirection::Outgoing } else { CallDirection::Incoming }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
