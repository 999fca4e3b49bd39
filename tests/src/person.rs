//! Somebody at a computer of their own, with the app in a window of it.
//!
//! What goes wrong here is a test's failure, and ends it where it stands: unlike the rest of the harness this gives no
//! errors to anybody.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod program;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{
    Account, AppWindow, Cli, Desk, Display, Environment, Process, Server, binaries, desk::SOUND_CARD, screenshot::Area,
    speech::Speech,
};

/// A person with a desk, a display and an account that they may create.
pub struct Person {
    /// Who they are to a server.
    pub account: Account,
    /// What their windows are on: one that lies under another one is not painted, so each person has their own.
    pub display: Display,
    /// Their sound cards, keychain and folders.
    pub desk: Desk,
    profile: &'static str,
    folder: TempDir,
}

impl Person {
    /// Somebody with one sound card. `profile` is the one of the app that they use.
    pub fn named(name: &str, profile: &'static str) -> Self {
        Self::with_cards(name, profile, &[SOUND_CARD])
    }

    /// Somebody with these sound cards, the first of which the system uses.
    pub fn with_cards(name: &str, profile: &'static str, cards: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            account: Account::named(name),
            display: Display::start().unwrap(),
            desk: Desk::set_up_with(&folder.path().join("desk"), cards).unwrap(),
            profile,
            folder,
        }
    }

    /// What is kept of them until the test is over.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For processes that shall run at their desk and open windows on their display.
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

    /// The same on a machine of a network of our own, to which the server was brought.
    #[cfg(target_os = "linux")]
    pub fn opens_in(&self, machine: &crate::Namespace, server: &Server) -> AppWindow {
        let arguments = ["--server", server.url(), "--profile", self.profile];
        AppWindow::open_in(machine, &arguments, &self.environment(), self.desk.folder()).unwrap()
    }

    /// Opens the app, creates the account and skips the question for the number.
    pub fn arrives(&self, server: &Server) -> AppWindow {
        let window = self.opens(server, &[]);
        window.arrives(&self.account);
        window
    }

    /// Begins to speak into a microphone.
    pub fn speaks(&self, card: &str) -> Process {
        self.desk.sound().speak(card, &Speech::Caller.file().unwrap()).unwrap()
    }

    /// Somebody else, without a window.
    pub fn other(&self, server: &Server, account: &Account) -> Cli {
        let cli = Cli::new(server.url(), &self.folder.path().join(account.email.replace('@', "-")));
        cli.register(account).unwrap();
        cli
    }

    /// Looks at what the window shows now, in light and dark, with an audit and a picture of each. Gives what is wrong.
    ///
    /// `name` is the pictures' below `target/system-tests/screens`.
    #[must_use]
    pub fn looks(&self, window: &AppWindow, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for theme in ["dark", "light"] {
            // As the choice in the settings does it.
            window.evaluate(&format!("document.documentElement.dataset.theme = '{theme}'")).unwrap();
            let violations = window.audit().unwrap();
            found.extend(violations.into_iter().map(|what| format!("{name}, {theme}: {what}")));
            self.picture(window, &format!("{name}-{theme}"));
        }
        found
    }

    /// The same in a small and a large window, and in the usual one last.
    #[must_use]
    pub fn looks_at_sizes(&self, window: &AppWindow, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (width, height) in [(340, 520), (1100, 760), (400, 680)] {
            window.resize(width, height).unwrap();
            found.extend(self.looks(window, &format!("{name}-{width}")));
        }
        found
    }

    /// Takes a picture of what the window shows now.
    pub fn picture(&self, window: &AppWindow, name: &str) {
        window.evaluate_later(PAINTED).unwrap();
        let size = window.evaluate("return [innerWidth, innerHeight]").unwrap();
        let (width, height): (u32, u32) = serde_json::from_value(size).unwrap();
        let file = binaries::output_folder("screens").unwrap().join(format!("{name}.png"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        self.display.screenshot_of(Area { x: 0, y: 0, width, height }, &file).unwrap();
    }
}

/// Answers when what was changed before is painted.
const PAINTED: &str = "const done = arguments[arguments.length - 1]; \
                       requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";

impl AppWindow {
    /// Creates the account; the question for the number comes.
    pub fn registers(&self, account: &Account) {
        self.click("to-register").unwrap();
        self.type_into("register-name", &account.name).unwrap();
        self.type_into("register-email", &account.email).unwrap();
        self.type_into("register-password", &account.password).unwrap();
        self.click("register-submit").unwrap();
        self.wait_for("phone-modal").unwrap();
    }

    /// Signs in with an account that is there already.
    pub fn signs_in(&self, account: &Account) {
        self.type_into("sign-in-email", &account.email).unwrap();
        self.type_into("sign-in-password", &account.password).unwrap();
        self.click("sign-in-submit").unwrap();
    }

    /// Answers the question for the number with a word that there is none.
    pub fn skips_number(&self) {
        self.click("phone-skip").unwrap();
        self.wait_gone("phone-modal").unwrap();
    }

    /// Chooses a device. The keyboard's way is tried in the call; a driver's click scrolls what does not scroll for a person.
    pub fn chooses_device(&self, picker: &str, id: &str) {
        self.click(picker).unwrap();
        let choose = format!(
            "if (document.querySelector('[data-testid={picker}]')?.dataset.value === '{id}') return true; \
             const choice = document.querySelector('[data-choice=\"{id}\"]'); \
             for (const type of ['pointermove', 'pointerdown', 'pointerup']) \
                 choice?.dispatchEvent(new PointerEvent(type, {{ bubbles: true, pointerType: 'mouse' }})); \
             return false"
        );
        self.wait_until(&format!("“{picker}” to be {id}"), &choose).unwrap();
    }

    /// Creates the account and skips the question for the number.
    pub fn arrives(&self, account: &Account) {
        self.registers(account);
        self.skips_number();
    }
}
