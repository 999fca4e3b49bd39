use care4w_protocol::signal::Refusal;
use care4w_protocol::{ApiError, CallId};
use proptest::prelude::*;

use super::*;

fn message(id: u128) -> ClientMessage {
    ClientMessage::Refuse { call: CallId::from_u128(id), reason: Refusal::Busy }
}

fn drain(machine: &mut Signalling) -> Vec<Output> {
    std::iter::from_fn(|| machine.poll()).collect()
}

fn welcome(resumed: bool, received: u64) -> Input {
    Input::Frame(ServerFrame::Welcome { resumed, received, heartbeat_secs: 15 })
}

fn online(now: Instant) -> Signalling {
    let mut machine = Signalling::new(7, now);
    for input in [Input::Start, Input::Opened, welcome(false, 0)] {
        machine.handle(input, now);
    }
    drain(&mut machine);
    machine
}

#[test]
fn signing_in_connects_and_says_hello_before_anything_else() {
    let now = Instant::now();
    let mut machine = Signalling::new(7, now);
    machine.handle(Input::Start, now);
    machine.handle(Input::Send(message(1)), now);
    assert_eq!(drain(&mut machine), [Output::Open]);
    machine.handle(Input::Opened, now);
    assert_eq!(drain(&mut machine), [Output::Hello { received: 0, renew_token: false }]);
    machine.handle(welcome(false, 0), now);
    let outputs = drain(&mut machine);
    assert_eq!(outputs[0], Output::Online);
    assert!(matches!(outputs[1], Output::Transmit(ClientFrame::Send(Numbered { number: 1, .. }))));
}

#[test]
fn a_message_that_was_not_acknowledged_is_sent_again_after_a_drop_and_one_that_was_is_not() {
    let now = Instant::now();
    let mut machine = online(now);
    machine.handle(Input::Send(message(1)), now);
    machine.handle(Input::Send(message(2)), now);
    machine.handle(Input::Closed, now);
    drain(&mut machine);
    machine.handle(Input::Tick, now + Duration::from_millis(200));
    machine.handle(Input::Opened, now + Duration::from_millis(200));
    machine.handle(welcome(true, 1), now + Duration::from_millis(200));
    let again: Vec<_> = drain(&mut machine)
        .into_iter()
        .filter_map(|output| match output {
            Output::Transmit(ClientFrame::Send(numbered)) => Some(numbered),
            _ => None,
        })
        .collect();
    assert_eq!(again, [Numbered { number: 2, message: message(2) }]);
}

#[test]
fn a_message_that_arrives_twice_is_delivered_once() {
    let now = Instant::now();
    let mut machine = online(now);
    let frame = ServerFrame::Send(Numbered { number: 1, message: ServerMessage::SettingsChanged });
    machine.handle(Input::Frame(frame.clone()), now);
    machine.handle(Input::Frame(frame), now);
    let delivered = drain(&mut machine).into_iter().filter(|output| matches!(output, Output::Deliver(_))).count();
    assert_eq!(delivered, 1);
}

#[test]
fn silence_for_two_heartbeats_is_a_dead_socket() {
    let now = Instant::now();
    let mut machine = online(now);
    machine.handle(Input::Tick, now + Duration::from_secs(15));
    assert_eq!(drain(&mut machine), [Output::Transmit(ClientFrame::Ping)]);
    machine.handle(Input::Tick, now + Duration::from_secs(30));
    assert_eq!(drain(&mut machine), [Output::Close, Output::Offline, Output::Open][..2].to_vec());
    machine.handle(Input::Tick, now + Duration::from_secs(30));
    assert_eq!(drain(&mut machine), [Output::Open]);
}

#[test]
fn waits_double_from_a_tenth_of_a_second_to_twenty_seconds() {
    let start = Instant::now();
    let mut machine = Signalling::new(7, start);
    machine.handle(Input::Start, start);
    let mut now = start;
    let mut waits = Vec::new();
    for _ in 0..12 {
        machine.handle(Input::Closed, now);
        let until = machine.wake_at().unwrap();
        waits.push(until - now);
        now = until;
        machine.handle(Input::Tick, now);
    }
    assert!(waits[0] >= Duration::from_millis(60) && waits[0] <= Duration::from_millis(140), "{waits:?}");
    assert!(waits[11] >= Duration::from_secs(12) && waits[11] <= Duration::from_secs(20), "{waits:?}");
}

