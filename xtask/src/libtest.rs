//! Running test programs of Rust's test harness, and reading what they say.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result};

use crate::{build::TestProgram, count::Count, leftovers, program, project};

/// Runs one test program with its output in a log file; shows the log when a test failed.
pub fn run(test: &TestProgram, arguments: &[String], environment: &[(String, String)]) -> Result<Count> {
    let label = format!("{} {}", test.package, test.target);
    let log = project::target().join("xtask/tests").join(format!("{}-{}.log", test.package, test.target));
    let file = program::create(&log)?;
    let start = Instant::now();
    let status = Command::new(&test.path)
        .args(arguments)
        .current_dir(&test.folder)
        // What cargo itself sets for a test that it runs.
        .env("CARGO_MANIFEST_DIR", &test.folder)
        .env("CARGO", std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .envs([leftovers::mark()])
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("{label} does not start"))?;
    let text = std::fs::read_to_string(&log)?;
    Ok(conclude(&label, &text, status.success(), start, &log))
}

/// Counts what `text`, the output of a test program or of `cargo test`, says; says it in one line.
pub fn conclude(label: &str, text: &str, succeeded: bool, start: Instant, log: &Path) -> Count {
    let mut count = count(text);
    if !succeeded && count.failed == 0 {
        // It died without a word: a crash is a failed test.
        count.failed = 1;
    }
    if count.failed > 0 {
        crate::say::said!("{text}");
    }
    if count.passed + count.failed > 0 {
        let took = start.elapsed().as_secs_f32();
        crate::say::said!("  {label}: {} passed, {} failed ({took:.1} s)", count.passed, count.failed);
    }
    if count.failed > 0 {
        crate::say::said!("  all of its output: {}", crate::shown(log));
    }
    count
}

/// Adds up the closing lines: `test result: ok. 3 passed; 0 failed; …`.
pub fn count(text: &str) -> Count {
    let mut count = Count::default();
    for line in text.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
        for part in line.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next().and_then(|word| word.parse::<usize>().ok()), words.next())
            else {
                continue;
            };
            match what {
                "passed" => count.passed += number,
                "failed" => count.failed += number,
                _ => {}
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let text = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                    test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.5s\n";
        assert_eq!(count(text), Count { passed: 13, failed: 2 });
    }

    #[test]
    fn a_program_that_dies_without_a_word_counts_as_failed() {
        let count = conclude("crash", "", false, Instant::now(), Path::new("crash.log"));
        assert_eq!(count, Count { passed: 0, failed: 1 });
    }
}
