use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use super::*;
use crate::Direction;
use crate::card::fake::FakeHost;
use crate::card::{OnLost, Waker};
use crate::defaults::SAMPLE_RATE;

#[path = "call_audio_dtx_tests.rs"]
mod dtx;

/// Waits until something holds; the time only bounds a failing test.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "in vain: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// How often devices are looked at in tests.
const QUICKLY: Duration = Duration::from_millis(1);

type Peer = Arc<OnceLock<Weak<CallAudio>>>;

/// Sends frames to a peer as RTP, but for those that `lost` says are lost.
fn wire(peer: Peer, lost: impl Fn(u16) -> bool + Send + 'static) -> Box<dyn FnMut(EncodedFrame) + Send> {
    let (mut sequence, mut timestamp) = (65_530u16, u32::MAX - 5_000);
    Box::new(move |frame| {
        let packet = RtpAudio { sequence, timestamp, payload: frame.payload, arrived: Instant::now() };
        if let Some(peer) = peer.get().and_then(Weak::upgrade)
            && !lost(sequence)
        {
            peer.receive(packet);
        }
        sequence = sequence.wrapping_add(1);
        timestamp = timestamp.wrapping_add(frame.samples);
    })
}

fn config(microphone: DeviceSelector, speaker: DeviceSelector) -> CallAudioConfig {
    CallAudioConfig { microphone, speaker, processing: Processing::OFF, ..CallAudioConfig::default() }
}

/// Two seconds of a tone that comes and goes, in a WAV file.
fn speak(path: &Path, rate: u32, hz: f32) {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..2 * rate {
        let t = i as f32 / rate as f32;
        let tau = std::f32::consts::TAU;
        let sample = (t * hz * tau).sin() * (1.0 + (t * 4.0 * tau).sin()) * 6_000.0;
        writer.write_sample(sample as i16).unwrap();
    }
    writer.finalize().unwrap();
}

fn recorded(path: &Path) -> Vec<f32> {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.spec().sample_rate, SAMPLE_RATE);
    reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect()
}

/// How much of a sound's power lies within a few hertz of a tone.
fn share(sound: &[f32], hz: f32) -> f32 {
    let total: f32 = sound.iter().map(|s| s * s).sum::<f32>() + 1e-9;
    let mut found = 0.0;
    // In pieces of 50 ms: bends of time move the phase between them.
    for piece in sound.chunks(2_400) {
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (i, sample) in piece.iter().enumerate() {
            let phase = i as f32 / SAMPLE_RATE as f32 * hz * std::f32::consts::TAU;
            sine += sample * phase.sin();
            cosine += sample * phase.cos();
        }
        found += (sine * sine + cosine * cosine) * 2.0 / piece.len() as f32;
    }
    found / total
}

/// Plays two files to each other through a lossy wire, and hands back both recordings and both statistics.
fn talk(lost: fn(u16) -> bool) -> [(Vec<f32>, ReceiveStats); 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    speak(&path("a.wav"), 16_000, 400.0);
    speak(&path("b.wav"), 44_100, 700.0);
    let (to_a, to_b) = (Peer::default(), Peer::default());
    let file = |name: &str| DeviceSelector::File(path(name));
    let a = CallAudio::open(config(file("a.wav"), file("heard by a.wav")), wire(to_b.clone(), lost)).unwrap();
    let b = CallAudio::open(config(file("b.wav"), file("heard by b.wav")), wire(to_a.clone(), lost)).unwrap();
    let (a, b) = (Arc::new(a), Arc::new(b));
    to_a.set(Arc::downgrade(&a)).unwrap();
    to_b.set(Arc::downgrade(&b)).unwrap();
    a.start();
    b.start();
    until("both hear three seconds", || [&a, &b].iter().all(|end| end.stats().received + end.stats().lost > 150));
    let stats = [a.stats(), b.stats()];
    for end in [a, b] {
        until("no frame is on its way", || Arc::strong_count(&end) == 1);
        Arc::into_inner(end).unwrap().close();
    }
    [(recorded(&path("heard by a.wav")), stats[0]), (recorded(&path("heard by b.wav")), stats[1])]
}

