//! Small settings that are not secret, kept between runs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Map, Value};

/// What did not work about the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be written; what was to be remembered holds for this run alone.
    #[error("Your settings could not be saved. They hold until you close the app.")]
    Write(#[source] io::Error),
}

impl StoreError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        "STORE_NOT_WRITTEN"
    }
}

/// Keys and JSON values. The app keeps them through `tauri-plugin-store`, the command line in a [`FileStore`].
/// Nothing secret goes in here.
pub trait Store: Send + Sync {
    /// The value of a key, if there is one.
    fn get(&self, key: &str) -> Option<Value>;

    /// Sets a key, on the disk too.
    ///
    /// # Errors
    /// [`StoreError::Write`] when the disk refuses; the value holds for this run all the same.
    fn set(&self, key: &str, value: Value) -> Result<(), StoreError>;
}

/// A store in one JSON file. Writing replaces the file at once (temporary file, flush, rename), and a file that
/// does not read is set aside as `….damaged`, never overwritten.
pub struct FileStore {
    path: PathBuf,
    values: Mutex<Map<String, Value>>,
}

impl FileStore {
    /// Opens the file, or begins an empty one.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        set_damaged_aside(&path);
        let values = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { path, values: Mutex::new(values) }
    }
}

impl Store for FileStore {
    fn get(&self, key: &str) -> Option<Value> {
        self.values.lock().expect("no one panics with the store locked").get(key).cloned()
    }

    fn set(&self, key: &str, value: Value) -> Result<(), StoreError> {
        let mut values = self.values.lock().expect("no one panics with the store locked");
        values.insert(key.to_owned(), value);
        let bytes = serde_json::to_vec_pretty(&*values).expect("a JSON map can always be written");
        replace_file(&self.path, &bytes).map_err(StoreError::Write)
    }
}

/// Moves a file that is not a JSON object out of the way, so that what it held can still be looked at. Returns
/// whether it was damaged.
pub fn set_damaged_aside(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    if serde_json::from_slice::<Map<String, Value>>(&bytes).is_ok() {
        return false;
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".damaged");
    if let Err(error) = fs::rename(path, &aside) {
        tracing::warn!(%error, "a damaged settings file could not be set aside");
    } else {
        tracing::warn!("a damaged settings file was set aside");
    }
    true
}

/// Writes a file so that after a crash either the old or the new one is there, whole.
///
/// # Errors
/// What the disk says.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// A store that forgets: for tests and for a phone that nobody will start again.
#[derive(Default)]
pub struct MemoryStore(Mutex<Map<String, Value>>);

impl Store for MemoryStore {
    fn get(&self, key: &str) -> Option<Value> {
        self.0.lock().expect("no one panics with the store locked").get(key).cloned()
    }

    fn set(&self, key: &str, value: Value) -> Result<(), StoreError> {
        self.0.lock().expect("no one panics with the store locked").insert(key.to_owned(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_there_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/store.json");
        FileStore::open(&path).set("a", Value::from(1)).unwrap();
        assert_eq!(FileStore::open(&path).get("a"), Some(Value::from(1)));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.json");
        for damage in [&b"{\"a\": 1"[..], b"", b"[1]", b"\xff\xfe"] {
            fs::write(&path, damage).unwrap();
            let store = FileStore::open(&path);
            assert_eq!(store.get("a"), None);
            store.set("b", Value::from(2)).unwrap();
            assert_eq!(fs::read(directory.path().join("store.json.damaged")).unwrap(), damage);
        }
    }

    #[test]
    fn a_store_that_cannot_write_says_so_and_keeps_the_value_for_this_run() {
        let directory = tempfile::tempdir().unwrap();
        let blocked = directory.path().join("file");
        fs::write(&blocked, "x").unwrap();
        let store = FileStore::open(blocked.join("store.json"));
        assert_eq!(store.set("a", Value::from(1)).unwrap_err().code(), "STORE_NOT_WRITTEN");
        assert_eq!(store.get("a"), Some(Value::from(1)));
    }
}
