use async_trait::async_trait;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{HangUp, Refusal};

use super::*;
use crate::{BackendError, BackendEvents, MediaPorts, PathStats, VoiceBackend};

/// A way that ends every call with the same reason before it rings, or says nothing about it.
struct Failing {
    events: BackendEvents,
    reason: Option<EndReason>,
    rings: bool,
}

#[async_trait]
impl VoiceBackend for Failing {
    fn name(&self) -> BackendName {
        BackendName::Twilio
    }

    async fn dial(&self, call: CallId, _: &Callee, _: Vec<IceServer>, _: MediaPorts) -> Result<(), BackendError> {
        if self.rings {
            self.events.send(BackendEvent::Ringing { call }).ok();
        }
        if let Some(reason) = self.reason {
            self.events.send(BackendEvent::Ended { call, reason }).ok();
        }
        Ok(())
    }

    async fn ring(&self, _: CallId) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn prepare(&self, _: CallId, _: Vec<IceServer>) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn accept(&self, _: CallId, _: MediaPorts) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn refuse(&self, _: CallId, _: Refusal) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn hang_up(&self, call: CallId, _: HangUp) -> Result<(), BackendError> {
        // Too late: somebody answers as the caller leaves.
        self.events.send(BackendEvent::Answered { call }).ok();
        Ok(())
    }

    async fn send_digits(&self, _: CallId, _: &str) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn hold(&self, _: CallId, _: bool) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn restart_path(&self, _: CallId) -> Result<(), BackendError> {
        Err(BackendError::NoSuchCall)
    }

    async fn stats(&self, _: CallId) -> Option<PathStats> {
        None
    }
}

/// A phone whose first way fails, and one that can be reached by the other.
fn phones(reason: impl Into<Option<EndReason>>, rings: bool) -> (Phone, Phone) {
    let network = FakeNetwork::new();
    let b = Phone::new(&network, "care4w-BRIAN22", "Brian");
    let who = Party { care4w_id: "care4w-AMINA11".parse().unwrap(), display_name: "Amina".to_owned() };
    let (events, backend_events) = mpsc::unbounded_channel();
    let fake = network.join(who.clone(), events.clone());
    let sound = FakeSound::new();
    let line = Line::start(LineSetup {
        backends: vec![Arc::new(Failing { events, reason: reason.into(), rings }), fake],
        backend_events,
        sound: Arc::new(sound.clone()),
        ice: Arc::new(NoIceServers),
        settings: SoundSettings::default(),
    });
    let events = line.events();
    (Phone { line, sound, events, who }, b)
}

async fn dial(a: &Phone, b: &Phone, then: Option<BackendName>) -> CallId {
    let callee = Callee {
        care4w_id: Some(b.who.care4w_id.clone()),
        number: None,
        name: b.who.display_name.clone(),
        detail: String::new(),
    };
    a.line.dial_by(callee, BackendName::Twilio, then).await.unwrap()
}

#[tokio::test]
async fn a_call_whose_way_failed_before_it_rang_goes_on_by_the_other_and_says_so() {
    let (mut a, mut b) = phones(EndReason::TwilioFailed, false);
    let call = dial(&a, &b, Some(BackendName::Fake)).await;
    b.until(CallState::Incoming).await;
    a.until(CallState::Ringing).await;
    let view = a.line.view().borrow().clone().unwrap();
    assert_eq!((view.id, view.backend, view.instead_of), (call, BackendName::Fake, Some(BackendName::Twilio)));
    b.line.accept().await.unwrap();
    // The sound was opened for the first way, and flows by the second.
    a.until(CallState::Connected).await;
    b.until(CallState::Connected).await;
    assert_eq!(a.sound.opened(), 1);
    a.line.hang_up().await.unwrap();
    b.until(CallState::Ended).await;
    a.quiet().await;
}

#[tokio::test]
async fn over_twilio_packets_stay_as_long_as_it_wants_them() {
    let (mut a, b) = phones(None, false);
    a.line.set_low_delay(true).await.unwrap();
    dial(&a, &b, None).await;
    a.until(CallState::Dialing).await;
    while a.sound.opened() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!a.sound.low_delay());
}

#[tokio::test]
async fn a_way_that_says_nothing_is_left_for_the_other_and_what_it_says_too_late_is_not_taken_for_that_ones() {
    let (mut a, mut b) = phones(None, false);
    let call = dial(&a, &b, Some(BackendName::Fake)).await;
    b.until(CallState::Incoming).await;
    assert!(matches!(a.next().await, CallEvent::Call { state: CallState::Dialing, .. }));
    let CallEvent::Call { state: CallState::Dialing, backend, instead_of, .. } = a.next().await else {
        panic!("the other way is told of first")
    };
    assert_eq!((backend, instead_of), (BackendName::Fake, Some(BackendName::Twilio)));
    a.until(CallState::Ringing).await;
    b.line.accept().await.unwrap();
    a.until(CallState::Connected).await;
    assert_eq!(a.line.view().borrow().as_ref().unwrap().id, call);
    a.line.hang_up().await.unwrap();
    b.until(CallState::Ended).await;
    a.quiet().await;
}

#[tokio::test]
async fn a_call_that_is_given_up_while_its_way_says_nothing_is_over() {
    let (mut a, b) = phones(None, false);
    dial(&a, &b, Some(BackendName::Fake)).await;
    a.until(CallState::Dialing).await;
    a.line.hang_up().await.unwrap();
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::Cancelled));
    a.quiet().await;
}

#[tokio::test]
async fn a_person_who_does_not_want_to_talk_is_not_rung_by_another_way() {
    let (mut a, b) = phones(EndReason::Declined, false);
    dial(&a, &b, Some(BackendName::Fake)).await;
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::Declined));
}

#[tokio::test]
async fn a_call_that_rang_already_takes_no_other_way() {
    let (mut a, b) = phones(EndReason::TwilioFailed, true);
    dial(&a, &b, Some(BackendName::Fake)).await;
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::TwilioFailed));
}

#[tokio::test]
async fn without_another_way_the_failure_is_the_end() {
    let (mut a, b) = phones(EndReason::TwilioUnreachable, false);
    dial(&a, &b, None).await;
    assert_eq!(a.until(CallState::Ended).await, Some(EndReason::TwilioUnreachable));
    a.quiet().await;
}
