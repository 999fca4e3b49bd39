#![allow(clippy::unwrap_used)]
//! Calls in simulated time.

use std::collections::HashMap;

use care4w_phone::Care4wId;
use care4w_protocol::signal::{Candidate, HangUp, Refusal, Sdp};

use super::*;
use crate::defaults;
use crate::signalling::Callee;

/// The switchboard with a clock of its own and what every device was sent.
pub(super) struct Desk {
    pub board: Switchboard,
    pub now: Instant,
    next_socket: SocketId,
    sockets: HashMap<&'static str, SocketId>,
    numbers: HashMap<&'static str, u64>,
    pub frames: HashMap<SocketId, Vec<ServerFrame>>,
    pub history: Vec<Output>,
    pub closed: Vec<SocketId>,
}

/// Devices are named by their user's letter and a digit: a1 and a2 are devices of a.
pub(super) fn account(device: &str) -> AccountId {
    AccountId::from_u128(u128::from(device.as_bytes()[0]))
}

pub(super) fn party(device: &str) -> Party {
    let letter = device[..1].to_uppercase();
    Party { care4w_id: Care4wId::parse(&format!("care4w-USER{letter}")).unwrap(), display_name: letter }
}

fn sdp(text: &str) -> Sdp {
    Sdp(text.into())
}

fn candidate(text: &str) -> Candidate {
    Candidate { candidate: text.into(), sdp_mid: None, sdp_m_line_index: None }
}

const CALL: CallId = CallId::from_u128(7);

impl Desk {
    pub fn with(devices: &[&'static str]) -> Self {
        let mut desk = Self {
            board: Switchboard::new(),
            now: Instant::now(),
            next_socket: 1,
            sockets: HashMap::new(),
            numbers: HashMap::new(),
            frames: HashMap::new(),
            history: Vec::new(),
            closed: Vec::new(),
        };
        for device in devices {
            desk.connect(device, 0);
        }
        desk
    }

    pub fn handle(&mut self, input: Input) {
        self.board.handle(input, self.now);
        while let Some(output) = self.board.poll() {
            match output {
                Output::Frame(socket, frame) => self.frames.entry(socket).or_default().push(frame),
                Output::Close(socket) => self.closed.push(socket),
                output => self.history.push(output),
            }
        }
    }

    pub fn connect(&mut self, device: &'static str, received: u64) {
        self.connect_with(device, received, Vec::new());
    }

    fn connect_with(&mut self, device: &'static str, received: u64, untold: Vec<(CallId, Party, String)>) {
        let socket = self.next_socket;
        self.next_socket += 1;
        self.sockets.insert(device, socket);
        self.handle(Input::Connected {
            socket,
            account: account(device),
            party: party(device),
            sign_in: SignInId::from_u128(u128::from(device.as_bytes()[1])),
            device: device.into(),
            received,
        });
        self.handle(Input::Untold { socket, calls: untold });
        if let Some(ServerFrame::Welcome { received, .. }) = self.frames.get(&socket).and_then(|frames| frames.first())
        {
            self.numbers.insert(device, *received);
        }
    }

    pub fn says(&mut self, device: &'static str, message: ClientMessage) {
        let number = self.numbers.entry(device).or_default();
        *number += 1;
        let callee = match &message {
            ClientMessage::Invite { to, .. } => {
                let letter = to.as_str().chars().last().unwrap().to_ascii_lowercase().to_string();
                Some(Callee::User(account(&letter), party(&letter)))
            }
            _ => None,
        };
        let message = Numbered { number: *number, message };
        let socket = self.sockets[device];
        self.handle(Input::Message { socket, message, callee });
    }

    pub fn calls(&mut self, device: &'static str, to: &str, call: CallId) {
        self.says(device, ClientMessage::Invite { call, to: party(to).care4w_id, offer: sdp("offer") });
    }

    /// The device's last socket.
    pub fn socket(&self, device: &str) -> SocketId {
        self.sockets[device]
    }

    pub fn loses_socket(&mut self, device: &'static str) {
        let socket = self.sockets[device];
        self.handle(Input::Lost { socket });
    }

    fn leaves(&mut self, device: &'static str) {
        let socket = self.sockets[device];
        self.handle(Input::Left { socket });
    }

    pub fn after(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            self.handle(Input::Tick);
        }
    }

