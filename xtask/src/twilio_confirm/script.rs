//! The session: two phones, a telephone outside, and what happens to them, step after step.

use std::{
    io::Write as _,
    process::{ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use care4w_tests::{
    Account, Cli, Environment, Process, Server, binaries,
    json_lines::{JsonLines, Line},
    wait,
};
use tempfile::TempDir;

use super::record::{Record, Said, Step};
use crate::{run::TwilioDouble, say};

/// The step in which a token is renewed.
pub const RENEWAL: &str = "a token is renewed";

/// How long anything may take that does not hang on a person.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a person has for it.
const PERSON: Duration = Duration::from_secs(300);

/// What a session against Twilio needs, in the environment, as the server takes it.
const CREDENTIALS: [&str; 6] = ["ACCOUNT", "KEY", "SECRET", "AUTH_TOKEN", "APPLICATION", "CALLER_ID"];

/// How long things last.
#[derive(Clone, Copy)]
pub struct Pace {
    /// How long phones are registered and calls are talked.
    pub hold: Duration,
    /// Seconds that a token lasts.
    pub token: u32,
}

/// Who has a telephone outside.
pub enum Outside {
    /// The double, which is told.
    Double(TwilioDouble),
    /// A person, who is asked.
    Person,
}

/// A session that is to be had.
pub struct Script<'a> {
    pub pace: Pace,
    pub environment: Environment,
    pub public_url: Option<&'a str>,
    pub listen: &'a str,
    pub telephone: &'a str,
    pub gateway: String,
}

/// Whether everything is there to reach Twilio.
pub fn credentials() -> Result<()> {
    let names = CREDENTIALS.map(|name| format!("CARE4W_TWILIO_{name}"));
    let is_missing = |name: &String| std::env::var_os(name).is_none_or(|value| value.is_empty());
    let missing: Vec<String> = names.into_iter().filter(is_missing).collect();
    if !missing.is_empty() {
        bail!(
            "a session against Twilio needs an account, in the environment (docs/twilio.md); missing: {}",
            missing.join(", ")
        );
    }
    Ok(())
}

/// What runs in a session.
struct Session {
    recorder: Recorder,
    outside: Outside,
    pace: Pace,
    record: Record,
    amina: Cli,
    baraka: Cli,
    number: String,
    _server: Server,
    _folder: TempDir,
}

impl Script<'_> {
    pub fn run(self, mut outside: Outside) -> Result<Record> {
        let folder = tempfile::tempdir()?;
        let recorder = Recorder::start(&self.gateway)?;
        let mut environment = self.environment.clone();
        environment.retain(|(name, _)| name != "CARE4W_VERIFICATION");
        environment.push(("CARE4W_TWILIO_GATEWAY_URL".into(), recorder.url.clone()));
        environment.push(("CARE4W_TWILIO_TOKEN_SECONDS".into(), self.pace.token.to_string()));
        let flags: Vec<&str> = self.public_url.map(|url| ["--public-url", url]).into_iter().flatten().collect();
        let server = Server::start_in(&folder.path().join("server"), self.listen, &flags, &environment)?;
        if let Outside::Double(double) = &mut outside {
            double.ask(&server)?;
        }
        let [amina, baraka] = ["Amina", "Baraka"].map(|name| Cli::new(server.url(), &folder.path().join(name)));
        amina.register(&Account::named("Amina"))?;
        baraka.register(&Account::named("Baraka"))?;
        // The account's number rings Baraka.
        let number = match environment.iter().find(|(name, _)| name == "CARE4W_TWILIO_CALLER_ID") {
            Some((_, number)) => number.clone(),
            None => std::env::var("CARE4W_TWILIO_CALLER_ID").context("the account's number is not known")?,
        };
        let database = format!("sqlite:{}", folder.path().join("server/care4w.db").display());
        let assigned = Command::new(binaries::find("care4w-server")?)
            .args(["--database", &database, "user", "assign-number", &Account::named("Baraka").email, &number])
            .output()?;
        if !assigned.status.success() {
            bail!("the number was not assigned: {}", String::from_utf8_lossy(&assigned.stderr));
        }
        let (pace, record) = (self.pace, Record::default());
        let mut session =
            Session { recorder, outside, pace, record, amina, baraka, number, _server: server, _folder: folder };
        session.steps(self.telephone)?;
        Ok(session.record)
    }
}

