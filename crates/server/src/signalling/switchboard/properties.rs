#![allow(clippy::unwrap_used)]
//! Whatever the order of inputs: nothing rings on, every call has one end, nothing is left behind.

use std::collections::BTreeSet;

use care4w_protocol::signal::{Candidate, HangUp, Refusal, Sdp};
use proptest::prelude::*;

use super::tests::{Desk, account, party};
use super::*;

const DEVICES: [&str; 6] = ["a1", "a2", "b3", "b4", "c5", "c6"];
const USERS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    Calls(usize, usize, u128),
    Says(usize, ClientMessage),
    LosesSocket(usize),
    Connects(usize, u64),
    SignsOut(usize),
    Waits(u64),
    Blocks(usize, usize),
    Unblocks(usize, usize),
}

fn message() -> impl Strategy<Value = ClientMessage> {
    let call = (0u128..6).prop_map(CallId::from_u128);
    let sdp = || Sdp("sdp".into());
    (call, 0u8..11).prop_map(move |(call, kind)| match kind {
        0 | 1 => ClientMessage::Ringing { call },
        2 | 3 => ClientMessage::Answer { call, answer: sdp() },
        4 => ClientMessage::Refuse { call, reason: Refusal::Declined },
        5 => ClientMessage::Refuse { call, reason: Refusal::Busy },
        6 => ClientMessage::Refuse { call, reason: Refusal::Failed },
        7 => ClientMessage::Candidate {
            call,
            candidate: Candidate { candidate: "c".into(), sdp_mid: None, sdp_m_line_index: None },
        },
        8 => ClientMessage::Offer { call, offer: sdp() },
        9 => ClientMessage::HangUp { call, reason: HangUp::Normal },
        _ => ClientMessage::HangUp { call, reason: HangUp::NoPath },
    })
}

fn step() -> impl Strategy<Value = Step> {
    let device = || 0..DEVICES.len();
    prop_oneof![
        4 => (device(), 0usize..3, 0u128..6).prop_map(|(device, to, call)| Step::Calls(device, to, call)),
        8 => (device(), message()).prop_map(|(device, message)| Step::Says(device, message)),
        1 => device().prop_map(Step::LosesSocket),
        1 => (device(), 0u64..4).prop_map(|(device, received)| Step::Connects(device, received)),
        1 => device().prop_map(Step::SignsOut),
        1 => (0u64..70).prop_map(Step::Waits),
        1 => (0usize..3, 0usize..3).prop_map(|(by, whom)| Step::Blocks(by, whom)),
        1 => (0usize..3, 0usize..3).prop_map(|(by, whom)| Step::Unblocks(by, whom)),
    ]
}

fn play(steps: &[Step]) -> Desk {
    let mut desk = Desk::with(&DEVICES);
    go_on(&mut desk, steps);
    desk
}

fn go_on(desk: &mut Desk, steps: &[Step]) {
    for step in steps {
        match step.clone() {
            Step::Calls(device, to, call) => desk.calls(DEVICES[device], USERS[to], CallId::from_u128(call)),
            Step::Says(device, message) => desk.says(DEVICES[device], message),
            Step::LosesSocket(device) => desk.loses_socket(DEVICES[device]),
            Step::Connects(device, received) => desk.connect(DEVICES[device], received),
            Step::SignsOut(device) => {
                desk.handle(Input::SignInEnded(SignInId::from_u128(u128::from(DEVICES[device].as_bytes()[1]))));
            }
            Step::Waits(seconds) => desk.after(seconds),
            Step::Blocks(by, whom) => {
                desk.handle(Input::Blocked { account: account(USERS[by]), blocked: party(USERS[whom]).care4w_id });
            }
            Step::Unblocks(by, whom) => {
                desk.handle(Input::Unblocked { account: account(USERS[by]), unblocked: party(USERS[whom]).care4w_id });
            }
        }
    }
}

/// Where it rings, as the devices know it: from an invite until they are told that it stops, or stop it themselves.
#[derive(Default)]
struct Phones {
    ringing: BTreeSet<(SocketId, CallId)>,
}

