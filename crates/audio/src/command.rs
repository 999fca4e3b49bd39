use crate::Direction;
use crate::endpoint::{Microphone, Opened, Speaker};
use crate::packet::RtpAudio;

/// What the engine is told.
pub enum Command {
    Start,
    Packet(RtpAudio),
    Digit(char),
    ExpectedLoss(u8),
    Microphone(Opened<Microphone>),
    Speaker(Opened<Speaker>),
    Lost(Direction, u64),
    Close,
}
