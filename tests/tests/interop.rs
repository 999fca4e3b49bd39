//! Our phone and a browser: a plain `RTCPeerConnection` in Chromium calls and is called over our server's signalling.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{net::Ipv4Addr, time::Duration};

use care4w_tests::{
    Account, Chromium, Cli, Namespace, Network, Server, Sound,
    chromium::Setup,
    cli::RunningCli,
    dtmf,
    impairment::{Impairment, Loss},
    score,
    speech::Speech,
    wait,
};
use serde_json::json;
use tempfile::TempDir;

/// How long the longer speech is.
const SPEECH: Duration = Duration::from_secs(9);

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
    folder: TempDir,
    _server: Server,
}

impl Two {
    fn meet() -> Self {
        Self::meet_on(None)
    }

    /// On two machines, the phone's and the browser's.
    fn meet_on(machines: Option<&[Namespace; 2]>) -> Self {
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
        Self { browser, browser_id, phone, phone_id, pause: Duration::ZERO, folder, _server: server }
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

fn well_heard(who: &str, speech: Speech, heard: &Sound) {
    let pesq = score::pesq(&said(speech), heard).unwrap_or_else(|error| panic!("{who}: {error}"));
    if let Some(pesq) = pesq {
        println!("{who}: PESQ {pesq:.2}");
        assert!(pesq > 2.5, "{who}: loopback loses nothing, and PESQ is {pesq}");
    }
}

/// Both speak at once; each hears the other, and both count alike.
fn both_talk(two: &mut Two, mut phone: RunningCli) {
    two.browser.wait_for_connection().unwrap();
    two.browser.evaluate("phone.speak()").unwrap();
    let mut last = None;
    // Until the longer one of them has spoken.
    for _ in 0..SPEECH.as_secs() + 2 + two.pause.as_secs().saturating_sub(4) {
        last = Some(phone.wait("statistics", |line| line.is("stats")).unwrap());
    }
    let (ours, theirs) = (last.unwrap().json, two.browser.stats().unwrap().json);
    println!("ours {ours}\ntheirs {theirs}");
    assert_eq!((&theirs["codec"], &ours["codec"]), (&json!("audio/opus"), &json!("opus")));
    for (what, sent, received) in
        [("we", &ours["sent"], &theirs["received"]), ("they", &theirs["sent"], &ours["received"])]
    {
        let (sent, received) = (sent.as_f64().unwrap(), received.as_f64().unwrap());
        // The two were not asked in the same instant.
        assert!((sent - received).abs() < 60.0 && sent > 300.0, "{what} sent {sent}, of which {received} came");
    }
    // A restart drops what is on its way while the sockets change.
    let bound = if two.pause.is_zero() { 0.0 } else { 30.0 };
    assert!(theirs["lost"].as_f64().unwrap() <= bound, "loopback loses nothing: {theirs}");
    assert!(ours["lossPercent"].as_f64().unwrap() * 10.0 <= bound, "loopback loses nothing: {ours}");
    assert!(ours["rttMs"].as_f64().unwrap() >= 0.0 && ours["jitterMs"].as_f64().unwrap() >= 0.0, "{ours}");
    let heard = two.browser.heard().unwrap();
    two.browser.evaluate("phone.hangUp()").unwrap();
    assert_eq!(phone.wait_for_call("ended").unwrap().text("reason"), "REMOTE_HUNG_UP");
    phone.wait_for_end().unwrap();
    well_heard("the browser heard us", Speech::Caller, &heard);
    well_heard("we heard the browser", Speech::Callee, &two.heard_by_phone());
}

#[test]
fn a_browser_that_calls_us_and_trickles_is_heard_and_hears() {
    let mut two = Two::meet();
    let phone = two.browser_calls(true);
    both_talk(&mut two, phone);
}

#[test]
fn a_browser_that_calls_us_with_all_candidates_in_its_offer_is_heard_and_hears() {
    let mut two = Two::meet();
    let phone = two.browser_calls(false);
    both_talk(&mut two, phone);
}

#[test]
fn a_browser_that_we_call_and_that_trickles_is_heard_and_hears() {
    let mut two = Two::meet();
    let phone = two.phone_calls(true, &[]);
    both_talk(&mut two, phone);
}

#[test]
fn a_browser_that_we_call_and_that_answers_with_all_candidates_is_heard_and_hears() {
    let mut two = Two::meet();
    let phone = two.phone_calls(false, &[]);
    both_talk(&mut two, phone);
}

#[test]
fn digits_that_we_send_sound_at_the_browser_and_the_speech_around_them_is_whole() {
    let mut two = Two::meet();
    let mut phone = two.phone_calls(true, &["--digits", "1w59#"]);
    two.browser.wait_for_connection().unwrap();
    phone.wait_for_call("connected").unwrap();
    let mut heard = Sound::silence(48_000, Duration::ZERO);
    wait::until(Duration::from_secs(20), "the digits to sound", || {
        heard = two.browser.heard()?;
        Ok((dtmf::digits(&heard) == "159#").then_some(()))
    })
    .unwrap_or_else(|error| panic!("{error}: {:?} was heard", dtmf::digits(&heard)));
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
    assert_eq!(dtmf::digits(&two.heard_by_phone().first(Duration::from_secs(3))), "42#", "they sound here, too");
}

#[test]
fn a_browser_may_restart_the_path_hold_and_add_and_take_away_a_data_channel_in_mid_call() {
    let mut two = Two::meet();
    two.pause = Duration::from_secs(7);
    let mut phone = two.browser_calls(true);
    two.browser.wait_for_connection().unwrap();
    phone.wait_for_call("connected").unwrap();
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
    both_talk(&mut two, phone);
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
    let theirs = two.browser.stats().unwrap().json;
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
        // Twice the way, and what two ends add that have other things to do.
        assert!((60.0..200.0).contains(&rtt), "round trip, {what}: {rtt} ms");
    }
    for (what, jitter) in [("ours", our("jitterMs")), ("told by us", their("remoteJitterMs"))] {
        assert!((1.0..20.0).contains(&jitter), "jitter, {what}: {jitter} ms");
    }
}

#[test]
fn a_browser_follows_when_we_restart_a_path_that_was_gone() {
    let (network, machines, [here, there]) = machines();
    let mut two = Two::meet_on(Some(&machines));
    two.pause = Duration::from_secs(8);
    let mut phone = two.phone_calls(true, &[]);
    two.browser.wait_for_connection().unwrap();
    phone.wait_for_call("connected").unwrap();
    let names = "phone.descriptions.remote.match(/ice-ufrag:(.*)/)[1]";
    let before = two.browser.evaluate(names).unwrap();
    network.cut(here, there);
    phone.wait_for_call("reconnecting").unwrap();
    network.mend(here, there);
    phone.wait_for_call("connected").unwrap();
    two.browser.wait_for_connection().unwrap();
    assert_ne!(two.browser.evaluate(names).unwrap(), before, "it was we who gave the path new names");
    two.browser.evaluate("phone.record()").unwrap();
    two.browser.evaluate("phone.speak()").unwrap();
    for _ in 0..14 {
        phone.wait("statistics", |line| line.is("stats")).unwrap();
    }
    let heard = two.browser.heard().unwrap();
    phone.end().unwrap();
    well_heard("the browser heard us", Speech::Caller, &heard);
    well_heard("we heard the browser", Speech::Callee, &two.heard_by_phone());
}
