//! One call, from the first ring to the last word. No I/O, no clock.
//!
//! Invariant: in every order of inputs, a call ends exactly once and with exactly one reason; once it has ended,
//! nothing rings, the sound is closed, and no input has an effect any more. The sound is started at most once, and
//! only when both it is open and the path is up, which may be before the answer. `Connected` is entered when sound flows, or when the path has been up
//! for [`SILENT_PEER_TIME`] and the other end sends nothing: one without a microphone is no broken path.
//!
//! Inputs, by who may send them:
//!
//! | from | inputs |
//! |---|---|
//! | the person (or the program in their name) | [`Input::Accept`], [`Input::Decline`], [`Input::HangUp`], [`Input::End`] |
//! | the backend, for signalling and path | [`Input::Ringing`], [`Input::EarlyMedia`], [`Input::Answered`], [`Input::PathUp`], [`Input::MediaFlowing`], [`Input::PathLost`], [`Input::PathRestored`], [`Input::BackendEnded`], [`Input::BackendFailed`] |
//! | the sound | [`Input::SoundOpened`], [`Input::SoundFailed`], [`Input::FirstAudio`] |
//! | the timer | [`Input::Tick`], at or after [`Call::deadline`] |

mod input;
mod output;
mod state;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use care4w_protocol::signal::{HangUp, Refusal};

use crate::defaults::{
    CONNECT_TIME, DIAL_TIME, FIRST_AUDIO_GRACE, RECONNECT_TIME, RING_GRACE, RING_TIME, SILENT_PEER_TIME,
    SOUND_OPEN_TIME,
};
use crate::{CallDirection, EndReason};

pub use input::Input;
pub use output::{BackendCommand, Output, Ring};
pub use state::CallState;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SoundPhase {
    Closed,
    Opening,
    Open,
    Started,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    direction: CallDirection,
    state: CallState,
    outputs: VecDeque<Output>,
    deadline: Option<Instant>,
    sound_deadline: Option<Instant>,
    media_deadline: Option<Instant>,
    ringing: bool,
    sound: SoundPhase,
    path_up: bool,
    heard: bool,
    /// The first frame was played before the answer.
    early_audio: bool,
    dialled: bool,
    answered_at: Option<Instant>,
    connected_at: Option<Instant>,
    ended: Option<(EndReason, Instant)>,
}

impl Call {
    /// A call that the person here places. The microphone is opened first: nobody is rung by a phone that cannot
    /// speak.
    pub fn outgoing(now: Instant) -> Self {
        let mut call = Self::new(CallDirection::Outgoing, CallState::Dialing);
        call.outputs.push_back(Output::State(CallState::Dialing));
        call.open_sound(now);
        call
    }

    /// A call that came. The microphone stays closed until it is accepted.
    pub fn incoming(now: Instant) -> Self {
        let mut call = Self::new(CallDirection::Incoming, CallState::Incoming);
        call.outputs.push_back(Output::State(CallState::Incoming));
        call.outputs.push_back(Output::Backend(BackendCommand::Ring));
        call.start_ringing(Ring::Ringtone);
        call.deadline = Some(now + RING_TIME + RING_GRACE);
        call
    }

    fn new(direction: CallDirection, state: CallState) -> Self {
        Self {
            direction,
            state,
            outputs: VecDeque::new(),
            deadline: None,
            sound_deadline: None,
            media_deadline: None,
            ringing: false,
            sound: SoundPhase::Closed,
            path_up: false,
            heard: false,
            early_audio: false,
            dialled: false,
            answered_at: None,
            connected_at: None,
            ended: None,
        }
    }

