//! Two phones without a window that call each other over a server, all on loopback, with files for microphones.

use std::time::Duration;

use anyhow::Result;
use care4w_tests::{Account, Cli, Server, Sound, cli::RunningCli};
use tempfile::TempDir;

/// One of them waits for calls, the other one calls it. The callee is dropped before the server.
pub struct Phones {
    /// It answers every call.
    pub callee: RunningCli,
    pub server: Server,
    caller: Cli,
    id: String,
    flags: Vec<String>,
    _folder: TempDir,
}

impl Phones {
    /// Both speak for so long from when a call connects.
    pub fn start(speech: Duration) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let server = Server::start()?;
        let caller = Cli::new(server.url(), &folder.path().join("caller"));
        let callee = Cli::new(server.url(), &folder.path().join("callee"));
        caller.register(&Account::named("Caller"))?;
        callee.register(&Account::named("Callee"))?;
        let id = callee.care4w_id()?;
        let file = folder.path().join("speech.wav");
        Sound::chirp(48_000, speech, 300.0, 3_000.0).write(&file)?;
        let flags =
            ["--mic".to_owned(), format!("file:{}", file.display()), "--speaker".into(), "none".into()].to_vec();
        let callee = callee.answer(&flags.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Self { callee, server, caller, id, flags, _folder: folder })
    }

    /// Calls, with more flags.
    pub fn call(&self, more: &[&str]) -> Result<RunningCli> {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.caller.call(&self.id, &flags)
    }
}
