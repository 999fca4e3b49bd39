//! What carries a call: the trait that `p2p`, Twilio and the fake share, and what they tell the line.

use std::sync::Arc;

use async_trait::async_trait;
use care4w_audio::Codec;
use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{ClientMessage, HangUp, Refusal};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::{Callee, EncodedFrame, EndReason, Peer, RtpAudio};

/// Which way a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BackendName {
    /// Peer to peer over WebRTC.
    P2p,
    /// Twilio Voice.
    Twilio,
    /// None: for tests.
    Fake,
}

/// What a backend could not do.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no call with this id here (any more).
    #[error("there is no such call")]
    NoSuchCall,
    /// The server cannot be told: this end is offline.
    #[error("the signalling connection is away")]
    Offline,
    /// The other end's description of the call cannot be used (no common codec, not a description).
    #[error("the other end's session description cannot be used")]
    BadDescription,
    /// The call's engine refused. The text holds no address.
    #[error("the call engine failed: {0}")]
    Engine(&'static str),
    /// This backend cannot do that.
    #[error("not available on this kind of call")]
    NotAvailable,
}

impl BackendError {
    /// How a call ends for which this happened.
    pub fn end_reason(&self) -> EndReason {
        match self {
            Self::Offline => EndReason::Offline,
            Self::BadDescription => EndReason::RemoteFailed,
            Self::NoSuchCall | Self::Engine(_) | Self::NotAvailable => EndReason::Internal,
        }
    }
}

/// What becomes of the packets that come: called from the backend's task, must not block.
pub type ReceivePacket = Arc<dyn Fn(RtpAudio) + Send + Sync>;

/// Told what the sound is sent and received as, before the first packet: called from the backend's task, must not block.
pub type AgreeOnCodec = Arc<dyn Fn(Codec) + Send + Sync>;

/// Both ends of a call's sound, as a backend sees them.
pub struct MediaPorts {
    /// Frames to send. The backend drops those that come before the path is up.
    pub outgoing: mpsc::Receiver<EncodedFrame>,
    /// Where packets that came go to.
    pub incoming: ReceivePacket,
    /// Told what both are; until then Opus.
    pub agreed: AgreeOnCodec,
}

/// Which kind of candidate carries the sound at this end (RFC 8445, 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PathKind {
    /// An address of this machine.
    Host,
    /// An address that a STUN server saw.
    Srflx,
    /// An address that the other end saw.
    Prflx,
    /// A TURN server's, of this end or of the other one.
    Relay,
}

/// How the path does. What a backend does not know is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PathStats {
    /// Round trip, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Kind of the local candidate.
    pub path: Option<PathKind>,
    /// RTP packets sent.
    pub sent: u64,
    /// RTP packets received.
    pub received: u64,
    /// Share of our packets that the other end says it lost, in percent.
    pub remote_loss_percent: Option<f64>,
    /// Jitter of our packets, as the other end reports it, in milliseconds.
    pub remote_jitter_ms: Option<f64>,
    /// Codec in use.
    pub codec: Option<&'static str>,
}

