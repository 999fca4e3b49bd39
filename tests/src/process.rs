//! One process that the ground started, with everything that it started itself.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::wait;

/// How long a process may take to leave after it was asked to.
const GRACE: Duration = Duration::from_secs(6);

/// A running process in a process group of its own; dropped, it and its group are stopped.
pub struct Process {
    name: String,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` in a new process group, so that a Ctrl-C at the terminal reaches only whoever started it.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command
            .spawn()
            .with_context(|| format!("{name} does not start ({})", command.get_program().to_string_lossy()))?;
        Ok(Self { name: name.to_owned(), child, ended: None })
    }

    /// Starts `command` with no input and with its output and errors in the file `log`.
    pub fn start_logged(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("no log file {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Self::start(name, command)
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, and the id of its group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its pipes, as far as the command asked for them.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Waits for it to end by itself.
    pub fn wait_for_end(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let what = format!("{} to end", self.name);
        wait::until(deadline, &what, || self.ended())
    }

    /// Asks it to end (SIGTERM to itself alone), as a service supervisor would.
    pub fn ask_to_end(&mut self) {
        signal_process(self.id(), Ask::End);
    }

    /// Asks it and its group to end, and ends them after a grace period. Does nothing to one that has ended.
    pub fn stop(&mut self) {
        if matches!(self.ended(), Ok(None)) {
            signal_process(self.id(), Ask::End);
            if self.wait_for_end(GRACE).is_err() {
                signal_group(self.id(), Ask::Now);
                let _ = self.child.kill();
                let _ = self.wait_for_end(GRACE);
            }
        }
        // What it left behind still carries its group.
        signal_group(self.id(), Ask::Now);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ends the process `id` at once. For what an earlier owner left behind; a [`Process`] is stopped instead.
pub fn end_now(id: u32) {
    signal_process(id, Ask::Now);
}

#[derive(Clone, Copy)]
enum Ask {
    End,
    Now,
}

#[cfg(unix)]
impl From<Ask> for rustix::process::Signal {
    fn from(ask: Ask) -> Self {
        match ask {
            Ask::End => Self::TERM,
            Ask::Now => Self::KILL,
        }
    }
}

#[cfg(unix)]
fn pid(id: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(id).ok()?)
}

#[cfg(unix)]
fn signal_process(id: u32, ask: Ask) {
    if let Some(pid) = pid(id) {
        let _ = rustix::process::kill_process(pid, ask.into());
    }
}

#[cfg(unix)]
fn signal_group(id: u32, ask: Ask) {
    if let Some(pid) = pid(id) {
        let _ = rustix::process::kill_process_group(pid, ask.into());
    }
}

/// Windows has no signals: `taskkill` ends a tree of processes by its id.
#[cfg(not(unix))]
fn signal_process(id: u32, _: Ask) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &id.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(not(unix))]
fn signal_group(_: u32, _: Ask) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_process_takes_along_what_it_started() {
        let mut process = Process::start(
            "shell",
            Command::new("sh").args(["-c", "sleep 300 & echo $!; wait"]).stdout(Stdio::piped()),
        )
        .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(process.child().stdout.take().unwrap()), &mut line)
            .unwrap();
        let grandchild = pid(line.trim().parse().unwrap()).unwrap();
        process.stop();
        wait::until(Duration::from_secs(5), "the grandchild to be gone", || {
            let gone = rustix::process::test_kill_process(grandchild).is_err() || is_zombie(grandchild);
            Ok(gone.then_some(()))
        })
        .unwrap();
    }

    /// Inside a container nobody may reap an orphan: it is dead all the same.
    fn is_zombie(pid: rustix::process::Pid) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))
            .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_that_names_it() {
        let error = Process::start("piano", &mut Command::new("no-such-program")).err().unwrap();
        assert!(error.to_string().contains("piano"), "{error}");
    }
}
