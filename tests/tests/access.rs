//! For everybody, in the real window: all of it by keyboard alone, in each language, with text of twice the size, in light
//! and dark. Pictures of every screen are kept under `target/system-tests/screens/desktop`, to be looked at.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use care4w_tests::{Account, AppWindow, Key, Person, Server};

const SILENT: [&str; 4] = ["--mic", "none", "--speaker", "none"];
/// More controls than any screen has.
const MANY: usize = 90;

/// What is cut or lies outside of the window: texts that do not fit where they stand.
const CUT: &str = "
    const found = [];
    for (const element of document.querySelectorAll('p, button, h1, h2, h3, label, li, span, dd, dt, time, pre')) {
        const { display, overflowX, visibility } = getComputedStyle(element);
        const { left, right, width } = element.getBoundingClientRect();
        const hidden = element.closest('.spoken, [aria-hidden=true]') || visibility === 'hidden' || width === 0;
        const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (hidden || !says) continue;
        const name = `${element.dataset.testid ?? element.className}: ${element.textContent.trim()}`;
        const clips = display !== 'inline' && overflowX !== 'visible' && overflowX !== 'auto';
        if (clips && element.scrollWidth > element.clientWidth + 1) found.push(`cut: ${name}`);
        if (right > innerWidth + 1 || left < -1) found.push(`outside: ${name}`);
    }
    return found.join(' | ')";

/// Somebody without a pointer.
struct Walker<'a> {
    window: &'a AppWindow,
}

impl Walker<'_> {
    /// Presses Tab until the focus is on this control.
    fn goes_to(&self, id: &str) {
        self.window.wait_for(id).unwrap();
        let mut passed = Vec::new();
        for _ in 0..MANY {
            let on = self.window.focused().unwrap();
            if on == id {
                return;
            }
            passed.push(on);
            self.window.press(&[Key::Tab]).unwrap();
        }
        panic!("no Tab leads to “{id}”: {passed:?}");
    }

    fn presses(&self, id: &str) {
        self.goes_to(id);
        self.window.press(&[Key::Enter]).unwrap();
    }

    fn types(&self, id: &str, text: &str) {
        self.goes_to(id);
        self.window.type_keys(text).unwrap();
    }
}

/// What is wrong with what the window shows now with text of twice the size: an audit in light and dark, and what does
/// not fit.
fn looks_large(person: &Person, window: &AppWindow, name: &str) -> Vec<String> {
    window.evaluate("document.documentElement.style.fontSize = '200%'").unwrap();
    let mut found = person.looks_at_sizes(window, &format!("desktop/{name}-large"));
    for (width, height) in [(340, 520), (400, 680)] {
        window.resize(width, height).unwrap();
        window.wait_at_rest().unwrap();
        let cut = window.evaluate(CUT).unwrap();
        if cut != "" {
            found.push(format!("{name}, twice the size, {width} wide: {cut}"));
        }
    }
    window.evaluate("document.documentElement.style.fontSize = ''").unwrap();
    found
}