/// What a backend tells. Each call gets its events in the order of its life, and nothing after `Ended`.
#[derive(Clone, Debug, PartialEq)]
pub enum BackendEvent {
    /// Somebody calls.
    Incoming {
        /// The new call.
        call: CallId,
        /// Through which backend.
        backend: BackendName,
        /// Who.
        from: Peer,
    },
    /// Caller: it rings over there.
    Ringing {
        /// Which call.
        call: CallId,
    },
    /// Caller: the network sends sound before the answer (ringback of its own, an announcement).
    EarlyMedia {
        /// Which call.
        call: CallId,
    },
    /// Caller: taken. Callee: our answer won.
    Answered {
        /// Which call.
        call: CallId,
    },
    /// What is sent from now on arrives: the sound may start.
    PathUp {
        /// Which call.
        call: CallId,
    },
    /// The first packet of the other end came.
    MediaFlowing {
        /// Which call.
        call: CallId,
    },
    /// Nothing arrives any more.
    PathLost {
        /// Which call.
        call: CallId,
    },
    /// It arrives again.
    PathRestored {
        /// Which call.
        call: CallId,
    },
    /// The other end holds the call, or does not any more. Told when it changes; a call begins unheld.
    Held {
        /// Which call.
        call: CallId,
        /// Whether it holds.
        held: bool,
    },
    /// The other end pressed a key.
    Digit {
        /// Which call.
        call: CallId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// The call is over, and not because this end asked for it.
    Ended {
        /// Which call.
        call: CallId,
        /// Why.
        reason: EndReason,
    },
}

impl BackendEvent {
    /// The call that it is about.
    pub fn call(&self) -> CallId {
        match self {
            Self::Incoming { call, .. }
            | Self::Ringing { call }
            | Self::EarlyMedia { call }
            | Self::Answered { call }
            | Self::PathUp { call }
            | Self::MediaFlowing { call }
            | Self::PathLost { call }
            | Self::PathRestored { call }
            | Self::Held { call, .. }
            | Self::Digit { call, .. }
            | Self::Ended { call, .. } => *call,
        }
    }
}

/// Where a backend's events go.
pub type BackendEvents = mpsc::UnboundedSender<BackendEvent>;

/// One way to carry calls. One contract-test suite holds for every implementation.
///
/// After `refuse` or `hang_up`, or an [`BackendEvent::Ended`], the call is forgotten: no more events, sockets closed.
#[async_trait]
pub trait VoiceBackend: Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> BackendName;

    /// Calls somebody. Returns once the invitation is on its way.
    async fn dial(&self, call: CallId, to: &Callee, ice: Vec<IceServer>, media: MediaPorts)
    -> Result<(), BackendError>;

    /// Tells the caller that it rings here.
    async fn ring(&self, call: CallId) -> Result<(), BackendError>;

    /// Prepares what can be prepared while it rings, without sending anything. `accept` works without it, later.
    async fn prepare(&self, call: CallId, ice: Vec<IceServer>) -> Result<(), BackendError>;

    /// Takes an incoming call.
    async fn accept(&self, call: CallId, media: MediaPorts) -> Result<(), BackendError>;

    /// Does not take an incoming call.
    async fn refuse(&self, call: CallId, reason: Refusal) -> Result<(), BackendError>;

    /// Ends a call of either direction; before the answer it is the caller's cancel. Returns once the other end was
    /// told in every way there is, by the server and on the media path; it may take some tenths of a second.
    async fn hang_up(&self, call: CallId, reason: HangUp) -> Result<(), BackendError>;

    /// Sends dialled digits (`0`–`9`, `*`, `#`, `A`–`D`, `w` waits half a second).
    async fn send_digits(&self, call: CallId, digits: &str) -> Result<(), BackendError>;

    /// Holds an answered call, or takes it up again. While it is held no sound is sent from here, from the return of
    /// this on, and the other end is told, so that it sends none either. Digits are sent all the same. An end that does
    /// not know of holding hears nothing.
    async fn hold(&self, call: CallId, held: bool) -> Result<(), BackendError>;

    /// Looks for a new path for the sound of a call whose path was lost.
    async fn restart_path(&self, call: CallId) -> Result<(), BackendError>;

    /// How the path does; `None` for a call that is not there.
    async fn stats(&self, call: CallId) -> Option<PathStats>;
}

/// Takes messages for the server. The client's signalling connection implements it.
pub trait SignalSender: Send + Sync + 'static {
    /// Queues a message; what is queued arrives once, also over a dropped socket. `Err(Offline)` when it cannot be
    /// queued: never connected, signed out, or the queue is full.
    fn send(&self, message: ClientMessage) -> Result<(), BackendError>;
}

/// Where the ICE servers of a call come from. The client keeps them for as long as they are good.
#[async_trait]
pub trait IceSource: Send + Sync + 'static {
    /// The servers of a call that begins now; none when there are none or they cannot be had in time.
    async fn ice_servers(&self) -> Vec<IceServer>;
}

/// No servers: for one network, and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoIceServers;

#[async_trait]
impl IceSource for NoIceServers {
    async fn ice_servers(&self) -> Vec<IceServer> {
        Vec::new()
    }
}
