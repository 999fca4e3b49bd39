//! What the sound of one end of a call costs, stage by stage, in simulated time: speech into processing and encoder, another's
//! speech through jitter buffer and decoder to the echo canceller.
//!
//! `call_cost [seconds=N] [rounds=N] [loss=PERCENT] [muted] [far-silent] [no-echo] [no-noise] [no-gain]` prints microseconds of
//! this thread for each 10 ms, the least of the rounds. Instructions, which a busy machine does not change:
//! `valgrind --tool=callgrind --toggle-collect='call_cost::talk*' …/examples/call_cost rounds=1`. Needs
//! `asterisk-core-sounds-en-g722` and `ffmpeg`.
//!
//! `call_cost live MICROPHONE SPEAKER SECONDS` has the same through devices, an end that calls itself, and prints what each thread took
//! of a core and how often it slept (Linux).
#![allow(clippy::unwrap_used)]

#[path = "network_matrix/speech.rs"]
mod speech;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use care4w_audio::parts::{Encoder, FarEnd, Sending, VoiceProcessing};
use care4w_audio::{
    CallAudio, CallAudioConfig, EncodedFrame, NetworkReport, PacketTime, Processing, ReceiveStats, RtpAudio,
};

/// One end of a call.
struct End {
    processing: VoiceProcessing,
    encoder: Encoder,
    sending: Sending,
    far: FarEnd,
    loss: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, microphone, speaker, seconds] = &arguments[..]
        && mode == "live"
    {
        return live(microphone, speaker, seconds.parse().unwrap());
    }
    let on = |name: &str| arguments.iter().any(|argument| argument == name);
    let number = |name: &str, default: u64| {
        let given = arguments.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        given.map_or(default, |value| value.parse().unwrap())
    };
    let steps = 100 * number("seconds", 20) as usize;
    let mut said = speech::joined(&speech::prompts(500));
    let mut random = 1u32;
    for sample in &mut said {
        // A room of -70 dBFS: quiet enough for noise suppression to rest.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample += (random as f32 / u32::MAX as f32 - 0.5) * 0.001;
    }
    let (near, mut far) = (said.clone(), said);
    let half = far.len() / 2 / 960 * 960;
    far.rotate_left(half / 2);
    if on("far-silent") {
        far.fill(0.0);
    }
    let near = if on("muted") { vec![0.0; near.len()] } else { near };
    let packets = encoded(&far, steps);
    let processing = Processing { echo: !on("no-echo"), noise: !on("no-noise"), gain: !on("no-gain") };
    let least = (0..number("rounds", 3)).map(|_| {
        let mut end = End {
            processing: VoiceProcessing::new(processing),
            encoder: Encoder::new(care4w_audio::defaults::BITRATE).unwrap(),
            sending: Sending::new(care4w_audio::defaults::BITRATE, PacketTime::Ms20),
            far: FarEnd::new().unwrap(),
            loss: number("loss", 0),
        };
        let begin = Instant::now();
        talk(&mut end, &near, &packets, steps);
        begin.elapsed()
    });
    let least = least.min().unwrap_or_default();
    println!("{:.1} µs for each 10 ms", least.as_secs_f64() * 1e6 / steps as f64);
}

fn encoded(sound: &[f32], steps: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(care4w_audio::defaults::BITRATE).unwrap();
    sound.chunks_exact(960).take(steps / 2).map(|frame| encoder.encode(frame).unwrap()).collect()
}

/// By itself in the profile.
#[inline(never)]
fn talk(end: &mut End, near: &[f32], packets: &[Vec<u8>], steps: usize) {
    let start = Instant::now();
    let (mut frame, mut dice) = (Vec::with_capacity(960), 7u64);
    for (step, sound) in near.chunks_exact(480).take(steps).enumerate() {
        let now = start + Duration::from_millis(10 * step as u64);
        if step % 2 == 0
            && let Some(payload) = packets.get(step / 2)
        {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if (dice >> 33) % 100 >= end.loss {
                let sequence = (step / 2) as u16;
                let timestamp = u32::from(sequence) * 960;
                end.far.receive(RtpAudio { sequence, timestamp, payload: payload.clone(), arrived: now });
            }
        }
        let mut out = [0.0; 480];
        end.far.render(&mut out, now, Duration::ZERO);
        end.processing.played(&out);
        let mut sound: [f32; 480] = sound.try_into().unwrap();
        // An echo, without which the canceller has nothing to do.
        for (sample, echo) in sound.iter_mut().zip(&out) {
            *sample += 0.1 * echo;
        }
        end.processing.clean(&mut sound);
        frame.extend_from_slice(&sound);
        if frame.len() == 960 {
            end.encoder.encode(&frame).unwrap();
            frame.clear();
        }
        if step % 100 == 99 {
            let report = NetworkReport { loss_percent: end.loss as f64, ..NetworkReport::default() };
            if let Some(plan) = end.sending.handle(report, now) {
                end.encoder.follow(plan);
            }
        }
    }
}

fn live(microphone: &str, speaker: &str, seconds: u64) {
    let itself = Arc::new(OnceLock::<Weak<CallAudio>>::new());
    let to = itself.clone();
    let (mut sequence, mut timestamp) = (0u16, 0u32);
    let send = move |frame: EncodedFrame| {
        let packet = RtpAudio { sequence, timestamp, payload: frame.payload, arrived: Instant::now() };
        if let Some(end) = to.get().and_then(Weak::upgrade) {
            end.receive(packet);
        }
        sequence = sequence.wrapping_add(1);
        timestamp = timestamp.wrapping_add(frame.samples);
    };
    let (microphone, speaker) = (microphone.parse().unwrap(), speaker.parse().unwrap());
    let config = CallAudioConfig { microphone, speaker, ..CallAudioConfig::default() };
    let end = Arc::new(CallAudio::open(config, Box::new(send)).unwrap());
    itself.set(Arc::downgrade(&end)).unwrap();
    end.start();
    std::thread::sleep(Duration::from_secs(3));
    let (before, begin) = (threads(), Instant::now());
    std::thread::sleep(Duration::from_secs(seconds));
    let (after, took) = (threads(), begin.elapsed().as_secs_f64());
    for (id, (name, nanoseconds, slept)) in &after {
        let (_, then, slept_then) = before.get(id).cloned().unwrap_or_default();
        let (share, sleeps) = ((nanoseconds - then) / 1e7 / took, (slept - slept_then) / took);
        println!("{name}: {share:.2} % of a core, slept {sleeps:.0} times a second");
    }
    let ReceiveStats { buffer_ms, concealed_percent, .. } = end.stats();
    println!("buffer {buffer_ms:.1} ms, {concealed_percent:.2} % made up");
}

/// Name, nanoseconds of processor and times slept of each thread, by its id.
fn threads() -> BTreeMap<String, (String, f64, f64)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        let first = |text: &str| text.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or_default();
        let status = read("status");
        let slept = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).map_or(0.0, first);
        let id = entry.file_name().to_string_lossy().into_owned();
        found.insert(id, (read("comm").trim().to_owned(), first(&read("schedstat")), slept));
    }
    found
}
