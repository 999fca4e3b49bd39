//! The sound of one call: devices, capture, playback, processing (echo, noise, gain), Opus, the jitter buffer, tones,
//! mixing and levels. It turns a microphone into encoded frames and received frames into a speaker's sound. It must
//! never know the network, users, calls or an async runtime: frames leave through a closure and come in through a
//! method.
//!
//! ```
//! use care4w_audio::{CallAudio, CallAudioConfig, DeviceSelector};
//!
//! let config = CallAudioConfig {
//!     microphone: DeviceSelector::Silence,
//!     speaker: DeviceSelector::Silence,
//!     ..CallAudioConfig::default()
//! };
//! let audio = CallAudio::open(config, Box::new(|frame| println!("{} bytes", frame.payload.len())))?;
//! audio.start();
//! audio.close();
//! # Ok::<(), care4w_audio::OpenAudioError>(())
//! ```
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod call_audio;
mod card;
mod codec;
mod command;
pub mod defaults;
mod device;
pub mod devices;
mod endpoint;
mod engine;
mod error;
mod following;
mod g711;
mod health;
mod jitter;
mod levels;
mod notice;
mod opener;
mod opus;
mod pacer;
mod packet;
mod playout;
mod priority;
mod processing;
mod resample;
mod sending;
mod shared;
mod stats;
mod stretch;
pub mod tones;
mod volume;
mod wav;

/// The parts of a call's sound without devices, threads and clocks: for benchmarks, which run in simulated time.
pub mod parts {
    pub use crate::card::passage;
    pub use crate::jitter::JitterStats;
    pub use crate::opus::{Encoder, OpusError};
    pub use crate::playout::FarEnd;
    pub use crate::processing::VoiceProcessing;
    pub use crate::sending::{Sending, SendingPlan};
    pub use crate::wav::WavReader;
}

pub use call_audio::{CallAudio, CallAudioConfig, PacketTime};
pub use codec::Codec;
pub use device::{Device, DeviceSelector, Direction};
pub use error::OpenAudioError;
pub use health::Health;
pub use levels::Levels;
pub use notice::Notice;
pub use packet::{EncodedFrame, RtpAudio};
pub use processing::Processing;
pub use sending::NetworkReport;
pub use stats::ReceiveStats;
