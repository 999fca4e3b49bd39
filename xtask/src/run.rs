//! `cargo xtask run`: from a fresh clone to a window that can call, and everything stopped again at the end.

mod echo_line;
mod surroundings;
mod twilio_double;

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use care4w_tests::{
    Environment, Process, Server, binaries,
    cli::RunningCli,
    display::WHOLE,
    screenshot::{self, Area},
    server::last_lines,
    wait,
};
use clap::Args;
use surroundings::Surroundings;
pub use twilio_double::TwilioDouble;

use crate::{build, leftovers, program, project, say, shown, system_packages};

/// How to run.
#[derive(Args)]
pub struct Options {
    /// Opens two windows with two profiles, to call oneself
    #[arg(long)]
    two: bool,
    /// Calls through a double of Twilio's gateway
    #[arg(long)]
    twilio_double: bool,
}

/// How long a page may take to be painted before its picture is taken as it is.
const PAINTING: Duration = Duration::from_secs(30);
/// Where the second window goes on a display of our own, in pixels from the left.
const SECOND_WINDOW_X: u32 = 640;
/// Fewer colours than this are an empty window.
const PAINTED_COLOURS: u32 = 24;

pub fn run(options: &Options) -> Result<()> {
    system_packages::ensure(Surroundings::needed_packages())?;
    build::binaries()?;

    // From here on Ctrl-C and SIGTERM stop what was started, instead of this process alone.
    let stopping = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopping);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst)).context("no signal handler")?;

    let folder = project::root().join(".care4w/run");
    let _lock = sole(&folder)?;
    let left = leftovers::end_those_that_log_in(&folder);
    if left > 0 {
        say::line(&format!("{left} processes that an earlier run left are ended"));
    }
    let mut house = House::open(folder, options)
        .context("what an earlier run left may be damaged: delete .care4w to begin anew")?;
    say::line("Ctrl-C stops everything");
    let result = house.watch(&stopping);
    drop(house);
    say::line("everything is stopped");
    result
}

/// Keeps a second run out: both would have the same database, keychain and echo line.
fn sole(folder: &Path) -> Result<File> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} is no folder: delete .care4w to begin anew", shown(folder)))?;
    let lock = File::create(folder.join("lock"))?;
    if lock.try_lock().is_err() {
        bail!("another cargo xtask run is at work here: stop it first, or use --two there for a second window");
    }
    Ok(lock)
}

/// Everything that runs, in the order in which it is stopped.
struct House {
    windows: Vec<Process>,
    echo: RunningCli,
    server: Server,
    twilio: Option<TwilioDouble>,
    surroundings: Surroundings,
}

impl House {
    fn open(folder: PathBuf, options: &Options) -> Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let surroundings = Surroundings::complete(&folder)?;
        let mut twilio = options.twilio_double.then(|| TwilioDouble::start(&folder)).transpose()?;
        let server = start_server(&folder.join("server"), twilio.as_ref())?;
        if let Some(twilio) = &mut twilio {
            twilio.ask(&server)?;
            say::line("any telephone number answers after two seconds and says back what it hears");
            say::line("verification codes that a telephone would get stand in .care4w/run/twilio-double.log");
        }
        say::line(&format!("care4w-server listens at {} (log: .care4w/run/server/server.log)", server.url()));
        let echo = echo_line::start(server.url(), &folder.join("echo"))?;
        say::line("the echo line answers calls");

