//! What every request asks of SQLite, read where the request stands.
//!
//! sqlx gives each connection of SQLite a thread of its own, and waking that thread costs ten times what finding a row by an
//! index does. So who is signed in and who has a number is read on the runtime's own worker, without a thread in between.
//! The price is that a worker waits while a page comes from the disk. That is bounded: a question here finds its few rows
//! by indexes, a dozen pages at most, which are in memory on a server that is used (a million users are 300 MB); from a cold
//! SSD they take a millisecond or two, during which the other workers go on. Lists, searches and all that writes stay with
//! sqlx's threads.
//!
//! The file is read through the page cache of the operating system itself (a memory map), not copied out of it: another tenth
//! of the time. A disk that fails to give a page then ends the process (SIGBUS), as it does where the page is one of the
//! program's own; without a map it would be an error of one request. Nothing here ever makes the file shorter, which would be
//! the other way to that end.
//!
//! A reader never waits for the one who writes (WAL), and sees all that was committed before it asks: each question is a
//! transaction of its own. Where the file is locked all the same (another process recovers it, or is the last to close it),
//! the question moves to a thread that may wait.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use care4w_phone::Care4wId;
use care4w_protocol::rest::Discoverable;
use rusqlite::{Connection, OpenFlags, Row};

use crate::defaults;
use crate::store::{Account, AccountId, HeldNumber, StoreError};

/// Connections that read, each opened when it is first needed. They share the one SQLite that is linked with sqlx's: two
/// in one process would not see each other's locks.
#[derive(Clone)]
pub struct Readers(Arc<Shared>);

struct Shared {
    file: PathBuf,
    slots: Vec<Mutex<Option<Connection>>>,
    closed: AtomicBool,
}

impl Readers {
    /// For a file that is there and is in WAL mode.
    pub fn new(file: &Path) -> Self {
        let slots = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Shared {
            file: file.to_owned(),
            slots: (0..slots).map(|_| Mutex::new(None)).collect(),
            closed: AtomicBool::new(false),
        }))
    }

    /// The account that the statement finds, if it is the one who was sought: the statement gives the columns of an account
    /// in their order, and then 1 if it is and 0 if it is not.
    pub async fn account(&self, statement: &'static str, sought: &[&str]) -> Result<Option<Account>, StoreError> {
        match self.0.read(statement, sought) {
            Err(StoreError::Unavailable(_)) => self.account_later(statement, sought).await,
            read => read,
        }
    }

    /// Asks again where one may wait.
    async fn account_later(&self, statement: &'static str, sought: &[&str]) -> Result<Option<Account>, StoreError> {
        let shared = Arc::clone(&self.0);
        let sought: Vec<String> = sought.iter().map(|text| (*text).to_owned()).collect();
        let waiting = tokio::task::spawn_blocking(move || {
            let sought: Vec<&str> = sought.iter().map(String::as_str).collect();
            ask(&shared.open(defaults::DATABASE_WAIT)?, statement, &sought)
        });
        waiting.await.map_err(|ended| StoreError::Unavailable(Box::new(ended)))?
    }

    /// Lets go of the file.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        for slot in &self.0.slots {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl Shared {
    fn read(&self, statement: &str, sought: &[&str]) -> Result<Option<Account>, StoreError> {
        let mut slot = self.slot();
        let connection = match &mut *slot {
            Some(connection) => connection,
            empty => empty.insert(self.open(Duration::ZERO)?),
        };
        let read = ask(connection, statement, sought);
        if read.as_ref().is_err_and(|error| !error.is_passing()) {
            // It may be the connection's fault: the next question gets another.
            *slot = None;
        }
        read
    }

    /// Each thread has a place of its own to look first, so that as many threads as places never meet.
    fn slot(&self) -> MutexGuard<'_, Option<Connection>> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static PLACE: usize = THREADS.fetch_add(1, Ordering::Relaxed));
        let place = PLACE.with(|place| *place);
        for step in 0..self.slots.len() {
            match self.slots[(place + step) % self.slots.len()].try_lock() {
                Ok(slot) => return slot,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        // More threads than places, all reading at this moment.
        self.slots[place % self.slots.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, patience: Duration) -> Result<Connection, StoreError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(StoreError::closed());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(patience)?;
        connection.pragma_update(None, "mmap_size", defaults::SQLITE_MAPPED)?;
        Ok(connection)
    }
}

