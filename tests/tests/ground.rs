//! The ground itself: a test that stands on it must be able to trust it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use care4w_tests::{
    Display, Keychain, SessionBus, Sound, SoundServer, display, keychain, score,
    sound_server::{RATE, Streams},
    speech::Speech,
};

#[test]
fn what_is_said_into_a_microphone_is_heard_there_and_nowhere_else() {
    let sound = SoundServer::start(&["a", "b"]).unwrap();
    let here = sound.listen_to_microphone("a").unwrap();
    let elsewhere = sound.listen("b").unwrap();
    let mut speaking = sound.speak("a", &Speech::Caller.file().unwrap()).unwrap();
    assert!(speaking.wait_for_end(Duration::from_secs(30)).unwrap().success());
    // What was played last is still on its way into the recording.
    here.next(Duration::from_millis(500)).unwrap();

    let said = Speech::Caller.sound().unwrap();
    let found = score::same_speech(&said, &here.so_far().unwrap()).unwrap();
    assert!(found.similarity > 0.95, "nothing lies between the two: {found:?}");
    assert!(score::same_speech(&said, &elsewhere.so_far().unwrap()).is_err(), "silence is not the same speech");
    score::not_heard(&said, &elsewhere.so_far().unwrap()).unwrap();
    let other = Speech::Callee.sound().unwrap();
    assert!(score::same_speech(&other, &here.so_far().unwrap()).is_err(), "other words are not the same speech");
    if let Some(quality) = score::pesq(&said, &here.so_far().unwrap()).unwrap() {
        assert!(quality > 4.0, "nothing lies between the two, and PESQ is {quality}");
    }
}

#[test]
fn a_sound_server_counts_the_programs_that_listen_and_play() {
    let sound = SoundServer::start(&["a"]).unwrap();
    assert_eq!(sound.streams().unwrap(), Streams { recording: 0, playing: 0 }, "its own tools do not count");
}

#[test]
fn a_recording_begins_where_it_is_asked_to() {
    let sound = SoundServer::start(&["a"]).unwrap();
    let recording = sound.listen("a").unwrap();
    let piece = recording.next(Duration::from_millis(300)).unwrap();
    assert!(piece.length() >= Duration::from_millis(300), "{:?}", piece.length());
    assert!(piece.dbfs() < score::SILENCE_DBFS, "nobody spoke");
    assert_eq!(piece.rate, RATE);
}

#[test]
fn a_display_has_a_number_of_its_own_and_a_picture() {
    let (one, two) = (Display::start().unwrap(), Display::start().unwrap());
    assert_ne!(one.name(), two.name());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.png");
    one.screenshot(&file).unwrap();
    assert_eq!(care4w_tests::screenshot::colours_in(&file, display::WHOLE).unwrap(), 1, "nothing is open on it");
}

#[test]
fn a_keychain_answers_on_its_own_bus() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Keychain::start(folder.path()).unwrap();
    let (_, address) = keychain.environment().remove(0);
    assert!(keychain::answers(&address).unwrap());
    let bus = SessionBus::start(folder.path()).unwrap();
    assert!(!keychain::answers(bus.address()).unwrap(), "a bus alone keeps no secrets");
}

#[test]
fn silence_alone_is_never_taken_for_speech() {
    let said = Speech::Caller.sound().unwrap();
    assert!(score::same_speech(&said, &Sound::silence(RATE, Duration::from_secs(12))).is_err());
}
