//! Every number that shapes the sound, with its source.

/// The rate of everything inside: Opus' own, and the RTP clock of Opus (RFC 7587, section 4.1).
pub const SAMPLE_RATE: u32 = 48_000;
/// Ten milliseconds: the step of the engine, of the sound card's period and of the processing (WebRTC's frame).
pub const STEP_SAMPLES: usize = 480;
/// Twenty milliseconds: one Opus frame (RFC 7587, section 3.1.1, the default packet time).
pub const FRAME_SAMPLES: usize = 960;
/// Bits a second of the encoder: full-band speech (RFC 7587, section 3.1.1: 28–40 kbit/s).
pub const BITRATE: u32 = 32_000;
/// Below this nothing is told apart: the noise floor of 16 bits.
pub const LEVEL_FLOOR_DBFS: f32 = -96.0;
