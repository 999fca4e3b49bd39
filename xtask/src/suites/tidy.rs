//! Formatting, lints, and the rules that `tests/tests/tidy.rs` holds.

use anyhow::Result;

use super::{check::check, ground::Ground};
use crate::{count::Count, libtest, narrowing::Target, program};

pub fn has(target: &Target) -> bool {
    target.package() == "care4w-tests" && target.is_test("tidy")
}

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    let mut count = Count::default();
    // With a test's name given, a check that is no test would make a name that nobody has look green.
    if ground.filters.is_empty() {
        count += check("cargo fmt", program::cargo().args(["fmt", "--all", "--check"]));
    }
    for test in ground.programs {
        if test.package == "care4w-tests" && test.target == "tidy" {
            count += libtest::run(test, &ground.arguments(), &[])?;
        }
    }
    if ground.filters.is_empty() {
        let all = ["clippy", "--quiet", "--workspace", "--exclude", "xtask", "--all-targets", "--", "-D", "warnings"];
        count += check("cargo clippy", program::cargo().args(all));
        let own = ["clippy", "--quiet", "--package", "xtask", "--all-targets", "--", "-D", "warnings"];
        count += check("cargo clippy, xtask", program::cargo().args(own));
    }
    Ok(count)
}
