//! Measures by ear: one call to itself through real devices or files, beside the floor of the same sound library.
//!
//! `loop_latency floor MICROPHONE SPEAKER SECONDS` moves sound from the capture callback to the playback callback and
//! does nothing else. `loop_latency call MICROPHONE SPEAKER SECONDS [LOSS_PERCENT] [echo,noise,gain] [short]` puts two ends of a call
//! between, with the processing that is named,
//! and packets of 10 ms. Devices are named as `care4w-cli devices` lists them, or `file:PATH`.
//! What to play in and record, and how to correlate them, is the caller's: see `docs/sound.md`.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use care4w_audio::{CallAudio, CallAudioConfig, DeviceSelector, EncodedFrame, PacketTime, Processing, RtpAudio};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, microphone, speaker, seconds, rest @ ..] = &arguments[..] else {
        eprintln!("loop_latency floor|call MICROPHONE SPEAKER SECONDS [LOSS_PERCENT] [echo,noise,gain] [short]");
        std::process::exit(2);
    };
    let time = Duration::from_secs_f64(seconds.parse().unwrap());
    if mode == "floor" {
        floor(microphone, speaker, time);
    } else {
        let loss = rest.first().map_or(0, |loss| loss.parse().unwrap());
        call(microphone, speaker, time, loss, &rest[rest.len().min(1)..].join(" "));
    }
}

fn floor(microphone: &str, speaker: &str, time: Duration) {
    let passage = care4w_audio::parts::passage(microphone, speaker).unwrap();
    std::thread::sleep(time);
    drop(passage);
}

fn call(microphone: &str, speaker: &str, time: Duration, loss: u64, wanted: &str) {
    let on = |name: &str| wanted.contains(name);
    let processing = Processing { echo: on("echo"), noise: on("noise"), gain: on("gain") };
    let peer = Arc::new(OnceLock::<Weak<CallAudio>>::new());
    let to = peer.clone();
    let (mut sequence, mut timestamp, mut seed) = (0u16, 0u32, 7u64);
    let send = move |frame: EncodedFrame| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let packet = RtpAudio { sequence, timestamp, payload: frame.payload, arrived: Instant::now() };
        if (seed >> 33) % 100 >= loss
            && let Some(peer) = to.get().and_then(Weak::upgrade)
        {
            peer.receive(packet);
        }
        sequence = sequence.wrapping_add(1);
        timestamp = timestamp.wrapping_add(frame.samples);
    };
    let near = CallAudioConfig {
        microphone: microphone.parse().unwrap(),
        speaker: DeviceSelector::Silence,
        processing,
        packet: if on("short") { PacketTime::Ms10 } else { PacketTime::Ms20 },
        ..CallAudioConfig::default()
    };
    let far = CallAudioConfig {
        microphone: DeviceSelector::Silence,
        speaker: speaker.parse().unwrap(),
        processing: Processing::OFF,
        ..CallAudioConfig::default()
    };
    let far = Arc::new(CallAudio::open(far, Box::new(|_| {})).unwrap());
    let near = CallAudio::open(near, Box::new(send)).unwrap();
    near.set_expected_loss(loss as u8);
    peer.set(Arc::downgrade(&far)).unwrap();
    near.start();
    for _ in 0..time.as_secs() {
        std::thread::sleep(Duration::from_secs(1));
        let stats = far.stats();
        println!(
            "buffer {:.1} of {:.1} ms, jitter {:.1} ms, made up {:.2} %, {} received",
            stats.buffer_ms, stats.target_ms, stats.jitter_ms, stats.concealed_percent, stats.received
        );
    }
}
