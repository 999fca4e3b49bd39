use std::time::Instant;

/// One Opus packet to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedFrame {
    /// The RTP payload (RFC 7587).
    pub payload: Vec<u8>,
    /// How far the RTP timestamp goes on after this packet, in 48 kHz samples.
    pub samples: u32,
    /// Whether the RTP marker bit is due: the first packet, and the first after mute.
    pub starts_talkspurt: bool,
}

/// One Opus packet that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpAudio {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, 48 kHz.
    pub timestamp: u32,
    /// The RTP payload. What is not Opus is dropped.
    pub payload: Vec<u8>,
    /// When it came from the network.
    pub arrived: Instant,
}
