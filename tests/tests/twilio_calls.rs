//! Calls over Twilio Voice between real programs: our server, our phone, and the double of Twilio's gateway, which
//! believes neither of them anything.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use care4w_tests::{Account, Cli, Environment, Hearing, Server, Sound, cli::RunningCli, speech::Speech};
use care4w_twilio_double::{CallState, Double, Outcome, Says, Settings, Telephone};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

const CALLER_ID: &str = "+254709000000";
const NUMBER: &str = "+254712999999";
const BARAKAS_NUMBER: &str = "0712345678";

/// Two people with accounts at a server whose calls go over Twilio; the second one has a number.
struct Two {
    hearing: Hearing,
    folder: TempDir,
    server: Server,
    amina: Cli,
    baraka: Cli,
    double: Double,
    runtime: Runtime,
}

impl Two {
    fn meet() -> Self {
        let hearing = Hearing::begin();
        let runtime = Runtime::new().unwrap();
        // Server and gateway must know each other's address before either has one: a door stands for the server.
        let (server_at, address) = watch::channel(String::new());
        let door = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let public_url = format!("http://{}", door.local_addr().unwrap());
        runtime.spawn(hold_open(door, address));
        let settings =
            Settings { voice_url: Some(format!("{public_url}/api/webhooks/twilio/voice")), ..Settings::default() };
        let double = runtime.block_on(Double::start(settings)).unwrap();
        let account = double.account();
        let variable = |name: &str, value: &str| (format!("CARE4W_TWILIO_{name}"), value.into());
        let environment: Environment = vec![
            variable("ACCOUNT", &account.account_sid),
            variable("KEY", &account.api_key),
            variable("SECRET", &account.api_secret),
            variable("AUTH_TOKEN", &account.auth_token),
            variable("APPLICATION", &account.application_sid),
            variable("CALLER_ID", CALLER_ID),
            variable("GATEWAY_URL", &double.url()),
        ];
        let server = Server::start_with(&["--public-url", &public_url], &environment).unwrap();
        server_at.send(server.address().to_owned()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let amina = Cli::new(server.url(), &folder.path().join("amina"));
        let baraka = Cli::new(server.url(), &folder.path().join("baraka"));
        amina.register(&Account::named("Amina")).unwrap();
        baraka.register(&Account::named("Baraka")).unwrap();
        baraka.run(&["phone", "set", BARAKAS_NUMBER, "--country", "KE"], "").unwrap().success().unwrap();
        Self { hearing, folder, server, amina, baraka, double, runtime }
    }

    fn wav(&self, name: &str) -> String {
        format!("file:{}", self.folder.path().join(name).display())
    }

    fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        self.runtime.block_on(self.double.until(what, condition)).unwrap()
    }

    fn nothing_was_wrong(&self) {
        assert_eq!(self.double.faults(), []);
        assert!(!self.server.log().unwrap().contains("panicked"));
    }
}

/// Leads whoever comes to the server, once it is there.
async fn hold_open(door: TcpListener, mut address: watch::Receiver<String>) {
    let Ok(address) = address.wait_for(|address| !address.is_empty()).await.map(|address| address.clone()) else {
        return;
    };
    while let Ok((mut outside, _)) = door.accept().await {
        let address = address.clone();
        tokio::spawn(async move {
            if let Ok(mut inside) = TcpStream::connect(address).await {
                copy_bidirectional(&mut outside, &mut inside).await.ok();
            }
        });
    }
}

fn said(speech: Speech) -> String {
    format!("file:{}", speech.file().unwrap().display())
}

fn end_reason(phone: &mut RunningCli) -> String {
    phone.wait_for_call("ended").unwrap().text("reason").to_owned()
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
    two.nothing_was_wrong();
}

#[test]
fn a_number_that_no_user_has_is_called_over_twilio_and_digits_reach_it() {
    let two = Two::meet();
    let route = two.amina.run(&["lookup", NUMBER], "").unwrap().success().unwrap().json().unwrap();
    assert_eq!((&route["route"], &route["exists"]), (&"twilio".into(), &false.into()), "{route}");
    two.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
    let mut calling =
        two.amina.call(NUMBER, &["--mic", &said(Speech::Caller), "--speaker", "none", "--digits", "1#"]).unwrap();
    calling.wait_for_call("connected").unwrap();
    let there = two.runtime.block_on(two.double.next_call()).unwrap();
    two.until("the digits came", || (there.digits() == "1#").then_some(()));
    two.until("the caller is heard", || (there.heard().sound_packets() > 50).then_some(()));
    there.hang_up();
    assert_eq!(end_reason(&mut calling), "REMOTE_HUNG_UP");
    assert_eq!(calling.wait_for_end().unwrap(), Some(0));
    two.nothing_was_wrong();
}

#[test]
fn a_number_that_does_not_answer_says_how() {
    let two = Two::meet();
    for (outcome, code) in [(Outcome::Busy, "BUSY"), (Outcome::Unknown, "NOT_IN_SERVICE")] {
        two.double.set_telephone(NUMBER, Telephone::with(outcome));
        let mut calling = two.amina.call(NUMBER, &["--mic", "none", "--speaker", "none"]).unwrap();
        assert_eq!(end_reason(&mut calling), code);
        assert_eq!(calling.wait_for_end().unwrap(), Some(1));
    }
    two.nothing_was_wrong();
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
    let there = two.runtime.block_on(two.double.ring(&identity, NUMBER, &[], Says::Echo)).unwrap();
    let incoming = answering.wait_for_call("ringing").unwrap();
    assert_eq!(incoming.text("backend"), "twilio");
    assert_eq!(incoming.json["peer"]["name"], "+254 712 999999");
    answering.wait_for_call("connected").unwrap();
    two.until("it is answered", || (there.state() == CallState::Answered).then_some(()));
    there.hang_up();
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
    two.nothing_was_wrong();
}

#[test]
fn where_twilio_cannot_be_reached_a_user_is_called_peer_to_peer_and_it_is_said_so() {
    let two = Two::meet();
    two.double.refuse_connections(true);
    let mut answering = two.baraka.answer(&["--calls", "1", "--mic", "none", "--speaker", "none"]).unwrap();
    let mut calling = two
        .amina
        .call(BARAKAS_NUMBER, &["--country", "KE", "--seconds", "1", "--mic", "none", "--speaker", "none"])
        .unwrap();
    assert_eq!(calling.wait_for_call("dialing").unwrap().text("backend"), "twilio");
    let again = calling.wait("the other way", |line| line.is("call") && line.json["insteadOf"] == "twilio").unwrap();
    assert_eq!(again.text("backend"), "p2p");
    calling.wait_for_call("connected").unwrap();
    assert_eq!(end_reason(&mut calling), "TIME_UP");
    assert_eq!(end_reason(&mut answering), "REMOTE_HUNG_UP");
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
    two.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
    let mut calling =
        two.amina.call(NUMBER, &["--mic", &said(Speech::Caller), "--speaker", &two.wav("echo.wav")]).unwrap();
    calling.wait_for_call("connected").unwrap();
    let there = two.runtime.block_on(two.double.next_call()).unwrap();
    two.double.cut_signalling();
    two.until("it is taken up again", || (there.reconnects() == 1).then_some(()));
    assert_eq!(calling.end().unwrap(), Some(0));
    two.until("it is over", || (there.state() == CallState::Ended).then_some(()));
    two.nothing_was_wrong();
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
    assert!(two.double.calls().is_empty());
}
