//! Processes that were left running: whoever was killed or crashed could not stop what it had started.
//!
//! Test programs run with a variable that names this run of xtask, and everything they start inherits it. Whoever
//! carries it when no test is running is ended, by process id (Linux; elsewhere the system tests do not run).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};

/// The variable that marks this run's processes.
const MARK: &str = "CARE4W_TEST_RUN";

/// The mark of this run, for the environment of test programs.
pub fn mark() -> (&'static str, String) {
    (MARK, std::process::id().to_string())
}

static ENDING: AtomicBool = AtomicBool::new(false);

/// On Ctrl-C or SIGTERM: ends the running tests with all that they started, then this process.
pub fn end_them_on_a_signal() -> Result<()> {
    ctrlc::set_handler(|| {
        if !ENDING.swap(true, Ordering::SeqCst) {
            end_them();
            std::process::exit(130);
        }
    })
    .context("no signal handler")
}

/// Ends everything that carries the mark.
pub fn end_them() {
    let wanted = format!("{MARK}={}", std::process::id());
    for id in processes() {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        if environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes()) {
            care4w_tests::process::end_now(id);
        }
    }
}

/// Ends everything that writes its output into a file below this folder (Linux): what a `cargo xtask run` that was killed
/// left there still has its database, its port and its keychain. How many there were.
pub fn end_those_that_log_in(folder: &Path) -> usize {
    let Ok(folder) = folder.canonicalize() else { return 0 };
    let logs_there = |id: &u32| {
        ["1", "2"].iter().any(|output| {
            std::fs::read_link(format!("/proc/{id}/fd/{output}")).is_ok_and(|file| file.starts_with(&folder))
        })
    };
    processes().into_iter().filter(logs_there).inspect(|&id| care4w_tests::process::end_now(id)).count()
}

fn processes() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs::File;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn what_a_killed_run_left_is_ended_and_nothing_else() {
        let (run, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let start = |folder: &Path| {
            let log = File::create(folder.join("server.log")).unwrap();
            Command::new("sleep").arg("600").stdout(log).spawn().unwrap()
        };
        let (mut left, mut other) = (start(run.path()), start(elsewhere.path()));
        assert_eq!(end_those_that_log_in(run.path()), 1);
        assert_eq!(left.wait().unwrap().signal(), Some(9));
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
