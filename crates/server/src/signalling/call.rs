use std::collections::BTreeMap;
use std::time::Instant;

use care4w_protocol::signal::{Candidate, Ended, Party, Sdp};

use super::Device;
use crate::store::AccountId;

/// One call, from its invite to its end.
#[derive(Debug)]
pub(super) struct Call {
    pub caller: Device,
    pub callee: AccountId,
    pub from: Party,
    pub offer: Sdp,
    /// The caller's, kept for devices that come while it rings.
    pub candidates: Vec<Candidate>,
    pub begun: Instant,
    pub stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    Ringing(Ringing),
    Talking { callee: Device, since: Instant },
}

/// A call that nobody has answered yet.
#[derive(Debug, Default)]
pub(super) struct Ringing {
    pub legs: BTreeMap<Device, Leg>,
    /// Whether a device has said that it rings.
    pub rung: bool,
    /// Since when no device that could answer has a socket.
    pub dark_since: Option<Instant>,
    /// The device of the callee whose own call gave way to this one: what it refused as busy, it was busy with that.
    pub gave_way: Option<Device>,
    /// Whether the callee has blocked the caller since it began: no device rings any more, and the caller waits on.
    pub silenced: bool,
}

/// The call at one device of the callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leg {
    Invited,
    Ringing,
    Busy,
    Failed,
}

impl Leg {
    /// Whether the device may still answer.
    pub fn is_open(self) -> bool {
        matches!(self, Leg::Invited | Leg::Ringing)
    }
}

impl Ringing {
    /// Devices that may still answer.
    pub fn open(&self) -> impl Iterator<Item = &Device> {
        self.legs.iter().filter(|(_, leg)| leg.is_open()).map(|(device, _)| device)
    }

    /// Why nobody can answer any more, if so (a call that was silenced waits nevertheless): busy only when no device is left and one was busy.
    pub fn hopeless(&self) -> Option<Ended> {
        if self.silenced || self.legs.values().any(|leg| leg.is_open()) {
            None
        } else if self.legs.values().any(|leg| *leg == Leg::Busy) {
            Some(Ended::Busy)
        } else if self.legs.is_empty() {
            Some(Ended::Unreachable)
        } else {
            Some(Ended::Failed)
        }
    }
}
