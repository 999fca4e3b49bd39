//! What has to be built for the tests that a person named.
//!
//! The sources say it before anything is compiled: a test's name stands in them, as text or as a file's name. What
//! they give may be too much, never too little; the test programs themselves narrow to the names exactly.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::project;

/// Something of the workspace that has tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The unit tests of a package's library and binaries.
    Units {
        /// The package's name.
        package: String,
    },
    /// A test program of its own.
    Test {
        /// The package that it belongs to.
        package: String,
        /// Its name.
        name: String,
    },
}

impl Target {
    /// The package that it belongs to.
    pub fn package(&self) -> &str {
        match self {
            Self::Units { package } | Self::Test { package, .. } => package,
        }
    }

    /// Whether it is a test program of its own, and called so.
    pub fn is_test(&self, wanted: &str) -> bool {
        matches!(self, Self::Test { name, .. } if name == wanted)
    }
}

/// Every target whose tests may have one of `names` in theirs; every target there is when nothing is named.
pub fn targets(names: &[String]) -> Result<BTreeSet<Target>> {
    let mut found = BTreeSet::new();
    for (package, folder) in packages()? {
        for file in files(&folder.join("src"))? {
            if mentions(&file, names)? {
                found.insert(Target::Units { package: package.clone() });
            }
        }
        let tests = folder.join("tests");
        let all = programs(&tests)?;
        for file in files(&tests)? {
            if !mentions(&file, names)? {
                continue;
            }
            let own = file.strip_prefix(&tests)?.components().next().map(|first| Path::new(first.as_os_str()));
            let own = own.and_then(Path::file_stem).and_then(OsStr::to_str).unwrap_or_default();
            // What several programs share stands in a folder that is none.
            let of = all.iter().filter(|name| *name == own || !all.iter().any(|name| name == own));
            found.extend(of.map(|name| Target::Test { package: package.clone(), name: name.clone() }));
        }
    }
    Ok(found)
}

/// The workspace's packages and their folders.
fn packages() -> Result<Vec<(String, PathBuf)>> {
    let root = project::root();
    let mut packages = vec![
        ("care4w".to_owned(), root.join("src-tauri")),
        ("care4w-tests".to_owned(), root.join("tests")),
        ("xtask".to_owned(), root.join("xtask")),
    ];
    for entry in fs::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        if folder.join("Cargo.toml").is_file() {
            let name = folder.file_name().and_then(OsStr::to_str).context("a crate's folder is named in letters")?;
            packages.push((format!("care4w-{name}"), folder));
        }
    }
    Ok(packages)
}

/// The test programs of a `tests` folder, by cargo's rules.
fn programs(tests: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in entries(tests)? {
        let is_program = path.extension() == Some(OsStr::new("rs")) || path.join("main.rs").is_file();
        if let (true, Some(name)) = (is_program, path.file_stem().and_then(OsStr::to_str)) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// All Rust files under a folder; none when it is not there.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension() == Some(OsStr::new("rs")) {
            found.push(path);
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// Whether a test of this file may have one of `names` in its own: each part of "module::test" is in the file or its path.
fn mentions(file: &Path, names: &[String]) -> Result<bool> {
    if names.is_empty() {
        return Ok(true);
    }
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", crate::shown(file)))?;
    let path = crate::shown(file);
    Ok(names.iter().any(|name| name.split("::").all(|part| text.contains(part) || path.contains(part))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> BTreeSet<Target> {
        targets(&[name.to_owned()]).expect("the sources are here")
    }

    fn units(package: &str) -> Target {
        Target::Units { package: package.into() }
    }

    #[test]
    fn a_name_leads_to_the_package_that_has_it() {
        // Put together here, so that this file has not got it.
        let name = ["a_misspelt_id_or_half", "_a_number_rings_nobody"].concat();
        assert_eq!(named(&name), [units("care4w-phone")].into());
        assert!(named(&["destination::tests::", &name].concat()).contains(&units("care4w-phone")));
    }

    #[test]
    fn a_name_that_nobody_has_leads_nowhere() {
        assert!(named(&["no_such_test", "_anywhere"].concat()).is_empty());
    }

    #[test]
    fn a_folder_of_one_test_program_leads_to_that_program() {
        let found = named(&["nothing_outside_", "the_repository"].concat());
        assert!(found.iter().all(|target| target.package() != "care4w-phone"));
        let tidy = Target::Test { package: "care4w-tests".into(), name: "tidy".into() };
        assert!(named("tidy").contains(&tidy), "its path has the name");
    }

    #[test]
    fn without_names_everything_counts() {
        let all = targets(&[]).expect("the sources are here");
        for package in ["care4w", "care4w-phone", "care4w-tests", "xtask"] {
            assert!(all.contains(&units(package)), "{package} has tests");
        }
        assert!(all.iter().any(|target| target.is_test("libphonenumber")));
    }
}
