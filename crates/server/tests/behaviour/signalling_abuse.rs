//! What a socket may not do. None of it disturbs another.

use std::time::Duration;

use care4w_protocol::CallId;
use care4w_protocol::signal::{ClientFrame, ClientMessage, Numbered, Sdp, ServerFrame, ServerMessage, Token};
use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::limits::Allowance;

use crate::server::Server;
use crate::signalling::Socket;

#[tokio::test]
async fn nothing_is_read_before_a_good_hello() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let hello = |version, token: &str, device: &str| ClientFrame::Hello {
        version,
        token: Token(token.into()),
        device: device.into(),
        received: 0,
    };
    for (frame, code) in [
        (ClientFrame::Ping, "UNAUTHORIZED"),
        (hello(1, "made up", "laptop"), "UNAUTHORIZED"),
        (hello(2, &amina.token, "laptop"), "NOT_AVAILABLE"),
        (hello(1, &amina.token, ""), "VALIDATION_ERROR"),
        (hello(1, &amina.token, "a\0b"), "VALIDATION_ERROR"),
        (hello(1, &amina.token, &"x".repeat(65)), "VALIDATION_ERROR"),
    ] {
        let mut socket = Socket::open(&server).await;
        socket.send(frame).await;
        assert_eq!(socket.closing().await, code);
    }
}

#[tokio::test]
async fn garbage_is_answered_and_closed() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let deep = format!("{{\"type\":{}", "[".repeat(30_000));
    for text in ["", "{", "null", "{\"type\":\"nothing\"}", "{\"type\":\"send\",\"number\":-1}", "\u{0}", &deep] {
        for greeted in [false, true] {
            let mut socket = if greeted {
                Socket::of(&server, &amina, &CallId::random().to_string()).await
            } else {
                Socket::open(&server).await
            };
            socket.send_text(text.to_owned()).await;
            assert_eq!(socket.closing().await, "VALIDATION_ERROR", "{text:.20}");
        }
    }
    let mut socket = Socket::of(&server, &amina, "tablet").await;
    socket.send_binary(vec![0; 100]).await;
    assert_eq!(socket.closing().await, "VALIDATION_ERROR");
    let mut socket = Socket::of(&server, &amina, "laptop").await;
    socket.hello(&amina.token, "laptop", 0).await;
    assert_eq!(socket.closing().await, "VALIDATION_ERROR", "hello is said once");
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut socket = Socket::of(&server, &amina, "laptop").await;
    socket.send_text("x".repeat(70_000)).await;
    assert_eq!(socket.closing().await, "TOO_LARGE");
    let mut socket = Socket::of(&server, &amina, "tablet").await;
    let mut other = Socket::of(&server, &baraka, "desk").await;
    let (call, to) = (CallId::random(), baraka.id.parse().unwrap());
    socket.says(ClientMessage::Invite { call, to, offer: Sdp("x".repeat(40_000)) }).await;
    assert!(matches!(socket.hears().await, ServerMessage::Refused { .. }));
    other.send(ClientFrame::Ping).await;
    assert_eq!(other.frame().await, ServerFrame::Pong, "it rang nowhere");
}

#[tokio::test]
async fn a_flood_is_stopped() {
    let limits = Limits { frames_per_socket: Allowance::new(20, Duration::from_secs(60)), ..Limits::raised() };
    let server = Server::with(Config { limits, ..Config::default() }).await;
    let amina = server.register("amina").await;
    let mut socket = Socket::of(&server, &amina, "laptop").await;
    for _ in 0..21 {
        socket.send(ClientFrame::Ping).await;
    }
    assert_eq!(socket.closing().await, "RATE_LIMITED");
}

#[tokio::test]
async fn numbers_that_do_not_follow_close_the_socket() {
    let server = Server::start().await;
    let amina = server.register("amina").await;
    let call = CallId::random();
    for frame in [
        ClientFrame::Ack { received: 5 },
        ClientFrame::Ack { received: u64::MAX },
        ClientFrame::Send(Numbered { number: 2, message: ClientMessage::Ringing { call } }),
        ClientFrame::Send(Numbered { number: u64::MAX, message: ClientMessage::Ringing { call } }),
    ] {
        let mut socket = Socket::of(&server, &amina, "laptop").await;
        socket.send(frame).await;
        assert_eq!(socket.closing().await, "VALIDATION_ERROR");
        socket = Socket::open(&server).await;
        socket.hello(&amina.token, "laptop", u64::MAX).await;
        assert!(matches!(socket.frame().await, ServerFrame::Welcome { resumed: false, .. }), "that cannot be resumed");
        socket.leave().await;
    }
}

#[tokio::test]
async fn an_invite_to_nobody_is_paid_for_like_a_lookup() {
    let limits = Limits { oracle_per_account: Allowance::new(2, Duration::from_secs(3600)), ..Limits::raised() };
    let server = Server::with(Config { limits, ..Config::default() }).await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut socket = Socket::of(&server, &amina, "laptop").await;
    for id in ["care4w-AAAA", "care4w-BBBB"] {
        socket.invites_id(CallId::random(), id).await;
        assert!(matches!(socket.hears().await, ServerMessage::Ended { .. }));
    }
    socket.invites_id(CallId::random(), "care4w-CCCC").await;
    let ServerMessage::Refused { error, .. } = socket.hears().await else { panic!() };
    assert_eq!(error.code.as_str(), "RATE_LIMITED");
    let answer = server.get(&amina, "/api/users/lookup?care4wId=care4w-DDDD").await;
    answer.fails(429, "RATE_LIMITED");
    socket.invites(&baraka).await;
    assert!(matches!(socket.hears().await, ServerMessage::Refused { .. }), "it fails closed");
}

#[tokio::test]
async fn plain_http_is_told_to_speak_websocket() {
    let server = Server::start().await;
    server.send(server.request("GET", "/api/signal")).await.fails(400, "VALIDATION_ERROR");
}
