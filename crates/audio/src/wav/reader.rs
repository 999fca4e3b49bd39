use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use hound::SampleFormat;

use crate::OpenAudioError;
use crate::defaults::{FILE_TAPS, SAMPLE_RATE};
use crate::resample::Resampler;

/// How many frames are read from the file at a time.
const BLOCK_FRAMES: usize = 1_024;

/// A WAV file as 48 kHz mono, read as it is played. 8–32 bit integers and 32 bit floats, any rate, channels averaged.
pub struct WavReader {
    file: hound::WavReader<BufReader<File>>,
    resampler: Resampler,
    ready: Vec<f32>,
    block: Vec<f32>,
    ended: bool,
}

impl std::fmt::Debug for WavReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavReader").finish_non_exhaustive()
    }
}

impl WavReader {
    /// Opens the file and reads its header.
    pub fn open(path: &Path) -> Result<Self, OpenAudioError> {
        let invalid = |reason: String| OpenAudioError::InvalidWav { path: path.display().to_string(), reason };
        let file = File::open(path).map_err(|error| file_error(path, &error))?;
        if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(invalid("it is not a file".to_owned()));
        }
        let file = hound::WavReader::new(BufReader::new(file)).map_err(|error| invalid(error.to_string()))?;
        let spec = file.spec();
        let readable = match spec.sample_format {
            SampleFormat::Int => matches!(spec.bits_per_sample, 8 | 16 | 24 | 32),
            SampleFormat::Float => spec.bits_per_sample == 32,
        };
        if !readable {
            return Err(invalid(format!("{} bits a sample", spec.bits_per_sample)));
        }
        if spec.channels == 0 || spec.channels > 32 {
            return Err(invalid(format!("{} channels", spec.channels)));
        }
        let resampler = Resampler::new(spec.sample_rate, SAMPLE_RATE, FILE_TAPS)
            .ok_or_else(|| invalid(format!("{} samples a second", spec.sample_rate)))?;
        Ok(Self { file, resampler, ready: Vec::new(), block: Vec::new(), ended: false })
    }

    /// Fills `out`; after the end, and from a damaged place on, with silence.
    pub fn read(&mut self, out: &mut [f32]) {
        while self.ready.len() < out.len() && !self.ended {
            self.read_block();
        }
        let have = self.ready.len().min(out.len());
        out[..have].copy_from_slice(&self.ready[..have]);
        out[have..].fill(0.0);
        self.ready.drain(..have);
    }

    fn read_block(&mut self) {
        let spec = self.file.spec();
        let channels = usize::from(spec.channels);
        self.block.clear();
        let samples = BLOCK_FRAMES * channels;
        match spec.sample_format {
            SampleFormat::Float => {
                self.block.extend(self.file.samples::<f32>().take(samples).map_while(Result::ok));
            }
            SampleFormat::Int => {
                let scale = 1.0 / (1u64 << (spec.bits_per_sample - 1)) as f32;
                let read = self.file.samples::<i32>().take(samples).map_while(Result::ok);
                self.block.extend(read.map(|sample| sample as f32 * scale));
            }
        }
        let frames = self.block.len() / channels;
        for frame in 0..frames {
            let sum: f32 = self.block[frame * channels..][..channels].iter().sum();
            let mono = sum / channels as f32;
            self.block[frame] = if mono.is_finite() { mono.clamp(-1.0, 1.0) } else { 0.0 };
        }
        self.resampler.push(&self.block[..frames], &mut self.ready);
        if frames < BLOCK_FRAMES {
            self.ended = true;
            self.resampler.finish(&mut self.ready);
        }
    }
}

pub(super) fn file_error(path: &Path, error: &std::io::Error) -> OpenAudioError {
    let path = path.display().to_string();
    match error.kind() {
        ErrorKind::NotFound => OpenAudioError::FileNotFound { path },
        _ => OpenAudioError::FileFailed { path, reason: error.to_string() },
    }
}
