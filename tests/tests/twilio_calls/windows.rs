//! Two windows of the app, each with sound devices of its own, call each other over Twilio's double.

use std::time::Duration;

use care4w_tests::{AppWindow, Hearing, Person, desk::SOUND_CARD, sound_server::Streams, speech::Speech, wait};
use care4w_twilio_double::{CallState, Says, Telephone};

use super::NUMBER;
use super::ground::Ground;

/// Somebody with the app open, who has an account and is asked for their number.
struct Caller {
    window: AppWindow,
    person: Person,
}

impl Caller {
    fn arrives(ground: &Ground, name: &str) -> Self {
        let person = Person::named(name, "twilio");
        let window = person.opens(&ground.server, &[]);
        window.registers(&person.account);
        Self { window, person }
    }

    fn saves_number(&self, number: &str) {
        self.window.type_into("phone-input", number).unwrap();
        self.window.wait_for_state("phone-status", &["available"]).unwrap();
        self.window.click("phone-save").unwrap();
        self.window.wait_gone("phone-modal").unwrap();
    }

    /// As it stands in the settings.
    fn care4w_id(&self) -> String {
        self.window.click("nav-settings").unwrap();
        let id = self.window.wait_for_text("settings-id", |text| text.starts_with("care4w-")).unwrap();
        self.window.click("nav-phone").unwrap();
        id
    }

    fn dials(&self, number: &str) {
        self.window.type_into("dial-input", number).unwrap();
        self.window.click("dial-call").unwrap();
    }

    fn is(&self, state: &str) {
        self.window.wait_for_state("call-status", &[state]).unwrap();
    }

    fn picture(&self, name: &str) {
        self.person.picture(&self.window, &format!("twilio/{name}"));
    }

    /// What this one says is heard out of the other one's speaker. A machine that has other things to do spoils a take, and
    /// does not always stand still long enough to be caught at it: the best of three counts.
    fn is_heard_by(&self, other: &Self, hearing: &Hearing, speech: Speech) {
        let mut heard = self.take(other, hearing, speech);
        for _ in 0..2 {
            heard = heard.or_else(|_| self.take(other, hearing, speech));
        }
        heard.unwrap();
    }

    fn take(&self, other: &Self, hearing: &Hearing, speech: Speech) -> anyhow::Result<()> {
        let listening = other.person.desk.sound().listen(SOUND_CARD).unwrap();
        hearing.call_begins();
        let mut speaking = self.person.desk.sound().speak(SOUND_CARD, &speech.file().unwrap()).unwrap();
        assert!(speaking.wait_for_end(Duration::from_secs(40)).unwrap().success());
        listening.next(Duration::from_millis(700)).unwrap();
        hearing.call_ends();
        let who = format!("{speech:?} from window to window over Twilio");
        hearing.judge(&who, &speech.sound().unwrap(), &listening.so_far().unwrap(), 2.0)
    }

    fn no_sound_is_open(&self) {
        wait::until(Duration::from_secs(10), "every stream to be closed", || {
            Ok((self.person.desk.sound().streams()? == Streams { recording: 0, playing: 0 }).then_some(()))
        })
        .unwrap();
    }
}

#[test]
fn two_windows_call_each_other_over_twilio_and_their_people_hear_each_other() {
    let hearing = Hearing::begin();
    let ground = Ground::lay();
    let (amina, baraka) = (Caller::arrives(&ground, "Amina"), Caller::arrives(&ground, "Baraka"));
    amina.window.skips_number();
    baraka.saves_number("0712 345 678");
    // A number of which a user is known goes over Twilio all the same. The telephone outside has it here.
    ground.double.set_telephone("+254712345678", Telephone::with(care4w_twilio_double::Outcome::Busy));
    amina.dials("0712 345 678");
    amina.is("ended");
    amina.window.wait_for_text("call-status", |text| text.contains("in another call")).unwrap();
    amina.picture("busy");
    amina.window.click("call-done").unwrap();

    // By id it is the other window that rings.
    amina.dials(&baraka.care4w_id());
    baraka.is("incoming");
    amina.is("ringing");
    baraka.window.wait_for_text("call-peer", |text| text.contains("Amina")).unwrap();
    baraka.picture("incoming");
    amina.picture("ringing");
    assert_eq!(ground.double.calls().len(), 3, "the call to the number, and both ends of this one");
    baraka.window.click("call-accept").unwrap();
    for caller in [&amina, &baraka] {
        caller.is("connected");
        caller.window.wait_for("call-timer").unwrap();
    }
    amina.is_heard_by(&baraka, &hearing, Speech::Caller);
    baraka.is_heard_by(&amina, &hearing, Speech::Callee);
    amina.picture("in-call");
    baraka.window.click("call-hangup").unwrap();
    for caller in [&amina, &baraka] {
        caller.is("ended");
    }
    amina.window.wait_for_text("call-status", |text| text.contains("hung up")).unwrap();
    for caller in [&amina, &baraka] {
        caller.no_sound_is_open();
        caller.window.click("call-done").unwrap();
    }
    ground.until("the gateway has no call left", || {
        ground.double.calls().iter().all(|call| call.state() == CallState::Ended).then_some(())
    });

    // Back the other way, and declined.
    let id = amina.care4w_id();
    baraka.dials(&id);
    amina.is("incoming");
    amina.window.click("call-decline").unwrap();
    baraka.is("ended");
    baraka.window.wait_for_text("call-status", |text| text.contains("can't take your call")).unwrap();

    // A telephone outside rings in the window, and is heard.
    amina.is("ended");
    amina.window.click("call-done").unwrap();
    let identity = id.replace('-', "_");
    let there = ground.runtime.block_on(ground.double.ring(&identity, NUMBER, &[], Says::Echo)).unwrap();
    amina.is("incoming");
    amina.window.wait_for_text("call-peer", |text| text.contains("+254 712 999999")).unwrap();
    amina.window.click("call-accept").unwrap();
    amina.is("connected");
    ground.until("the window is heard", || (there.heard().sound_packets() > 10).then_some(()));
    there.hang_up();
    amina.is("ended");
    ground.nothing_was_wrong();
}