impl Phones {
    fn says(&mut self, desk: &mut Desk, device: usize, message: ClientMessage) {
        let socket = device as SocketId + 1;
        if let ClientMessage::Refuse { call, .. } | ClientMessage::HangUp { call, .. } = &message {
            self.ringing.remove(&(socket, *call));
        }
        desk.says(DEVICES[device], message);
        self.hear(desk);
    }

    fn hear(&mut self, desk: &mut Desk) {
        for (socket, frames) in desk.frames.drain() {
            for frame in frames {
                let ServerFrame::Send(Numbered { message, .. }) = frame else { continue };
                match message {
                    ServerMessage::Invite { call, .. } => self.ringing.insert((socket, call)),
                    ServerMessage::Taken { call } | ServerMessage::Ended { call, .. } => {
                        self.ringing.remove(&(socket, call))
                    }
                    _ => false,
                };
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_left_when_everybody_is_gone(steps in proptest::collection::vec(step(), 0..80)) {
        let mut desk = play(&steps);
        for device in DEVICES {
            desk.loses_socket(device);
        }
        desk.after(130);
        prop_assert_eq!(desk.board.calls(), 0);
        prop_assert_eq!(desk.board.devices(), 0);
        let begun = desk.history.iter().filter(|output| matches!(output, Output::Begun { .. })).count();
        let ended = desk.history.iter().filter(|output| matches!(output, Output::Over { .. } | Output::Merged(_))).count();
        prop_assert_eq!(begun, ended, "every call that began has one end");
    }

    #[test]
    fn no_device_that_stays_rings_on(
        calls in proptest::collection::vec((0usize..6, 0usize..3), 1..6),
        messages in proptest::collection::vec((0usize..6, message()), 0..60)
    ) {
        // Each call has an id of its own here, as clients draw them, and every device keeps its one socket.
        let mut desk = Desk::with(&DEVICES);
        let mut phones = Phones::default();
        let mut messages = messages.into_iter();
        for (id, (device, to)) in calls.into_iter().enumerate() {
            desk.calls(DEVICES[device], USERS[to], CallId::from_u128(id as u128));
            phones.hear(&mut desk);
            for (device, message) in messages.by_ref().take(12) {
                phones.says(&mut desk, device, message);
            }
        }
        desk.after(61);
        phones.hear(&mut desk);
        prop_assert!(phones.ringing.is_empty(), "it rings on at {:?}", phones.ringing);
        let talking = desk.history.iter().filter(|output| matches!(output, Output::Answered { .. })).count();
        prop_assert!(desk.board.calls() <= talking, "after the ring time only answered calls are left");
    }

    #[test]
    fn numbers_over_one_socket_follow_each_other(steps in proptest::collection::vec(step(), 0..80)) {
        let desk = play(&steps);
        for frames in desk.frames.values() {
            let numbers: Vec<u64> = frames
                .iter()
                .filter_map(|frame| if let ServerFrame::Send(message) = frame { Some(message.number) } else { None })
                .collect();
            prop_assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        }
    }

    #[test]
    fn nothing_rings_for_whom_its_user_has_blocked(
        before in proptest::collection::vec(step(), 0..40),
        after in proptest::collection::vec(step(), 0..40)
    ) {
        let mut desk = play(&before);
        desk.handle(Input::Blocked { account: account("b"), blocked: party("a").care4w_id });
        // A device that comes back hears again what it had been told before; these are heard for the first time.
        let told = invites(&desk);
        let after: Vec<Step> = after
            .into_iter()
            .filter(|step| !matches!(step, Step::Waits(_) | Step::Unblocks(1, 0) | Step::Connects(..)))
            .collect();
        go_on(&mut desk, &after);
        prop_assert_eq!(told, invites(&desk), "b's phones rang for a");
    }
}

/// How often b's devices were told that a calls.
fn invites(desk: &Desk) -> usize {
    let from_a = |message: &ServerMessage| matches!(message, ServerMessage::Invite { from, .. } if *from == party("a"));
    let frames = ["b3", "b4"].iter().filter_map(|device| desk.frames.get(&desk.socket(device))).flatten();
    frames.filter(|frame| matches!(frame, ServerFrame::Send(message) if from_a(&message.message))).count()
}
