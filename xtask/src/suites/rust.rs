//! Every crate's own tests, the examples in its documentation, and xtask's.

use std::{process::Command, time::Instant};

use anyhow::Result;

use super::{ground::Ground, numbers};
use crate::{count::Count, libtest, narrowing::Target, program, project};

pub fn has(target: &Target) -> bool {
    // The test programs of care4w-tests are suites of their own; its library's are the harness's own tests.
    let elsewhere = target.package() == "care4w-tests" && matches!(target, Target::Test { .. });
    !elsewhere && !numbers::has(target)
}

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    let mut count = Count::default();
    for test in ground.programs {
        let elsewhere = test.package == "care4w-tests" && test.target != "care4w_tests";
        if !elsewhere && !numbers::is_oracle(test) {
            count += libtest::run(test, &ground.arguments(), &[])?;
        }
    }
    // Examples in the documentation have no names, but lines.
    if ground.filters.is_empty() {
        let documentation = ["test", "--quiet", "--workspace", "--exclude", "xtask", "--doc"];
        count += cargo_test("documentation", program::cargo().args(documentation))?;
    }
    if ground.targets.iter().any(|target| target.package() == "xtask") {
        let own = ["test", "--quiet", "--package", "xtask"];
        count += cargo_test("xtask", program::cargo().args(own).args(filter(ground)))?;
    }
    Ok(count)
}

/// `cargo test` takes one name, a test program any number.
fn filter(ground: &Ground<'_>) -> Vec<String> {
    ground.filters.iter().take(1).cloned().collect()
}

fn cargo_test(label: &str, command: &mut Command) -> Result<Count> {
    let log = project::target().join("xtask/tests").join(format!("{label}.log"));
    let start = Instant::now();
    let succeeded = program::run_logged(command, &log).is_ok();
    Ok(libtest::conclude(label, &std::fs::read_to_string(&log)?, succeeded, start, &log))
}
