//! The Twilio backend holds to the contract, against the double of Twilio's gateway, and does what only it must.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use care4w_audio::Codec;
use care4w_calls::p2p::{Loopback, P2pConfig};
use care4w_calls::twilio::{AccessToken, Fault, Status, TokenProblem, TokenSource, Twilio, TwilioConfig};
use care4w_calls::{BackendError, BackendEvent, Callee, EndReason, VoiceBackend};
use care4w_phone::PhoneNumber;
use care4w_protocol::CallId;
use care4w_protocol::Secret;
use care4w_protocol::signal::Refusal;
use care4w_twilio_double::{CallState, Codec as HeardCodec, Double, Outcome, Says, Settings, Sound, Telephone};
use tokio::sync::mpsc;

use crate::contract::connected;
use crate::phone::{Ear, Phone, ear, party};
use crate::webhook;

const AMINA: &str = "care4w-AMINA11";
const BRIAN: &str = "care4w-BRIAN22";
const NUMBER: &str = "+254712345678";

/// Tokens as our server makes them; the first ones as the test wants them.
struct Tokens {
    double: Arc<Double>,
    identity: String,
    odd: Mutex<Vec<String>>,
    life: u64,
    given: AtomicU64,
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<AccessToken, TokenProblem> {
        self.given.fetch_add(1, Ordering::SeqCst);
        let odd = self.odd.lock().unwrap().pop();
        let text = odd.unwrap_or_else(|| self.double.account().token(&self.identity).sign());
        Ok(AccessToken {
            text: Secret::new(text),
            expires_in: Duration::from_secs(self.life),
            edge: None,
            gateway: Some(self.double.url()),
        })
    }
}

pub struct End {
    pub phone: Phone,
    pub backend: Arc<Twilio>,
    tokens: Arc<Tokens>,
}

fn end(double: &Arc<Double>, id: &str, name: &str, odd: Vec<String>, life: u64) -> End {
    let (events, receiver) = mpsc::unbounded_channel();
    let tokens = Arc::new(Tokens {
        double: Arc::clone(double),
        identity: id.replace('-', "_"),
        odd: Mutex::new(odd),
        life,
        given: AtomicU64::new(0),
    });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let paths = P2pConfig { loopback: Loopback::Always, ..P2pConfig::default() };
    let backend = Twilio::new(TwilioConfig { paths, takes_calls: true, tls: Arc::new(tls) }, tokens.clone(), events);
    backend.start();
    End { phone: Phone::new(party(id, name), backend.clone(), receiver), backend, tokens }
}

pub async fn until(backend: &Twilio, status: Status) {
    let mut watch = backend.status();
    let reached = watch.wait_for(|now| *now == status);
    tokio::time::timeout(Duration::from_secs(60), reached).await.expect("in time").unwrap();
}

async fn amina(double: &Arc<Double>) -> End {
    let end = end(double, AMINA, "Amina", vec![], 3_600);
    until(&end.backend, Status::Ready).await;
    end
}

pub async fn alone() -> (Arc<Double>, End) {
    let double = Arc::new(Double::start(Settings::default()).await.unwrap());
    let end = amina(&double).await;
    (double, end)
}

pub async fn phones() -> (Phone, Phone) {
    let double = Arc::new(webhook::double(&[("AMINA11", "Amina"), ("BRIAN22", "Brian")]).await);
    let (a, b) = (end(&double, AMINA, "Amina", vec![], 3_600), end(&double, BRIAN, "Brian", vec![], 3_600));
    until(&a.backend, Status::Ready).await;
    until(&b.backend, Status::Ready).await;
    (a.phone, b.phone)
}

// What Twilio has no words for is below: why a call is refused, that somebody is not there, and holding.
crate::contract! { phones().await;
    an_answered_call_carries_sound_both_ways
    a_call_can_be_accepted_without_having_been_prepared
    a_call_given_up_before_the_answer_is_missed_at_the_callee
    hanging_up_ends_the_other_end_and_nothing_comes_after
    a_call_that_is_not_there_can_be_asked_nothing
    digits_can_be_sent_in_an_answered_call
    a_restarted_path_goes_on_carrying_sound
    two_calls_of_one_backend_do_not_mix
}