    /// What the device was sent over its present socket since this was asked last.
    pub fn heard(&mut self, device: &str) -> Vec<ServerMessage> {
        let frames = self.frames.remove(&self.sockets[device]).unwrap_or_default();
        frames
            .into_iter()
            .filter_map(|frame| match frame {
                ServerFrame::Send(message) => Some(message.message),
                _ => None,
            })
            .collect()
    }

    pub fn ended(&mut self, device: &str) -> Vec<Ended> {
        let heard = self.heard(device);
        heard
            .into_iter()
            .filter_map(|m| if let ServerMessage::Ended { reason, .. } = m { Some(reason) } else { None })
            .collect()
    }

    fn welcome(&self, device: &str) -> (bool, u64) {
        match self.frames[&self.sockets[device]].first() {
            Some(ServerFrame::Welcome { resumed, received, .. }) => (*resumed, *received),
            other => panic!("no welcome but {other:?}"),
        }
    }

    pub fn over(&self) -> Vec<(Option<u64>, bool)> {
        let over = self.history.iter().filter_map(|output| match output {
            Output::Over { talked, told, .. } => Some((talked.map(|talked| talked.as_secs()), *told)),
            _ => None,
        });
        over.collect()
    }
}

pub(super) fn answer(call: CallId) -> ClientMessage {
    ClientMessage::Answer { call, answer: sdp("answer") }
}

pub(super) fn hang_up(call: CallId) -> ClientMessage {
    ClientMessage::HangUp { call, reason: HangUp::Normal }
}

pub(super) fn refuse(call: CallId, reason: Refusal) -> ClientMessage {
    ClientMessage::Refuse { call, reason }
}

pub(super) fn ringing(call: CallId) -> ClientMessage {
    ClientMessage::Ringing { call }
}

#[test]
fn a_call_rings_is_answered_and_hung_up() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    assert_eq!(desk.heard("b1"), [ServerMessage::Invite { call: CALL, from: party("a"), offer: sdp("offer") }]);
    desk.says("b1", ringing(CALL));
    desk.says("b1", ringing(CALL));
    assert_eq!(desk.heard("a1"), [ServerMessage::Ringing { call: CALL }]);
    desk.says("b1", answer(CALL));
    assert_eq!(desk.heard("b1"), [ServerMessage::Taken { call: CALL }]);
    assert_eq!(desk.heard("a1"), [ServerMessage::Answer { call: CALL, answer: sdp("answer") }]);
    desk.after(42);
    desk.says("b1", hang_up(CALL));
    assert_eq!(desk.ended("a1"), [Ended::HungUp]);
    assert!(desk.heard("b1").is_empty(), "who hung up knows");
    assert_eq!(desk.over(), [(Some(42), true)]);
    assert_eq!(desk.board.calls(), 0);
}

#[test]
fn every_device_rings_the_first_answer_wins_and_the_others_are_told_why_they_stop() {
    let mut desk = Desk::with(&["a1", "b1", "b2", "b3"]);
    desk.calls("a1", "b", CALL);
    desk.says("b2", answer(CALL));
    desk.says("b1", answer(CALL));
    assert_eq!(desk.ended("b1"), [Ended::AnsweredElsewhere]);
    assert_eq!(desk.ended("b3"), [Ended::AnsweredElsewhere]);
    let answers = desk.heard("a1");
    assert_eq!(answers.iter().filter(|m| matches!(m, ServerMessage::Answer { .. })).count(), 1);
}

