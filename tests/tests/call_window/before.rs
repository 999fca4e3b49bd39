//! Before the first call: the test of the sound, on the devices that were chosen.

use std::time::Duration;

use care4w_tests::{Hearing, Server, SoundServer, score, speech::Speech, wait};

use crate::person::person;

/// Longer than a test of the sound takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_tone_and_ones_own_voice_are_heard_where_one_chose_to_hear_them_and_the_network_has_its_verdict() {
    let hearing = Hearing::begin();
    let person = person();
    let server = Server::start().unwrap();
    let window = person.arrives(&server);
    window.click("nav-settings").unwrap();
    window.chooses_device("settings-microphone", &SoundServer::microphone_id("headset"));
    window.chooses_device("settings-speaker", &SoundServer::speaker_id("headset"));
    window.click("settings-sound-test").unwrap();
    window.wait_for("sound-test").unwrap();

    // The tone.
    let (chosen, other) = (person.desk.sound().listen("headset").unwrap(), person.desk.sound().listen("desk").unwrap());
    window.click("sound-test-speaker-start").unwrap();
    window.wait_for_state("sound-test-speaker", &["done"]).unwrap();
    wait::until(PATIENCE, "the tone at the chosen speaker", || {
        Ok((chosen.so_far()?.dbfs() > score::SILENCE_DBFS).then_some(()))
    })
    .unwrap();

    // One's own voice, as others hear it.
    hearing.call_begins();
    let hears = person.desk.sound().listen("headset").unwrap();
    window.click("sound-test-microphone-start").unwrap();
    let speaking = person.speaks("headset");
    window.wait_for_state("sound-test-microphone", &["playing"]).unwrap();
    drop(speaking);
    window.wait_for_state("sound-test-microphone", &["done"]).unwrap();
    hearing.call_ends();
    let (said, heard) = (Speech::Caller.sound().unwrap(), hears.so_far().unwrap());
    // The time of the test is over before all is said: of what was said a second is looked for.
    let second = (0..3).map(|at| said.from(Duration::from_secs(at)).first(Duration::from_secs(1)));
    let found: Vec<_> = second.map(|second| score::same_speech(&second, &heard)).collect();
    assert!(heard.dbfs() > score::SILENCE_DBFS, "something is heard");
    assert!(found.iter().any(Result::is_ok) || hearing.is_spoilt("one's own voice"), "{found:?}");
    assert!(other.so_far().unwrap().dbfs() < score::SILENCE_DBFS, "nothing sounds where one did not choose it");

    // The network.
    window.click("sound-test-network-start").unwrap();
    window.wait_for_state("sound-test-network", &["done"]).unwrap();
    let verdict = window.text("sound-test-network").unwrap();
    assert!(verdict.contains("Calls work within your own network."), "of a server without STUN and TURN: {verdict}");
}
