use std::time::Instant;

/// A packet from the network, its header read and its payload looked at.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, 48 kHz.
    pub timestamp: u32,
    /// How much sound it holds, in samples.
    pub samples: u32,
    /// Whether it carries its predecessor a second time.
    pub recovers_previous: bool,
    /// How much of the sound before it it describes coarsely (deep redundancy), in samples.
    pub reach: u32,
    /// The payload.
    pub payload: Vec<u8>,
    /// When it came.
    pub arrived: Instant,
}
