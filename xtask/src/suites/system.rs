//! The whole-system tests, one after another: each has sound and windows to itself.

use anyhow::Result;

use super::ground::Ground;
use crate::{
    count::Count,
    libtest,
    python::{self, Needs},
    tools,
};

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    tools::ensure_tauri_driver()?;
    python::ensure(Needs::Scorer)?;
    let mut arguments = ground.arguments();
    arguments.push("--test-threads=1".into());
    let mut count = Count::default();
    for test in ground.programs {
        if test.package == "care4w-tests" && !["care4w_tests", "tidy"].contains(&test.target.as_str()) {
            count += libtest::run(test, &arguments, &[])?;
        }
    }
    Ok(count)
}
