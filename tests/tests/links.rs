//! Click to call, in the real window: links that open the app, links that reach the running one, and those that no one
//! should trust.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use care4w_tests::{Account, AppWindow, Display, Person, Server, binaries};

const NOBODY_RINGS: &str = "return document.querySelector('[data-testid=call-panel]') === null";

/// The dialler shows this, and says of it that.
fn shows(window: &AppWindow, text: &str, state: &str) {
    window.wait_for_value("dial-input", |value| value == text).unwrap();
    window.wait_for_state("link-note", &[state]).unwrap();
}

#[test]
fn a_link_opens_the_app_or_reaches_the_running_one_and_rings_nobody_by_itself() {
    let person = Person::named("Amina", "links");
    let server = Server::start().unwrap();
    let mut found = Vec::new();

    // What is no text opens nothing.
    let mut command = Command::new(binaries::find("care4w").unwrap());
    command.arg(OsStr::from_bytes(b"tel:+254\xff712345678")).envs(person.environment());
    assert_eq!(command.output().unwrap().status.code(), Some(2));

    // Before anybody is signed in: it waits for them.
    let window = person.opens(&server, &["tel:+254712345678"]);
    window.wait_for("sign-in-email").unwrap();
    window.arrives(&person.account);
    shows(&window, "+254 712 345678", "asks");
    window.close().unwrap();

    // The app is opened by it.
    let window = person.opens(&server, &["tel:%2B254%20712%20345%20678"]);
    shows(&window, "+254 712 345678", "asks");
    found.extend(person.looks_at_sizes(&window, "desktop/link"));
    assert_eq!(window.evaluate(NOBODY_RINGS).unwrap(), true);

    // The app runs already: the second one hands over and ends.
    window.click("nav-settings").unwrap();
    person.starts_again(&server, &["callto://0722000111/"]);
    shows(&window, "0722 000111", "asks");
    person.starts_again(&server, &["+254733000222"]);
    shows(&window, "+254 733 000222", "asks");
    person.starts_again(&server, &["tel:*%2306%23"]);
    shows(&window, "*#06#", "refused");
    found.extend(person.looks_at_sizes(&window, "desktop/link-refused"));
    person.starts_again(&server, &["care4w:tel:+254712345678"]);
    shows(&window, "tel:+254712345678", "refused");
    person.starts_again(&server, &["tel:+2547%0012345678"]);
    window.wait_for_value("dial-input", |value| value == "tel:+254712345678").unwrap();
    window.wait_for_state("link-note", &["refused"]).unwrap();
    person.starts_again(&server, &[&format!("tel:+{}", "7".repeat(100_000))]);
    let shown = window.wait_for_value("dial-input", |value| value.ends_with('…')).unwrap();
    assert!(shown.chars().count() < 70, "{shown}");
    person.starts_again(&server, &["tel:+449098790000"]);
    shows(&window, "+44 909 879 0000", "premium");
    found.extend(person.looks_at_sizes(&window, "desktop/link-premium"));
    assert_eq!(window.evaluate(NOBODY_RINGS).unwrap(), true);

    // Who wants that has them called at once: people, and nothing that costs more or is no number.
    let baraka = person.other(&server, &Account::named("Baraka"));
    let id = baraka.care4w_id().unwrap();
    let mut peer = baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    window.click("nav-settings").unwrap();
    window.click("settings-links").unwrap();
    window
        .wait_until(
            "the wish to be kept",
            "return document.querySelector('[data-testid=settings-links]')?.dataset.state === 'checked'",
        )
        .unwrap();
    for (link, text, state) in
        [("tel:+449098790000", "+44 909 879 0000", "premium"), ("tel:**21*1234%23", "**21*1234#", "refused")]
    {
        person.starts_again(&server, &[link]);
        shows(&window, text, state);
    }
    assert_eq!(window.evaluate(NOBODY_RINGS).unwrap(), true);
    person.starts_again(&server, &[&format!("care4w:{id}")]);
    window.wait_for_state("call-status", &["connected"]).unwrap();

    // In a call a link waits.
    person.starts_again(&server, &["tel:+254712345678"]);
    window.click("call-hangup").unwrap();
    assert_eq!(peer.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    window.click("call-done").unwrap();
    shows(&window, "+254 712 345678", "asks");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn two_profiles_get_their_own_links() {
    let person = Person::named("Amina", "one");
    let server = Server::start().unwrap();
    let one = person.arrives(&server);
    // A window that lies under another one is not painted.
    let elsewhere = Display::start().unwrap();
    let other = {
        let mut environment = person.environment();
        environment.extend(elsewhere.environment());
        let arguments = ["--server", server.url(), "--profile", "two"];
        AppWindow::open(&arguments, &environment, &person.desk.folder().join("two")).unwrap()
    };
    other.wait_for("sign-in-email").unwrap();
    other.arrives(&Account::named("Baraka"));

    person.starts_profile_again(&server, "two", &["tel:+254712345678"]);
    shows(&other, "+254 712 345678", "asks");
    person.starts_profile_again(&server, "one", &["tel:+254722000111"]);
    shows(&one, "+254 722 000111", "asks");
    other.wait_for_value("dial-input", |value| value == "+254 712 345678").unwrap();
}
