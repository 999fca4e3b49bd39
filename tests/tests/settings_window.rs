//! Owning one's identity, in the real window: who finds one, whom one blocks, name, password, signing out everywhere,
//! a forgotten password, the end of the account. Pictures of every screen are kept under
//! `target/system-tests/screens/identity`, to be looked at.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use care4w_tests::{
    Account, AppWindow, Cli, Desk, Display, Gate, Key, Server, binaries, cli::RunningCli, screenshot::Area, wait,
};
use serde_json::Value;
use tempfile::TempDir;

const NUMBER: &str = "0712 345 678";
const FULL: &str = "+254712345678";
const SETTINGS: &str = "/api/users/settings";
const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];
const NEW_PASSWORD: &str = "another long passphrase";

/// Amina at her desk, and the people who know her, on one server.
struct Town {
    server: Server,
    gate: Gate,
    amina: Account,
    desk: Desk,
    display: Display,
    folder: TempDir,
    faults: Vec<String>,
}

impl Town {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().unwrap();
        Self {
            gate: Gate::before(server.url()).unwrap(),
            server,
            amina: Account::named("Amina"),
            desk: Desk::set_up(&folder.path().join("desk")).unwrap(),
            display: Display::start().unwrap(),
            folder,
            faults: Vec::new(),
        }
    }

    fn open(&self) -> AppWindow {
        let mut environment = self.desk.environment();
        environment.extend(self.display.environment());
        let arguments = ["--server", self.gate.url(), "--profile", "identity"];
        AppWindow::open(&arguments, &environment, self.desk.folder()).unwrap()
    }

    /// A profile that nobody uses yet, without a window.
    fn phone(&self, name: &str) -> Cli {
        Cli::new(self.server.url(), &self.folder.path().join(name))
    }

    fn person(&self, name: &str) -> Cli {
        let cli = self.phone(name);
        cli.register(&Account::named(name)).unwrap();
        cli
    }

    /// Looks at what the window shows now, in light and dark: an audit and a picture of each.
    fn look(&mut self, window: &AppWindow, name: &str) {
        for theme in ["dark", "light"] {
            // As the choice in the settings does it.
            window.evaluate(&format!("document.documentElement.dataset.theme = '{theme}'")).unwrap();
            let violations = window.audit().unwrap();
            self.faults.extend(violations.into_iter().map(|violation| format!("{name}, {theme}: {violation}")));
            self.picture(window, &format!("{name}-{theme}"));
        }
    }

    /// The same in a small and a large window too; notes what does not fit.
    fn look_at_sizes(&mut self, window: &AppWindow, name: &str) {
        for (width, height) in [(360, 640), (1000, 700), (400, 680)] {
            window.resize(width, height).unwrap();
            window.wait_at_rest().unwrap();
            if let Some(text) = window.evaluate(CUT).unwrap().as_str() {
                self.faults.push(format!("{name} at {width}: {text}"));
            }
            self.picture(window, &format!("{name}-{width}"));
        }
        self.look(window, name);
    }

    /// A sheet in a small window and in the usual one; notes what does not fit.
    fn look_at_sizes_of_sheet(&mut self, window: &AppWindow, name: &str) {
        let scrolls =
            "const sheet = document.querySelector('.sheet'); return sheet.scrollHeight > sheet.clientHeight + 1";
        self.look_at_sizes(window, name);
        if window.evaluate(scrolls).unwrap() == true {
            self.faults.push(format!("{name}: the sheet needs a scroll bar"));
        }
    }

    fn picture(&self, window: &AppWindow, name: &str) {
        window.evaluate_later(PAINTED).unwrap();
        let size = window.evaluate("return [innerWidth, innerHeight]").unwrap();
        let (width, height): (u32, u32) = serde_json::from_value(size).unwrap();
        let folder = binaries::output_folder("screens/identity").unwrap();
        let area = Area { x: 0, y: 0, width, height };
        self.display.screenshot_of(area, &folder.join(format!("{name}.png"))).unwrap();
    }
}

/// Answers when what was changed before is painted.
const PAINTED: &str = "const done = arguments[arguments.length - 1]; \
                       requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";

