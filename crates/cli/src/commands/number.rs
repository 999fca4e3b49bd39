//! What numbers are: one a line from stdin, one answer a line.

use std::io::BufRead;

use care4w_client::numbers::{NumberReport, Region};

use crate::failure::Failure;
use crate::output::Output;

pub fn run(country: Option<&str>, output: Output) -> Result<(), Failure> {
    let region = country
        .map(Region::parse_hint)
        .transpose()
        .map_err(|error| Failure::usage("INVALID_COUNTRY", error.to_string()))?;
    let mut stdin = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = stdin
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::new("STDIN", format!("stdin could not be read: {error}.")))?;
        if read == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        // What is not UTF-8 is no number; it is answered all the same, so that answers and lines match.
        let input = String::from_utf8_lossy(&line);
        let report = NumberReport::of(&input, region);
        let read = output.say(&report, || match (&report.full, &report.reason) {
            (Some(full), None) => format!("{full} {}", report.region.clone().unwrap_or_default()),
            (_, reason) => format!("{input}: {}", reason.as_deref().unwrap_or("NOT_A_NUMBER")),
        });
        if !read {
            return Ok(());
        }
    }
}
