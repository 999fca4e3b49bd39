//! The number rules against libphonenumber's own Python port.

use anyhow::Result;

use super::ground::Ground;
use crate::{
    build::TestProgram,
    count::Count,
    libtest,
    narrowing::Target,
    program, project,
    python::{self, Needs},
    say,
};

/// How many texts, from which seed, which part of them: the one that begins with every example number. `cargo xtask bench
/// numbers` asks about a million.
const SAMPLE: [&str; 3] = ["14000", "254", "0"];

/// Whether a test program is the one that compares with the oracle.
pub fn is_oracle(test: &TestProgram) -> bool {
    test.package == "care4w-phone" && test.target == "libphonenumber"
}

pub fn has(target: &Target) -> bool {
    target.package() == "care4w-phone" && target.is_test("libphonenumber")
}

pub fn run(ground: &Ground<'_>) -> Result<Count> {
    let python = python::interpreter(Needs::Numbers)?;
    let oracle = project::target().join("xtask/numbers.jsonl");
    say::step("asking libphonenumber", || {
        let ask = |script: &str, arguments: &[&str]| {
            let mut asking = program::command(&python.to_string_lossy());
            program::output(asking.arg(format!("tests/oracle/{script}")).args(arguments))
        };
        let answers = ask("numbers.py", &SAMPLE)? + &ask("emergency_numbers.py", &["1"])?;
        program::create(&oracle)?;
        Ok(std::fs::write(&oracle, answers)?)
    })?;
    let environment = [("CARE4W_NUMBERS_ORACLE".to_owned(), oracle.display().to_string())];
    let mut count = Count::default();
    for test in ground.programs.iter().filter(|test| is_oracle(test)) {
        count += libtest::run(test, &ground.arguments(), &environment)?;
    }
    Ok(count)
}
