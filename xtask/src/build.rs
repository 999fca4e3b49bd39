//! The one build that running and testing share.
//!
//! Cargo chooses the features of a dependency by which packages and targets it is asked for. Everything here asks
//! for the same (all packages but xtask, development dependencies among them), so nothing is compiled twice.

use std::{collections::BTreeSet, path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{narrowing::Target, node, program, project, say};

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

/// Builds these binaries and examples as they are given to people, and says in which folder they lie.
pub fn release(targets: &[&str]) -> Result<PathBuf> {
    release_as(targets, "{}")
}

/// The same with this over `tauri.conf.json`, in the way in which Tauri's own command line hands it on.
pub fn release_as(targets: &[&str], config: &str) -> Result<PathBuf> {
    let mut build = program::cargo();
    if config != "{}" {
        build.env("TAURI_CONFIG", config);
    }
    build.args(["build", "--release"]).args(WITHOUT).args(targets);
    say::step("building for release", || program::run(&mut build))?;
    Ok(project::target().join("release"))
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

/// Builds the test programs of these targets, and says which they are. Others may come along.
pub fn tests(targets: &BTreeSet<Target>, narrowed: bool) -> Result<Vec<TestProgram>> {
    say::step("building the tests", || {
        let mut programs = Vec::new();
        for arguments in builds(targets, narrowed) {
            let mut build = program::cargo();
            build.arg("test").args(arguments).args(["--no-run", "--message-format=json-render-diagnostics"]);
            let output =
                build.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo does not start")?;
            if !output.status.success() {
                bail!("the tests do not build");
            }
            let messages = String::from_utf8_lossy(&output.stdout).into_owned();
            for line in messages.lines() {
                programs.extend(test_program(line)?);
            }
        }
        // Cargo names them as they get ready; a person compares two runs.
        programs.sort_by(|a, b| (&a.package, &a.target).cmp(&(&b.package, &b.target)));
        Ok(programs)
    })
}

/// Whether building these compiles the app, which holds the UI. Lints, which no list of tests narrows, do.
pub fn compiles_the_app(targets: &BTreeSet<Target>, narrowed: bool) -> bool {
    let with_all =
        |words: &Vec<String>| words.starts_with(&WITHOUT.map(str::to_owned)) && words.contains(&"--lib".to_owned());
    !narrowed || builds(targets, narrowed).iter().any(with_all)
}

/// The most packages whose unit tests are built by themselves.
const FEW: usize = 2;

/// What cargo is asked for. A test program has a name, by which it is built alone out of all packages, with the same
/// features of its dependencies as ever. Unit tests have none: cargo builds those of one package, whose dependencies may get
/// fewer features and so be compiled once more, or of all. For a person who named a few tests the first is far shorter; but not
/// for the app, which needs nearly everything.
fn builds(targets: &BTreeSet<Target>, narrowed: bool) -> Vec<Vec<String>> {
    let text = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let units: Vec<&str> =
        targets.iter().filter(|target| matches!(target, Target::Units { .. })).map(Target::package).collect();
    let apart = narrowed && units.len() <= FEW && !units.contains(&"care4w");
    let mut shared = if apart || units.is_empty() { Vec::new() } else { text(&["--lib", "--bins"]) };
    for target in targets {
        if let Target::Test { name, .. } = target {
            shared.extend(text(&["--test", name]));
        }
    }
    let mut builds = if shared.is_empty() { Vec::new() } else { vec![[text(&WITHOUT), shared].concat()] };
    if apart {
        // A package without a library knows no `--lib`.
        let lib = |package: &str| if package == "care4w-cli" { &[][..] } else { &["--lib"][..] };
        builds.extend(units.iter().map(|package| text(&[&["--package", package, "--bins"], lib(package)].concat())));
    }
    builds
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(targets: &[Target], narrowed: bool) -> Vec<String> {
        builds(&targets.iter().cloned().collect(), narrowed).iter().map(|words| words.join(" ")).collect()
    }

    fn units(package: &str) -> Target {
        Target::Units { package: package.into() }
    }

    fn test(name: &str) -> Target {
        Target::Test { package: "care4w-phone".into(), name: name.into() }
    }

    #[test]
    fn a_test_program_is_built_alone_with_the_features_of_all() {
        assert_eq!(asked(&[test("silence")], true), ["--workspace --exclude xtask --test silence"]);
    }

    #[test]
    fn the_unit_tests_of_few_packages_are_built_apart() {
        let found = asked(&[units("care4w-phone"), units("care4w-cli"), test("silence")], true);
        let apart = ["--package care4w-cli --bins", "--package care4w-phone --bins --lib"];
        assert_eq!(found, ["--workspace --exclude xtask --test silence", apart[0], apart[1]]);
    }

    #[test]
    fn the_unit_tests_of_many_packages_or_of_the_app_are_built_with_all() {
        let all = ["--workspace --exclude xtask --lib --bins"];
        assert_eq!(asked(&[units("care4w")], true), all);
        assert_eq!(asked(&[units("a"), units("b"), units("c")], true), all);
        assert_eq!(asked(&[units("care4w-phone")], false), all, "a whole suite shares everything");
    }
}
