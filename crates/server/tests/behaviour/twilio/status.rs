use care4w_protocol::signal::ServerMessage;
use serde_json::json;

use super::{CALLER_ID, assign, callback, calls, from_twilio, history, server, sid, tells, twiml};
use crate::server::{Person, Server};
use crate::signalling::Socket;

/// What Twilio tells of the called end of a call: `CallStatus`, `CallDuration`.
async fn far(server: &Server, xml: &str, number: usize, status: &str, secs: Option<&str>) {
    let (near, child) = (sid(number), sid(1000 + number));
    let mut fields = vec![("CallSid", child.as_str()), ("ParentCallSid", near.as_str()), ("CallStatus", status)];
    fields.extend(secs.map(|secs| ("CallDuration", secs)));
    tells(server, &callback(xml, "statusCallback"), &fields).await;
}

/// Kind, seconds and the other one of the only call in a history.
async fn only(server: &Server, person: &Person) -> serde_json::Value {
    let calls = history(server, person).await;
    assert_eq!(calls.len(), 1, "{calls:?}");
    json!([
        calls[0]["kind"],
        calls[0]["durationSecs"],
        calls[0]["care4wId"],
        calls[0]["number"],
        calls[0]["displayName"]
    ])
}

#[tokio::test]
async fn a_call_to_a_number_stands_in_its_callers_history_once_it_is_over() {
    let server = server().await;
    let amina = server.register("amina").await;
    let xml = calls(&server, &amina, 1, "+254712345678").await;
    assert!(history(&server, &amina).await.is_empty(), "it is under way");
    for (status, secs) in [("initiated", None), ("ringing", None), ("in-progress", None), ("completed", Some("61"))] {
        far(&server, &xml, 1, status, secs).await;
    }
    let wanted = json!(["made", 61, null, "+254712345678", "+254 712 345678"]);
    assert_eq!(only(&server, &amina).await, wanted);
    // Told again, late, and after a restart it stays what it was.
    for (status, secs) in [("ringing", None), ("completed", Some("61")), ("completed", Some("7")), ("busy", None)] {
        far(&server, &xml, 1, status, secs).await;
        assert_eq!(only(&server, &amina).await, wanted, "{status}");
    }
}

#[tokio::test]
async fn twilios_words_may_come_in_any_order() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let words = [("initiated", None), ("ringing", None), ("in-progress", None), ("completed", Some("5"))];
    for (number, order) in [[3, 2, 1, 0], [2, 3, 0, 1], [0, 3, 1, 2], [1, 0, 3, 2]].into_iter().enumerate() {
        let xml = calls(&server, &amina, number, &baraka.id).await;
        for at in order {
            let (status, secs) = words[at];
            far(&server, &xml, number, status, secs).await;
        }
        // The end of the caller's own leg, told before all of it in the second half.
        let near = sid(number);
        let ended = [("CallSid", near.as_str()), ("CallStatus", "completed"), ("CallDuration", "9")];
        tells(&server, "/api/webhooks/twilio/status", &ended).await;
        for (person, kind, other, name) in [(&amina, "made", &baraka, "baraka"), (&baraka, "got", &amina, "amina")] {
            let calls = history(&server, person).await;
            assert_eq!(calls.len(), number + 1);
            let newest = &calls[0];
            assert_eq!(
                json!([newest["kind"], newest["durationSecs"], newest["care4wId"], newest["displayName"]]),
                json!([kind, 5, other.id, name])
            );
        }
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_first_has_made_a_call_and_the_callee_has_missed_one() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let xml = calls(&server, &amina, 1, &baraka.id).await;
    far(&server, &xml, 1, "initiated", None).await;
    let near = sid(1);
    tells(&server, "/api/webhooks/twilio/status", &[("CallSid", &near), ("CallStatus", "completed")]).await;
    assert_eq!(only(&server, &amina).await, json!(["made", null, baraka.id, null, "baraka"]));
    assert_eq!(only(&server, &baraka).await, json!(["missed", null, amina.id, null, "amina"]));
    let mut socket = Socket::of(&server, &baraka, "desk").await;
    assert!(
        matches!(socket.hears().await, ServerMessage::Missed { from, .. } if from.care4w_id.as_str() == amina.id),
        "no device of his has rung"
    );
}