#[test]
fn speech_passes_both_ways() {
    let [(by_a, stats), (by_b, _)] = talk(|_| false);
    assert!(share(&by_a, 700.0) > 0.8, "{}", share(&by_a, 700.0));
    assert!(share(&by_b, 400.0) > 0.8, "{}", share(&by_b, 400.0));
    assert_eq!(stats.lost, 0);
    assert!(stats.first_audio.is_some());
}

#[test]
fn speech_passes_both_ways_though_every_tenth_packet_is_lost() {
    let [(by_a, stats), (by_b, _)] = talk(|sequence| sequence % 10 == 3);
    assert!(share(&by_a, 700.0) > 0.7, "{}", share(&by_a, 700.0));
    assert!(share(&by_b, 400.0) > 0.7, "{}", share(&by_b, 400.0));
    assert!((6.0..14.0).contains(&stats.loss_percent), "{}", stats.loss_percent);
    assert!(stats.recovered_percent > 3.0, "most single losses come back: {stats:?}");
}

/// Encodes what a microphone of constant sound says, and decodes what was sent.
fn sent_by(act: impl FnOnce(&CallAudio, &dyn Fn(usize))) -> Vec<(Vec<f32>, bool)> {
    let folder = tempfile::tempdir().unwrap();
    speak(&folder.path().join("a.wav"), 48_000, 400.0);
    let frames: Arc<Mutex<Vec<EncodedFrame>>> = Arc::default();
    let sink = frames.clone();
    let audio = CallAudio::open(
        config(DeviceSelector::File(folder.path().join("a.wav")), DeviceSelector::Silence),
        Box::new(move |frame| sink.lock().unwrap().push(frame)),
    )
    .unwrap();
    audio.start();
    act(&audio, &|count| until("frames are sent", || frames.lock().unwrap().len() >= count));
    audio.close();
    let mut decoder = crate::opus::Decoder::new().unwrap();
    let frames = std::mem::take(&mut *frames.lock().unwrap());
    frames
        .into_iter()
        .map(|frame| {
            let mut sound = Vec::new();
            decoder.decode(&frame.payload, &mut sound).unwrap();
            (sound, frame.starts_talkspurt)
        })
        .collect()
}

#[test]
fn a_muted_call_goes_on_and_carries_no_sound() {
    let mut muted_at = 0;
    let sent = sent_by(|audio, frames| {
        frames(20);
        audio.set_muted(true);
        frames(70);
        muted_at = 20;
    });
    let loud = |frame: &[f32]| frame.iter().map(|s| s * s).sum::<f32>();
    assert!(sent[..muted_at].iter().map(|(frame, _)| loud(frame)).sum::<f32>() > 10.0);
    // The frame after the last loud one may still ring out in the decoder.
    for (frame, _) in &sent[muted_at + 12..] {
        assert!(loud(frame) < 1e-3, "a muted frame carries {}", loud(frame));
    }
}

#[test]
fn the_first_frame_and_the_first_after_mute_start_a_talkspurt() {
    let sent = sent_by(|audio, frames| {
        frames(10);
        audio.set_muted(true);
        frames(20);
        audio.set_muted(false);
        frames(40);
    });
    assert!(sent[0].1);
    assert_eq!(sent.iter().filter(|(_, starts)| *starts).count(), 2);
}

#[test]
fn nothing_is_sent_before_the_call_starts() {
    let count = Arc::new(AtomicU32::new(0));
    let counter = count.clone();
    let audio = CallAudio::open(
        config(DeviceSelector::Silence, DeviceSelector::Silence),
        Box::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    )
    .unwrap();
    audio.play_digit('5');
    until("the engine runs", || audio.levels().output_dbfs > -60.0);
    assert_eq!(count.load(Ordering::Relaxed), 0);
    audio.start();
    until("frames are sent", || count.load(Ordering::Relaxed) > 3);
}

