//! Where the product's binaries are: beside the program that asks.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

static CHOSEN: OnceLock<PathBuf> = OnceLock::new();

/// From now on binaries are those of this folder: a benchmark measures release builds. The first choice stands.
pub fn choose(folder: PathBuf) {
    CHOSEN.get_or_init(|| folder);
}

/// The folder of built binaries: the one that was chosen, `CARE4W_BINARIES`, or the one of this process (`target/debug`).
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = CHOSEN.get() {
        return Ok(folder.clone());
    }
    if let Some(folder) = std::env::var_os("CARE4W_BINARIES") {
        return Ok(folder.into());
    }
    let own = std::env::current_exe().context("this program's own path is not known")?;
    let folder = own.parent().context("a program lies in a folder")?;
    // Test programs lie one deeper, in `deps`.
    Ok(if folder.ends_with("deps") { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() })
}

/// The built binary `name` (`care4w`, `care4w-cli`, `care4w-server`).
pub fn find(name: &str) -> Result<PathBuf> {
    let path = folder()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!("{} is not built; `cargo xtask test` builds it", path.display());
    }
    Ok(path)
}

/// The project's top folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project's top folder")
}

/// The folder that tests write to: logs, screenshots, decoded speech. Kept after the run, to be looked at.
pub fn output_folder(name: &str) -> Result<PathBuf> {
    let target = folder()?.parent().context("binaries lie in a profile's folder")?.to_owned();
    let folder = target.join("system-tests").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
