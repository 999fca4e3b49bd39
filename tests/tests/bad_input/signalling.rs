//! Signalling frames over a raw WebSocket.

use std::time::Duration;

use care4w_protocol::{limits::MAX_FRAME_BYTES, signal::VERSION};
use care4w_tests::http;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, runtime::Runtime, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, Utf8Bytes},
};

use crate::Town;

/// How long any answer may take.
const DEADLINE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(town: &Town) -> Socket {
    connect_async(format!("ws://{}/api/signal", town.server.address())).await.unwrap().0
}

fn token(town: &Town, name: &str) -> (String, String) {
    let body = json!({ "email": format!("{name}@example.org"), "password": "long enough", "displayName": name });
    let answer = http::post(&format!("{}/api/auth/register", town.server.url()), &body).unwrap();
    let data = &answer.body["data"];
    (data["accessToken"].as_str().unwrap().to_owned(), data["user"]["care4wId"].as_str().unwrap().to_owned())
}

fn hello(token: &str) -> Value {
    json!({ "type": "hello", "version": VERSION, "token": token, "device": "test", "received": 0 })
}

async fn greeted(town: &Town, token: &str) -> Socket {
    let mut socket = open(town).await;
    socket.send(text(hello(token))).await.unwrap();
    let welcome = next(&mut socket).await.unwrap();
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    socket
}

fn text(frame: Value) -> Message {
    Message::text(frame.to_string())
}

