//! Where things are in the project.

use std::path::{Path, PathBuf};

/// The project's top folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the project's top folder")
}

/// Cargo's output folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Tools that are installed for this project alone: drivers, a Python environment, a workflow linter.
pub fn tools() -> PathBuf {
    target().join("tools")
}

/// A stamp file: its content says for which input something was last done.
pub fn stamp(name: &str) -> PathBuf {
    target().join("xtask").join(name)
}