#[test]
fn the_echo_line_greets_and_then_says_what_it_hears() {
    let (to_caller, to_line) = (Peer::default(), Peer::default());
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard.wav");
    let line =
        CallAudio::open(config(DeviceSelector::Echo, DeviceSelector::Silence), wire(to_caller.clone(), |_| false));
    let caller = CallAudio::open(
        config(DeviceSelector::Silence, DeviceSelector::File(heard.clone())),
        wire(to_line.clone(), |_| false),
    );
    let (line, caller) = (Arc::new(line.unwrap()), Arc::new(caller.unwrap()));
    to_caller.set(Arc::downgrade(&caller)).unwrap();
    to_line.set(Arc::downgrade(&line)).unwrap();
    line.start();
    caller.start();
    until("the greeting is heard", || caller.levels().output_dbfs > -40.0);
    until("the greeting is over", || caller.levels().output_dbfs < -80.0 && caller.stats().received > 90);
    speak(&folder.path().join("a.wav"), 48_000, 400.0);
    caller.set_microphone(DeviceSelector::File(folder.path().join("a.wav"))).unwrap();
    until("one's own voice comes back", || caller.levels().output_dbfs > -40.0);
}

#[test]
fn a_microphone_that_is_pulled_out_gives_way_to_the_default() {
    let host = Arc::new(FakeHost::new(true));
    let audio = CallAudio::open_with(
        host.clone(),
        QUICKLY,
        config(DeviceSelector::Id("fake:usb".into()), DeviceSelector::Silence),
        Box::new(|_| {}),
    )
    .unwrap();
    audio.start();
    host.pull_out();
    until("the default takes over", || audio.notices() == [Notice::SwitchedToDefault { direction: Direction::Input }]);
    assert_eq!(host.opened(), ["microphone fake:usb", "microphone default"]);
}

#[test]
fn a_microphone_that_comes_back_is_used_again() {
    let host = Arc::new(FakeHost::new(true));
    host.has(&["usb", "built-in"], Some("built-in"), 48_000);
    let audio = CallAudio::open_with(
        host.clone(),
        QUICKLY,
        config(DeviceSelector::Id("usb".into()), DeviceSelector::Silence),
        Box::new(|_| {}),
    )
    .unwrap();
    audio.start();
    let direction = Direction::Input;
    host.has(&["built-in"], Some("built-in"), 48_000);
    until("the default takes over", || audio.notices() == [Notice::SwitchedToDefault { direction }]);
    host.has(&["usb", "built-in"], Some("built-in"), 48_000);
    until("it is used again", || audio.notices() == [Notice::CameBack { direction }]);
    assert_eq!(host.opened(), ["microphone usb", "microphone default", "microphone usb"]);
}

#[test]
fn a_thousand_changes_of_devices_lose_no_call_and_leave_nothing_behind() {
    let host = Arc::new(FakeHost::new(true));
    host.has(&["usb", "built-in"], Some("built-in"), 48_000);
    let sent = Arc::new(AtomicU32::new(0));
    let counter = sent.clone();
    let audio = CallAudio::open_with(
        host.clone(),
        QUICKLY,
        config(DeviceSelector::Id("usb".into()), DeviceSelector::Default),
        Box::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    )
    .unwrap();
    audio.start();
    let mut seed = 1u32;
    for _ in 0..1_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let rate = [44_100, 48_000, 16_000][(seed >> 20) as usize % 3];
        match (seed >> 24) % 4 {
            0 => host.has(&["built-in"], Some("built-in"), rate),
            1 => host.has(&["usb"], Some("usb"), rate),
            2 => host.has(&["usb", "built-in"], Some("built-in"), rate),
            _ => host.pull_out(),
        }
        until("both ends work again", || {
            host.tick();
            host.in_use() >= 2
        });
    }
    host.has(&["usb", "built-in"], Some("built-in"), 48_000);
    until("the chosen microphone is heard", || {
        host.tick();
        audio.levels().input_dbfs > -30.0
            && host.opened().iter().rev().find(|it| it.starts_with("mic")).unwrap() == "microphone usb"
    });
    let before = sent.load(Ordering::Relaxed);
    until("packets go on", || {
        host.tick();
        sent.load(Ordering::Relaxed) > before + 10
    });
    until("only the two in use are open", || host.alive() == 2);
    assert!(host.opened().len() > 1_000, "{} openings", host.opened().len());
    audio.close();
    until("nothing is open", || host.alive() == 0);
}

