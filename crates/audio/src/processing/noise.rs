use std::collections::VecDeque;

use sonora_ns::config::NsConfig;
use sonora_ns::noise_suppressor::NoiseSuppressor;

use super::bands::{BANDS, Bands, fade};
use crate::defaults::{NOISE_FLOOR_OFF_DBFS, NOISE_FLOOR_ON_DBFS};

/// Noise suppression (WebRTC's, by 12 dB, as `sonora-ns` ported it), which rests in a quiet room: it takes 6 ms and some of the
/// voice.
pub struct Noise {
    suppressor: NoiseSuppressor,
    floor: NoiseFloor,
}

impl Noise {
    pub fn new() -> Self {
        let suppressor = NoiseSuppressor::new_with_bands(NsConfig::default(), BANDS);
        Self { suppressor, floor: NoiseFloor::default() }
    }

    /// Takes the power of what the microphone heard; whether the step is for [`Noise::clean`].
    pub fn works(&mut self, power: f32) -> bool {
        self.floor.hear(power)
    }

    pub fn clean(&mut self, bands: &mut Bands) {
        let mut suppressed = *bands;
        let [low, others @ ..] = &mut suppressed;
        self.suppressor.analyze(low);
        self.suppressor.process(low);
        let gain = self.suppressor.upper_band_gain();
        for (index, band) in others.iter_mut().enumerate() {
            self.suppressor.process_upper_band(band, index, gain);
        }
        self.floor.blend(bands, &suppressed);
    }
}

/// How loud the room is when nobody speaks, and whether that is worth suppressing.
#[derive(Debug, Default)]
pub(super) struct NoiseFloor {
    /// The least power of each of the last tenths of a second, newest last.
    tenths: VecDeque<f32>,
    least: f32,
    steps: usize,
    /// How long the suppressor has been running, in steps.
    running: usize,
    /// Whether it is heard: before this step, and now.
    suppressing: [bool; 2],
}

impl NoiseFloor {
    /// Two seconds: there is a pause in all speech that long.
    const TENTHS: usize = 20;
    /// After one second the floor is believed.
    const ENOUGH: usize = 10;
    /// As long, in steps, the suppressor hears the room before it is heard.
    const LEARNING: usize = 100;

    /// Puts the suppressed sound in the place of the plain one while the room is noisy; fades between them.
    fn blend(&self, plain: &mut Bands, suppressed: &Bands) {
        match self.suppressing {
            [false, false] => {}
            [true, true] => *plain = *suppressed,
            [false, true] => {
                let before = std::mem::replace(plain, *suppressed);
                fade(&before, plain);
            }
            [true, false] => fade(suppressed, plain),
        }
    }

    /// Takes the power of a step that the microphone heard; whether the suppressor is needed for it. In a room that is quiet
    /// it rests.
    pub(super) fn hear(&mut self, power: f32) -> bool {
        self.least = if self.steps == 0 { power } else { self.least.min(power) };
        self.steps += 1;
        if self.steps == 10 {
            self.steps = 0;
            self.tenths.push_back(self.least);
            if self.tenths.len() > Self::TENTHS {
                self.tenths.pop_front();
            }
        }
        let floor = self.tenths.iter().copied().fold(f32::INFINITY, f32::min);
        let dbfs = 10.0 * floor.max(1e-12).log10();
        let known = self.tenths.len() >= Self::ENOUGH;
        let [_, suppressed] = self.suppressing;
        let noisy = dbfs > if suppressed { NOISE_FLOOR_OFF_DBFS } else { NOISE_FLOOR_ON_DBFS };
        let suppress = known && noisy && self.running >= Self::LEARNING;
        self.suppressing = [suppressed, suppress];
        let needed = !known || dbfs > NOISE_FLOOR_OFF_DBFS || suppressed;
        self.running = if needed { self.running.saturating_add(1) } else { 0 };
        needed
    }
}
