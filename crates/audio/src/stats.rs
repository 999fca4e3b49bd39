use std::time::Instant;

use serde::Serialize;

/// How reception went since the call began.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiveStats {
    /// Interarrival jitter of RFC 3550, section 6.4.1, in milliseconds.
    pub jitter_ms: f64,
    /// Packets that never came, of those expected, over the whole call.
    pub loss_percent: f64,
    /// The same over the last five seconds: for warnings and for the far encoder.
    pub recent_loss_percent: f64,
    /// Of the sound played, how much was made up by concealment, as W3C's `concealedSamples` counts it.
    pub concealed_percent: f64,
    /// Of the sound played, how much of what was lost came back through forward error correction or deep redundancy.
    pub recovered_percent: f64,
    /// How long a packet of the fastest kind waits from its arrival until the speaker takes it, in milliseconds.
    pub buffer_ms: f64,
    /// How long it should wait, by what is known of the network, in milliseconds.
    pub target_ms: f64,
    /// Packets that came, duplicates not counted.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// When the first decoded frame was handed to the speaker.
    #[serde(skip)]
    pub first_audio: Option<Instant>,
}
