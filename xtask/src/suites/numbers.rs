//! The number rules against libphonenumber's own Python port.

use anyhow::Result;

use super::ground::Ground;
use crate::{
    build::TestProgram,
    count::Count,
    libtest, program, project,
    python::{self, Needs},
    say,
};

/// Whether a test program is the one that compares with the oracle.
pub fn is_oracle(test: &TestProgram) -> bool {
    test.package == "care4w-phone" && test.target == "libphonenumber"
}

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    let programs = python::ensure(Needs::Numbers)?;
    let oracle = project::target().join("xtask/numbers.jsonl");
    say::step("asking libphonenumber", || {
        let python = programs.join(format!("python{}", std::env::consts::EXE_SUFFIX));
        let mut script = program::command(&python.to_string_lossy());
        let numbers = program::output(script.arg("tests/oracle/numbers.py"))?;
        program::create(&oracle)?;
        Ok(std::fs::write(&oracle, numbers)?)
    })?;
    let environment = [("CARE4W_NUMBERS_ORACLE".to_owned(), oracle.display().to_string())];
    let mut count = Count::default();
    for test in ground.programs.iter().filter(|test| is_oracle(test)) {
        count += libtest::run(test, &ground.arguments(), &environment)?;
    }
    Ok(count)
}
