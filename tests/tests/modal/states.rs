//! Every state of the number's step.

use care4w_tests::{AppWindow, Gate, Key};

use crate::stage::{FULL, NUMBER, Person, server_in, set_number};

const CHECK: &str = "/api/users/phone/check";
const SAVE: &str = "/api/users/phone";

/// Somebody else's number.
const TAKEN: &str = "0722 000000";

fn state(window: &AppWindow, state: &str) {
    window.wait_for_state("phone-status", &[state]).unwrap();
}

fn says(window: &AppWindow, words: &str) {
    window.wait_for_text("phone-status", |text| text.contains(words)).unwrap_or_else(|error| {
        panic!("the status line does not say “{words}”, but “{}”: {error}", window.text("phone-status").unwrap())
    });
}

/// What the screen reader was given to say.
fn spoken(window: &AppWindow, words: &str) {
    let script = format!(
        "return document.querySelector('[data-testid=phone-status] .spoken').textContent.includes({})",
        serde_json::Value::from(words)
    );
    window.wait_until(&format!("“{words}” to be read out"), &script).unwrap_or_else(|error| {
        let status = window.evaluate("return document.querySelector('[data-testid=phone-status]').outerHTML").unwrap();
        panic!("“{words}” is not read out: {error}: {status}")
    });
}

#[test]
fn every_state_is_seen_in_light_and_dark_and_the_audit_finds_nothing() {
    let person = Person::named("Amina");
    let folder = tempfile::tempdir().unwrap();
    let mut server = server_in(folder.path(), "127.0.0.1:0", &[]);
    let address = server.address().to_owned();
    let gate = Gate::before(server.url()).unwrap();
    set_number(&person.other(server.url(), "Holder"), TAKEN, "KE");
    let window = person.is_asked(gate.url());
    let mut found = Vec::new();

    state(&window, "empty");
    assert_eq!(window.focused().unwrap(), "phone-input", "one can type at once");
    assert_eq!(window.attribute("phone-save", "disabled").unwrap().as_deref(), Some("true"));
    found.extend(person.look(&window, "empty"));
    found.extend(person.look_at_sizes(&window, "empty"));

    // The verdict comes with its reason while one types; it is read out once the keys rest.
    for (typed, words) in [
        ("0712", "too short"),
        ("0712 345 678 999", "too long"),
        ("0912 345 678", "Kenya has no number like this."),
        ("+999 712 345 678", "No country has this country code."),
    ] {
        window.type_into("phone-input", typed).unwrap();
        state(&window, "invalid");
        says(&window, words);
        spoken(&window, words);
        let name = words.split_whitespace().collect::<Vec<_>>().join("-").to_lowercase();
        found.extend(person.look(&window, name.trim_end_matches('.')));
    }
    assert_eq!(gate.came(CHECK), 0, "what cannot be a number is not asked about");
    assert_eq!(window.attribute("phone-input", "aria-invalid").unwrap().as_deref(), Some("true"));

    // Held back by the network; typed on meanwhile: the late answer changes nothing.
    gate.hold(CHECK);
    window.type_into("phone-input", TAKEN).unwrap();
    state(&window, "checking");
    wait_for("the question", || gate.came(CHECK) == 1);
    found.extend(person.look(&window, "checking"));
    window.type_into("phone-input", "0712").unwrap();
    state(&window, "invalid");
    gate.open(CHECK);
    wait_for("the late answer", || gate.answered(CHECK) == 1);
    state(&window, "invalid");

    window.type_into("phone-input", TAKEN).unwrap();
    state(&window, "taken");
    spoken(&window, "belongs to another account");
    found.extend(person.look(&window, "taken"));
    found.extend(person.look_at_sizes(&window, "taken"));

    // Too many tries: how long is counted down, and then it is asked again by itself.
    gate.refuse(CHECK, 429, "RATE_LIMITED", Some(40));
    window.type_into("phone-input", NUMBER).unwrap();
    state(&window, "limited");
    spoken(&window, "Try again in 40 s.");
    found.extend(person.look(&window, "limited"));
    says(&window, "Try again in 38 s.");
    spoken(&window, "Try again in 40 s.");
    assert_eq!(window.attribute("phone-save", "disabled").unwrap().as_deref(), Some("true"));
    gate.refuse(CHECK, 429, "RATE_LIMITED", Some(1));
    window.type_into("phone-input", "0712 345 67").unwrap();
    window.type_keys("8").unwrap();
    state(&window, "limited");
    gate.open(CHECK);
    state(&window, "available");

    // The server says what nobody foresaw: one may try to save all the same.
    gate.refuse(CHECK, 500, "INTERNAL_ERROR", None);
    window.type_into("phone-input", "0712 345 67").unwrap();
    window.type_keys("8").unwrap();
    state(&window, "error");
    says(&window, "Something went wrong at the server. Try again.");
    found.extend(person.look(&window, "error"));
    gate.open(CHECK);

    // Without the server; and then it is back.
    server.process().stop();
    window.type_into("phone-input", "0712 345 67").unwrap();
    window.type_keys("8").unwrap();
    state(&window, "offline");
    found.extend(person.look(&window, "offline"));
    found.extend(person.look_at_sizes(&window, "offline"));
    let _server = server_in(folder.path(), &address, &[]);
    state(&window, "available");
    spoken(&window, "free to use");
    found.extend(person.look(&window, "available"));
    found.extend(person.look_at_sizes(&window, "available"));

    // Somebody else was faster by a moment.
    gate.refuse(SAVE, 409, "PHONE_ALREADY_EXISTS", None);
    window.click("phone-save").unwrap();
    state(&window, "taken");
    gate.open(SAVE);
    window.type_into("phone-input", "0712 345 67").unwrap();
    window.type_keys("8").unwrap();
    state(&window, "available");

    gate.hold(SAVE);
    window.press(&[Key::Enter]).unwrap();
    state(&window, "saving");
    wait_for("the saving", || gate.came(SAVE) == 2);
    found.extend(person.look(&window, "saving"));
    // That it is saved is said for a moment: this moment lasts until it was looked at.
    window
        .evaluate(
            "window.later = setTimeout; window.setTimeout = (f, ms, ...more) => \
        ms === 900 ? ((window.hold = f), 0) : window.later(f, ms, ...more)",
        )
        .unwrap();
    gate.open(SAVE);
    state(&window, "saved");
    spoken(&window, "Saved.");
    found.extend(person.look(&window, "saved"));
    found.extend(person.look_at_sizes(&window, "saved"));
    window.evaluate("window.setTimeout = window.later; window.hold()").unwrap();
    window.wait_gone("phone-modal").unwrap();

    window.click("nav-settings").unwrap();
    window.wait_for_text("settings-phone", |text| text == FULL).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn wait_for(what: &str, happened: impl Fn() -> bool) {
    care4w_tests::wait::until(std::time::Duration::from_secs(20), what, || Ok(happened().then_some(()))).unwrap();
}
