//! What only packages for Linux need: small programs, what they depend on, and the papers that belong to a package.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::notices;
use crate::{program, project};

/// The package's name, and with it that of its menu entry.
const NAME: &str = "care4w";

/// Loaded when there is a tray, which no linker sees.
const TRAY: [(&str, &str); 2] = [("deb", "libayatana-appindicator3-1"), ("rpm", "libayatana-appindicator3.so.1")];

/// Makes the programs as small as they are given to people, and says what `tauri.conf.json` cannot know.
pub fn config(stage: &Path, programs: &[impl AsRef<Path>], contact: &str) -> Result<Value> {
    for program in programs {
        program::run(program::command("strip").arg("--strip-unneeded").arg(program.as_ref()))?;
    }
    let changelog = stage.join("changelog");
    let about: Value = serde_json::from_str(&fs::read_to_string(project::root().join("tauri.conf.json"))?)?;
    let publisher = about["bundle"]["publisher"].as_str().context("tauri.conf.json names a publisher")?;
    let maintainer = format!("{publisher} <{contact}>");
    let version = about["version"].as_str().context("tauri.conf.json names the version")?;
    fs::write(&changelog, debian_changelog(version, &maintainer)?)?;
    let notices = stage.join("THIRD-PARTY.txt.gz");
    notices::write(&notices)?;
    // Paths of files are names of a package's entries here: they must not be merged with a dot in them.
    let notices_in = |folder: &str| format!("/usr/share/{folder}/{NAME}/THIRD-PARTY.txt.gz");
    Ok(json!({
        "productName": NAME,
        "bundle": { "publisher": maintainer, "linux": {
            "deb": {
                "depends": depends_of_deb(stage, programs)?,
                "changelog": changelog,
                "files": { notices_in("doc"): notices },
            },
            "rpm": {
                "depends": depends_of_rpm(programs)?,
                "files": { notices_in("licenses"): notices },
            },
        } },
    }))
}

/// What Debian's own tool finds the programs to be linked with, in at least which version.
///
/// Nothing where there is no such tool, and so no package for Debian is made.
fn depends_of_deb(stage: &Path, programs: &[impl AsRef<Path>]) -> Result<Vec<String>> {
    if program::find("dpkg-shlibdeps").is_none() {
        return Ok(Vec::new());
    }
    // It wants to stand in the sources of a Debian package.
    let sources = stage.join("dpkg");
    fs::create_dir_all(sources.join("debian"))?;
    fs::write(sources.join("debian/control"), format!("Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n"))?;
    let mut command = program::command("dpkg-shlibdeps");
    command.arg("-O").args(programs.iter().map(AsRef::as_ref)).current_dir(&sources);
    let found = program::output(&mut command)?;
    let found = found.trim().strip_prefix("shlibs:Depends=").context("dpkg-shlibdeps names what is needed")?;
    let mut depends: Vec<String> = found.split(", ").map(str::to_owned).collect();
    depends.push(TRAY[0].1.to_owned());
    Ok(depends)
}

/// The libraries that the programs are linked with, by the names under which every distribution with RPM knows them.
fn depends_of_rpm(programs: &[impl AsRef<Path>]) -> Result<Vec<String>> {
    let mut names = vec![TRAY[1].1.to_owned()];
    for program in programs {
        let headers = program::output(program::command("objdump").arg("-p").arg(program.as_ref()))?;
        let needed = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED"));
        names.extend(needed.map(|name| name.trim().to_owned()));
    }
    names.sort();
    names.dedup();
    if names.len() < 3 {
        bail!("the programs are linked with nothing");
    }
    let mark = if cfg!(target_pointer_width = "64") { "()(64bit)" } else { "" };
    // The loader is no library to a package.
    Ok(names.iter().filter(|name| !name.starts_with("ld-linux")).map(|name| format!("{name}{mark}")).collect())
}

/// What Debian wants to read first about a version. What changed stands in the project's own `CHANGELOG.md`.
fn debian_changelog(version: &str, maintainer: &str) -> Result<String> {
    let date = program::output(program::command("git").args(["log", "-1", "--format=%aD"]))
        // Sources without their history.
        .or_else(|_| program::output(program::command("date").arg("-R")))?;
    let date = date.trim();
    Ok(format!(
        "{NAME} ({version}) stable; urgency=medium\n\n  * See the project's CHANGELOG.md.\n\n -- {maintainer}  {date}\n"
    ))
}
