//! PESQ, by the Python package of that name.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Said and heard.
pub type Files = [PathBuf; 2];

/// Writes both as 16 bit at 48 kHz.
pub fn write(folder: &Path, stem: &str, said: &[f32], heard: &[f32]) -> Files {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    [("said", said), ("heard", heard)].map(|(name, sound)| {
        let path = folder.join(format!("{stem}-{name}.wav"));
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for sample in sound {
            writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).unwrap();
        }
        writer.finalize().unwrap();
        path
    })
}

/// The score of each pair, in their order.
pub fn pesq<'a>(pairs: impl Iterator<Item = &'a Files>) -> Vec<f64> {
    let output = Command::new(python())
        .args(["-c", SCRIPT])
        .args(pairs.flatten())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "the scorer fails");
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim().parse().unwrap()).collect()
}

/// Decimates to 16 kHz, aligns by cross-correlation, scores.
const SCRIPT: &str = "
import sys, wave, numpy
from pesq import pesq
taps = numpy.sinc(numpy.arange(-96, 97) / 3.2) * numpy.blackman(193); taps /= taps.sum()
def read(path):
    with wave.open(path) as file:
        sound = numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16).astype(numpy.float32)
    return numpy.convolve(sound, taps, 'same')[::3]
for said, heard in zip(sys.argv[1::2], sys.argv[2::2]):
    said, heard = read(said), read(heard)
    n = 1 << (len(said) + len(heard)).bit_length()
    lag = int(numpy.fft.irfft(numpy.fft.rfft(heard, n) * numpy.conj(numpy.fft.rfft(said, n)), n)[:len(heard)].argmax())
    heard = heard[lag:]
    length = min(len(said), len(heard))
    print(pesq(16000, said[:length], heard[:length], 'wb'))
";

fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("CARE4W_PYTHON") {
        return python.into();
    }
    let example = std::env::current_exe().unwrap();
    let target = example.ancestors().find(|it| it.ends_with("target")).expect("examples lie under target/");
    let python = target.join("tools/python/bin/python");
    assert!(python.is_file(), "{} is missing: `cargo xtask test` installs it", python.display());
    python
}
