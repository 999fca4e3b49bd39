use std::time::Instant;

/// One Opus packet to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedFrame {
    /// The RTP payload (RFC 7587); empty for silence that is not sent, and whose time passes all the same (DTX).
    pub payload: Vec<u8>,
    /// How far the RTP timestamp goes on after this packet, in 48 kHz samples.
    pub samples: u32,
    /// Whether the RTP marker bit is due: the first packet, the first after mute, and the first speech after silence that
    /// was not sent.
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