/// The first text that does not fit where it stands.
const CUT: &str = "
    const inside = document.querySelector('.sheet') ?? document.querySelector('.settings-page, .entrance');
    const cut = [...inside.querySelectorAll('p, button, h1, h2, label, li')]
        .find((e) => !e.classList.contains('spoken') && e.scrollWidth > e.clientWidth + 1);
    return cut ? `${cut.dataset.testid ?? cut.className}: ${cut.textContent.trim()}` : null";

fn done(cli: &Cli, arguments: &[&str]) -> Value {
    cli.run(arguments, "").unwrap().success().unwrap().json().unwrap()
}

fn calls(cli: &Cli, whom: &str) -> RunningCli {
    cli.call(whom, &[&["--country", "KE"], &SILENT[..]].concat()).unwrap()
}

fn says(window: &AppWindow, id: &str, words: &str) {
    window.wait_for_text(id, |text| text.contains(words)).unwrap_or_else(|error| {
        panic!("“{id}” does not say “{words}”, but “{}”: {error}", window.text(id).unwrap_or_default())
    });
}

/// What the newest call's entry says. The driver takes its two columns to be out of sight, where they are not.
fn recents_say(window: &AppWindow, words: &str) {
    let says = format!("return document.querySelector('[data-testid=history-item]')?.innerText.includes('{words}')");
    window.wait_until(&format!("“{words}” in recents"), &says).unwrap();
}

/// Waits until who may find her is chosen and the server has said yes or no.
fn wait_for_choice(window: &AppWindow, everyone: bool) {
    let script = format!(
        "const toggle = document.querySelector('[data-testid=settings-discoverable]'); \
         return toggle.ariaChecked === '{everyone}' && toggle.ariaBusy !== 'true'"
    );
    window.wait_until("the choice to be kept", &script).unwrap();
}

fn sign_in(window: &AppWindow, email: &str, password: &str) {
    window.type_into("sign-in-email", email).unwrap();
    window.type_into("sign-in-password", password).unwrap();
    window.click("sign-in-submit").unwrap();
}

#[test]
fn one_is_found_or_not_blocks_whom_one_likes_changes_name_and_password_and_goes_for_good() {
    let mut town = Town::build();
    let window = town.open();
    window.wait_for("sign-in-email").unwrap();
    town.look(&window, "sign-in");
    window.click("to-register").unwrap();
    window.type_into("register-name", &town.amina.name).unwrap();
    window.type_into("register-email", &town.amina.email).unwrap();
    window.type_into("register-password", &town.amina.password).unwrap();
    window.click("register-submit").unwrap();
    window.type_into("phone-input", NUMBER).unwrap();
    window.wait_for_state("phone-status", &["available"]).unwrap();
    window.click("phone-save").unwrap();
    window.wait_gone("phone-modal").unwrap();
    let (baraka, chiku) = (town.person("Baraka"), town.person("Chiku"));

    name_and_discoverability(&mut town, &window, &baraka);
    blocking(&mut town, &window, &baraka, &chiku);
    password_and_sign_ins(&mut town, &window);
    forgotten_password(&mut town, &window);
    end_of_the_account(&mut town, &window, &baraka);
    assert!(town.faults.is_empty(), "{}", town.faults.join("\n"));
}

fn name_and_discoverability(town: &mut Town, window: &AppWindow, baraka: &Cli) {
    window.click("nav-settings").unwrap();
    town.look_at_sizes(window, "settings");
    window.click("settings-name-change").unwrap();
    window.type_into("name-input", "Amina Wanjiru").unwrap();
    town.look(window, "name");
    window.press(&[Key::Enter]).unwrap();
    says(window, "settings-name", "Amina Wanjiru");
    let found = done(baraka, &["lookup", FULL]);
    assert_eq!((&found["exists"], &found["displayName"]), (&true.into(), &"Amina Wanjiru".into()));

    // Shown at once, undone with a notice when the server refuses.
    town.gate.refuse(SETTINGS, 503, "UNAVAILABLE", None);
    window.click("settings-discoverable").unwrap();
    says(window, "discoverable-error", "Not changed.");
    wait_for_choice(window, true);
    town.look(window, "not-changed");
    town.gate.open(SETTINGS);
    assert_eq!(done(baraka, &["lookup", FULL])["exists"], true, "the server refused");

    window.click("settings-discoverable").unwrap();
    wait_for_choice(window, false);
    assert!(!window.sees("discoverable-error").unwrap());
    town.look(window, "nobody-finds");
    assert_eq!(done(baraka, &["lookup", FULL])["exists"], false, "nobody finds her by her number");
    window.click("settings-discoverable").unwrap();
    wait_for_choice(window, true);
    assert_eq!(done(baraka, &["lookup", FULL])["exists"], true);
}

