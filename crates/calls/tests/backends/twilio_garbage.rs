//! A gateway that went mad, and strangers who find a call's media: nothing panics, and no call is left over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use care4w_calls::twilio::Status;
use care4w_calls::{BackendEvent, EndReason, VoiceBackend};
use care4w_protocol::signal::HangUp;
use care4w_twilio_double::CallState;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use tokio::net::UdpSocket;

use crate::twilio::{alone, talking, until};

/// How much garbage there is.
const GARBAGE: usize = 1_000;

/// Counts the panics of this process from now on.
fn panics() -> Arc<AtomicU32> {
    let panics = Arc::new(AtomicU32::new(0));
    let (seen, before) = (Arc::clone(&panics), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        seen.fetch_add(1, Ordering::SeqCst);
        before(panic);
    }));
    panics
}

/// A datagram that begins as STUN, DTLS, RTP, RTCP or nothing does (RFC 7983), and goes on as it likes.
fn datagram(dice: &mut StdRng) -> Vec<u8> {
    let mut datagram: Vec<u8> = (0..dice.random_range(0..200)).map(|_| dice.random()).collect();
    let beginning: &[u8] = match dice.random_range(0..8) {
        0 => &[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42],
        1 => &[1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42],
        2 => &[22, 0xfe, 0xfd],
        3 => &[23, 0xfe, 0xfd, 0, 1],
        4 => &[0x80, 111],
        5 => &[0x90, 0],
        6 => &[0x81, 201, 0, 7],
        _ => &[],
    };
    let length = beginning.len().min(datagram.len());
    datagram[..length].copy_from_slice(&beginning[..length]);
    datagram
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_datagrams_of_garbage_at_either_end_of_the_media_disturb_no_call() {
    let panics = panics();
    let (double, mut a) = alone().await;
    let (call, mut ear, there) = talking(&double, &mut a).await;
    let (gateway, client) = there.media_addresses();
    let client = client.expect("its sound came from somewhere");
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut dice = StdRng::seed_from_u64(7);
    for _ in 0..GARBAGE {
        for end in [gateway, client] {
            stranger.send_to(&datagram(&mut dice), end).await.unwrap();
        }
        tokio::task::yield_now().await;
    }
    ear.forget();
    ear.hear().await;
    let before = there.heard().sound_packets();
    double
        .until("the client is still heard", || (there.heard().sound_packets() > before + 10).then_some(()))
        .await
        .unwrap();
    a.backend.hang_up(call, HangUp::Normal).await.unwrap();
    double.until("the call is over", || (there.state() == CallState::Ended).then_some(())).await.unwrap();
    assert!(a.backend.stats(call).await.is_none(), "no call is left");
    assert_eq!((double.faults(), panics.load(Ordering::SeqCst)), (vec![], 0));
}

/// What a gateway could send, somewhere changed, cut or doubled; or bytes of no kind.
fn frame(dice: &mut StdRng, call: &str) -> String {
    let right = [
        json!({ "type": "connected", "version": "", "payload": { "edge": "dublin", "token": { "ttl": 3_600 } } }),
        json!({ "type": "ringing", "version": "", "payload": { "callsid": call, "sdp": "v=0" } }),
        json!({ "type": "answer", "version": "", "payload": { "callsid": call, "sdp": "v=0", "reconnect": "x" } }),
        json!({ "type": "invite", "version": "", "payload": { "callsid": "CA7", "sdp": "v=0", "parameters": { "From": "+1" } } }),
        json!({ "type": "error", "version": "", "payload": { "error": { "code": 31_400, "message": "m" } } }),
        json!({ "type": "cancel", "version": "", "payload": { "callsid": "CA7" } }),
    ];
    let mut text = right[dice.random_range(0..right.len())].to_string().into_bytes();
    match dice.random_range(0..6) {
        0 => text = (0..dice.random_range(0..400)).map(|_| dice.random_range(b' '..=b'~')).collect(),
        1 => text.truncate(dice.random_range(0..text.len())),
        2 => text = vec![b'['; 2_000],
        3 => text.extend_from_within(..),
        _ => {
            let at = dice.random_range(0..text.len());
            text[at] = dice.random_range(b' '..=b'~');
        }
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_frames_of_garbage_from_the_gateway_leave_a_phone_that_is_called_and_no_call() {
    let panics = panics();
    let (double, mut a) = alone().await;
    let (call, _ear, there) = talking(&double, &mut a).await;
    let mut dice = StdRng::seed_from_u64(11);
    for _ in 0..GARBAGE {
        double.say_anything(&frame(&mut dice, there.sid()));
        tokio::task::yield_now().await;
    }
    // Calls that the garbage made are refused or fail; the one that there was goes on or is over, and is forgotten then.
    a.backend.hang_up(call, HangUp::Normal).await.ok();
    double.cut_signalling();
    until(&a.backend, Status::Connecting).await;
    until(&a.backend, Status::Ready).await;
    assert!(a.backend.stats(call).await.is_none());
    let there = double.ring("care4w_AMINA11", "+254712000000", &[], care4w_twilio_double::Says::Echo).await.unwrap();
    let call = loop {
        match a.phone.next().await {
            BackendEvent::Incoming { call, from, .. } if from.name == "+254 712 000000" => break call,
            _ => {}
        }
    };
    a.phone.accept(call).await.speak(3);
    a.phone.until(BackendEvent::MediaFlowing { call }).await;
    there.hang_up();
    a.phone.until(BackendEvent::Ended { call, reason: EndReason::RemoteHungUp }).await;
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}
