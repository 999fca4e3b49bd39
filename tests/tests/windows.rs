//! The first call: two people, two windows, real sound; and a window with a phone that has none.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use care4w_tests::{
    Account, AppWindow, Cli, Desk, Display, Environment, Server, binaries,
    desk::SOUND_CARD,
    score,
    sound_server::{Recording, Streams},
    speech::Speech,
    wait,
};

const NUMBER: &str = "0712 345 678";

/// A person at a desk, with the app open.
struct Person<'a> {
    account: Account,
    desk: &'a Desk,
    display: &'a Display,
    server: &'a str,
    profile: &'static str,
}

impl Person<'_> {
    fn environment(&self) -> Environment {
        let mut environment = self.desk.environment();
        environment.extend(self.display.environment());
        environment
    }

    fn open(&self) -> AppWindow {
        self.open_with(&[])
    }

    fn open_with(&self, more: &[&str]) -> AppWindow {
        let arguments = [&["--server", self.server, "--profile", self.profile], more].concat();
        AppWindow::open(&arguments, &self.environment(), self.desk.folder()).unwrap()
    }

    fn register(&self, window: &AppWindow) {
        window.click("to-register").unwrap();
        window.type_into("register-name", &self.account.name).unwrap();
        window.type_into("register-email", &self.account.email).unwrap();
        window.type_into("register-password", &self.account.password).unwrap();
        picture(self.display, "register");
        window.click("register-submit").unwrap();
    }
}

fn picture(display: &Display, name: &str) {
    let folder = binaries::output_folder("screens").unwrap();
    display.screenshot(&folder.join(format!("{name}.png"))).unwrap();
}

fn say(from: &Desk, to: &Desk, speech: Speech) -> (care4w_tests::Sound, care4w_tests::Sound) {
    let listening: Recording = to.sound().listen(SOUND_CARD).unwrap();
    let mut speaking = from.sound().speak(SOUND_CARD, &speech.file().unwrap()).unwrap();
    assert!(speaking.wait_for_end(Duration::from_secs(40)).unwrap().success());
    listening.next(Duration::from_millis(700)).unwrap();
    (speech.sound().unwrap(), listening.so_far().unwrap())
}

fn hears(from: &Desk, to: &Desk, speech: Speech) {
    let (said, heard) = say(from, to, speech);
    score::same_speech(&said, &heard).unwrap_or_else(|error| panic!("{speech:?}: {error}"));
    if let Some(pesq) = score::pesq(&said, &heard).unwrap() {
        println!("{speech:?} from window to window: PESQ {pesq:.2}");
        assert!(pesq > 2.0, "{speech:?} from window to window: PESQ is {pesq}");
    }
}

fn no_sound_is_open(desk: &Desk) {
    wait::until(Duration::from_secs(10), "every stream to be closed", || {
        Ok((desk.sound().streams()? == Streams { recording: 0, playing: 0 }).then_some(()))
    })
    .unwrap();
}

fn folder(root: &Path, name: &str) -> std::path::PathBuf {
    root.join(name)
}

#[test]
fn two_people_register_call_talk_mute_hang_up_and_are_still_signed_in_the_next_day() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start().unwrap();
    // A window that lies under another one is not painted: each has a display of its own.
    let (one_display, two_display) = (Display::start().unwrap(), Display::start().unwrap());
    let one_desk = Desk::set_up(&folder(root.path(), "one")).unwrap();
    let two_desk = Desk::set_up(&folder(root.path(), "two")).unwrap();
    let amina = Person {
        account: Account::named("Amina"),
        desk: &one_desk,
        display: &one_display,
        server: server.url(),
        profile: "one",
    };
    let baraka = Person {
        account: Account::named("Baraka"),
        desk: &two_desk,
        display: &two_display,
        server: server.url(),
        profile: "two",
    };
    let (one, two) = (amina.open(), baraka.open());

    // Both register; the phone modal opens by itself; one saves a number, the other skips.
    one.wait_for("sign-in-email").unwrap();
    picture(&one_display, "sign-in");
    amina.register(&one);
    baraka.register(&two);
    for window in [&one, &two] {
        window.wait_for("phone-modal").unwrap();
    }
    one.type_into("phone-input", NUMBER).unwrap();
    one.wait_for_state("phone-status", &["available"]).unwrap();
    picture(&one_display, "phone-modal");
    one.click("phone-save").unwrap();
    one.wait_gone("phone-modal").unwrap();
    two.click("phone-skip").unwrap();
    two.wait_gone("phone-modal").unwrap();

    // The one with the number is called by it, in national form; its window rings; it is accepted.
    two.type_into("dial-input", NUMBER).unwrap();
    picture(&two_display, "dialler");
    two.click("dial-call").unwrap();
    one.wait_for_state("call-status", &["incoming"]).unwrap();
    two.wait_for_state("call-status", &["ringing"]).unwrap();
    picture(&one_display, "incoming");
    picture(&two_display, "ringing");
    one.wait_for_text("call-peer", |text| text.contains("Baraka")).unwrap();
    two.wait_for_text("call-peer", |text| text.contains("Amina")).unwrap();
    assert!(!two.sees("call-timer").unwrap(), "the timer starts with the sound, not before");
    wait::until(Duration::from_secs(10), "the phone to ring aloud", || {
        Ok((one_desk.sound().streams()?.playing > 0).then_some(()))
    })
    .unwrap();
    one.click("call-accept").unwrap();
    for window in [&one, &two] {
        window.wait_for_state("call-status", &["connected"]).unwrap();
        window.wait_for("call-timer").unwrap();
    }

    // What one says, the other hears, both ways; mute silences it.
    hears(&two_desk, &one_desk, Speech::Caller);
    hears(&one_desk, &two_desk, Speech::Callee);
    picture(&one_display, "in-call");
    two.click("call-mute").unwrap();
    wait::until(Duration::from_secs(10), "mute to be on", || {
        Ok((two.attribute("call-mute", "aria-pressed")?.as_deref() == Some("true")).then_some(()))
    })
    .unwrap();
    let (said, heard) = say(&two_desk, &one_desk, Speech::Caller);
    score::not_heard(&said, &heard).unwrap();
    two.click("call-mute").unwrap();
    wait::until(Duration::from_secs(10), "mute to be off", || {
        Ok((two.attribute("call-mute", "aria-pressed")?.as_deref() == Some("false")).then_some(()))
    })
    .unwrap();
    hears(&two_desk, &one_desk, Speech::Caller);

    // Hang-up ends both with a reason.
    two.click("call-hangup").unwrap();
    for window in [&one, &two] {
        window.wait_for_state("call-status", &["ended"]).unwrap();
    }
    one.wait_for_text("call-status", |text| text.contains("hung up")).unwrap();
    picture(&one_display, "ended");
    for desk in [&one_desk, &two_desk] {
        no_sound_is_open(desk);
    }

    // The next day nobody has to sign in, and no modal opens. A number on the command line is filled in, not dialled.
    one.close().unwrap();
    two.close().unwrap();
    let (one, two) = (amina.open(), baraka.open_with(&["tel:+254712345678"]));
    for window in [&one, &two] {
        window.wait_for("dial-input").unwrap();
    }
    two.wait_for_value("dial-input", |text| text == "+254 712 345678").unwrap();
    assert!(!two.sees("call-panel").unwrap(), "what was filled in waits for a person");
    // The modal would open once the server has answered; the settings show that it has.
    one.click("nav-settings").unwrap();
    one.wait_for_text("settings-phone", |text| text.contains("+254 712 345678")).unwrap();
    two.click("nav-settings").unwrap();
    two.wait_for("settings-phone").unwrap();
    picture(&one_display, "settings");
    for window in [&one, &two] {
        assert!(!window.sees("phone-modal").unwrap(), "a saved number and a skipped question are remembered");
    }
    // By choice it is dark.
    two.click("theme-dark").unwrap();
    picture(&two_display, "settings-dark");
    two.click("nav-phone").unwrap();
    two.wait_for("dial-input").unwrap();
    picture(&two_display, "dialler-dark");
    two.click("nav-settings").unwrap();
    two.click("settings-sign-out").unwrap();
    two.wait_for("sign-in-email").unwrap();
}