impl Session {
    fn steps(&mut self, telephone: &str) -> Result<()> {
        let silent = ["--mic", "none", "--speaker", "none"];
        let seconds = self.pace.hold.as_secs().to_string();
        let for_a_while = ["--mic", "none", "--speaker", "none", "--seconds", &seconds];

        self.begin("a phone registers");
        let mut answering = self.baraka.answer(&silent)?;
        self.recorder.wait("the registration", PATIENCE, |line| is(line, "gateway", "ready"))?;
        self.recorder.stay(self.pace.hold);

        self.begin("one user calls another");
        let to = self.baraka.care4w_id()?;
        let mut calling = self.amina.call(&to, &for_a_while)?;
        calling.wait_for_call("connected")?;
        calling.wait_at_most(self.pace.hold + PATIENCE, "the call to end", |line| line.is_call("ended"))?;
        calling.wait_for_end()?;
        answering.wait_for_call("ended")?;
        self.recorder.wait_for_end(1)?;

        self.begin("a user calls a telephone");
        if let Outside::Person = self.outside {
            say::line("the telephone rings now: answer it, and stay");
        }
        let mut calling = self.amina.call(telephone, &for_a_while)?;
        calling.wait_at_most(PERSON, "the telephone to be answered", |line| line.is_call("connected"))?;
        calling.wait_at_most(self.pace.hold + PATIENCE, "the call to end", |line| line.is_call("ended"))?;
        calling.wait_for_end()?;
        self.recorder.wait_for_end(0)?;

        self.begin("signalling drops in a call");
        let mut calling = self.amina.call(&to, &silent)?;
        calling.wait_for_call("connected")?;
        answering.wait_for_call("connected")?;
        self.recorder.cut()?;
        self.recorder.wait("the call to be taken up", PATIENCE, |line| {
            is(line, "client", "invite") && !line.json["message"]["payload"]["reconnect"].is_null()
        })?;
        self.recorder.wait("its confirmation", PATIENCE, |line| is(line, "gateway", "answer"))?;
        self.recorder.stay(self.pace.hold);
        calling.end()?;
        answering.wait_for_call("ended")?;
        self.recorder.wait_for_end(1)?;

        self.begin(RENEWAL);
        let a_token = Duration::from_secs(u64::from(self.pace.token));
        self.recorder.wait("the token to be renewed", a_token + PATIENCE, |line| is(line, "client", "listen"))?;
        self.recorder.wait("its acceptance", PATIENCE, |line| is(line, "gateway", "connected"))?;

        self.begin("a telephone calls a user");
        match &mut self.outside {
            Outside::Double(double) => double.telephone_calls("+254712999999", &self.number)?,
            Outside::Person => say::line("now call the account's number from the telephone, and stay"),
        }
        answering.wait_at_most(PERSON, "the telephone to call", |line| line.is_call("connected"))?;
        self.recorder.stay(self.pace.hold);
        answering.end()?;
        self.recorder.wait("the end of the connection", PATIENCE, |line| line.text("event") == "close")?;
        self.collect();
        Ok(())
    }

    /// From here on, what is said belongs to this step.
    fn begin(&mut self, name: &str) {
        self.collect();
        say::line(name);
        self.record.0.push(Step { name: name.to_owned(), said: Vec::new() });
        self.recorder.step_began = Instant::now();
    }

    fn collect(&mut self) {
        let said = self.recorder.take();
        if let Some(step) = self.record.0.last_mut() {
            step.said.extend(said);
        }
    }
}

fn is(line: &Line, from: &str, kind: &str) -> bool {
    line.text("from") == from && line.json["message"]["type"] == kind
}

/// The program between the phones and the gateway.
struct Recorder {
    url: String,
    input: ChildStdin,
    lines: JsonLines,
    taken: usize,
    step_began: Instant,
    _process: Process,
}

impl Recorder {
    fn start(gateway: &str) -> Result<Self> {
        let mut command = Command::new(binaries::find("care4w-twilio-recorder")?);
        command.args(["--gateway", gateway]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::start("care4w-twilio-recorder", &mut command)?;
        let input = process.child().stdin.take().context("the recorder's input is a pipe")?;
        let output = process.child().stdout.take().context("the recorder's output is a pipe")?;
        let mut lines = JsonLines::read(output);
        let url = lines.wait(PATIENCE, "the recorder to listen", |line| line.json["url"].is_string())?;
        let url = url.text("url").to_owned();
        Ok(Self { url, input, lines, taken: 1, step_began: Instant::now(), _process: process })
    }

    /// Waits for what is said in this step. What an earlier one did not wait for, such as a token that was renewed in a call, is
    /// passed over.
    fn wait(&mut self, what: &str, longest: Duration, wanted: impl Fn(&Line) -> bool) -> Result<()> {
        let began = self.step_began;
        self.lines.wait(longest, what, |line| line.at >= began && wanted(line)).map(drop)
    }

    /// Waits until the caller, whose phone has ended, is gone, and so many others were told, in whichever order that is read.
    fn wait_for_end(&mut self, others: usize) -> Result<()> {
        wait::until(PATIENCE, "the end of the call", || {
            let all = self.lines.all()?;
            let newest = all.iter().filter_map(|line| line.json["stream"].as_u64()).max();
            let said = &all[self.taken..];
            let told = said.iter().filter(|line| is(line, "gateway", "hangup")).count();
            let is_gone = |line: &Line| line.text("event") == "close" && line.json["stream"].as_u64() == newest;
            Ok((told >= others && said.iter().any(is_gone)).then_some(()))
        })
    }

    /// Lets time pass: what comes by the clock is part of the session.
    fn stay(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// Cuts the newest connection.
    fn cut(&mut self) -> Result<()> {
        writeln!(self.input, "{{\"cut\": true}}").context("the recorder is gone")
    }

    /// What was said since the last time.
    fn take(&mut self) -> Vec<Said> {
        let began = self.step_began;
        let Ok(lines) = self.lines.all() else { return Vec::new() };
        let said = lines[self.taken..].iter().map(|line| Said {
            stream: line.json["stream"].as_u64().unwrap_or_default(),
            by_phone: line.text("from") == "client",
            event: line.text("event").to_owned(),
            message: line.json["message"].clone(),
            at: u64::try_from(line.at.saturating_duration_since(began).as_millis()).unwrap_or(u64::MAX),
        });
        let said = said.collect();
        self.taken = lines.len();
        said
    }
}
