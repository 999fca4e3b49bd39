mod detour;
mod in_call;

use std::time::Duration;

use care4w_phone::Care4wId;
use care4w_protocol::signal::Party;
use tokio::sync::broadcast;

use super::*;
use crate::fake::{FakeNetwork, FakeSound};
use crate::{CallDirection, CallState, NoIceServers};

const PATIENCE: Duration = Duration::from_secs(60);

struct Phone {
    line: Line,
    sound: FakeSound,
    events: broadcast::Receiver<CallEvent>,
    who: Party,
}

impl Phone {
    fn new(network: &FakeNetwork, id: &str, name: &str) -> Self {
        let who = Party { care4w_id: Care4wId::parse(id).unwrap(), display_name: name.to_owned() };
        let (events, backend_events) = mpsc::unbounded_channel();
        let backend = network.join(who.clone(), events);
        let sound = FakeSound::new();
        let line = Line::start(LineSetup {
            backends: vec![backend],
            backend_events,
            sound: Arc::new(sound.clone()),
            ice: Arc::new(NoIceServers),
            settings: SoundSettings::default(),
        });
        let events = line.events();
        Self { line, sound, events, who }
    }

    async fn dial(&self, to: &Phone) -> Result<CallId, LineError> {
        let callee = Callee {
            care4w_id: Some(to.who.care4w_id.clone()),
            number: None,
            name: to.who.display_name.clone(),
            detail: "by test".to_owned(),
        };
        self.line.dial(callee, BackendName::Fake).await
    }

    async fn next(&mut self) -> CallEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("an event in time").unwrap()
    }

    /// Waits until the call is in this state; why, if it has ended.
    async fn until(&mut self, wanted: CallState) -> Option<EndReason> {
        loop {
            match self.next().await {
                CallEvent::Call { state, reason, .. } if state == wanted => return reason,
                CallEvent::Call { state: CallState::Ended, reason, .. } => panic!("ended instead: {reason:?}"),
                _ => {}
            }
        }
    }

    async fn quiet(&self) {
        let still = async {
            while self.sound.ringing_now() + self.sound.open_now() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, still).await.expect("nothing rings and no microphone is open");
    }
}

fn phones() -> (FakeNetwork, Phone, Phone) {
    let network = FakeNetwork::new();
    let (a, b) = (Phone::new(&network, "care4w-AMINA11", "Amina"), Phone::new(&network, "care4w-BRIAN22", "Brian"));
    (network, a, b)
}

async fn connected() -> (FakeNetwork, Phone, Phone, CallId) {
    let (network, mut a, mut b) = phones();
    let call = a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    a.until(CallState::Ringing).await;
    b.line.accept().await.unwrap();
    a.until(CallState::Connected).await;
    b.until(CallState::Connected).await;
    (network, a, b, call)
}

#[tokio::test]
async fn two_lines_call_talk_and_hang_up() {
    let (_network, mut a, mut b) = phones();
    let call = a.dial(&b).await.unwrap();
    a.until(CallState::Dialing).await;
    b.until(CallState::Incoming).await;
    assert_eq!(b.sound.opened(), 0, "a ringing phone does not listen");
    a.until(CallState::Ringing).await;
    b.line.accept().await.unwrap();
    for phone in [&mut a, &mut b] {
        phone.until(CallState::Connecting).await;
        phone.until(CallState::Connected).await;
        assert!(matches!(phone.next().await, CallEvent::Media { .. }), "the first sound is told");
        let view = phone.line.view().borrow().clone().unwrap();
        assert_eq!((view.id, view.state), (call, CallState::Connected));
        assert!(view.connected_for_ms.is_some() && view.quality.is_some() && view.reason.is_none());
    }
    assert_eq!(b.line.view().borrow().as_ref().unwrap().peer.name, "Amina");
    assert_eq!(b.line.view().borrow().as_ref().unwrap().direction, CallDirection::Incoming);
    a.line.hang_up().await.unwrap();
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::HungUp));
    assert_eq!(b.until(CallState::Ended).await, Some(EndReason::RemoteHungUp));
    for phone in [&mut a, &mut b] {
        assert!(matches!(phone.next().await, CallEvent::Summary { .. }), "the summary is the last word");
        phone.quiet().await;
    }
    let view = b.line.view().borrow().clone().unwrap();
    assert_eq!(view.reason.unwrap().sentence, "Amina hung up.");
    assert!(view.duration_ms.is_some() && view.connected_for_ms.is_none());
    b.line.dismiss().await.unwrap();
    assert!(b.line.view().borrow().is_none());
}

