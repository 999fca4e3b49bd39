//! The step in which the number is proved by its code.

use std::time::{Duration, Instant};

use care4w_tests::{AppWindow, Cli, Gate, Key, Server, wait};
use serde_json::Value;

use crate::stage::{FULL, NUMBER, Person, set_number};

const VERIFY: &str = "/api/users/phone/verify";

/// The codes that were logged for whoever has this id.
fn codes(server: &Server, care4w_id: &str) -> Vec<String> {
    let log = server.log().unwrap();
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let codes = events.filter(|event| event["target"] == "care4w_server::verification_code");
    let mine = codes.filter(|event| event["fields"]["care4w_id"] == care4w_id);
    mine.filter_map(|event| Some(event["fields"]["code"].as_str()?.to_owned())).collect()
}

fn code(server: &Server, cli: &Cli, which: usize) -> String {
    let id = cli.care4w_id().unwrap();
    wait::until(Duration::from_secs(20), "the code in the log", || Ok(codes(server, &id).get(which).cloned())).unwrap()
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    code.chars().map(|digit| char::from(b'0' + (digit as u8 - b'0' + 1) % 10)).collect()
}

fn state(window: &AppWindow, state: &str, words: &str) {
    window.wait_for_state("phone-status", &[state]).unwrap();
    window.wait_for_text("phone-status", |text| text.contains(words)).unwrap();
}

fn is_free(window: &AppWindow) {
    window.wait_for_state("phone-status", &["available"]).unwrap_or_else(|error| {
        let line = window.text("phone-status").unwrap();
        panic!("{error}: {} is “{line}”", window.text("phone-input").unwrap())
    });
}

fn enter_number(window: &AppWindow) {
    window.wait_for("phone-input").unwrap();
    window.type_keys(NUMBER).unwrap();
    is_free(window);
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("phone-code").unwrap();
}

