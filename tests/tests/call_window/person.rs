//! A person at a window with two sound cards, and what the tests ask of the window.

use care4w_tests::{
    Account, AppWindow, Display, Environment, Keychain, Namespace, Process, Server, SoundServer, binaries,
    desk::own_folders, screenshot::Area, speech::Speech,
};
use tempfile::TempDir;

/// The sound card that the system uses, and one that somebody may choose.
const CARDS: [&str; 2] = ["desk", "headset"];

/// Somebody with a window and two sound cards.
pub struct Person {
    pub sound: SoundServer,
    keychain: Keychain,
    display: Display,
    pub root: TempDir,
}

impl Person {
    pub fn set_up() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self {
            sound: SoundServer::start(&CARDS).unwrap(),
            keychain: Keychain::start(&root.path().join("keychain")).unwrap(),
            display: Display::start().unwrap(),
            root,
        }
    }

    fn environment(&self) -> Environment {
        let mut environment: Environment = self.sound.environment();
        environment.extend(self.keychain.environment());
        environment.extend(self.display.environment());
        environment.extend(own_folders(self.root.path()));
        environment
    }

    /// Opens the app, creates an account and skips the question for the number.
    pub fn arrives(&self, server: &Server) -> AppWindow {
        let arguments = ["--server", server.url(), "--profile", "call"];
        let window = AppWindow::open(&arguments, &self.environment(), self.root.path()).unwrap();
        registers(&window);
        window
    }

    /// The same on a machine of a network of our own.
    pub fn arrives_in(&self, machine: &Namespace, server: &Server) -> AppWindow {
        let arguments = ["--server", server.url(), "--profile", "call"];
        let window = AppWindow::open_in(machine, &arguments, &self.environment(), self.root.path()).unwrap();
        registers(&window);
        window
    }

    /// Opens the app and signs in with an account that has a number, or was asked.
    pub fn signs_in(&self, server: &Server, account: &Account) -> AppWindow {
        let arguments = ["--server", server.url(), "--profile", "call"];
        let window = AppWindow::open(&arguments, &self.environment(), self.root.path()).unwrap();
        window.type_into("sign-in-email", &account.email).unwrap();
        window.type_into("sign-in-password", &account.password).unwrap();
        window.click("sign-in-submit").unwrap();
        window.click("phone-skip").unwrap();
        window.wait_gone("phone-modal").unwrap();
        window
    }

    /// Begins to speak into a microphone.
    pub fn speaks(&self, card: &str) -> Process {
        self.sound.speak(card, &Speech::Caller.file().unwrap()).unwrap()
    }

    /// Looks at what the window shows now: light and dark, an audit and a picture of each, and whether all of it fits
    /// into the smallest window.
    pub fn look(&self, window: &AppWindow, name: &str, found: &mut Vec<String>) {
        for theme in ["dark", "light"] {
            window.evaluate(&format!("document.documentElement.dataset.theme = '{theme}'")).unwrap();
            let violations = window.audit().unwrap();
            found.extend(violations.into_iter().map(|violation| format!("{name}, {theme}: {violation}")));
            self.picture(window, &format!("{name}-{theme}"));
        }
        window.resize(340, 520).unwrap();
        window.wait_at_rest().unwrap();
        if let Some(outside) = window.evaluate(OUTSIDE).unwrap().as_str() {
            found.push(format!("{name}, small: {outside}"));
        }
        self.picture(window, &format!("{name}-small"));
        window.resize(400, 680).unwrap();
    }

    pub fn picture(&self, window: &AppWindow, name: &str) {
        window.evaluate_later(PAINTED).unwrap();
        let size = window.evaluate("return [innerWidth, innerHeight]").unwrap();
        let (width, height): (u32, u32) = serde_json::from_value(size).unwrap();
        let folder = binaries::output_folder("screens/call").unwrap();
        let area = Area { x: 0, y: 0, width, height };
        self.display.screenshot_of(area, &folder.join(format!("{name}.png"))).unwrap();
    }
}

fn registers(window: &AppWindow) {
    let account = Account::named("Amina");
    window.click("to-register").unwrap();
    window.type_into("register-name", &account.name).unwrap();
    window.type_into("register-email", &account.email).unwrap();
    window.type_into("register-password", &account.password).unwrap();
    window.click("register-submit").unwrap();
    window.click("phone-skip").unwrap();
    window.wait_gone("phone-modal").unwrap();
}

/// Chooses a device. The keyboard's way is tried in the call; a driver's click scrolls what does not scroll for a person.
pub fn chooses(window: &AppWindow, picker: &str, id: &str) {
    window.click(picker).unwrap();
    let choose = format!(
        "if (document.querySelector('[data-testid={picker}]')?.dataset.value === '{id}') return true; \
         const choice = document.querySelector('[data-choice=\"{id}\"]'); \
         for (const type of ['pointermove', 'pointerdown', 'pointerup']) \
             choice?.dispatchEvent(new PointerEvent(type, {{ bubbles: true, pointerType: 'mouse' }})); \
         return false"
    );
    window.wait_until(&format!("“{picker}” to be {id}"), &choose).unwrap();
}

/// Waits until these words stand there; what stands instead is told.
pub fn reads(window: &AppWindow, id: &str, words: &str) {
    let waited = window.wait_for_text(id, |text| text == words);
    waited.unwrap_or_else(|error| {
        let panel = window.evaluate("return document.body.innerText").unwrap();
        panic!("{error}: “{id}” to read “{words}”: {panel}")
    });
}

const PAINTED: &str = "const done = arguments[arguments.length - 1]; \
                       requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";

/// The first thing that one cannot get to: a control of the call outside of the window, or a sheet that is cut and
/// cannot be scrolled.
const OUTSIDE: &str = "
    const sheet = document.querySelector('.sheet');
    if (sheet) {
        const box = sheet.getBoundingClientRect();
        return box.top < 0 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth ? 'the sheet' : null;
    }
    const outside = [...document.querySelectorAll('[data-testid=call-panel] :is(button, h1, p, time)')].find((e) => {
        const box = e.getBoundingClientRect();
        return !e.classList.contains('spoken') && box.width > 0
            && (box.top < 0 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth);
    });
    return outside ? outside.outerHTML : null";

pub fn wait_for_attribute(window: &AppWindow, id: &str, name: &str, value: &str) {
    let script = format!("return document.querySelector('[data-testid={id}]')?.getAttribute('{name}') === '{value}'");
    window.wait_until(&format!("“{id}” to have {name}={value}"), &script).unwrap();
}

/// Waits until a meter moves.
pub fn meter_moves(window: &AppWindow, id: &str) {
    let script =
        format!("return Number(document.querySelector('[data-testid={id}]')?.getAttribute('aria-valuenow')) > 30");
    window.wait_until(&format!("“{id}” to move"), &script).unwrap();
}
