//! Holds the number rules to libphonenumber itself.
//!
//! `CARE4W_NUMBERS_ORACLE` names a file that `tests/oracle/numbers.py` made; `cargo xtask test` makes it. Where the
//! variable is not set, as in a plain `cargo test`, there is nothing to compare with, and the test says so.
#![allow(clippy::unwrap_used)]

use std::io::Write;

use care4w_phone::{NumberReport, Region};
use serde_json::Value;

/// Fewer lines than this are no comparison but an accident in making the file.
const FEWEST_LINES: usize = 5_000;
/// How many differences are worth reading at once.
const SHOWN: usize = 4000;

#[test]
fn every_text_reads_as_libphonenumber_reads_it() {
    let Some(path) = std::env::var_os("CARE4W_NUMBERS_ORACLE") else {
        // Written past the harness, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "not run: CARE4W_NUMBERS_ORACLE names no file of tests/oracle/numbers.py");
        return;
    };
    let oracle = std::fs::read_to_string(&path).expect("the file that CARE4W_NUMBERS_ORACLE names can be read");

    let mut lines = 0;
    let mut differences = Vec::new();
    for line in oracle.lines() {
        lines += 1;
        let expected: Value = serde_json::from_str(line).expect("every line of the oracle is JSON");
        let region =
            expected["readIn"].as_str().map(|code| Region::parse(code).expect("the oracle knows no more regions"));
        let input = expected["input"].as_str().unwrap();
        let ours = serde_json::to_value(NumberReport::of(input, region)).unwrap();
        let unlike: Vec<String> = expected
            .as_object()
            .unwrap()
            .iter()
            .filter(|(field, theirs)| *field != "readIn" && ours[field.as_str()] != **theirs)
            .map(|(field, theirs)| format!("{field} is {theirs}, not {}", ours[field.as_str()]))
            .collect();
        if !unlike.is_empty() {
            differences.push(format!("{input:?} in {region:?}: {}", unlike.join("; ")));
        }
    }

    assert!(lines >= FEWEST_LINES, "the oracle has only {lines} lines");
    assert!(
        differences.is_empty(),
        "{} of {lines} texts read otherwise than by libphonenumber, the first of them:\n{}",
        differences.len(),
        differences[..differences.len().min(SHOWN)].join("\n")
    );
}
