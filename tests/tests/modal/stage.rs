//! What each test stands on: a server, a person at a desk with a display of their own, and a window.

use std::path::{Path, PathBuf};

use care4w_tests::{Account, AppWindow, Cli, Desk, Display, Environment, Server, binaries, screenshot::Area};
use tempfile::TempDir;

/// A number of Kenya, as people there write it, and what it is in full.
pub const NUMBER: &str = "0712 345678";
pub const FULL: &str = "+254 712 345678";

/// A person with a window.
pub struct Person {
    pub account: Account,
    desk: Desk,
    display: Display,
    root: TempDir,
}

impl Person {
    pub fn named(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        Self {
            account: Account::named(name),
            desk: Desk::set_up(&root.path().join("desk")).unwrap(),
            display: Display::start().unwrap(),
            root,
        }
    }

    pub fn environment(&self) -> Environment {
        let mut environment = self.desk.environment();
        environment.extend(self.display.environment());
        environment
    }

    /// The folder in which the app keeps its settings.
    pub fn settings(&self) -> PathBuf {
        self.desk.folder().join("data/org.care4w.desktop.profile-modal/settings.json")
    }

    /// Opens the app.
    pub fn open(&self, server: &str) -> AppWindow {
        self.open_in(server, &Vec::new())
    }

    /// Opens the app with more variables, such as another language.
    pub fn open_in(&self, server: &str, more: &Environment) -> AppWindow {
        let mut environment = self.environment();
        environment.extend(more.clone());
        let arguments = ["--server", server, "--profile", "modal"];
        AppWindow::open(&arguments, &environment, self.desk.folder()).unwrap()
    }

    /// Opens the app, creates the account and waits for the question.
    pub fn is_asked(&self, server: &str) -> AppWindow {
        let window = self.open(server);
        self.register(&window);
        window.wait_for("phone-modal").unwrap();
        window
    }

    pub fn register(&self, window: &AppWindow) {
        window.click("to-register").unwrap();
        window.type_into("register-name", &self.account.name).unwrap();
        window.type_into("register-email", &self.account.email).unwrap();
        window.type_into("register-password", &self.account.password).unwrap();
        window.click("register-submit").unwrap();
    }

    /// The same person on another device, without a window.
    pub fn elsewhere(&self, server: &str) -> Cli {
        let cli = Cli::new(server, &self.root.path().join("elsewhere"));
        cli.login(&self.account).unwrap();
        cli
    }

    /// Somebody else, without a window.
    pub fn other(&self, server: &str, name: &str) -> Cli {
        let cli = Cli::new(server, &self.root.path().join(name));
        cli.register(&Account::named(name)).unwrap();
        cli
    }
}

pub fn set_number(cli: &Cli, number: &str, country: &str) {
    cli.run(&["phone", "set", number, "--country", country], "").unwrap().success().unwrap();
}

/// A server whose database outlives it, in `folder`, at an address that it can have again.
pub fn server_in(folder: &Path, address: &str, flags: &[&str]) -> Server {
    Server::start_in(folder, address, flags, &Vec::new()).unwrap()
}

impl Person {
    /// Looks at what the window shows now: light and dark, an audit and a picture of each. Gives what the audits found.
    #[must_use]
    pub fn look(&self, window: &AppWindow, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for theme in ["dark", "light"] {
            // As the choice in the settings does it.
            window.evaluate(&format!("document.documentElement.dataset.theme = '{theme}'")).unwrap();
            let violations = window.audit().unwrap();
            found.extend(violations.into_iter().map(|violation| format!("{name}, {theme}: {violation}")));
            self.picture(window, &format!("{name}-{theme}"));
        }
        found
    }

    /// Looks at what the window shows now in a small and a large window. Gives what does not fit.
    #[must_use]
    pub fn look_at_sizes(&self, window: &AppWindow, name: &str) -> Vec<String> {
        let mut cut = Vec::new();
        for (width, height) in [(360, 640), (1100, 760), (400, 680)] {
            window.resize(width, height).unwrap();
            window.wait_at_rest().unwrap();
            if let Some(text) = window.evaluate(CUT).unwrap().as_str() {
                cut.push(format!("{name} at {width}: {text}"));
            }
            self.picture(window, &format!("{name}-{width}"));
        }
        cut
    }

    /// What the display shows of the window, which stands in its corner. The driver's own pictures wait for something
    /// to be drawn, where nothing blinks for ever.
    fn picture(&self, window: &AppWindow, name: &str) {
        window.evaluate_later(PAINTED).unwrap();
        let size = window.evaluate("return [innerWidth, innerHeight]").unwrap();
        let (width, height): (u32, u32) = serde_json::from_value(size).unwrap();
        let folder = binaries::output_folder("screens/modal").unwrap();
        let area = Area { x: 0, y: 0, width, height };
        self.display.screenshot_of(area, &folder.join(format!("{name}.png"))).unwrap();
    }
}

/// Answers when what was changed before is painted.
const PAINTED: &str = "const done = arguments[arguments.length - 1]; \
                       requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";

/// The first text in the modal that does not fit where it stands, or a modal that does not fit into the window.
const CUT: &str = "
    const sheet = document.querySelector('.sheet');
    if (sheet.scrollHeight > sheet.clientHeight + 1) return 'the modal needs a scroll bar';
    const cut = [...sheet.querySelectorAll('p, button, h2, label, [role=status]')]
        .find((e) => !e.classList.contains('spoken') && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2));
    return cut ? `${cut.dataset.testid ?? cut.className}: ${cut.textContent.trim()}` : null";
