use crate::endpoint::{Microphone, Opened, Speaker};
use crate::packet::RtpAudio;
use crate::sending::NetworkReport;
use crate::{Codec, Direction, Processing};

/// What the engine is told.
pub enum Command {
    Start,
    Packet(RtpAudio),
    /// What is sent and received from now on.
    Codec(Codec),
    Digit(char),
    Report(NetworkReport),
    Processing(Processing),
    /// The other end holds: a tone plays in its place.
    OnHold(bool),
    /// How loud the other end is played; 1 is as it comes.
    Volume(f32),
    Microphone(Opened<Microphone>),
    Speaker(Opened<Speaker>),
    Lost(Direction, u64),
    Close,
    /// Whether silence is left out of what is sent.
    Dtx(bool),
}
