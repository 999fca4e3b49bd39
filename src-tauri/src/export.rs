//! Files that are written for the person, where they look for files.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use care4w_client::Problem;
use tauri::{AppHandle, Manager};

/// What a file is called at most this often, with a number behind its name.
const SAME_NAMES: u32 = 1_000;

/// Writes the table of calls into the downloads (where there are none, the documents or the home folder), beside what is
/// there already. Gives the path.
pub fn write_calls(app: &AppHandle, table: &str) -> Result<String, Problem> {
    write(app, "care4w-calls", "csv", table)
}

/// Writes the report for a helper into the same folder.
pub fn write_report(app: &AppHandle, report: &str) -> Result<String, Problem> {
    write(app, "care4w-report", "txt", report)
}

fn write(app: &AppHandle, name: &str, ending: &str, text: &str) -> Result<String, Problem> {
    let path = app.path();
    let folders = [path.download_dir(), path.document_dir(), path.home_dir()].into_iter().flatten();
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for folder in folders.filter(|folder| folder.is_dir()) {
        match write_new(&folder, name, ending, text.as_bytes()) {
            Ok(path) => return Ok(path.display().to_string()),
            Err(error) => failed = error,
        }
    }
    tracing::warn!(kind = ?failed.kind(), name, "a file could not be written");
    Err(Problem::new("EXPORT_FAILED", "The file couldn't be written. Check that there is room in your downloads."))
}

fn write_new(folder: &Path, name: &str, ending: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    for number in 1..SAME_NAMES {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{number}.{ending}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(mut file) => {
                file.write_all(bytes)?;
                return Ok(path);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let first = write_new(folder.path(), "calls", "csv", b"1").unwrap();
        let second = write_new(folder.path(), "calls", "csv", b"2").unwrap();
        assert_eq!(second, folder.path().join("calls-2.csv"));
        assert_eq!(std::fs::read(first).unwrap(), b"1");
        assert_eq!(std::fs::read(second).unwrap(), b"2");
    }
}
