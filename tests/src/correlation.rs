//! Finding a sound again in a recording.

use rustfft::{FftPlanner, num_complex::Complex64};

use crate::Sound;

/// Where a sound lies in a recording, and how much it is the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Samples from the recording's beginning to the sound's; negative when its beginning was cut off.
    pub offset: i64,
    /// Normalised correlation there: 1 the same wave, near 0 something else, −1 the wave upside down.
    pub similarity: f64,
}

impl Match {
    /// The offset in milliseconds, for sounds of `rate`.
    pub fn offset_ms(&self, rate: u32) -> f64 {
        self.offset as f64 * 1_000.0 / f64::from(rate)
    }
}

/// Finds where `sound` is most alike `recording`; both have the same rate. `None` when either is silent.
pub fn find(sound: &Sound, recording: &Sound) -> Option<Match> {
    assert_eq!(sound.rate, recording.rate, "sounds of different rates are not compared");
    let (needle, hay) = (&sound.samples, &recording.samples);
    let energy = sum_of_squares(needle);
    if energy < 1e-6 || sum_of_squares(hay) < 1e-6 {
        return None;
    }
    let size = (needle.len() + hay.len()).next_power_of_two();
    let mut planner = FftPlanner::new();
    let forward = planner.plan_fft_forward(size);
    let spectrum = |samples: &[f32]| {
        let mut values = vec![Complex64::default(); size];
        for (value, sample) in values.iter_mut().zip(samples) {
            value.re = f64::from(*sample);
        }
        forward.process(&mut values);
        values
    };
    let mut a = spectrum(hay);
    for (a, b) in a.iter_mut().zip(&spectrum(needle)) {
        *a *= b.conj();
    }
    planner.plan_fft_inverse(size).process(&mut a);

    // Energy of the recording before each sample, for the energy under the sound at each offset.
    let mut before = vec![0.0];
    before.extend(hay.iter().scan(0.0, |sum, &sample| {
        *sum += f64::from(sample).powi(2);
        Some(*sum)
    }));
    let loudest = before.last().copied().unwrap_or_default() / hay.len() as f64 * needle.len() as f64;
    let lowest = 1 - needle.len() as i64;
    (lowest..hay.len() as i64)
        .map(|offset| {
            let correlation = a[offset.rem_euclid(size as i64) as usize].re / size as f64;
            let begin = offset.max(0) as usize;
            let end = (offset + needle.len() as i64).clamp(0, hay.len() as i64) as usize;
            let under = before[end] - before[begin];
            // Where next to nothing is heard, chance would look like likeness.
            let under = under.max(loudest * 0.01);
            Match { offset, similarity: correlation / (energy * under).sqrt() }
        })
        .max_by(|a, b| a.similarity.total_cmp(&b.similarity))
}

fn sum_of_squares(samples: &[f32]) -> f64 {
    samples.iter().map(|&sample| f64::from(sample).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: u32 = 16_000;

    fn chirp() -> Sound {
        Sound::chirp(RATE, Duration::from_millis(200), 400.0, 3_000.0)
    }

    #[test]
    fn a_sound_is_found_to_the_sample_though_it_is_quieter() {
        let mut recording = Sound::silence(RATE, Duration::from_millis(500));
        for (index, sample) in chirp().samples.iter().enumerate() {
            recording.samples[1_234 + index] = 0.1 * sample;
        }
        let found = find(&chirp(), &recording).unwrap();
        assert_eq!(found.offset, 1_234);
        assert!(found.similarity > 0.99, "{found:?}");
    }

    #[test]
    fn a_sound_whose_beginning_is_cut_off_lies_before_the_recording() {
        let recording = chirp().from(Duration::from_millis(50)).then(&Sound::silence(RATE, Duration::from_secs(1)));
        assert_eq!(find(&chirp(), &recording).unwrap().offset, -800);
    }

    #[test]
    fn silence_matches_nothing() {
        assert_eq!(find(&chirp(), &Sound::silence(RATE, Duration::from_secs(1))), None);
    }

    #[test]
    fn another_sound_is_not_alike() {
        let other = Sound::chirp(RATE, Duration::from_millis(700), 5_000.0, 4_000.0);
        let found = find(&chirp(), &other).unwrap();
        assert!(found.similarity < 0.2, "{found:?}");
    }
}
