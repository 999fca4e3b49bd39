//! Calls to somebody who has blocked the caller.

use care4w_protocol::CallId;
use care4w_protocol::signal::{ClientFrame, ClientMessage, Ended, HangUp, Sdp, ServerFrame, ServerMessage};
use serde_json::json;

use super::{block, unblock};
use crate::server::{Person, Server};
use crate::signalling::Socket;

/// Nothing waits for this device: its heartbeat is the next thing that is answered.
pub async fn hears_nothing(socket: &mut Socket) {
    socket.send(ClientFrame::Ping).await;
    loop {
        match socket.frame().await {
            ServerFrame::Pong => return,
            ServerFrame::Ack { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// What the caller is told of a call to this id, without the call's own id; nothing follows the end.
async fn told(socket: &mut Socket, id: &str) -> Vec<String> {
    let call = CallId::random();
    socket.invites_id(call, id).await;
    let mut told = Vec::new();
    loop {
        let message = socket.hears().await;
        told.push(format!("{message:?}").replace(&call.to_string(), ""));
        // A heartbeat does not wait for the store as an invite does: only what has ended is silent.
        if matches!(message, ServerMessage::Ended { .. }) {
            hears_nothing(socket).await;
            return told;
        }
    }
}

#[tokio::test]
async fn a_call_to_a_blocker_is_a_call_to_nobody_on_both_sides() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    block(&server, &amina, &baraka).await;
    let mut a = Socket::of(&server, &amina, "desk").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    let to_amina = told(&mut b, &amina.id).await;
    assert_eq!(to_amina, told(&mut b, "care4w-NOBODY").await);
    assert!(to_amina[0].contains("NotFound"), "{to_amina:?}");
    hears_nothing(&mut a).await;
    a.leave().await;
    assert_eq!(to_amina, told(&mut b, &amina.id).await, "nor does it matter whether the blocker is there");
    // What waits for the history is written when the server has stopped.
    let server = server.restart().await;
    for person in [&amina, &baraka] {
        assert_eq!(server.get(person, "/api/calls").await.data()["calls"], json!([]));
    }
    hears_nothing(&mut Socket::of(&server, &amina, "desk").await).await;
}

#[tokio::test]
async fn the_blocker_may_call_the_blocked() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    block(&server, &amina, &baraka).await;
    let mut a = Socket::of(&server, &amina, "desk").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    let call = a.invites(&baraka).await;
    assert!(matches!(b.hears().await, ServerMessage::Invite { .. }));
    b.says(ClientMessage::Answer { call, answer: Sdp("answer".into()) }).await;
    assert!(matches!(a.hears().await, ServerMessage::Answer { .. }));
    b.says(ClientMessage::HangUp { call, reason: HangUp::Normal }).await;
    assert_eq!(a.hears().await, ServerMessage::Ended { call, reason: Ended::HungUp });
}

#[tokio::test]
async fn blocking_whoever_rings_stops_the_ringing_and_the_caller_hears_nothing_of_it() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "desk").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    let call = b.invites(&amina).await;
    assert!(matches!(a.hears().await, ServerMessage::Invite { .. }));
    a.says(ClientMessage::Ringing { call }).await;
    assert_eq!(b.hears().await, ServerMessage::Ringing { call });
    block(&server, &amina, &baraka).await;
    assert_eq!(a.hears().await, ServerMessage::Ended { call, reason: Ended::DeclinedElsewhere });
    hears_nothing(&mut b).await;
}

#[tokio::test]
async fn blocking_in_a_call_leaves_it_to_the_blocker_to_hang_up() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut a = Socket::of(&server, &amina, "desk").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    let call = b.invites(&amina).await;
    assert!(matches!(a.hears().await, ServerMessage::Invite { .. }));
    a.says(ClientMessage::Answer { call, answer: Sdp("answer".into()) }).await;
    assert_eq!(a.hears().await, ServerMessage::Taken { call });
    assert!(matches!(b.hears().await, ServerMessage::Answer { .. }));
    block(&server, &amina, &baraka).await;
    hears_nothing(&mut a).await;
    hears_nothing(&mut b).await;
    a.says(ClientMessage::HangUp { call, reason: HangUp::Normal }).await;
    assert_eq!(b.hears().await, ServerMessage::Ended { call, reason: Ended::HungUp });
}

#[tokio::test]
async fn in_the_blockeds_history_the_blocker_looks_like_somebody_who_has_gone() {
    let server = Server::start().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let chiku = server.register("chiku").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    for callee in [&amina, &chiku] {
        b.invites(callee).await;
        assert!(matches!(b.hears().await, ServerMessage::Ended { .. }));
    }
    let server = server.restart().await;
    block(&server, &amina, &baraka).await;
    server.by(&chiku, "DELETE", "/api/users/me", None).await.data();
    let names = async || {
        let answer = server.get(&baraka, "/api/calls").await;
        let calls = answer.data()["calls"].as_array().unwrap().clone();
        let mut names: Vec<_> = calls.iter().map(|call| call["displayName"].as_str().unwrap().to_owned()).collect();
        // Two calls of one millisecond stand in any order.
        names.sort();
        names
    };
    assert_eq!(names().await, ["Deleted account", "Deleted account"]);
    assert_eq!(server.get(&amina, "/api/calls").await.data()["calls"][0]["displayName"], "baraka");
    unblock(&server, &amina, &baraka).await;
    assert_eq!(names().await, ["Deleted account", "amina"]);
}

#[tokio::test]
async fn the_blockers_other_devices_are_told_that_the_list_has_changed_and_the_blocked_are_not() {
    let server = Server::start().await;
    let (here, baraka) = (server.register("amina").await, server.register("baraka").await);
    let there = Person::of(server.login(&here.email, "password of mine").await.data());
    let mut desk = Socket::of(&server, &there, "desk").await;
    let mut b = Socket::of(&server, &baraka, "laptop").await;
    block(&server, &here, &baraka).await;
    assert_eq!(desk.hears().await, ServerMessage::SettingsChanged);
    unblock(&server, &here, &baraka).await;
    assert_eq!(desk.hears().await, ServerMessage::SettingsChanged);
    hears_nothing(&mut b).await;
}
