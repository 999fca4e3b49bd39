//! Keys that work in every program, in the real window under X11: what is selected there is filled in here, and rings
//! nobody. Keys that another program has are refused in words.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use care4w_tests::{
    Account, AppWindow, Arranger, Key, Person, Process, Server,
    wait::{self, PATIENCE},
};

const NOBODY_RINGS: &str = "return document.querySelector('[data-testid=call-panel]') === null";

/// Another program, in which this text is selected.
fn selects(person: &Person, text: &str) -> Process {
    let mut command = Command::new("xclip");
    command.args(["-selection", "primary", "-quiet"]).env("DISPLAY", person.display.name());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = Process::start("xclip", &mut command).unwrap();
    program.child().stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    wait::until(PATIENCE, "the text to be selected", || {
        let selected = person.display.asks("xclip", &["-selection", "primary", "-out"]);
        Ok((selected.as_deref() == Some(text)).then_some(()))
    })
    .unwrap();
    program
}

fn presses(person: &Person, keys: &str) {
    person.display.asks("xdotool", &["key", "--clearmodifiers", keys]).expect("the keys to be pressed");
}

fn opens_settings(window: &AppWindow) {
    window.click("nav-settings").unwrap();
    window.wait_for("settings-shortcut").unwrap();
}

fn is_on(window: &AppWindow, on: bool) {
    let state = if on { "checked" } else { "unchecked" };
    window.wait_for_state("settings-shortcut", &[state]).unwrap();
}

fn shows(window: &AppWindow, number: &str) {
    window.wait_for_value("dial-input", |value| value == number).unwrap();
    window.wait_for_state("link-note", &["asks"]).unwrap();
    assert_eq!(window.evaluate(NOBODY_RINGS).unwrap(), true, "it rings when one presses Call");
}

#[test]
fn the_number_that_is_selected_in_any_program_is_filled_in_by_a_press_of_keys() {
    let person = Person::named("Amina", "shortcut");
    let server = Server::start().unwrap();
    let _openbox = Arranger::openbox(&person.environment(), &[]).unwrap();
    let window = person.arrives(&server);

    // Nobody's keys are taken before somebody wants that: until then another program can have them, and give them back.
    let other = person.opens_profile(&server, "other", &[]);
    other.wait_for("sign-in-email").unwrap();
    other.arrives(&Account::named("Baraka"));
    opens_settings(&other);
    other.click("settings-shortcut").unwrap();
    is_on(&other, true);
    other.click("settings-shortcut").unwrap();
    is_on(&other, false);
    opens_settings(&window);
    is_on(&window, false);
    window.click("settings-shortcut").unwrap();
    is_on(&window, true);
    window
        .evaluate("document.querySelector('[data-testid=settings-shortcut]').scrollIntoView({ block: 'center' })")
        .unwrap();
    let found = person.looks_at_sizes(&window, "desktop/shortcut");

    // What is no number is shown as what it is.
    let first = selects(&person, "*#06#");
    presses(&person, "ctrl+alt+p");
    window.wait_for_value("dial-input", |value| value == "*#06#").unwrap();
    window.wait_for_state("link-note", &["refused"]).unwrap();
    drop(first);
    let second = selects(&person, "+254 712\n345 678");
    presses(&person, "ctrl+alt+p");
    shows(&window, "+254 712 345678");
    let in_front = || person.display.asks("xdotool", &["getactivewindow", "getwindowname"]);
    wait::until(PATIENCE, "the app in front", || Ok(in_front().filter(|name| name.trim() == "Care4W"))).unwrap();
    drop(second);

    // Other keys, by the keyboard; they are there after a restart too.
    opens_settings(&window);
    window.click("settings-shortcut-keys").unwrap();
    presses(&person, "ctrl+alt+o");
    window.wait_for_text("settings-shortcut-keys", |text| text == "Ctrl+Alt+O").unwrap();
    is_on(&window, true);
    other.click("settings-shortcut").unwrap();
    is_on(&other, true);
    other.close().unwrap();
    window.close().unwrap();
    let window = person.opens(&server, &[]);
    window.wait_for("dial-input").unwrap();
    let _third = selects(&person, "0733 000222");
    opens_settings(&window);
    is_on(&window, true);
    presses(&person, "ctrl+alt+o");
    shows(&window, "0733 000222");

    // And off again.
    opens_settings(&window);
    window.click("settings-shortcut").unwrap();
    is_on(&window, false);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn keys_that_another_program_has_are_refused_in_words() {
    let person = Person::named("Amina", "taken");
    let server = Server::start().unwrap();
    let config = person.folder().join("openbox.xml");
    let keys = "<keyboard><keybind key=\"C-A-p\"><action name=\"Reconfigure\"/></keybind></keyboard>";
    let text = format!("<openbox_config xmlns=\"http://openbox.org/3.4/rc\">{keys}</openbox_config>");
    std::fs::write(&config, text).unwrap();
    let more = ["--config-file", config.to_str().unwrap()];
    let _openbox = Arranger::openbox(&person.environment(), &more).unwrap();

    let window = person.arrives(&server);
    opens_settings(&window);
    window.click("settings-shortcut").unwrap();
    window.wait_for_text("shortcut-error", |text| text == "Another program has these keys. Choose others.").unwrap();
    is_on(&window, false);
    let found = person.looks_at_sizes(&window, "desktop/shortcut-taken");

    // Escape leaves it; others can be chosen at once.
    window.click("settings-shortcut-keys").unwrap();
    window.press(&[Key::Escape]).unwrap();
    window.wait_for_text("settings-shortcut-keys", |text| text == "Ctrl+Alt+P").unwrap();
    window.click("settings-shortcut-keys").unwrap();
    presses(&person, "ctrl+alt+i");
    is_on(&window, true);
    window.wait_gone("shortcut-error").unwrap();
    let _selected = selects(&person, "+254712345678");
    presses(&person, "ctrl+alt+i");
    shows(&window, "+254 712 345678");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn on_wayland_a_link_is_offered_instead() {
    let person = Person::named("Amina", "wayland");
    let server = Server::start().unwrap();
    let mut environment = person.environment();
    // The window itself still comes up under X11: GDK was told so.
    environment.push(("WAYLAND_DISPLAY".into(), "wayland-0".into()));
    let arguments = ["--server", server.url(), "--profile", "wayland"];
    let window = AppWindow::open(&arguments, &environment, person.desk.folder()).unwrap();
    window.wait_for("sign-in-email").unwrap();
    window.arrives(&person.account);
    window.click("nav-settings").unwrap();
    window.wait_for_text("shortcut", |text| text.contains("Wayland") && text.contains("care4w:+254712345678")).unwrap();
    assert!(!window.sees("settings-shortcut").unwrap(), "what cannot be had is not offered");
}
