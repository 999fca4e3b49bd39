//! The call as a window draws it.

use care4w_calls::quality::{QualityCause as Cause, QualityLevel as Level, QualitySide as Side};
use care4w_calls::{
    BackendName, CallDirection as Direction, CallState as LineState, CallStats as LineStats, CallView as LineView,
    PathKind as LinePath,
};
use serde::Serialize;
use specta::Type;

use super::SoundNotice;

/// A call, as a window draws it.
#[derive(Clone, Debug, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// Which call.
    pub id: String,
    /// Who called whom.
    pub direction: CallDirection,
    /// Where it stands.
    pub state: CallState,
    /// Who is at the other end.
    pub peer: CallPeer,
    /// What carries it.
    pub backend: CallBackend,
    /// What was to carry it and failed before it rang: the call goes on by another way.
    pub instead_of: Option<CallBackend>,
    /// Whether the microphone is muted.
    pub muted: bool,
    /// Whether the call is held from here.
    pub held: bool,
    /// Whether the other end holds it.
    pub held_by_peer: bool,
    /// Whether somebody speaks into the muted microphone.
    pub speaking_while_muted: bool,
    /// The digits that were sent so far.
    pub digits: String,
    /// What befell a device last; for a moment.
    pub notice: Option<SoundNotice>,
    /// Milliseconds since sound began to flow, at the time of the snapshot.
    pub connected_for_ms: Option<u32>,
    /// How long sound flowed, once it ended; none for a call that never connected.
    pub duration_ms: Option<u32>,
    /// How good it is, while connected.
    pub quality: Option<CallQuality>,
    /// Why it ended.
    pub reason: Option<EndReason>,
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CallDirection {
    /// The person here dialled.
    Outgoing,
    /// The other one did.
    Incoming,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CallState {
    /// On its way to the callee.
    Dialing,
    /// Rings over there.
    Ringing,
    /// Rings here.
    Incoming,
    /// Answered; no sound yet.
    Connecting,
    /// Sound flows.
    Connected,
    /// The path was lost and is being looked for.
    Reconnecting,
    /// Over.
    Ended,
}

/// The other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CallPeer {
    /// A name, if one is known.
    pub name: Option<String>,
    /// A phone number or a Care4W ID.
    pub detail: String,
    /// The Care4W ID, where the other end has one.
    pub care4w_id: Option<String>,
}

/// What carries a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CallBackend {
    /// WebRTC, peer to peer.
    P2p,
    /// Twilio Voice.
    Twilio,
}

impl From<BackendName> for CallBackend {
    fn from(backend: BackendName) -> Self {
        match backend {
            BackendName::Twilio => Self::Twilio,
            BackendName::P2p | BackendName::Fake => Self::P2p,
        }
    }
}

/// How good a call is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CallQuality {
    /// How good.
    pub level: QualityLevel,
    /// What is wrong.
    pub cause: Option<QualityCause>,
    /// Whose side it is on.
    pub side: Option<QualitySide>,
}

/// What is wrong with a call's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QualityCause {
    /// Packets are lost.
    Loss,
    /// Packets come unevenly.
    Jitter,
    /// The way is long.
    HighRtt,
    /// The microphone here gives nothing at all.
    MicrophoneSilent,
    /// This computer is too busy for the sound.
    Cpu,
}

/// Whose side a fault is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum QualitySide {
    /// What comes from the other end suffers on its way here, or this computer does.
    Here,
    /// What is sent from here does not arrive well.
    There,
    /// Both ways, or it cannot be told.
    Network,
}

/// How good a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum QualityLevel {
    /// Nothing to say.
    Good,
    /// One hears that something is wrong.
    Fair,
    /// Hard to talk.
    Poor,
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EndReason {
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub sentence: String,
}

