use std::time::Instant;

use serde::Serialize;

use crate::defaults::BITRATE;
use crate::{DeviceSelector, Direction, Levels, OpenAudioError, ReceiveStats};

/// What is done to the microphone's sound before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Processing {
    /// Takes out what the speaker plays.
    pub echo: bool,
    /// Takes out steady noise.
    pub noise: bool,
    /// Evens out loudness.
    pub gain: bool,
}

impl Processing {
    /// Nothing is done.
    pub const OFF: Self = Self { echo: false, noise: false, gain: false };
}

impl Default for Processing {
    fn default() -> Self {
        Self { echo: true, noise: true, gain: true }
    }
}

/// How a call's sound is set up.
#[derive(Debug, Clone)]
pub struct CallAudioConfig {
    /// Where sound comes from.
    pub microphone: DeviceSelector,
    /// Where sound goes to.
    pub speaker: DeviceSelector,
    /// What is done to the microphone's sound.
    pub processing: Processing,
    /// Of the encoder, in bits a second; read into 6 000–128 000.
    pub bitrate: u32,
}

impl Default for CallAudioConfig {
    fn default() -> Self {
        Self {
            microphone: DeviceSelector::Default,
            speaker: DeviceSelector::Default,
            processing: Processing::default(),
            bitrate: BITRATE,
        }
    }
}

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

/// Something that befell a device in the middle of a call; the call goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
#[non_exhaustive]
pub enum Notice {
    /// The device went away and the system's default took its place.
    SwitchedToDefault {
        /// Microphone or speaker.
        direction: Direction,
    },
    /// The device went away and there is no other.
    NoDeviceLeft {
        /// Microphone or speaker.
        direction: Direction,
    },
    /// The recording cannot be written any more (a full disk).
    RecordingFailed,
}

/// The sound of one call. Dropping it closes it.
///
/// All methods return at once; the work is done by a thread of its own.
#[derive(Debug)]
pub struct CallAudio {}

impl CallAudio {
    /// Opens both devices. Encoded frames go to `send`, on the call's sound thread, from [`CallAudio::start`] on: it
    /// must not block.
    pub fn open(_config: CallAudioConfig, _send: Box<dyn FnMut(EncodedFrame) + Send>) -> Result<Self, OpenAudioError> {
        Ok(Self {})
    }

    /// The call is connected: a file microphone begins to play, encoding begins.
    pub fn start(&self) {}

    /// Takes a packet from the network, in whatever order they come.
    pub fn receive(&self, _packet: RtpAudio) {}

    /// While muted, frames of silence are sent, and nothing of the microphone.
    pub fn set_muted(&self, _muted: bool) {}

    /// Changes the microphone. On an error the old one stays.
    pub fn set_microphone(&self, _selector: DeviceSelector) -> Result<(), OpenAudioError> {
        Ok(())
    }

    /// Changes the speaker. On an error the old one stays.
    pub fn set_speaker(&self, _selector: DeviceSelector) -> Result<(), OpenAudioError> {
        Ok(())
    }

    /// How loud both directions are.
    pub fn levels(&self) -> Levels {
        Levels::default()
    }

    /// How reception goes.
    pub fn stats(&self) -> ReceiveStats {
        ReceiveStats::default()
    }

    /// What befell the devices since this was asked last, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }

    /// Lets the local speaker sound a dialled digit (`0`–`9`, `*`, `#`, `A`–`D`); anything else is ignored.
    pub fn play_digit(&self, _digit: char) {}

    /// Tells the encoder which share of its packets the far side loses, in percent, from its receiver reports.
    pub fn set_expected_loss(&self, _percent: u8) {}

    /// Ends the sound; a file speaker is a whole WAV file when this returns.
    pub fn close(self) {}
}
