//! One real window of the app, driven through WebDriver by `data-testid`.

mod audit;
mod keys;
mod windows;

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::NewSessionError};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{Environment, Process, binaries, server::last_lines};

pub use keys::Key;

/// How long anything in a window may take to come about.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often a condition in a window is asked for: each time is a round trip through the web view.
const INTERVAL: Duration = Duration::from_millis(50);

/// The app with its window, and the driver that holds it.
pub struct AppWindow {
    runtime: Runtime,
    client: Option<Client>,
    log: PathBuf,
    _driver: Process,
}

impl AppWindow {
    /// Opens the app with `arguments` (`--server URL --profile NAME`) and waits for its page.
    ///
    /// `folder` takes the driver's log. The environment is the desk's and the display's.
    pub fn open(arguments: &[&str], environment: &Environment, folder: &Path) -> Result<Self> {
        Self::open_program(&binaries::find("care4w")?, arguments, environment, folder)
    }

    /// Opens the app by a program that starts it, and that runs as long as the app is wanted.
    pub fn open_program(program: &Path, arguments: &[&str], environment: &Environment, folder: &Path) -> Result<Self> {
        Self::open_with(Command::new(tauri_driver()?), two_free_ports()?, program, arguments, environment, folder)
    }

    /// The same in a network namespace. The server must have been brought there.
    #[cfg(target_os = "linux")]
    pub fn open_in(
        namespace: &crate::Namespace,
        arguments: &[&str],
        environment: &Environment,
        folder: &Path,
    ) -> Result<Self> {
        let ports = two_free_ports()?;
        namespace.open_out(ports.0)?;
        let mut driver = namespace.command("");
        driver = {
            let mut command = Command::new(driver.get_program());
            command.args(driver.get_args().filter(|word| !word.is_empty())).arg(tauri_driver()?);
            command
        };
        Self::open_with(driver, ports, &binaries::find("care4w")?, arguments, environment, folder)
    }

    fn open_with(
        mut driver: Command,
        (port, native_port): (u16, u16),
        program: &Path,
        arguments: &[&str],
        environment: &Environment,
        folder: &Path,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let log = folder.join("window.log");
        let driver = Process::start(
            "tauri-driver",
            driver
                .args(["--port", &port.to_string(), "--native-port", &native_port.to_string()])
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .stdin(Stdio::null())
                .stdout(File::create(&log)?)
                .stderr(File::options().append(true).open(&log)?),
        )?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let options = json!({ "application": program, "args": arguments });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("tauri:options".into(), options);
        let client = runtime.block_on(connect(port, capabilities)).with_context(|| last_lines(&log))?;
        Ok(Self { runtime, client: Some(client), log, _driver: driver })
    }

    fn client(&self) -> Result<&Client> {
        self.client.as_ref().context("the window is closed")
    }

    /// Waits for the control `id` to be seen.
    pub fn wait_for(&self, id: &str) -> Result<()> {
        self.until(&format!("“{id}” to be seen"), async |client| Ok(seen(client, id).await?.then_some(())))
    }

    /// Waits until the control `id` is not to be seen.
    pub fn wait_gone(&self, id: &str) -> Result<()> {
        self.until(&format!("“{id}” to go"), async |client| Ok((!seen(client, id).await?).then_some(())))
    }

    /// Whether the control `id` is to be seen now.
    pub fn sees(&self, id: &str) -> Result<bool> {
        let client = self.client()?;
        self.runtime.block_on(seen(client, id))
    }

    /// Clicks the control `id` once it is there and enabled.
    pub fn click(&self, id: &str) -> Result<()> {
        self.until(&format!("“{id}” to be clicked"), async |client| {
            let Some(element) = find(client, id).await? else { return Ok(None) };
            if !(element.is_displayed().await? && element.is_enabled().await?) {
                return Ok(None);
            }
            // A control that moves or is covered for a moment takes no click; the next try does.
            Ok(element.click().await.ok())
        })
    }

    /// Empties the field `id` and types `text` into it.
    pub fn type_into(&self, id: &str, text: &str) -> Result<()> {
        self.until(&format!("“{id}” to be typed into"), async |client| {
            let Some(element) = find(client, id).await? else { return Ok(None) };
            if !(element.is_displayed().await? && element.is_enabled().await?) {
                return Ok(None);
            }
            element.clear().await?;
            element.send_keys(text).await?;
            Ok(Some(()))
        })
    }

    /// The text of the control `id`, waited for; of a field, what is in it.
    pub fn text(&self, id: &str) -> Result<String> {
        self.until(&format!("“{id}”"), async |client| {
            let Some(element) = find(client, id).await? else { return Ok(None) };
            let value = element.prop("value").await?.unwrap_or_default();
            Ok(Some(if value.is_empty() { element.text().await? } else { value }))
        })
    }

    /// Waits until the text of the control `id` is `wanted`.
    pub fn wait_for_text(&self, id: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        self.until(&format!("the text of “{id}”"), async |client| {
            let Some(element) = find(client, id).await? else { return Ok(None) };
            let text = element.text().await?;
            Ok(wanted(&text).then_some(text))
        })
    }

    /// Waits until what is in the field `id` is `wanted`.
    pub fn wait_for_value(&self, id: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        self.until(&format!("the value of “{id}”"), async |client| {
            let Some(element) = find(client, id).await? else { return Ok(None) };
            let value = element.prop("value").await?.unwrap_or_default();
            Ok(wanted(&value).then_some(value))
        })
    }

