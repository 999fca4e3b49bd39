//! How well speech came through.

use std::{
    path::{Path, PathBuf},
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

/// The same for a benchmark, which wants figures also where so little came through that it may be other speech: PESQ, and
/// what PLCMOS says of `heard` alone, 1 to 5.
///
/// PLCMOS (Microsoft's model of how people judge concealed losses) is `None` where its own environment is not installed
/// (`cargo xtask bench sound` installs it).
pub fn however_bad(said: &Sound, heard: &Sound) -> Result<(Option<f64>, Option<f64>)> {
    let found = likeness(said, heard).context("silence was said or heard")?;
    let plcmos = match python("CARE4W_PYTHON_PLCMOS", "python-plcmos")? {
        Some(python) => Some(ask(&python, PLCMOS, &[&aligned(said, heard, found).1])?),
        None => None,
    };
    Ok((aligned_pesq(said, heard, found)?, plcmos))
}

fn aligned_pesq(said: &Sound, heard: &Sound, found: Match) -> Result<Option<f64>> {
    let Some(python) = python("CARE4W_PYTHON", "python")? else { return Ok(None) };
    let (said, heard) = aligned(said, heard, found);
    ask(&python, PESQ, &[&said, &heard]).map(Some)
}

/// What both have in common, from the place where the one was found in the other.
fn aligned(said: &Sound, heard: &Sound, found: Match) -> (Sound, Sound) {
    let (said, heard) = (said.at(RATE), heard.at(RATE));
    let begin = usize::try_from(found.offset).unwrap_or(0);
    let cut = usize::try_from(-found.offset).unwrap_or(0);
    let length = (said.samples.len() - cut).min(heard.samples.len() - begin);
    let part = |sound: &Sound, from: usize| Sound { rate: RATE, samples: sound.samples[from..from + length].to_vec() };
    (part(&said, cut), part(&heard, begin))
}

/// What a scorer makes of these sounds.
fn ask(python: &Path, script: &str, sounds: &[&Sound]) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut scorer = Command::new(python);
    scorer.args(["-c", script]).stdin(Stdio::null());
    for (index, sound) in sounds.iter().enumerate() {
        let file = folder.path().join(format!("{index}.wav"));
        sound.write(&file)?;
        scorer.arg(file);
    }
    let output = scorer.output().context("the scorer does not start")?;
    if !output.status.success() {
        bail!("the scorer fails: {}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().context("the scorer gives no number")
}

const PESQ: &str = "
import sys, wave, numpy
from pesq import pesq
def read(path):
    with wave.open(path) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16).astype(numpy.float32)
print(pesq(16000, read(sys.argv[1]), read(sys.argv[2]), 'wb'))
";

/// The model asks fifteen raters that are drawn by chance: the same ones each time.
const PLCMOS: &str = "
import sys, wave, numpy
from speechmos import plcmos
numpy.random.seed(0)
with wave.open(sys.argv[1]) as file:
    heard = numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16).astype(numpy.float32) / 32768
print(plcmos.run(heard, sr=16000)['plcmos'])
";

/// The Python that has a scorer: what this variable names, or the one that xtask makes under `target/tools`.
fn python(variable: &str, environment: &str) -> Result<Option<PathBuf>> {
    if let Some(python) = std::env::var_os(variable) {
        return Ok(Some(python.into()));
    }
    let target = binaries::folder()?.parent().context("binaries lie in a profile's folder")?.to_owned();
    let python = target.join("tools").join(environment).join("bin/python");
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
