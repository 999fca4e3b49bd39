//! Sound in memory, and as WAV files.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};

/// One channel of sound; full scale is ±1.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

impl Sound {
    /// Reads a WAV file; several channels are averaged.
    pub fn read(file: &Path) -> Result<Self> {
        let mut reader = hound::WavReader::open(file).with_context(|| format!("{} is no WAV file", file.display()))?;
        let spec = reader.spec();
        let flat: Vec<f32> = match spec.sample_format {
            hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>()?,
            hound::SampleFormat::Int => {
                let scale = 1.0 / (1_u32 << (spec.bits_per_sample - 1)) as f32;
                reader.samples::<i32>().map(|sample| Ok(sample? as f32 * scale)).collect::<Result<_, hound::Error>>()?
            }
        };
        let channels = usize::from(spec.channels.max(1));
        let samples = flat.chunks(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
        Ok(Self { rate: spec.sample_rate, samples })
    }

    /// Writes it as a WAV file, 16 bit mono.
    pub fn write(&self, file: &Path) -> Result<()> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: self.rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(file, spec)?;
        for sample in &self.samples {
            writer.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)?;
        }
        Ok(writer.finalize()?)
    }

    /// Silence.
    pub fn silence(rate: u32, length: Duration) -> Self {
        Self { rate, samples: vec![0.0; samples(length, rate)] }
    }

    /// A sweep from `from` to `to` Hz, faded in and out, at half of full scale: easy to find again to the sample.
    pub fn chirp(rate: u32, length: Duration, from: f32, to: f32) -> Self {
        let count = samples(length, rate);
        let seconds = length.as_secs_f32();
        let sample = |index: usize| {
            let time = index as f32 / rate as f32;
            let phase = std::f32::consts::TAU * (from + (to - from) * time / (2.0 * seconds)) * time;
            let fade = (std::f32::consts::PI * index as f32 / count as f32).sin();
            0.5 * fade * phase.sin()
        };
        Self { rate, samples: (0..count).map(sample).collect() }
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate))
    }

    /// The part that begins at `begin`.
    pub fn from(&self, begin: Duration) -> Self {
        let begin = samples(begin, self.rate).min(self.samples.len());
        Self { rate: self.rate, samples: self.samples[begin..].to_vec() }
    }

    /// The first `length` of it.
    pub fn first(&self, length: Duration) -> Self {
        let end = samples(length, self.rate).min(self.samples.len());
        Self { rate: self.rate, samples: self.samples[..end].to_vec() }
    }

    /// This and then `next`, which has the same rate.
    pub fn then(mut self, next: &Self) -> Self {
        assert_eq!(self.rate, next.rate, "sounds of different rates are not joined");
        self.samples.extend_from_slice(&next.samples);
        self
    }

    /// Loudness (root mean square) in decibels below full scale; −120 for silence.
    pub fn dbfs(&self) -> f32 {
        let power: f64 = self.samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        let mean = power / self.samples.len().max(1) as f64;
        (10.0 * mean.max(1e-12).log10()) as f32
    }

    /// At another rate. The higher rate is a multiple of the lower one, or near it; good enough to compare, not to listen to.
    pub fn at(&self, rate: u32) -> Self {
        if rate == self.rate {
            return self.clone();
        }
        let step = f64::from(self.rate) / f64::from(rate);
        // Each new sample is the mean of the old ones that it covers: a plain low pass against aliases.
        let half = (step / 2.0).max(0.5);
        let count = (self.samples.len() as f64 / step) as usize;
        let sample = |index: usize| {
            let centre = (index as f64 + 0.5) * step;
            let begin = (centre - half).round().max(0.0) as usize;
            let end = ((centre + half).round() as usize).clamp(begin + 1, self.samples.len().max(begin + 1));
            let piece = self.samples.get(begin..end).unwrap_or_default();
            piece.iter().sum::<f32>() / piece.len().max(1) as f32
        };
        Self { rate, samples: (0..count).map(sample).collect() }
    }
}

fn samples(length: Duration, rate: u32) -> usize {
    (length.as_secs_f64() * f64::from(rate)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chirp.wav");
        let chirp = Sound::chirp(16_000, Duration::from_millis(100), 300.0, 3_000.0);
        chirp.write(&file).unwrap();
        let again = Sound::read(&file).unwrap();
        assert_eq!(again.rate, 16_000);
        let worst = chirp.samples.iter().zip(&again.samples).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{worst}");
    }

    #[test]
    fn a_third_of_the_rate_keeps_the_length_and_the_loudness_of_speech_frequencies() {
        let chirp = Sound::chirp(48_000, Duration::from_millis(500), 300.0, 2_000.0);
        let slower = chirp.at(16_000);
        assert_eq!(slower.samples.len(), 8_000);
        assert!((slower.dbfs() - chirp.dbfs()).abs() < 0.5, "{} {}", slower.dbfs(), chirp.dbfs());
    }
}