#[test]
fn a_decline_ends_the_ringing_everywhere() {
    let mut desk = Desk::with(&["a1", "b1", "b2"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", refuse(CALL, Refusal::Declined));
    assert_eq!(desk.ended("a1"), [Ended::Declined]);
    assert_eq!(desk.ended("b2"), [Ended::DeclinedElsewhere]);
    assert!(desk.ended("b1").is_empty());
    assert_eq!(desk.over(), [(None, true)], "who declined knows of the call");
}

#[test]
fn a_user_is_busy_only_when_all_devices_are() {
    let mut desk = Desk::with(&["a1", "b1", "b2"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", refuse(CALL, Refusal::Busy));
    assert!(desk.ended("a1").is_empty());
    desk.says("b2", refuse(CALL, Refusal::Busy));
    assert_eq!(desk.ended("a1"), [Ended::Busy]);
}

#[test]
fn a_user_without_a_device_is_unreachable_at_once_and_has_missed_the_call() {
    let mut desk = Desk::with(&["a1"]);
    desk.calls("a1", "b", CALL);
    assert_eq!(desk.ended("a1"), [Ended::Unreachable]);
    assert_eq!(desk.over(), [(None, false)]);
}

#[test]
fn nobody_answers_for_the_whole_ring_time() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", ringing(CALL));
    desk.after(59);
    assert!(desk.ended("a1").is_empty());
    desk.after(1);
    assert_eq!(desk.ended("a1"), [Ended::NoAnswer]);
    assert_eq!(desk.ended("b1"), [Ended::NoAnswer]);
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    desk.says("a1", hang_up(CALL));
    assert_eq!(desk.ended("b1"), [Ended::Cancelled]);
    desk.says("b1", answer(CALL));
    assert!(matches!(desk.heard("b1")[..], [ServerMessage::Refused { .. }]), "too late is told");
}

#[test]
fn the_callers_candidates_reach_every_ringing_device_also_one_that_comes_later() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    desk.says("a1", ClientMessage::Candidate { call: CALL, candidate: candidate("one") });
    desk.connect("b2", 0);
    let heard = desk.heard("b2");
    assert!(matches!(heard[0], ServerMessage::Invite { .. }), "{heard:?}");
    assert_eq!(heard[1], ServerMessage::Candidate { call: CALL, candidate: candidate("one") });
    assert_eq!(desk.heard("b1").len(), 2);
}

#[test]
fn a_callees_candidates_do_not_leave_before_it_answers() {
    let mut desk = Desk::with(&["a1", "b1", "b2", "c1"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", ClientMessage::Candidate { call: CALL, candidate: candidate("early") });
    assert!(desk.heard("a1").is_empty());
    desk.says("b1", answer(CALL));
    desk.heard("a1");
    desk.says("b1", ClientMessage::Candidate { call: CALL, candidate: candidate("late") });
    desk.says("b2", ClientMessage::Candidate { call: CALL, candidate: candidate("from the loser") });
    desk.says("c1", ClientMessage::Candidate { call: CALL, candidate: candidate("from a stranger") });
    assert_eq!(desk.heard("a1"), [ServerMessage::Candidate { call: CALL, candidate: candidate("late") }]);
}

#[test]
fn a_stranger_cannot_move_a_call() {
    let mut desk = Desk::with(&["a1", "b1", "c1"]);
    desk.calls("a1", "b", CALL);
    for message in [answer(CALL), refuse(CALL, Refusal::Declined), hang_up(CALL), ringing(CALL)] {
        desk.says("c1", message);
    }
    assert!(desk.heard("a1").is_empty());
    desk.says("b1", answer(CALL));
    desk.heard("a1");
    desk.says("c1", hang_up(CALL));
    desk.says("c1", ClientMessage::Offer { call: CALL, offer: sdp("x") });
    assert!(desk.heard("a1").is_empty());
    assert_eq!(desk.board.calls(), 1);
}

#[test]
fn when_two_call_each_other_the_lower_id_gives_way_whichever_came_first() {
    let (low, high) = (CallId::from_u128(1), CallId::from_u128(2));
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", low);
    desk.calls("b1", "a", high);
    let heard = desk.heard("a1");
    assert_eq!(heard[0], ServerMessage::Ended { call: low, reason: Ended::GaveWay });
    assert!(matches!(heard[1], ServerMessage::Invite { call, .. } if call == high));
    assert_eq!(desk.ended("b1"), [Ended::GaveWay], "its ringing for the lower call ends too");

    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", high);
    desk.calls("b1", "a", low);
    assert_eq!(desk.ended("b1"), [Ended::GaveWay]);
    desk.says("b1", answer(high));
    assert!(matches!(desk.heard("a1")[..], [ServerMessage::Answer { call, .. }] if call == high));
}

#[test]
fn what_a_device_refused_as_busy_because_it_was_dialling_itself_rings_there_again() {
    let (low, high) = (CallId::from_u128(1), CallId::from_u128(2));
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", high);
    desk.calls("b1", "a", low);
    desk.heard("b1");
    desk.says("b1", refuse(high, Refusal::Busy));
    assert!(matches!(desk.heard("b1")[..], [ServerMessage::Invite { call, .. }] if call == high));
    assert!(desk.ended("a1").is_empty());
    desk.says("b1", refuse(high, Refusal::Busy));
    assert_eq!(desk.ended("a1"), [Ended::Busy], "the second time it means it");
}

#[test]
fn a_device_that_comes_back_gets_what_it_missed_and_nothing_twice() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.loses_socket("b1");
    desk.calls("a1", "b", CALL);
    desk.after(2);
    desk.connect("b1", 0);
    assert_eq!(desk.welcome("b1"), (true, 0));
    assert!(matches!(desk.heard("b1")[..], [ServerMessage::Invite { .. }]));
    desk.loses_socket("b1");
    desk.connect("b1", 1);
    assert_eq!(desk.welcome("b1"), (true, 0));
    assert!(desk.heard("b1").is_empty());
    desk.says("b1", answer(CALL));
    assert!(matches!(desk.heard("b1")[..], [ServerMessage::Taken { .. }]));
}

#[test]
fn a_message_that_is_sent_again_after_a_resume_counts_once() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    let socket = desk.sockets["a1"];
    let message = Numbered {
        number: 1,
        message: ClientMessage::Invite { call: CALL, to: party("b").care4w_id, offer: sdp("offer") },
    };
    let callee = Some(Callee::User(account("b"), party("b")));
    desk.handle(Input::Message { socket, message, callee });
    assert_eq!(desk.heard("b1").len(), 1);
    assert!(desk.heard("a1").is_empty());
}

#[test]
fn a_call_in_progress_survives_a_lost_socket_and_ends_as_lost_after_a_minute() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", answer(CALL));
    desk.heard("a1");
    desk.loses_socket("b1");
    desk.after(30);
    desk.connect("b1", 2);
    assert_eq!(desk.welcome("b1"), (true, 1));
    desk.after(300);
    assert!(desk.heard("a1").is_empty());
    desk.loses_socket("b1");
    desk.after(defaults::SESSION_KEPT.as_secs());
    assert_eq!(desk.ended("a1"), [Ended::Lost]);
    desk.connect("b1", 2);
    assert_eq!(desk.welcome("b1"), (false, 0), "its session is gone");
}

#[test]
fn a_callee_whose_only_device_vanished_is_unreachable_after_a_moment() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.loses_socket("b1");
    desk.calls("a1", "b", CALL);
    assert!(desk.ended("a1").is_empty(), "it may come back");
    desk.after(defaults::UNREACHABLE_AFTER.as_secs());
    assert_eq!(desk.ended("a1"), [Ended::Unreachable]);
    assert_eq!(desk.over(), [(None, false)]);
}

