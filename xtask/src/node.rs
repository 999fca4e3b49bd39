//! The UI's packages and its build, each done again only when something changed.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{program, project, say};

/// What `npm run build` reads, from the project's top folder.
const INPUTS: [&str; 6] =
    ["ui", "package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", "tsconfig.json"];

/// Makes sure that `node_modules` is what `package-lock.json` says.
pub fn ensure_packages() -> Result<()> {
    if program::find("node").is_none() {
        bail!("Node is missing; it comes with npm from nodejs.org or your system's packages (version 20.19 or later)");
    }
    let lock = project::root().join("package-lock.json");
    let now = digest([lock.clone()].into_iter())?;
    let there = project::root().join("node_modules/.package-lock.json").is_file();
    if there && is_stamped("npm-ci", &now) {
        return Ok(());
    }
    say::step("installing the UI's packages (npm ci)", || {
        let log = project::target().join("xtask/npm-ci.log");
        program::run_logged(program::command("npm").args(["ci", "--no-audit", "--no-fund"]), &log)
    })?;
    set_stamp("npm-ci", &now)
}

/// Makes sure that `dist/` holds the UI as its sources are now; the app's binary embeds it.
pub fn ensure_ui() -> Result<()> {
    ensure_packages()?;
    let files = INPUTS.iter().map(|input| files_under(&project::root().join(input))).collect::<Result<Vec<_>>>()?;
    let now = digest(files.into_iter().flatten())?;
    if project::root().join("dist/index.html").is_file() && is_stamped("ui-build", &now) {
        return Ok(());
    }
    say::step("building the UI (npm run build)", || {
        let log = project::target().join("xtask/ui-build.log");
        program::run_logged(program::command("npm").args(["run", "build"]), &log)
    })?;
    set_stamp("ui-build", &now)
}

fn is_stamped(name: &str, digest: &str) -> bool {
    fs::read_to_string(project::stamp(name)).is_ok_and(|text| text == digest)
}

fn set_stamp(name: &str, digest: &str) -> Result<()> {
    let stamp = project::stamp(name);
    fs::create_dir_all(stamp.parent().context("a stamp lies in a folder")?)?;
    Ok(fs::write(stamp, digest)?)
}

/// All files under `path` in a fixed order; `path` itself when it is one, nothing when it is not there.
fn files_under(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(path.is_file().then(|| path.to_owned()).into_iter().collect());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    Ok(entries.iter().map(|entry| files_under(entry)).collect::<Result<Vec<_>>>()?.concat())
}

/// A digest of names and contents. It only tells "changed" from "not changed" on one machine.
fn digest(files: impl Iterator<Item = PathBuf>) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file).with_context(|| format!("{} is missing", crate::shown(&file)))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
