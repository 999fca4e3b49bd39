//! How calls begin at the line: those that are placed, and those that come.

use std::sync::Arc;
use std::time::Instant;

use care4w_protocol::CallId;
use care4w_protocol::signal::Refusal;
use tokio::sync::mpsc;

use super::LineError;
use super::active::Active;
use super::courier::Courier;
use super::detour::Detour;
use super::driver::Driver;
use crate::defaults::OUTGOING_FRAMES;
use crate::{BackendName, Call, Callee, Peer, VoiceBackend};

impl Driver {
    pub(super) fn dial(
        &mut self,
        callee: Callee,
        first: BackendName,
        then: Option<BackendName>,
    ) -> Result<CallId, LineError> {
        if self.active.as_ref().is_some_and(|active| !active.is_over()) {
            return Err(LineError::Busy);
        }
        let backend = self.backend(first).ok_or(LineError::NoBackend)?;
        let then = then.and_then(|name| self.backend(name));
        let id = CallId::random();
        let now = Instant::now();
        self.begin(id, Call::outgoing(now), callee.clone().into(), backend, Some((callee, then)), now);
        Ok(id)
    }

    fn backend(&self, name: BackendName) -> Option<Arc<dyn VoiceBackend>> {
        self.backends.iter().find(|backend| backend.name() == name).cloned()
    }

    fn begin(
        &mut self,
        id: CallId,
        machine: Call,
        peer: Peer,
        backend: Arc<dyn VoiceBackend>,
        callee: Option<(Callee, Option<Arc<dyn VoiceBackend>>)>,
        now: Instant,
    ) {
        let (commands, command_rx) = mpsc::unbounded_channel();
        let mut active = Active::new(id, machine, peer, Arc::clone(&backend), commands, now);
        let (frames, outgoing) = mpsc::channel(OUTGOING_FRAMES);
        active.frames = Some(frames);
        let (callee, outgoing) = match callee {
            Some((callee, Some(then))) => {
                let (detour, outgoing) = Detour::new(then, callee.clone(), outgoing, now);
                active.detour = Some(detour);
                (Some(callee), outgoing)
            }
            Some((callee, None)) => (Some(callee), outgoing),
            None => (None, outgoing),
        };
        let media = active.slot.ports(outgoing);
        let courier = Courier {
            call: id,
            backend,
            ice: Arc::clone(&self.ice),
            callee,
            media: Some(media),
            over: Arc::clone(&active.over),
            reports: self.report.clone(),
        };
        self.tasks.spawn(courier.run(command_rx));
        self.active = Some(active);
        self.carry_out(now);
    }

    pub(super) fn on_incoming(&mut self, call: CallId, backend: BackendName, from: Peer) {
        let Some(backend) = self.backend(backend) else { return };
        if self.active.as_ref().is_some_and(|active| !active.is_over()) {
            self.tasks.spawn(async move {
                if let Err(error) = backend.refuse(call, Refusal::Busy).await {
                    tracing::debug!(%error, "a second call was not refused");
                }
            });
            return;
        }
        let now = Instant::now();
        self.begin(call, Call::incoming(now), from, backend, None, now);
    }
}
