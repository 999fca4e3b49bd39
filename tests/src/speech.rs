//! Human speech to call with: telephone prompts of Debian's `asterisk-core-sounds-en-g722`, 16 kHz.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{Sound, binaries};

/// Rate of the speech, in Hz.
pub const RATE: u32 = 16_000;

const PROMPTS: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";

/// Something that a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// What the one who calls says in the tests (9 s).
    Caller,
    /// What the one who is called says, other words (7.7 s).
    Callee,
}

impl Speech {
    fn prompt(self) -> &'static str {
        match self {
            Self::Caller => "tt-allbusy",
            Self::Callee => "vm-review",
        }
    }

    /// The speech as a WAV file, decoded once and kept.
    pub fn file(self) -> Result<PathBuf> {
        let file = binaries::output_folder("speech")?.join(format!("{}.wav", self.prompt()));
        if !file.is_file() {
            decode(&Path::new(PROMPTS).join(self.prompt()).with_extension("g722"), &file)?;
        }
        Ok(file)
    }

    /// The speech itself.
    pub fn sound(self) -> Result<Sound> {
        Sound::read(&self.file()?)
    }
}

/// Decodes beside the goal and renames, so that no other test ever reads half a file.
fn decode(prompt: &Path, file: &Path) -> Result<()> {
    if !prompt.is_file() {
        bail!("{} is missing (package asterisk-core-sounds-en-g722)", prompt.display());
    }
    let half = file.with_extension(format!("{}.wav", std::process::id()));
    let status = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-y", "-f", "g722", "-i"])
        .arg(prompt)
        .args(["-ac", "1", "-ar", &RATE.to_string()])
        .arg(&half)
        .stdin(Stdio::null())
        .status()
        .context("ffmpeg does not start")?;
    if !status.success() {
        bail!("ffmpeg does not decode {}", prompt.display());
    }
    Ok(std::fs::rename(half, file)?)
}
