use proptest::prelude::*;

use super::*;

/// A call with what came out of it.
struct Scene {
    call: Call,
    now: Instant,
    out: Vec<Output>,
}

impl Scene {
    fn outgoing() -> Self {
        let now = Instant::now();
        Self { call: Call::outgoing(now), now, out: Vec::new() }.polled()
    }

    fn incoming() -> Self {
        let now = Instant::now();
        Self { call: Call::incoming(now), now, out: Vec::new() }.polled()
    }

    fn polled(mut self) -> Self {
        self.poll();
        self
    }

    fn poll(&mut self) {
        while let Some(output) = self.call.poll() {
            self.out.push(output);
        }
    }

    fn give(mut self, inputs: &[Input]) -> Self {
        for &input in inputs {
            self.call.handle(input, self.now);
            self.poll();
        }
        self
    }

    fn wait(mut self, time: Duration) -> Self {
        self.now += time;
        self.give(&[Input::Tick])
    }

    fn count(&self, output: Output) -> usize {
        self.out.iter().filter(|&&found| found == output).count()
    }

    fn has(&self, output: Output) -> bool {
        self.count(output) > 0
    }

    fn reason(&self) -> Option<EndReason> {
        self.call.reason()
    }

    fn connected_outgoing() -> Self {
        Self::outgoing().give(&[
            Input::SoundOpened,
            Input::Ringing,
            Input::Answered,
            Input::PathUp,
            Input::MediaFlowing,
            Input::FirstAudio,
        ])
    }
}

#[test]
fn nobody_is_rung_before_the_microphone_is_open() {
    let scene = Scene::outgoing();
    assert!(scene.has(Output::OpenSound) && !scene.has(Output::Backend(BackendCommand::Dial)));
    assert!(scene.give(&[Input::SoundOpened]).has(Output::Backend(BackendCommand::Dial)));
}

#[test]
fn a_microphone_that_fails_ends_a_call_that_nobody_heard_of() {
    let scene = Scene::outgoing().give(&[Input::SoundFailed(EndReason::MicrophoneFailed)]);
    assert_eq!(scene.reason(), Some(EndReason::MicrophoneFailed));
    assert!(!scene.out.iter().any(|output| matches!(output, Output::Backend(_))), "{:?}", scene.out);
}

#[test]
fn a_call_is_connected_when_sound_flows_and_not_when_it_is_answered() {
    let scene = Scene::outgoing().give(&[Input::SoundOpened, Input::Ringing, Input::Answered, Input::PathUp]);
    assert_eq!(scene.call.state(), CallState::Connecting);
    assert_eq!(scene.call.connected_for(scene.now), None, "the timer does not run");
    let scene = scene.wait(Duration::from_secs(2)).give(&[Input::FirstAudio]);
    assert_eq!(scene.call.state(), CallState::Connected);
    assert_eq!(scene.call.connected_for(scene.now), Some(Duration::ZERO));
}

#[test]
fn the_networks_own_ringback_is_heard_in_place_of_ours_and_connects_nothing() {
    let scene = Scene::outgoing().give(&[Input::SoundOpened, Input::Ringing, Input::EarlyMedia, Input::FirstAudio]);
    assert_eq!(scene.call.state(), CallState::Ringing);
    assert!(scene.has(Output::StopRinging) && scene.has(Output::StartSound));
    assert_eq!(scene.call.connected_for(scene.now), None, "nobody has answered");
    let answered = scene.give(&[Input::Answered]);
    assert_eq!(answered.call.state(), CallState::Connected, "its sound flows already");
    assert_eq!(answered.count(Output::StartSound), 1);
    let silent = Scene::outgoing().give(&[Input::SoundOpened, Input::EarlyMedia, Input::Answered]);
    assert_eq!(silent.call.state(), CallState::Connecting);
    assert_eq!(silent.wait(SILENT_PEER_TIME).call.state(), CallState::Connected);
}

#[test]
fn a_path_that_is_up_before_the_answer_starts_the_sound_with_it() {
    let scene = Scene::outgoing().give(&[Input::SoundOpened, Input::Ringing, Input::PathUp]);
    assert!(!scene.has(Output::StartSound));
    assert!(scene.give(&[Input::Answered]).has(Output::StartSound));
}

#[test]
fn packets_count_as_sound_when_the_speaker_does_not_say_so() {
    let scene = Scene::outgoing().give(&[Input::SoundOpened, Input::Answered, Input::MediaFlowing]);
    assert_eq!(scene.call.state(), CallState::Connecting);
    assert_eq!(scene.wait(FIRST_AUDIO_GRACE).call.state(), CallState::Connected);
}

