//! Calls from people whom their callee has blocked. Whoever is blocked must not be able to tell: a new call of theirs
//! reaches nobody, like one to an id that nobody has, and one that waits goes on waiting, for nobody.

use std::time::Instant;

use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::signal::{Ended, ServerMessage};

use super::Switchboard;
use crate::signalling::call::{Call, Stage};
use crate::signalling::session::Device;
use crate::store::AccountId;

impl Switchboard {
    /// What rings at `account` from `blocked` stops ringing there. A call in progress is the blocker's to hang up.
    pub(super) fn block(&mut self, account: AccountId, blocked: Care4wId, now: Instant) {
        let ringing: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, call)| call.callee == account && call.from.care4w_id == blocked)
            .filter(|(_, call)| matches!(call.stage, Stage::Ringing(_)))
            .map(|(id, _)| *id)
            .collect();
        for id in ringing {
            self.silence(id);
        }
        self.fresh_blocks.insert((account, blocked), now);
    }

    /// Whether the callee has blocked the caller so lately that the store may not have known.
    pub(super) fn is_freshly_blocked(&self, callee: AccountId, caller: &Device) -> bool {
        self.sessions
            .get(caller)
            .is_some_and(|session| self.fresh_blocks.contains_key(&(callee, session.party.care4w_id.clone())))
    }

    /// The callee's devices are told that the call was declined; the caller is told nothing, and the ring time goes by.
    fn silence(&mut self, id: CallId) {
        let Some(Call { stage: Stage::Ringing(ringing), .. }) = self.calls.get_mut(&id) else { return };
        ringing.silenced = true;
        let legs = std::mem::take(&mut ringing.legs);
        for (device, leg) in legs {
            if leg.is_open() {
                self.send(&device, ServerMessage::Ended { call: id, reason: Ended::DeclinedElsewhere });
            }
            self.part(id, &device);
        }
    }
}
