//! Carries a call's commands to its backend, in order, so that a slow one does not hold up the line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use tokio::sync::mpsc;

use super::report::{FromCall, Report};
use crate::defaults::ICE_SERVERS_TIME;
use crate::{BackendCommand, BackendError, Callee, IceSource, MediaPorts, VoiceBackend};

/// What the backend is told, and what it needs for it.
pub(super) struct Courier {
    pub call: CallId,
    pub backend: Arc<dyn VoiceBackend>,
    pub ice: Arc<dyn IceSource>,
    /// Whom to dial; `None` for an incoming call.
    pub callee: Option<Callee>,
    /// Given to the backend with the dialling or the accepting.
    pub media: Option<MediaPorts>,
    /// Set when the call has ended: nobody is rung after that.
    pub over: Arc<AtomicBool>,
    pub reports: mpsc::UnboundedSender<Report>,
}

impl Courier {
    /// Ends with the channel.
    pub async fn run(mut self, mut commands: mpsc::UnboundedReceiver<BackendCommand>) {
        // A caller's list is asked for while the microphone opens.
        let mut ice = match self.callee {
            Some(_) => Some(self.ice_servers().await),
            None => None,
        };
        while let Some(command) = commands.recv().await {
            let result = self.carry(command, &mut ice).await;
            if matches!(command, BackendCommand::HangUp(_)) {
                self.reports.send(Report { call: self.call, what: FromCall::Left }).ok();
            }
            let matters = matches!(command, BackendCommand::Dial | BackendCommand::Ring | BackendCommand::Accept);
            match result {
                // The backend's own `Ended` is on its way.
                Ok(()) | Err(BackendError::NoSuchCall) => {}
                Err(error) if matters => {
                    let failed = FromCall::BackendFailed(error.end_reason());
                    self.reports.send(Report { call: self.call, what: failed }).ok();
                }
                Err(error) => tracing::debug!(%error, ?command, "a command was not carried out"),
            }
        }
    }

    async fn carry(&mut self, command: BackendCommand, ice: &mut Option<Vec<IceServer>>) -> Result<(), BackendError> {
        match command {
            BackendCommand::Dial => {
                let (Some(callee), Some(media)) = (&self.callee, self.media.take()) else {
                    return Err(BackendError::Engine("dialled twice"));
                };
                if self.over.load(Ordering::Acquire) {
                    return Ok(());
                }
                self.backend.dial(self.call, callee, ice.take().unwrap_or_default(), media).await
            }
            BackendCommand::Ring => {
                self.backend.ring(self.call).await?;
                let servers = self.ice_servers().await;
                self.backend.prepare(self.call, servers).await
            }
            BackendCommand::Accept => {
                let media = self.media.take().ok_or(BackendError::Engine("accepted twice"))?;
                self.backend.accept(self.call, media).await
            }
            BackendCommand::Refuse(reason) => self.backend.refuse(self.call, reason).await,
            BackendCommand::HangUp(reason) => self.backend.hang_up(self.call, reason).await,
            BackendCommand::RestartPath => self.backend.restart_path(self.call).await,
            BackendCommand::Hold(held) => self.backend.hold(self.call, held).await,
        }
    }

    async fn ice_servers(&self) -> Vec<IceServer> {
        match tokio::time::timeout(ICE_SERVERS_TIME, self.ice.ice_servers()).await {
            Ok(servers) => servers,
            Err(_) => {
                tracing::warn!("the ICE servers could not be had in time");
                Vec::new()
            }
        }
    }
}