#[test]
fn a_call_without_any_device_left_goes_on_in_silence() {
    let host = Arc::new(FakeHost::new(false));
    let sent = Arc::new(AtomicU32::new(0));
    let counter = sent.clone();
    let audio = CallAudio::open_with(
        host.clone(),
        QUICKLY,
        config(DeviceSelector::Id("fake:usb".into()), DeviceSelector::Id("fake:usb".into())),
        Box::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    )
    .unwrap();
    audio.start();
    host.pull_out();
    let mut notices = Vec::new();
    until("both ends are told of", || {
        notices.extend(audio.notices());
        notices.len() == 2
    });
    for direction in [Direction::Input, Direction::Output] {
        assert!(notices.contains(&Notice::NoDeviceLeft { direction }));
    }
    let before = sent.load(Ordering::Relaxed);
    until("packets go on", || sent.load(Ordering::Relaxed) > before + 5);
}

#[test]
fn a_card_that_stalls_is_stood_in_for_by_silence() {
    let host = Arc::new(FakeHost::new(true));
    let sent = Arc::new(AtomicU32::new(0));
    let counter = sent.clone();
    let audio = CallAudio::open_with(
        host,
        QUICKLY,
        config(DeviceSelector::Default, DeviceSelector::Silence),
        Box::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    )
    .unwrap();
    audio.start();
    // The fake card never calls.
    until("packets go on", || sent.load(Ordering::Relaxed) > 10);
}

#[test]
fn errors_have_stable_codes() {
    let folder = tempfile::tempdir().unwrap();
    let open = |microphone: DeviceSelector| {
        let host: Arc<dyn Host> = Arc::new(NoHost);
        CallAudio::open_with(host, QUICKLY, config(microphone, DeviceSelector::Silence), Box::new(|_| {}))
            .unwrap_err()
            .code()
    };
    assert_eq!(open(DeviceSelector::File(folder.path().join("none.wav"))), "FILE_NOT_FOUND");
    std::fs::write(folder.path().join("bad.wav"), "no").unwrap();
    assert_eq!(open(DeviceSelector::File(folder.path().join("bad.wav"))), "INVALID_WAV");
    assert_eq!(open(DeviceSelector::Default), "NO_DEVICE");
}

#[test]
fn a_broken_microphone_file_does_not_empty_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("kept.wav");
    std::fs::write(&recording, "precious").unwrap();
    let missing = DeviceSelector::File(folder.path().join("none.wav"));
    let result = CallAudio::open(config(missing, DeviceSelector::File(recording.clone())), Box::new(|_| {}));
    assert!(result.is_err());
    assert_eq!(std::fs::read(&recording).unwrap(), b"precious");
}

#[derive(Debug)]
struct NoHost;

impl Host for NoHost {
    fn microphone(
        &self,
        _: Option<&str>,
        _: Arc<Waker>,
        _: OnLost,
    ) -> Result<crate::card::CardMicrophone, OpenAudioError> {
        Err(OpenAudioError::NoDevice("microphone"))
    }

    fn speaker(&self, _: Option<&str>, _: Arc<Waker>, _: OnLost) -> Result<crate::card::CardSpeaker, OpenAudioError> {
        Err(OpenAudioError::NoDevice("speaker"))
    }
}
