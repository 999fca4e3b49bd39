//! Calls over Twilio Voice between real programs: our server, our phone, and the double of Twilio's gateway, which
//! believes neither of them anything.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod ground;
mod openapi;
mod ring;
mod ring_window;
mod windows;

use care4w_tests::{Cli, Hearing, Sound, cli::RunningCli, speech::Speech};
use care4w_twilio_double::{CallState, Outcome, Says, Telephone};
use ground::Ground;
use tempfile::TempDir;

const NUMBER: &str = "+254712999999";
const BARAKAS_NUMBER: &str = "0712345678";

/// Two people with accounts at a server whose calls go over Twilio; the second one has a number.
struct Two {
    hearing: Hearing,
    folder: TempDir,
    ground: Ground,
    amina: Cli,
    baraka: Cli,
}

impl Two {
    fn meet() -> Self {
        let hearing = Hearing::begin();
        let ground = Ground::lay();
        let folder = tempfile::tempdir().unwrap();
        let [amina, baraka] = ["Amina", "Baraka"].map(|name| ground.person(name, folder.path()));
        baraka.run(&["phone", "set", BARAKAS_NUMBER, "--country", "KE"], "").unwrap().success().unwrap();
        Self { hearing, folder, ground, amina, baraka }
    }

    fn wav(&self, name: &str) -> String {
        format!("file:{}", self.folder.path().join(name).display())
    }
}

fn said(speech: Speech) -> String {
    format!("file:{}", speech.file().unwrap().display())
}

fn end_reason(phone: &mut RunningCli) -> String {
    phone.wait_for_call("ended").unwrap().text("reason").to_owned()
}

/// Amina calls Baraka's number, which Twilio does not bring to ring.
fn talk_peer_to_peer_instead(two: &Two) {
    let mut answering = two.baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    let silent = ["--country", "KE", "--seconds", "1", "--mic", "none", "--speaker", "none"];
    let mut calling = two.amina.call(BARAKAS_NUMBER, &silent).unwrap();
    assert_eq!(calling.wait_for_call("dialing").unwrap().text("backend"), "twilio");
    let again = calling.wait("the other way", |line| line.is("call") && line.json["insteadOf"] == "twilio").unwrap();
    assert_eq!(again.text("backend"), "p2p");
    calling.wait_for_call("connected").unwrap();
    assert_eq!(end_reason(&mut calling), "TIME_UP");
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
}

#[test]
fn two_people_talk_over_twilio_and_hear_each_other() {
    let two = Two::meet();
    let mut answering = two
        .baraka
        .answer(&["--calls", "1", "--mic", &said(Speech::Callee), "--speaker", &two.wav("heard-by-baraka.wav")])
        .unwrap();
    let to = two.baraka.care4w_id().unwrap();
    let (microphone, speaker) = (said(Speech::Caller), two.wav("heard-by-amina.wav"));
    let mut calling = two.amina.call(&to, &["--seconds", "11", "--mic", &microphone, "--speaker", &speaker]).unwrap();
    for state in ["dialing", "ringing", "connected"] {
        assert_eq!(calling.wait_for_call(state).unwrap().text("backend"), "twilio", "{state}");
    }
    let incoming = answering.wait_for_call("ringing").unwrap();
    assert_eq!(incoming.json["peer"]["name"], "Amina", "the server says whose call it is");
    assert_eq!(end_reason(&mut calling), "TIME_UP");
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    for (speech, file) in [(Speech::Caller, "heard-by-baraka.wav"), (Speech::Callee, "heard-by-amina.wav")] {
        let heard = Sound::read(&two.folder.path().join(file)).unwrap();
        two.hearing.judge(file, &speech.sound().unwrap(), &heard, 3.0).unwrap();
    }
    two.ground.nothing_was_wrong();
}

