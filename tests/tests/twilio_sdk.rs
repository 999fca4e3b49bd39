//! Twilio's own, unmodified SDK in Chromium finds nothing wrong with the double of Twilio's gateway, nor the double with it.
//!
//! What the SDK takes for Twilio is what our own phone is then tested with.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use care4w_tests::{
    Chromium, Server, Sound,
    chromium::{Page, Setup},
    http, score,
    speech::Speech,
};
use care4w_twilio_double::{Call, CallState, Codec, Double, Fault, Outcome, Says, Settings, Telephone};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const NUMBER: &str = "+254712345678";

/// The double, and a browser with the SDK.
struct Two {
    runtime: Runtime,
    double: Double,
    browser: Chromium,
    _folder: tempfile::TempDir,
}

impl Two {
    fn meet() -> Self {
        let runtime = Runtime::new().unwrap();
        let double = runtime.block_on(Double::start(Settings::default())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let microphone = folder.path().join("said.wav");
        Speech::Caller.sound().unwrap().write(&microphone).unwrap();
        // The SDK speaks nothing but wss.
        let trust = format!("--ignore-certificate-errors-spki-list={}", double.spki());
        let setup =
            Setup { microphone: Some(&microphone), page: Page::TwilioSdk, switches: vec![trust], ..Setup::default() };
        let browser = Chromium::start(&setup).unwrap();
        Self { runtime, double, browser, _folder: folder }
    }

    fn run(&mut self, script: &str) -> Value {
        self.browser.evaluate(script).unwrap_or_else(|error| panic!("{error:#}\n{}", self.story()))
    }

    /// What the SDK told with its next event of this name.
    fn next(&mut self, event: &str) -> Value {
        self.run(&format!("phone.next('{event}')"))
    }

    fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        self.runtime.block_on(self.double.until(what, condition)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn call(&self) -> Call {
        self.runtime.block_on(self.double.next_call()).unwrap()
    }

    fn story(&self) -> String {
        let frames = self.double.frames();
        let line = |frame: &care4w_twilio_double::Frame| {
            format!("{} {}\n", if frame.from_client { "SDK" } else { "   " }, short(&frame.message))
        };
        frames.iter().skip(frames.len().saturating_sub(15)).map(line).collect()
    }

    /// A device of somebody, not registered yet.
    fn device_with(&mut self, token: &str, options: &Value) {
        let (token, address) = (json!(token), json!(self.double.address().to_string()));
        self.run(&format!("phone.make({token}, {address}, {options})"));
    }

    fn registered(&mut self, name: &str, options: &Value) {
        let token = self.double.account().token(name).sign();
        self.device_with(&token, options);
        self.run("phone.device.register()");
        self.next("registered");
    }

    /// The SDK calls the number, which answers at once.
    fn connected(&mut self) -> Call {
        self.run(&format!("phone.connect({})", json!({ "To": NUMBER })));
        let call = self.call();
        self.next("accept");
        self.until("packets come", || (call.heard().sound_packets() > 10).then_some(()));
        call
    }

    /// Ends the device; nothing wrong was done, by either.
    fn done(&mut self, scenario: &str) {
        self.run("phone.device.destroy()");
        self.until("the SDK is gone", || (self.double.connections() == 0).then_some(()));
        let faults: Vec<Fault> = self.double.faults();
        assert_eq!(faults, [], "{scenario}\n{}", self.story());
        println!("{scenario}: passed");
    }
}

fn short(message: &Value) -> String {
    message.to_string().chars().take(160).collect()
}

fn sound(of: &care4w_twilio_double::Sound) -> Sound {
    Sound { rate: of.rate, samples: of.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect() }
}

fn double_sound(speech: Speech) -> care4w_twilio_double::Sound {
    care4w_twilio_double::Sound::read(&speech.file().unwrap()).unwrap()
}

/// What was heard is what was said. How well is not asked: a busy machine's browser speaks in pieces.
fn heard_speech(who: &str, said: Speech, heard: &Sound) {
    let found = score::same_speech(&said.sound().unwrap(), heard).unwrap_or_else(|error| panic!("{who}: {error}"));
    println!("{who}: likeness {:.2}", found.similarity);
}

/// One browser for all of them: to start one takes longer than most of them.
#[test]
fn twilios_own_sdk_and_the_double_find_nothing_wrong_with_each_other() {
    let mut two = Two::meet();
    registers_and_unregisters(&mut two);
    bad_tokens_are_refused_for_good(&mut two);
    calls_and_both_hear_each_other(&mut two);
    calls_with_pcmu_and_sends_digits_and_messages(&mut two);
    is_called(&mut two);
    is_called_and_the_caller_gives_up(&mut two);
    hears_early_media(&mut two);
    is_told_that_the_number_is_busy(&mut two);
    notices_that_the_other_side_hung_up(&mut two);
    restarts_ice_on_a_dead_path(&mut two);
    keeps_its_call_when_signalling_drops(&mut two);
    gives_up_a_connection_without_heartbeats(&mut two);
    learns_that_its_token_is_over(&mut two);
}

/// Tokens, TwiML and signatures of our own server, which only has to believe the double what it would Twilio.
#[test]
fn twilios_own_sdk_calls_over_our_server() {
    let mut two = Two::meet();
    let environment = two.double.environment("+254700000001");
    let server = Server::start_with(&["--public-url", PUBLIC], &environment).unwrap();
    two.double.set_voice_url(&format!("{PUBLIC}/api/webhooks/twilio/voice"), Some(server.url()));

    let (_, caller) = signs_up(&mut two, &server, "phone", "Amina");
    // A number: what the user sees there is the server's caller id.
    two.double.set_telephone(NUMBER, Telephone::with(Outcome::Busy));
    two.run(&format!("phone.connect({})", json!({ "To": NUMBER })));
    let call = two.call();
    two.next("disconnect");
    assert_eq!((call.from(), call.to()), (format!("client:{caller}"), NUMBER.to_owned()));
    two.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
    let call = two.connected();
    two.run("phone.call.disconnect()");
    two.next("disconnect");
    two.until("the call is over", || (call.state() == CallState::Ended).then_some(()));

    // A user.
    let (callee_id, callee) = signs_up(&mut two, &server, "other", "Brian");
    two.run(&format!("phone.connect({})", json!({ "To": callee_id })));
    let call = two.call();
    let told = two.run("other.next('incoming')");
    assert_eq!(told["parameters"]["From"], format!("client:{caller}"));
    assert_eq!(told["custom"]["displayName"], "Amina");
    two.run("other.call.accept()");
    two.run("other.next('accept')");
    let other_end = two.call();
    assert_eq!(other_end.identity(), callee);
    for end in [&call, &other_end] {
        two.until("both are heard", || (end.heard().sound_packets() > 50).then_some(()));
    }
    two.run("other.call.disconnect()");
    two.next("disconnect");
    two.until("the call is over", || (call.state() == CallState::Ended).then_some(()));
    // Nobody: the webhook says no.
    two.run(&format!("phone.connect({})", json!({ "To": "care4w-NOBODY9" })));
    two.next("disconnect");
    two.run("other.device.destroy()");
    two.done("over our server");
}

/// Where the server is for Twilio: a proxy stands before it.
const PUBLIC: &str = "https://care4w.example";

/// A new user of the server, whose SDK registers with the server's token. Gives the care4wId and Twilio's identity.
fn signs_up(two: &mut Two, server: &Server, page: &str, name: &str) -> (String, String) {
    let email = format!("{}@example.org", name.to_lowercase());
    let body = json!({ "email": email, "password": "correct horse battery", "displayName": name });
    let answer = http::post(&format!("{}/api/auth/register", server.url()), &body).unwrap().body;
    let id = answer["data"]["user"]["care4wId"].as_str().unwrap().to_owned();
    let bearer = answer["data"]["accessToken"].as_str().unwrap().to_owned();
    let authorization = ("Authorization", format!("Bearer {bearer}"));
    let headers = [(authorization.0, authorization.1.as_str())];
    let token = http::send("GET", &format!("{}/api/token", server.url()), &headers, b"").unwrap().body;
    let text = token["data"]["token"].as_str().unwrap_or_else(|| panic!("no token: {token}"));
    let address = json!(two.double.address().to_string());
    two.run(&format!("{page}.make({}, {address}, {{ maxCallSignalingTimeoutMs: 30000 }})", json!(text)));
    two.run(&format!("{page}.device.register()"));
    two.run(&format!("{page}.next('registered')"));
    (id, token["data"]["identity"].as_str().unwrap().to_owned())
}

fn registers_and_unregisters(two: &mut Two) {
    two.registered("alice", &json!({}));
    assert!(two.double.is_registered("alice"));
    assert_eq!(two.run("[phone.device.identity, phone.device.edge]"), json!(["alice", "dublin"]));
    two.run("phone.device.unregister()");
    two.next("unregistered");
    two.until("alice is gone", || (!two.double.is_registered("alice")).then_some(()));
    two.done("register");
}

fn bad_tokens_are_refused_for_good(two: &mut Two) {
    let account = two.double.account().clone();
    for (token, code) in [
        ("no.token.atall".to_owned(), 20_101),
        (account.token("alice").forged().sign(), 31_202),
        (account.token("alice").expired().sign(), 20_104),
    ] {
        two.device_with(&token, &json!({ "enableImprovedSignalingErrorPrecision": true }));
        two.run("void phone.device.register().catch(() => {})");
        assert_eq!(two.next("error"), code, "{}", two.story());
        two.until("the SDK stays away", || (two.double.connections() == 0).then_some(()));
        two.done("bad token");
    }
}

fn calls_and_both_hear_each_other(two: &mut Two) {
    let speaks = Telephone::ringing();
    two.double.set_telephone(NUMBER, Telephone { says: Says::Nothing, ..speaks });
    two.registered("alice", &json!({}));
    two.run(&format!("phone.connect({})", json!({ "To": NUMBER, "note": "ä & b=c" })));
    let call = two.call();
    assert_eq!(two.next("ringing"), false, "nothing is heard before");
    assert!(call.parameters().contains(&("note".to_owned(), "ä & b=c".to_owned())), "{:?}", call.parameters());
    call.answer_outside();
    two.next("accept");
    assert_eq!(two.run("phone.call.parameters.CallSid"), json!(call.sid()));
    two.run("phone.record()");
    call.play(double_sound(Speech::Callee));
    two.until("everything was said", || (call.heard().sound_packets() > 500).then_some(()));
    two.run("phone.call.disconnect()");
    two.next("disconnect");
    two.until("the call is over", || (call.state() == CallState::Ended).then_some(()));
    let heard = call.heard();
    assert!(heard.packets[&Codec::Opus] > 400 && !heard.packets.contains_key(&Codec::Pcmu), "{:?}", heard.packets);
    heard_speech("the double", Speech::Caller, &sound(&heard.sound));
    heard_speech("the SDK", Speech::Callee, &two.browser.heard().unwrap());
    two.done("outgoing, Opus");
    two.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
}

fn calls_with_pcmu_and_sends_digits_and_messages(two: &mut Two) {
    two.registered("alice", &json!({ "codecPreferences": ["pcmu", "opus"] }));
    let call = two.connected();
    two.run("phone.call.sendDigits('12#')");
    two.until("the digits came", || (call.heard().digits == "12#").then_some(()));
    let message = json!({ "content": { "a": [1, "b"] }, "messageType": "user-defined-message" });
    two.run(&format!("phone.call.sendMessage({message})"));
    two.next("messageSent");
    assert_eq!(call.messages(), [json!({ "a": [1, "b"] })]);
    call.send_message(&json!({ "c": 1 }));
    assert_eq!(two.next("messageReceived"), json!({ "c": 1 }));
    assert!(call.heard().packets.contains_key(&Codec::Pcmu), "{:?}", call.heard().packets);
    two.run("phone.call.disconnect()");
    two.next("disconnect");
    two.done("outgoing, PCMU, digits, messages");
}

fn is_called(two: &mut Two) {
    two.registered("alice", &json!({}));
    let ring = two.double.ring("alice", "+15550100", &[("who", "Bob & Sons"), ("n", "1")], Says::Echo);
    let call = two.runtime.block_on(ring).unwrap();
    assert_eq!(two.call().sid(), call.sid());
    let told = two.next("incoming");
    assert_eq!(told["parameters"]["From"], "+15550100");
    assert_eq!(told["parameters"]["CallSid"], call.sid());
    assert_eq!(told["custom"], json!({ "who": "Bob & Sons", "n": "1" }));
    two.run("phone.call.accept()");
    two.next("accept");
    two.until("packets come", || (call.heard().sound_packets() > 10).then_some(()));
    call.hang_up();
    two.next("disconnect");
    two.done("incoming");

    two.registered("alice", &json!({}));
    let call = two.runtime.block_on(two.double.ring("alice", "client:bob", &[], Says::Echo)).unwrap();
    two.call();
    two.next("incoming");
    two.run("phone.call.reject()");
    two.until("it was declined", || (call.state() == CallState::Ended).then_some(()));
    two.done("incoming, declined");
}

fn is_called_and_the_caller_gives_up(two: &mut Two) {
    two.registered("alice", &json!({}));
    let call = two.runtime.block_on(two.double.ring("alice", "+15550100", &[], Says::Echo)).unwrap();
    two.call();
    two.next("incoming");
    call.cancel();
    two.next("cancel");
    two.done("incoming, cancelled");
}

fn hears_early_media(two: &mut Two) {
    let early = care4w_twilio_double::Sound::tone(440.0, 20_000);
    two.double.set_telephone(NUMBER, Telephone::ringing().with_early_media(early));
    two.registered("alice", &json!({}));
    two.run(&format!("phone.connect({})", json!({ "To": NUMBER })));
    let call = two.call();
    assert_eq!(two.next("ringing"), true, "with a description");
    two.until("sound flows before the answer", || (call.heard().sound_packets() > 10).then_some(()));
    two.run("phone.record()");
    let heard = two.browser.wait_for_sound().unwrap();
    assert_eq!(call.state(), CallState::Ringing);
    let samples = heard.samples.iter().map(|sample| (sample * 32_767.0) as i16).collect();
    let heard = care4w_twilio_double::Sound { rate: heard.rate, samples };
    assert!(heard.purity(440.0) > 0.5, "the tone is heard: {:.2}", heard.purity(440.0));
    call.answer_outside();
    two.next("accept");
    call.hang_up();
    two.next("disconnect");
    two.done("early media");
    two.double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
}

fn is_told_that_the_number_is_busy(two: &mut Two) {
    two.double.set_telephone("+254700000000", Telephone::with(Outcome::Busy));
    two.registered("alice", &json!({ "enableImprovedSignalingErrorPrecision": true }));
    two.run(&format!("phone.connect({})", json!({ "To": "+254700000000" })));
    let call = two.call();
    assert_eq!(two.next("call error"), 31_486);
    two.next("disconnect");
    two.until("the call is over", || (call.state() == CallState::Ended).then_some(()));
    two.done("busy");
}

fn notices_that_the_other_side_hung_up(two: &mut Two) {
    two.registered("alice", &json!({}));
    let call = two.connected();
    call.hang_up();
    two.next("disconnect");
    assert_eq!(two.run("phone.call.status()"), "closed");
    two.done("remote hang-up");
}

fn restarts_ice_on_a_dead_path(two: &mut Two) {
    two.registered("alice", &json!({}));
    let call = two.connected();
    call.drop_media(true);
    two.until("the SDK restarts ICE", || (call.restarts() > 0).then_some(()));
    call.drop_media(false);
    two.next("reconnected");
    let before = call.heard().sound_packets();
    two.until("packets come again", || (call.heard().sound_packets() > before + 10).then_some(()));
    two.run("phone.call.disconnect()");
    two.done("ICE restart");
}

fn keeps_its_call_when_signalling_drops(two: &mut Two) {
    two.registered("alice", &json!({ "maxCallSignalingTimeoutMs": 30_000 }));
    let call = two.connected();
    two.double.cut_signalling();
    two.next("reconnecting");
    two.next("reconnected");
    assert_eq!((call.reconnects(), call.state()), (1, CallState::Answered));
    two.next("registered");
    let before = call.heard().sound_packets();
    two.until("sound flows on", || (call.heard().sound_packets() > before + 10).then_some(()));
    two.run("phone.call.disconnect()");
    two.next("disconnect");
    two.until("the call is over", || (call.state() == CallState::Ended).then_some(()));
    two.done("signalling drop");
}

fn gives_up_a_connection_without_heartbeats(two: &mut Two) {
    two.registered("alice", &json!({}));
    let first = two.double.frames().len();
    two.double.set_heartbeats(false);
    // After 15 s it comes again by itself.
    two.next("unregistered");
    two.next("registered");
    two.double.set_heartbeats(true);
    let listens = two.double.frames().into_iter().skip(first).filter(|frame| frame.kind() == "listen").count();
    assert_eq!(listens, 1);
    two.done("missing heartbeat");
}

fn learns_that_its_token_is_over(two: &mut Two) {
    let token = two.double.account().token("alice").lasting(12).sign();
    two.device_with(&token, &json!({ "tokenRefreshMs": 10_000 }));
    two.run("phone.device.register()");
    two.next("registered");
    two.next("tokenWillExpire");
    let fresh = two.double.account().token("alice").sign();
    two.run(&format!("phone.device.updateToken({})", json!(fresh)));
    two.until("it listens again on the same connection", || {
        let listens = two.double.frames().into_iter().rev().take(12).filter(|frame| frame.kind() == "listen");
        (listens.count() >= 2).then_some(())
    });
    two.double.expire_tokens();
    assert_eq!(two.next("error"), 20_104);
    two.until("the SDK stays away", || (two.double.connections() == 0).then_some(()));
    two.done("token refreshed, and expired");
}
