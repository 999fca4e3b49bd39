//! What the tests of the desktop stand on: a person at a desk with a display of their own, the app in a window or
//! without a driver, and the same program started once more.
// Each test program uses its part.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use care4w_tests::{
    Account, AppWindow, Cli, Desk, Display, Environment, Process, Server, binaries, process, screenshot::Area, wait,
};
use tempfile::TempDir;

/// For what another process does.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A person with a computer.
pub struct Person {
    pub account: Account,
    pub display: Display,
    pub desk: Desk,
    profile: &'static str,
    folder: TempDir,
}

impl Person {
    pub fn named(name: &str, profile: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            account: Account::named(name),
            display: Display::start().unwrap(),
            desk: Desk::set_up(&folder.path().join("desk")).unwrap(),
            profile,
            folder,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn environment(&self) -> Environment {
        let mut environment = self.desk.environment();
        environment.extend(self.display.environment());
        environment
    }

    /// Where the app keeps what is this profile's.
    pub fn data(&self) -> PathBuf {
        self.desk.folder().join(format!("data/org.care4w.desktop.profile-{}", self.profile))
    }

    /// Opens the app with a driver.
    pub fn opens(&self, server: &Server, more: &[&str]) -> AppWindow {
        self.opens_profile(server, self.profile, more)
    }

    /// Opens the app of another profile.
    pub fn opens_profile(&self, server: &Server, profile: &str, more: &[&str]) -> AppWindow {
        let arguments = [&["--server", server.url(), "--profile", profile], more].concat();
        AppWindow::open(&arguments, &self.environment(), &self.desk.folder().join(profile)).unwrap()
    }

    /// Opens the app, creates the account and skips the question for the number.
    pub fn arrives(&self, server: &Server) -> AppWindow {
        let window = self.opens(server, &[]);
        registers(&window, &self.account);
        window
    }

    /// Starts the app without a driver, as a menu or the system does.
    pub fn starts(&self, server: &Server, more: &[&str]) -> Process {
        self.starts_profile(server, self.profile, more)
    }

    fn starts_profile(&self, server: &Server, profile: &str, more: &[&str]) -> Process {
        let mut command = Command::new(binaries::find("care4w").unwrap());
        command.args(["--server", server.url(), "--profile", profile]).args(more);
        command.envs(self.environment());
        Process::start_logged("care4w", &mut command, &self.folder.path().join("care4w.log")).unwrap()
    }

    /// Starts the app once more: it hands over what it was started with, and ends well.
    pub fn starts_again(&self, server: &Server, more: &[&str]) {
        self.starts_profile_again(server, self.profile, more);
    }

    pub fn starts_profile_again(&self, server: &Server, profile: &str, more: &[&str]) {
        let mut second = self.starts_profile(server, profile, more);
        let ended = second.wait_for_end(PATIENCE).unwrap();
        assert!(ended.success(), "the second start hands over and ends well: {ended}");
    }

    /// Somebody else, without a window.
    pub fn other(&self, server: &Server, account: &Account) -> Cli {
        let cli = Cli::new(server.url(), &self.folder.path().join(account.email.replace('@', "-")));
        cli.register(account).unwrap();
        cli
    }

    /// The process of the app that runs at this desk.
    pub fn process_of_app(&self) -> u32 {
        let bus = self.desk.environment().into_iter().find(|(name, _)| name == "DBUS_SESSION_BUS_ADDRESS").unwrap().1;
        wait::until(PATIENCE, "the app's process", || {
            let processes = std::fs::read_dir("/proc")?.filter_map(Result::ok);
            let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
            let mut ours = ids.filter(|id| {
                let is_app = std::fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|path| path.ends_with("care4w"));
                let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
                is_app && String::from_utf8_lossy(&environment).contains(&bus)
            });
            Ok(ours.next())
        })
        .unwrap()
    }

    /// Which program is the app that runs at this desk, as its own file system names it.
    pub fn program_of_app(&self) -> PathBuf {
        std::fs::read_link(format!("/proc/{}/exe", self.process_of_app())).unwrap()
    }

    /// Ends the app as a power cut would.
    pub fn kills_app(&self) {
        let id = self.process_of_app();
        process::end_now(id);
        wait::until(PATIENCE, "the app to be gone", || {
            Ok(std::fs::read_link(format!("/proc/{id}/exe")).is_err().then_some(()))
        })
        .unwrap();
    }

    /// Looks at what the window shows now: light and dark, in a small and a large window, with an audit and a picture of
    /// each. Gives what is wrong.
    #[must_use]
    pub fn looks(&self, window: &AppWindow, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (width, height) in [(340, 520), (1100, 760), (400, 680)] {
            window.resize(width, height).unwrap();
            for theme in ["dark", "light"] {
                window.evaluate(&format!("document.documentElement.dataset.theme = '{theme}'")).unwrap();
                let violations = window.audit().unwrap();
                found.extend(violations.into_iter().map(|what| format!("{name}, {theme}, {width}: {what}")));
                self.picture(window, &format!("{name}-{width}-{theme}"));
            }
        }
        found
    }

    fn picture(&self, window: &AppWindow, name: &str) {
        window.evaluate_later(PAINTED).unwrap();
        let size = window.evaluate("return [innerWidth, innerHeight]").unwrap();
        let (width, height): (u32, u32) = serde_json::from_value(size).unwrap();
        let folder = binaries::output_folder("screens/desktop").unwrap();
        let area = Area { x: 0, y: 0, width, height };
        self.display.screenshot_of(area, &folder.join(format!("{name}.png"))).unwrap();
    }
}

/// Creates the account and skips the question for the number.
pub fn registers(window: &AppWindow, account: &Account) {
    window.click("to-register").unwrap();
    window.type_into("register-name", &account.name).unwrap();
    window.type_into("register-email", &account.email).unwrap();
    window.type_into("register-password", &account.password).unwrap();
    window.click("register-submit").unwrap();
    window.click("phone-skip").unwrap();
    window.wait_gone("phone-modal").unwrap();
}

/// Answers when what was changed before is painted.
const PAINTED: &str = "const done = arguments[arguments.length - 1]; \
                       requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";

/// Somebody who arranges the windows of a display.
pub fn openbox(person: &Person) -> Process {
    let mut command = Command::new("openbox");
    command.arg("--sm-disable").envs(person.environment());
    let openbox = Process::start_logged("openbox", &mut command, &person.folder().join("openbox.log")).unwrap();
    wait::until(PATIENCE, "the window manager", || Ok(at(&person.display, "wmctrl", &["-m"]).map(drop))).unwrap();
    openbox
}

/// Runs a program at a display and gives what it prints, if it ends well.
pub fn at(display: &Display, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .env("DISPLAY", display.name())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