    /// Waits until the `data-state` of the control `id` is one of `states`, and gives it.
    pub fn wait_for_state(&self, id: &str, states: &[&str]) -> Result<String> {
        self.until(&format!("“{id}” to be {}", states.join(" or ")), async |client| {
            let Some(element) = find(client, id).await? else { return Ok(None) };
            let state = element.attr("data-state").await?.unwrap_or_default();
            Ok(states.contains(&state.as_str()).then_some(state))
        })
    }

    /// An attribute of the control `id` as it is now.
    pub fn attribute(&self, id: &str, name: &str) -> Result<Option<String>> {
        let client = self.client()?;
        self.runtime.block_on(async {
            match find(client, id).await? {
                Some(element) => Ok(element.attr(name).await?),
                None => Ok(None),
            }
        })
    }

    /// Runs JavaScript in the page and gives what it returns.
    pub fn evaluate(&self, script: &str) -> Result<Value> {
        let client = self.client()?;
        self.runtime.block_on(in_time(async { Ok(client.execute(script, Vec::new()).await?) }))
    }

    /// Runs JavaScript in the page and gives what it hands to the function that is its last argument.
    pub fn evaluate_later(&self, script: &str) -> Result<Value> {
        let client = self.client()?;
        self.runtime.block_on(in_time(async { Ok(client.execute_async(script, Vec::new()).await?) }))
    }

    /// Has a script of the page ask for a command of the app; gives `answered`, or how it is refused.
    pub fn invokes(&self, command: &str, arguments: &str) -> Result<String> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             window.__TAURI_INTERNALS__.invoke('{command}', {arguments}) \
                 .then(() => done('answered'), (error) => done(String(error)))"
        );
        Ok(self.evaluate_later(&script)?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a script of the page gives true.
    pub fn wait_until(&self, what: &str, script: &str) -> Result<()> {
        self.until(what, async |client| Ok((client.execute(script, Vec::new()).await? == true).then_some(())))
    }

    /// Makes the window this large, in pixels.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let client = self.client()?;
        self.runtime.block_on(in_time(async { Ok(client.set_window_size(width, height).await?) }))?;
        // The page learns of it later than the window.
        self.wait_until("the page to be resized", &format!("return innerWidth === {width}"))
    }

    /// Saves a picture of the page as PNG.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let client = self.client()?;
        let picture = self.runtime.block_on(in_time(async { Ok(client.screenshot().await?) }))?;
        Ok(std::fs::write(file, picture)?)
    }

    /// What the app logged on its terminal.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// Closes the window and ends the app, as quitting does.
    pub fn close(mut self) -> Result<()> {
        let client = self.client.take().context("the window is closed")?;
        Ok(self.runtime.block_on(client.close())?)
    }

    /// Asks for `condition` until it gives a value. A stale element or a page in change is asked again.
    fn until<T>(&self, what: &str, condition: impl AsyncFn(&Client) -> Result<Option<T>>) -> Result<T> {
        let client = self.client()?;
        self.runtime.block_on(async {
            let start = Instant::now();
            loop {
                let last = in_time(condition(client)).await;
                if let Ok(Some(value)) = last {
                    return Ok(value);
                }
                if start.elapsed() > DEADLINE {
                    let error = last.err().map(|error| format!(": {error:#}")).unwrap_or_default();
                    bail!("waited {} s for {what}{error}\n{}", DEADLINE.as_secs(), last_lines(&self.log));
                }
                tokio::time::sleep(INTERVAL).await;
            }
        })
    }
}

impl Drop for AppWindow {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), client.close()).await });
        }
    }
}

/// A driver that never answers must not hold up a test for ever.
async fn in_time<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(DEADLINE, answer).await.context("the driver does not answer")?
}

async fn connect(port: u16, capabilities: serde_json::Map<String, Value>) -> Result<Client> {
    let address = format!("http://127.0.0.1:{port}");
    let start = Instant::now();
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder.capabilities(capabilities.clone()).connect(&address).await {
            Ok(client) => return Ok(client),
            // Until the drivers listen there is nobody to talk to.
            Err(NewSessionError::Lost(_) | NewSessionError::Failed(_) | NewSessionError::FailedC(_))
                if start.elapsed() < DEADLINE =>
            {
                tokio::time::sleep(INTERVAL).await;
            }
            Err(error) => bail!("no window: {error}"),
        }
    }
}

async fn find(client: &Client, id: &str) -> Result<Option<Element>> {
    let selector = format!("[data-testid=\"{id}\"]");
    Ok(client.find_all(Locator::Css(&selector)).await?.into_iter().next())
}

async fn seen(client: &Client, id: &str) -> Result<bool> {
    match find(client, id).await? {
        // One that vanished between the two questions is not seen.
        Some(element) => Ok(element.is_displayed().await.unwrap_or(false)),
        None => Ok(false),
    }
}

/// The driver that xtask installs under `target/`, or the one on the path.
fn tauri_driver() -> Result<PathBuf> {
    let target = binaries::folder()?.parent().context("binaries lie in a profile's folder")?.to_owned();
    let own = target.join("tools/bin/tauri-driver");
    Ok(if own.is_file() { own } else { "tauri-driver".into() })
}

/// Two ports that are free now. The driver takes numbers only, so another program could be faster; it is not, in practice.
fn two_free_ports() -> Result<(u16, u16)> {
    let (one, two) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok((one.local_addr()?.port(), two.local_addr()?.port()))
}
