//! One server alone serves a file.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// Held while a server serves a file: calls stand in its memory, and a second one would end those of the first in the history.
/// The system lets go of it when the process ends, however it ends; commands of the administrator work beside it.
pub struct Serving {
    _lock: File,
}

impl Serving {
    /// Or [`StoreError::Served`], if somebody else serves this file.
    pub fn of(file: &Path) -> Result<Self, StoreError> {
        let lock = lock_file(file).and_then(super::create_private_file);
        let lock = lock.map_err(|error| StoreError::Database(Box::new(error)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Served),
            // A file system that knows no locks of this kind; SQLite has its own for what is written.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "whether another server uses this database cannot be told");
            }
        }
        Ok(Self { _lock: lock })
    }
}

/// Beside the file, which SQLite locks in ways of its own; the same one for all links to the file.
fn lock_file(file: &Path) -> io::Result<PathBuf> {
    super::create_private_file(file)?;
    let mut name = file.canonicalize()?.into_os_string();
    name.push(".lock");
    Ok(name.into())
}
