//! What flows through a call: sound both ways, digits, and the figures of both.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use webrtc::media_stream::track_remote::TrackRemote;

use super::super::packets::Packets;
use super::super::pump;
use super::{Leg, ToLeg};
use crate::{BackendError, BackendEvent, PathStats};

impl Leg {
    pub(super) fn on_track(&mut self, track: Arc<dyn TrackRemote>) {
        let (Some(receiver), Some(types)) = (self.receiver.clone(), self.types) else { return };
        let own = self.own.clone();
        let first = move || {
            if let Some(own) = own.upgrade() {
                own.send(ToLeg::FirstPacket).ok();
            }
        };
        let (call, events) = (self.call, self.shared.events.clone());
        let dialled = move |digit| {
            events.send(BackendEvent::Digit { call, digit }).ok();
        };
        tokio::spawn(pump::receive(track, types, Arc::clone(&self.flow), receiver, first, dialled));
    }

    pub(super) fn start_sending(&mut self) {
        let (Some(engine), Some(types), Some(media)) = (&self.engine, self.types, self.media.take()) else { return };
        let (digits, digits_rx) = mpsc::unbounded_channel();
        self.digits = Some(digits);
        if engine.may_relay {
            self.flow.may_relay.store(true, Ordering::Relaxed);
            tokio::spawn(pump::hurry(Arc::clone(&engine.track), Arc::clone(&self.flow)));
        }
        let packets = Packets::new(engine.ssrc, types, rand::random(), rand::random());
        let track = Arc::clone(&engine.track);
        tokio::spawn(pump::send(packets, track, Arc::clone(&self.flow), media.outgoing, digits_rx));
    }

    pub(super) fn dial_digits(&mut self, digits: String) -> Result<(), BackendError> {
        if self.types.is_none_or(|types| types.telephone_event.is_none()) {
            return Err(BackendError::NotAvailable);
        }
        let sender = self.digits.as_ref().ok_or(BackendError::NoSuchCall)?;
        sender.send(digits).map_err(|_| BackendError::NoSuchCall)
    }

    pub(super) async fn stats(&self) -> PathStats {
        let (rtt_ms, path) = match &self.engine {
            Some(engine) => (engine.rtt_ms().await, engine.path().await),
            None => (None, None),
        };
        PathStats {
            rtt_ms,
            path,
            sent: self.flow.sent.load(Ordering::Relaxed),
            received: self.flow.received.load(Ordering::Relaxed),
            remote_loss_percent: self.engine.as_ref().and_then(|engine| engine.remote_loss.percent()),
            remote_jitter_ms: self.engine.as_ref().and_then(|engine| engine.remote_loss.jitter_ms()),
            codec: self.types.map(|_| "opus"),
        }
    }
}