    /// Takes what happened at `now`. Then [`Call::poll`] until it is empty.
    pub fn handle(&mut self, input: Input, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        match input {
            Input::Accept => self.accept(now),
            Input::Decline | Input::HangUp => self.leave(now),
            Input::End(reason) => self.end(reason, self.farewell(HangUp::Normal), now),
            Input::Ringing => self.ringing(now),
            Input::EarlyMedia => self.early_media(now),
            Input::Answered => self.answered(now),
            Input::PathUp => self.path_up(now),
            Input::MediaFlowing => self.media_flowing(now),
            Input::PathLost => self.path_lost(now),
            Input::PathRestored => self.path_restored(now),
            Input::BackendEnded(reason) => self.end(reason, None, now),
            Input::BackendFailed(reason) => self.end(reason, self.farewell(HangUp::Failed), now),
            Input::SoundOpened => self.sound_opened(now),
            Input::SoundFailed(reason) => self.end(reason, self.farewell(HangUp::Failed), now),
            Input::FirstAudio => self.sound_flows(now),
            Input::Tick => self.tick(now),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due; `None` when nothing is waited for.
    pub fn deadline(&self) -> Option<Instant> {
        [self.deadline, self.sound_deadline, self.media_deadline].into_iter().flatten().min()
    }

    /// Who called whom.
    pub fn direction(&self) -> CallDirection {
        self.direction
    }

    /// Where the call stands.
    pub fn state(&self) -> CallState {
        self.state
    }

    /// When it was answered, over there or here.
    pub fn answered_at(&self) -> Option<Instant> {
        self.answered_at
    }

    /// Why it ended, once it has.
    pub fn reason(&self) -> Option<EndReason> {
        self.ended.map(|(reason, _)| reason)
    }

    /// For how long sound has flowed; `None` for a call that has not connected (yet).
    pub fn connected_for(&self, now: Instant) -> Option<Duration> {
        let until = self.ended.map_or(now, |(_, at)| at);
        self.connected_at.map(|since| until.saturating_duration_since(since))
    }

    fn accept(&mut self, now: Instant) {
        if self.state != CallState::Incoming {
            return;
        }
        self.stop_ringing();
        self.answered_at = Some(now);
        self.enter(CallState::Connecting);
        self.deadline = Some(now + CONNECT_TIME);
        // Both at once: the microphone opens while the answer travels.
        self.outputs.push_back(Output::Backend(BackendCommand::Accept));
        self.open_sound(now);
    }

    fn leave(&mut self, now: Instant) {
        let reason = match (self.state, self.direction) {
            (CallState::Incoming, _) => EndReason::DeclinedHere,
            (CallState::Dialing | CallState::Ringing, _) => EndReason::Cancelled,
            _ => EndReason::HungUp,
        };
        let farewell = match reason {
            EndReason::DeclinedHere => Some(BackendCommand::Refuse(Refusal::Declined)),
            _ => self.farewell(HangUp::Normal),
        };
        self.end(reason, farewell, now);
    }

    fn ringing(&mut self, now: Instant) {
        if self.state != CallState::Dialing || !self.dialled {
            return;
        }
        self.enter(CallState::Ringing);
        self.deadline = Some(now + RING_TIME);
        self.start_ringing(Ring::Ringback);
    }

    /// The network's own ringback or announcement is heard in place of ours. The call is not connected by it.
    fn early_media(&mut self, now: Instant) {
        self.ringing(now);
        if self.state == CallState::Ringing && self.sound == SoundPhase::Open {
            self.stop_ringing();
            self.path_up = true;
            self.sound = SoundPhase::Started;
            self.outputs.push_back(Output::StartSound);
        }
    }

    fn answered(&mut self, now: Instant) {
        if !self.dialled || !matches!(self.state, CallState::Dialing | CallState::Ringing) {
            return;
        }
        self.stop_ringing();
        self.answered_at = Some(now);
        self.enter(CallState::Connecting);
        self.deadline = Some(now + CONNECT_TIME);
        if self.early_audio {
            return self.sound_flows(now);
        }
        if self.sound == SoundPhase::Started {
            self.media_deadline = Some(now + SILENT_PEER_TIME);
        }
        self.start_sound(now);
    }

    fn path_up(&mut self, now: Instant) {
        self.path_up = true;
        self.start_sound(now);
    }

    fn media_flowing(&mut self, now: Instant) {
        self.path_up = true;
        self.start_sound(now);
        if self.state == CallState::Connecting && !self.heard {
            self.heard = true;
            self.media_deadline = Some(now + FIRST_AUDIO_GRACE);
        }
    }

    fn sound_flows(&mut self, now: Instant) {
        // Heard before the answer: it flows on after it.
        self.early_audio |= self.state == CallState::Ringing && self.sound == SoundPhase::Started;
        if self.state != CallState::Connecting {
            return;
        }
        self.connected_at = Some(now);
        self.media_deadline = None;
        self.deadline = None;
        self.enter(CallState::Connected);
    }

    fn path_lost(&mut self, now: Instant) {
        match self.state {
            CallState::Connected => {
                self.enter(CallState::Reconnecting);
                self.deadline = Some(now + RECONNECT_TIME);
            }
            // The bound on connecting goes on running.
            CallState::Connecting if !self.heard => self.media_deadline = None,
            CallState::Connecting => {}
            _ => return,
        }
        // Were both to offer at once, both offers would be lost: the caller does it.
        if self.direction == CallDirection::Outgoing {
            self.outputs.push_back(Output::Backend(BackendCommand::RestartPath));
        }
    }

    fn path_restored(&mut self, now: Instant) {
        if self.state == CallState::Connecting && self.sound == SoundPhase::Started {
            self.media_deadline = self.media_deadline.or(Some(now + SILENT_PEER_TIME));
        }
        if self.state == CallState::Reconnecting {
            self.deadline = None;
            self.enter(CallState::Connected);
        }
    }

    fn sound_opened(&mut self, now: Instant) {
        if self.sound != SoundPhase::Opening {
            return;
        }
        self.sound = SoundPhase::Open;
        self.sound_deadline = None;
        if self.state == CallState::Dialing && !self.dialled {
            self.dialled = true;
            self.deadline = Some(now + DIAL_TIME);
            self.outputs.push_back(Output::Backend(BackendCommand::Dial));
        }
        self.start_sound(now);
    }

    fn tick(&mut self, now: Instant) {
        let due = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if due(self.sound_deadline) {
            return self.end(EndReason::SoundFailed, self.farewell(HangUp::Failed), now);
        }
        if due(self.media_deadline) {
            self.media_deadline = None;
            self.sound_flows(now);
        }
        if !due(self.deadline) {
            return;
        }
        let (reason, how) = match self.state {
            CallState::Dialing => (EndReason::Unreachable, HangUp::NoAnswer),
            CallState::Ringing => (EndReason::NoAnswer, HangUp::NoAnswer),
            // The caller's own word for it was lost.
            CallState::Incoming => (EndReason::Missed, HangUp::NoAnswer),
            CallState::Connecting => (EndReason::NoPath, HangUp::NoPath),
            _ => (EndReason::ConnectionLost, HangUp::NoPath),
        };
        self.end(reason, self.farewell(how), now);
    }

    /// What the other end must be told when this end leaves now.
    fn farewell(&self, how: HangUp) -> Option<BackendCommand> {
        match self.state {
            CallState::Dialing if !self.dialled => None,
            // Only an answer that did not come is "no answer"; a phone that goes away is one that failed.
            CallState::Incoming => Some(BackendCommand::Refuse(Refusal::Failed)),
            _ => Some(BackendCommand::HangUp(how)),
        }
    }

    fn end(&mut self, reason: EndReason, farewell: Option<BackendCommand>, now: Instant) {
        self.stop_ringing();
        if let Some(command) = farewell {
            self.outputs.push_back(Output::Backend(command));
        }
        if self.sound != SoundPhase::Closed {
            self.sound = SoundPhase::Closed;
            self.outputs.push_back(Output::CloseSound);
        }
        self.deadline = None;
        self.sound_deadline = None;
        self.media_deadline = None;
        self.state = CallState::Ended;
        self.ended = Some((reason, now));
        self.outputs.push_back(Output::Ended(reason));
    }

    fn enter(&mut self, state: CallState) {
        self.state = state;
        self.outputs.push_back(Output::State(state));
    }

    fn open_sound(&mut self, now: Instant) {
        self.sound = SoundPhase::Opening;
        self.sound_deadline = Some(now + SOUND_OPEN_TIME);
        self.outputs.push_back(Output::OpenSound);
    }

    fn start_sound(&mut self, now: Instant) {
        if self.path_up && self.sound == SoundPhase::Open && self.state == CallState::Connecting {
            self.sound = SoundPhase::Started;
            self.media_deadline = self.media_deadline.or(Some(now + SILENT_PEER_TIME));
            self.outputs.push_back(Output::StartSound);
        }
    }

    fn start_ringing(&mut self, ring: Ring) {
        self.ringing = true;
        self.outputs.push_back(Output::StartRinging(ring));
    }

    fn stop_ringing(&mut self) {
        if self.ringing {
            self.ringing = false;
            self.outputs.push_back(Output::StopRinging);
        }
    }
}
