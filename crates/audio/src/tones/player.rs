use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Synth, Tone};
use crate::card::{CardSpeaker, Host, OnLost, SystemHost, Waker};
use crate::defaults::{DEVICES_EVERY, STEP, STEP_SAMPLES};
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
        Self::start_with(Arc::new(SystemHost), tone, &speaker)
    }

    pub(crate) fn start_with(
        host: Arc<dyn Host>,
        tone: Tone,
        speaker: &DeviceSelector,
    ) -> Result<Self, OpenAudioError> {
        let id = match speaker {
            DeviceSelector::Default => None,
            DeviceSelector::Id(id) => Some(id.as_str()),
            DeviceSelector::File(_) | DeviceSelector::Silence | DeviceSelector::Echo => {
                return Ok(Self { playing: None });
            }
        };
        let waker = Arc::<Waker>::default();
        let lost = Arc::<AtomicBool>::default();
        let card = host.speaker(id, waker.clone(), on_lost(&lost, &waker))?;
        let stop = Arc::<AtomicBool>::default();
        let (until, woken) = (stop.clone(), waker.clone());
        thread::Builder::new()
            .name("tone".to_owned())
            .spawn(move || {
                woken.adopt_current_thread();
                priority::raise();
                play(&*host, card, Synth::new(tone), (&lost, &woken), &until);
            })
            .map_err(|error| OpenAudioError::Engine(error.to_string()))?;
        Ok(Self { playing: Some((stop, waker)) })
    }
}

fn on_lost(lost: &Arc<AtomicBool>, waker: &Arc<Waker>) -> OnLost {
    let (lost, waker) = (lost.clone(), waker.clone());
    Box::new(move || {
        lost.store(true, Ordering::Release);
        waker.wake();
    })
}

/// Plays on; a speaker that is pulled out gives way to the default, so that a phone that rings is heard.
fn play(
    host: &dyn Host,
    card: CardSpeaker,
    mut synth: Synth,
    (lost, waker): (&Arc<AtomicBool>, &Arc<Waker>),
    stop: &AtomicBool,
) {
    let mut sound = [0.0; STEP_SAMPLES];
    let mut card = Some(card);
    while !stop.load(Ordering::Acquire) {
        if lost.swap(false, Ordering::AcqRel) {
            card = None;
        }
        match &mut card {
            Some(card) => {
                while card.wants() {
                    synth.fill(&mut sound);
                    card.write(&sound);
                }
                thread::park_timeout(STEP);
            }
            None => match host.speaker(None, waker.clone(), on_lost(lost, waker)) {
                Ok(default) => card = Some(default),
                Err(_) => thread::park_timeout(DEVICES_EVERY),
            },
        }
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::card::fake::FakeHost;

    #[test]
    fn a_phone_whose_ring_speaker_is_pulled_out_rings_on_the_default() {
        let host = Arc::new(FakeHost::new(true));
        let ring = DeviceSelector::Id("usb".to_owned());
        let player = Player::start_with(host.clone(), Tone::Ringtone, &ring).unwrap();
        host.pull_out();
        let start = Instant::now();
        while host.opened() != ["speaker usb", "speaker default"] {
            assert!(start.elapsed() < Duration::from_secs(30), "{:?}", host.opened());
            thread::sleep(Duration::from_millis(1));
        }
        drop(player);
        while host.alive() > 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "a player that was dropped lets go of its speaker");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
