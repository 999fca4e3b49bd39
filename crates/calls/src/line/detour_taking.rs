//! When a call takes its other way, and how.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use care4w_protocol::signal::HangUp;
use tokio::sync::mpsc;

use super::active::Active;
use super::courier::Courier;
use super::detour::Detour;
use super::driver::Driver;
use crate::defaults::OUTGOING_FRAMES;
use crate::{BackendCommand, BackendName, CallState, EndReason};

/// Whether another way may do better after a call ended so before it rang.
fn helps(way: BackendName, reason: EndReason) -> bool {
    match way {
        BackendName::Twilio => reason.is_failure_of_twilio(),
        // Nobody is there with Care4W; perhaps with a telephone.
        BackendName::P2p => matches!(reason, EndReason::Unreachable | EndReason::NotFound),
        BackendName::Fake => false,
    }
}

impl Driver {
    /// Leaves a way that has said nothing for too long, if there is another; [`Driver::silent_way_left`] goes on.
    pub(super) fn leave_silent_way(&mut self, now: Instant) {
        let Some(active) = &mut self.active else { return };
        if active.silent_way_ends().is_none_or(|at| now < at) {
            return;
        }
        if let Some(detour) = &mut active.detour {
            detour.leaving = true;
            active.commands.send(BackendCommand::HangUp(HangUp::Normal)).ok();
        }
    }

    /// The way is left: nobody rings there any more, and what it said until then is read as of a call that is over.
    pub(super) fn silent_way_left(&mut self) {
        let leaves = |active: &Active| active.detour.as_ref().is_some_and(|detour| detour.leaving);
        if !self.active.as_ref().is_some_and(leaves) {
            return;
        }
        while let Ok(event) = self.backend_events.try_recv() {
            self.on_backend(event);
        }
        let Some(active) = &self.active else { return };
        self.take_detour(match active.backend.name() {
            BackendName::Twilio => EndReason::TwilioUnreachable,
            BackendName::P2p | BackendName::Fake => EndReason::Unreachable,
        });
    }

    /// Takes the call's other way, if it has one that may help. `false` when the call is over.
    pub(super) fn take_detour(&mut self, reason: EndReason) -> bool {
        let Some(active) = &mut self.active else { return false };
        let before = active.backend.name();
        if active.machine.state() != CallState::Dialing || !helps(before, reason) {
            return false;
        }
        let Some(Detour { backend, callee, frames, .. }) = active.detour.take() else { return false };
        tracing::info!(%reason, instead_of = ?before, "the call takes another way");
        let (sender, outgoing) = mpsc::channel(OUTGOING_FRAMES);
        {
            let mut current = frames.lock().unwrap_or_else(PoisonError::into_inner);
            // The sound that was closed feeds no way any more.
            if current.is_some() {
                *current = Some(sender);
            }
        }
        let (commands, command_rx) = mpsc::unbounded_channel();
        let media = active.slot.ports(outgoing);
        let courier = Courier {
            call: active.id,
            backend: Arc::clone(&backend),
            ice: Arc::clone(&self.ice),
            callee: Some(callee),
            media: Some(media),
            over: Arc::clone(&active.over),
            reports: self.report.clone(),
        };
        self.tasks.spawn(courier.run(command_rx));
        active.backend = backend;
        active.instead_of = Some(before);
        commands.send(BackendCommand::Dial).ok();
        active.commands = commands;
        let event = active.state_event(CallState::Dialing, Instant::now());
        self.show();
        self.tell(event);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_way_is_taken_for_a_way_that_failed_and_not_for_a_person_who_does_not_answer() {
        for reason in [EndReason::TwilioUnreachable, EndReason::TwilioFailed, EndReason::TwilioRefused] {
            assert!(helps(BackendName::Twilio, reason), "{reason}");
        }
        for reason in [EndReason::Busy, EndReason::Declined, EndReason::NotInService, EndReason::MicrophoneFailed] {
            assert!(!helps(BackendName::Twilio, reason) && !helps(BackendName::P2p, reason), "{reason}");
        }
        assert!(helps(BackendName::P2p, EndReason::Unreachable));
        assert!(!helps(BackendName::P2p, EndReason::Offline));
    }
}
