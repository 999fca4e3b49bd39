//! In the middle of a call: what the person at a window can do, and what they are told. One window, and a phone
//! without one at the other end.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod before;
mod person;
mod troubles;

use care4w_tests::{Account, AppWindow, Cli, Key, Server, SoundServer, cli::RunningCli};
use person::{looks, meter_moves, person, wait_for_attribute};

const DIGITS_STAND: &str = "return document.querySelector('[data-testid=call-digits]')?.textContent === '42#12'";

/// Where the red button is: nothing that comes or goes may move it.
fn place(window: &AppWindow) -> serde_json::Value {
    let script = "const { x, y } = document.querySelector('[data-testid=call-hangup]').getBoundingClientRect(); \
                  return [x, y]";
    window.evaluate(script).unwrap()
}

/// How many packets the other end has sent by the next of its statistics.
fn sent(peer: &mut RunningCli) -> u64 {
    peer.wait("statistics", |line| line.is("stats")).unwrap().json["sent"].as_u64().unwrap()
}

#[test]
fn in_a_call_one_holds_dials_changes_devices_and_reads_the_figures() {
    let person = person();
    let server = Server::start().unwrap();
    let window = person.arrives(&server);
    let mut found = Vec::new();

    // Before the first call the sound is tested: one hears oneself, and the network has its verdict.
    window.click("sound-test-take").unwrap();
    window.wait_for("sound-test").unwrap();
    let speaking = person.speaks("desk");
    window.click("sound-test-microphone-start").unwrap();
    meter_moves(&window, "test-input");
    window.wait_for_state("sound-test-microphone", &["playing"]).unwrap();
    window.wait_for_state("sound-test-microphone", &["done"]).unwrap();
    drop(speaking);
    window.click("sound-test-network-start").unwrap();
    window.wait_for_state("sound-test-network", &["done"]).unwrap();
    found.extend(looks(&person, &window, "test"));
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("sound-test").unwrap();
    assert!(!window.sees("sound-test-offer").unwrap(), "what was taken is not offered again");

    // A call, and nothing to say about how good it is.
    let baraka = Cli::new(server.url(), &person.folder().join("baraka"));
    baraka.register(&Account::named("Baraka")).unwrap();
    let mut peer = baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    window.type_into("dial-input", &baraka.care4w_id().unwrap()).unwrap();
    window.click("dial-call").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    wait_for_attribute(&window, "call-quality", "data-level", "good");
    assert_eq!(window.text("call-quality").unwrap(), "", "the mark is silent when all is well");
    found.extend(looks(&person, &window, "call"));
    let red_button = place(&window);

    // Held: said here, and nothing more comes from the other end. Taken up again, it does.
    window.click("call-hold").unwrap();
    wait_for_attribute(&window, "call-hold", "aria-pressed", "true");
    wait_for_attribute(&window, "call-status", "data-hold", "here");
    // The first of the statistics may tell of what was sent before.
    let counted: Vec<u64> = (0..5).map(|_| sent(&mut peer)).collect();
    assert_eq!(counted[3], counted[4], "nothing is sent to an end that holds: {counted:?}");
    assert_eq!(place(&window), red_button, "nothing jumps when the call is held");
    found.extend(looks(&person, &window, "held"));
    window.click("call-hold").unwrap();
    wait_for_attribute(&window, "call-hold", "aria-pressed", "false");
    peer.wait("sound to be sent again", |line| line.is("stats") && line.json["sent"].as_u64() > Some(counted[4]))
        .unwrap();
    assert_eq!(window.attribute("call-status", "data-hold").unwrap(), None);

    // Digits, by keyboard: they come there, and stand here.
    window.click("call-keypad").unwrap();
    window.wait_for("key-1").unwrap();
    // A w is half a second without any.
    window.type_keys("42#1w2").unwrap();
    for digit in ["4", "2", "#", "1", "2"] {
        assert_eq!(peer.wait("a digit", |line| line.is("digit")).unwrap().text("digit"), digit);
    }
    let digits = window.wait_until("the digits to stand here", DIGITS_STAND);
    digits.unwrap_or_else(|error| {
        panic!(
            "{error}: {}",
            window.evaluate("return document.querySelector('[data-testid=call-panel]').innerText").unwrap()
        )
    });
    found.extend(looks(&person, &window, "keypad"));
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("call-digits").unwrap();

    // Another microphone, in the middle of the call: it is heard at once, and still chosen later.
    let headset = SoundServer::microphone_id("headset");
    window.click("call-sound").unwrap();
    window.wait_for("sound-sheet").unwrap();
    wait_for_attribute(&window, "sound-microphone", "data-value", "default");
    found.extend(looks(&person, &window, "sound"));
    window.click("sound-microphone").unwrap();
    window
        .wait_until(
            "the headset to be chosen",
            &format!("const choice = document.querySelector('[data-choice=\"{headset}\"]'); return choice !== null"),
        )
        .unwrap();
    found.extend(window.audit().unwrap().into_iter().map(|violation| format!("devices: {violation}")));
    person.picture(&window, "call/devices");
    window.type_keys("headset").unwrap();
    window.press(&[Key::Enter]).unwrap();
    wait_for_attribute(&window, "sound-microphone", "data-value", &headset);
    let speaking = person.speaks("headset");
    meter_moves(&window, "sound-input");
    drop(speaking);
    window.click("sound-done").unwrap();
    window.wait_gone("sound-sheet").unwrap();
    assert_eq!(window.focused().unwrap(), "call-sound", "the focus is back where it was");
    window.click("nav-settings").unwrap();
    wait_for_attribute(&window, "settings-microphone", "data-value", &headset);
    window.click("call-strip").unwrap();

    // Who speaks while muted is told so.
    window.click("call-mute").unwrap();
    wait_for_attribute(&window, "call-mute", "aria-pressed", "true");
    let speaking = person.speaks("headset");
    window.wait_for("call-muted-hint").unwrap();
    assert_eq!(place(&window), red_button, "nothing jumps for a hint");
    person.picture(&window, "call/muted");
    drop(speaking);

    // The figures, for the curious.
    window.click("call-quality").unwrap();
    window.wait_for_text("stats-path", |text| text.starts_with("Direct")).unwrap();
    window.wait_for_text("stats-rtt", |text| text.ends_with(" ms")).unwrap();
    window.wait_for_text("stats-codec", |text| text.starts_with("Opus")).unwrap();
    found.extend(looks(&person, &window, "figures"));
    window.press(&[Key::Escape]).unwrap();
    window.wait_gone("stats-sheet").unwrap();

    window.click("call-hangup").unwrap();
    assert_eq!(peer.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    peer.wait_for_end().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