#[test]
fn every_state_of_the_code_is_seen_and_the_right_one_proves_the_number() {
    let person = Person::named("Amina");
    let server = Server::start_with(&["--verification", "log"], &Vec::new()).unwrap();
    let gate = Gate::before(server.url()).unwrap();
    let window = person.is_asked(gate.url());
    let elsewhere = person.elsewhere(server.url());
    enter_number(&window);
    let mut found = Vec::new();

    // One goes on typing where one was: the focus is in the boxes.
    window.wait_until("the focus", "return document.activeElement.dataset.testid === 'phone-code'").unwrap();
    state(&window, "empty", "Enter the six digits.");
    window.wait_for_text("phone-resend", |text| text.starts_with("Send a new code in 0:")).unwrap();
    assert_eq!(window.attribute("phone-resend", "disabled").unwrap().as_deref(), Some("true"));
    window.type_keys("12").unwrap();
    found.extend(person.look(&window, "code"));
    found.extend(person.look_at_sizes(&window, "code"));

    let right = code(&server, &elsewhere, 0);
    window.press(&[Key::Backspace, Key::Backspace]).unwrap();
    window.type_keys(&wrong(&right)).unwrap();
    state(&window, "invalid", "not the code");
    window.wait_until("empty boxes", "return document.querySelector('[data-testid=phone-code]').value === ''").unwrap();
    found.extend(person.look(&window, "code-wrong"));

    // A server whose sender of codes is away, played in its place; what else it says it says itself, below.
    gate.refuse(VERIFY, 503, "UNAVAILABLE", None);
    window.press_with(Key::Control, 'a').unwrap();
    window.type_keys("000000").unwrap();
    state(&window, "error", "");
    found.extend(person.look(&window, "code-unavailable"));

    // The code is pasted as it came, and held back on its way.
    gate.hold(VERIFY);
    let message = format!("Your Care4W code is {} {}.", &right[..3], &right[3..]);
    let script = format!(
        "const source = document.createElement('textarea'); source.id = 'source'; source.value = {}; \
         document.querySelector('[data-testid=phone-modal]').append(source); source.focus(); source.select()",
        Value::from(message.replace("Care4W", "verification"))
    );
    window.evaluate(&script).unwrap();
    window.press_with(Key::Control, 'c').unwrap();
    window
        .evaluate(
            "document.getElementById('source').remove(); document.querySelector('[data-testid=phone-code]').focus()",
        )
        .unwrap();
    window.press_with(Key::Control, 'a').unwrap();
    window.press_with(Key::Control, 'v').unwrap();
    state(&window, "checking", "Checking");
    found.extend(person.look(&window, "code-checking"));
    window
        .evaluate(
            "window.later = setTimeout; window.setTimeout = (f, ms, ...more) => \
             ms === 900 ? ((window.hold = f), 0) : window.later(f, ms, ...more)",
        )
        .unwrap();
    gate.open(VERIFY);
    state(&window, "saved", "Verified.");
    found.extend(person.look(&window, "code-verified"));
    window.evaluate("window.setTimeout = window.later; window.hold()").unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.click("nav-settings").unwrap();
    window.wait_for_text("settings-phone", |text| text == FULL).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_right_code_that_comes_too_late_has_expired() {
    const LIVES: Duration = Duration::from_secs(1);
    let person = Person::named("Amina");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.toml");
    std::fs::write(&config, format!("[limits]\ncode_lives_seconds = {}\n", LIVES.as_secs())).unwrap();
    let config = config.to_str().unwrap();
    let server = Server::start_with(&["--verification", "log", "--config", config], &Vec::new()).unwrap();
    let window = person.is_asked(server.url());
    let elsewhere = person.elsewhere(server.url());
    enter_number(&window);
    let right = code(&server, &elsewhere, 0);
    let seen = Instant::now();
    wait::until(Duration::from_secs(20), "the code to be too old", || Ok((seen.elapsed() > LIVES).then_some(())))
        .unwrap();
    window.type_keys(&right).unwrap();
    state(&window, "invalid", "The code has expired.");
    let found = person.look(&window, "code-expired");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let proved = elsewhere.run(&["phone", "show"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(proved["phoneVerified"], false);
}

#[test]
fn after_five_wrong_codes_the_right_one_waits_too() {
    let person = Person::named("Amina");
    let server = Server::start_with(&["--verification", "log"], &Vec::new()).unwrap();
    let window = person.is_asked(server.url());
    let elsewhere = person.elsewhere(server.url());
    enter_number(&window);
    let right = code(&server, &elsewhere, 0);
    for _ in 0..5 {
        window.type_keys(&wrong(&right)).unwrap();
        window
            .wait_until("empty boxes", "return document.querySelector('[data-testid=phone-code]').value === ''")
            .unwrap();
        state(&window, "invalid", "not the code");
    }
    window.type_keys(&right).unwrap();
    state(&window, "limited", "Try again in 10 minutes.");
    let found = person.look(&window, "code-rate-limited");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let proved = elsewhere.run(&["phone", "show"], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!(proved["phoneVerified"], false);
}

#[test]
fn another_code_can_be_had_and_who_loses_the_number_is_told_and_asked_again() {
    let person = Person::named("Amina");
    let server = Server::start_with(&["--verification", "log"], &Vec::new()).unwrap();
    let window = person.is_asked(server.url());
    let elsewhere = person.elsewhere(server.url());
    enter_number(&window);
    let first = code(&server, &elsewhere, 0);

    // The countdown is over: the clock of the page is moved, not waited for.
    window.evaluate("const now = Date.now; Date.now = () => now() + 46_000").unwrap();
    window.wait_for_text("phone-resend", |text| text == "Send a new code").unwrap();
    window.click("phone-resend").unwrap();
    let second = code(&server, &elsewhere, 1);
    assert_ne!(first, second);
    window.wait_until("the focus", "return document.activeElement.dataset.testid === 'phone-code'").unwrap();
    window.type_keys(&first).unwrap();
    state(&window, "invalid", "not the code");

    // Somebody else proves that it is theirs.
    let owner = person.other(server.url(), "Owner");
    set_number(&owner, NUMBER, "KE");
    let code = code(&server, &owner, 0);
    owner.run(&["phone", "verify", &code], "").unwrap().success().unwrap();
    window.wait_for_text("phone-lost", |text| text.contains(FULL)).unwrap();
    window.wait_until("the focus", "return document.activeElement.dataset.testid === 'phone-input'").unwrap();
    let mut found = person.look(&window, "lost");
    found.extend(person.look_at_sizes(&window, "lost"));

    // Told again when it was put off, and asked: another claim, skipped, is proved by another.
    window.type_keys("0733 111222").unwrap();
    is_free(&window);
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("phone-code").unwrap();
    window.click("phone-skip").unwrap();
    window.wait_gone("phone-modal").unwrap();
    let other = person.other(server.url(), "Other");
    set_number(&other, "0733 111222", "KE");
    let code = self::code(&server, &other, 0);
    other.run(&["phone", "verify", &code], "").unwrap().success().unwrap();
    window.wait_for_text("phone-lost", |text| text.contains("+254 733 111222")).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn who_removes_a_claim_elsewhere_is_told_of_nobody_else() {
    let person = Person::named("Amina");
    let server = Server::start_with(&["--verification", "log"], &Vec::new()).unwrap();
    let window = person.is_asked(server.url());
    let elsewhere = person.elsewhere(server.url());
    enter_number(&window);
    elsewhere.run(&["phone", "remove"], "").unwrap().success().unwrap();
    // There is nothing to be proved any more, and nobody has it.
    window.wait_for("phone-input").unwrap();
    assert!(!window.sees("phone-lost").unwrap());
    window.type_into("phone-input", NUMBER).unwrap();
    is_free(&window);

    // The same when the question was put off before: it does not come back for that.
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("phone-code").unwrap();
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.click("nav-settings").unwrap();
    window.wait_for("settings-phone-verify").unwrap();
    elsewhere.run(&["phone", "remove"], "").unwrap().success().unwrap();
    window.wait_gone("settings-phone-verify").unwrap();
    assert!(!window.sees("phone-modal").unwrap(), "who gave it up need not be asked");
}
