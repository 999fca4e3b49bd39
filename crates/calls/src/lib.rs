//! Calls: the machine of one call, the backends that carry calls, and the line that joins them to the sound.
//!
//! [`Call`] is the machine, [`VoiceBackend`] what carries a call ([`p2p`], later Twilio, [`fake`] in tests),
//! [`Line`] the one line of this phone: it runs one machine with its backend, its sound and its tones. This room
//! must never know windows, HTTP routes or files; the server's messages come in and go out through
//! [`SignalSender`] and [`p2p::P2p::handle_signal`]. Nothing outside this room names `webrtc`.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backend;
mod call;
pub mod defaults;
mod end_reason;
pub mod fake;
mod line;
pub mod mos;
pub mod p2p;
mod peer;
pub mod quality;
mod sound;
mod speaking;
pub mod twilio;
mod view;

pub use backend::{
    AgreeOnCodec, BackendError, BackendEvent, BackendEvents, BackendName, IceSource, MediaPorts, NoIceServers,
    PathKind, PathStats, ReceivePacket, SignalSender, VoiceBackend,
};
pub use call::{BackendCommand, Call, CallState, Input, Output, Ring};
pub use end_reason::EndReason;
pub use line::{Line, LineError, LineSetup};
pub use peer::{Callee, Peer};
pub use sound::{
    EncodedFrame, NativeSound, NetworkReport, Processing, RtpAudio, SendFrame, Sound, SoundError, SoundFactory,
    SoundSettings, Volume,
};
pub use view::{CallDirection, CallEvent, CallStats, CallView, DeviceNotice, ReasonView, SoundNotice};

/// Log targets of the crates under [`p2p`] and [`twilio`] that write addresses, session descriptions, tokens or keys at
/// some level. A
/// program that installs a log subscriber switches each of them off, whatever level was asked for (in an
/// `EnvFilter`: `TARGET=off` for each, added last). They come through the `log` crate.
pub const QUIET_TARGETS: &[&str] = &[
    "webrtc",
    "rtc",
    "rtc_crypto",
    "rtc_datachannel",
    "rtc_dtls",
    "rtc_ice",
    "rtc_interceptor",
    "rtc_mdns",
    "rtc_media",
    "rtc_rtcp",
    "rtc_rtp",
    "rtc_sctp",
    "rtc_sdp",
    "rtc_shared",
    "rtc_srtp",
    "rtc_stun",
    "rtc_turn",
    "quinn_udp",
    "tokio_tungstenite",
    "tungstenite",
    "rustls",
];
