//! Compares lines of the oracle from stdin with this crate, and prints what it found as JSON; with `--speed` it reads the
//! texts of these lines over and over instead, and prints how many it reads a second. `cargo xtask bench numbers` runs it.

#[path = "../tests/oracle/mod.rs"]
mod oracle;

use std::{hint::black_box, io::BufRead as _, time::Instant};

use care4w_phone::{PhoneNumber, Region};
use oracle::Comparison;
use serde_json::Value;

fn main() {
    let lines = std::io::stdin().lock().lines().map(|line| line.expect("the oracle writes UTF-8"));
    if std::env::args().any(|argument| argument == "--speed") {
        println!("{}", speed(lines));
        return;
    }
    let mut comparison = Comparison::default();
    lines.for_each(|line| comparison.line(&line));
    println!("{}", serde_json::to_string(&comparison).expect("a comparison is JSON"));
}

/// Numbers read a second, with validity and E.164, once every pattern is compiled.
fn speed(lines: impl Iterator<Item = String>) -> f64 {
    let texts: Vec<(String, Option<Region>)> = lines
        .map(|line| {
            let line: Value = serde_json::from_str(&line).expect("every line of the oracle is JSON");
            let text = line["input"].as_str().expect("the oracle says what it read").to_owned();
            (text, line["readIn"].as_str().and_then(|region| Region::parse(region).ok()))
        })
        .collect();
    let pass = || {
        let start = Instant::now();
        for (text, region) in &texts {
            let _ = black_box(PhoneNumber::parse(text, *region));
        }
        texts.len() as f64 / start.elapsed().as_secs_f64()
    };
    pass();
    pass()
}
