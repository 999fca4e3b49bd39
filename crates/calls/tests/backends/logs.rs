//! What a call leaves in the log, at the finest level.

use std::sync::{Mutex, Once};

use care4w_calls::{BackendEvent, QUIET_TARGETS};
use care4w_protocol::signal::HangUp;

use crate::contract::connected;
use crate::p2p::phones;

static LINES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

struct Collect;

impl log::Log for Collect {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().unwrap().push((record.target().to_owned(), record.args().to_string()));
    }

    fn flush(&self) {}
}

/// What only the double of Twilio's gateway uses.
const DOUBLES: &[&str] = &["hyper", "hyper_util", "reqwest", "care4w_twilio_double"];

static START: Once = Once::new();

/// Collects what every test of this program logs from here on.
fn collect() {
    START.call_once(|| {
        log::set_logger(&Collect).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

fn only_the_quiet_name_addresses_or_tokens() {
    let lines = LINES.lock().unwrap();
    let first = |target: &str| target.split("::").next().unwrap_or_default().to_owned();
    let quiet = |target: &str| QUIET_TARGETS.iter().chain(DOUBLES).any(|quiet| first(target) == *quiet);
    let tells = |text: &str| {
        ["127.0.0.1", "a=fingerprint", "ice-pwd", "eyJ", "+2547"].iter().any(|secret| text.contains(secret))
    };
    assert!(lines.iter().any(|(target, text)| quiet(target) && tells(text)), "the library does name addresses");
    for (target, text) in lines.iter() {
        assert!(quiet(target) || !tells(text), "{target} names what is nobody's business: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_twilio_names_its_token_and_addresses_only_in_targets_that_are_silenced() {
    collect();
    let (mut a, mut b) = crate::twilio::phones().await;
    let (call, a_ear, b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a.until(BackendEvent::MediaFlowing { call }).await;
    a.backend.hang_up(call, HangUp::Normal).await.unwrap();
    b.until(BackendEvent::Ended { call, reason: care4w_calls::EndReason::RemoteHungUp }).await;
    only_the_quiet_name_addresses_or_tokens();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_targets_that_are_to_be_silenced_name_addresses() {
    collect();
    let (mut a, mut b) = phones();
    let (call, a_ear, b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a.expect(BackendEvent::MediaFlowing { call }).await;
    a.backend.hang_up(call, HangUp::Normal).await.unwrap();
    b.until(BackendEvent::Ended { call, reason: care4w_calls::EndReason::RemoteHungUp }).await;
    only_the_quiet_name_addresses_or_tokens();
}
