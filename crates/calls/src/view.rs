//! What the line shows of a call: the picture that a window draws, and the events that a script reads.

use care4w_audio::{DeviceSelector, Direction, Notice};
use care4w_protocol::CallId;
use serde::Serialize;

use crate::quality::Quality;
use crate::{BackendName, CallState, EndReason, PathKind, Peer, SoundSettings};

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CallDirection {
    /// The person here dialled.
    Outgoing,
    /// The other one did.
    Incoming,
}

/// The one call of this phone, as a window draws it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// Which call.
    pub id: CallId,
    /// Who called whom.
    pub direction: CallDirection,
    /// Where it stands.
    pub state: CallState,
    /// Who is at the other end.
    pub peer: Peer,
    /// What carries it.
    pub backend: BackendName,
    /// What was to carry it and failed before it rang.
    pub instead_of: Option<BackendName>,
    /// Whether the microphone is muted.
    pub muted: bool,
    /// Whether the person here holds the call.
    pub held: bool,
    /// Whether the other end holds it.
    pub held_by_peer: bool,
    /// Whether somebody speaks into the muted microphone.
    pub speaking_while_muted: bool,
    /// The digits that were sent so far.
    pub digits: String,
    /// What befell a device last, for [`crate::defaults::NOTICE_TIME`].
    pub notice: Option<DeviceNotice>,
    /// Milliseconds since sound began to flow, at the moment of this picture; `None` before. A window counts on from
    /// when it got it.
    pub connected_for_ms: Option<u64>,
    /// How long sound flowed, once the call has ended; 0 for one that never connected.
    pub duration_ms: Option<u64>,
    /// How good it is, while connected.
    pub quality: Option<Quality>,
    /// Why it ended.
    pub reason: Option<ReasonView>,
}

/// Why a call ended, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonView {
    /// [`EndReason::code`].
    pub code: EndReason,
    /// [`EndReason::sentence`].
    pub sentence: String,
}

/// What happens on the line, one after another. As JSON these are the lines of `care4w-cli --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CallEvent {
    /// A call came to a new state.
    Call {
        /// The state.
        state: CallState,
        /// Which call.
        call_id: CallId,
        /// Who called whom.
        direction: CallDirection,
        /// Who is at the other end.
        peer: Peer,
        /// What carries it.
        backend: BackendName,
        /// What was to carry it and failed before it rang; left out for all other calls.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead_of: Option<BackendName>,
        /// Milliseconds since the call began here: since it was dialled, or since it came.
        since_start_ms: u64,
        /// Why it ended: [`EndReason::code`]; only with `ended`.
        reason: Option<EndReason>,
    },
    /// The first sound of the other end was played.
    Media {
        /// Which call.
        call_id: CallId,
        /// Milliseconds from the answer (heard of by the caller, given by the callee) to the first decoded frame
        /// handed to the speaker.
        first_audio_ms: u64,
    },
    /// Once a second while sound flows.
    Stats {
        /// Which call.
        call_id: CallId,
        /// The figures.
        #[serde(flatten)]
        stats: CallStats,
    },
    /// A device went away or could not be used; the call goes on.
    Sound {
        /// Which call.
        call_id: CallId,
        /// What happened: `switchedToDefault`, `noDeviceLeft`, `recordingFailed`, `deviceFailed`.
        notice: SoundNotice,
    },
    /// Somebody holds the call, or took it up again.
    Hold {
        /// Which call.
        call_id: CallId,
        /// Whether this end holds.
        here: bool,
        /// Whether the other end holds.
        there: bool,
    },
    /// How good the call is has changed.
    Quality {
        /// Which call.
        call_id: CallId,
        /// How good it is now, and what is wrong.
        #[serde(flatten)]
        quality: Quality,
    },
    /// The other end pressed a key: `0`–`9`, `*`, `#`, `A`–`D`. Its tone is played here.
    Digit {
        /// Which call.
        call_id: CallId,
        /// Which key.
        digit: char,
    },
    /// The last word on a call, after its `ended`.
    Summary {
        /// Which call.
        call_id: CallId,
        /// The last figures.
        #[serde(flatten)]
        stats: CallStats,
        /// How long sound flowed.
        duration_ms: u64,
        /// Why it ended.
        reason: EndReason,
    },
}

/// What befell a device in the middle of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum SoundNotice {
    /// The audio engine's own notice.
    Device {
        /// What happened.
        what: Notice,
    },
    /// The device that was asked for could not be opened; the old one goes on.
    ChangeFailed {
        /// Microphone or speaker.
        direction: Direction,
    },
}

impl SoundNotice {
    /// The device that is used now, as it was chosen; `None` where there is none.
    pub(crate) fn device(&self, settings: &SoundSettings) -> Option<(Direction, DeviceSelector)> {
        let chosen = |direction| match direction {
            Direction::Input => settings.microphone.clone(),
            Direction::Output => settings.speaker.clone(),
        };
        match self {
            Self::ChangeFailed { direction } | Self::Device { what: Notice::CameBack { direction } } => {
                Some((*direction, chosen(*direction)))
            }
            Self::Device { what: Notice::SwitchedToDefault { direction } | Notice::FollowedDefault { direction } } => {
                Some((*direction, DeviceSelector::Default))
            }
            Self::Device { .. } => None,
        }
    }
}

/// What befell a device, with the name of the one that is used now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceNotice {
    /// What happened.
    pub what: SoundNotice,
    /// Name of the device that is used now, where there is one and it has a name.
    pub device: Option<String>,
}

/// The figures of a call. What is not known (yet) is `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// Round trip of the path.
    pub rtt_ms: Option<f64>,
    /// Interarrival jitter (RFC 3550, 6.4.1).
    pub jitter_ms: Option<f64>,
    /// Packets that never came, over the whole call.
    pub loss_percent: Option<f64>,
    /// Sound that was made up, over the whole call.
    pub concealed_percent: Option<f64>,
    /// How long packets wait before they are played.
    pub buffer_ms: Option<f64>,
    /// Estimated opinion score, 1 to 4.5 ([`crate::mos::estimate`]).
    pub mos: Option<f64>,
    /// Codec.
    pub codec: Option<&'static str>,
    /// What is sent, in bits a second, headers left out.
    pub bitrate: Option<u32>,
    /// Kind of the local candidate.
    pub path: Option<PathKind>,
    /// RTP packets sent.
    pub sent: u64,
    /// RTP packets received.
    pub received: u64,
}
