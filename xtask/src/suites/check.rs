use std::process::Command;

use crate::{count::Count, program, project};

/// Runs one check with its output in a log; shows the log when it fails.
pub fn check(label: &str, command: &mut Command) -> Count {
    let log = project::target().join("xtask/tests").join(format!("{}.log", label.replace([' ', ','], "-")));
    let result = program::run_logged(command, &log);
    if let Err(error) = &result {
        crate::say::said!("{error:#}");
    }
    let passed = result.is_ok();
    crate::say::said!("  {label}: {}", if passed { "passed" } else { "failed" });
    Count::one(passed)
}
