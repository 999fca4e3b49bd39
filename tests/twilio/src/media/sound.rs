//! Sound that is played to a caller, and what was recorded of one.

use std::path::Path;

use super::codec::resample;

/// Mono sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    /// In Hz.
    pub rate: u32,
    /// 16 bit.
    pub samples: Vec<i16>,
}

impl Sound {
    /// Reads a WAV file; of several channels the first.
    pub fn read(file: &Path) -> Result<Self, hound::Error> {
        let mut wav = hound::WavReader::open(file)?;
        let spec = wav.spec();
        let channels = usize::from(spec.channels.max(1));
        let samples: Result<Vec<i16>, _> = match spec.sample_format {
            #[allow(clippy::cast_possible_truncation)]
            hound::SampleFormat::Float => wav
                .samples::<f32>()
                .step_by(channels)
                .map(|sample| sample.map(|sample| (sample * 32_767.0).clamp(-32_768.0, 32_767.0) as i16))
                .collect(),
            hound::SampleFormat::Int => wav.samples::<i16>().step_by(channels).collect(),
        };
        Ok(Self { rate: spec.sample_rate, samples: samples? })
    }

    /// Writes a WAV file.
    pub fn write(&self, file: &Path) -> Result<(), hound::Error> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: self.rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(file, spec)?;
        for sample in &self.samples {
            wav.write_sample(*sample)?;
        }
        wav.finalize()
    }

    /// The same at another rate.
    #[must_use]
    pub fn at(&self, rate: u32) -> Self {
        Self { rate, samples: resample(&self.samples, self.rate, rate) }
    }

    /// A tone, such as a test can tell from another.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)]
    pub fn tone(hertz: f64, milliseconds: u32) -> Self {
        let rate = 16_000;
        let step = 2.0 * std::f64::consts::PI * hertz / f64::from(rate);
        let samples = (0..rate / 1_000 * milliseconds).map(|n| ((f64::from(n) * step).sin() * 8_000.0) as i16);
        Self { rate, samples: samples.collect() }
    }

    /// How much of `hertz` is in it, as part of its whole energy: near 1 for that tone, near 0 for others and for silence.
    /// Pauses and leaps do not count against it.
    #[must_use]
    pub fn purity(&self, hertz: f64) -> f64 {
        const PIECES_A_SECOND: usize = 20;
        let step = 2.0 * std::f64::consts::PI * hertz / f64::from(self.rate.max(1));
        let (mut likeness, mut whole) = (0.0, 0.0);
        for piece in self.samples.chunks((self.rate as usize / PIECES_A_SECOND).max(1)) {
            let (mut real, mut imaginary, mut energy, mut at, mut count) = (0.0, 0.0, 0.0, 0.0_f64, 0.0);
            for sample in piece {
                let value = f64::from(*sample);
                real += value * at.cos();
                imaginary += value * at.sin();
                energy += value * value;
                at += step;
                count += 1.0;
            }
            likeness += 2.0 * (real * real + imaginary * imaginary) / count;
            whole += energy;
        }
        if whole < 1.0 { 0.0 } else { likeness / whole }
    }

    /// Whether nothing is heard in it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.samples.iter().all(|sample| sample.unsigned_abs() < 40)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_told_from_another_and_from_silence() {
        let tone = Sound::tone(440.0, 500);
        assert!(tone.purity(440.0) > 0.9 && tone.purity(700.0) < 0.1 && !tone.is_silent());
        let silence = Sound { rate: 8_000, samples: vec![0; 800] };
        assert!(silence.is_silent() && silence.purity(440.0) < 0.1);
    }
}
