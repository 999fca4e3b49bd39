//! What flows through a call: sound both ways, digits, and the figures of both.

use std::sync::Arc;

use webrtc::media_stream::track_remote::TrackRemote;

use super::super::path_stats::path_stats;
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
        self.digits = Some(pump::begin(engine, types, &self.flow, media));
    }

    pub(super) fn dial_digits(&mut self, digits: String) -> Result<(), BackendError> {
        if self.types.is_none_or(|types| types.events(self.flow.codec()).is_none()) {
            return Err(BackendError::NotAvailable);
        }
        let sender = self.digits.as_ref().ok_or(BackendError::NoSuchCall)?;
        sender.send(digits).map_err(|_| BackendError::NoSuchCall)
    }

    pub(super) async fn stats(&self) -> PathStats {
        path_stats(self.engine.as_ref(), &self.flow, self.types.map(|_| self.flow.codec())).await
    }
}