#[tokio::test]
async fn a_number_that_called_in_vain_was_missed_and_one_that_was_answered_was_got() {
    let server = server().await;
    let amina = server.register("amina").await;
    assign(&server, &amina, CALLER_ID).await;
    let call = async |number: usize, from: &str| {
        let one = sid(number);
        let fields = [("CallSid", one.as_str()), ("From", from), ("To", CALLER_ID)];
        twiml(from_twilio(&server, "/api/webhooks/twilio/voice", &fields)).await
    };
    let xml = call(1, "+254712345678").await;
    far(&server, &xml, 1, "no-answer", None).await;
    assert_eq!(only(&server, &amina).await, json!(["missed", null, null, "+254712345678", "+254 712 345678"]));
    let xml = call(2, "anonymous").await;
    far(&server, &xml, 2, "in-progress", None).await;
    far(&server, &xml, 2, "completed", Some("3")).await;
    let calls = history(&server, &amina).await;
    assert_eq!(
        json!([calls[0]["kind"], calls[0]["durationSecs"], calls[0]["displayName"]]),
        json!(["got", 3, "Unknown number"])
    );
    assert!(calls[0].get("number").is_none());
    // The message of missed calls names users, and waits for none of these.
    let mut socket = Socket::of(&server, &amina, "desk").await;
    let other = super::DeviceCall::of(&server, &amina, &sid(3)).await.to("112").twiml(&server).await;
    assert_eq!(other, super::REJECT);
    assert!(matches!(socket.hears().await, ServerMessage::Refused { .. }));
}

#[tokio::test]
async fn calls_over_twilio_go_on_while_the_server_restarts() {
    let server = server().await;
    let amina = server.register("amina").await;
    let xml = calls(&server, &amina, 1, "+254712345678").await;
    far(&server, &xml, 1, "in-progress", None).await;
    let server = server.restart().await;
    assert!(history(&server, &amina).await.is_empty(), "it still goes on");
    far(&server, &xml, 1, "completed", Some("600")).await;
    assert_eq!(only(&server, &amina).await, json!(["made", 600, null, "+254712345678", "+254 712 345678"]));
}

#[tokio::test]
async fn words_about_no_call_and_words_that_mean_nothing_do_no_harm() {
    let server = server().await;
    let amina = server.register("amina").await;
    let xml = calls(&server, &amina, 1, "+254712345678").await;
    let path = callback(&xml, "statusCallback");
    for (path, fields) in [
        ("/api/webhooks/twilio/status", vec![]),
        ("/api/webhooks/twilio/status", vec![("CallSid", "CA9"), ("CallStatus", "completed")]),
        ("/api/webhooks/twilio/status?call=x&leg=y", vec![("CallStatus", "completed")]),
        (path.as_str(), vec![("CallStatus", "exploded")]),
        (path.as_str(), vec![("CallStatus", "completed"), ("CallStatus", "busy")]),
        (path.as_str(), vec![("CallStatus", "ringing"), ("CallDuration", "-1"), ("SequenceNumber", "x")]),
    ] {
        tells(&server, path, &fields).await;
    }
    assert!(history(&server, &amina).await.is_empty(), "none of it is an end");
    far(&server, &xml, 1, "completed", Some("99999999999999999999999")).await;
    assert_eq!(only(&server, &amina).await[1], serde_json::Value::Null);
}

#[tokio::test]
async fn a_deleted_account_takes_its_calls_over_twilio_with_it() {
    let server = server().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let xml = calls(&server, &amina, 1, &baraka.id).await;
    far(&server, &xml, 1, "in-progress", None).await;
    server.by(&amina, "DELETE", "/api/users/me", None).await.data();
    far(&server, &xml, 1, "completed", Some("5")).await;
    let calls = history(&server, &baraka).await;
    assert_eq!(calls[0]["displayName"], "Deleted account");
}
