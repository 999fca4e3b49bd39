//! A number that was typed without a country and is somebody's in another one.

use care4w_tests::{Key, Server};

use crate::stage::{Person, set_number};

#[test]
fn somebody_in_another_country_is_named_before_their_phone_rings() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("phone-modal").unwrap();
    let neema = person.other(server.url(), "Neema");
    set_number(&neema, "0754 321 987", "TZ");
    let mut waiting = neema.answer(&["--mic", "none", "--speaker", "none"]).unwrap();

    window.type_into("dial-input", "0754 321 987").unwrap();
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("confirm-country").unwrap();
    let asked = window.text("confirm-country").unwrap();
    assert!(asked.contains("Call Neema in Tanzania?"), "{asked}");
    assert!(asked.contains("In Kenya nobody has it"), "{asked}");
    // Enter in a hurry must not ring a stranger.
    assert_eq!(window.focused().unwrap(), "confirm-cancel");
    assert_eq!(window.evaluate("return document.activeElement.matches(':focus-visible')").unwrap(), true, "and seen");
    let mut found = person.look(&window, "another-country");
    found.extend(person.look_at_sizes(&window, "another-country"));
    window.press(&[Key::Enter]).unwrap();
    window.wait_gone("confirm-country").unwrap();
    assert!(!window.sees("call-panel").unwrap());
    let rang = waiting.lines().unwrap().iter().any(|line| line.is("call"));
    assert!(!rang, "nobody rang");

    window.click("dial-call").unwrap();
    window.wait_for("confirm-country").unwrap();
    window.click("confirm-call").unwrap();
    waiting.wait_for_call("connected").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.click("call-hangup").unwrap();
    waiting.end().unwrap();

    // With its country there is nothing to ask.
    window.click("call-done").unwrap();
    window.type_into("dial-input", "+255 754 321 987").unwrap();
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("call-panel").unwrap();
    assert!(!window.sees("confirm-country").unwrap());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_number_that_cannot_be_one_here_finds_its_holder_elsewhere_who_is_named_first() {
    let person = Person::named("Amina");
    let server = Server::start().unwrap();
    let window = person.is_asked(server.url());
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("phone-modal").unwrap();
    let emma = person.other(server.url(), "Emma");
    set_number(&emma, "020 7946 0958", "GB");
    let mut waiting = emma.answer(&["--mic", "none", "--speaker", "none"]).unwrap();

    // Kenya has no such number. Nobody has the other: it is refused for what it is.
    window.type_into("dial-input", "20 7946 0959 12").unwrap();
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("dial-error").unwrap();
    assert!(window.text("dial-error").unwrap().contains("too long"), "{}", window.text("dial-error").unwrap());

    window.type_into("dial-input", "20 7946 0958").unwrap();
    window.press(&[Key::Enter]).unwrap();
    window.wait_for("confirm-country").unwrap();
    let asked = window.text("confirm-country").unwrap();
    assert!(asked.contains("Call Emma in United Kingdom?"), "{asked}");
    let rang = waiting.lines().unwrap().iter().any(|line| line.is("call"));
    assert!(!rang, "nobody rang");
    window.click("confirm-call").unwrap();
    waiting.wait_for_call("connected").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.click("call-hangup").unwrap();
    waiting.end().unwrap();
}