#[test]
fn an_unanswered_call_rings_for_sixty_seconds_and_ends_with_no_answer() {
    let scene = Scene::outgoing().give(&[Input::SoundOpened, Input::Ringing]);
    let scene = scene.wait(RING_TIME - Duration::from_millis(1));
    assert_eq!(scene.call.state(), CallState::Ringing);
    let scene = scene.wait(Duration::from_millis(1));
    assert_eq!(scene.reason(), Some(EndReason::NoAnswer));
    assert!(scene.has(Output::Backend(BackendCommand::HangUp(HangUp::NoAnswer))));
    assert!(scene.has(Output::StopRinging) && scene.has(Output::CloseSound));
}

#[test]
fn a_server_that_never_says_that_it_rings_makes_the_other_end_unreachable() {
    let scene = Scene::outgoing().give(&[Input::SoundOpened]).wait(DIAL_TIME);
    assert_eq!(scene.reason(), Some(EndReason::Unreachable));
}

#[test]
fn a_phone_whose_caller_vanished_does_not_ring_for_ever() {
    let scene = Scene::incoming().wait(RING_TIME + RING_GRACE);
    assert_eq!(scene.reason(), Some(EndReason::Missed));
    assert!(scene.has(Output::StopRinging));
}

#[test]
fn an_incoming_call_opens_the_microphone_only_when_it_is_accepted() {
    let scene = Scene::incoming();
    assert!(!scene.has(Output::OpenSound) && scene.has(Output::StartRinging(Ring::Ringtone)));
    let scene = scene.give(&[Input::Accept]);
    assert!(scene.has(Output::OpenSound) && scene.has(Output::StopRinging));
    assert!(scene.has(Output::Backend(BackendCommand::Accept)), "the answer does not wait for the microphone");
}

#[test]
fn sound_starts_when_it_is_open_and_the_path_is_up_in_either_order() {
    for order in [[Input::SoundOpened, Input::PathUp], [Input::PathUp, Input::SoundOpened]] {
        let scene = Scene::incoming().give(&[Input::Accept]).give(&order);
        assert_eq!(scene.count(Output::StartSound), 1, "{order:?}");
    }
}

#[test]
fn an_answered_call_without_a_path_ends_with_no_path() {
    let scene = Scene::incoming().give(&[Input::Accept, Input::SoundOpened]).wait(CONNECT_TIME);
    assert_eq!(scene.reason(), Some(EndReason::NoPath));
    assert!(scene.has(Output::Backend(BackendCommand::HangUp(HangUp::NoPath))));
}

#[test]
fn an_end_that_sends_nothing_over_a_path_that_is_up_is_connected_all_the_same() {
    let up = || Scene::incoming().give(&[Input::Accept, Input::SoundOpened, Input::PathUp]);
    assert_eq!(up().call.state(), CallState::Connecting, "sound may come yet");
    let silent = up().wait(SILENT_PEER_TIME);
    assert_eq!(silent.call.state(), CallState::Connected);
    assert_eq!(silent.wait(CONNECT_TIME).reason(), None);
    let lost = up().give(&[Input::PathLost]).wait(CONNECT_TIME);
    assert_eq!(lost.reason(), Some(EndReason::NoPath), "a path that went again is none");
}

#[test]
fn the_caller_restarts_a_lost_path_and_the_callee_waits_for_it() {
    let scene = Scene::connected_outgoing().give(&[Input::PathLost]);
    assert_eq!(scene.call.state(), CallState::Reconnecting);
    assert!(scene.has(Output::Backend(BackendCommand::RestartPath)));
    let callee =
        Scene::incoming().give(&[Input::Accept, Input::SoundOpened, Input::PathUp, Input::FirstAudio, Input::PathLost]);
    assert_eq!(callee.call.state(), CallState::Reconnecting);
    assert!(!callee.has(Output::Backend(BackendCommand::RestartPath)));
}

#[test]
fn a_path_that_comes_back_goes_on_with_the_timer_and_one_that_does_not_ends_the_call() {
    let lost = || Scene::connected_outgoing().wait(Duration::from_secs(5)).give(&[Input::PathLost]);
    let back = lost().wait(Duration::from_secs(10)).give(&[Input::PathRestored]);
    assert_eq!(back.call.state(), CallState::Connected);
    assert_eq!(back.call.connected_for(back.now), Some(Duration::from_secs(15)));
    assert_eq!(back.call.deadline(), None);
    assert_eq!(lost().wait(RECONNECT_TIME).reason(), Some(EndReason::ConnectionLost));
}

