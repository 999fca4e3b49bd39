use std::time::Duration;

use care4w_protocol::CallId;
use care4w_protocol::signal::{
    ClientFrame, ClientMessage, Ended, HangUp, Numbered, Refusal, Sdp, ServerFrame, ServerMessage, Token, VERSION,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::{Person, Server};

/// A socket as a client holds it.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    sent: u64,
    pub received: u64,
}

impl Socket {
    pub async fn open(server: &Server) -> Self {
        let url = format!("ws://{}/api/signal", server.running.address());
        let (stream, _) = tokio_tungstenite::connect_async_with_config(url, None, true).await.unwrap();
        Self { stream, sent: 0, received: 0 }
    }

    /// As if from this address, behind a proxy.
    pub async fn from(server: &Server, address: Option<&str>) -> Self {
        let mut request = format!("ws://{}/api/signal", server.running.address()).into_client_request().unwrap();
        if let Some(address) = address {
            request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
        }
        let (stream, _) = tokio_tungstenite::connect_async_with_config(request, None, true).await.unwrap();
        Self { stream, sent: 0, received: 0 }
    }

    /// Says hello and is welcomed.
    pub async fn of(server: &Server, person: &Person, device: &str) -> Self {
        let mut socket = Self::open(server).await;
        socket.hello(&person.token, device, 0).await;
        let ServerFrame::Welcome { resumed: false, received: 0, heartbeat_secs: 15 } = socket.frame().await else {
            panic!("no welcome")
        };
        socket
    }

    pub async fn hello(&mut self, token: &str, device: &str, received: u64) {
        let token = Token(token.into());
        self.send(ClientFrame::Hello { version: VERSION, token, device: device.into(), received }).await;
    }

