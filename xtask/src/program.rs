//! Running other programs to their end.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::project;

/// A command that runs in the project's top folder. On Windows npm and npx are scripts, which only their full name starts.
pub fn command(program: &str) -> Command {
    let script = cfg!(windows) && ["npm", "npx"].contains(&program);
    let mut command = Command::new(if script { format!("{program}.cmd") } else { program.to_owned() });
    command.current_dir(project::root());
    command
}

/// Cargo, the one that runs this.
pub fn cargo() -> Command {
    let mut command = command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    // `cargo xtask` sets variables about the package xtask, which would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" || name == "CARGO_MANIFEST_PATH" {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs it with the terminal's input and output; fails when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{} does not start", shown(command)))?;
    succeeded(command, status)
}

/// Runs it and gives what it prints on stdout; fails, with its stderr, when it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{} does not start", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", shown(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs it quietly with both outputs in the file `log`; a failure shows the log's end.
pub fn run_logged(command: &mut Command, log: &Path) -> Result<()> {
    let file = create(log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("{} does not start", shown(command)))?;
    succeeded(command, status).with_context(|| format!("{}\n(all of it: {})", tail(log, 30), crate::shown(log)))
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = command.get_args().take(4).map(|word| word.to_string_lossy().into_owned());
    [program.to_string_lossy().into_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// The last lines of a file.
pub fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Creates a file and the folders above it.
pub fn create(file: &Path) -> Result<std::fs::File> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create(file).with_context(|| format!("{} cannot be written", file.display()))
}

/// Where a program lies on the path, when it is there.
pub fn find(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))).find(
        |path| {
            let mut reading = [0];
            std::fs::File::open(path).is_ok_and(|mut file| file.read(&mut reading).is_ok())
        },
    )
}