#[tokio::test]
async fn packets_are_short_from_the_call_on_that_comes_after_the_wish() {
    let (_network, mut a, mut b) = phones();
    a.line.set_low_delay(true).await.unwrap();
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    b.line.accept().await.unwrap();
    a.until(CallState::Connected).await;
    b.until(CallState::Connected).await;
    assert!(a.sound.low_delay() && !b.sound.low_delay());
}

#[tokio::test]
async fn a_phone_without_a_microphone_rings_nobody() {
    let (_network, mut a, mut b) = phones();
    a.sound.break_microphone();
    a.dial(&b).await.unwrap();
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::MicrophoneFailed));
    // The next call is the first that the other one hears of.
    let mut c_events = b.events.resubscribe();
    b.dial(&a).await.unwrap();
    assert!(matches!(c_events.recv().await.unwrap(), CallEvent::Call { state: CallState::Dialing, .. }));
    b.line.hang_up().await.unwrap();
    b.until(CallState::Ended).await;
}

#[tokio::test]
async fn a_callee_whose_microphone_fails_tells_the_caller_that_it_could_not() {
    let (_network, mut a, mut b) = phones();
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    b.sound.break_microphone();
    b.line.accept().await.unwrap();
    assert_eq!(b.until(CallState::Ended).await, Some(EndReason::MicrophoneFailed));
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::RemoteFailed));
    a.quiet().await;
}

#[tokio::test]
async fn a_second_caller_hears_that_the_line_is_busy_and_the_first_call_goes_on() {
    let (network, a, b, _) = connected().await;
    let mut c = Phone::new(&network, "care4w-CAROL33", "Carol");
    c.dial(&b).await.unwrap();
    assert_eq!(c.until(CallState::Ended).await, Some(EndReason::Busy));
    assert_eq!(a.line.view().borrow().as_ref().unwrap().state, CallState::Connected);
    assert_eq!(b.dial(&c).await, Err(LineError::Busy), "nor can it dial meanwhile");
    c.quiet().await;
}

#[tokio::test]
async fn declining_and_cancelling_leave_nothing_ringing() {
    let (_network, mut a, mut b) = phones();
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    b.line.decline().await.unwrap();
    assert_eq!(b.until(CallState::Ended).await, Some(EndReason::DeclinedHere));
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::Declined));
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    a.line.hang_up().await.unwrap();
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::Cancelled));
    assert_eq!(b.until(CallState::Ended).await, Some(EndReason::Missed));
    a.quiet().await;
    b.quiet().await;
    assert_eq!(b.line.accept().await, Err(LineError::NoCall));
}

#[tokio::test]
async fn a_call_that_is_silenced_rings_for_the_caller_and_may_ring_aloud_later() {
    let (_network, mut a, mut b) = phones();
    b.line.set_rings(BackendName::Fake, false).await.unwrap();
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    a.until(CallState::Ringing).await;
    assert_eq!((b.sound.ringing_now(), b.sound.rung()), (0, 0), "nothing is heard here");
    b.line.set_rings(BackendName::Fake, true).await.unwrap();
    let rings = async {
        while b.sound.ringing_now() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, rings).await.expect("it rings aloud");
    b.line.set_rings(BackendName::Fake, false).await.unwrap();
    b.quiet().await;
    b.line.accept().await.unwrap();
    a.until(CallState::Connected).await;
    b.until(CallState::Connected).await;
}

#[tokio::test]
async fn a_lost_path_shows_as_reconnecting_and_the_call_goes_on() {
    let (network, mut a, mut b, call) = connected().await;
    network.lose_path(call);
    a.until(CallState::Reconnecting).await;
    b.until(CallState::Reconnecting).await;
    a.until(CallState::Connected).await;
    b.until(CallState::Connected).await;
}

#[tokio::test]
async fn figures_come_every_second_and_stand_in_the_summary() {
    let (_network, mut a, _b, call) = connected().await;
    let stats = loop {
        if let CallEvent::Stats { call_id, stats } = a.next().await {
            assert_eq!(call_id, call);
            break stats;
        }
    };
    assert!(stats.sent > 0 && stats.received > 0 && stats.mos.is_some_and(|mos| mos > 4.0), "{stats:?}");
    a.line.end(EndReason::TimeUp).await.unwrap();
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::TimeUp));
    let CallEvent::Summary { stats, duration_ms, reason, .. } = a.next().await else { panic!("no summary") };
    assert!(stats.codec == Some("opus") && duration_ms >= 1_000 && reason == EndReason::TimeUp);
}

