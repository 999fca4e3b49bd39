//! Where the sound of a call is while it is opened, used and closed.
//!
//! Invariant: whatever the order in which opening and closing come, sound that was opened is closed, once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{RtpAudio, Sound};

enum Phase {
    Opening,
    Open(Arc<dyn Sound>),
    Closed,
}

/// The sound of one call.
pub(super) struct SoundSlot(Mutex<Phase>);

impl SoundSlot {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Phase::Opening)))
    }

    /// Sound that was opened. `false` when nobody wants it any more: it is closed then. May block.
    pub fn fill(&self, sound: Arc<dyn Sound>) -> bool {
        let mut phase = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*phase, Phase::Opening) {
            *phase = Phase::Open(sound);
            return true;
        }
        drop(phase);
        sound.close();
        false
    }

    /// The sound, while it is open.
    pub fn get(&self) -> Option<Arc<dyn Sound>> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Phase::Open(sound) => Some(Arc::clone(sound)),
            Phase::Opening | Phase::Closed => None,
        }
    }

    /// Takes the sound away for good; what is opened later is closed at once.
    pub fn empty(&self) -> Option<Arc<dyn Sound>> {
        let mut phase = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *phase, Phase::Closed) {
            Phase::Open(sound) => Some(sound),
            Phase::Opening | Phase::Closed => None,
        }
    }

    /// A packet from the network. What comes before the sound is open is too early to be heard.
    pub fn receive(&self, packet: RtpAudio) {
        if let Some(sound) = self.get() {
            sound.receive(packet);
        }
    }
}
