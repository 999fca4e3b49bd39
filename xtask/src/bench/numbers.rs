//! The number rules against libphonenumber's own Python port, in full: a million texts, every short number, and how fast
//! both read. `cargo xtask test numbers` compares a sample.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Figure, Figures};
use crate::{
    program, project,
    python::{self, Needs},
    say,
};

/// How many texts both sides read for the figure of speed.
const FOR_SPEED: &str = "20000";

/// Compares `count` texts made with `seed`. Anything unlike libphonenumber that docs/numbers.md does not list fails.
pub fn measure(count: usize, seed: u64) -> Result<Figures> {
    let sides = Sides { oracle: python::interpreter(Needs::Numbers)?, ours: build()? };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let seed = seed.to_string();
    let mut found = say::step(&format!("asking libphonenumber about {count} texts"), || {
        thread::scope(|scope| {
            let (sides, seed) = (&sides, &seed);
            let part = |worker: usize| {
                let share = count / workers + usize::from(worker < count % workers);
                move || sides.compare("numbers.py", &[&share.to_string(), seed, &worker.to_string()])
            };
            let running: Vec<_> = (0..workers).map(|worker| scope.spawn(part(worker))).collect();
            let ended = running.into_iter().map(|worker| worker.join().expect("a comparison does not panic"));
            ended.collect::<Result<Vec<Value>>>()
        })
    })?;
    found.push(say::step("asking it about every short number", || sides.compare("emergency_numbers.py", &["4"]))?);

    let total = |field: &str| found.iter().filter_map(|found| found[field].as_u64()).sum::<u64>() as f64;
    let mut figures = vec![
        Figure::one("texts compared", "texts", total("texts")),
        Figure::one("of these valid numbers", "texts", total("valid")),
        Figure::one("looks of the field as one types, compared", "looks", total("typed")),
        Figure::one("short numbers compared, in every region", "numbers", total("short_numbers")),
    ];
    for class in classes(&found, "meant") {
        crate::say::said!("  meant: {} ({} times), such as {}", class.name, class.times, class.example);
        figures.push(Figure::one(format!("meant: {}", class.name), "times", class.times as f64));
    }
    let unlike = classes(&found, "differences");
    if !unlike.is_empty() {
        let line = |class: &Class| format!("  {} ({} times): {}", class.name, class.times, class.example);
        bail!("unlike libphonenumber:\n{}", unlike.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
    figures.push(Figure::one("differences that are not meant", "times", 0.0));
    let (ours, theirs) = sides.speed(&seed)?;
    figures.push(Figure::one("numbers read, crates/phone, one core", "a second", ours));
    figures.push(Figure::one("numbers read, phonenumbers (Python), one core", "a second", theirs));
    Ok(figures)
}

/// Our side, optimised as it is for people: a debug build's speed would say nothing.
fn build() -> Result<PathBuf> {
    let mut build = program::cargo();
    build.args(["build", "--quiet", "--release", "--package", "care4w-phone", "--example", "against_libphonenumber"]);
    say::step("building the number rules, optimised", || program::run(&mut build))?;
    let name = format!("release/examples/against_libphonenumber{}", std::env::consts::EXE_SUFFIX);
    Ok(project::target().join(name))
}

struct Sides {
    /// The Python that has `phonenumbers`.
    oracle: PathBuf,
    /// `crates/phone/examples/against_libphonenumber.rs`.
    ours: PathBuf,
}

impl Sides {
    fn asking(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = program::command(&self.oracle.to_string_lossy());
        command.arg(Path::new("tests/oracle").join(script)).args(arguments);
        command
    }

    /// Sends what the oracle prints through our side; gives what that prints.
    fn through(&self, script: &str, arguments: &[&str], flags: &[&str]) -> Result<String> {
        let mut asking = self.asking(script, arguments);
        let mut oracle = asking.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("Python does not start")?;
        let answers = oracle.stdout.take().context("the oracle's output is a pipe")?;
        let ours = program::command(&self.ours.to_string_lossy())
            .args(flags)
            .stdin(answers)
            .stderr(Stdio::inherit())
            .output()
            .context("the comparison does not start")?;
        let status = oracle.wait()?;
        if !ours.status.success() || !status.success() {
            bail!("the comparison broke off ({}; {script}: {status})", ours.status);
        }
        Ok(String::from_utf8(ours.stdout)?)
    }

    fn compare(&self, script: &str, arguments: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&self.through(script, arguments, &[])?)?)
    }

    /// How many numbers each reads a second: ours, then the oracle.
    fn speed(&self, seed: &str) -> Result<(f64, f64)> {
        let questions = [FOR_SPEED, seed, "1"];
        let ours = self.through("numbers.py", &questions, &["--speed"])?;
        let theirs = program::output(&mut self.asking("numbers.py", &[&["--speed"][..], &questions].concat()))?;
        Ok((ours.trim().parse()?, theirs.trim().parse()?))
    }
}

/// A kind of difference.
struct Class {
    name: String,
    times: u64,
    example: String,
}

/// What all parts found of one kind, added up.
fn classes(found: &[Value], kind: &str) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for (name, seen) in found.iter().filter_map(|found| found[kind].as_object()).flatten() {
        let times = seen["times"].as_u64().unwrap_or_default();
        match classes.iter_mut().find(|class| class.name == *name) {
            Some(class) => class.times += times,
            None => {
                let example = seen["examples"][0].as_str().unwrap_or_default().chars().take(200).collect();
                classes.push(Class { name: name.clone(), times, example });
            }
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_parts_found_is_added_up() {
        let part = |times: u64| serde_json::json!({ "meant": { "letters": { "times": times, "examples": ["a"] } } });
        let classes = classes(&[part(2), part(3), serde_json::json!({ "meant": {} })], "meant");
        assert_eq!(classes.len(), 1);
        assert_eq!((classes[0].times, classes[0].example.as_str()), (5, "a"));
    }
}
