use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Synth, Tone};
use crate::card::{CardSpeaker, CpalHost, Host, Waker};
use crate::defaults::{STEP, STEP_SAMPLES};
use crate::{DeviceSelector, OpenAudioError, priority};

/// Plays a tone on a speaker until it is dropped.
pub struct Player {
    playing: Option<(Arc<AtomicBool>, Arc<Waker>)>,
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("sounds", &self.playing.is_some()).finish()
    }
}

impl Player {
    /// Opens the speaker and begins. A file, silent or echo speaker plays nothing: a call's recording holds the call.
    pub fn start(tone: Tone, speaker: DeviceSelector) -> Result<Self, OpenAudioError> {
        Self::start_with(&CpalHost, tone, &speaker)
    }

    pub(crate) fn start_with(host: &dyn Host, tone: Tone, speaker: &DeviceSelector) -> Result<Self, OpenAudioError> {
        let id = match speaker {
            DeviceSelector::Default => None,
            DeviceSelector::Id(id) => Some(id.as_str()),
            DeviceSelector::File(_) | DeviceSelector::Silence | DeviceSelector::Echo => {
                return Ok(Self { playing: None });
            }
        };
        let waker = Arc::<Waker>::default();
        // A ring whose speaker is pulled out falls silent; the call that follows finds the default.
        let card = host.speaker(id, waker.clone(), Box::new(|| {}))?;
        let stop = Arc::<AtomicBool>::default();
        let (until, woken) = (stop.clone(), waker.clone());
        thread::Builder::new()
            .name("tone".to_owned())
            .spawn(move || {
                woken.adopt_current_thread();
                priority::raise();
                play(card, Synth::new(tone), &until);
            })
            .map_err(|error| OpenAudioError::Engine(error.to_string()))?;
        Ok(Self { playing: Some((stop, waker)) })
    }
}

fn play(mut card: CardSpeaker, mut synth: Synth, stop: &AtomicBool) {
    let mut sound = [0.0; STEP_SAMPLES];
    while !stop.load(Ordering::Acquire) {
        while card.wants() {
            synth.fill(&mut sound);
            card.write(&sound);
        }
        thread::park_timeout(STEP);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if let Some((stop, waker)) = &self.playing {
            stop.store(true, Ordering::Release);
            waker.wake();
        }
    }
}
