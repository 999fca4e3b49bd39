//! What one can do in a call, and what one is told of it.

use care4w_audio::{Direction, Health, Notice};

use super::*;
use crate::quality::{QualityCause, QualitySide};
use crate::{CallView, DeviceNotice, Processing, SoundNotice, Volume};

impl Phone {
    /// Waits for a picture of the call of which this holds.
    async fn shows(&self, what: impl FnMut(&CallView) -> bool) -> CallView {
        let (mut view, mut what) = (self.line.view(), what);
        let seen = view.wait_for(|view| view.as_ref().is_some_and(&mut what));
        tokio::time::timeout(PATIENCE, seen).await.expect("a picture in time").unwrap().clone().unwrap()
    }
}

#[tokio::test]
async fn who_is_held_sees_it_and_hears_a_tone_and_nothing_is_sent_from_who_holds() {
    let (_network, a, b, _) = connected().await;
    a.line.set_held(true).await.unwrap();
    assert!(a.line.view().borrow().as_ref().unwrap().held);
    assert!(a.sound.muted(), "what is said on hold is not for the other end");
    let held = b.shows(|view| view.held_by_peer).await;
    assert!(!held.held && b.sound.on_hold());
    assert!(!a.sound.on_hold(), "the tone is for who waits");
    a.line.set_held(false).await.unwrap();
    b.shows(|view| !view.held_by_peer).await;
    assert!(!b.sound.on_hold() && !a.sound.muted());
    assert!(!a.line.view().borrow().as_ref().unwrap().held);
}

#[tokio::test]
async fn who_holds_is_told_at_both_ends_as_it_changes() {
    let (_network, mut a, mut b, call) = connected().await;
    async fn told(phone: &mut Phone) -> serde_json::Value {
        loop {
            let event = phone.next().await;
            if matches!(event, CallEvent::Hold { .. }) {
                return serde_json::to_value(event).unwrap();
            }
        }
    }
    let hold = |here: bool, there: bool| serde_json::json!({ "event": "hold", "callId": call.to_string(), "here": here, "there": there });
    a.line.set_held(true).await.unwrap();
    assert_eq!((told(&mut a).await, told(&mut b).await), (hold(true, false), hold(false, true)));
    b.line.set_held(true).await.unwrap();
    assert_eq!((told(&mut a).await, told(&mut b).await), (hold(true, true), hold(true, true)));
    a.line.set_held(false).await.unwrap();
    assert_eq!((told(&mut a).await, told(&mut b).await), (hold(false, true), hold(true, false)));
}

#[tokio::test]
async fn a_call_that_was_muted_is_muted_still_after_the_hold() {
    let (_network, a, _b, _) = connected().await;
    a.line.set_muted(true).await.unwrap();
    a.line.set_held(true).await.unwrap();
    a.line.set_held(false).await.unwrap();
    assert!(a.sound.muted());
    a.line.set_held(true).await.unwrap();
    a.line.set_muted(false).await.unwrap();
    assert!(a.sound.muted(), "unmuting a held call does not open its microphone");
}

#[tokio::test]
async fn only_a_connected_call_is_held() {
    let (_network, a, mut b) = phones();
    assert_eq!(a.line.set_held(true).await, Err(LineError::NoCall));
    a.dial(&b).await.unwrap();
    b.until(CallState::Incoming).await;
    assert_eq!(b.line.set_held(true).await, Err(LineError::NoCall));
    b.line.decline().await.unwrap();
}

#[tokio::test]
async fn digits_that_were_sent_are_shown_without_their_pauses() {
    let (_network, a, _b, _) = connected().await;
    a.line.send_digits("1w2#").await.unwrap();
    a.line.send_digits("9").await.unwrap();
    a.shows(|view| view.digits == "12#9").await;
}

#[tokio::test]
async fn what_befell_a_device_is_shown_with_the_name_of_the_one_used_now_and_goes_by_itself() {
    let (_network, a, _b, _) = connected().await;
    let notice = Notice::SwitchedToDefault { direction: Direction::Input };
    a.sound.befall(notice.clone());
    let view = a.shows(|view| view.notice.is_some()).await;
    let what = SoundNotice::Device { what: notice };
    assert_eq!(view.notice, Some(DeviceNotice { what, device: Some("Input default".to_owned()) }));
    a.shows(|view| view.notice.is_none()).await;
}

#[tokio::test]
async fn processing_and_volume_are_switched_in_the_call() {
    let (_network, a, _b, _) = connected().await;
    a.line.set_processing(Processing::OFF).await.unwrap();
    assert_eq!(a.sound.processing(), Processing::OFF);
    a.line.set_volume(Volume::percent(40)).await.unwrap();
    assert_eq!(a.sound.volume(), Volume::percent(40));
    a.line.set_held(true).await.unwrap();
    assert_eq!(a.sound.volume(), Volume::percent(0), "an end that goes on sending is not heard");
    a.line.set_held(false).await.unwrap();
    assert_eq!(a.sound.volume(), Volume::percent(40));
}

#[tokio::test]
async fn who_speaks_while_muted_is_told_until_the_mute_is_off() {
    let (_network, a, _b, _) = connected().await;
    a.line.set_muted(true).await.unwrap();
    a.sound.set_health(Health { microphone_dbfs: -70.0, ..Health::default() });
    // The room is heard before the voice.
    let looked = a.sound.looks();
    while a.sound.looks() < looked + 3 {
        tokio::task::yield_now().await;
    }
    a.sound.set_health(Health { microphone_dbfs: -25.0, ..Health::default() });
    a.shows(|view| view.speaking_while_muted).await;
    a.line.set_muted(false).await.unwrap();
    assert!(!a.line.view().borrow().as_ref().unwrap().speaking_while_muted);
}

#[tokio::test]
async fn a_microphone_that_gives_nothing_is_told_of_unless_it_is_muted() {
    let (_network, a, _b, _) = connected().await;
    a.sound.set_health(Health { microphone_silent: true, ..Health::default() });
    let view = a.shows(|view| view.quality.is_some_and(|quality| quality.cause.is_some())).await;
    let quality = view.quality.unwrap();
    assert_eq!((quality.cause, quality.side), (Some(QualityCause::MicrophoneSilent), Some(QualitySide::Here)));
    a.line.set_muted(true).await.unwrap();
    a.shows(|view| view.quality.is_some_and(|quality| quality.cause.is_none())).await;
}

#[tokio::test]
async fn the_figures_can_be_asked_for() {
    let (_network, mut a, _b, _) = connected().await;
    while !matches!(a.next().await, CallEvent::Stats { .. }) {}
    let stats = a.line.stats().await.unwrap();
    assert!(stats.bitrate.is_some_and(|bits| bits > 1_000) && stats.codec.is_some(), "{stats:?}");
}
