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

static START: Once = Once::new();

/// Collects what every test of this program logs from here on.
fn collect() {
    START.call_once(|| {
        log::set_logger(&Collect).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
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
    let lines = LINES.lock().unwrap();
    let quiet = |target: &str| QUIET_TARGETS.iter().any(|quiet| target.split("::").next() == Some(quiet));
    let address = |text: &str| text.contains("127.0.0.1") || text.contains("a=fingerprint") || text.contains("ice-pwd");
    assert!(lines.iter().any(|(target, text)| quiet(target) && address(text)), "the library does name addresses");
    for (target, text) in lines.iter() {
        assert!(quiet(target) || !address(text), "{target} names an address: {text}");
    }
}
