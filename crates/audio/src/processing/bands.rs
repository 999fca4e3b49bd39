//! Sound in three bands of 8 kHz each, and back: what echo cancellation and noise suppression work on. WebRTC's filter bank
//! (`modules/audio_processing/three_band_filter_bank.cc`, BSD), whose numbers these are, written so that any processor's vector
//! instructions serve: `sonora`'s calls a function for each multiplication, and cost more than the echo canceller.

use super::Step;
use crate::defaults::STEP_SAMPLES;

/// 0–8, 8–16 and 16–24 kHz.
pub const BANDS: usize = 3;
/// Of each band in a step: 10 ms at 16 kHz.
pub const BAND_SAMPLES: usize = STEP_SAMPLES / BANDS;
/// A step in bands, in the scale of 16 bits that the stages want.
pub type Bands = [[f32; BAND_SAMPLES]; BANDS];

/// Full scale of the stages.
pub const FULL_SCALE: f32 = 32_768.0;

/// How much later sound is joined again than it came to be split, in samples at 48 kHz.
pub const LATENCY: usize = 46;

const TAPS: usize = 4;
/// Samples from tap to tap.
const STRIDE: usize = 4;
/// How far back the last tap of the filter that begins latest reaches.
const PAST: usize = TAPS * STRIDE - 1;
const SQRT_3: f32 = 1.732_050_8;

/// One of the filters between the sound and its bands.
struct Filter {
    /// Which of three samples it takes.
    phase: usize,
    /// At which it begins, of [`STRIDE`].
    shift: usize,
    taps: [f32; TAPS],
    /// How much of it is in each band.
    shares: [f32; BANDS],
}

const fn filter(phase: usize, shift: usize, taps: [f32; TAPS], shares: [f32; BANDS]) -> Filter {
    Filter { phase, shift, taps, shares }
}

/// The two that would stand at (0, 1) and (0, 3) are nothing but zeros.
const FILTERS: [Filter; 10] = [
    filter(0, 0, [-0.000_477_49, -0.004_968_88, 0.165_471_18, 0.004_254_96], [2.0, 2.0, 2.0]),
    filter(1, 0, [-0.001_732_87, -0.015_857_78, 0.149_890_04, 0.009_941_13], [SQRT_3, 0.0, -SQRT_3]),
    filter(2, 0, [-0.003_048_15, -0.025_360_82, 0.121_545_42, 0.011_579_93], [1.0, -2.0, 1.0]),
    filter(1, 1, [-0.003_469_46, -0.025_878_86, 0.047_604_41, 0.006_075_94], [-1.0, 2.0, -1.0]),
    filter(2, 1, [-0.001_547_17, -0.011_360_76, 0.013_874_58, 0.001_863_53], [-SQRT_3, 0.0, SQRT_3]),
    filter(0, 2, [0.001_863_53, 0.013_874_58, -0.011_360_76, -0.001_547_17], [-2.0, -2.0, -2.0]),
    filter(1, 2, [0.006_075_94, 0.047_604_41, -0.025_878_86, -0.003_469_46], [-SQRT_3, 0.0, SQRT_3]),
    filter(2, 2, [0.009_832_12, 0.085_431_75, -0.029_827_67, -0.003_835_09], [-1.0, 2.0, -1.0]),
    filter(1, 3, [0.009_941_13, 0.149_890_04, -0.015_857_78, -0.001_732_87], [1.0, -2.0, 1.0]),
    filter(2, 3, [0.004_254_96, 0.165_471_18, -0.004_968_88, -0.000_477_49], [SQRT_3, 0.0, -SQRT_3]),
];

type Line = [f32; PAST + BAND_SAMPLES];

impl Filter {
    /// A plain loop over slices of one known length: that the compiler makes vector instructions of.
    #[inline]
    fn run(&self, line: &Line) -> [f32; BAND_SAMPLES] {
        let from = |tap: usize| &line[PAST - self.shift - tap * STRIDE..][..BAND_SAMPLES];
        let (first, second, third, fourth) = (from(0), from(1), from(2), from(3));
        let [a, b, c, d] = self.taps;
        let mut filtered = [0.0; BAND_SAMPLES];
        for (k, sample) in filtered.iter_mut().enumerate() {
            *sample = a * first[k] + b * second[k] + c * third[k] + d * fourth[k];
        }
        filtered
    }
}

/// From sound to its bands.
#[derive(Debug)]
pub struct Split {
    /// The end of each phase of the last step.
    past: [[f32; PAST]; BANDS],
}

impl Split {
    pub fn new() -> Self {
        Self { past: [[0.0; PAST]; BANDS] }
    }

