use std::time::Duration;

use care4w_twilio_double::{CallState, Double, FaultKind, Settings};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, description};

fn kinds(double: &Double) -> Vec<FaultKind> {
    double.faults().into_iter().map(|fault| fault.kind).collect()
}

async fn start() -> Double {
    Double::start(Settings::default()).await.unwrap()
}

#[tokio::test]
async fn a_message_before_the_token_is_refused() {
    let double = start().await;
    let mut client = Client::connect(&double).await;
    client.say("register", json!({ "media": { "audio": true } })).await;
    assert_eq!(client.next("error").await["error"]["code"], 31_204);
    assert_eq!(kinds(&double), [FaultKind::TooEarly]);
    assert!(!double.is_registered("alice"));
}

#[tokio::test]
async fn a_message_of_another_version_is_refused() {
    let double = start().await;
    let mut client = Client::registered(&double, "alice").await;
    let message = json!({ "type": "register", "version": "1.0", "payload": { "media": { "audio": true } } });
    client.send(Message::text(message.to_string())).await;
    assert_eq!(client.next("error").await["error"]["code"], 31_100);
    assert_eq!(kinds(&double), [FaultKind::Version]);
}

#[tokio::test]
async fn heartbeats_that_are_not_answered_end_the_connection() {
    let fast =
        Settings { heartbeat: Duration::from_millis(20), patience: Duration::from_millis(200), ..Settings::default() };
    let double = Double::start(fast).await.unwrap();
    let mut client = Client::connect(&double).await;
    client.answers_heartbeats = false;
    assert_eq!(client.any().await, None);
    assert_eq!(kinds(&double), [FaultKind::Heartbeat]);
}

#[tokio::test]
async fn a_heartbeat_that_answers_nothing_is_a_fault() {
    let slow = Settings { heartbeat: Duration::from_secs(600), ..Settings::default() };
    let double = Double::start(slow).await.unwrap();
    let mut client = Client::connect(&double).await;
    // Two answers to one are one too many.
    client.beat().await;
    client.send(Message::text("\n")).await;
    client.send(Message::text("\n")).await;
    double.until("it is noticed", || (kinds(&double) == [FaultKind::UnaskedHeartbeat]).then_some(())).await.unwrap();
}

#[tokio::test]
async fn a_token_may_be_refused_for_a_while() {
    let double = start().await;
    double.refuse_next_token(31_206, Some(7));
    let mut client = Client::connect(&double).await;
    client.listen(&double.account().token("alice").sign()).await;
    assert_eq!(client.next("error").await["error"]["retryAfter"], 7);
    assert_eq!(client.any().await, None, "without close: it may come again");
    Client::registered(&double, "alice").await;
}

#[tokio::test]
async fn a_call_is_taken_up_again_with_its_token_and_with_none_else() {
    let double = start().await;
    let mut client = Client::registered(&double, "alice").await;
    client.invite("TJS1", "+254712345678").await;
    let call = client.next("ringing").await["callsid"].clone();
    let token = client.next("answer").await["reconnect"].clone();
    drop(client);
    let mut client = Client::registered(&double, "alice").await;
    let take_up = |token: &serde_json::Value, ufrag: &str| json!({ "callsid": call, "sdp": description(ufrag), "reconnect": token, "twilio": {} });
    client.say("invite", take_up(&json!("another"), "abcd")).await;
    assert_eq!(client.next("hangup").await["error"]["code"], 31_107);
    client.say("invite", take_up(&token, "abcd")).await;
    let answer = client.next("answer").await;
    assert!(answer["sdp"].is_null(), "nothing changed on the media path");
    client.say("invite", take_up(&token, "efgh")).await;
    assert_eq!(client.next("hangup").await["error"]["code"], 31_107, "each token is good once");
    client.say("invite", take_up(&answer["reconnect"], "efgh")).await;
    assert!(client.next("answer").await["sdp"].is_string(), "new ICE credentials are answered");
    assert_eq!(kinds(&double), []);
}

#[tokio::test]
async fn who_wants_no_reconnect_loses_the_call_with_the_connection() {
    let double = start().await;
    let mut client = Client::connect(&double).await;
    client.reconnect_timeout = 0;
    client.register(&double, "alice").await;
    client.invite("TJS1", "+254712345678").await;
    let call = double.next_call().await.unwrap();
    double.until("it is answered", || (call.state() == CallState::Answered).then_some(())).await.unwrap();
    drop(client);
    double.until("it is over", || (call.state() == CallState::Ended).then_some(())).await.unwrap();
}

#[tokio::test]
async fn what_does_not_fit_a_call_is_a_fault() {
    let double = start().await;
    let mut client = Client::registered(&double, "alice").await;
    client.say("hangup", json!({ "callsid": "CA0" })).await;
    client.invite("CA1", "+254712345678").await;
    assert_eq!(client.next("hangup").await["error"]["code"], 31_400);
    client.invite("TJS1", "+254712345678").await;
    let call = client.next("ringing").await["callsid"].clone();
    client.next("answer").await;
    client.say("answer", json!({ "callsid": call, "sdp": description("abcd") })).await;
    let damaged = description("abcd").replace("a=rtcp-mux\r\n", "");
    client.say("reinvite", json!({ "callsid": call, "sdp": damaged })).await;
    client.say("hangup", json!({ "callsid": call })).await;
    // Crossed on the wire, it is none.
    client.say("hangup", json!({ "callsid": call })).await;
    let expected = [FaultKind::UnknownCall, FaultKind::Payload, FaultKind::OutOfTurn, FaultKind::Description];
    double.until("all are noticed", || (kinds(&double) == expected).then_some(())).await.unwrap();
}

#[tokio::test]
async fn the_first_of_a_users_devices_to_answer_gets_the_call() {
    let double = start().await;
    let mut one = Client::registered(&double, "bob").await;
    let mut two = Client::registered(&double, "bob").await;
    let mut alice = Client::registered(&double, "alice").await;
    alice.invite("TJS1", "client:bob").await;
    alice.next("ringing").await;
    let (first, second) = (one.next("invite").await, two.next("invite").await);
    assert_eq!(first["parameters"]["From"], "client:alice");
    let sdp = description("efgh").replace("actpass", "active");
    two.say("answer", json!({ "callsid": second["callsid"], "sdp": sdp })).await;
    assert!(two.next("answer").await["reconnect"].is_string());
    assert_eq!(one.next("cancel").await["callsid"], first["callsid"]);
    let answer = alice.next("answer").await;
    assert!(answer["sdp"].as_str().unwrap().contains("a=ice-lite"));
    two.say("hangup", json!({ "callsid": second["callsid"] })).await;
    alice.next("hangup").await;
    assert_eq!(kinds(&double), []);
}
