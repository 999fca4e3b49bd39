//! "Ring my phone" between real programs: our phone without a window, our server, and the double of Twilio, whose telephones
//! ring, are answered and hang up.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use care4w_tests::{Account, Cli, Environment, Server, cli::RunningCli, json_lines::Line};
use care4w_twilio_double::{Double, Outcome, PlacedCall, Settings, Telephone};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const CALLER_ID: &str = "+254709000000";
const HERS: &str = "+254712345678";
const THEIRS: &str = "+254712999999";

struct Ground {
    _folder: TempDir,
    server: Server,
    amina: Cli,
    double: Double,
    runtime: Runtime,
}

impl Ground {
    /// Amina has an account at a server with Twilio, and her number is proved by the code that Twilio sent her.
    fn lay() -> Self {
        let runtime = Runtime::new().unwrap();
        let double = runtime.block_on(Double::start(Settings::default())).unwrap();
        let account = double.account();
        let set = |name: &str, value: &str| (format!("CARE4W_TWILIO_{name}"), value.into());
        let mut environment: Environment = vec![
            set("ACCOUNT", &account.account_sid),
            set("KEY", &account.api_key),
            set("SECRET", &account.api_secret),
            set("AUTH_TOKEN", &account.auth_token),
            set("APPLICATION", &account.application_sid),
            set("CALLER_ID", CALLER_ID),
            set("GATEWAY_URL", &double.url()),
            set("API_URL", double.rest_url()),
            set("VERIFY_URL", double.rest_url()),
            set("VERIFY_SERVICE", &account.verify_service),
        ];
        environment.push(("CARE4W_VERIFICATION".into(), "twilio".into()));
        let server = Server::start_with(&[], &environment).unwrap();
        double.set_voice_url(&format!("{}/api/webhooks/twilio/voice", server.url()), None);
        for number in [HERS, THEIRS] {
            double.set_telephone(number, Telephone::ringing());
        }
        let folder = tempfile::tempdir().unwrap();
        let amina = Cli::new(server.url(), &folder.path().join("amina"));
        amina.register(&Account::named("Amina")).unwrap();
        amina.run(&["phone", "set", HERS], "").unwrap().success().unwrap();
        Self { _folder: folder, server, amina, double, runtime }
    }

    fn proved() -> Self {
        let ground = Self::lay();
        let code = ground.double.verify().code_for(HERS).unwrap();
        ground.amina.run(&["phone", "verify", &code], "").unwrap().success().unwrap();
        ground
    }

    fn rings(&self) -> (RunningCli, PlacedCall) {
        let mut phone = self.amina.call(THEIRS, &["--ring-my-phone"]).unwrap();
        step(&mut phone, "ringingYou");
        (phone, self.double.placed_calls().pop().unwrap())
    }

    fn until(&self, call: &PlacedCall, status: &str) {
        self.runtime.block_on(self.double.until(status, || (call.status() == status).then_some(()))).unwrap();
    }

    fn nothing_was_wrong(&self) {
        assert_eq!(self.double.faults(), []);
        assert!(!self.server.log().unwrap().contains("panicked"));
    }
}

fn step(phone: &mut RunningCli, state: &str) -> Line {
    phone.wait(state, |line| line.is("phoneCall") && line.json["state"] == state).unwrap()
}

#[test]
fn her_telephone_rings_and_then_theirs_and_she_reads_along() {
    let ground = Ground::proved();
    let (mut phone, call) = ground.rings();
    assert_eq!((call.field("To"), call.field("From")), (HERS.to_owned(), CALLER_ID.to_owned()));
    call.answer();
    let ringing = step(&mut phone, "ringingThem");
    assert_eq!(ringing.json["peer"]["detail"], "+254 712 999999");
    call.they_answer();
    step(&mut phone, "connected");
    call.they_hang_up();
    assert_eq!(step(&mut phone, "ended").text("reason"), "FINISHED");
    assert_eq!(phone.wait_for_end().unwrap(), Some(0));
    ground.nothing_was_wrong();
}

#[test]
fn she_takes_it_back_while_her_telephone_rings_and_hangs_up_when_theirs_does() {
    let ground = Ground::proved();
    let (mut phone, call) = ground.rings();
    assert_eq!(phone.end().unwrap(), Some(0));
    ground.until(&call, "canceled");
    let (mut phone, call) = ground.rings();
    call.answer();
    step(&mut phone, "ringingThem");
    assert_eq!(phone.end().unwrap(), Some(0));
    assert_eq!(step(&mut phone, "ended").text("reason"), "CANCELLED");
    ground.until(&call, "completed");
    ground.nothing_was_wrong();
}

#[test]
fn why_it_came_to_nothing_is_said() {
    let ground = Ground::proved();
    let ends = |code: &str| {
        let mut phone = ground.amina.call(THEIRS, &["--ring-my-phone"]).unwrap();
        assert_eq!(step(&mut phone, "ended").text("reason"), code);
        assert_eq!(phone.wait_for_end().unwrap(), Some(1));
    };
    ground.double.set_telephone(HERS, Telephone::with(Outcome::Busy));
    ends("YOU_WERE_BUSY");
    ground.double.set_telephone(HERS, Telephone::with(Outcome::Answered));
    for (outcome, code) in [(Outcome::Busy, "BUSY"), (Outcome::Unknown, "FAILED")] {
        ground.double.set_telephone(THEIRS, Telephone::with(outcome));
        ends(code);
    }
    ground.nothing_was_wrong();
}

#[test]
fn what_cannot_be_begun_says_why() {
    let ground = Ground::lay();
    let ring = |to: &str| ground.amina.run(&["call", to, "--ring-my-phone"], "").unwrap();
    ring(THEIRS).refused(1, "FORBIDDEN").unwrap();
    let code = ground.double.verify().code_for(HERS).unwrap();
    ground.amina.run(&["phone", "verify", &code], "").unwrap().success().unwrap();
    ring("care4w-ABC1234").refused(1, "NOT_A_NUMBER").unwrap();
    ring("112").refused(1, "EMERGENCY_NUMBER").unwrap();
    for (status, twilios, code) in [(400, 21_211, "RING_REFUSED"), (500, 20_500, "RING_UNAVAILABLE")] {
        ground.double.refuse_next_request(status, twilios, None);
        ring(THEIRS).refused(1, code).unwrap();
    }
    assert!(ground.double.placed_calls().is_empty());
    // A trial account calls nobody who is not its own.
    ground.double.set_trial(&[THEIRS]);
    ring(THEIRS).refused(1, "RING_REFUSED").unwrap();
    ground.nothing_was_wrong();
}
