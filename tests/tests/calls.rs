//! The call between two phones without a window: what one says, the other hears, and both say why it ended.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use care4w_tests::{
    Account, Cli, Desk, Hearing, Server, Sound, SoundServer, cli::RunningCli, desk::SOUND_CARD, score, speech::Speech,
};
use tempfile::TempDir;

/// Two people with accounts; the second one has a number.
struct Two {
    hearing: Hearing,
    folder: TempDir,
    _server: Server,
    amina: Cli,
    baraka: Cli,
}

const BARAKAS_NUMBER: &str = "0712345678";

impl Two {
    fn meet() -> Self {
        let hearing = Hearing::begin();
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().unwrap();
        let amina = Cli::new(server.url(), &folder.path().join("amina"));
        let baraka = Cli::new(server.url(), &folder.path().join("baraka"));
        amina.register(&Account::named("Amina")).unwrap();
        baraka.register(&Account::named("Baraka")).unwrap();
        baraka.run(&["phone", "set", BARAKAS_NUMBER, "--country", "KE"], "").unwrap().success().unwrap();
        Self { hearing, folder, _server: server, amina, baraka }
    }

    fn wav(&self, name: &str) -> String {
        format!("file:{}", self.folder.path().join(name).display())
    }

    fn heard(&self, name: &str) -> Sound {
        Sound::read(&self.folder.path().join(name)).unwrap()
    }
}

fn said(speech: Speech) -> String {
    format!("file:{}", speech.file().unwrap().display())
}

fn end_reason(phone: &mut RunningCli) -> String {
    phone.wait_for_call("ended").unwrap().text("reason").to_owned()
}

#[test]
fn what_is_said_at_either_end_is_heard_at_the_other_and_both_ends_say_why_the_call_ended() {
    let two = Two::meet();
    let mut answering = two
        .baraka
        .answer(&["--calls", "1", "--mic", &said(Speech::Callee), "--speaker", &two.wav("heard-by-baraka.wav")])
        .unwrap();
    let mut calling = two
        .amina
        .call(
            BARAKAS_NUMBER,
            &[
                "--country",
                "KE",
                "--seconds",
                "11",
                "--mic",
                &said(Speech::Caller),
                "--speaker",
                &two.wav("heard-by-amina.wav"),
            ],
        )
        .unwrap();

    for state in ["dialing", "ringing", "connected"] {
        let line = calling.wait_for_call(state).unwrap();
        assert_eq!(line.text("backend"), "p2p", "{:?}", line.json);
        assert!(line.json["sinceStartMs"].is_u64() && !line.text("callId").is_empty(), "{:?}", line.json);
    }
    let media = calling.wait("the first sound", |line| line.is("media")).unwrap();
    assert!(media.json["firstAudioMs"].is_u64(), "{:?}", media.json);
    let stats = calling.wait("statistics", |line| line.is("stats")).unwrap();
    for name in
        ["rttMs", "jitterMs", "lossPercent", "concealedPercent", "bufferMs", "mos", "codec", "path", "sent", "received"]
    {
        assert!(stats.json.get(name).is_some(), "stats without {name}: {:?}", stats.json);
    }
    assert_eq!(end_reason(&mut calling), "TIME_UP");
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
    let summary = calling.wait("the summary", |line| line.is("summary")).unwrap();
    assert!(summary.json["durationMs"].as_u64().unwrap() >= 10_000, "{:?}", summary.json);
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));

    for (speech, file) in [(Speech::Caller, "heard-by-baraka.wav"), (Speech::Callee, "heard-by-amina.wav")] {
        let (said, heard) = (speech.sound().unwrap(), two.heard(file));
        assert_eq!(heard.rate, 48_000, "{file}");
        // Loopback loses nothing.
        two.hearing.judge(file, &said, &heard, 3.0).unwrap();
    }
}

#[test]
fn what_is_said_into_one_sound_card_comes_out_of_the_other() {
    let two = Two::meet();
    let (here, there) = (
        Desk::set_up(&two.folder.path().join("here")).unwrap(),
        Desk::set_up(&two.folder.path().join("there")).unwrap(),
    );
    let amina = two.amina.clone().with_environment(here.environment());
    let baraka = two.baraka.clone().with_environment(there.environment());
    let (microphone, speaker) = (SoundServer::microphone_id(SOUND_CARD), SoundServer::speaker_id(SOUND_CARD));

    let mut answering = baraka.answer(&["--calls", "1", "--mic", &microphone, "--speaker", &speaker]).unwrap();
    let mut calling = amina.call(&baraka.care4w_id().unwrap(), &["--mic", &microphone, "--speaker", &speaker]).unwrap();
    calling.wait_for_call("connected").unwrap();
    answering.wait_for_call("connected").unwrap();

    for (from, to, speech) in [(&here, &there, Speech::Caller), (&there, &here, Speech::Callee)] {
        let listening = to.sound().listen(SOUND_CARD).unwrap();
        let mut speaking = from.sound().speak(SOUND_CARD, &speech.file().unwrap()).unwrap();
        assert!(speaking.wait_for_end(Duration::from_secs(40)).unwrap().success());
        listening.next(Duration::from_millis(700)).unwrap();
        let (said, heard) = (speech.sound().unwrap(), listening.so_far().unwrap());
        two.hearing.judge(&format!("{speech:?} over sound cards"), &said, &heard, 2.0).unwrap();
    }
    assert_eq!(calling.end().unwrap(), Some(0), "SIGTERM hangs up");
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    for desk in [&here, &there] {
        let streams = desk.sound().streams().unwrap();
        assert_eq!((streams.recording, streams.playing), (0, 0), "no microphone stays open after a call");
    }
}

