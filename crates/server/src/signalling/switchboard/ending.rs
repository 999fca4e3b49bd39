//! How a call comes to its end.

use std::time::Instant;

use care4w_protocol::CallId;
use care4w_protocol::signal::{Ended, ServerMessage};

use super::{Output, Switchboard};
use crate::signalling::call::{Call, Stage};
use crate::signalling::session::Device;

impl Switchboard {
    pub(super) fn join(&mut self, id: CallId, device: &Device) {
        if let Some(session) = self.sessions.get_mut(device) {
            session.calls.insert(id);
        }
    }

    pub(super) fn part(&mut self, id: CallId, device: &Device) {
        if let Some(session) = self.sessions.get_mut(device) {
            session.calls.remove(&id);
        }
    }

    /// Takes a call out, and out of the sessions of all its devices.
    pub(super) fn take(&mut self, id: CallId) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        self.part(id, &call.caller);
        match &call.stage {
            Stage::Ringing(ringing) => ringing.legs.keys().for_each(|device| self.part(id, device)),
            Stage::Talking { callee, .. } => self.part(id, callee),
        }
        Some(call)
    }

    /// Ends a ringing call when no device can answer it any more.
    pub(super) fn settle(&mut self, id: CallId) {
        if let Some(Call { stage: Stage::Ringing(ringing), .. }) = self.calls.get(&id)
            && let Some(reason) = ringing.hopeless()
        {
            self.end_ringing(id, Some(reason), reason);
        }
    }

    /// Ends a call that was not answered, with what the caller is told (nothing if it ended it) and the ringing devices.
    pub(super) fn end_ringing(&mut self, id: CallId, caller: Option<Ended>, devices: Ended) {
        let Some(call) = self.take(id) else { return };
        let Stage::Ringing(ringing) = &call.stage else { return };
        if let Some(reason) = caller {
            self.send(&call.caller, ServerMessage::Ended { call: id, reason });
        }
        for device in ringing.open() {
            self.send(device, ServerMessage::Ended { call: id, reason: devices });
        }
        // Nobody is told later of a call whose caller they have blocked.
        let told = ringing.rung || ringing.silenced;
        self.outputs.push_back(Output::Over { call: id, callee: call.callee, talked: None, told });
    }

    /// Ends a call in progress that `device` left.
    pub(super) fn end_talk(&mut self, id: CallId, device: &Device, reason: Ended, now: Instant) {
        let Some(far) = self.far_end(device, id) else { return };
        let Some(call) = self.take(id) else { return };
        let Stage::Talking { since, .. } = call.stage else { return };
        self.send(&far, ServerMessage::Ended { call: id, reason });
        let talked = Some(now.saturating_duration_since(since));
        self.outputs.push_back(Output::Over { call: id, callee: call.callee, talked, told: true });
    }
}
