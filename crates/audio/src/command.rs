use crate::endpoint::{Microphone, Opened, Speaker};
use crate::packet::RtpAudio;
use crate::sending::NetworkReport;
use crate::{Direction, Processing};

/// What the engine is told.
pub enum Command {
    Start,
    Packet(RtpAudio),
    Digit(char),
    Report(NetworkReport),
    Processing(Processing),
    Microphone(Opened<Microphone>),
    Speaker(Opened<Speaker>),
    Lost(Direction, u64),
    Close,
}
