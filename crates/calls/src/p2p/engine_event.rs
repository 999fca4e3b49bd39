//! What one connection tells.

use std::sync::Arc;

use care4w_protocol::signal::Ended;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::RTCPeerConnectionState;

/// What the library tells of one connection.
pub(crate) enum EngineEvent {
    /// A local candidate was found: its `candidate:` line.
    Candidate(String),
    /// The connection came to a new state.
    State(RTCPeerConnectionState),
    /// The other end's first packet came.
    Track(Arc<dyn TrackRemote>),
    /// The other end left, and said so on the media path.
    Goodbye(Ended),
}
