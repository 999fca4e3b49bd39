use std::time::Instant;

/// One packet to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedFrame {
    /// The RTP payload (RFC 7587, RFC 3551); empty for silence that is not sent, and whose time passes all the same (DTX).
    pub payload: Vec<u8>,
    /// How long it lasts, in 48 kHz samples, whatever the codec.
    pub samples: u32,
    /// Whether the RTP marker bit is due: the first packet, the first after mute, and the first speech after silence that
    /// was not sent.
    pub starts_talkspurt: bool,
}

/// One packet that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpAudio {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, brought to 48 kHz: modulo 2³², as it came.
    pub timestamp: u32,
    /// The RTP payload. What is not of the codec is dropped.
    pub payload: Vec<u8>,
    /// When it came from the network.
    pub arrived: Instant,
}
