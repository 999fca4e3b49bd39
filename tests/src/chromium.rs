//! Headless Chromium with one page that is a phone: a Care4W one, of a plain `RTCPeerConnection` and our server's signalling,
//! or one of Twilio's own SDK.
//!
//! The browser is told what to do over its DevTools protocol on two pipes, so that it runs in a network namespace too.
//! Its microphone plays a WAV file from the moment the page speaks; what it hears is recorded in the page.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Environment, Process, Sound, binaries, http, json_lines::Line, namespace::Namespace, server::last_lines};

/// What stands on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// `chromium/phone.html`.
    #[default]
    Phone,
    /// `chromium/twilio.html`, with `@twilio/voice-sdk` as it was published.
    TwilioSdk,
}

impl Page {
    /// Puts it into a folder, with what it loads; gives its file.
    fn lay_out(self, folder: &Path) -> Result<PathBuf> {
        let page = folder.join("phone.html");
        match self {
            Self::Phone => fs::write(&page, include_str!("chromium/phone.html"))?,
            Self::TwilioSdk => {
                fs::write(&page, include_str!("chromium/twilio.html"))?;
                let library = binaries::project().join("node_modules/@twilio/voice-sdk/dist/twilio.min.js");
                fs::copy(&library, folder.join("twilio.js"))
                    .context("@twilio/voice-sdk is missing: npm ci installs it")?;
            }
        }
        Ok(page)
    }
}

/// How long anything that the page does may take.
const DEADLINE: Duration = Duration::from_secs(40);

/// How a browser is started.
#[derive(Default)]
pub struct Setup<'a> {
    /// What its microphone picks up (WAV); without one it uses the system's sound devices.
    pub microphone: Option<&'a Path>,
    /// Where in the network it stands; the machine itself without one.
    pub namespace: Option<&'a Namespace>,
    /// More variables.
    pub environment: Environment,
    /// What its page is.
    pub page: Page,
    /// Shows the page, and nothing else, in a window on the display that the variables name.
    pub window: bool,
    /// More of Chromium's switches.
    pub switches: Vec<String>,
}

/// A running browser and its page.
pub struct Chromium {
    process: Process,
    to: ChildStdin,
    from: Receiver<Value>,
    waiting: VecDeque<Value>,
    session: String,
    next: u64,
    folder: TempDir,
}