#[test]
fn a_number_that_no_user_has_is_called_over_twilio_and_digits_reach_it() {
    let two = Two::meet();
    let route = two.amina.run(&["lookup", NUMBER], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!((&route["route"], &route["exists"]), (&"twilio".into(), &false.into()), "{route}");
    two.ground.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
    let mut calling =
        two.amina.call(NUMBER, &["--mic", &said(Speech::Caller), "--speaker", "none", "--digits", "1#"]).unwrap();
    calling.wait_for_call("connected").unwrap();
    let there = two.ground.runtime.block_on(two.ground.double.next_call()).unwrap();
    two.ground.until("the digits came", || (there.digits() == "1#").then_some(()));
    two.ground.until("the caller is heard", || (there.heard().sound_packets() > 50).then_some(()));
    there.hang_up();
    assert_eq!(end_reason(&mut calling), "REMOTE_HUNG_UP");
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    two.ground.nothing_was_wrong();
}

#[test]
fn a_number_that_does_not_answer_says_how() {
    let two = Two::meet();
    for (outcome, code) in [(Outcome::Busy, "BUSY"), (Outcome::Unknown, "NOT_IN_SERVICE")] {
        two.ground.double.set_telephone(NUMBER, Telephone::with(outcome));
        let mut calling = two.amina.call(NUMBER, &["--mic", "none", "--speaker", "none"]).unwrap();
        assert_eq!(end_reason(&mut calling), code);
        assert_eq!(calling.wait_for_end().unwrap(), Some(1));
    }
    two.ground.nothing_was_wrong();
}

#[test]
fn a_number_that_the_server_does_not_have_called_says_so() {
    let two = Two::meet();
    // A premium-rate number of Kenya's.
    let mut calling = two.amina.call("+254900223344", &["--mic", "none", "--speaker", "none"]).unwrap();
    assert_eq!(end_reason(&mut calling), "NOT_ALLOWED");
    assert_eq!(calling.wait_for_end().unwrap(), Some(1));
}

#[test]
fn a_telephone_calls_a_user() {
    let two = Two::meet();
    let mut answering = two.baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    let identity = two.baraka.care4w_id().unwrap().replace('-', "_");
    let there = two.ground.runtime.block_on(two.ground.double.ring(&identity, NUMBER, &[], Says::Echo)).unwrap();
    let incoming = answering.wait_for_call("ringing").unwrap();
    assert_eq!(incoming.text("backend"), "twilio");
    assert_eq!(incoming.json["peer"]["name"], "+254 712 999999");
    answering.wait_for_call("connected").unwrap();
    two.ground.until("it is answered", || (there.state() == CallState::Answered).then_some(()));
    there.hang_up();
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
    two.ground.nothing_was_wrong();
}

#[test]
fn where_twilio_cannot_be_reached_a_user_is_called_peer_to_peer_and_it_is_said_so() {
    let two = Two::meet();
    two.ground.double.refuse_connections(true);
    talk_peer_to_peer_instead(&two);
    // Whom only Twilio could reach is not reached.
    let mut stranger = two.amina.call(NUMBER, &["--mic", "none", "--speaker", "none"]).unwrap();
    assert_eq!(end_reason(&mut stranger), "TWILIO_UNREACHABLE");
    let doctor = two.amina.run(&["doctor"], "").unwrap();
    let twilio = doctor.stdout.lines().find(|line| line.contains("\"twilio\"")).unwrap().to_owned();
    assert!(twilio.contains("\"bad\""), "{twilio}");
}

#[test]
fn a_call_outlives_the_loss_of_its_signalling() {
    let two = Two::meet();
    two.ground.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
    let mut calling =
        two.amina.call(NUMBER, &["--mic", &said(Speech::Caller), "--speaker", &two.wav("echo.wav")]).unwrap();
    calling.wait_for_call("connected").unwrap();
    let there = two.ground.runtime.block_on(two.ground.double.next_call()).unwrap();
    two.ground.double.cut_signalling();
    two.ground.until("it is taken up again", || (there.reconnects() == 1).then_some(()));
    assert_eq!(calling.end().unwrap(), Some(0));
    two.ground.until("it is over", || (there.state() == CallState::Ended).then_some(()));
    two.ground.nothing_was_wrong();
}

#[test]
fn an_emergency_number_is_not_dialled_over_twilio_either() {
    let two = Two::meet();
    for (number, dial) in [("112", "112"), ("999", "999"), ("911", "112")] {
        let arguments = ["call", number, "--country", "KE", "--mic", "none", "--speaker", "none"];
        let refused = two.amina.run(&arguments, "").unwrap();
        assert!(refused.stderr.contains(&format!("Dial {dial} on a phone.")), "{}", refused.stderr);
        refused.refused(1, "EMERGENCY_NUMBER").unwrap();
    }
    assert!(two.ground.double.calls().is_empty());
}

#[test]
fn free_calls_go_peer_to_peer_where_somebody_is_there_and_over_twilio_where_only_a_telephone_is() {
    let two = Two::meet();
    let route = |more: &[&str]| {
        let arguments = [&["lookup", BARAKAS_NUMBER, "--country", "KE"], more].concat();
        two.amina.run(&arguments, "").unwrap().success().unwrap().json().unwrap()["route"].clone()
    };
    assert_eq!((route(&[]), route(&["--free"])), ("twilio".into(), "p2p".into()));
    let mut answering = two.baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    let silent = ["--country", "KE", "--free", "--seconds", "1", "--mic", "none", "--speaker", "none"];
    let mut calling = two.amina.call(BARAKAS_NUMBER, &silent).unwrap();
    assert_eq!(calling.wait_for_call("connected").unwrap().text("backend"), "p2p");
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
    assert!(two.ground.double.calls().is_empty(), "nothing is billed");
    // Nobody is at that computer now; the telephone of the number is.
    two.ground.double.set_telephone("+254712345678", Telephone::answering(Says::Echo));
    let mut calling = two.amina.call(BARAKAS_NUMBER, &silent).unwrap();
    let again = calling.wait("the other way", |line| line.is("call") && line.json["insteadOf"] == "p2p").unwrap();
    assert_eq!(again.text("backend"), "twilio");
    calling.wait_for_call("connected").unwrap();
    assert_eq!(end_reason(&mut calling), "TIME_UP");
    two.ground.nothing_was_wrong();
}

#[test]
fn a_gateway_that_never_answers_an_invitation_is_left_for_peer_to_peer_and_it_is_said_so() {
    let two = Two::meet();
    two.ground.double.set_telephone("+254712345678", Telephone::default());
    two.ground.double.ignore_invitations(true);
    talk_peer_to_peer_instead(&two);
    let given_up = two.ground.double.frames().into_iter().any(|frame| frame.from_client && frame.kind() == "hangup");
    assert!(given_up, "the gateway was told that nobody waits any more");
}