#[test]
fn waking_from_sleep_reconnects_at_once() {
    let now = Instant::now();
    let mut machine = online(now);
    machine.handle(Input::Woke, now);
    assert_eq!(drain(&mut machine), [Output::Close, Output::Offline, Output::Open]);
}

#[test]
fn a_server_that_forgot_the_session_is_said_and_numbers_start_again() {
    let now = Instant::now();
    let mut machine = online(now);
    machine
        .handle(Input::Frame(ServerFrame::Send(Numbered { number: 1, message: ServerMessage::SettingsChanged })), now);
    machine.handle(Input::Woke, now);
    machine.handle(Input::Opened, now);
    drain(&mut machine);
    machine.handle(welcome(false, 0), now);
    assert_eq!(drain(&mut machine), [Output::SessionLost, Output::Online]);
}

#[test]
fn a_refused_token_is_renewed_and_a_revoked_session_signs_out() {
    let now = Instant::now();
    let mut machine = Signalling::new(7, now);
    let closing = |code| Input::Frame(ServerFrame::Closing { error: ApiError::new(code, "") });
    for input in [Input::Start, Input::Opened, closing(ErrorCode::Unauthorized)] {
        machine.handle(input, now);
    }
    let later = machine.wake_at().unwrap();
    machine.handle(Input::Tick, later);
    machine.handle(Input::Opened, later);
    assert!(drain(&mut machine).contains(&Output::Hello { received: 0, renew_token: true }));
    machine.handle(closing(ErrorCode::SessionRevoked), later);
    assert!(drain(&mut machine).contains(&Output::SignedOut));
    assert_eq!(machine.wake_at(), None);
}

proptest! {
    #[test]
    fn whatever_drops_every_message_reaches_a_resuming_server_once_and_in_order(
        steps in prop::collection::vec((0..4u8, 0..3u8), 1..80)
    ) {
        let mut now = Instant::now();
        let mut machine = Signalling::new(3, now);
        machine.handle(Input::Start, now);
        let (mut server_received, mut sent, mut arrived) = (0u64, 0u128, Vec::new());
        let mut socket = false;
        let mut deliver = |machine: &mut Signalling, received: &mut u64, socket: &mut bool, arrives: bool, now| {
            while let Some(output) = machine.poll() {
                match output {
                    Output::Open => {
                        *socket = true;
                        machine.handle(Input::Opened, now);
                    }
                    Output::Hello { .. } => machine.handle(welcome(*received > 0, *received), now),
                    Output::Transmit(ClientFrame::Send(numbered)) if *socket && arrives
                        && numbered.number == *received + 1 => {
                        *received = numbered.number;
                        arrived.push(numbered.message);
                    }
                    Output::Close => *socket = false,
                    _ => {}
                }
            }
        };
        for (step, arrives) in steps {
            now += Duration::from_millis(300);
            match step {
                0 | 1 => { sent += 1; machine.handle(Input::Send(message(sent)), now); }
                2 => { socket = false; machine.handle(Input::Closed, now); }
                _ => machine.handle(Input::Frame(ServerFrame::Ack { received: server_received }), now),
            }
            // A socket that loses a frame is closed with it.
            let arrives = arrives > 0;
            deliver(&mut machine, &mut server_received, &mut socket, arrives, now);
            if !arrives { machine.handle(Input::Closed, now); }
        }
        for _ in 0..40 {
            now += Duration::from_secs(20);
            machine.handle(Input::Tick, now);
            machine.handle(Input::Frame(ServerFrame::Pong), now);
            deliver(&mut machine, &mut server_received, &mut socket, true, now);
        }
        prop_assert_eq!(arrived, (1..=sent).map(message).collect::<Vec<_>>());
    }
}
