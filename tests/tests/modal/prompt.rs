//! When the question opens and closes by itself.

use std::{fs, time::Duration};

use care4w_tests::{AppWindow, Gate, Key, Server, wait};

use crate::stage::{FULL, NUMBER, Person, set_number};

const SETTINGS: &str = "/api/users/settings";

/// Waits until the core has the server's answer about the number, and says whether it asks for one.
fn asks(window: &AppWindow) -> bool {
    window.wait_for("dial-input").unwrap();
    let phone = || {
        let state = "__TAURI_INTERNALS__.invoke('state').then(arguments[arguments.length - 1])";
        window.evaluate_later(state).map(|state| state["phone"].clone())
    };
    wait::until(Duration::from_secs(20), "the server's answer", || Ok((phone()?["known"] == true).then_some(())))
        .unwrap();
    let asks = phone().unwrap()["promptOpen"] == true;
    if asks {
        window.wait_for("phone-modal").unwrap();
    }
    assert_eq!(window.sees("phone-modal").unwrap(), asks);
    asks
}

#[test]
fn it_opens_once_and_remembers_how_it_was_left_also_over_a_damaged_settings_file() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.close().unwrap();
    let remembered = fs::read_to_string(person.settings()).unwrap();
    assert!(remembered.contains("skipped") && !remembered.contains("never"), "Escape is “skip for now”: {remembered}");

    // Escape was "skip for now": it is not asked the next day, and the settings offer it.
    let window = person.open(server.url());
    assert!(!asks(&window), "skipped yesterday");
    window.click("nav-settings").unwrap();
    window.click("settings-phone-change").unwrap();
    window.wait_for("phone-modal").unwrap();
    assert!(!window.sees("phone-never").unwrap(), "who asked for it is not told how to be left alone");
    window.click("phone-skip").unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.close().unwrap();

    // A settings file that does not read: it is set aside as it was, and the person is still signed in.
    fs::write(person.settings(), b"{\"phonePrompt").unwrap();
    let window = person.open(server.url());
    let asked = asks(&window);
    let aside = person.settings().with_extension("json.damaged");
    assert_eq!(fs::read(aside).unwrap(), b"{\"phonePrompt");
    if asked {
        window.click("phone-never").unwrap();
        window.wait_gone("phone-modal").unwrap();
    }
    window.close().unwrap();
    let window = person.open(server.url());
    assert!(!asks(&window));
    window.click("nav-settings").unwrap();
    assert!(window.text("settings-phone").unwrap().contains("No number"));
}

#[test]
fn never_is_remembered_and_another_account_is_asked_all_the_same() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());
    window.click("phone-never").unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.close().unwrap();
    let remembered = fs::read_to_string(person.settings()).unwrap();
    assert!(remembered.contains("never"), "{remembered}");

    let window = person.open(server.url());
    assert!(!asks(&window));
    window.click("nav-settings").unwrap();
    window.click("settings-sign-out").unwrap();
    window.wait_for("sign-in-email").unwrap();
    let other = care4w_tests::Account::named("Baraka");
    person.other(server.url(), "Baraka");
    window.type_into("sign-in-email", &other.email).unwrap();
    window.type_into("sign-in-password", &other.password).unwrap();
    window.click("sign-in-submit").unwrap();
    window.wait_for("phone-modal").unwrap();
}

#[test]
fn it_does_not_ask_before_the_server_has_answered_nor_over_a_call_and_closes_when_answered_elsewhere() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let gate = Gate::before(server.url()).unwrap();
    gate.hold(SETTINGS);
    let window = person.open(gate.url());
    person.register(&window);
    window.wait_for("dial-input").unwrap();
    wait::until(Duration::from_secs(20), "the question to the server", || Ok((gate.came(SETTINGS) > 0).then_some(())))
        .unwrap();
    assert!(!window.sees("phone-modal").unwrap(), "the server has not answered");

    // It rings meanwhile: the answer comes, and the question waits.
    let elsewhere = person.elsewhere(server.url());
    let id = elsewhere.care4w_id().unwrap();
    let caller = person.other(server.url(), "Caller");
    let mut calling = caller.call(&id, &["--mic", "none", "--speaker", "none"]).unwrap();
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    gate.open(SETTINGS);
    wait::until(Duration::from_secs(20), "the answer", || {
        Ok((gate.came(SETTINGS) == gate.answered(SETTINGS)).then_some(()))
    })
    .unwrap();
    window.wait_for("call-accept").unwrap();
    assert!(!window.sees("phone-modal").unwrap(), "never over a call that rings");
    calling.end().unwrap();
    window.wait_for("phone-modal").unwrap();

    // A call that comes while it is open puts it away, and what was typed comes back with it.
    window.type_keys("0712 345").unwrap();
    let mut calling = caller.call(&id, &["--mic", "none", "--speaker", "none"]).unwrap();
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.click("call-decline").unwrap();
    calling.wait_for_call("ended").unwrap();
    window.wait_for("phone-modal").unwrap();
    window.wait_for_value("phone-input", |text| text.replace(' ', "") == "0712345").unwrap();

    // The number is given on another device.
    set_number(&elsewhere, NUMBER, "KE");
    window.wait_gone("phone-modal").unwrap();
    window.click("nav-settings").unwrap();
    window.wait_for_text("settings-phone", |text| text == FULL).unwrap();
}
