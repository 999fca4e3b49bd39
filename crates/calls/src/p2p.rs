//! Peer-to-peer calls over WebRTC.

use std::sync::Arc;

use async_trait::async_trait;
use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{HangUp, Refusal, ServerMessage};

use crate::{BackendError, BackendEvents, BackendName, Callee, MediaPorts, PathStats, SignalSender, VoiceBackend};

/// Whether addresses of the loopback interface are offered as candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loopback {
    /// Only on a machine that has no route anywhere: two phones on one machine otherwise meet over its own network
    /// address, and a loopback candidate would only make the other end check its own machine in vain.
    #[default]
    WhenAlone,
    /// Always.
    Always,
}

/// How the backend looks for paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct P2pConfig {
    /// Loopback candidates.
    pub loopback: Loopback,
    /// Offer relayed candidates only: the other end learns no address of this machine. Without a TURN server no
    /// path is found then.
    pub relay_only: bool,
}

/// The backend.
pub struct P2p {}

impl P2p {
    /// A backend that tells the server through `signals` and the line through `events`.
    pub fn new(_config: P2pConfig, _signals: Arc<dyn SignalSender>, _events: BackendEvents) -> Arc<Self> {
        Arc::new(Self {})
    }

    /// Takes a message of the server. Returns at once; messages are handled in the order given. Those that are not
    /// about a call are ignored. Call it within a tokio runtime.
    pub fn handle_signal(&self, _message: ServerMessage) {}
}

#[async_trait]
impl VoiceBackend for P2p {
    fn name(&self) -> BackendName {
        BackendName::P2p
    }

    async fn dial(&self, _: CallId, _: &Callee, _: Vec<IceServer>, _: MediaPorts) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn ring(&self, _: CallId, _: Vec<IceServer>) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn accept(&self, _: CallId, _: MediaPorts) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn refuse(&self, _: CallId, _: Refusal) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn hang_up(&self, _: CallId, _: HangUp) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn send_digits(&self, _: CallId, _: &str) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn restart_path(&self, _: CallId) -> Result<(), BackendError> {
        Err(BackendError::NotAvailable)
    }

    async fn stats(&self, _: CallId) -> Option<PathStats> {
        None
    }
}
