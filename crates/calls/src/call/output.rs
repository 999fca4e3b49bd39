use care4w_protocol::signal::{HangUp, Refusal};

use super::state::CallState;
use crate::EndReason;

/// What is to be done for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tell the backend.
    Backend(BackendCommand),
    /// Begin to ring; `None` of the two rings already.
    StartRinging(Ring),
    /// Stop ringing.
    StopRinging,
    /// Open microphone and speaker, and answer with [`super::Input::SoundOpened`] or [`super::Input::SoundFailed`].
    OpenSound,
    /// Begin to send and to play.
    StartSound,
    /// Close microphone and speaker, or forget them when they are still being opened.
    CloseSound,
    /// The call came to this state. `Ended` is told by [`Output::Ended`] alone.
    State(CallState),
    /// The call is over. The last output of every call.
    Ended(EndReason),
}

/// Which end hears it ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// A caller, in the ear.
    Ringback,
    /// A callee, in the room.
    Ringtone,
}

/// What the backend is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendCommand {
    /// Send the invitation.
    Dial,
    /// Say that it rings here.
    Ring,
    /// Send the answer.
    Accept,
    /// Say no.
    Refuse(Refusal),
    /// Leave.
    HangUp(HangUp),
    /// Look for a new path.
    RestartPath,
    /// Hold the call, or take it up again.
    Hold(bool),
}
