//! "Ring my phone" in the real window: offered beside the green button, told step by step in words, taken back.

use care4w_tests::{AppWindow, Person};

use super::ground::CALLER_ID;
use super::ring::{HERS, Stage, THEIRS};

/// Writes down whatever the ring screen says: its last words go by themselves after some seconds.
const LISTENS: &str = "window.said = []; new MutationObserver(() => { \
     const words = document.querySelector('[data-testid=ring-status]')?.textContent; \
     if (words && window.said.at(-1) !== words) window.said.push(words); \
 }).observe(document.body, { subtree: true, childList: true, characterData: true })";

/// Amina, whose number was proved on another device, has the window open.
struct Desk {
    stage: Stage,
    amina: Person,
    window: AppWindow,
}

impl Desk {
    fn set_up() -> Self {
        let (stage, amina) = (Stage::proved(), Person::named("Amina", "ring"));
        let window = amina.opens(&stage.ground.server, &[]);
        window.signs_in(&amina.account);
        window.wait_for("dial-input").unwrap();
        window.evaluate(LISTENS).unwrap();
        Self { stage, amina, window }
    }

    fn says(&self, words: &str) {
        self.window.wait_until(words, &format!("return window.said.includes('{words}')")).unwrap();
    }

    /// The same of a step that lasts: it is also looked at.
    fn shows(&self, name: &str, words: &str) {
        self.says(words);
        assert_eq!(self.amina.looks(&self.window, &format!("twilio/ring-{name}")), Vec::<String>::new());
    }

    fn rings_her_phone(&self) {
        self.window.evaluate("window.said = []").unwrap();
        self.window.type_into("dial-input", THEIRS).unwrap();
        self.window.click("dial-ring").unwrap();
        self.says("Ringing your phone. Answer it.");
    }

    /// If it has not gone by itself yet.
    fn puts_it_away(&self) {
        let away = "document.querySelector('[data-testid=ring-done]')?.click(); \
                    return !document.querySelector('[data-testid=ring-panel]')";
        self.window.wait_until("the end to be put away", away).unwrap();
    }
}

#[test]
fn the_window_rings_her_phone_and_then_theirs_and_says_each_step() {
    let desk = Desk::set_up();
    desk.window.type_into("dial-input", THEIRS).unwrap();
    desk.window.wait_for("dial-ring").unwrap();
    desk.amina.picture(&desk.window, "twilio/ring-offer");
    desk.rings_her_phone();
    desk.shows("hers", "Ringing your phone. Answer it.");
    desk.window.wait_for_text("ring-peer", |text| text.contains("+254 712 999999")).unwrap();
    let call = desk.stage.ground.placed_call();
    assert_eq!((call.field("To"), call.field("From")), (HERS.to_owned(), CALLER_ID.to_owned()), "her phone is rung");
    call.answer();
    desk.shows("theirs", "Ringing +254 712 999999…");
    call.they_answer();
    desk.shows("connected", "Connected. You talk on your phone.");
    call.they_hang_up();
    desk.says("The call has ended.");
    desk.amina.picture(&desk.window, "twilio/ring-ended");
    desk.puts_it_away();
    desk.stage.ground.nothing_was_wrong();
}

#[test]
fn in_the_window_it_is_taken_back_whether_her_phone_rings_or_theirs() {
    let desk = Desk::set_up();
    for (hers_answered, told) in [(false, "canceled"), (true, "completed")] {
        desk.rings_her_phone();
        let call = desk.stage.ground.placed_call();
        if hers_answered {
            call.answer();
            desk.says("Ringing +254 712 999999…");
        }
        desk.window.click("ring-cancel").unwrap();
        desk.says("You cancelled the call.");
        desk.stage.ground.until_it_is(&call, told);
        desk.puts_it_away();
    }
    assert_eq!(desk.stage.ground.double.placed_calls().len(), 2);
    desk.stage.ground.nothing_was_wrong();
}
