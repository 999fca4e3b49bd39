//! What the phone itself makes sound: ringing, signals, digits.

use crate::{DeviceSelector, OpenAudioError};

/// A sound of the phone's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// The far phone rings: what a caller hears.
    Ringback,
    /// This phone rings.
    Ringtone,
    /// The far side is in another call.
    Busy,
    /// The call could not be put through.
    Reorder,
    /// The call is on hold.
    Hold,
    /// A short chime that says "speak now": the echo line's greeting.
    Greeting,
}

/// Plays a tone on a speaker until it is dropped.
#[derive(Debug)]
pub struct Player {}

impl Player {
    /// Opens the speaker and begins. A file, silent or echo speaker plays nothing: a call's recording holds the call.
    pub fn start(_tone: Tone, _speaker: DeviceSelector) -> Result<Self, OpenAudioError> {
        Ok(Self {})
    }
}
