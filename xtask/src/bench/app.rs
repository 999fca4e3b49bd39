//! The app from its start to a window that can be used, and what it takes of the memory when nothing happens; the same page in Chromium
//! beside it, in turn, on a display of the same kind. Then both in a call.

mod call;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use care4w_tests::{
    Desk, Display, Environment, Process, Server, binaries, framebuffer::Framebuffer, resources, screenshot::Area, wait,
};

use super::{Figure, Figures};
use crate::{node, program, project, say};

/// Where the window is: the app's own size, in the corner of a display on which nothing arranges windows.
const WINDOW: Area = Area { x: 0, y: 0, width: 400, height: 680 };

/// A window that did not change for so long is what it will be.
const QUIET: Duration = Duration::from_secs(2);

/// How long one may take at the most.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a window stays untouched before its memory counts.
const IDLE: Duration = Duration::from_secs(10);

/// How often each is started, after one start that warms the caches.
const STARTS: usize = 7;

pub fn measure(quick: bool) -> Result<Figures> {
    let starts = if quick { 2 } else { STARTS };
    let folder = tempfile::tempdir()?;
    let server = Server::start()?;
    let desk = Desk::set_up(&folder.path().join("desk"))?;
    let page = Page::serve(folder.path())?;
    let mut app = Command::new(binaries::find("care4w")?);
    app.args(["--server", server.url(), "--profile", "bench"]);
    let mut browser = Command::new("chromium");
    browser.args([
        "--no-sandbox",
        "--test-type",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
    ]);
    browser.arg(format!("--user-data-dir={}", folder.path().join("chromium").display()));
    browser.args(["--window-position=0,0", "--window-size=400,680", &format!("--app={}", page.url)]);

    let mut ours = (Vec::new(), Vec::new());
    let mut theirs = (Vec::new(), Vec::new());
    for round in 0..=starts {
        for (command, figures) in [(&mut app, &mut ours), (&mut browser, &mut theirs)] {
            let (shown, memory) = start(command, &desk.environment(), folder.path(), round == starts)?;
            // The first start of each reads its files from the disk.
            if round > 0 {
                figures.0.push(shown.as_secs_f64() * 1_000.0);
            }
            figures.1.extend(memory.map(|bytes| bytes as f64 / 1_048_576.0));
        }
    }
    let memory = |what: &str, samples| Figure { what: what.to_owned(), unit: "MiB", samples };
    let mut figures = vec![
        Figure::ms("start to a window that can be used", ours.0),
        Figure::ms("start to the same page in Chromium", theirs.0),
        memory("memory of all processes, idle (PSS)", ours.1),
        memory("memory of Chromium's with the same page, idle (PSS)", theirs.1),
    ];
    figures.extend(call::measure(&desk, &server, folder.path(), quick)?);
    for kind in ["deb", "rpm"] {
        let installers = project::target().join("installers/release/bundle").join(kind);
        let packages = std::fs::read_dir(installers).into_iter().flatten().flatten().map(|entry| entry.path());
        for package in packages.filter(|path| path.extension().is_some_and(|end| end == kind)) {
            let size = std::fs::metadata(package)?.len() as f64 / 1e6;
            figures.push(Figure::one(format!("size of the .{kind}, as last packaged"), "MB", size));
        }
    }
    Ok(figures)
}

/// Starts a program with a window on a display of its own; says how long it took until the window was what it stayed, and, if that is
/// asked for, what it takes of the memory.
fn start(command: &mut Command, desk: &Environment, folder: &Path, weigh: bool) -> Result<(Duration, Option<u64>)> {
    let pixels = tempfile::tempdir_in(folder)?;
    let display = Display::start_with_pixels_in(pixels.path())?;
    let framebuffer = Framebuffer::open(pixels.path())?;
    command.envs(desk.iter().cloned()).envs(of_people(&display));
    let begun = Instant::now();
    let process = Process::start_logged("the window", command, &folder.join("window.log"))?;
    let shown = framebuffer.shown_after(WINDOW, begun, QUIET, DEADLINE)?;
    let memory = if weigh {
        display.screenshot(&binaries::output_folder("bench")?.join(format!("app-{}.png", process.id())))?;
        std::thread::sleep(IDLE);
        Some(resources::memory(process.id())?)
    } else {
        None
    };
    Ok((shown, memory))
}

/// The variables of a display, but for what tests tell web views: people have them as the app itself has them.
fn of_people(display: &Display) -> Environment {
    let mut environment = display.environment();
    environment.retain(|(name, _)| !name.starts_with("WEBKIT_"));
    environment
}

/// The window's page with the stand-in for the core that it has for browsers, signed out, on a web server.
struct Page {
    url: String,
    _server: Process,
}

impl Page {
    fn serve(folder: &Path) -> Result<Self> {
        node::ensure_packages()?;
        let built: PathBuf = folder.join("page");
        say::step("building the page for a browser", || {
            let mut build = program::command("npx");
            build.args(["vite", "build", "--mode", "preview", "--outDir"]).arg(&built);
            program::run_logged(&mut build, &project::target().join("xtask/page.log"))
        })?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("python3");
        command.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(&built).arg(port.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Process::start("the page's server", &mut command)?;
        wait::until(DEADLINE, "the page's server", || {
            Ok(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()))
        })
        .context("python3 serves the page")?;
        Ok(Self { url: format!("http://127.0.0.1:{port}/#preview=signed-out"), _server: server })
    }
}