    /// Takes a step of sound in −1..1.
    pub fn run(&mut self, sound: &Step) -> Bands {
        let lines: [Line; BANDS] = std::array::from_fn(|phase| {
            let mut line = [0.0; PAST + BAND_SAMPLES];
            let (past, new) = line.split_at_mut(PAST);
            past.copy_from_slice(&self.past[phase]);
            for (sample, three) in new.iter_mut().zip(sound.as_chunks::<BANDS>().0) {
                *sample = (three[BANDS - 1 - phase] * FULL_SCALE).clamp(-FULL_SCALE, FULL_SCALE);
            }
            self.past[phase].copy_from_slice(&line[BAND_SAMPLES..]);
            line
        });
        let mut bands = [[0.0; BAND_SAMPLES]; BANDS];
        for filter in &FILTERS {
            let filtered = filter.run(&lines[filter.phase]);
            for (band, &share) in bands.iter_mut().zip(&filter.shares) {
                if share != 0.0 {
                    band.iter_mut().zip(&filtered).for_each(|(sum, sample)| *sum += share * sample);
                }
            }
        }
        bands
    }
}

/// From bands to their sound.
#[derive(Debug)]
pub struct Join {
    /// The end of what each filter got in the last step.
    past: [[f32; PAST]; FILTERS.len()],
}

impl Join {
    pub fn new() -> Self {
        Self { past: [[0.0; PAST]; FILTERS.len()] }
    }

    /// A millisecond ([`LATENCY`]) after it was split, the sound, in −1..1.
    pub fn run(&mut self, bands: &Bands) -> Step {
        let mut phases = [[0.0; BAND_SAMPLES]; BANDS];
        for (filter, past) in FILTERS.iter().zip(&mut self.past) {
            let mut line = [0.0; PAST + BAND_SAMPLES];
            line[..PAST].copy_from_slice(past);
            let [low, middle, high] = filter.shares;
            for (k, sample) in line[PAST..].iter_mut().enumerate() {
                *sample = low * bands[0][k] + middle * bands[1][k] + high * bands[2][k];
            }
            past.copy_from_slice(&line[BAND_SAMPLES..]);
            let filtered = filter.run(&line);
            phases[filter.phase].iter_mut().zip(&filtered).for_each(|(sum, sample)| *sum += sample);
        }
        let scale = BANDS as f32 / FULL_SCALE;
        let mut sound = [0.0; STEP_SAMPLES];
        for (k, three) in sound.as_chunks_mut::<BANDS>().0.iter_mut().enumerate() {
            for (sample, phase) in three.iter_mut().zip(&phases) {
                *sample = (scale * phase[k]).clamp(-1.0, 1.0);
            }
        }
        sound
    }
}

/// Fades from one to the other in the course of the step.
pub fn fade(from: &Bands, to: &mut Bands) {
    for (from, to) in from.iter().zip(to) {
        for (i, (old, new)) in from.iter().zip(to).enumerate() {
            *new = old + (*new - old) * (i as f32 / BAND_SAMPLES as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, step: usize) -> Step {
        std::array::from_fn(|i| {
            0.5 * ((step * STEP_SAMPLES + i) as f32 / 48_000.0 * hertz * std::f32::consts::TAU).sin()
        })
    }

    #[test]
    fn a_tone_lies_in_its_band() {
        for (hertz, band) in [(300.0, 0), (5_000.0, 0), (12_000.0, 1), (20_000.0, 2)] {
            let mut split = Split::new();
            let bands = (0..5).map(|step| split.run(&tone(hertz, step))).last().unwrap();
            let energy = bands.map(|band| band.iter().map(|s| s * s).sum::<f32>());
            let others: f32 = (0..BANDS).filter(|&other| other != band).map(|other| energy[other]).sum();
            assert!(energy[band] > 50.0 * others, "{hertz} Hz: {energy:?}");
        }
    }

    #[test]
    fn what_was_split_is_the_same_sound_when_it_is_joined_a_millisecond_later() {
        for hertz in [100.0, 500.0, 1_000.0, 3_400.0, 10_000.0] {
            let (mut split, mut join) = (Split::new(), Join::new());
            let heard: Vec<f32> = (0..5).flat_map(|step| join.run(&split.run(&tone(hertz, step)))).collect();
            let said: Vec<f32> = (0..5).flat_map(|step| tone(hertz, step)).collect();
            let off: f32 = (960..2_000).map(|i| (heard[i + LATENCY] - said[i]).powi(2)).sum();
            let all: f32 = said[960..2_000].iter().map(|s| s * s).sum();
            // The bank is made for little delay, and bends sound: WebRTC's comment says so too.
            assert!(off < 0.15 * all, "{hertz} Hz: {}", off / all);
            let louder: f32 = heard[960..2_000].iter().map(|s| s * s).sum::<f32>() / all;
            assert!((0.8..1.25).contains(&louder), "{hertz} Hz: {louder}");
        }
    }
}
