//! Mouth to ear through virtual sound cards, beside the floor: the same cards and sound library with nothing between.
//! And what one end of a call takes of the machine while it talks.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result};
use care4w_tests::{
    Process, Sound, SoundServer, binaries, correlation, resources,
    sound_server::{RATE, Recording},
    speech::Speech,
    wait,
};

use super::{Figure, Figures, or_said, peers::Peer};

const CHIRPS: usize = 12;
/// From one chirp to the next. Longer than any delay that is worth measuring.
const INTERVAL: Duration = Duration::from_millis(800);
const CHIRP: Duration = Duration::from_millis(120);
/// How long a call goes on before it is measured: echo canceller and jitter buffer have settled.
const SETTLING: Duration = Duration::from_secs(3);
/// How long a call's cost is measured (NUMBERS: 60 s).
const COSTING: Duration = Duration::from_secs(60);

pub fn measure(quick: bool) -> Result<Figures> {
    let folder = tempfile::tempdir()?;
    let chirps = folder.path().join("chirps.wav");
    (0..CHIRPS)
        .fold(Sound::silence(RATE, Duration::from_millis(300)), |sound, _| sound.then(&chirp()).then(&pause()))
        .write(&chirps)?;
    let floor = {
        let sound = SoundServer::start(&["a", "b"])?;
        let _pipe = pipe(&sound)?;
        delays(&sound, &chirps)?
    };
    let mut figures = vec![Figure::ms("mouth to ear, floor (capture to playback, nothing between)", floor)];
    for peer in [Peer::Ours, Peer::OursShort, Peer::Chromium, Peer::Baresip] {
        let own = folder.path().join(peer.name());
        figures.extend(or_said(peer.name(), of_peer(peer, &own, &chirps, quick)).into_iter().flatten());
    }
    Ok(figures)
}

fn of_peer(peer: Peer, folder: &Path, chirps: &Path, quick: bool) -> Result<Figures> {
    let name = peer.name();
    let sound = SoundServer::start(&["a", "b"])?;
    // A virtual card that was just made stalls for up to 2 s: that is no part of a call.
    for card in ["a", "b"] {
        sound.listen_to_microphone(card)?;
        sound.listen(card)?;
    }
    let ends = peer.call(&sound, folder)?;
    sound.listen("b")?.next(SETTLING)?;
    let delays = delays(&sound, chirps)?;
    // An end costs least while nobody speaks: here both do, at once, as long as it is looked at.
    let length = if quick { COSTING / 6 } else { COSTING };
    let _talking =
        [talk(&sound, folder, "a", Speech::Caller, length)?, talk(&sound, folder, "b", Speech::Callee, length)?];
    let (processor, clock) = (resources::cpu_time(ends.caller)?, sound.listen("a")?);
    let begin = clock.length()?;
    clock.next(length)?;
    let took = clock.length()?.saturating_sub(begin).as_secs_f64();
    let used = resources::cpu_time(ends.caller)?.saturating_sub(processor).as_secs_f64();
    let memory = resources::memory(ends.caller)? as f64 / 1_048_576.0;
    let mut figures = vec![
        Figure::ms(format!("mouth to ear, {name}"), delays),
        Figure::one(format!("an end of a call, {name}: processor, of one core"), "%", used / took * 100.0),
        Figure::one(format!("an end of a call, {name}: memory (PSS)"), "MiB", memory),
    ];
    let set_up =
        ends.set_up_ms.map(|ms| Figure::one(format!("answer to sound or connection, loopback, {name}"), "ms", ms));
    figures.extend(set_up);
    Ok(figures)
}

/// Somebody who speaks into the microphone of `name` for so long and a little longer.
fn talk(sound: &SoundServer, folder: &Path, name: &str, speech: Speech, length: Duration) -> Result<Process> {
    let said = speech.sound()?;
    let mut all = said.clone();
    while all.length() < length + SETTLING {
        all = all.then(&said);
    }
    let file = folder.join(format!("{name}-talk.wav"));
    all.write(&file)?;
    sound.speak(name, &file)
}

fn chirp() -> Sound {
    Sound::chirp(RATE, CHIRP, 500.0, 3_000.0)
}

fn pause() -> Sound {
    Sound::silence(RATE, INTERVAL - CHIRP)
}

/// Capture straight to playback through the same sound library as a call's: an example of `care4w-audio`.
fn pipe(sound: &SoundServer) -> Result<Process> {
    let mut floor = std::process::Command::new(binaries::folder()?.join("examples/loop_latency"));
    floor.args(["floor", &SoundServer::microphone_id("a"), &SoundServer::speaker_id("b"), "60"]);
    floor.envs(sound.environment()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let process = Process::start("loop_latency", &mut floor)?;
    wait::until(Duration::from_secs(10), "capture and playback to be open", || {
        let streams = sound.streams()?;
        Ok((streams.recording > 0 && streams.playing > 0).then_some(()))
    })?;
    Ok(process)
}

/// Plays the chirps into A's microphone; how long after that each comes out of B's speaker, in milliseconds.
fn delays(sound: &SoundServer, chirps: &Path) -> Result<Vec<f64>> {
    let said = sound.listen_to_microphone("a")?;
    let heard = sound.listen("b")?;
    let mut playing = sound.speak("a", chirps)?;
    let skew = skew(&said, &heard)?;
    playing.wait_for_end(Duration::from_secs(60))?;
    heard.next(INTERVAL)?;

    let (said, heard) = (said.so_far()?, heard.so_far()?);
    // The whole row first, for where it begins; then each chirp near where it must be.
    let row = Sound::read(chirps)?;
    let begin = correlation::find(&row, &said).context("the microphone picked nothing up")?.offset_ms(RATE);
    let mut delays = Vec::new();
    for index in 0..CHIRPS {
        let at = begin + 300.0 + INTERVAL.as_secs_f64() * 1_000.0 * index as f64;
        let from = Duration::from_secs_f64((at - skew - 50.0).max(0.0) / 1_000.0);
        let window = heard.from(from).first(INTERVAL);
        let Some(found) = correlation::find(&chirp(), &window).filter(|found| found.similarity > 0.3) else { continue };
        delays.push(from.as_secs_f64() * 1_000.0 + found.offset_ms(RATE) + skew - at);
    }
    anyhow::ensure!(!delays.is_empty(), "no chirp came out of the speaker");
    Ok(delays)
}

/// How much later, in milliseconds, `heard` began than `said`.
///
/// Both grow by one sound server's clock in pieces of about 10 ms. At any one moment their lengths differ by when they
/// began, give or take a piece, and the mean of many looks is off by well under a millisecond.
fn skew(said: &Recording, heard: &Recording) -> Result<f64> {
    const LOOKS: usize = 300;
    let mut differences = Vec::with_capacity(LOOKS);
    wait::until(Duration::from_secs(30), "recordings to be compared", || {
        differences.push((said.length()?.as_secs_f64() - heard.length()?.as_secs_f64()) * 1_000.0);
        Ok((differences.len() >= LOOKS).then_some(()))
    })?;
    Ok(differences.iter().sum::<f64>() / differences.len() as f64)
}