#[test]
fn a_device_that_leaves_takes_its_session_with_it() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.leaves("b1");
    desk.calls("a1", "b", CALL);
    assert_eq!(desk.ended("a1"), [Ended::Unreachable]);
}

#[test]
fn a_missed_call_is_told_once_and_stays_untold_until_it_is_acknowledged() {
    let mut desk = Desk::with(&[]);
    let untold = vec![(CALL, party("a"), String::from("2026-01-01T00:00:00Z"))];
    desk.connect_with("b1", 0, untold.clone());
    assert!(matches!(desk.heard("b1")[..], [ServerMessage::Missed { .. }]));
    assert!(desk.history.is_empty());
    desk.loses_socket("b1");
    desk.connect_with("b1", 0, untold);
    assert_eq!(desk.heard("b1").len(), 1, "sent again, not twice");
    let socket = desk.sockets["b1"];
    desk.handle(Input::Acknowledged { socket, received: 1 });
    assert!(matches!(desk.history[..], [Output::Told(..)]));
}

#[test]
fn a_sign_in_that_was_ended_closes_its_sockets_and_ends_its_calls() {
    let mut desk = Desk::with(&["a1", "b2"]);
    desk.calls("a1", "b", CALL);
    desk.handle(Input::SignInEnded(SignInId::from_u128(u128::from(b'1'))));
    assert_eq!(desk.closed, [desk.sockets["a1"]]);
    assert_eq!(desk.ended("b2"), [Ended::Cancelled]);
    assert_eq!(desk.board.devices(), 1);
}