#[tokio::test]
async fn mute_holds_from_before_the_microphone_opens() {
    let (_network, mut a, mut b) = phones();
    assert_eq!(b.line.set_muted(true).await, Err(LineError::NoCall));
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    b.line.set_muted(true).await.unwrap();
    assert!(b.line.view().borrow().as_ref().unwrap().muted);
    b.line.accept().await.unwrap();
    b.until(CallState::Connected).await;
    a.until(CallState::Connected).await;
    assert!(b.sound.muted());
    b.line.set_muted(false).await.unwrap();
    assert!(!b.sound.muted());
}

#[tokio::test]
async fn digits_are_checked_and_sent() {
    let (network, a, _b, call) = connected().await;
    for bad in ["", "12x", "+1", "１", &"1".repeat(65)] {
        assert_eq!(a.line.send_digits(bad).await, Err(LineError::InvalidDigits), "{bad}");
    }
    a.line.send_digits("1w2#").await.unwrap();
    assert_eq!(network.digits(call), "1w2#");
}

#[tokio::test]
async fn digits_of_quick_commands_arrive_in_the_order_in_which_they_were_given() {
    let (network, a, _b, call) = connected().await;
    network.slow_down_digits();
    let (first, second, third) =
        tokio::join!(a.line.send_digits("1"), a.line.send_digits("2"), a.line.send_digits("3"));
    assert_eq!((first, second, third), (Ok(()), Ok(()), Ok(())));
    assert_eq!(network.digits(call), "123");
    while a.line.view().borrow().as_ref().unwrap().digits.len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(a.line.view().borrow().as_ref().unwrap().digits, "123", "and so they stand on the screen");
}

#[tokio::test]
async fn a_device_that_cannot_be_opened_leaves_the_call_as_it_is() {
    let (_network, mut a, _b, _) = connected().await;
    a.sound.break_microphone();
    let changed = a.line.set_microphone("pulseaudio:gone".parse().unwrap()).await;
    assert_eq!(changed, Err(LineError::DeviceFailed));
    while !matches!(a.next().await, CallEvent::Sound { .. }) {}
    assert_eq!(a.line.view().borrow().as_ref().unwrap().state, CallState::Connected);
}

#[tokio::test]
async fn shutting_down_ends_the_call_at_both_ends_and_closes_the_sound() {
    let (_network, mut a, mut b, _) = connected().await;
    a.line.shut_down().await.unwrap();
    assert_eq!((a.sound.open_now(), a.sound.ringing_now()), (0, 0), "closed when it returns");
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::ShutDown));
    assert_eq!(b.until(CallState::Ended).await, Some(EndReason::RemoteHungUp));
    assert_eq!(a.line.hang_up().await, Err(LineError::ShutDown));
}

#[tokio::test]
async fn a_call_that_is_dropped_while_its_microphone_opens_leaves_it_closed() {
    let (_network, mut a, b) = phones();
    for _ in 0..20 {
        a.dial(&b).await.unwrap();
        a.line.hang_up().await.unwrap();
        assert_eq!(a.until(CallState::Ended).await, Some(EndReason::Cancelled));
    }
    a.quiet().await;
}

#[tokio::test]
async fn events_are_the_lines_that_the_command_line_prints() {
    let (_network, mut a, b, call) = connected().await;
    a.line.hang_up().await.unwrap();
    let ended = loop {
        let event = a.next().await;
        if matches!(event, CallEvent::Call { state: CallState::Ended, .. }) {
            break serde_json::to_value(event).unwrap();
        }
    };
    assert_eq!(ended["event"], "call");
    assert_eq!(ended["state"], "ended");
    assert_eq!(ended["callId"], call.to_string());
    assert_eq!(ended["backend"], "fake");
    assert_eq!(ended["reason"], "HUNG_UP");
    assert_eq!(ended["peer"]["name"], b.who.display_name);
    assert!(ended["sinceStartMs"].is_u64());
    let summary = serde_json::to_value(a.next().await).unwrap();
    assert_eq!(summary["event"], "summary");
    for key in ["rttMs", "jitterMs", "lossPercent", "concealedPercent", "bufferMs", "mos", "codec", "path", "sent"] {
        assert!(summary.get(key).is_some(), "{key} is missing in {summary}");
    }
    assert!(summary["durationMs"].is_u64() && summary["reason"] == "HUNG_UP");
}
