//! "Ring my phone" between real programs: our phone without a window, our server, and the double of Twilio, whose telephones
//! ring, are answered and hang up.

use care4w_tests::{Cli, cli::RunningCli, json_lines::Line};
use care4w_twilio_double::{Outcome, PlacedCall, Telephone};
use tempfile::TempDir;

use super::ground::{CALLER_ID, Ground};

pub const HERS: &str = "+254712345678";
pub const THEIRS: &str = "+254712999999";

/// Amina has an account at a server with Twilio, and telephones ring until they are answered.
pub struct Stage {
    pub ground: Ground,
    amina: Cli,
    _folder: TempDir,
}

impl Stage {
    /// Her number is hers by her word alone.
    fn claimed() -> Self {
        let ground = Ground::proving();
        for number in [HERS, THEIRS] {
            ground.double.set_telephone(number, Telephone::ringing());
        }
        let folder = tempfile::tempdir().unwrap();
        let amina = ground.person("Amina", folder.path());
        amina.run(&["phone", "set", HERS], "").unwrap().success().unwrap();
        Self { ground, amina, _folder: folder }
    }

    pub fn proved() -> Self {
        let stage = Self::claimed();
        stage.ground.proves(&stage.amina, HERS);
        stage
    }

    fn rings(&self) -> (RunningCli, PlacedCall) {
        let mut phone = self.amina.call(THEIRS, &["--ring-my-phone"]).unwrap();
        step(&mut phone, "ringingYou");
        (phone, self.ground.placed_call())
    }
}

fn step(phone: &mut RunningCli, state: &str) -> Line {
    phone.wait(state, |line| line.is("phoneCall") && line.json["state"] == state).unwrap()
}

#[test]
fn her_telephone_rings_and_then_theirs_and_she_reads_along() {
    let stage = Stage::proved();
    let (mut phone, call) = stage.rings();
    assert_eq!((call.field("To"), call.field("From")), (HERS.to_owned(), CALLER_ID.to_owned()));
    call.answer();
    let ringing = step(&mut phone, "ringingThem");
    assert_eq!(ringing.json["peer"]["detail"], "+254 712 999999");
    call.they_answer();
    step(&mut phone, "connected");
    call.they_hang_up();
    assert_eq!(step(&mut phone, "ended").text("reason"), "FINISHED");
    assert_eq!(phone.wait_for_end().unwrap(), Some(0));
    stage.ground.nothing_was_wrong();
}

#[test]
fn she_takes_it_back_while_her_telephone_rings_and_hangs_up_when_theirs_does() {
    let stage = Stage::proved();
    let (mut phone, call) = stage.rings();
    assert_eq!(phone.end().unwrap(), Some(0));
    stage.ground.until_it_is(&call, "canceled");
    let (mut phone, call) = stage.rings();
    call.answer();
    step(&mut phone, "ringingThem");
    assert_eq!(phone.end().unwrap(), Some(0));
    assert_eq!(step(&mut phone, "ended").text("reason"), "CANCELLED");
    stage.ground.until_it_is(&call, "completed");
    stage.ground.nothing_was_wrong();
}

#[test]
fn why_it_came_to_nothing_is_said() {
    let stage = Stage::proved();
    let ends = |code: &str| {
        let mut phone = stage.amina.call(THEIRS, &["--ring-my-phone"]).unwrap();
        assert_eq!(step(&mut phone, "ended").text("reason"), code);
        assert_eq!(phone.wait_for_end().unwrap(), Some(1));
    };
    stage.ground.double.set_telephone(HERS, Telephone::with(Outcome::Busy));
    ends("YOU_WERE_BUSY");
    stage.ground.double.set_telephone(HERS, Telephone::with(Outcome::Answered));
    for (outcome, code) in [(Outcome::Busy, "BUSY"), (Outcome::Unknown, "FAILED")] {
        stage.ground.double.set_telephone(THEIRS, Telephone::with(outcome));
        ends(code);
    }
    stage.ground.nothing_was_wrong();
}

#[test]
fn what_cannot_be_begun_says_why() {
    let stage = Stage::claimed();
    let ring = |to: &str| stage.amina.run(&["call", to, "--ring-my-phone"], "").unwrap();
    ring(THEIRS).refused(1, "FORBIDDEN").unwrap();
    stage.ground.proves(&stage.amina, HERS);
    ring("care4w-ABC1234").refused(1, "NOT_A_NUMBER").unwrap();
    ring("112").refused(1, "EMERGENCY_NUMBER").unwrap();
    for (status, twilios, code) in [(400, 21_211, "RING_REFUSED"), (500, 20_500, "RING_UNAVAILABLE")] {
        stage.ground.double.refuse_next_request(status, twilios, None);
        ring(THEIRS).refused(1, code).unwrap();
    }
    assert!(stage.ground.double.placed_calls().is_empty());
    // A trial account calls nobody who is not its own.
    stage.ground.double.set_trial(&[THEIRS]);
    ring(THEIRS).refused(1, "RING_REFUSED").unwrap();
    stage.ground.nothing_was_wrong();
}
