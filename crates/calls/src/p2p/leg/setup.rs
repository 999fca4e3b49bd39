//! How a call comes to be: the caller's offer, and the answer to it.

use std::sync::Arc;

use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{ClientMessage, Sdp};

use super::super::description::{PayloadTypes, split_candidates};
use super::super::engine::Engine;
use super::Leg;
use crate::{BackendError, MediaPorts};

impl Leg {
    pub(super) async fn dial(
        &mut self,
        to: care4w_phone::Care4wId,
        ice: Vec<IceServer>,
        media: MediaPorts,
    ) -> Result<(), BackendError> {
        let engine = Engine::build(&self.shared.config(), ice, self.engine_tx.clone()).await?;
        let offer = engine.offer().await?;
        self.engine = Some(engine);
        self.receiver = Some(Arc::clone(&media.incoming));
        self.media = Some(media);
        // Candidates follow: the library's events are read only after this.
        self.shared.signals.send(ClientMessage::Invite { call: self.call, to, offer: Sdp(offer) })
    }

    /// Everything that sends no packet: sockets, keys, the caller's offer without its candidates (the library would
    /// connect to those for TCP at once).
    pub(super) async fn prepare(&mut self, ice: Vec<IceServer>) -> Result<(), BackendError> {
        let Some(Sdp(offer)) = self.offer.take() else { return Ok(()) };
        self.types = Some(PayloadTypes::read(&offer).ok_or(BackendError::BadDescription)?);
        let (offer, candidates) = split_candidates(&offer);
        for candidate in candidates {
            self.hold(candidate);
        }
        let engine = Engine::build(&self.shared.config(), ice, self.engine_tx.clone()).await?;
        let taken = engine.take_offer(offer, true).await;
        self.engine = Some(engine);
        taken
    }

    pub(super) async fn accept(&mut self, media: MediaPorts) -> Result<(), BackendError> {
        if !self.incoming_call || self.accepted {
            return Err(BackendError::NoSuchCall);
        }
        self.prepare(Vec::new()).await?;
        let engine = self.engine.as_ref().ok_or(BackendError::BadDescription)?;
        let answer = engine.answer().await?;
        self.accepted = true;
        self.receiver = Some(Arc::clone(&media.incoming));
        self.media = Some(media);
        self.shared.signals.send(ClientMessage::Answer { call: self.call, answer: Sdp(answer) })?;
        self.start_sending();
        self.admit_candidates().await;
        Ok(())
    }
}
