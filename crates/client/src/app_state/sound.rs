//! The sound as a window draws it: what is chosen, what befell a device, and the test before the first call.

use care4w_audio::{Direction, Notice};
use care4w_calls::{DeviceNotice, SoundNotice as LineNotice};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Devices, volume and what is done to the microphone's sound. Kept with the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SoundState {
    /// Id of the microphone; none: the system's default.
    pub microphone: Option<String>,
    /// Id of the speaker of calls; none: the system's default.
    pub speaker: Option<String>,
    /// Id of the speaker that rings; none: the system's default.
    pub ringer: Option<String>,
    /// How loud the other end is played, in percent: 100 as it comes, at most 200.
    pub volume: u8,
    /// Whether echo is taken out of the microphone's sound.
    pub echo: bool,
    /// Whether noise is.
    pub noise: bool,
    /// Whether its loudness is evened out.
    pub gain: bool,
    /// Whether pauses are left out of what is sent, and the other end is asked to do so too (DTX): a third of the data of a
    /// conversation, and what is behind a voice comes and goes with it. Off unless the person wants it.
    pub dtx: bool,
    /// Whether the other end hears one 10 ms sooner, for twice as many packets. Off unless the person wants it: data costs.
    pub low_delay: bool,
}

impl Default for SoundState {
    fn default() -> Self {
        Self {
            microphone: None,
            speaker: None,
            ringer: None,
            volume: 100,
            echo: true,
            noise: true,
            gain: true,
            dtx: false,
            low_delay: false,
        }
    }
}

/// What to change about the sound, at once and in a running call too. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct SoundChange {
    /// The microphone's id; null: the system's default.
    #[serde(deserialize_with = "given")]
    #[specta(optional, type = Option<String>)]
    pub microphone: Option<Option<String>>,
    /// The speaker's id; null: the system's default.
    #[serde(deserialize_with = "given")]
    #[specta(optional, type = Option<String>)]
    pub speaker: Option<Option<String>>,
    /// The id of the speaker that rings; null: the system's default.
    #[serde(deserialize_with = "given")]
    #[specta(optional, type = Option<String>)]
    pub ringer: Option<Option<String>>,
    /// Percent, 0 to 200.
    #[specta(optional)]
    pub volume: Option<u8>,
    /// Whether echo is taken out.
    #[specta(optional)]
    pub echo: Option<bool>,
    /// Whether noise is taken out.
    #[specta(optional)]
    pub noise: Option<bool>,
    /// Whether loudness is evened out.
    #[specta(optional)]
    pub gain: Option<bool>,
    /// Whether pauses are left out, from the next call on.
    #[specta(optional)]
    pub dtx: Option<bool>,
    /// Whether packets are short, from the next call on.
    #[specta(optional)]
    pub low_delay: Option<bool>,
}

/// Tells null, which chooses the default, from what was left out.
fn given<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(value).map(Some)
}

/// What befell a device in the middle of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SoundNotice {
    /// What happened.
    pub code: SoundNoticeCode,
    /// To which of the two.
    pub role: DeviceRole,
    /// Name of the device that is used now; empty where there is none, or no name is known.
    pub device: String,
}

/// What happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SoundNoticeCode {
    /// It went away, and the system's default is used now.
    DeviceLost,
    /// It went away, and there is no other.
    NoDevice,
    /// It is back, and used again.
    DeviceBack,
    /// The system's default is another one now, and used.
    DeviceChanged,
    /// The one that was chosen could not be opened; the old one goes on.
    DeviceFailed,
    /// What is heard cannot be recorded any more.
    RecordingFailed,
}

/// What a device is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DeviceRole {
    /// To speak into.
    Microphone,
    /// To hear with.
    Speaker,
}

impl From<Direction> for DeviceRole {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Input => Self::Microphone,
            Direction::Output => Self::Speaker,
        }
    }
}

impl From<&DeviceNotice> for SoundNotice {
    fn from(notice: &DeviceNotice) -> Self {
        let (code, direction) = match &notice.what {
            LineNotice::ChangeFailed { direction } => (SoundNoticeCode::DeviceFailed, *direction),
            LineNotice::Device { what } => match what {
                Notice::SwitchedToDefault { direction } => (SoundNoticeCode::DeviceLost, *direction),
                Notice::NoDeviceLeft { direction } => (SoundNoticeCode::NoDevice, *direction),
                Notice::CameBack { direction } => (SoundNoticeCode::DeviceBack, *direction),
                Notice::FollowedDefault { direction } => (SoundNoticeCode::DeviceChanged, *direction),
                _ => (SoundNoticeCode::RecordingFailed, Direction::Output),
            },
        };
        Self { code, role: direction.into(), device: notice.device.clone().unwrap_or_default() }
    }
}

/// A test of the sound or of the network, before the first call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SoundTest {
    /// What is tested.
    pub kind: SoundTestKind,
    /// How far it is.
    pub phase: SoundTestPhase,
    /// How loud it is now, in whole dBFS: -96 is silence, 0 full scale.
    pub level: i32,
    /// What came of it, once it is done or failed.
    pub verdict: Option<SoundVerdict>,
}

/// What is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SoundTestKind {
    /// One hears oneself: three seconds are recorded, as a call would send them, and played.
    Microphone,
    /// A tone.
    Speaker,
    /// Whether the server and a way for the sound can be reached.
    Network,
}

/// How far a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SoundTestPhase {
    /// The microphone is listened to; or, of the network, it is being asked.
    Recording,
    /// It is played.
    Playing,
    /// Done: the verdict is there.
    Done,
    /// It could not be done: the verdict says why.
    Failed,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SoundVerdict {
    /// Whether calls will work.
    pub ok: bool,
    /// Stable code.
    pub code: String,
    /// One or two sentences.
    pub text: String,
    /// How long the server took to answer, in milliseconds; of a test of the network.
    pub round_trip_ms: Option<u32>,
}
