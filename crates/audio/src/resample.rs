use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
};

/// Changes the rate of mono sound, piece by piece. Equal rates pass through.
pub struct Resampler {
    inner: Option<Async<f32>>,
    pending: Vec<f32>,
    made: Vec<f32>,
    /// Samples at the head that are only the filter's run-up.
    skip: usize,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("passes", &self.inner.is_none()).finish_non_exhaustive()
    }
}

impl Resampler {
    /// From and to in Hz. `None` for rates out of 1 000–768 000. `taps` is the filter's length: half of it is delay,
    /// and the more of it there is, the nearer to half the lower rate the sound stays whole.
    pub fn new(from: u32, to: u32, taps: usize) -> Option<Self> {
        let sane = 1_000..=768_000;
        if !sane.contains(&from) || !sane.contains(&to) {
            return None;
        }
        if from == to {
            return Some(Self { inner: None, pending: Vec::new(), made: Vec::new(), skip: 0 });
        }
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::BlackmanHarris2)
            .interpolation(SincInterpolationType::Cubic)
            .oversampling_factor(128);
        let chunk = (from / 200).max(1) as usize;
        let inner =
            Async::new_sinc(f64::from(to) / f64::from(from), 1.1, &parameters, chunk, 1, FixedAsync::Input).ok()?;
        let made = vec![0.0; inner.output_frames_max()];
        let skip = inner.output_delay();
        Some(Self { inner: Some(inner), pending: Vec::new(), made, skip })
    }

    /// Appends what `input` becomes to `out`; up to 5 ms wait for the next piece.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        if self.inner.is_none() {
            out.extend_from_slice(input);
            return;
        }
        self.pending.extend_from_slice(input);
        while self.inner.as_ref().is_some_and(|inner| self.pending.len() >= inner.input_frames_next()) {
            self.run(None, out);
        }
    }

    /// Appends what still waits. Nothing may be pushed after it.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        if self.inner.is_some() {
            let left = self.pending.len();
            self.run(Some(left), out);
            self.run(Some(0), out);
        }
    }

    fn run(&mut self, partial: Option<usize>, out: &mut Vec<f32>) {
        let Some(inner) = &mut self.inner else {
            return;
        };
        let needed = inner.input_frames_next();
        if partial.is_some() {
            self.pending.resize(needed, 0.0);
        }
        let room = self.made.len();
        let indexing = Indexing { partial_len: partial, ..Indexing::default() };
        let made = match (
            SequentialSlice::new(&self.pending[..needed], 1, needed),
            SequentialSlice::new_mut(&mut self.made, 1, room),
        ) {
            (Ok(input), Ok(mut output)) => {
                inner.process_into_buffer(&input, &mut output, Some(&indexing)).map_or(0, |(_, made)| made)
            }
            _ => 0,
        };
        self.pending.drain(..needed);
        let skipped = self.skip.min(made);
        self.skip -= skipped;
        out.extend_from_slice(&self.made[skipped..made]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(from: u32, to: u32) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to, 64).unwrap();
        let tone: Vec<f32> =
            (0..from).map(|i| (i as f32 / from as f32 * 1_000.0 * std::f32::consts::TAU).sin()).collect();
        let mut out = Vec::new();
        for piece in tone.chunks(333) {
            resampler.push(piece, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    #[test]
    fn a_tone_keeps_its_pitch_level_and_place() {
        for from in [8_000, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let out = through(from, 48_000);
            assert!(out.len() >= 47_900, "{from} Hz: one second stays one second, not {}", out.len());
            let error = (1_000..40_000)
                .map(|i| {
                    let wanted = (i as f32 / 48.0 * std::f32::consts::TAU).sin();
                    (out[i] - wanted).abs()
                })
                .fold(0.0, f32::max);
            // One sample late is 0.13 off at 1 kHz.
            assert!(error < 0.15, "{from} Hz: off by {error}");
        }
    }

    #[test]
    fn mad_rates_are_refused() {
        assert!(Resampler::new(0, 48_000, 64).is_none());
        assert!(Resampler::new(u32::MAX, 48_000, 64).is_none());
    }
}
