//! Whole calls: two lines with the real sound engine, over the peer-to-peer backend. No sound card is needed: the
//! devices are none at all, or files.

use std::sync::Arc;
use std::time::{Duration, Instant};

use care4w_calls::p2p::{Loopback, P2p, P2pConfig};
use care4w_calls::{
    BackendName, CallEvent, CallState, EndReason, Line, LineSetup, NativeSound, NoIceServers, SoundSettings,
};
use tokio::sync::{broadcast, mpsc};

use crate::exchange::{Exchange, Wire};
use crate::phone::{callee, party};

const PATIENCE: Duration = Duration::from_secs(60);

fn lines(settings: [SoundSettings; 2]) -> [Line; 2] {
    let exchange = Arc::new(Exchange::default());
    let users = [party("care4w-AMINA11", "Amina"), party("care4w-BRIAN22", "Brian")];
    let mut settings = settings.into_iter();
    [0, 1].map(|end| {
        let (events, backend_events) = mpsc::unbounded_channel();
        let wire = Wire { exchange: Arc::clone(&exchange), end };
        let config = P2pConfig { loopback: Loopback::Always, ..P2pConfig::default() };
        let backend = P2p::new(config, Arc::new(wire), events);
        exchange.plug(end, users[end].clone(), Arc::clone(&backend));
        Line::start(LineSetup {
            backends: vec![backend],
            backend_events,
            sound: Arc::new(NativeSound),
            ice: Arc::new(NoIceServers),
            settings: settings.next().unwrap(),
        })
    })
}

fn devices(microphone: &str, speaker: &str) -> SoundSettings {
    SoundSettings {
        microphone: microphone.parse().unwrap(),
        speaker: speaker.parse().unwrap(),
        ringer: "none".parse().unwrap(),
        ..SoundSettings::default()
    }
}

async fn until<T>(events: &mut broadcast::Receiver<CallEvent>, wanted: impl Fn(&CallEvent) -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = wanted(&events.recv().await.unwrap()) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("the event in time")
}

async fn until_state(events: &mut broadcast::Receiver<CallEvent>, wanted: CallState) -> Option<EndReason> {
    until(events, |event| match event {
        CallEvent::Call { state, reason, .. } if *state == wanted => Some(*reason),
        CallEvent::Call { state: CallState::Ended, reason, .. } => panic!("ended instead: {reason:?}"),
        _ => None,
    })
    .await
}

async fn first_audio(events: &mut broadcast::Receiver<CallEvent>) -> u64 {
    until(events, |event| match event {
        CallEvent::Media { first_audio_ms, .. } => Some(*first_audio_ms),
        _ => None,
    })
    .await
}

async fn talk(settings: [SoundSettings; 2]) {
    let [a, b] = lines(settings);
    let (mut a_events, mut b_events) = (a.events(), b.events());
    let dialled = Instant::now();
    a.dial(callee(&party("care4w-BRIAN22", "Brian")), BackendName::P2p).await.unwrap();
    until_state(&mut b_events, CallState::Incoming).await;
    let rang = dialled.elapsed();
    until_state(&mut a_events, CallState::Ringing).await;
    b.accept().await.unwrap();
    until_state(&mut a_events, CallState::Connected).await;
    until_state(&mut b_events, CallState::Connected).await;
    let heard = (first_audio(&mut a_events).await, first_audio(&mut b_events).await);
    eprintln!("dial → rings {rang:?}; answer → first audio: caller {} ms, callee {} ms", heard.0, heard.1);
    let stats = until(&mut a_events, |event| match event {
        CallEvent::Stats { stats, .. } => Some(*stats),
        _ => None,
    })
    .await;
    eprintln!("{stats:?}");
    assert!(stats.rtt_ms.is_some() && stats.path.is_some() && stats.received > 0, "{stats:?}");
    b.hang_up().await.unwrap();
    assert_eq!(until_state(&mut a_events, CallState::Ended).await, Some(EndReason::RemoteHungUp));
    a.shut_down().await.unwrap();
    b.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_without_any_device_connects() {
    talk([devices("none", "none"), devices("none", "none")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_recorded_by_a_file_speaker_and_the_file_is_whole_when_the_line_is_shut_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heard.wav");
    talk([devices("none", &format!("file:{}", path.display())), devices("echo", "none")]).await;
    let file = std::fs::read(&path).unwrap();
    assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    let length = u32::from_le_bytes(file[4..8].try_into().unwrap());
    assert_eq!(length as usize + 8, file.len(), "the header says how long the file is");
    assert!(file.len() > 44, "something was recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_held_hears_a_soft_tone_where_there_was_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heard.wav");
    let [a, b] = lines([devices("none", "none"), devices("none", &format!("file:{}", path.display()))]);
    let (mut a_events, mut b_events) = (a.events(), b.events());
    a.dial(callee(&party("care4w-BRIAN22", "Brian")), BackendName::P2p).await.unwrap();
    until_state(&mut b_events, CallState::Incoming).await;
    b.accept().await.unwrap();
    until_state(&mut a_events, CallState::Connected).await;
    until_state(&mut b_events, CallState::Connected).await;
    assert!(b.levels().await.unwrap().output_dbfs < -80.0, "nobody speaks");
    a.set_held(true).await.unwrap();
    b.view().wait_for(|view| view.as_ref().is_some_and(|view| view.held_by_peer)).await.unwrap();
    let tone = async {
        while b.levels().await.unwrap().output_dbfs < -50.0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, tone).await.expect("a tone is heard");
    let level = b.levels().await.unwrap().output_dbfs;
    assert!(level < -20.0, "softer than a voice: {level}");
    a.set_held(false).await.unwrap();
    b.view().wait_for(|view| view.as_ref().is_some_and(|view| !view.held_by_peer)).await.unwrap();
    let silence = async {
        while b.levels().await.unwrap().output_dbfs > -80.0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, silence).await.expect("the tone is over");
    a.shut_down().await.unwrap();
    b.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_microphone_file_that_is_not_there_ends_the_call_before_it_rings() {
    let [a, b] = lines([devices("file:/nowhere/at/all.wav", "none"), devices("none", "none")]);
    let mut events = a.events();
    a.dial(callee(&party("care4w-BRIAN22", "Brian")), BackendName::P2p).await.unwrap();
    assert_eq!(until_state(&mut events, CallState::Ended).await, Some(EndReason::MicrophoneFailed));
    assert!(b.view().borrow().is_none(), "nobody was rung");
}