    pub async fn send(&mut self, frame: ClientFrame) {
        self.send_text(serde_json::to_string(&frame).unwrap()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    pub async fn says(&mut self, message: ClientMessage) {
        self.sent += 1;
        self.send(ClientFrame::Send(Numbered { number: self.sent, message })).await;
    }

    /// The next frame; none when the socket was closed.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), self.stream.next()).await.expect("a frame");
            match message {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    pub async fn frame(&mut self) -> ServerFrame {
        self.next().await.expect("the socket is open")
    }

    /// The next message; acknowledgements of ours are skipped, messages are acknowledged.
    pub async fn hears(&mut self) -> ServerMessage {
        loop {
            match self.frame().await {
                ServerFrame::Send(Numbered { number, message }) => {
                    self.received = number;
                    self.send(ClientFrame::Ack { received: number }).await;
                    return message;
                }
                ServerFrame::Ack { .. } | ServerFrame::Pong => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the server says when it closes.
    pub async fn closing(&mut self) -> String {
        loop {
            match self.next().await {
                Some(ServerFrame::Closing { error }) => {
                    assert!(self.next().await.is_none(), "nothing comes after Closing");
                    return error.code.to_string();
                }
                Some(_) => {}
                None => panic!("closed without a word"),
            }
        }
    }

    pub async fn leave(mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        self.stream.close(Some(frame)).await.unwrap();
        while self.next().await.is_some() {}
    }

    pub async fn invites(&mut self, person: &Person) -> CallId {
        let call = CallId::random();
        self.invites_id(call, &person.id).await;
        call
    }

    pub async fn invites_id(&mut self, call: CallId, id: &str) {
        let to = id.parse().unwrap();
        self.says(ClientMessage::Invite { call, to, offer: Sdp("offer".into()) }).await;
    }
}

#[tokio::test]
async fn a_call_goes_from_invite_to_hang_up_and_stands_in_both_histories() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let mut b = Socket::of(&server, &baraka, "desk").await;
    let call = a.invites(&baraka).await;
    let ServerMessage::Invite { call: invited, from, offer } = b.hears().await else { panic!() };
    assert_eq!((invited, from.display_name.as_str(), offer), (call, "amina", Sdp("offer".into())));
    assert_eq!(from.care4w_id.to_string(), amina.id);
    b.says(ClientMessage::Ringing { call }).await;
    assert_eq!(a.hears().await, ServerMessage::Ringing { call });
    b.says(ClientMessage::Answer { call, answer: Sdp("answer".into()) }).await;
    assert_eq!(b.hears().await, ServerMessage::Taken { call });
    assert_eq!(a.hears().await, ServerMessage::Answer { call, answer: Sdp("answer".into()) });
    a.says(ClientMessage::HangUp { call, reason: HangUp::Normal }).await;
    assert_eq!(b.hears().await, ServerMessage::Ended { call, reason: Ended::HungUp });
    let server = server.restart().await;
    let row = |answer: &serde_json::Value| {
        let row = &answer["calls"][0];
        (row["callId"].clone(), row["kind"].clone(), row["displayName"].clone(), row["durationSecs"].is_u64())
    };
    let id = json!(call.to_string());
    let made = server.get(&amina, "/api/calls").await;
    assert_eq!(row(made.data()), (id.clone(), json!("made"), json!("baraka"), true));
    let got = server.get(&baraka, "/api/calls").await;
    assert_eq!(row(got.data()), (id, json!("got"), json!("amina"), true));
}

#[tokio::test]
async fn a_call_to_nobody_and_one_to_somebody_away_end_with_different_reasons() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let call = CallId::random();
    a.invites_id(call, "care4w-NOBODY").await;
    assert_eq!(a.hears().await, ServerMessage::Ended { call, reason: Ended::NotFound });
    let call = a.invites(&baraka).await;
    assert_eq!(a.hears().await, ServerMessage::Ended { call, reason: Ended::Unreachable });
    let busy = Socket::of(&server, &baraka, "desk").await;
    let mut b = busy;
    assert!(matches!(b.hears().await, ServerMessage::Missed { .. }));
    let call = a.invites(&baraka).await;
    assert!(matches!(b.hears().await, ServerMessage::Invite { .. }));
    b.says(ClientMessage::Refuse { call, reason: Refusal::Busy }).await;
    assert_eq!(a.hears().await, ServerMessage::Ended { call, reason: Ended::Busy });
}

#[tokio::test]
async fn a_missed_call_is_told_at_the_next_sign_in_and_then_no_more() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let missed = a.invites(&baraka).await;
    a.hears().await;
    let server = server.restart().await;
    let mut b = Socket::of(&server, &baraka, "desk").await;
    let ServerMessage::Missed { call, from, at } = b.hears().await else { panic!() };
    assert_eq!((call, from.care4w_id.to_string()), (missed, amina.id.clone()));
    assert!(at.ends_with('Z'), "{at}");
    b.leave().await;
    let server = server.restart().await;
    let mut b = Socket::of(&server, &baraka, "desk").await;
    b.send(ClientFrame::Ping).await;
    assert_eq!(b.frame().await, ServerFrame::Pong, "nothing comes before it");
    assert_eq!(server.get(&baraka, "/api/calls").await.data()["calls"][0]["kind"], "missed");
}

#[tokio::test]
async fn a_dropped_socket_loses_and_repeats_nothing() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let b = Socket::of(&server, &baraka, "desk").await;
    drop(b);
    let call = a.invites(&baraka).await;
    assert!(matches!(a.frame().await, ServerFrame::Ack { received: 1 }));
    let mut b = Socket::open(&server).await;
    b.hello(&baraka.token, "desk", 0).await;
    assert!(matches!(b.frame().await, ServerFrame::Welcome { resumed: true, received: 0, .. }));
    assert!(matches!(b.hears().await, ServerMessage::Invite { .. }));
    b.says(ClientMessage::Ringing { call }).await;
    assert_eq!(a.hears().await, ServerMessage::Ringing { call });
    let received = b.received;
    drop(b);
    let mut b = Socket::open(&server).await;
    b.hello(&baraka.token, "desk", received).await;
    assert!(matches!(b.frame().await, ServerFrame::Welcome { resumed: true, received: 1, .. }));
    b.send(ClientFrame::Ping).await;
    assert_eq!(b.frame().await, ServerFrame::Pong);
}

#[tokio::test]
async fn changed_settings_reach_the_users_other_devices() {
    let server = Server::start().await;
    let here = server.register("amina").await;
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    let mut socket = Socket::of(&server, &there, "desk").await;
    server.set_phone(&here, "+254712345678").await.data();
    assert_eq!(socket.hears().await, ServerMessage::SettingsChanged);
}

#[tokio::test]
async fn who_has_a_new_name_calls_by_it_at_once() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "laptop").await;
    let mut b = Socket::of(&server, &baraka, "desk").await;
    server.by(&amina, "PATCH", "/api/users/settings", Some(json!({"displayName": "Amina W"}))).await.data();
    a.invites(&baraka).await;
    let ServerMessage::Invite { from, .. } = b.hears().await else { panic!() };
    assert_eq!(from.display_name, "Amina W");
}

#[tokio::test]
async fn signing_out_closes_the_sockets_of_that_sign_in() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let mut socket = Socket::of(&server, &amina, "laptop").await;
    server.by(&amina, "POST", "/api/auth/logout", None).await.data();
    assert_eq!(socket.closing().await, "SESSION_REVOKED");
    let mut socket = Socket::open(&server).await;
    socket.hello(&amina.token, "laptop", 0).await;
    assert_eq!(socket.closing().await, "SESSION_REVOKED");
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_stops_in_time() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let mut socket = Socket::of(&server, &amina, "laptop").await;
    let (closing, stopped) = tokio::join!(socket.closing(), server.running.stop());
    assert_eq!(closing, "UNAVAILABLE");
    stopped.unwrap();
}
