//! Our phone and a browser: a plain `RTCPeerConnection` in Chromium calls and is called over our server's signalling.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use care4w_tests::{
    Account, Chromium, Cli, Hearing, Namespace, Network, Server, Sound,
    chromium::Setup,
    cli::RunningCli,
    dtmf,
    impairment::{Impairment, Loss},
    speech::Speech,
    wait,
};
use serde_json::json;
use tempfile::TempDir;

/// How long the longer speech is.
const SPEECH: Duration = Duration::from_secs(9);

/// For how long our phone is silent where the path changes first. What is said before it came back is not judged.
const TIME_TO_COME_BACK: Duration = Duration::from_secs(9);

fn said(speech: Speech) -> Sound {
    speech.sound().unwrap()
}

/// Somebody with our phone, and a browser.
struct Two {
    browser: Chromium,
    browser_id: String,
    phone: Cli,
    phone_id: String,
    /// For how long our phone is silent before it speaks.
    pause: Duration,
    hearing: Hearing,
    folder: TempDir,
    _server: Server,
}

impl Two {
    fn meet() -> Self {
        Self::meet_on(None)
    }

    /// On two machines, the phone's and the browser's.
    fn meet_on(machines: Option<&[Namespace; 2]>) -> Self {
        let hearing = Hearing::begin_with_browser();
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().unwrap();
        let mut phone = Cli::new(server.url(), &folder.path().join("phone"));
        for (index, machine) in machines.into_iter().flatten().enumerate() {
            machine.bring(server.address().parse().unwrap()).unwrap();
            if index == 0 {
                phone = phone.with_namespace(machine);
            }
        }
        phone.register(&Account::named("Amina")).unwrap();
        let phone_id = phone.care4w_id().unwrap();
        let microphone = folder.path().join("browser.wav");
        said(Speech::Callee).write(&microphone).unwrap();
        let namespace = machines.map(|[_, browsers]| browsers);
        let setup = Setup { microphone: Some(&microphone), namespace, ..Setup::default() };
        let mut browser = Chromium::start(&setup).unwrap();
        let browser_id = browser.sign_in(server.url(), "Browser").unwrap();
        Self { browser, browser_id, phone, phone_id, pause: Duration::ZERO, hearing, folder, _server: server }
    }

    fn flags(&self) -> [String; 4] {
        let said = self.folder.path().join("said.wav");
        let speech = self::said(Speech::Caller);
        Sound::silence(speech.rate, self.pause).then(&speech).write(&said).unwrap();
        let heard = self.folder.path().join("heard.wav");
        ["--mic".into(), format!("file:{}", said.display()), "--speaker".into(), format!("file:{}", heard.display())]
    }

    /// The browser offers, and names no address of its machine, as for a page without the right to a microphone.
    fn browser_calls(&mut self, trickle: bool) -> RunningCli {
        self.browser.evaluate("phone.hideAddresses()").unwrap();
        let flags = self.flags();
        let phone =
            self.phone.answer(&[&["--calls", "1"], &flags.each_ref().map(String::as_str)[..]].concat()).unwrap();
        self.browser.evaluate(&format!("phone.dial('{}', {trickle})", self.phone_id)).unwrap();
        phone
    }

    /// Our phone offers.
    fn phone_calls(&mut self, trickle: bool, more: &[&str]) -> RunningCli {
        let flags = self.flags();
        let phone =
            self.phone.call(&self.browser_id, &[more, &flags.each_ref().map(String::as_str)[..]].concat()).unwrap();
        self.browser.evaluate(&format!("phone.answer({trickle})")).unwrap();
        phone
    }

    fn heard_by_phone(&self) -> Sound {
        Sound::read(&self.folder.path().join("heard.wav")).unwrap()
    }
}

/// Waits until both are connected; gives when our phone begins to speak.
fn connect(two: &mut Two, phone: &mut RunningCli) -> Instant {
    two.browser.wait_for_connection().unwrap();
    let connected = phone.wait_for_call("connected").unwrap().at;
    two.hearing.call_begins();
    connected + two.pause
}

