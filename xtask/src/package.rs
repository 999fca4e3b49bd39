//! `cargo xtask package`: installers for the platform it runs on.

use anyhow::Result;

use crate::{
    node, program, project, say,
    system_packages::{self, Purpose},
};

pub fn package() -> Result<()> {
    system_packages::ensure(&[Purpose::Build])?;
    node::ensure_packages()?;
    // What the system's own tools make without fetching anything; AppImage wants downloads.
    let bundles = if cfg!(target_os = "macos") {
        "dmg"
    } else if cfg!(windows) {
        "nsis,msi"
    } else if program::find("rpmbuild").is_some() {
        "deb,rpm"
    } else {
        "deb"
    };
    say::step("building the installers", || {
        program::run(program::command("npx").args(["tauri", "build", "--bundles", bundles]))
    })?;
    say::line(&format!("installers: {}", crate::shown(&project::target().join("release/bundle"))));
    Ok(())
}
