//! The UI: types, style, and its tests in jsdom.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{check::check, ground::Ground};
use crate::{count::Count, node, program, project};

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    node::ensure_packages()?;
    let mut count = Count::default();
    let logs = project::target().join("xtask/tests");
    if ground.filters.is_empty() {
        count += check("types and style", program::command("npm").args(["run", "--silent", "lint"]));
    }

    let report = logs.join("ui.json");
    let _ = std::fs::remove_file(&report);
    let mut vitest = program::command("npx");
    vitest.args(["vitest", "run", "--reporter=default", "--reporter=json"]);
    vitest.arg(format!("--outputFile.json={}", report.display())).args(["--passWithNoTests"]);
    for filter in ground.filters {
        vitest.args(["--testNamePattern", filter]);
    }
    let result = program::run_logged(&mut vitest, &logs.join("ui-tests.log"));
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let number = |name: &str| usize::try_from(answer[name].as_u64().unwrap_or_default()).context("a count of tests");
    let mut tests = Count { passed: number("numPassedTests")?, failed: number("numFailedTests")? };
    if let Err(error) = result {
        // A file that does not even load counts no failed test.
        tests.failed = tests.failed.max(1);
        crate::say::said!("{error:#}");
    }
    crate::say::said!("  tests: {} passed, {} failed", tests.passed, tests.failed);
    count += tests;
    Ok(count)
}