fn ask(connection: &Connection, statement: &str, sought: &[&str]) -> Result<Option<Account>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(rusqlite::params_from_iter(sought))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    // Read in any case: whoever is not found is not found in the same time.
    let account = account_from(row)?;
    let is_sought = row.get::<_, i64>(ACCOUNT_COLUMNS)? != 0;
    Ok(Some(account).filter(|_| is_sought))
}

/// How many [`super::account_columns`] there are.
const ACCOUNT_COLUMNS: usize = 13;

/// Reads [`super::account_columns`], like [`super::account_from`] from a row of the other library.
fn account_from(row: &Row<'_>) -> Result<Account, StoreError> {
    let phone = number_from(row, 4)?;
    Ok(Account {
        id: AccountId::parse(text(row, 0)?).ok_or(StoreError::Damaged("account id"))?,
        email: row.get(1)?,
        display_name: row.get(2)?,
        care4w_id: Care4wId::parse(text(row, 3)?).map_err(|_| StoreError::Damaged("care4wId"))?,
        phone_verified: phone.is_some() && row.get::<_, i64>(7)? != 0,
        phone,
        claim: number_from(row, 8)?,
        discoverable: if row.get::<_, i64>(11)? == 0 { Discoverable::Nobody } else { Discoverable::Everyone },
        created_at: row.get(12)?,
    })
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, StoreError> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// A number in three columns: full, national, country.
fn number_from(row: &Row<'_>, column: usize) -> Result<Option<HeldNumber>, StoreError> {
    let Some(full) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    let country_code =
        u16::try_from(row.get::<_, i64>(column + 2)?).map_err(|_| StoreError::Damaged("country code"))?;
    Ok(Some(HeldNumber { full, national: row.get(column + 1)?, country_code }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ANYBODY: &str = "SELECT '00000000-0000-0000-0000-000000000001', 'a@example.org', 'Amina', 'care4w-ABC123', \
        NULL, NULL, NULL, 0, NULL, NULL, NULL, 1, 5, ?1 = 'x' FROM there";

    fn a_file(folder: &Path) -> (PathBuf, Connection) {
        let file = folder.join("care4w.db");
        let owner = Connection::open(&file).unwrap();
        owner
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE there (it); INSERT INTO there VALUES (1)")
            .unwrap();
        (file, owner)
    }

    #[tokio::test]
    async fn whoever_asks_while_the_file_is_locked_is_answered_once_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let (file, owner) = a_file(folder.path());
        // As another process does that has the file for itself.
        owner.execute_batch("PRAGMA locking_mode = EXCLUSIVE; UPDATE there SET it = 2").unwrap();
        let readers = Readers::new(&file);
        assert!(matches!(readers.0.read(ANYBODY, &["x"]), Err(StoreError::Unavailable(_))), "it is locked");
        let asking = readers.account(ANYBODY, &["x"]);
        tokio::pin!(asking);
        assert!(futures_util::poll!(&mut asking).is_pending(), "it waits, and not on this thread");
        owner.execute_batch("PRAGMA locking_mode = NORMAL; UPDATE there SET it = 3").unwrap();
        assert_eq!(asking.await.unwrap().unwrap().display_name, "Amina");
        assert!(readers.account(ANYBODY, &["y"]).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_question_that_failed_leaves_the_next_one_well() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _owner) = a_file(folder.path());
        let readers = Readers::new(&file);
        for wrong in ["SELECT 1 FROM nowhere WHERE ?1", "SELECT 'no id' FROM there WHERE ?1 = ?1"] {
            assert!(readers.account(wrong, &["x"]).await.is_err(), "{wrong}");
        }
        assert!(readers.account(ANYBODY, &["x"]).await.unwrap().is_some());
        readers.close();
        assert!(matches!(readers.account(ANYBODY, &["x"]).await, Err(StoreError::Unavailable(_))));
    }
}
