//! Which tone the call in hand wants, and whether it is heard.

use std::sync::Arc;

use care4w_audio::tones::Tone;

use super::driver::Driver;
use super::ringer::Ringer;
use crate::Ring;

impl Driver {
    /// The call wants this tone to be heard, or none any more.
    pub(super) fn set_ring(&mut self, ring: Option<Ring>) {
        if let Some(active) = &mut self.active {
            active.ring = ring;
        }
        self.sound_tone();
    }

    /// Plays the tone that the call wants, unless its backend's calls are silenced here.
    pub(super) fn sound_tone(&mut self) {
        let Some(active) = &mut self.active else { return };
        let silenced = self.silenced.contains(&active.backend.name());
        let (tone, device) = match active.ring {
            Some(Ring::Ringback) => (Tone::Ringback, &self.settings.speaker),
            Some(Ring::Ringtone) if !silenced => (Tone::Ringtone, &self.settings.ringer),
            Some(Ring::Ringtone) | None => {
                active.ringer = None;
                return;
            }
        };
        if active.ringer.is_none() {
            active.ringer = Some(Ringer::start(Arc::clone(&self.sound), tone, device.clone(), &mut self.tasks));
        }
    }
}
