//! `cargo xtask package`: installers for the platform it runs on.
//!
//! Tauri's bundler makes them from `tauri.conf.json` and `src-tauri/packaging`, out of programs that are built already: the ones of a
//! release, or in `cargo xtask test` the ones that the other tests run, so that nothing is compiled for a package alone.

mod linux;
mod notices;
mod publishing;
mod update_list;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use publishing::Publishing;
use serde_json::{Value, json};

use crate::{
    build, node, program, project, say,
    system_packages::{self, Purpose},
};

/// The programs that a package brings: the app, and the phone without a window.
const PROGRAMS: [&str; 2] = ["care4w", "care4w-cli"];

/// Where Tauri's tools look for the key that signs new versions.
const SECRET: &str = "TAURI_SIGNING_PRIVATE_KEY";

/// What the installers are for.
#[derive(Args)]
pub struct Options {
    /// To be given to people: refuses whatever is not ready for that (docs/releasing.md)
    #[arg(long)]
    to_publish: bool,
}

pub fn package(options: &Options) -> Result<()> {
    // Before minutes of building.
    let publishing = Publishing::read(|name| std::env::var(name).ok(), options.to_publish)?;
    system_packages::ensure(&[Purpose::Build])?;
    node::ensure_ui()?;
    let config = publishing.config().to_string();
    let programs = build::release_as(&["--bin", PROGRAMS[0], "--bin", PROGRAMS[1]], &config)?;
    for installer in bundle(&programs, Kind::Release, &publishing, None)? {
        let size = fs::metadata(&installer)?.len() as f64 / 1e6;
        say::line(&format!("{}: {size:.1} MB", crate::shown(&installer)));
    }
    if let Some(updates) = &publishing.updates {
        let part = update_list::write(&folder(Kind::Release).join("bundle"), updates, &version()?)?;
        say::line(&format!("{}: for the list of new versions", crate::shown(&part)));
    } else {
        say::line(
            "These are not for publishing: they look for no updates, and name an address that nobody reads (docs/releasing.md).",
        );
    }
    Ok(())
}

/// Packages of the programs that the tests run, signed as ones for people are, by a key of this run. They lie in [`folder`].
pub fn of_tested_programs() -> Result<()> {
    let key = project::target().join("xtask/key-of-a-test");
    let mut signer = program::command("npx");
    signer.args(["tauri", "signer", "generate", "--ci", "--force", "--write-keys"]).arg(&key);
    program::run_logged(&mut signer, &key.with_extension("log"))?;
    let (secret, public) = (fs::read_to_string(&key)?, fs::read_to_string(key.with_extension("pub"))?);
    let variable = |name: &str| match name {
        SECRET => Some(secret.clone()),
        "CARE4W_UPDATE_KEY" => Some(public.clone()),
        // Nobody is asked: what runs in the tests was built without it.
        "CARE4W_UPDATE_LIST" | "CARE4W_UPDATE_PAGE" | "CARE4W_UPDATE_FILES" => {
            Some("https://updates.care4w.org".into())
        }
        _ => None,
    };
    let publishing = Publishing::read(variable, false)?;
    bundle(&project::target().join("debug"), Kind::Debug, &publishing, Some(&secret))?;
    let updates = publishing.updates.context("the key is configured")?;
    update_list::write(&folder(Kind::Debug).join("bundle"), &updates, &version()?).map(drop)
}

/// What the programs were built for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Release,
    Debug,
}

impl Kind {
    /// The name of Cargo's folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }
}

/// Where bundles come to lie, and what they are made from, so that the bundler changes nothing of Cargo's.
fn folder(kind: Kind) -> PathBuf {
    project::target().join("installers").join(kind.folder())
}

