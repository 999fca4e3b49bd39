//! This machine's part of the list by which installed apps learn of a version: which file is for which kind of installation, and its
//! signature. The workflow puts the parts of all machines together.

use std::{
    env::consts::{ARCH, OS},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::publishing::Updates;

/// Writes the part of what lies in the bundler's folder, and gives its path. Packages for Linux are not in it: a package
/// manager replaces them, and the app tells of the version alone.
pub fn write(bundle: &Path, updates: &Updates, version: &str) -> Result<PathBuf> {
    let mut platforms = Map::new();
    let mut signed = 0;
    for kind in fs::read_dir(bundle)? {
        let kind = kind?.path();
        if !kind.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&kind)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(file) = name.strip_suffix(".sig") else { continue };
            let signature = fs::read_to_string(&path)?.trim().to_owned();
            updates.check_signature(&signature, version).with_context(|| name.to_owned())?;
            signed += 1;
            if let Some(target) = target(file) {
                let url = format!("{}/{file}", updates.files.trim_end_matches('/'));
                platforms.insert(target, json!({ "signature": signature, "url": url }));
            }
        }
    }
    ensure!(signed > 0, "the bundler signed nothing");
    let part = bundle.join(format!("updates-{OS}-{ARCH}.json"));
    let list = Value::Object(
        [("version".to_owned(), version.into()), ("platforms".to_owned(), platforms.into())].into_iter().collect(),
    );
    fs::write(&part, format!("{list:#}\n"))?;
    Ok(part)
}

/// What the updater calls an installation by this file.
fn target(file: &str) -> Option<String> {
    let (os, kind) = match file {
        _ if file.ends_with(".exe") => ("windows", "nsis"),
        _ if file.ends_with(".msi") => ("windows", "msi"),
        _ if file.ends_with(".app.tar.gz") => ("darwin", "app"),
        _ => return None,
    };
    Some(format!("{os}-{ARCH}-{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_installation_is_updated_by_its_own_kind_and_linux_by_its_package_manager() {
        let targets = ["Care4W_0.1.0_x64-setup.exe", "Care4W_0.1.0_x64_en-US.msi", "Care4W.app.tar.gz"].map(target);
        assert_eq!(
            targets,
            ["windows-@-nsis", "windows-@-msi", "darwin-@-app"].map(|name| Some(name.replace('@', ARCH)))
        );
        assert_eq!(target("care4w_0.1.0_amd64.deb"), None);
        assert_eq!(target("care4w-0.1.0-1.x86_64.rpm"), None);
    }
}
