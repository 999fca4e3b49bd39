use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use hound::{SampleFormat, WavSpec};

use super::reader::file_error;
use crate::OpenAudioError;
use crate::defaults::SAMPLE_RATE;

/// A recording, 48 kHz mono 16 bit. Its header is brought up to date every second and at the end, so that it is a WAV
/// file whenever the process ends.
pub struct WavWriter {
    file: hound::WavWriter<BufWriter<File>>,
    since_flush: usize,
    failed: bool,
}

impl std::fmt::Debug for WavWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavWriter").finish_non_exhaustive()
    }
}

impl WavWriter {
    /// Makes the file, or empties it.
    pub fn create(path: &Path) -> Result<Self, OpenAudioError> {
        let spec =
            WavSpec { channels: 1, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let failed = |error: hound::Error| match error {
            hound::Error::IoError(error) => file_error(path, &error),
            other => OpenAudioError::FileFailed { path: path.display().to_string(), reason: other.to_string() },
        };
        let mut file = hound::WavWriter::create(path, spec).map_err(failed)?;
        // Also a call that ends at once leaves a WAV file.
        file.flush().map_err(failed)?;
        Ok(Self { file, since_flush: 0, failed: false })
    }

    /// Appends samples in −1..1. `false` when the file takes no more, said once.
    pub fn write(&mut self, sound: &[f32]) -> bool {
        if self.failed {
            return true;
        }
        let mut result = Ok(());
        for sample in sound {
            let value = (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
            result = result.and_then(|()| self.file.write_sample(value));
        }
        self.since_flush += sound.len();
        if self.since_flush >= SAMPLE_RATE as usize {
            self.since_flush = 0;
            result = result.and_then(|()| self.file.flush());
        }
        self.failed = result.is_err();
        !self.failed
    }
}