#[test]
fn a_phone_without_a_window_calls_one_with_a_window_and_is_declined_and_called_back() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start().unwrap();
    let display = Display::start().unwrap();
    let desk = Desk::set_up(&folder(root.path(), "desk")).unwrap();
    let amina = Person {
        account: Account::named("Amina"),
        desk: &desk,
        display: &display,
        server: server.url(),
        profile: "one",
    };
    let window = amina.open();
    window.wait_for("sign-in-email").unwrap();
    amina.register(&window);
    window.wait_for("phone-modal").unwrap();
    window.type_into("phone-input", NUMBER).unwrap();
    window.wait_for_state("phone-status", &["available"]).unwrap();
    window.click("phone-save").unwrap();
    window.wait_gone("phone-modal").unwrap();

    let baraka = Cli::new(server.url(), &folder(root.path(), "baraka"));
    baraka.register(&Account::named("Baraka")).unwrap();
    let heard = folder(root.path(), "heard.wav");
    let speaker = format!("file:{}", heard.display());
    let microphone = format!("file:{}", Speech::Caller.file().unwrap().display());

    // Declined.
    let mut calling = baraka.call("0712345678", &["--country", "KE", "--mic", "none", "--speaker", "none"]).unwrap();
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    window.click("call-decline").unwrap();
    assert_eq!(calling.wait_for_call("ended").unwrap().text("reason"), "DECLINED");
    assert_eq!(calling.wait_for_end().unwrap(), Some(1));

    // Given up: the ringing stops by itself.
    let mut calling = baraka.call("0712345678", &["--country", "KE", "--mic", "none", "--speaker", "none"]).unwrap();
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    calling.wait_for_call("ringing").unwrap();
    calling.end().unwrap();
    window.wait_for_state("call-status", &["ended"]).unwrap();
    no_sound_is_open(&desk);

    // Accepted: what the one without a window says comes out of the window's speaker.
    let mut calling =
        baraka.call("0712345678", &["--country", "KE", "--mic", &microphone, "--speaker", &speaker]).unwrap();
    window.wait_for_state("call-status", &["incoming"]).unwrap();
    let listening = desk.sound().listen(SOUND_CARD).unwrap();
    window.click("call-accept").unwrap();
    calling.wait_for_call("connected").unwrap();
    let said = Speech::Caller.sound().unwrap();
    listening.next(said.length() + Duration::from_secs(2)).unwrap();
    score::same_speech(&said, &listening.so_far().unwrap()).unwrap();
    window.click("call-hangup").unwrap();
    assert_eq!(calling.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));

    // Window to phone: called back by id.
    let mut answering = baraka.answer(&["--calls", "1", "--mic", &microphone, "--speaker", "none"]).unwrap();
    let id = baraka.care4w_id().unwrap();
    window.click("call-done").unwrap();
    window.type_into("dial-input", &id).unwrap();
    window.click("dial-call").unwrap();
    answering.wait_for_call("connected").unwrap();
    window.wait_for_state("call-status", &["connected"]).unwrap();
    window.click("call-hangup").unwrap();
    assert_eq!(answering.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    assert_eq!(answering.wait_for_end().unwrap(), Some(0));
}
