//! Processes that a test left running: one that was killed or crashed could not stop what it had started.
//!
//! Test programs run with a variable that names this run of xtask, and everything they start inherits it. Whoever
//! carries it when no test is running is ended, by process id (Linux; elsewhere the system tests do not run).

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

fn processes() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}