/// The browser speaks, and our phone from `speaks` on. Each hears the other, and both count alike. The browser records
/// since `records`, or since the call began.
fn both_talk(two: &mut Two, mut phone: RunningCli, speaks: Instant, records: Option<Instant>) {
    two.browser.evaluate("phone.speak()").unwrap();
    // Each has spoken, the one who began last too.
    let said_all = speaks.max(Instant::now()) + SPEECH + Duration::from_secs(2);
    let before = figures_at(&mut phone, said_all);
    let theirs = two.browser.stats().unwrap();
    let heard = two.browser.heard().unwrap();
    let after = figures_at(&mut phone, theirs.at);
    let theirs = theirs.json;
    println!("ours {before}, then {after}\ntheirs {theirs}");
    assert_eq!((&theirs["codec"], &after["codec"]), (&json!("audio/opus"), &json!("opus")));
    for (what, here, there) in [("we sent", "sent", "received"), ("came to us", "received", "sent")] {
        let of = |figures: &serde_json::Value, name: &str| figures[name].as_f64().unwrap();
        // They were asked between our two figures; some packets are on their way.
        let range = of(&before, here) - 60.0..of(&after, here) + 60.0;
        let count = of(&theirs, there);
        assert!(range.contains(&count) && count > 300.0, "{what} {range:?}, and the browser counts {count}");
    }
    // A restart drops what is on its way while the sockets change.
    let bound = if two.pause.is_zero() { 0.0 } else { 30.0 };
    assert!(theirs["lost"].as_f64().unwrap() <= bound, "loopback loses nothing: {theirs}");
    assert!(after["lossPercent"].as_f64().unwrap() * 10.0 <= bound, "loopback loses nothing: {after}");
    assert!(after["rttMs"].as_f64().unwrap() >= 0.0 && after["jitterMs"].as_f64().unwrap() >= 0.0, "{after}");
    two.browser.evaluate("phone.hangUp()").unwrap();
    assert_eq!(phone.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    phone.wait_for_end().unwrap();
    well_heard(two, &heard, speaks, records);
}

/// The first figures that come after `at`.
fn figures_at(phone: &mut RunningCli, at: Instant) -> serde_json::Value {
    loop {
        let line = phone.wait("statistics", |line| line.is("stats")).unwrap();
        if line.at > at {
            return line.json;
        }
    }
}

fn well_heard(two: &Two, by_browser: &Sound, speaks: Instant, records: Option<Instant>) {
    let late =
        records.map_or(Duration::ZERO, |records| (records + Duration::from_secs(1)).saturating_duration_since(speaks));
    let ours = said(Speech::Caller).from(late);
    assert!(ours.length() > Duration::from_secs(3), "the browser recorded {late:?} after we began to speak");
    two.hearing.call_ends();
    // Loopback loses nothing.
    two.hearing.judge("the browser heard us", &ours, by_browser, 2.5).unwrap();
    two.hearing.judge("we heard the browser", &said(Speech::Callee), &two.heard_by_phone(), 2.5).unwrap();
}

#[test]
fn a_browser_that_calls_us_and_trickles_is_heard_and_hears() {
    let mut two = Two::meet();
    let mut phone = two.browser_calls(true);
    let speaks = connect(&mut two, &mut phone);
    both_talk(&mut two, phone, speaks, None);
}

#[test]
fn a_browser_that_calls_us_with_all_candidates_in_its_offer_is_heard_and_hears() {
    let mut two = Two::meet();
    let mut phone = two.browser_calls(false);
    let speaks = connect(&mut two, &mut phone);
    both_talk(&mut two, phone, speaks, None);
}

#[test]
fn a_browser_that_we_call_and_that_trickles_is_heard_and_hears() {
    let mut two = Two::meet();
    let mut phone = two.phone_calls(true, &[]);
    let speaks = connect(&mut two, &mut phone);
    both_talk(&mut two, phone, speaks, None);
}

#[test]
fn a_browser_that_we_call_and_that_answers_with_all_candidates_is_heard_and_hears() {
    let mut two = Two::meet();
    let mut phone = two.phone_calls(false, &[]);
    let speaks = connect(&mut two, &mut phone);
    both_talk(&mut two, phone, speaks, None);
}

#[test]
fn digits_that_we_send_sound_at_the_browser_and_the_speech_around_them_is_whole() {
    let mut two = Two::meet();
    let mut phone = two.phone_calls(true, &["--digits", "1w59#"]);
    two.browser.wait_for_connection().unwrap();
    phone.wait_for_call("connected").unwrap();
    let mut heard = Sound::silence(48_000, Duration::ZERO);
    let sounded = wait::until(Duration::from_secs(20), "the digits to sound", || {
        heard = two.browser.heard()?;
        Ok((dtmf::digits(&heard) == "159#").then_some(()))
    });
    let digits = dtmf::digits(&heard);
    assert!(sounded.is_ok() || two.hearing.is_spoilt("digits"), "the browser heard {digits:?}");
    phone.end().unwrap();
}

#[test]
fn digits_that_the_browser_sends_are_told_and_disturb_nothing() {
    let mut two = Two::meet();
    let mut phone = two.browser_calls(true);
    two.browser.wait_for_connection().unwrap();
    phone.wait_for_call("connected").unwrap();
    two.browser.evaluate("phone.speak()").unwrap();
    two.browser.evaluate("phone.digits('42#')").unwrap();
    for digit in ["4", "2", "#"] {
        let line = phone.wait("a digit of the browser's", |line| line.is("digit")).unwrap();
        assert_eq!(line.text("digit"), digit);
    }
    phone.wait("statistics", |line| line.is("stats")).unwrap();
    let stats = phone.wait("statistics", |line| line.is("stats")).unwrap();
    assert_eq!(stats.json["lossPercent"], 0.0, "a digit's packets are not lost speech: {}", stats.json);
    two.browser.evaluate("phone.hangUp()").unwrap();
    phone.wait_for_end().unwrap();
    let digits = dtmf::digits(&two.heard_by_phone().first(Duration::from_secs(3)));
    assert!(digits == "42#" || two.hearing.is_spoilt("digits"), "they sound here, too: {digits:?}");
}

#[test]
fn a_browser_may_restart_the_path_hold_and_add_and_take_away_a_data_channel_in_mid_call() {
    let mut two = Two::meet();
    two.pause = TIME_TO_COME_BACK;
    let mut phone = two.browser_calls(true);
    let speaks = connect(&mut two, &mut phone);
    let mut offer = |change: &str| two.browser.evaluate(&format!("phone.renegotiate({change})")).unwrap();
    let active = json!("sendrecv");
    let first = offer("(pc) => { window.channel = pc.createDataChannel('x'); }");
    assert_eq!((&first["direction"], &first["signalling"]), (&active, &json!("stable")), "sound goes on: {first}");
    assert_eq!(offer("() => window.channel.close()")["direction"], active);
    let held = offer("(pc, sound) => { sound.direction = 'sendonly'; }");
    assert_eq!(held["direction"], "sendonly", "who holds wants to hear nothing");
    assert_eq!(offer("(pc, sound) => { sound.direction = 'inactive'; }")["direction"], "inactive");
    // The first may have been on its way, the second covers what was sent before.
    let sent: Vec<_> =
        (0..4).map(|_| phone.wait("statistics", |line| line.is("stats")).unwrap().json["sent"].clone()).collect();
    assert_eq!(sent[2], sent[3], "nothing is sent to an end that holds");
    assert_eq!(offer("(pc, sound) => { sound.direction = 'sendrecv'; }")["direction"], active, "taken up again");
    let names = offer("(pc) => { window.before = pc.localDescription.sdp; pc.restartIce(); }");
    assert_eq!(names["direction"], active);
    two.browser.wait_for_connection().unwrap();
    assert_ne!(
        two.browser.evaluate("phone.descriptions.local.match(/ice-ufrag:(.*)/)[1]").unwrap(),
        two.browser.evaluate("window.before.match(/ice-ufrag:(.*)/)[1]").unwrap(),
        "the path has new names"
    );
    // After all of that both are heard as ever.
    two.browser.evaluate("phone.record()").unwrap();
    both_talk(&mut two, phone, speaks, Some(Instant::now()));
}

/// Two machines with a network between, and their addresses.
fn machines() -> (Network, [Namespace; 2], [Ipv4Addr; 2]) {
    let network = Network::new();
    let addresses = [Ipv4Addr::new(10, 84, 0, 1), Ipv4Addr::new(10, 84, 0, 2)];
    let machines = addresses.map(|address| {
        let machine = Namespace::new().unwrap();
        network.plug(&machine, "net0", address).unwrap();
        machine
    });
    (network, machines, addresses)
}

#[test]
fn both_ends_have_the_same_figures_of_a_bad_path() {
    let (network, machines, [here, there]) = machines();
    let mut two = Two::meet_on(Some(&machines));
    let mut phone = two.phone_calls(true, &[]);
    two.browser.wait_for_connection().unwrap();
    two.browser.evaluate("phone.speak()").unwrap();
    phone.wait_for_call("connected").unwrap();
    let (loss, delay, jitter) = (Loss::Random(0.1), Duration::from_millis(30), Duration::from_millis(20));
    network.impair(here, there, Impairment { seed: 3, loss, delay, jitter, ..Impairment::default() });
    let mut ours = json!(null);
    for _ in 0..9 {
        ours = phone.wait("statistics", |line| line.is("stats")).unwrap().json;
    }
    // The browser reports about every five seconds, and a report, or ours on it, may be among what is lost.
    let theirs = wait::until(Duration::from_secs(60), "our report on a report of the browser's", || {
        let theirs = two.browser.stats()?.json;
        ours = phone.wait("statistics", |line| line.is("stats"))?.json;
        Ok(theirs["remoteRttMs"].is_number().then_some(theirs))
    })
    .unwrap();
    phone.end().unwrap();
    println!("ours {ours}\ntheirs {theirs}");
    let (our, their) = (|name: &str| ours[name].as_f64().unwrap(), |name: &str| theirs[name].as_f64().unwrap());
    let told = their("remoteLost") / their("sent") * 100.0;
    assert!(
        our("lossPercent") > 4.0 && (our("lossPercent") - told).abs() < 3.0,
        "lost to us, and told by us: {told} %"
    );
    assert!(their("lost") > 10.0, "lost to the browser, which counts for itself");
    for (what, rtt) in [("ours", our("rttMs")), ("theirs", their("rttMs")), ("by our reports", their("remoteRttMs"))] {
        // Twice the way, and what two ends add that have other things to do. A figure in another unit is far off.
        assert!((60.0..1_000.0).contains(&rtt), "round trip, {what}: {rtt} ms");
    }
    for (what, jitter) in [("ours", our("jitterMs")), ("told by us", their("remoteJitterMs"))] {
        assert!((1.0..100.0).contains(&jitter), "jitter, {what}: {jitter} ms");
    }
}

#[test]
fn a_browser_follows_when_we_restart_a_path_that_was_gone() {
    let (network, machines, [here, there]) = machines();
    let mut two = Two::meet_on(Some(&machines));
    two.pause = TIME_TO_COME_BACK;
    let mut phone = two.phone_calls(true, &[]);
    let speaks = connect(&mut two, &mut phone);
    let names = "phone.descriptions.remote.match(/ice-ufrag:(.*)/)[1]";
    let before = two.browser.evaluate(names).unwrap();
    network.cut(here, there);
    phone.wait_for_call("reconnecting").unwrap();
    network.mend(here, there);
    phone.wait_for_call("connected").unwrap();
    two.browser.wait_for_connection().unwrap();
    assert_ne!(two.browser.evaluate(names).unwrap(), before, "it was we who gave the path new names");
    two.browser.evaluate("phone.record()").unwrap();
    let records = Instant::now();
    two.browser.evaluate("phone.speak()").unwrap();
    figures_at(&mut phone, speaks.max(records) + SPEECH + Duration::from_secs(2));
    let heard = two.browser.heard().unwrap();
    phone.end().unwrap();
    well_heard(&two, &heard, speaks, Some(records));
}