fn blocking(town: &mut Town, window: &AppWindow, baraka: &Cli, chiku: &Cli) {
    // Missed, then blocked from recents.
    let mut calling = calls(baraka, NUMBER);
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    calling.wait_for_call("ringing").unwrap();
    calling.end().unwrap();
    window.wait_for_state("call-status", &["ended"]).unwrap();
    assert!(!window.sees("call-timer").unwrap(), "no time ran for a call that was missed");
    window.click("nav-history").unwrap();
    recents_say(window, "Missed");
    window.click("history-more").unwrap();
    window.wait_for("history-block").unwrap();
    town.look(window, "recents-menu");
    window.click("history-block").unwrap();
    says(window, "block-person", "Block Baraka?");
    town.look_at_sizes_of_sheet(window, "block");
    window.click("block-person-confirm").unwrap();
    says(window, "said", "Baraka is blocked.");
    recents_say(window, "Blocked");
    town.look(window, "recents-blocked");

    // Who is blocked calls as if there were nobody. The next call that the window hears of is another's.
    for whom in [NUMBER, FULL] {
        let lookup = done(baraka, &["lookup", whom, "--country", "KE"]);
        assert_eq!(lookup["exists"], false, "{whom}");
    }
    let call = [&["call", NUMBER, "--country", "KE"], &SILENT[..]].concat();
    baraka.run(&call, "").unwrap().refused(1, "NOT_FOUND").unwrap();
    let mut calling = calls(chiku, NUMBER);
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    says(window, "call-peer", "Chiku");
    town.look(window, "incoming");
    window.click("call-block").unwrap();
    says(window, "block-person", "Their call stops ringing here.");
    window.click("block-person-confirm").unwrap();
    window.wait_gone("call-panel").unwrap();
    says(window, "said", "Chiku is blocked.");
    let told = calling.lines().unwrap().iter().any(|line| line.is_call("ended"));
    assert!(!told, "who is blocked while it rings cannot tell");
    calling.end().unwrap();
    window.click("nav-history").unwrap();
    let both = "return document.querySelectorAll('[data-testid=history-item]').length === 2";
    window.wait_until("two calls in the list: Baraka's second one did not ring", both).unwrap();

    // Let through again by keyboard, and blocked by id.
    window.click("nav-settings").unwrap();
    window.click("settings-blocked").unwrap();
    wait_for_blocked(window, 2);
    town.look_at_sizes(window, "blocked");
    window.evaluate("document.querySelectorAll('[data-testid=blocked-unblock]')[1].focus()").unwrap();
    window.press(&[Key::Enter]).unwrap();
    says(window, "said", "Baraka can reach you again.");
    wait_for_blocked(window, 1);
    assert_eq!(window.focused().unwrap(), "blocked-unblock", "the focus is not lost with the button");
    assert_eq!(done(baraka, &["lookup", FULL])["exists"], true);
    window.type_into("block-input", "care4w-NBD2345").unwrap();
    window.press(&[Key::Enter]).unwrap();
    says(window, "block-error", "Nobody has this Care4W ID.");
    town.look(window, "block-nobody");
    window.type_into("block-input", &baraka.care4w_id().unwrap()).unwrap();
    window.press(&[Key::Enter]).unwrap();
    says(window, "block-person", "Block Baraka?");
    window.click("block-person-confirm").unwrap();
    wait_for_blocked(window, 2);
    assert_eq!(done(baraka, &["lookup", FULL])["exists"], false);
    window.click("blocked-back").unwrap();
    window.wait_for("settings-blocked").unwrap();
    assert_eq!(window.focused().unwrap(), "settings-blocked");
}

