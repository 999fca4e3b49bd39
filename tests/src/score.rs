//! How well speech came through.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    Sound, binaries,
    correlation::{self, Match},
    speech::RATE,
};

/// Likeness from which two recordings are the same speech. Other words reach 0.1; a call through Opus with echo
/// cancellation, noise suppression and gain control stays above 0.5.
pub const SAME_SPEECH: f64 = 0.4;

/// Loudness below which nothing is heard, in dBFS.
pub const SILENCE_DBFS: f32 = -60.0;

/// Length of the pieces that are looked for one by one: a jitter buffer stretches and shrinks the pauses between them, so
/// that a whole speech may not lie at one offset.
const PIECE: Duration = Duration::from_secs(1);

/// Checks that `heard` contains `said`; fails, with what was found, on silence and on anything else.
pub fn same_speech(said: &Sound, heard: &Sound) -> Result<Match> {
    if heard.dbfs() < SILENCE_DBFS {
        bail!("silence was heard ({:.0} dBFS)", heard.dbfs());
    }
    let Some(found) = likeness(said, heard) else { bail!("silence was said") };
    if found.similarity < SAME_SPEECH {
        bail!("something else was heard: likeness {:.2} of at least {SAME_SPEECH}", found.similarity);
    }
    Ok(found)
}

/// Checks that nothing of `said` is in `heard`: it is silent, or other sound.
pub fn not_heard(said: &Sound, heard: &Sound) -> Result<()> {
    match likeness(said, heard) {
        Some(found) if heard.dbfs() > SILENCE_DBFS && found.similarity >= SAME_SPEECH => {
            bail!("it was heard: likeness {:.2}, {:.0} dBFS", found.similarity, heard.dbfs())
        }
        _ => Ok(()),
    }
}

/// Where `said` lies in `heard` as a whole, and the median likeness of its pieces. `None` when either is silent.
fn likeness(said: &Sound, heard: &Sound) -> Option<Match> {
    let (said, heard) = (said.at(RATE), heard.at(RATE));
    let whole = correlation::find(&said, &heard)?;
    let loudness = said.dbfs();
    let mut pieces: Vec<f64> = Vec::new();
    let mut begin = Duration::ZERO;
    while begin + PIECE <= said.length() {
        let piece = said.from(begin).first(PIECE);
        begin += PIECE;
        // A pause is alike to any other.
        if piece.dbfs() > loudness - 10.0 {
            pieces.push(correlation::find(&piece, &heard).map_or(0.0, |found| found.similarity));
        }
    }
    pieces.sort_by(f64::total_cmp);
    let median = pieces.get(pieces.len() / 2).copied().unwrap_or(whole.similarity);
    Some(Match { similarity: median.max(whole.similarity), ..whole })
}

/// Speech quality of `heard` against `said`: PESQ wide band (ITU-T P.862.2), 1 to 4.64.
///
/// The two are aligned first. `None` where the scorer is not installed (`cargo xtask test` installs it).
pub fn pesq(said: &Sound, heard: &Sound) -> Result<Option<f64>> {
    aligned_pesq(said, heard, same_speech(said, heard)?)
}

/// The same for a benchmark, which wants a figure also where so little came through that it may be other speech.
pub fn pesq_however_bad(said: &Sound, heard: &Sound) -> Result<Option<f64>> {
    aligned_pesq(said, heard, likeness(said, heard).context("silence was said or heard")?)
}

fn aligned_pesq(said: &Sound, heard: &Sound, found: Match) -> Result<Option<f64>> {
    let Some(python) = python()? else { return Ok(None) };
    let (said, heard) = (said.at(RATE), heard.at(RATE));
    let begin = usize::try_from(found.offset).unwrap_or(0);
    let cut = usize::try_from(-found.offset).unwrap_or(0);
    let length = (said.samples.len() - cut).min(heard.samples.len() - begin);
    let folder = tempfile::tempdir()?;
    let (reference, degraded) = (folder.path().join("said.wav"), folder.path().join("heard.wav"));
    Sound { rate: RATE, samples: said.samples[cut..cut + length].to_vec() }.write(&reference)?;
    Sound { rate: RATE, samples: heard.samples[begin..begin + length].to_vec() }.write(&degraded)?;
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .args([&reference, &degraded])
        .stdin(Stdio::null())
        .output()
        .context("the scorer does not start")?;
    if !output.status.success() {
        bail!("the scorer fails: {}", String::from_utf8_lossy(&output.stderr));
    }
    let score = String::from_utf8_lossy(&output.stdout).trim().parse().context("the scorer gives no number")?;
    Ok(Some(score))
}

const SCRIPT: &str = "
import sys, wave, numpy
from pesq import pesq
def read(path):
    with wave.open(path) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16).astype(numpy.float32)
print(pesq(16000, read(sys.argv[1]), read(sys.argv[2]), 'wb'))
";

/// The Python that has the scorer: `CARE4W_PYTHON`, or the one that xtask makes under `target/`.
fn python() -> Result<Option<PathBuf>> {
    if let Some(python) = std::env::var_os("CARE4W_PYTHON") {
        return Ok(Some(python.into()));
    }
    let target = binaries::folder()?.parent().context("binaries lie in a profile's folder")?.to_owned();
    let python = target.join("tools/python/bin/python");
    Ok(python.is_file().then_some(python))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Sound {
        Sound::chirp(RATE, Duration::from_secs(1), 300.0, 3_000.0)
    }

    #[test]
    fn silence_is_not_the_same_speech() {
        let error = same_speech(&said(), &Sound::silence(RATE, Duration::from_secs(2))).unwrap_err();
        assert!(error.to_string().contains("silence"), "{error}");
    }

    #[test]
    fn other_sound_is_not_the_same_speech() {
        let other = Sound::chirp(RATE, Duration::from_secs(2), 6_000.0, 4_000.0);
        assert!(same_speech(&said(), &other).is_err());
        assert!(not_heard(&said(), &other).is_ok());
    }

    #[test]
    fn the_same_sound_at_another_rate_and_later_is_the_same_speech() {
        let late = Sound::silence(48_000, Duration::from_millis(130));
        let heard = late.then(&Sound::chirp(48_000, Duration::from_secs(1), 300.0, 3_000.0));
        let found = same_speech(&said(), &heard).unwrap();
        assert!((found.offset_ms(RATE) - 130.0).abs() < 1.0, "{found:?}");
        assert!(not_heard(&said(), &heard).is_err());
    }
}
