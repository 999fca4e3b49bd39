//! `cargo xtask test`: installs what is missing, builds once, runs the suites, and closes with what CI reads.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    build,
    count::Count,
    leftovers,
    narrowing::{self, Target},
    node,
    suites::{self, Build, Ground, Suite},
    system_packages::{self, Purpose},
};

/// Which tests to run.
#[derive(Args, Default)]
pub struct Options {
    /// Suites, or parts of the names of tests; all when none is named
    names: Vec<String>,
    /// Lists the suites and ends
    #[arg(long)]
    list: bool,
}

pub fn test(options: &Options) -> Result<()> {
    if options.list {
        for suite in &suites::ALL {
            crate::say::said!("{:10} {}", suite.name, suite.about);
        }
        return Ok(());
    }
    let (chosen, filters) = choose(&options.names);
    let targets = narrowing::targets(&filters)?;
    let narrowed = !filters.is_empty();
    // A suite with none of the tests that were named has nothing to do, and needs nothing.
    let idle = |suite: &Suite| narrowed && suite.has_names && !targets.iter().any(suite.has);
    let at_work = |suite: &&&Suite| suite.not_here.is_none() && !idle(suite);
    let mut purposes: Vec<Purpose> = Vec::new();
    for purpose in chosen.iter().filter(at_work).flat_map(|suite| suite.packages) {
        if !purposes.contains(purpose) {
            purposes.push(*purpose);
        }
    }
    if !purposes.is_empty() {
        system_packages::ensure(&purposes)?;
    }
    let wanted = |target: &&Target| {
        target.package() != "xtask" && chosen.iter().filter(at_work).any(|suite| (suite.has)(target))
    };
    let wanted: BTreeSet<Target> = targets.iter().filter(wanted).cloned().collect();
    let needs = |build: Build| chosen.iter().filter(at_work).any(|suite| suite.build == build);
    if needs(Build::Binaries) {
        build::binaries()?;
    } else if needs(Build::Ui) && build::compiles_the_app(&wanted, narrowed) {
        node::ensure_ui()?;
    }
    let programs = if wanted.is_empty() { Vec::new() } else { build::tests(&wanted, narrowed)? };

    leftovers::end_them_on_a_signal()?;
    let ground = Ground { targets: &targets, programs: &programs, filters: &filters };
    let mut lines = Vec::new();
    let mut total = Count::default();
    for suite in &chosen {
        let (line, count) = if idle(suite) {
            (summary(suite.name, Count::default(), Duration::ZERO), Count::default())
        } else {
            run_suite(suite, &ground)
        };
        crate::say::said!("{line}\n");
        lines.push(line);
        total += count;
    }
    if total == Count::default() {
        bail!("no test has {} in its name", crate::list(options.names.iter().map(String::as_str)));
    }
    crate::say::said!("{}\n", lines.join("\n"));
    crate::say::said!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("{} tests failed", total.failed);
    }
    Ok(())
}

/// The suites that `names` choose, and what of `names` narrows their tests.
fn choose(names: &[String]) -> (Vec<&'static Suite>, Vec<String>) {
    let is_suite = |name: &String| suites::ALL.iter().any(|suite| suite.name == name);
    let filters: Vec<String> = names.iter().filter(|name| !is_suite(name)).cloned().collect();
    let named = |suite: &&Suite| names.iter().any(|name| name == suite.name);
    // A test's name alone is looked for where tests have names.
    let with_names = |suite: &&Suite| suite.has_names;
    let chosen = match (names.iter().any(is_suite), filters.is_empty()) {
        (true, _) => suites::ALL.iter().filter(named).collect(),
        (false, true) => suites::ALL.iter().collect(),
        (false, false) => suites::ALL.iter().filter(with_names).collect(),
    };
    (chosen, filters)
}

/// Runs one suite; gives its summary line.
fn run_suite(suite: &Suite, ground: &Ground<'_>) -> (String, Count) {
    if let Some(reason) = suite.not_here {
        return (format!("suite {}: not run here: {reason}", suite.name), Count::default());
    }
    crate::say::said!("suite {}: {}", suite.name, suite.about);
    let start = Instant::now();
    let count = (suite.run)(ground).unwrap_or_else(|error| {
        crate::say::said!("  {error:#}");
        Count { passed: 0, failed: 1 }
    });
    leftovers::end_them();
    (summary(suite.name, count, start.elapsed()), count)
}

fn summary(name: &str, count: Count, took: Duration) -> String {
    format!("suite {name}: {} passed, {} failed ({:.0} s)", count.passed, count.failed, took.as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &[&str]) -> (Vec<&'static str>, Vec<String>) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let (suites, filters) = choose(&names);
        (suites.iter().map(|suite| suite.name).collect(), filters)
    }

    #[test]
    fn without_names_every_suite_runs_whole() {
        assert_eq!(chosen(&[]).0.len(), suites::ALL.len());
    }

    #[test]
    fn a_suite_and_a_test_narrow_to_that_test_in_that_suite() {
        assert_eq!(chosen(&["system", "mute"]), (vec!["system"], vec!["mute".to_owned()]));
    }

    #[test]
    fn a_test_alone_is_looked_for_where_tests_have_names() {
        assert_eq!(chosen(&["mute"]).0, ["tidy", "rust", "numbers", "system"]);
    }

    #[test]
    fn a_summary_is_one_line_that_says_it_all() {
        let line = summary("rust", Count { passed: 12, failed: 1 }, Duration::from_millis(3_400));
        assert_eq!(line, "suite rust: 12 passed, 1 failed (3 s)");
    }
}
