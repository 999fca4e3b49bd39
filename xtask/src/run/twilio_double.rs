//! The double of Twilio's gateway: what a server is told of it, and it of the server.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use care4w_tests::{
    Environment, Process, Server, binaries,
    json_lines::{JsonLines, Line},
};

use crate::say;

/// How long it may take to listen.
const STARTING: Duration = Duration::from_secs(20);

/// The number that calls go out with; nobody's.
const CALLER_ID: &str = "+15005550006";

/// A running double. It ends with its input.
pub struct TwilioDouble {
    process: Process,
    input: ChildStdin,
    account: Line,
    _lines: JsonLines,
}

impl TwilioDouble {
    /// Starts one; what it has to say against a client stands in its log in `folder`.
    pub fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new(binaries::find("care4w-twilio-double")?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(folder.join("twilio-double.log"))?);
        let mut process = Process::start("care4w-twilio-double", &mut command)?;
        let input = process.child().stdin.take().context("the double's input is a pipe")?;
        let output = process.child().stdout.take().context("the double's output is a pipe")?;
        let mut lines = JsonLines::read(output);
        let account = lines.wait(STARTING, "the double to listen", |line| line.json["url"].is_string())?;
        say::line(&format!("a double of Twilio's gateway listens at {}", account.text("url")));
        Ok(Self { process, input, account, _lines: lines })
    }

    /// What makes a server use it.
    pub fn environment(&self) -> Environment {
        let names = [
            ("ACCOUNT", "account"),
            ("KEY", "key"),
            ("SECRET", "secret"),
            ("AUTH_TOKEN", "authToken"),
            ("APPLICATION", "application"),
            ("GATEWAY_URL", "url"),
            ("API_URL", "restUrl"),
            ("VERIFY_URL", "restUrl"),
            ("VERIFY_SERVICE", "verifyService"),
        ];
        let given = names.map(|(name, field)| (format!("CARE4W_TWILIO_{name}"), self.account.text(field).to_owned()));
        let set = [("CARE4W_TWILIO_CALLER_ID", CALLER_ID), ("CARE4W_VERIFICATION", "twilio")];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
        given.into_iter().chain(set).collect()
    }

    /// Tells it where the server is that it asks.
    pub fn ask(&mut self, server: &Server) -> Result<()> {
        let url = format!("{}/api/webhooks/twilio/voice", server.url().trim_end_matches('/'));
        writeln!(self.input, "{}", serde_json::json!({ "voiceUrl": url })).context("the double is gone")
    }

    /// Where its gateway is.
    pub fn gateway(&self) -> &str {
        self.account.text("url")
    }

    /// A telephone calls a number of the account, and stays.
    pub fn telephone_calls(&mut self, from: &str, to: &str) -> Result<()> {
        writeln!(self.input, "{}", serde_json::json!({ "from": from, "to": to })).context("the double is gone")
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}
