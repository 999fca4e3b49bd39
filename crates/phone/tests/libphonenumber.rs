//! Holds the number rules to libphonenumber itself.
//!
//! `CARE4W_NUMBERS_ORACLE` names a file that `tests/oracle/numbers.py` and `emergency_numbers.py` made; `cargo xtask test`
//! makes it. Where the variable is not set, as in a plain `cargo test`, there is nothing to compare with, and the
//! test says so. `cargo xtask bench numbers` compares fifty times as many.
#![allow(clippy::unwrap_used)]

mod oracle;

use std::io::Write;

use oracle::Comparison;

/// Fewer are no comparison but an accident in making the file: the example numbers alone are more.
const FEWEST_TEXTS: usize = 9_000;
/// The short numbers of every region, asked in every region.
const FEWEST_SHORT_NUMBERS: usize = 50_000;

#[test]
fn every_text_reads_as_libphonenumber_reads_it() {
    let Some(path) = std::env::var_os("CARE4W_NUMBERS_ORACLE") else {
        // Written past the harness, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "not run: CARE4W_NUMBERS_ORACLE names no file of tests/oracle/numbers.py");
        return;
    };
    let lines = std::fs::read_to_string(&path).expect("the file that CARE4W_NUMBERS_ORACLE names can be read");
    let mut comparison = Comparison::default();
    lines.lines().for_each(|line| comparison.line(line));

    assert!(comparison.texts >= FEWEST_TEXTS, "the oracle has only {} texts", comparison.texts);
    let short = comparison.short_numbers;
    assert!(short >= FEWEST_SHORT_NUMBERS, "the oracle has only {short} short numbers");
    assert!(comparison.agrees(), "unlike libphonenumber: {:#?}", comparison.differences);
}