impl From<&LineView> for CallView {
    fn from(view: &LineView) -> Self {
        Self {
            id: view.id.to_string(),
            direction: match view.direction {
                Direction::Outgoing => CallDirection::Outgoing,
                Direction::Incoming => CallDirection::Incoming,
            },
            state: match view.state {
                LineState::Dialing => CallState::Dialing,
                LineState::Ringing => CallState::Ringing,
                LineState::Incoming => CallState::Incoming,
                LineState::Connecting => CallState::Connecting,
                LineState::Connected => CallState::Connected,
                LineState::Reconnecting => CallState::Reconnecting,
                LineState::Ended => CallState::Ended,
            },
            peer: CallPeer {
                name: Some(view.peer.name.clone()).filter(|name| *name != view.peer.detail),
                detail: view.peer.detail.clone(),
                care4w_id: view.peer.care4w_id.as_ref().map(ToString::to_string),
            },
            backend: view.backend.into(),
            instead_of: view.instead_of.map(CallBackend::from),
            muted: view.muted,
            held: view.held,
            held_by_peer: view.held_by_peer,
            speaking_while_muted: view.speaking_while_muted,
            digits: view.digits.clone(),
            notice: view.notice.as_ref().map(SoundNotice::from),
            connected_for_ms: view.connected_for_ms.map(whole),
            duration_ms: view.duration_ms.filter(|duration| *duration > 0).map(whole),
            quality: view.quality.map(CallQuality::from),
            reason: view
                .reason
                .as_ref()
                .map(|reason| EndReason { code: reason.code.to_string(), sentence: reason.sentence.clone() }),
        }
    }
}

/// A window counts in numbers that JavaScript holds exactly; 49 days in milliseconds are enough.
fn whole(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl From<care4w_calls::quality::Quality> for CallQuality {
    fn from(quality: care4w_calls::quality::Quality) -> Self {
        Self {
            level: match quality.level {
                Level::Good => QualityLevel::Good,
                Level::Fair => QualityLevel::Fair,
                Level::Poor => QualityLevel::Poor,
            },
            cause: quality.cause.map(|cause| match cause {
                Cause::Loss => QualityCause::Loss,
                Cause::Jitter => QualityCause::Jitter,
                Cause::Delay => QualityCause::HighRtt,
                Cause::MicrophoneSilent => QualityCause::MicrophoneSilent,
                Cause::Cpu => QualityCause::Cpu,
            }),
            side: quality.side.map(|side| match side {
                Side::Here => QualitySide::Here,
                Side::There => QualitySide::There,
                Side::Network => QualitySide::Network,
            }),
        }
    }
}

/// The figures of a call, for the curious. What is not known (yet) is null.
#[derive(Clone, Debug, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// Round trip of the path, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Interarrival jitter, in milliseconds.
    pub jitter_ms: Option<f64>,
    /// Packets that never came, over the whole call, in percent.
    pub loss_percent: Option<f64>,
    /// Sound that was made up, over the whole call, in percent.
    pub concealed_percent: Option<f64>,
    /// How long packets wait before they are played, in milliseconds.
    pub buffer_ms: Option<f64>,
    /// Estimated opinion score, 1 to 4.5.
    pub mos: Option<f64>,
    /// Codec.
    pub codec: Option<String>,
    /// What is sent, in bits a second, headers left out.
    pub bitrate: Option<u32>,
    /// Which way the sound takes.
    pub path: Option<PathKind>,
    /// RTP packets sent.
    pub sent: u32,
    /// RTP packets received.
    pub received: u32,
}

/// Which kind of way the sound takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum PathKind {
    /// From an address of this computer.
    Host,
    /// From an address that a STUN server saw.
    Srflx,
    /// From an address that the other end saw.
    Prflx,
    /// Through a relay.
    Relay,
}

impl From<LineStats> for CallStats {
    fn from(stats: LineStats) -> Self {
        Self {
            rtt_ms: stats.rtt_ms,
            jitter_ms: stats.jitter_ms,
            loss_percent: stats.loss_percent,
            concealed_percent: stats.concealed_percent,
            buffer_ms: stats.buffer_ms,
            mos: stats.mos,
            codec: stats.codec.map(ToOwned::to_owned),
            bitrate: stats.bitrate,
            path: stats.path.map(|path| match path {
                LinePath::Host => PathKind::Host,
                LinePath::Srflx => PathKind::Srflx,
                LinePath::Prflx => PathKind::Prflx,
                LinePath::Relay => PathKind::Relay,
            }),
            sent: whole(stats.sent),
            received: whole(stats.received),
        }
    }
}
