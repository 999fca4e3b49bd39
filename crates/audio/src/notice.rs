use serde::Serialize;

use crate::Direction;

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
    /// The device that was chosen and had gone away is back, and used again.
    CameBack {
        /// Microphone or speaker.
        direction: Direction,
    },
    /// The system's default is another device now, and used.
    FollowedDefault {
        /// Microphone or speaker.
        direction: Direction,
    },
    /// The recording cannot be written any more (a full disk).
    RecordingFailed,
}