/// The next frame of the server; `None` once it has closed the socket.
async fn next(socket: &mut Socket) -> Option<Value> {
    loop {
        match timeout(DEADLINE, socket.next()).await.expect("an answer in time") {
            Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

/// What the server closes with, passing over other frames. It must close then, too.
async fn closing_code(socket: &mut Socket) -> Option<String> {
    let mut code = None;
    while let Some(frame) = next(socket).await {
        if frame["type"] == "closing" {
            let error = frame["error"].as_object().unwrap();
            assert!(!error["message"].as_str().unwrap().is_empty());
            code = Some(error["code"].as_str().unwrap().to_owned());
        }
    }
    code
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn send(number: u64, message: &Value) -> Message {
    text(json!({ "type": "send", "number": number, "message": message }))
}

#[test]
fn a_first_frame_that_is_no_hello_closes_the_socket_with_a_code() {
    let town = Town::new();
    let (token, _) = token(&town, "odd");
    let with = |name: &str, value: Value| {
        let mut frame = hello(&token);
        frame[name] = value;
        text(frame)
    };
    let cases = [
        (Message::text("hello"), "VALIDATION_ERROR"),
        (Message::text(""), "VALIDATION_ERROR"),
        (Message::text("[".repeat(50_000)), "VALIDATION_ERROR"),
        (Message::binary(hello(&token).to_string().into_bytes()), "VALIDATION_ERROR"),
        (text(json!({ "type": "subscribe" })), "VALIDATION_ERROR"),
        (text(json!({ "type": "hello" })), "VALIDATION_ERROR"),
        (text(json!({ "type": "ping" })), "UNAUTHORIZED"),
        (send(1, &json!({ "kind": "ringing", "call": uuid::Uuid::nil() })), "UNAUTHORIZED"),
        (with("token", json!("eyJ.eyJ.x")), "UNAUTHORIZED"),
        (with("token", json!("")), "UNAUTHORIZED"),
        (with("token", json!("\u{0}")), "UNAUTHORIZED"),
        (with("token", json!(7)), "VALIDATION_ERROR"),
        (with("version", json!(VERSION + 1)), "NOT_AVAILABLE"),
        (with("version", json!(-1)), "VALIDATION_ERROR"),
        (with("device", json!("")), "VALIDATION_ERROR"),
        (with("device", json!("x".repeat(10_000))), "VALIDATION_ERROR"),
        (with("device", json!("x".repeat(MAX_FRAME_BYTES))), "TOO_LARGE"),
        // One that its client's session cannot have received is answered with a new session, not an error.
        (with("received", json!(-1)), "VALIDATION_ERROR"),
    ];
    runtime().block_on(async {
        for (frame, code) in cases {
            let shown: String = frame.to_string().chars().take(90).collect();
            let mut socket = open(&town).await;
            socket.send(frame).await.unwrap();
            assert_eq!(closing_code(&mut socket).await.as_deref(), Some(code), "{shown}");
        }
        // So large that nobody reads it to its end: the socket closes, with or without a word.
        let mut socket = open(&town).await;
        let _ = socket.send(Message::text("x".repeat(8 << 20))).await;
        let code = closing_code(&mut socket).await;
        assert!(code.is_none() || code.as_deref() == Some("TOO_LARGE"), "{code:?}");
    });
    town.still_connects(&town.person("Amina"), &town.person("Baraka"));
    town.assert_no_panic();
}

#[test]
fn a_frame_that_does_not_belong_closes_its_own_socket_and_no_other() {
    let town = Town::new();
    let (odd, _) = token(&town, "odd");
    let (quiet, _) = token(&town, "quiet");
    let call = uuid::Uuid::nil();
    let cases = [
        (Message::text("{"), "VALIDATION_ERROR"),
        (Message::binary(vec![0; 10]), "VALIDATION_ERROR"),
        (text(json!({ "type": "teleport" })), "VALIDATION_ERROR"),
        (send(1, &json!({ "kind": "teleport", "call": call })), "VALIDATION_ERROR"),
        (send(1, &json!({ "kind": "ringing", "call": "not a uuid" })), "VALIDATION_ERROR"),
        (send(1, &json!({ "kind": "invite", "call": call, "to": "nobody", "offer": "v=0" })), "VALIDATION_ERROR"),
        (text(hello(&odd)), "VALIDATION_ERROR"),
        // Numbers that cannot be: one left out, more acknowledged than was sent.
        (send(5, &json!({ "kind": "ringing", "call": call })), "VALIDATION_ERROR"),
        (send(u64::MAX, &json!({ "kind": "ringing", "call": call })), "VALIDATION_ERROR"),
        (text(json!({ "type": "ack", "received": u64::MAX })), "VALIDATION_ERROR"),
        (Message::text("x".repeat(MAX_FRAME_BYTES + 1)), "TOO_LARGE"),
    ];
    runtime().block_on(async {
        let mut other = greeted(&town, &quiet).await;
        for (frame, code) in cases {
            let shown: String = frame.to_string().chars().take(90).collect();
            let mut socket = greeted(&town, &odd).await;
            socket.send(frame).await.unwrap();
            assert_eq!(closing_code(&mut socket).await.as_deref(), Some(code), "{shown}");
        }
        other.send(text(json!({ "type": "ping" }))).await.unwrap();
        assert_eq!(next(&mut other).await.unwrap()["type"], "pong", "the other one's socket is as it was");
    });
    town.assert_no_panic();
}

#[test]
fn a_flood_of_frames_is_cut_off() {
    let town = Town::new();
    let (odd, _) = token(&town, "odd");
    runtime().block_on(async {
        let socket = greeted(&town, &odd).await;
        let (mut to, from) = socket.split();
        let ping = Utf8Bytes::from(json!({ "type": "ping" }).to_string());
        let flood = async {
            for _ in 0..20_000 {
                if to.send(Message::Text(ping.clone())).await.is_err() {
                    break;
                }
            }
        };
        let answers = async {
            let mut from = from;
            let mut code = None;
            // A server that goes on answering, or falls silent and keeps the socket, has not cut it off.
            while let Some(Ok(message)) = timeout(DEADLINE, from.next()).await.expect("the flood to be cut off") {
                if let Message::Text(text) = message {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    code = frame["error"]["code"].as_str().map(ToOwned::to_owned).or(code);
                }
            }
            code
        };
        let (_, code) = tokio::join!(flood, answers);
        // The word may be lost where the flood breaks the pipe first; being cut off is what counts.
        assert!(code.is_none() || code.as_deref() == Some("RATE_LIMITED"), "{code:?}");
    });
    town.still_connects(&town.person("Amina"), &town.person("Baraka"));
    town.assert_no_panic();
}

#[test]
fn messages_about_calls_that_are_not_ones_own_are_refused_and_the_socket_stays() {
    let town = Town::new();
    let (odd, _) = token(&town, "odd");
    let (_, quiet_id) = token(&town, "quiet");
    let call = uuid::Uuid::new_v4();
    runtime().block_on(async {
        let mut socket = greeted(&town, &odd).await;
        let candidate = json!({ "candidate": "candidate:1 1 udp 1 192.0.2.7 9 typ host" });
        let messages = [
            json!({ "kind": "answer", "call": call, "answer": "v=0" }),
            json!({ "kind": "candidate", "call": call, "candidate": candidate }),
            json!({ "kind": "offer", "call": call, "offer": "v=0" }),
            json!({ "kind": "invite", "call": call, "to": quiet_id, "offer": "x".repeat(40_000) }),
        ];
        for (number, message) in (1..).zip(&messages) {
            socket.send(send(number, message)).await.unwrap();
        }
        // What is refused comes in any order; the deadline of `next` ends a wait for what never comes.
        let mut refused = Vec::new();
        while !refused.iter().any(|message: &Value| message["error"]["code"] == "TOO_LARGE") {
            let frame = next(&mut socket).await.expect("a description of 40 kB is refused by name");
            if frame["type"] == "send" {
                refused.push(frame["message"].clone());
            }
        }
        assert!(
            refused.iter().all(|message| ["refused", "ended"].contains(&message["kind"].as_str().unwrap())),
            "{refused:?}"
        );
        socket.send(text(json!({ "type": "ping" }))).await.unwrap();
        while next(&mut socket).await.expect("the socket stays")["type"] != "pong" {}
    });
    town.assert_no_panic();
}
