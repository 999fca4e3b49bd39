//! Human speech: prompts of Debian's `asterisk-core-sounds-en-g722`.

use std::path::Path;
use std::process::Command;

use care4w_audio::parts::WavReader;

const FOLDER: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";
const PROMPTS: [&str; 3] = ["tt-allbusy", "vm-review", "demo-moreinfo"];
/// So much of each, in seconds.
const MOST: usize = 10;

/// Three prompts at 48 kHz, so many quiet milliseconds before each.
pub fn prompts(quiet: usize) -> Vec<Vec<f32>> {
    let folder = tempfile::tempdir().unwrap();
    PROMPTS
        .iter()
        .map(|prompt| {
            let file = folder.path().join("speech.wav");
            let source = Path::new(FOLDER).join(prompt).with_extension("g722");
            assert!(source.is_file(), "{} is missing (package asterisk-core-sounds-en-g722)", source.display());
            let status = Command::new("ffmpeg")
                .args(["-loglevel", "error", "-y", "-f", "g722", "-i"])
                .arg(&source)
                .args(["-ac", "1", "-ar", "16000"])
                .arg(&file)
                .status()
                .expect("ffmpeg starts");
            assert!(status.success(), "ffmpeg decodes {prompt}");
            let samples = hound::WavReader::open(&file).unwrap().duration() as usize * 3;
            let mut speech = vec![0.0; 48 * quiet + samples.min(MOST * 48_000) / 960 * 960];
            WavReader::open(&file).unwrap().read(&mut speech[48 * quiet..]);
            speech
        })
        .collect()
}

/// All of them one after the other, twice.
pub fn joined(prompts: &[Vec<f32>]) -> Vec<f32> {
    prompts.iter().chain(prompts).flatten().copied().collect()
}