#[test]
fn somebody_who_is_not_signed_in_anywhere_cannot_be_reached_and_the_caller_is_told_so() {
    let two = Two::meet();
    let mut calling =
        two.amina.call(BARAKAS_NUMBER, &["--country", "KE", "--mic", "none", "--speaker", "none"]).unwrap();
    assert_eq!(end_reason(&mut calling), "UNREACHABLE");
    assert_eq!(calling.wait_for_end().unwrap(), Some(1));
    assert!(calling.log().unwrap().contains("[UNREACHABLE]"), "{}", calling.log().unwrap());
}

#[test]
fn a_second_caller_is_told_that_the_line_is_busy() {
    let two = Two::meet();
    let chidi = Cli::new(two._server.url(), &two.folder.path().join("chidi"));
    chidi.register(&Account::named("Chidi")).unwrap();
    let none = ["--mic", "none", "--speaker", "none"];
    let mut answering = two.baraka.answer(&[&["--calls", "1"], &none[..]].concat()).unwrap();
    let mut first = two.amina.call(BARAKAS_NUMBER, &[&["--country", "KE"], &none[..]].concat()).unwrap();
    first.wait_for_call("connected").unwrap();
    let mut second = chidi.call("+254712345678", &none).unwrap();
    assert_eq!(end_reason(&mut second), "BUSY");
    assert_eq!(first.end().unwrap(), Some(0));
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
}

#[test]
fn a_call_that_is_over_does_not_ring_a_phone_that_comes_later() {
    let two = Two::meet();
    let none = ["--mic", "none", "--speaker", "none"];
    let mut calling = two.amina.call(BARAKAS_NUMBER, &[&["--country", "KE"], &none[..]].concat()).unwrap();
    assert_eq!(end_reason(&mut calling), "UNREACHABLE");
    let mut answering = two.baraka.answer(&none).unwrap();
    // The next call rings first of all, so nothing of the old one came before it.
    let mut again = two.amina.call(BARAKAS_NUMBER, &[&["--country", "KE"], &none[..]].concat()).unwrap();
    let dialled = again.wait_for_call("dialing").unwrap().text("callId").to_owned();
    assert_eq!(
        answering.wait_for_call("ringing").unwrap().text("callId"),
        dialled,
        "a call that is over must not ring"
    );
    again.wait_for_call("connected").unwrap();
    assert_eq!(again.end().unwrap(), Some(0));
}

#[test]
fn the_echo_line_greets_and_plays_back_what_it_hears() {
    let two = Two::meet();
    let _echo = two.baraka.answer(&["--echo"]).unwrap();
    let mut calling = two
        .amina
        .call(
            BARAKAS_NUMBER,
            &["--country", "KE", "--seconds", "20", "--mic", &said(Speech::Caller), "--speaker", &two.wav("echo.wav")],
        )
        .unwrap();
    calling.wait_for_call("connected").unwrap();
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    let heard = two.heard("echo.wav");
    assert!(heard.first(Duration::from_millis(1_500)).dbfs() > score::SILENCE_DBFS, "it greets first");
    two.hearing.judge("the echo", &Speech::Caller.sound().unwrap(), &heard, 0.0).unwrap();
}

#[test]
fn a_phone_that_waits_says_when_its_sign_in_has_ended() {
    let two = Two::meet();
    let mut answering = two.baraka.answer(&["--mic", "none", "--speaker", "none"]).unwrap();
    two.baraka.run(&["logout"], "").unwrap().success().unwrap();
    assert_eq!(answering.wait_for_end().unwrap(), Some(1), "nobody can call it any more");
    assert!(answering.log().unwrap().contains("[SIGNED_OUT]"), "{}", answering.log().unwrap());
}

#[test]
fn a_call_whose_other_end_died_is_no_success() {
    let two = Two::meet();
    let none = ["--mic", "none", "--speaker", "none"];
    let mut answering = two.baraka.answer(&none).unwrap();
    let mut calling = two.amina.call(BARAKAS_NUMBER, &[&["--country", "KE"], &none[..]].concat()).unwrap();
    calling.wait_for_call("connected").unwrap();
    care4w_tests::process::end_now(answering.process().id());
    calling.wait_for_call("reconnecting").unwrap();
    let patient = Duration::from_secs(60);
    let ended = calling.wait_at_most(patient, "the call to be given up", |line| line.is_call("ended")).unwrap();
    assert_eq!(ended.text("reason"), "CONNECTION_LOST");
    assert_eq!(calling.wait_for_end().unwrap(), Some(1));
}

#[test]
fn a_call_goes_on_while_the_server_is_away_and_a_hang_up_is_heard_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(&folder.path().join("server"), "127.0.0.1:0", &[], &Vec::new()).unwrap();
    let amina = Cli::new(server.url(), &folder.path().join("amina"));
    let baraka = Cli::new(server.url(), &folder.path().join("baraka"));
    amina.register(&Account::named("Amina")).unwrap();
    baraka.register(&Account::named("Baraka")).unwrap();
    let none = ["--mic", "none", "--speaker", "none"];
    let mut answering = baraka.answer(&[&["--calls", "1"], &none[..]].concat()).unwrap();
    let mut calling = amina.call(&baraka.care4w_id().unwrap(), &none).unwrap();
    calling.wait_for_call("connected").unwrap();
    answering.wait_for_call("connected").unwrap();
    care4w_tests::process::end_now(server.process().id());
    for _ in 0..2 {
        calling.wait("statistics of a call that goes on", |line| line.is("stats")).unwrap();
    }
    assert_eq!(calling.end().unwrap(), Some(0));
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP", "the hang-up went from phone to phone");
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
}