#[test]
fn a_call_is_made_and_taken_and_the_settings_are_changed_by_keyboard_alone() {
    let person = Person::named("Amina", "keyboard");
    let server = Server::start().unwrap();
    let window = person.opens(&server, &[]);
    let walker = Walker { window: &window };
    window.wait_for("sign-in-email").unwrap();
    walker.presses("to-register");
    walker.types("register-name", &person.account.name);
    walker.types("register-email", &person.account.email);
    walker.types("register-password", &person.account.password);
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("phone-modal").unwrap();
    walker.presses("phone-skip");
    window.wait_gone("phone-modal").unwrap();

    // Called, talked to, hung up.
    let baraka = person.other(&server, &Account::named("Baraka"));
    let mut peer = baraka.answer(&[&["--calls", "1"], &SILENT[..]].concat()).unwrap();
    walker.types("dial-input", &baraka.care4w_id().unwrap());
    window.press(&[Key::Enter]).unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    walker.presses("call-mute");
    window.wait_until("the microphone to be muted", pressed("call-mute").as_str()).unwrap();
    walker.presses("call-keypad");
    walker.goes_to("key-1");
    walker.presses("call-hangup");
    assert_eq!(peer.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    walker.presses("call-done");
    window.wait_gone("call-panel").unwrap();

    // Called by somebody, answered, hung up.
    let id = own_id(&walker);
    let mut caller = baraka.call(&id, &SILENT).unwrap();
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    walker.presses("call-accept");
    window.wait_for_state("call-status", &["connected"]).unwrap();
    caller.wait_for_call("connected").unwrap();
    walker.presses("call-hangup");
    caller.wait_for_call("ended").unwrap();
    walker.presses("call-done");

    // A switch by Space, one of a few by arrows.
    walker.presses("nav-settings");
    walker.goes_to("settings-links");
    window.press(&[Key::Space]).unwrap();
    window.wait_for_state("settings-links", &["checked"]).unwrap();
    walker.goes_to("language-system");
    window.press(&[Key::Right, Key::Right]).unwrap();
    window.wait_for_text("nav-settings", |text| text == "Réglages").unwrap();
    window.press(&[Key::Right]).unwrap();
    window.wait_for_text("nav-settings", |text| text == "Mipangilio").unwrap();
    walker.presses("settings-diagnostics");
    window.wait_for_text("diagnostics-report", |text| text.starts_with("Care4W ")).unwrap();
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("diagnostics").unwrap();
    assert_eq!(window.focused().unwrap(), "settings-diagnostics", "one is back where one was");
    walker.presses("settings-sign-out");
    window.wait_for("sign-in-email").unwrap();
}

/// The Care4W ID that the settings show.
fn own_id(walker: &Walker<'_>) -> String {
    walker.presses("nav-settings");
    let text = walker.window.wait_for_text("settings", |text| text.contains("care4w-")).unwrap();
    let start = text.find("care4w-").unwrap();
    text[start..].split_whitespace().next().unwrap().to_owned()
}

fn pressed(id: &str) -> String {
    format!("return document.querySelector('[data-testid={id}]').ariaPressed === 'true'")
}

#[test]
fn every_screen_can_be_read_in_each_language_and_with_text_of_twice_the_size() {
    let person = Person::named("Amina", "large");
    let server = Server::start().unwrap();
    let mut found = Vec::new();
    let window = person.opens(&server, &[]);
    window.wait_for("sign-in-email").unwrap();
    found.extend(looks_large(&person, &window, "sign-in"));
    window.arrives(&person.account);
    found.extend(looks_large(&person, &window, "phone"));
    let baraka = person.other(&server, &Account::named("Baraka"));
    let _peer = baraka.answer(&SILENT).unwrap();

    for language in ["fr", "sw", "en"] {
        window.click("nav-settings").unwrap();
        window.click(&format!("language-{language}")).unwrap();
        let speaks = format!("return document.documentElement.lang.startsWith('{language}')");
        window.wait_until("the language to be spoken", &speaks).unwrap();
        found.extend(person.looks_at_sizes(&window, &format!("desktop/settings-{language}")));
        found.extend(looks_large(&person, &window, &format!("settings-{language}")));
        window.click("settings-diagnostics").unwrap();
        window.wait_for_text("diagnostics-report", |text| text.starts_with("Care4W ")).unwrap();
        found.extend(looks_large(&person, &window, &format!("report-{language}")));
        window.click("diagnostics-close").unwrap();
        window.click("nav-phone").unwrap();
        window.type_into("dial-input", &baraka.care4w_id().unwrap()).unwrap();
        window.click("dial-call").unwrap();
        window.wait_for_state("call-status", &["connected"]).unwrap();
        found.extend(person.looks_at_sizes(&window, &format!("desktop/call-{language}")));
        found.extend(looks_large(&person, &window, &format!("call-{language}")));
        window.click("call-hangup").unwrap();
        window.click("call-done").unwrap();
        window.click("nav-history").unwrap();
        window.wait_for("history-item").unwrap();
        found.extend(looks_large(&person, &window, &format!("recents-{language}")));
    }

    // From right to left: everything turns round, and nothing falls out.
    window.click("nav-settings").unwrap();
    window.evaluate("document.documentElement.dir = 'rtl'").unwrap();
    found.extend(person.looks_at_sizes(&window, "desktop/settings-rtl"));
    let cut = window.evaluate(CUT).unwrap();
    assert_eq!(cut, "", "from right to left");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_report_that_is_sent_on_names_nobody() {
    let person = Person::named("Amina", "report");
    let downloads = person.desk.folder().join("downloads");
    let config = person.desk.folder().join("config");
    std::fs::create_dir_all(&downloads).unwrap();
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("user-dirs.dirs"), format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display())).unwrap();
    let server = Server::start().unwrap();
    let window = person.opens(&server, &[]);
    window.registers(&person.account);
    window.type_into("phone-input", "0712 345 678").unwrap();
    window.wait_for_state("phone-status", &["available"]).unwrap();
    window.click("phone-save").unwrap();
    window.wait_gone("phone-modal").unwrap();
    let baraka = person.other(&server, &Account::named("Baraka"));
    let mut peer = baraka.answer(&[&["--calls", "1"], &SILENT[..]].concat()).unwrap();
    let id = baraka.care4w_id().unwrap();
    window.type_into("dial-input", &id).unwrap();
    window.click("dial-call").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.click("call-hangup").unwrap();
    peer.wait_for_call("ended").unwrap();
    window.click("nav-settings").unwrap();
    let own = window.wait_for_text("settings", |text| text.contains("care4w-")).unwrap();
    let own = own[own.find("care4w-").unwrap()..].split_whitespace().next().unwrap().to_owned();
    window.click("settings-diagnostics").unwrap();
    let report = window.wait_for_text("diagnostics-report", |text| text.contains("HUNG_UP")).unwrap();
    // Numbers as somebody may write them; the sound card is called “desk”.
    let (digits, parts) = ("712345678", ["712 345", "345 678"]);
    let name = [
        person.account.name.as_str(),
        &person.account.email,
        "Baraka",
        &id,
        &own,
        &id[7..],
        digits,
        parts[0],
        parts[1],
    ];
    for private in name.into_iter().chain(["127.0.0.1", "@", "desk_"]) {
        assert!(!report.contains(private), "“{private}” is in the report:\n{report}");
    }
    assert!(report.contains("has a number: yes"), "{report}");
    assert!(!report.contains(&person.folder().display().to_string()), "{report}");
    assert!(!report.contains("microphones: 0") && !report.contains("speakers: 0"), "{report}");

    // What is saved is what was read.
    window.click("diagnostics-save").unwrap();
    window.wait_for_text("diagnostics-done", |text| text.contains("care4w-report.txt")).unwrap();
    let saved = std::fs::read_to_string(downloads.join("care4w-report.txt")).unwrap();
    assert_eq!(saved.trim(), report.trim());
}
