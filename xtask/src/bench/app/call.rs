//! What the app takes of the machine in a call, and Chromium in one of a plain page, each in a window, with the same phone without one at the
//! other end: two apps would share their libraries, and each would count half of them.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use care4w_tests::{
    Account, Chromium, Cli, Desk, Display, Process, Server, Sound, binaries, chromium::Setup, cli::RunningCli,
    desk::SOUND_CARD, framebuffer::Framebuffer, resources, speech::Speech,
};

use super::{DEADLINE, Figure, Figures, QUIET, WINDOW, of_people};

/// The app's profile: not the one whose start was measured, which is signed out.
const PROFILE: &str = "calls";

/// How long a call goes on before it is looked at: what is made at its beginning is made.
const SETTLING: Duration = Duration::from_secs(10);

/// How long it is looked at.
const LENGTH: Duration = Duration::from_secs(60);

pub fn measure(desk: &Desk, server: &Server, folder: &Path, quick: bool) -> Result<Figures> {
    let length = if quick { LENGTH / 6 } else { LENGTH };
    let speech = folder.join("callee.wav");
    long(Speech::Callee, length)?.write(&speech)?;
    let callee = Cli::new(server.url(), &folder.join("callee"));
    callee.register(&Account::named("Callee"))?;
    let id = callee.care4w_id()?;
    let mut callee = callee.answer(&["--mic", &format!("file:{}", speech.display()), "--speaker", "none"])?;

    let ours = ours(desk, server, folder, &id, &mut callee, length).context("the app in a call")?;
    callee.wait_for_call("ended")?;
    let theirs = chromium(desk, server, folder, &id, &mut callee, length).context("Chromium in a call")?;
    let figures = [("the app", ours), ("Chromium with a plain page", theirs)].map(|(who, cost)| {
        [
            Figure::one(format!("memory of all processes, {who} in a call (PSS)"), "MiB", cost.memory),
            Figure::one(format!("processor, {who} in a call, of one core"), "%", cost.processor),
        ]
    });
    Ok(figures.into_iter().flatten().collect())
}

/// What an end of a call takes.
struct Cost {
    /// Of all its processes, in MiB.
    memory: f64,
    /// In percent of one core.
    processor: f64,
}

/// The app, in a profile that calls at once whoever is named to it: somebody types who they are, and then the app is started again with
/// whom to call, which is told to the one that runs. They have a number, or they would be asked for it.
fn ours(
    desk: &Desk,
    server: &Server,
    folder: &Path,
    id: &str,
    callee: &mut RunningCli,
    length: Duration,
) -> Result<Cost> {
    let caller = Account::named("Caller");
    let account = Cli::new(server.url(), &folder.join("caller"));
    account.register(&caller)?;
    account.run(&["phone", "set", "+254712345678"], "")?.success()?;
    let data = desk.folder().join(format!("data/org.care4w.desktop.profile-{PROFILE}"));
    std::fs::create_dir_all(&data)?;
    std::fs::write(data.join("settings.json"), r#"{"links/callAtOnce":true}"#)?;

    let pixels = tempfile::tempdir_in(folder)?;
    let display = Display::start_with_pixels_in(pixels.path())?;
    let framebuffer = Framebuffer::open(pixels.path())?;
    let mut command = Command::new(binaries::find("care4w")?);
    command.args(["--server", server.url(), "--profile", PROFILE]);
    command.envs(desk.environment()).envs(of_people(&display));
    let app = Process::start_logged("the app", &mut command, &folder.join("call.log"))?;
    framebuffer.shown_after(WINDOW, Instant::now(), QUIET, DEADLINE)?;
    // The focus goes from the window to the address, and from there to the password.
    keys(&display, &["key", "Tab", "type", &caller.email])?;
    keys(&display, &["key", "Tab", "type", &caller.password])?;
    keys(&display, &["key", "Return"])?;
    framebuffer.shown_after(WINDOW, Instant::now(), QUIET, DEADLINE)?;
    let mut naming = Process::start_logged("the app again", command.arg(id), &folder.join("again.log"))?;
    naming.wait_for_end(DEADLINE)?;
    weigh(desk, folder, &display, "app", app.id(), callee, length)
}

/// Chromium with a page of nothing but a call: ours is more.
fn chromium(
    desk: &Desk,
    server: &Server,
    folder: &Path,
    id: &str,
    callee: &mut RunningCli,
    length: Duration,
) -> Result<Cost> {
    let display = Display::start()?;
    let mut environment = desk.environment();
    environment.extend(of_people(&display));
    let switches = ["--window-position=0,0", "--window-size=400,680"].map(str::to_owned).into();
    let mut browser = Chromium::start(&Setup { environment, window: true, switches, ..Setup::default() })?;
    browser.sign_in(server.url(), "Browser")?;
    browser.evaluate("phone.playAloud()")?;
    browser.evaluate(&format!("phone.dial('{id}', true)"))?;
    browser.wait_for_connection()?;
    browser.evaluate("phone.speak(true)")?;
    let process = browser.process().id();
    weigh(desk, folder, &display, "chromium", process, callee, length)
}

/// Looks at a process and its descendants while both ends of its call speak.
fn weigh(
    desk: &Desk,
    folder: &Path,
    display: &Display,
    name: &str,
    process: u32,
    callee: &mut RunningCli,
    length: Duration,
) -> Result<Cost> {
    let picture = binaries::output_folder("bench")?.join(format!("call-{name}.png"));
    let heard = callee.wait("sound from the caller", |line| line.is("media"));
    if heard.is_err() {
        display.screenshot(&picture)?;
    }
    heard.with_context(|| format!("what was to be seen: {}", picture.display()))?;
    let speech = folder.join(format!("{name}.wav"));
    long(Speech::Caller, length)?.write(&speech)?;
    let _speaking = desk.sound().speak(SOUND_CARD, &speech)?;
    std::thread::sleep(SETTLING);
    let (before, begun) = (resources::cpu_time(process)?, Instant::now());
    std::thread::sleep(length);
    let (used, took) = (resources::cpu_time(process)?.saturating_sub(before), begun.elapsed());
    display.screenshot(&picture)?;
    Ok(Cost {
        memory: resources::memory(process)? as f64 / 1_048_576.0,
        processor: used.as_secs_f64() / took.as_secs_f64() * 100.0,
    })
}

/// Somebody who speaks until a call was looked at.
fn long(speech: Speech, length: Duration) -> Result<Sound> {
    let said = speech.sound()?;
    let mut all = said.clone();
    while all.length() < SETTLING + length + SETTLING {
        all = all.then(&said);
    }
    Ok(all)
}

/// Presses keys in what has the focus of a display, as a person would.
fn keys(display: &Display, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("xdotool");
    command.args(arguments).env("DISPLAY", display.name()).stdin(Stdio::null());
    if !command.status()?.success() {
        bail!("xdotool could not press keys");
    }
    Ok(())
}
