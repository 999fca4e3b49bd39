use crate::EndReason;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The person takes the incoming call.
    Accept,
    /// The person does not.
    Decline,
    /// The person hangs up, cancels or declines: whatever ends it now.
    HangUp,
    /// The call must end for a reason of this end: signed out, time up, shut down.
    End(EndReason),
    /// It rings over there.
    Ringing,
    /// Sound comes before the answer.
    EarlyMedia,
    /// Taken over there; or, to a callee, our answer won.
    Answered,
    /// What is sent from now on arrives.
    PathUp,
    /// The first packet of the other end came.
    MediaFlowing,
    /// Nothing arrives any more.
    PathLost,
    /// It arrives again.
    PathRestored,
    /// The backend says that the call is over.
    BackendEnded(EndReason),
    /// The backend could not carry out a command.
    BackendFailed(EndReason),
    /// Microphone and speaker are open.
    SoundOpened,
    /// They could not be opened, or failed for good.
    SoundFailed(EndReason),
    /// The first decoded frame was handed to the speaker.
    FirstAudio,
    /// Time went by.
    Tick,
}
