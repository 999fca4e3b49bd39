//! Another way for a call whose first way failed before it rang. The call stays the same: its name, its sound, its
//! place in the window.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;

use crate::defaults::{OUTGOING_FRAMES, SILENT_WAY_TIME};
use crate::{Callee, EncodedFrame, VoiceBackend};

/// Where the microphone's frames go to now.
pub(super) type Current = Arc<Mutex<Option<mpsc::Sender<EncodedFrame>>>>;

/// The other way, as long as it was not taken.
pub(super) struct Detour {
    pub backend: Arc<dyn VoiceBackend>,
    pub callee: Callee,
    pub frames: Current,
    /// When a first way that says nothing is left.
    pub patience_ends: Instant,
    /// It is being left: what it still says is about a call that is over.
    pub leaving: bool,
}

impl Detour {
    /// Stands between the sound and the backends. The task ends with the sound.
    pub fn new(
        backend: Arc<dyn VoiceBackend>,
        callee: Callee,
        mut frames: mpsc::Receiver<EncodedFrame>,
        now: Instant,
    ) -> (Self, mpsc::Receiver<EncodedFrame>) {
        let (sender, outgoing) = mpsc::channel(OUTGOING_FRAMES);
        let current = Arc::new(Mutex::new(Some(sender)));
        let passing = Arc::clone(&current);
        tokio::spawn(async move {
            while let Some(frame) = frames.recv().await {
                if let Some(sender) = &*passing.lock().unwrap_or_else(PoisonError::into_inner) {
                    // Frames that do not fit are old when there is room again.
                    sender.try_send(frame).ok();
                }
            }
            passing.lock().unwrap_or_else(PoisonError::into_inner).take();
        });
        let patience_ends = now + SILENT_WAY_TIME;
        (Self { backend, callee, frames: current, patience_ends, leaving: false }, outgoing)
    }
}