impl Chromium {
    /// Starts one and opens the page.
    pub fn start(setup: &Setup<'_>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("c4w-chromium-").tempdir()?;
        let page = setup.page.lay_out(folder.path())?;
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let mut arguments: Vec<String> = [
            "--no-sandbox",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--autoplay-policy=no-user-gesture-required",
            "--use-fake-ui-for-media-stream",
            "--remote-debugging-pipe",
            &profile,
        ]
        .map(str::to_owned)
        .into();
        if !setup.window {
            arguments.extend(["--headless=new", "--disable-gpu"].map(str::to_owned));
        }
        if let Some(microphone) = setup.microphone {
            arguments.push("--use-fake-device-for-media-stream".to_owned());
            arguments.push(format!("--use-file-for-fake-audio-capture={}%noloop", microphone.display()));
        }
        arguments.extend(setup.switches.iter().cloned());
        arguments.push("about:blank".to_owned());
        // The browser's ends of its pipes are the descriptors 3 and 4.
        let mut command = match setup.namespace {
            Some(namespace) => namespace.command("sh"),
            None => Command::new("sh"),
        };
        command.args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >&2", "chromium"]).args(arguments);
        command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
        let log = folder.path().join("chromium.log");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut process = Process::start("chromium", &mut command)?;
        let to = process.child().stdin.take().context("the browser's input is a pipe")?;
        let output = process.child().stdout.take().context("the browser's output is a pipe")?;
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(output).split(0) {
                let Ok(message) = message else { break };
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self { process, to, from, waiting: VecDeque::new(), session: String::new(), next: 0, folder };
        browser.open(&page, setup.window).with_context(|| format!("chromium: {}", last_lines(&log)))?;
        Ok(browser)
    }

    fn open(&mut self, page: &Path, alone: bool) -> Result<()> {
        let others = self.command("Target.getTargets", json!({}))?;
        let target = self.command("Target.createTarget", json!({ "url": format!("file://{}", page.display()) }))?;
        for other in
            others["targetInfos"].as_array().into_iter().flatten().filter(|other| alone && other["type"] == "page")
        {
            self.command("Target.closeTarget", json!({ "targetId": other["targetId"] }))?;
        }
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.command("Target.attachToTarget", attach)?;
        self.session = attached["sessionId"].as_str().context("a page has a session")?.to_owned();
        crate::wait::until(DEADLINE, "the page to be loaded", || {
            Ok((self.evaluate("typeof phone === 'object' && document.readyState === 'complete'")? == true)
                .then_some(()))
        })
    }

    /// The browser's process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The value of an expression of the page; a promise is waited for.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let request = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.command("Runtime.evaluate", request)?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            let shown = thrown["exception"]["description"].as_str().or(thrown["text"].as_str()).unwrap_or_default();
            bail!("{expression}: {shown}");
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Signs the page in as a new user of the server at `url`; gives the user's care4wId.
    pub fn sign_in(&mut self, url: &str, name: &str) -> Result<String> {
        let email = format!("{}@example.org", name.to_lowercase());
        let body = json!({ "email": email, "password": "correct horse battery", "displayName": name });
        let answer = http::post(&format!("{url}/api/auth/register"), &body)?;
        let data = &answer.body["data"];
        let token = data["accessToken"].as_str().with_context(|| format!("not registered: {}", answer.body))?;
        self.evaluate(&format!("phone.connect({}, {})", json!(url.replacen("http", "ws", 1)), json!(token)))?;
        Ok(data["user"]["care4wId"].as_str().context("a user has a care4wId")?.to_owned())
    }

    /// Waits until the page's connection carries sound.
    pub fn wait_for_connection(&mut self) -> Result<()> {
        self.evaluate("phone.connected()").map(drop)
    }

    /// What the page heard since `phone.record()`.
    pub fn heard(&mut self) -> Result<Sound> {
        let text = self.evaluate("phone.recorded()")?;
        let bytes = base64(text.as_str().context("a recording is text")?)?;
        let samples = bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0);
        Ok(Sound { rate: 48_000, samples: samples.collect() })
    }

    /// The same, as soon as there is half a second of it that is not silent.
    pub fn wait_for_sound(&mut self) -> Result<Sound> {
        crate::wait::until(DEADLINE, "the page to hear something", || {
            let mut heard = self.heard()?;
            let from = heard.samples.iter().position(|sample| sample.abs() > 0.01).unwrap_or(heard.samples.len());
            heard.samples.drain(..from);
            Ok((heard.length() >= Duration::from_millis(500)).then_some(heard))
        })
    }

    /// Figures of the browser's own `getStats`.
    pub fn stats(&mut self) -> Result<Line> {
        Ok(Line { at: Instant::now(), json: self.evaluate("phone.stats()")? })
    }

    fn command(&mut self, method: &str, params: Value) -> Result<Value> {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).context("the browser is gone")?;
        let end = Instant::now() + DEADLINE;
        loop {
            match self.from.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(answer) if answer["id"] == self.next => {
                    if let Some(error) = answer.get("error") {
                        bail!("{method}: {error}");
                    }
                    return Ok(answer["result"].clone());
                }
                // Events of the browser, which nobody asked for.
                Ok(event) => {
                    self.waiting.push_back(event);
                    self.waiting.truncate(100);
                }
                Err(RecvTimeoutError::Timeout) => bail!("waited {DEADLINE:?} for the browser: {}", short(&params)),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the browser ended: {}", last_lines(&self.folder.path().join("chromium.log")))
                }
            }
        }
    }
}

fn short(params: &Value) -> String {
    params.to_string().chars().take(200).collect()
}

/// Reads standard base64 with padding, which is what a page's `btoa` writes.
fn base64(text: &str) -> Result<Vec<u8>> {
    let value = |byte: u8| -> Result<u32> {
        Ok(u32::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => bail!("not base64"),
        }))
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0;
        for &byte in group {
            bits = bits << 6 | value(byte)?;
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length_is_read() {
        for (text, bytes) in
            [("", &b""[..]), ("AA==", b"\0"), ("Zm8=", b"fo"), ("Zm9v", b"foo"), ("+/+/Zg==", b"\xfb\xff\xbff")]
        {
            assert_eq!(base64(text).unwrap(), bytes, "{text}");
        }
        assert!(base64("@@@@").is_err());
    }
}
