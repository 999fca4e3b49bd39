//! `care4w-cli`, run for one person.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    Environment, Process, binaries,
    json_lines::{JsonLines, Line},
    server::last_lines,
};

/// Somebody's account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The e-mail address to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// The name that others see.
    pub name: String,
}

impl Account {
    /// An account for tests: `NAME@example.org`.
    pub fn named(name: &str) -> Self {
        Self {
            email: format!("{}@example.org", name.to_lowercase()),
            password: format!("correct horse battery {name}"),
            name: name.to_owned(),
        }
    }
}

/// The phone without a window, with a profile folder of its own.
#[derive(Clone)]
pub struct Cli {
    server: String,
    profile: PathBuf,
    environment: Environment,
    in_file: bool,
    /// The command that everything is run through: a network namespace's.
    through: Vec<String>,
}

/// How a finished command ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
}

impl Outcome {
    /// Fails unless the command succeeded; the error has its stderr.
    pub fn success(self) -> Result<Self> {
        if self.code != Some(0) {
            bail!("care4w-cli ended with {:?}: {}", self.code, self.stderr.trim());
        }
        Ok(self)
    }

    /// Fails unless the command failed as commands do: with this exit code, one clear line on stderr that ends in
    /// `[CODE]`, and no panic.
    pub fn refused(self, exit: i32, code: &str) -> Result<Self> {
        // What is always said of a session in a file is no error.
        let said: Vec<&str> = self.stderr.lines().filter(|line| !line.contains("kept in session.json")).collect();
        let [line] = said[..] else { bail!("not one line for {code}: {said:?}") };
        if self.code != Some(exit) || !line.ends_with(&format!("[{code}]")) || line.contains("panicked") {
            bail!("not {code} with exit code {exit}, but {:?}: {line}", self.code);
        }
        Ok(self)
    }

    /// The first line of stdout, as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        let line = self.stdout.lines().next().context("care4w-cli printed nothing")?;
        serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))
    }
}

impl Cli {
    /// For a person whose session is kept in a file in `profile`.
    pub fn new(server: &str, profile: &Path) -> Self {
        Self {
            server: server.to_owned(),
            profile: profile.to_owned(),
            environment: Vec::new(),
            in_file: true,
            through: Vec::new(),
        }
    }

    /// Keeps the session in the keychain instead; its variables must be among the environment's.
    pub fn with_keychain(mut self) -> Self {
        self.in_file = false;
        self
    }

    /// Runs every command in a network namespace. The server must have been brought there.
    #[cfg(target_os = "linux")]
    pub fn with_namespace(mut self, namespace: &crate::Namespace) -> Self {
        let command = namespace.command("");
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        self.through = words.map(|word| word.to_string_lossy().into_owned()).filter(|word| !word.is_empty()).collect();
        self
    }

    /// Adds variables to those of every command.
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment.extend(environment);
        self
    }

    /// The profile folder.
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        std::fs::create_dir_all(&self.profile)?;
        let program = binaries::find("care4w-cli")?;
        let mut command = match self.through.split_first() {
            Some((first, more)) => {
                let mut command = Command::new(first);
                command.args(more).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(["--server", &self.server, "--json", "--profile"]).arg(&self.profile);
        if self.in_file {
            command.arg("--insecure-file-credentials");
        }
        command.args(arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Runs a command to its end, with `input` on its stdin.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<Outcome> {
        let mut child = self
            .command(arguments)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("care4w-cli does not start")?;
        let mut stdin = child.stdin.take().context("care4w-cli's input is a pipe")?;
        // One that reads nothing closes the pipe: that is no error of the harness.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output()?;
        Ok(Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Creates the account and signs in with it.
    pub fn register(&self, account: &Account) -> Result<Outcome> {
        let arguments = ["register", "--email", &account.email, "--name", &account.name, "--password-stdin"];
        self.run(&arguments, &format!("{}\n", account.password))?.success()
    }

    /// Signs in.
    pub fn login(&self, account: &Account) -> Result<Outcome> {
        self.run(&["login", "--email", &account.email, "--password-stdin"], &format!("{}\n", account.password))?
            .success()
    }

    /// The signed-in person's id, `care4w-…`.
    pub fn care4w_id(&self) -> Result<String> {
        let answer = self.run(&["whoami"], "")?.success()?.json()?;
        Ok(answer["care4wId"].as_str().context("whoami says no care4wId")?.to_owned())
    }

    /// Starts a command that goes on (`call`, `answer`).
    pub fn start(&self, arguments: &[&str]) -> Result<RunningCli> {
        let mut command = self.command(arguments)?;
        let log = self.profile.join("stderr.log");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let name = format!("care4w-cli {}", arguments.first().copied().unwrap_or_default());
        let mut process = Process::start(&name, &mut command)?;
        let output = process.child().stdout.take().context("care4w-cli's output is a pipe")?;
        Ok(RunningCli { lines: JsonLines::read(output), process, log })
    }

    /// Starts `answer` with more flags and waits until it can be called.
    pub fn answer(&self, flags: &[&str]) -> Result<RunningCli> {
        let arguments: Vec<&str> = ["answer"].iter().chain(flags).copied().collect();
        let mut running = self.start(&arguments)?;
        running.wait("care4w-cli to be ready", |line| line.is("ready"))?;
        Ok(running)
    }

    /// Starts a call to `destination` with more flags.
    pub fn call(&self, destination: &str, flags: &[&str]) -> Result<RunningCli> {
        let arguments: Vec<&str> = ["call", destination].iter().chain(flags).copied().collect();
        self.start(&arguments)
    }
}

/// A `care4w-cli` that runs and prints events.
pub struct RunningCli {
    lines: JsonLines,
    process: Process,
    log: PathBuf,
}

/// How long any event may take to come. Generous: what is measured is measured elsewhere.
const DEADLINE: Duration = Duration::from_secs(30);

impl RunningCli {
    /// The next line that is `wanted`; the error shows what came instead, and stderr.
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&Line) -> bool) -> Result<Line> {
        self.wait_at_most(DEADLINE, what, wanted)
    }

    /// The same with another deadline.
    pub fn wait_at_most(&mut self, deadline: Duration, what: &str, wanted: impl Fn(&Line) -> bool) -> Result<Line> {
        let name = self.process.name().to_owned();
        let log = &self.log;
        self.lines.wait(deadline, what, wanted).with_context(|| format!("{name}: {}", last_lines(log)))
    }

    /// Waits until its call is in `state`.
    pub fn wait_for_call(&mut self, state: &str) -> Result<Line> {
        self.wait(&format!("the call to be {state}"), |line| line.is_call(state))
    }

    /// Every line until now.
    pub fn lines(&mut self) -> Result<&[Line]> {
        self.lines.all()
    }

    /// What it wrote on stderr.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Asks it to end (SIGTERM), as Ctrl-C would, and waits until it did. Gives the exit code.
    pub fn end(&mut self) -> Result<Option<i32>> {
        self.process.ask_to_end();
        self.wait_for_end()
    }

    /// Waits until it ends by itself. Gives the exit code.
    pub fn wait_for_end(&mut self) -> Result<Option<i32>> {
        let status = self.process.wait_for_end(DEADLINE);
        let log = &self.log;
        Ok(status.with_context(|| last_lines(log))?.code())
    }
}