async fn call_number(phone: &Phone, number: &str) -> (CallId, Ear) {
    let (ear, ports) = ear();
    let call = CallId::random();
    let number = PhoneNumber::parse(number, None).unwrap();
    let callee = Callee { care4w_id: None, number: Some(number), name: String::new(), detail: String::new() };
    phone.backend.dial(call, &callee, vec![], ports).await.unwrap();
    (call, ear)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_call_is_declined_whatever_the_reason() {
    let (mut a, mut b) = phones().await;
    for refusal in [Refusal::Declined, Refusal::Busy, Refusal::Failed] {
        let (call, _ear) = a.dial(&b).await;
        b.expect_incoming(&a.party).await;
        b.backend.refuse(call, refusal).await.unwrap();
        a.expect_end(call, EndReason::Declined).await;
        assert!(b.has_no_event());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_call_is_silent_both_ways_though_the_other_end_is_not_told() {
    let (mut a, mut b) = phones().await;
    let (call, mut a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a_ear.hear_byte(2).await;
    b_ear.hear_byte(1).await;
    a.backend.hold(call, true).await.unwrap();
    let sent = a.stats(call).await.sent;
    a_ear.forget();
    // What was on its way is heard, and no more.
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(a.stats(call).await.sent <= sent + 1);
    a_ear.forget();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(a_ear.is_silent(), "nothing is heard on hold");
    a.backend.hold(call, false).await.unwrap();
    b_ear.forget();
    for _ in 0..20 {
        a_ear.hear_byte(2).await;
        b_ear.hear_byte(1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_called_heard_and_hung_up_by_the_other_side() {
    let (double, mut a) = alone().await;
    double.set_telephone(NUMBER, Telephone::answering(Says::Plays(Sound::tone(440.0, 60_000))));
    let (call, mut ear) = call_number(&a.phone, NUMBER).await;
    a.phone.expect(BackendEvent::Answered { call }).await;
    a.phone.expect(BackendEvent::PathUp { call }).await;
    a.phone.expect(BackendEvent::MediaFlowing { call }).await;
    ear.hear().await;
    ear.speak(1);
    let there = double.next_call().await.unwrap();
    assert_eq!(there.parameters()[0], ("To".to_owned(), NUMBER.to_owned()));
    double.until("the client is heard", || (there.heard().sound_packets() > 20).then_some(())).await.unwrap();
    a.backend.send_digits(call, "1w2#").await.unwrap();
    double.until("the digits came", || (there.digits() == "1w2#").then_some(())).await.unwrap();
    there.hang_up();
    a.phone.expect_end(call, EndReason::RemoteHungUp).await;
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_a_number_did_not_answer_is_told() {
    let (double, mut a) = alone().await;
    for (outcome, reason) in [
        (Outcome::Busy, EndReason::Busy),
        (Outcome::Declined, EndReason::Declined),
        (Outcome::Unknown, EndReason::NotInService),
    ] {
        double.set_telephone(NUMBER, Telephone::with(outcome));
        let (call, _ear) = call_number(&a.phone, NUMBER).await;
        a.phone.expect_end(call, reason).await;
    }
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_media_is_heard_before_the_answer_and_nothing_of_ours_goes_out() {
    let (double, mut a) = alone().await;
    double.set_telephone(NUMBER, Telephone::ringing().with_early_media(Sound::tone(440.0, 60_000)));
    let (call, mut ear) = call_number(&a.phone, NUMBER).await;
    ear.speak(1);
    a.phone.expect(BackendEvent::Ringing { call }).await;
    a.phone.expect(BackendEvent::EarlyMedia { call }).await;
    ear.hear().await;
    assert_eq!(a.phone.stats(call).await.sent, 0);
    let there = double.next_call().await.unwrap();
    there.answer_outside();
    a.phone.expect(BackendEvent::Answered { call }).await;
    a.phone.expect(BackendEvent::PathUp { call }).await;
    double.until("the client is heard", || (there.heard().sound_packets() > 5).then_some(())).await.unwrap();
    a.backend.hang_up(call, care4w_protocol::signal::HangUp::Normal).await.unwrap();
    double.until("the call is over", || (there.state() == CallState::Ended).then_some(())).await.unwrap();
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_calls_and_its_call_is_answered() {
    let (double, mut a) = alone().await;
    let there = double.ring("care4w_AMINA11", "+254712000000", &[], Says::Echo).await.unwrap();
    let BackendEvent::Incoming { call, from, .. } = a.phone.next().await else { panic!("a call") };
    assert_eq!(from.name, "+254 712 000000");
    a.backend.prepare(call, vec![]).await.unwrap();
    let mut ear = a.phone.accept(call).await;
    a.phone.until(BackendEvent::PathUp { call }).await;
    ear.speak(7);
    ear.hear().await;
    double.until("it is answered", || (there.state() == CallState::Answered).then_some(())).await.unwrap();
    there.hang_up();
    a.phone.until(BackendEvent::Ended { call, reason: EndReason::RemoteHungUp }).await;
    assert_eq!(double.faults(), []);
}

/// A gateway that knows nothing but G.711, and Amina there.
async fn alone_with_pcmu() -> (Arc<Double>, End) {
    let double = Arc::new(Double::start(Settings { pcmu_alone: true, ..Settings::default() }).await.unwrap());
    let end = amina(&double).await;
    (double, end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_gateway_speaks_g_711_alone_sound_and_digits_go_so_both_ways() {
    let (double, mut a) = alone_with_pcmu().await;
    double.set_telephone(NUMBER, Telephone::answering(Says::Echo));
    let (call, mut ear) = call_number(&a.phone, NUMBER).await;
    ear.speak(0x55);
    a.phone.until(BackendEvent::MediaFlowing { call }).await;
    assert_eq!((ear.codec(), a.phone.stats(call).await.codec), (Codec::Pcmu, Some("pcmu")));
    let (first, second) = (ear.hear().await, ear.hear().await);
    assert_eq!(first.payload, vec![0x55; 160], "a byte a sample");
    let apart = (second.timestamp.wrapping_sub(first.timestamp), second.sequence.wrapping_sub(first.sequence));
    assert_eq!(apart.0, 960 * u32::from(apart.1), "told in 48 kHz");
    let there = double.next_call().await.unwrap();
    a.backend.send_digits(call, "5#").await.unwrap();
    let pressed = || (there.heard().digits == "5#").then_some(());
    double.until("the digits come, in the sound and not by message", pressed).await.unwrap();
    there.press("7*");
    for digit in ['7', '*'] {
        a.phone.until(BackendEvent::Digit { call, digit }).await;
    }
    let heard = there.heard();
    assert!(heard.packets.contains_key(&HeardCodec::Pcmu) && !heard.packets.contains_key(&HeardCodec::Opus));
    there.hang_up();
    a.phone.expect_end(call, EndReason::RemoteHungUp).await;
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_comes_in_g_711_alone_is_answered_in_it() {
    let (double, mut a) = alone_with_pcmu().await;
    let there = double.ring("care4w_AMINA11", "+254712000000", &[], Says::Echo).await.unwrap();
    let BackendEvent::Incoming { call, .. } = a.phone.next().await else { panic!("a call") };
    a.backend.prepare(call, vec![]).await.unwrap();
    let mut ear = a.phone.accept(call).await;
    a.phone.until(BackendEvent::PathUp { call }).await;
    ear.speak(7);
    assert_eq!(ear.hear().await.payload, vec![7; 160]);
    there.press("90#");
    for digit in ['9', '0', '#'] {
        a.phone.until(BackendEvent::Digit { call, digit }).await;
    }
    there.hang_up();
    a.phone.until(BackendEvent::Ended { call, reason: EndReason::RemoteHungUp }).await;
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_are_heard_in_a_call_of_opus_too() {
    let (double, mut a) = alone().await;
    let (call, _ear, there) = talking(&double, &mut a).await;
    there.press("7*");
    for digit in ['7', '*'] {
        a.phone.until(BackendEvent::Digit { call, digit }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_of_a_phone_that_says_nothing_are_heard_in_g_711() {
    let settings = Settings { pcmu_alone: true, ..Settings::default() };
    let double = Arc::new(webhook::double_with(settings, &[("AMINA11", "Amina"), ("BRIAN22", "Brian")]).await);
    let (a, b) = (end(&double, AMINA, "Amina", vec![], 3_600), end(&double, BRIAN, "Brian", vec![], 3_600));
    until(&a.backend, Status::Ready).await;
    until(&b.backend, Status::Ready).await;
    let (mut a, mut b) = (a.phone, b.phone);
    let (call, _ear) = a.dial(&b).await;
    let there = b.expect_incoming(&a.party).await;
    let _ear = b.accept(there).await;
    a.until(BackendEvent::PathUp { call }).await;
    b.until(BackendEvent::PathUp { call: there }).await;
    a.backend.send_digits(call, "55#").await.unwrap();
    for digit in ['5', '5', '#'] {
        b.until(BackendEvent::Digit { call: there, digit }).await;
    }
}

/// A call to a number that plays a long tone, with its sound flowing.
pub async fn talking(double: &Double, a: &mut End) -> (CallId, Ear, care4w_twilio_double::Call) {
    double.set_telephone(NUMBER, Telephone::answering(Says::Plays(Sound::tone(440.0, 120_000))));
    let (call, mut ear) = call_number(&a.phone, NUMBER).await;
    ear.speak(1);
    a.phone.until(BackendEvent::MediaFlowing { call }).await;
    ear.hear().await;
    (call, ear, double.next_call().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_outlives_its_signalling() {
    let (double, mut a) = alone().await;
    let (call, mut ear, there) = talking(&double, &mut a).await;
    double.cut_signalling();
    double.until("it is taken up again", || (there.reconnects() == 1).then_some(())).await.unwrap();
    until(&a.backend, Status::Ready).await;
    ear.forget();
    ear.hear().await;
    there.hang_up();
    a.phone.expect_end(call, EndReason::RemoteHungUp).await;
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_dies_is_looked_for_anew_and_the_call_goes_on() {
    let (double, mut a) = alone().await;
    let (call, mut ear, there) = talking(&double, &mut a).await;
    there.drop_media(true);
    a.phone.expect(BackendEvent::PathLost { call }).await;
    there.drop_media(false);
    double.until("a new path is offered", || (there.restarts() >= 1).then_some(())).await.unwrap();
    a.phone.expect(BackendEvent::PathRestored { call }).await;
    ear.forget();
    ear.hear().await;
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_taken_is_replaced_once() {
    let double = Arc::new(Double::start(Settings::default()).await.unwrap());
    let one_bad = end(&double, AMINA, "Amina", vec!["no token".into()], 3_600);
    until(&one_bad.backend, Status::Ready).await;
    assert_eq!(one_bad.tokens.given.load(Ordering::SeqCst), 2);
    let all_bad = end(&double, BRIAN, "Brian", vec!["no token".into(), "nor this".into()], 3_600);
    until(&all_bad.backend, Status::Failed(Fault::NotAccepted)).await;
    let (call, _ear) = call_number(&all_bad.phone, NUMBER).await;
    let mut phone = all_bad.phone;
    phone.expect_end(call, EndReason::TwilioUnreachable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ended_is_replaced_and_calls_come_again() {
    let (double, a) = alone().await;
    double.expire_tokens();
    double
        .until("it is registered anew", || {
            (double.is_registered("care4w_AMINA11") && a.tokens.given.load(Ordering::SeqCst) == 2).then_some(())
        })
        .await
        .unwrap();
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_renewed_on_the_same_connection_before_it_ends() {
    let double = Arc::new(Double::start(Settings::default()).await.unwrap());
    let a = end(&double, AMINA, "Amina", vec![], 4);
    until(&a.backend, Status::Ready).await;
    double
        .until("a token is renewed", || {
            (double.frames().iter().filter(|frame| frame.kind() == "listen").count() >= 2).then_some(())
        })
        .await
        .unwrap();
    let listens: Vec<_> = double.frames().into_iter().filter(|frame| frame.kind() == "listen").collect();
    assert_eq!(listens[0].stream, listens[1].stream);
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_heartbeats_the_connection_is_made_anew() {
    let (double, a) = alone().await;
    double.set_heartbeats(false);
    let streams = || double.frames().iter().map(|frame| frame.stream).max();
    double.until("another connection", || (streams() >= Some(2)).then_some(())).await.unwrap();
    double.set_heartbeats(true);
    until(&a.backend, Status::Ready).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_hangs_up_at_the_gateway() {
    let (double, mut a) = alone().await;
    let (_, _ear, there) = talking(&double, &mut a).await;
    a.backend.finish().await;
    double.until("the call is over", || (there.state() == CallState::Ended).then_some(())).await.unwrap();
    let last = double.frames().into_iter().rfind(|frame| frame.from_client).unwrap();
    assert_eq!(last.kind(), "hangup", "said, and not found out from the socket");
    assert_eq!(double.faults(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_was_not_started_calls_nobody() {
    let double = Arc::new(Double::start(Settings::default()).await.unwrap());
    let mut a = end(&double, AMINA, "Amina", vec![], 3_600);
    a.backend.stop();
    until(&a.backend, Status::Off).await;
    let (call, _ear) = call_number(&a.phone, NUMBER).await;
    a.phone.expect_end(call, EndReason::TwilioUnreachable).await;
    let nobody = Callee { care4w_id: None, number: None, name: String::new(), detail: String::new() };
    let refused = a.backend.dial(CallId::random(), &nobody, vec![], ear().1).await;
    assert!(matches!(refused, Err(BackendError::NotAvailable)));
}
