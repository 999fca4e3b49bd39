use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use care4w_twilio_double::{CallState, Double, Settings};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, description};

/// How many frames of garbage there are.
const FRAMES: usize = 1_000;

/// A message that was right, somewhere changed, cut or doubled; or bytes of no kind.
fn garbage(dice: &mut StdRng, call: &str) -> Message {
    const DEPTH: usize = 2_000;
    let sdp = description("abcd");
    let right = [
        json!({ "type": "invite", "version": "1.6", "payload": { "callsid": "TJS1", "sdp": sdp, "twilio": {} } }),
        json!({ "type": "reinvite", "version": "1.6", "payload": { "callsid": call, "sdp": sdp } }),
        json!({ "type": "answer", "version": "1.6", "payload": { "callsid": call, "sdp": sdp } }),
        json!({ "type": "dtmf", "version": "1.6", "payload": { "callsid": call, "dtmf": "1" } }),
        json!({ "type": "register", "version": "1.6", "payload": { "media": { "audio": true } } }),
        json!({ "type": "listen", "version": "1.6", "payload": { "token": "a.b.c", "browserinfo": {} } }),
    ];
    let mut bytes = right[dice.random_range(0..right.len())].to_string().into_bytes();
    match dice.random_range(0..6) {
        0 => bytes = (0..dice.random_range(0..400)).map(|_| dice.random()).collect(),
        1 => bytes.truncate(dice.random_range(0..bytes.len())),
        2 => bytes = vec![b'['; DEPTH],
        3 => bytes.extend_from_within(..),
        _ => {
            for _ in 0..dice.random_range(1..6) {
                let at = dice.random_range(0..bytes.len());
                bytes[at] = dice.random_range(b' '..=b'~');
            }
        }
    }
    match String::from_utf8(bytes) {
        // One that is still right would be no garbage where it hangs up a call.
        Ok(text) => Message::text(text.replace("hangup", "hangover")),
        Err(error) => Message::binary(error.into_bytes()),
    }
}

#[tokio::test]
async fn a_thousand_frames_of_garbage_upset_nothing() {
    let panics = Arc::new(AtomicU32::new(0));
    let (seen, before) = (Arc::clone(&panics), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        seen.fetch_add(1, Ordering::SeqCst);
        before(panic);
    }));
    let double = Double::start(Settings::default()).await.unwrap();
    let mut client = Client::connect(&double).await;
    client.reconnect_timeout = 0;
    client.register(&double, "alice").await;
    client.invite("TJS0", "+254712345678").await;
    let call = client.next("ringing").await["callsid"].as_str().unwrap().to_owned();
    client.next("answer").await;
    let mut dice = StdRng::seed_from_u64(20);
    let mut stranger = Client::connect(&double).await;
    for _ in 0..FRAMES / 2 {
        client.send(garbage(&mut dice, &call)).await;
        stranger.send(garbage(&mut dice, &call)).await;
    }
    // Behind all of it the same connections work.
    client
        .say(
            "message",
            json!({ "callsid": call, "content": 1, "contenttype": "application/json",
        "messagetype": "user-defined-message", "voiceeventsid": "KX1" }),
        )
        .await;
    loop {
        let (kind, payload) = client.any().await.expect("the connection stands");
        if kind == "ack" {
            assert_eq!(payload["voiceeventsid"], "KX1");
            break;
        }
    }
    stranger.listen(&double.account().token("bob").sign()).await;
    while stranger.any().await.expect("the connection stands").0 != "connected" {}
    client.say("hangup", json!({ "callsid": call })).await;
    let first = double.calls().into_iter().next().unwrap();
    double.until("the call is over", || (first.state() == CallState::Ended).then_some(())).await.unwrap();
    // Those that the garbage made end with their client.
    drop(client);
    let left = || double.calls().iter().all(|call| call.state() == CallState::Ended).then_some(());
    double.until("no call is left", left).await.unwrap();
    assert!(double.faults().len() > FRAMES / 2, "garbage is written down");
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}