#[test]
fn changed_settings_are_told_to_the_other_devices_only() {
    let mut desk = Desk::with(&["a1", "a2", "b1"]);
    desk.handle(Input::SettingsChanged { account: account("a"), by: SignInId::from_u128(u128::from(b'1')) });
    assert_eq!(desk.heard("a2"), [ServerMessage::SettingsChanged]);
    assert!(desk.heard("a1").is_empty() && desk.heard("b1").is_empty());
}

#[test]
fn a_hang_up_of_a_call_that_a_restarted_server_does_not_know_is_ignored() {
    let mut desk = Desk::with(&["a1"]);
    desk.says("a1", hang_up(CALL));
    assert!(desk.heard("a1").is_empty());
    desk.says("a1", ClientMessage::Offer { call: CALL, offer: sdp("x") });
    assert!(matches!(desk.heard("a1")[..], [ServerMessage::Refused { .. }]), "but an offer cannot be passed on");
}

#[test]
fn a_second_socket_of_a_device_takes_the_place_of_the_first() {
    let mut desk = Desk::with(&["a1"]);
    let first = desk.sockets["a1"];
    desk.connect("a1", 0);
    assert_eq!(desk.closed, [first]);
    desk.handle(Input::Lost { socket: first });
    desk.after(120);
    assert_eq!(desk.board.devices(), 1, "the end of the old socket does not end the new one");
}

#[test]
fn an_account_cannot_fill_the_memory_with_devices() {
    let names: Vec<&'static str> = (0..40).map(|n| &*Box::leak(format!("a{n}").into_boxed_str())).collect();
    let desk = Desk::with(&names);
    assert_eq!(desk.board.devices(), defaults::DEVICES_PER_ACCOUNT);
}

#[test]
fn nobody_can_call_themselves_or_use_a_call_id_twice() {
    let mut desk = Desk::with(&["a1", "a2", "b1"]);
    desk.calls("a1", "a", CALL);
    assert!(matches!(desk.heard("a1")[..], [ServerMessage::Refused { .. }]));
    assert!(desk.heard("a2").is_empty());
    desk.calls("a1", "b", CALL);
    desk.calls("a2", "b", CALL);
    assert!(matches!(desk.heard("a2")[..], [ServerMessage::Refused { .. }]));
    assert_eq!(desk.heard("b1").len(), 1);
}
