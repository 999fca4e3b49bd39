use std::collections::VecDeque;
use std::sync::Arc;

use crate::card::{CardMicrophone, CardSpeaker, Host, OnLost, Waker};
use crate::defaults::STEP_SAMPLES;
use crate::notice::Notice;
use crate::tones::{Synth, Tone};
use crate::wav::{WavReader, WavWriter};
use crate::{DeviceSelector, OpenAudioError};

/// Where the engine gets its sound.
pub enum Microphone {
    Card(Box<CardMicrophone>),
    File(Box<WavReader>),
    Echo(Echo),
    Silence,
}

/// Where the engine puts its sound.
pub enum Speaker {
    Card(Box<CardSpeaker>),
    File(Box<WavWriter>),
    Silence,
}

/// A device that was just opened.
pub struct Opened<T> {
    pub device: T,
    /// Tells its errors from those of the device before it.
    pub generation: u64,
    pub notice: Option<Notice>,
}

impl Microphone {
    pub fn open(
        host: &dyn Host,
        selector: &DeviceSelector,
        waker: Arc<Waker>,
        lost: OnLost,
    ) -> Result<Self, OpenAudioError> {
        Ok(match selector {
            DeviceSelector::Default => Self::Card(Box::new(host.microphone(None, waker, lost)?)),
            DeviceSelector::Id(id) => Self::Card(Box::new(host.microphone(Some(id), waker, lost)?)),
            DeviceSelector::File(path) => Self::File(Box::new(WavReader::open(path)?)),
            DeviceSelector::Echo => Self::Echo(Echo::new()),
            DeviceSelector::Silence => Self::Silence,
        })
    }
}

impl Speaker {
    pub fn open(
        host: &dyn Host,
        selector: &DeviceSelector,
        waker: Arc<Waker>,
        lost: OnLost,
    ) -> Result<Self, OpenAudioError> {
        Ok(match selector {
            DeviceSelector::Default => Self::Card(Box::new(host.speaker(None, waker, lost)?)),
            DeviceSelector::Id(id) => Self::Card(Box::new(host.speaker(Some(id), waker, lost)?)),
            DeviceSelector::File(path) => Self::File(Box::new(WavWriter::create(path)?)),
            DeviceSelector::Silence | DeviceSelector::Echo => Self::Silence,
        })
    }
}

/// The echo line's voice: a greeting, then what it hears.
pub struct Echo {
    greeting: Synth,
    heard: VecDeque<f32>,
}

impl Echo {
    fn new() -> Self {
        Self { greeting: Synth::new(Tone::Greeting), heard: VecDeque::new() }
    }

    /// While the greeting plays, nothing is listened to.
    pub fn hear(&mut self, sound: &[f32]) {
        if self.greeting.is_over() {
            self.heard.extend(sound);
            // Two clocks may drift: what is older than a fifth of a second is let go.
            while self.heard.len() > 20 * STEP_SAMPLES {
                self.heard.pop_front();
            }
        }
    }

    pub fn read(&mut self, out: &mut [f32]) {
        if !self.greeting.is_over() {
            return self.greeting.fill(out);
        }
        for sample in out {
            *sample = self.heard.pop_front().unwrap_or(0.0);
        }
    }
}
