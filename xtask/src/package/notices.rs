//! Whose work the programs are linked with, and under what terms: the texts that those terms want to go along.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::PROGRAMS;
use crate::{program, project};

/// Writes all of them into a compressed file.
pub fn write(file: &Path) -> Result<()> {
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for (name, licence, folder) in [crates()?, packages_of_the_window()?].concat() {
        said.insert(format!("{name}: {licence}"));
        for text in licence_files(&folder)? {
            texts.entry(fs::read_to_string(text)?.trim().to_owned()).or_default().insert(name.clone());
        }
    }
    if said.len() < 100 {
        bail!("only {} libraries are known, which cannot be", said.len());
    }
    let mut all = format!(
        "Care4W is linked with the libraries below, each under the terms beside its name. The texts follow, as they came with them.\n\n{}\n",
        Vec::from_iter(said).join("\n")
    );
    for (text, names) in texts {
        let names = Vec::from_iter(names).join(", ");
        all += &format!("\n{}\n{names}\n\n{text}\n", "-".repeat(80));
    }
    let plain = file.with_extension("");
    fs::write(&plain, all)?;
    // Without name and time: the same libraries, the same file.
    program::run(program::command("gzip").args(["--force", "--best", "--no-name"]).arg(&plain))
}

/// The crates that are in the programs: name and version, licence, folder.
fn crates() -> Result<Vec<(String, String, PathBuf)>> {
    let mut tree = program::cargo();
    tree.args(["tree", "--quiet", "--prefix=none", "--edges=normal", "--format={p}"]);
    let named = program::output(tree.args(PROGRAMS.map(|name| format!("--package={name}"))))?;
    let used: BTreeSet<(&str, &str)> = named
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?.strip_prefix('v')?))
        })
        .collect();
    let metadata = program::output(program::cargo().args(["metadata", "--format-version=1", "--quiet"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo names packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // What has no source is this project's.
    let others = packages.iter().filter(|package| package["source"].is_string());
    let linked = others.filter(|package| used.contains(&(&*text(&package["name"]), &*text(&package["version"]))));
    Ok(linked
        .map(|package| {
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            let folder = manifest.parent().map(Path::to_owned).unwrap_or_default();
            (format!("{} {}", text(&package["name"]), text(&package["version"])), text(&package["license"]), folder)
        })
        .collect())
}

/// What the bundled page is made of. Which of them end up in it only the bundler knows: those that its sources import, and Svelte.
fn packages_of_the_window() -> Result<Vec<(String, String, PathBuf)>> {
    let names = ["@lucide/svelte", "@tauri-apps/api", "bits-ui", "country-flag-icons", "svelte"];
    names
        .into_iter()
        .map(|name| {
            let folder = project::root().join("node_modules").join(name);
            let about: Value = serde_json::from_str(&fs::read_to_string(folder.join("package.json"))?)?;
            let word = |key: &str| about[key].as_str().unwrap_or_default().to_owned();
            Ok((format!("{name} {}", word("version")), word("license"), folder))
        })
        .collect()
}

/// Files that hold the terms, also those of what a crate brings along in folders (Opus, SQLite).
fn licence_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in [folder.to_owned(), folder.join("opus"), folder.join("vendor")] {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            let is_licence = ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|word| name.starts_with(word));
            if is_licence && path.is_file() && fs::read_to_string(&path).is_ok() {
                found.push(path);
            }
        }
    }
    Ok(found)
}