/// Makes the installers out of the programs in a folder. A secret key comes from the environment, unless there is one of a test.
fn bundle(programs: &Path, kind: Kind, publishing: &Publishing, secret: Option<&str>) -> Result<Vec<PathBuf>> {
    let stage = folder(kind);
    if stage.is_dir() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;
    let suffix = std::env::consts::EXE_SUFFIX;
    let [app, cli] = PROGRAMS.map(|name| format!("{name}{suffix}"));
    // The bundler wants what it takes along besides the app to be named for the machine that it is for.
    let beside = stage.join(PROGRAMS[1]);
    let staged = [stage.join(&app), stage.join(format!("{}-{}{suffix}", PROGRAMS[1], host()?))];
    for (name, to) in [&app, &cli].into_iter().zip(&staged) {
        fs::copy(programs.join(name), to).with_context(|| format!("{name} is not built"))?;
    }
    let mut config = publishing.config();
    merge(&mut config, json!({ "bundle": { "externalBin": [beside] } }));
    if cfg!(target_os = "linux") {
        merge(&mut config, linux::config(&stage, &staged, &publishing.contact)?);
        if kind == Kind::Debug {
            // A test looks at what is in it, and is not kept waiting for how small it could be.
            let quick = json!({ "compression": { "type": "zstd", "level": 1 } });
            merge(&mut config, json!({ "bundle": { "linux": { "rpm": quick } } }));
        }
    }
    // Set where a workflow has put a certificate into the system's store (docs/releasing.md).
    if let Ok(thumbprint) = std::env::var("CARE4W_WINDOWS_THUMBPRINT") {
        let signing = json!({ "certificateThumbprint": thumbprint, "timestampUrl": "http://timestamp.digicert.com" });
        merge(&mut config, json!({ "bundle": { "windows": signing } }));
    }
    let mut bundler = program::command("npx");
    bundler.args([
        "tauri",
        "bundle",
        "--ci",
        "--bundles",
        bundles(publishing.updates.is_some()),
        "--config",
        &config.to_string(),
    ]);
    if kind == Kind::Debug {
        bundler.arg("--debug");
    }
    // A workflow sets secrets that it does not have to nothing, which the bundler takes for a certificate.
    for (name, _) in std::env::vars_os().filter(|(_, value)| value.is_empty()) {
        bundler.env_remove(name);
    }
    if let Some(secret) = secret {
        bundler.env(SECRET, secret).env(format!("{SECRET}_PASSWORD"), "");
    }
    bundler.env("CARGO_TARGET_DIR", project::target().join("installers"));
    say::step("making the installers", || {
        program::run_logged(
            &mut bundler,
            &project::target().join("xtask").join(format!("bundle-{}.log", kind.folder())),
        )
    })?;
    made(&stage.join("bundle"))
}

/// What the system's own tools make without fetching anything; AppImage wants downloads.
fn bundles(with_updates: bool) -> &'static str {
    if cfg!(target_os = "macos") {
        // A Mac's updater takes the app by itself, which is in the image too.
        if with_updates { "app,dmg" } else { "dmg" }
    } else if cfg!(windows) {
        "nsis,msi"
    } else if program::find("dpkg-shlibdeps").is_some() {
        "deb,rpm"
    } else {
        "rpm"
    }
}

/// The version of all of it.
fn version() -> Result<String> {
    let about: Value = serde_json::from_str(&fs::read_to_string(project::root().join("tauri.conf.json"))?)?;
    Ok(about["version"].as_str().context("tauri.conf.json names the version")?.to_owned())
}

/// The machine that programs are built for, as the compiler calls it.
fn host() -> Result<String> {
    let about = program::output(program::command("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("the compiler does not say what it builds for")
}

/// Puts the members of one JSON object into another one.
fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// The installers in the bundler's folder: one kind a folder, and in it what they were made from.
fn made(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(folder)? {
        let kind = kind?.path();
        for entry in fs::read_dir(&kind)? {
            let path = entry?.path();
            let is_installer =
                ["deb", "rpm", "dmg", "exe", "msi"].iter().any(|end| path.extension().is_some_and(|is| is == *end));
            if is_installer && path.is_file() {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        bail!("the bundler made nothing");
    }
    found.sort();
    Ok(found)
}
