//! `cargo xtask bench`: the figures of the budgets, measured, and never asserted.

#[cfg(target_os = "linux")]
mod app;
mod building;
mod call;
#[cfg(unix)]
mod load;
mod numbers;
mod phones;
#[cfg(unix)]
mod server;
#[cfg(target_os = "linux")]
mod soak;
mod sound;

use std::path::PathBuf;

use anyhow::{Result, bail};
use care4w_tests::binaries;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    build,
    system_packages::{self, Purpose},
};

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// The benchmark: call, sound, numbers, server, app, build or soak; all but soak when none is named
    name: Option<String>,
    /// Writes the figures to this file as well
    #[arg(long)]
    json: Option<PathBuf>,
    /// Fewer and shorter runs: for a look, not for the record
    #[arg(long)]
    quick: bool,
    /// sound: calls over each bad network, each with other dice
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// soak: calls one after another
    #[arg(long, default_value_t = 1_000)]
    calls: usize,
    /// soak: minutes of the one long call after them
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// numbers: how many texts
    #[arg(long, default_value_t = 1_000_000)]
    count: usize,
    /// numbers: what the texts are made from; another seed, other texts
    #[arg(long, default_value_t = 254)]
    seed: u64,
}

/// A benchmark and its figures.
struct Bench {
    name: &'static str,
    /// Whether it needs the product's binaries (a release build of the phone and the server, the app as it is developed),
    /// and the packages to run and test them.
    binaries: bool,
    run: fn(&Options) -> Result<Figures>,
    /// Whether it runs only when it is named: it takes hours.
    named: bool,
}

const ALL: &[Bench] = &[
    Bench { name: "call", binaries: true, run: |_| call::measure(), named: false },
    Bench { name: "sound", binaries: true, run: |options| sound::measure(options.quick, options.rounds), named: false },
    Bench {
        name: "numbers",
        binaries: false,
        run: |options| numbers::measure(options.count, options.seed),
        named: false,
    },
    // PostgreSQL is started as a program of Unix.
    #[cfg(unix)]
    Bench { name: "server", binaries: false, run: |options| server::measure(options.quick), named: false },
    // Xvfb, and the accounts of memory in `/proc`.
    #[cfg(target_os = "linux")]
    Bench { name: "app", binaries: true, run: |options| app::measure(options.quick), named: false },
    Bench { name: "build", binaries: true, run: |_| building::measure(), named: false },
    #[cfg(target_os = "linux")]
    Bench { name: "soak", binaries: true, run: |options| soak::measure(options.calls, options.minutes), named: true },
];

pub fn bench(options: &Options) -> Result<()> {
    let wanted = |bench: &&Bench| options.name.as_deref().map_or(!bench.named, |name| name == bench.name);
    let chosen: Vec<&Bench> = ALL.iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("the benchmarks are {}", crate::list(ALL.iter().map(|bench| bench.name)));
    }
    if chosen.iter().any(|bench| bench.binaries) {
        system_packages::ensure(&[Purpose::Build, Purpose::Run, Purpose::Test])?;
        build::binaries()?;
        let mut phone = vec!["--bin", "care4w-cli", "--bin", "care4w-server", "--example", "loop_latency"];
        if chosen.iter().any(|bench| bench.name == "app") {
            phone.extend(["--bin", "care4w"]);
        }
        binaries::choose(build::release(&phone)?);
    } else {
        system_packages::ensure(&[Purpose::Build, Purpose::Test])?;
    }
    let mut all = Map::new();
    for bench in chosen {
        crate::say::said!("{}", bench.name);
        let figures = (bench.run)(options)?;
        for figure in &figures {
            let places = if ["PESQ", "PLCMOS", ""].contains(&figure.unit) { 2 } else { 1 };
            let spread = match figure.samples.as_slice() {
                [_] => String::new(),
                samples => {
                    format!("   ({} times, {:.places$} to {:.places$})", samples.len(), least(samples), most(samples))
                }
            };
            crate::say::said!("  {:66} {:8.places$} {}{spread}", figure.what, figure.median(), figure.unit);
        }
        let values = figures.iter().map(|figure| {
            let value = json!({ "median": figure.median(), "unit": figure.unit, "samples": figure.samples });
            (figure.what.clone(), value)
        });
        all.insert(bench.name.to_owned(), Value::Object(values.collect()));
    }
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&Value::Object(all))?)?;
    }
    Ok(())
}

/// What a benchmark found.
type Figures = Vec<Figure>;

/// One figure, measured once or several times.
struct Figure {
    what: String,
    unit: &'static str,
    samples: Vec<f64>,
}

impl Figure {
    /// A figure in milliseconds.
    fn ms(what: impl Into<String>, samples: Vec<f64>) -> Self {
        Self { what: what.into(), unit: "ms", samples }
    }

    /// A figure measured once.
    fn one(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { what: what.into(), unit, samples: vec![value] }
    }

    fn median(&self) -> f64 {
        median(&self.samples)
    }
}

/// The middle value; not a number when there is none.
fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

fn least(samples: &[f64]) -> f64 {
    samples.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(samples: &[f64]) -> f64 {
    samples.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_middle_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