        let profiles: &[Option<&str>] = if options.two { &[Some("one"), Some("two")] } else { &[None] };
        let mut windows = Vec::new();
        for profile in profiles {
            windows.push(open_window(server.url(), *profile, &folder, &surroundings.environment())?);
        }
        say::line(if options.two { "two windows are open" } else { "the window is open" });
        let mut house = Self { windows, echo, server, twilio, surroundings };
        house.picture();
        Ok(house)
    }

    /// On a display of our own nobody sees the window: a picture shows it.
    fn picture(&mut self) {
        let Some(display) = self.surroundings.own_display() else { return };
        let file = project::target().join("screenshots/run.png");
        let first = Area { x: 0, y: 0, width: SECOND_WINDOW_X, height: WHOLE.height };
        let second = Area { x: SECOND_WINDOW_X, ..first };
        let taken = program::create(&file).and_then(|_| {
            let paint = |areas: &[Area]| {
                let painted = screenshot::take_when_painted(&display.name(), &file, areas, PAINTED_COLOURS, PAINTING);
                // An unpainted picture is still worth a look.
                if painted.is_err() { screenshot::take(&display.name(), &file) } else { Ok(()) }
            };
            paint(&[WHOLE])?;
            let [one, two] = self.windows.as_slice() else { return Ok(()) };
            // After they are painted: until then each puts itself where it was the last time.
            display.place_window(one.id(), first.x, first.y)?;
            display.place_window(two.id(), second.x, second.y)?;
            paint(&[first, second])
        });
        match taken {
            Ok(()) => say::line(&format!("a picture of what is on the virtual display: {}", shown(&file))),
            Err(error) => say::line(&format!("no screenshot: {error:#}")),
        }
    }

    /// Waits until a person stops it or closes the windows; fails when something died.
    fn watch(&mut self, stopping: &AtomicBool) -> Result<()> {
        // A day and more: `until` ends by its condition.
        wait::until(Duration::from_secs(u64::from(u32::MAX)), "Ctrl-C", || {
            if stopping.load(Ordering::SeqCst) {
                return Ok(Some(()));
            }
            let mut open = 0;
            for window in &mut self.windows {
                match window.ended()? {
                    None => open += 1,
                    Some(status) if status.success() => {}
                    Some(status) => bail!("{} ended ({status})\n{}", window.name(), log_of(window.name())),
                }
            }
            let others = [self.server.process(), self.echo.process()].into_iter();
            let others = others.chain(self.twilio.iter_mut().map(TwilioDouble::process));
            for process in others.chain(self.surroundings.processes()) {
                if let Some(status) = process.ended()? {
                    bail!("{} ended ({status})\n{}", process.name(), log_of(process.name()));
                }
            }
            Ok((open == 0).then_some(()))
        })
    }
}

/// Starts the server where it was the last time, so that windows find their session again; elsewhere if that is taken.
fn start_server(folder: &std::path::Path, twilio: Option<&TwilioDouble>) -> Result<Server> {
    let address = folder.join("address");
    let mut environment = vec![("CARE4W_ECHO_LINE".into(), echo_line::EMAIL.into())];
    environment.extend(twilio.into_iter().flat_map(TwilioDouble::environment));
    let last = std::fs::read_to_string(&address).unwrap_or_default();
    let server = match last.trim() {
        "" => Server::start_in(folder, "127.0.0.1:0", &[], &environment)?,
        last => Server::start_in(folder, last, &[], &environment)
            .or_else(|_| Server::start_in(folder, "127.0.0.1:0", &[], &environment))?,
    };
    std::fs::write(address, server.address())?;
    Ok(server)
}

fn open_window(
    server: &str,
    profile: Option<&str>,
    folder: &std::path::Path,
    environment: &Environment,
) -> Result<Process> {
    let name = profile.map_or("care4w".to_owned(), |profile| format!("care4w-{profile}"));
    let mut command = Command::new(binaries::find("care4w")?);
    command.args(["--server", server]).envs(environment.iter().map(|(name, value)| (name, value)));
    if let Some(profile) = profile {
        command.args(["--profile", profile]);
    }
    Process::start_logged(&name, &mut command, &folder.join(format!("{name}.log")))
}

/// What a process that died said last.
fn log_of(name: &str) -> String {
    let folder = project::root().join(".care4w/run");
    let log = match name {
        "care4w-server" => folder.join("server/server.log"),
        "care4w-cli answer" => folder.join("echo/stderr.log"),
        "care4w-twilio-double" => folder.join("twilio-double.log"),
        "dbus-daemon" => folder.join("keychain/bus.log"),
        "gnome-keyring-daemon" => folder.join("keychain/keyring.log"),
        name => folder.join(format!("{name}.log")),
    };
    last_lines(&log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_kept_out_until_the_first_has_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = sole(folder.path()).expect("nobody else is here");
        assert!(sole(folder.path()).is_err(), "both would have the same database");
        drop(first);
        assert!(sole(folder.path()).is_ok());
    }
}
