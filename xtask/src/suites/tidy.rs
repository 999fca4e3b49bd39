//! Formatting, lints, and the rules that `tests/tests/tidy.rs` holds.

use anyhow::{Context as _, Result};

use super::ground::Ground;
use crate::{count::Count, libtest, program, project};

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    let mut count = check("cargo fmt", program::cargo().args(["fmt", "--all", "--check"]));
    let test = ground
        .programs
        .iter()
        .find(|program| program.package == "care4w-tests" && program.target == "tidy")
        .context("the tidy test is not built")?;
    count += libtest::run(test, &ground.arguments(), &[])?;
    if ground.filters.is_empty() {
        let all = ["clippy", "--quiet", "--workspace", "--exclude", "xtask", "--all-targets", "--", "-D", "warnings"];
        count += check("cargo clippy", program::cargo().args(all));
        let own = ["clippy", "--quiet", "--package", "xtask", "--all-targets", "--", "-D", "warnings"];
        count += check("cargo clippy, xtask", program::cargo().args(own));
    }
    Ok(count)
}

/// Runs one check with its output in a log; shows the log when it fails.
fn check(label: &str, command: &mut std::process::Command) -> Count {
    let log = project::target().join("xtask/tests").join(format!("{}.log", label.replace([' ', ','], "-")));
    let result = program::run_logged(command, &log);
    if let Err(error) = &result {
        println!("{error:#}");
    }
    let passed = result.is_ok();
    println!("  {label}: {}", if passed { "passed" } else { "failed" });
    Count::one(passed)
}
