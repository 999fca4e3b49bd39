//! A running `care4w-server` on a free port of loopback.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{Environment, Process, binaries, json_lines::JsonLines};

/// A server, with an SQLite database of its own unless another is named.
pub struct Server {
    url: String,
    log: PathBuf,
    process: Process,
    _lines: JsonLines,
    _folder: Option<TempDir>,
}

impl Server {
    /// Starts one with an empty database that goes with it.
    pub fn start() -> Result<Self> {
        Self::start_with(&[], &Vec::new())
    }

    /// Starts one with an empty database, more flags and more variables (`CARE4W_…`).
    pub fn start_with(flags: &[&str], environment: &Environment) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("care4w-server-").tempdir()?;
        let mut server = Self::start_in(folder.path(), "127.0.0.1:0", flags, environment)?;
        server._folder = Some(folder);
        Ok(server)
    }

    /// Starts one with its database in `folder`, which outlives it, at `address` (`127.0.0.1:0` picks a port).
    pub fn start_in(folder: &Path, address: &str, flags: &[&str], environment: &Environment) -> Result<Self> {
        let database = format!("sqlite:{}", folder.join("care4w.db").display());
        Self::start_on(&database, folder, address, flags, environment)
    }

    /// Starts one on a database (`sqlite:FILE`, `postgres://…`), with its log in `folder`.
    pub fn start_on(
        database: &str,
        folder: &Path,
        address: &str,
        flags: &[&str],
        environment: &Environment,
    ) -> Result<Self> {
        Self::start_program(&binaries::find("care4w-server")?, database, folder, address, flags, environment)
    }

    /// The same with the program at `path`: another build than the one that is tested.
    pub fn start_program(
        path: &Path,
        database: &str,
        folder: &Path,
        address: &str,
        flags: &[&str],
        environment: &Environment,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let log = folder.join("server.log");
        let mut process = Process::start(
            "care4w-server",
            Command::new(path)
                .args(["--listen", address])
                .args(["--database", database])
                .args(flags)
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(File::create(&log)?),
        )?;
        let output = process.child().stdout.take().context("the server's output is a pipe")?;
        let mut lines = JsonLines::read(output);
        let line = lines
            .wait(Duration::from_secs(20), "the server to listen", |line| line.json["listening"].is_string())
            .with_context(|| format!("care4w-server: {}", last_lines(&log)))?;
        let url = line.text("listening").to_owned();
        Ok(Self { url, log, process, _lines: lines, _folder: None })
    }

    /// Where it listens, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens, `127.0.0.1:PORT`: to start another one in its place.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// What it logged until now.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// The process, to end it or to look whether it lives.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// The end of a log file, for an error message.
pub fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
