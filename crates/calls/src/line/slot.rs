//! Where the sound of a call is while it is opened, used and closed.
//!
//! Invariant: whatever the order in which opening and closing come, sound that was opened is closed, once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use care4w_audio::Codec;
use tokio::sync::mpsc;

use crate::{EncodedFrame, MediaPorts, RtpAudio, Sound};

struct State {
    phase: Phase,
    /// What the two ends agreed on, for sound that opens later.
    codec: Codec,
}

enum Phase {
    Opening,
    Open(Arc<dyn Sound>),
    Closed,
}

/// The sound of one call.
pub(super) struct SoundSlot(Mutex<State>);

impl SoundSlot {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { phase: Phase::Opening, codec: Codec::Opus })))
    }

    /// Sound that was opened. `false` when nobody wants it any more: it is closed then. May block.
    pub fn fill(&self, sound: Arc<dyn Sound>) -> bool {
        let mut state = self.look();
        if matches!(state.phase, Phase::Opening) {
            sound.set_codec(state.codec);
            state.phase = Phase::Open(sound);
            return true;
        }
        drop(state);
        sound.close();
        false
    }

    /// The sound, while it is open.
    pub fn get(&self) -> Option<Arc<dyn Sound>> {
        match &self.look().phase {
            Phase::Open(sound) => Some(Arc::clone(sound)),
            Phase::Opening | Phase::Closed => None,
        }
    }

    /// Takes the sound away for good; what is opened later is closed at once.
    pub fn empty(&self) -> Option<Arc<dyn Sound>> {
        match std::mem::replace(&mut self.look().phase, Phase::Closed) {
            Phase::Open(sound) => Some(sound),
            Phase::Opening | Phase::Closed => None,
        }
    }

    /// What a backend is given to carry this sound, which it sends as these frames.
    pub fn ports(self: &Arc<Self>, outgoing: mpsc::Receiver<EncodedFrame>) -> MediaPorts {
        let (listening, agreeing) = (Arc::clone(self), Arc::clone(self));
        MediaPorts {
            outgoing,
            incoming: Arc::new(move |packet| listening.receive(packet)),
            agreed: Arc::new(move |codec| agreeing.set_codec(codec)),
        }
    }

    fn set_codec(&self, codec: Codec) {
        let mut state = self.look();
        state.codec = codec;
        if let Phase::Open(sound) = &state.phase {
            sound.set_codec(codec);
        }
    }

    fn look(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A packet from the network. What comes before the sound is open is too early to be heard.
    pub fn receive(&self, packet: RtpAudio) {
        if let Some(sound) = self.get() {
            sound.receive(packet);
        }
    }
}
