//! Formatting, lints, and the rules that `tests/tests/tidy.rs` holds.

use anyhow::{Context as _, Result};

use super::{check::check, ground::Ground};
use crate::{count::Count, libtest, program};

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    let mut count = Count::default();
    // With a test's name given, a check that is no test would make a name that nobody has look green.
    if ground.filters.is_empty() {
        count += check("cargo fmt", program::cargo().args(["fmt", "--all", "--check"]));
    }
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