#[test]
fn what_hanging_up_is_called_depends_on_how_far_the_call_came() {
    let opened = || Scene::outgoing().give(&[Input::SoundOpened]);
    assert_eq!(opened().give(&[Input::HangUp]).reason(), Some(EndReason::Cancelled));
    assert_eq!(opened().give(&[Input::Ringing, Input::HangUp]).reason(), Some(EndReason::Cancelled));
    assert_eq!(Scene::connected_outgoing().give(&[Input::HangUp]).reason(), Some(EndReason::HungUp));
    let declined = Scene::incoming().give(&[Input::HangUp]);
    assert_eq!(declined.reason(), Some(EndReason::DeclinedHere));
    assert!(declined.has(Output::Backend(BackendCommand::Refuse(Refusal::Declined))));
}

#[test]
fn an_ended_call_keeps_its_duration() {
    let scene = Scene::connected_outgoing().wait(Duration::from_secs(7)).give(&[Input::HangUp]);
    assert_eq!(scene.call.connected_for(scene.now + Duration::from_secs(100)), Some(Duration::from_secs(7)));
}

fn any_input() -> impl Strategy<Value = Input> {
    let reason = proptest::sample::select(EndReason::ALL);
    prop_oneof![
        2 => Just(Input::Accept),
        1 => Just(Input::Decline),
        1 => Just(Input::HangUp),
        3 => Just(Input::Ringing),
        2 => Just(Input::EarlyMedia),
        3 => Just(Input::Answered),
        4 => Just(Input::PathUp),
        3 => Just(Input::MediaFlowing),
        3 => Just(Input::PathLost),
        3 => Just(Input::PathRestored),
        5 => Just(Input::SoundOpened),
        4 => Just(Input::FirstAudio),
        4 => Just(Input::Tick),
        1 => reason.clone().prop_map(Input::End),
        1 => reason.clone().prop_map(Input::BackendEnded),
        1 => reason.clone().prop_map(Input::BackendFailed),
        1 => reason.prop_map(Input::SoundFailed),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_nothing_is_left_ringing_or_open_and_there_is_one_reason(
        outgoing: bool,
        steps in proptest::collection::vec((any_input(), 0u64..30_000), 0..40),
    ) {
        let mut scene = if outgoing { Scene::outgoing() } else { Scene::incoming() };
        for (input, pause) in steps {
            scene.now += Duration::from_millis(pause);
            scene = scene.give(&[input]);
            prop_assert!(scene.call.poll().is_none());
            if scene.call.state() == CallState::Ended {
                prop_assert_eq!(scene.call.deadline(), None);
            } else if scene.call.state() != CallState::Connected {
                prop_assert!(scene.call.deadline().is_some(), "only a connected call may last for ever");
            }
        }
        // Time alone ends every call that is not connected; the person ends the rest.
        for _ in 0..10 {
            if let Some(deadline) = scene.call.deadline() {
                scene.now = scene.now.max(deadline);
                scene = scene.give(&[Input::Tick]);
            }
        }
        let mut scene = scene.give(&[Input::HangUp]);
        let before = scene.out.len();
        scene = scene.give(&[Input::HangUp, Input::Accept, Input::SoundOpened, Input::PathUp, Input::Ringing, Input::Tick]);
        prop_assert_eq!(scene.out.len(), before, "an ended call does nothing any more");

        let ends = scene.out.iter().filter(|output| matches!(output, Output::Ended(_))).count();
        prop_assert_eq!(ends, 1);
        prop_assert!(matches!(scene.out.last(), Some(Output::Ended(_))), "the end is the last word");
        let (mut ringing, mut open, mut started) = (false, false, false);
        for output in &scene.out {
            match output {
                Output::StartRinging(_) => { prop_assert!(!ringing); ringing = true; }
                Output::StopRinging => { prop_assert!(ringing); ringing = false; }
                Output::OpenSound => { prop_assert!(!open); open = true; }
                Output::CloseSound => { prop_assert!(open); open = false; }
                Output::StartSound => { prop_assert!(open && !started); started = true; }
                Output::State(CallState::Connected | CallState::Connecting) => prop_assert!(!ringing),
                _ => {}
            }
        }
        prop_assert!(!ringing, "it rings no more");
        prop_assert!(!open, "the microphone is closed");
        let farewells = scene.out.iter().filter(|output| {
            matches!(output, Output::Backend(BackendCommand::HangUp(_) | BackendCommand::Refuse(_)))
        }).count();
        prop_assert!(farewells <= 1);
    }
}