fn wait_for_blocked(window: &AppWindow, count: usize) {
    let script = format!("return document.querySelectorAll('[data-testid=blocked-item]').length === {count}");
    window.wait_until(&format!("{count} blocked people"), &script).unwrap();
}

fn password_and_sign_ins(town: &mut Town, window: &AppWindow) {
    let elsewhere = town.phone("elsewhere");
    elsewhere.login(&town.amina).unwrap();
    window.click("settings-password-change").unwrap();
    window.type_into("password-current", "not this one").unwrap();
    window.type_into("password-next", NEW_PASSWORD).unwrap();
    window.press(&[Key::Enter]).unwrap();
    says(window, "password-error", "This is not your current password.");
    window
        .wait_until("the wrong field to have the focus", "return document.activeElement.ariaInvalid === 'true'")
        .unwrap();
    assert_eq!(window.focused().unwrap(), "password-current");
    town.look_at_sizes_of_sheet(window, "password");
    window.type_into("password-current", &town.amina.password).unwrap();
    window.click("password-save").unwrap();
    says(window, "said", "Your other devices are signed out.");
    town.look(window, "password-changed");
    elsewhere.run(&["phone", "show"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
    let login = ["login", "--email", &town.amina.email, "--password-stdin"];
    elsewhere.run(&login, &town.amina.password).unwrap().refused(1, "INVALID_CREDENTIALS").unwrap();
    town.amina.password = NEW_PASSWORD.into();
    elsewhere.login(&town.amina).unwrap();

    window.click("settings-sign-out-everywhere").unwrap();
    window.wait_for("sign-out-everywhere-confirm").unwrap();
    assert_eq!(window.focused().unwrap(), "sign-out-everywhere-cancel", "Enter changes nothing yet");
    town.look_at_sizes_of_sheet(window, "everywhere");
    window.click("sign-out-everywhere-confirm").unwrap();
    window.wait_for("sign-in-email").unwrap();
    says(window, "said", "You are signed out on all your devices.");
    town.look(window, "signed-out-everywhere");
    elsewhere.run(&["phone", "show"], "").unwrap().refused(1, "SIGNED_OUT").unwrap();
}

fn forgotten_password(town: &mut Town, window: &AppWindow) {
    window.type_into("sign-in-email", &town.amina.email).unwrap();
    window.click("to-forgot").unwrap();
    assert!(!window.sees("said").unwrap(), "what was said on the last screen is no part of this one");
    window.wait_for_value("forgot-email", |text| text == town.amina.email).unwrap();
    town.look(window, "forgot");
    window.click("forgot-submit").unwrap();
    says(window, "forgot-sent", "If that address has an account, a link is on its way.");
    town.look_at_sizes(window, "forgot-sent");
    // This server sends no mail: it was asked, and the window says whom to ask.
    says(window, "forgot-sent", "not every server sends mail");
    wait::until(Duration::from_secs(10), "the server to be asked", || {
        Ok(town.server.log()?.contains("somebody asked for a new password").then_some(()))
    })
    .unwrap();
    window.click("to-sign-in").unwrap();
}

fn end_of_the_account(town: &mut Town, window: &AppWindow, baraka: &Cli) {
    sign_in(window, &town.amina.email, NEW_PASSWORD);
    window.click("nav-settings").unwrap();
    says(window, "settings-phone", "+254 712 345678");
    window.click("settings-delete").unwrap();
    window.wait_for("delete-input").unwrap();
    says(window, "delete-account", "+254 712 345678 is free again");
    town.look_at_sizes_of_sheet(window, "delete");
    window.type_into("delete-input", "amina").unwrap();
    window.press(&[Key::Enter]).unwrap();
    says(window, "delete-error", "This is not amina@example.org.");
    town.look(window, "delete-refused");
    window.type_into("delete-input", &town.amina.email).unwrap();
    window.click("delete-confirm").unwrap();
    window.wait_for("sign-in-email").unwrap();
    says(window, "said", "Your account and all that belonged to it are deleted.");
    town.look(window, "deleted");
    sign_in(window, &town.amina.email, NEW_PASSWORD);
    says(window, "sign-in-error", "E-mail or password is not right.");

    // The number and the address are free.
    done(baraka, &["phone", "set", FULL]);
    town.person("Amina");
}
