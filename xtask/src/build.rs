//! The one build that running and testing share.
//!
//! Cargo chooses the features of a dependency by which packages and targets it is asked for. Everything here asks
//! for the same (all packages but xtask, development dependencies among them), so nothing is compiled twice.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{node, program, say};

/// Packages of the workspace that the shared build leaves out: xtask is running, and Windows locks running programs.
const WITHOUT: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// Builds the UI and every binary.
pub fn binaries() -> Result<()> {
    node::ensure_ui()?;
    // Naming one small test brings the development dependencies' features in, as building the tests will.
    let mut build = program::cargo();
    build.arg("build").args(WITHOUT).args(["--bins", "--test", "tidy"]);
    say::step("building the app, the server and the phone without a window", || program::run(&mut build))
}

/// One test program.
#[derive(Clone, Debug)]
pub struct TestProgram {
    /// The package that it belongs to.
    pub package: String,
    /// The target: a test's name, or the library's or binary's.
    pub target: String,
    /// Where it was built.
    pub path: PathBuf,
    /// The package's folder: where cargo would run it.
    pub folder: PathBuf,
}

/// Builds every test program and says which they are.
pub fn tests() -> Result<Vec<TestProgram>> {
    let mut build = program::cargo();
    build.arg("test").args(WITHOUT).args(["--no-run", "--message-format=json-render-diagnostics"]);
    say::step("building the tests", || {
        let output = build.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo does not start")?;
        if !output.status.success() {
            bail!("the tests do not build");
        }
        let messages = String::from_utf8_lossy(&output.stdout).into_owned();
        let programs = messages.lines().filter_map(|line| test_program(line).transpose());
        let mut programs = programs.collect::<Result<Vec<_>>>()?;
        // Cargo names them as they get ready; a person compares two runs.
        programs.sort_by(|a, b| (&a.package, &a.target).cmp(&(&b.package, &b.target)));
        Ok(programs)
    })
}

/// Reads one of cargo's messages; `None` when it is not about a test program.
fn test_program(message: &str) -> Result<Option<TestProgram>> {
    let Ok(message) = serde_json::from_str::<Value>(message) else { return Ok(None) };
    let is_test = message["profile"]["test"] == true;
    let (Some(path), true) = (message["executable"].as_str(), is_test) else { return Ok(None) };
    let manifest = PathBuf::from(message["manifest_path"].as_str().context("cargo names no manifest")?);
    let folder = manifest.parent().context("a manifest lies in a folder")?.to_owned();
    let text = std::fs::read_to_string(&manifest)?;
    // Cargo's package ids have changed their form before; the manifest has not.
    let package = text
        .lines()
        .skip_while(|line| line.trim() != "[package]")
        .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .context("a manifest names its package")?;
    let target = message["target"]["name"].as_str().context("cargo names no target")?;
    Ok(Some(TestProgram { package: package.to_owned(), target: target.to_owned(), path: path.into(), folder }))
}
