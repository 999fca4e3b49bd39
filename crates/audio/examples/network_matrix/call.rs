//! One direction of a call in simulated time.

use std::time::{Duration, Instant};

use care4w_audio::parts::{Encoder, FarEnd, Sending};
use care4w_audio::{NetworkReport, PacketTime, RtpAudio};

use crate::impairment::{Impairment, Network};

/// How the sender is set.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub bitrate: u32,
    pub packet: PacketTime,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// 48 kHz.
    pub heard: Vec<f32>,
    /// From a fast packet's arrival to the speaker.
    pub delay_mean_ms: f64,
    pub delay_p95_ms: f64,
    pub concealed_percent: f64,
    pub recovered_percent: f64,
    /// Put in or taken out, in milliseconds for each second.
    pub bent: f64,
    /// Opus alone, without headers.
    pub kbits: f64,
}

/// Speaks (48 kHz) through the network. Every second the receiver reports, and the report takes the network's time.
pub fn run(speech: &[f32], impairment: &Impairment, setting: Setting, seed: u64) -> Outcome {
    let mut network = Network::new(impairment, seed);
    let mut encoder = Encoder::new(setting.bitrate).unwrap();
    let (mut sending, mut reported) = (Sending::new(setting.bitrate, setting.packet), (0, 0));
    let mut far = FarEnd::new().unwrap();
    let start = Instant::now();
    let (mut on_the_way, mut heard, mut delays) = (Vec::<RtpAudio>::new(), Vec::new(), Vec::new());
    let (mut sequence, mut bytes, mut sent) = (0u16, 0usize, 0usize);
    // The two clocks' steps lie anyhow to each other.
    let phase = Duration::from_micros(seed * 3_701 % 10_000);
    let (steps, mut stats) = (speech.len() / 480 + 60, far.stats());
    for step in 0..steps {
        let now_ms = 10 * step as u64;
        let now = start + Duration::from_millis(now_ms);
        let end = (step + 1) * 480;
        if end - sent >= sending.plan().packet.samples() && end <= speech.len() {
            let payload = encoder.encode(&speech[sent..end]).unwrap();
            bytes += payload.len();
            if let Some(late) = network.carry(now_ms) {
                let arrived = now + Duration::from_micros(late);
                let timestamp = sent as u32;
                on_the_way.push(RtpAudio { sequence, timestamp, payload, arrived });
            }
            sequence += 1;
            sent = end;
        }
        let now = now + phase;
        on_the_way.sort_by_key(|packet| packet.arrived);
        while on_the_way.first().is_some_and(|packet| packet.arrived <= now) {
            far.receive(on_the_way.remove(0));
        }
        let mut out = [0.0; 480];
        if far.render(&mut out, now, Duration::ZERO) {
            delays.push(far.stats().delay as f64 / 48.0);
        }
        heard.extend_from_slice(&out);
        if end <= speech.len() {
            stats = far.stats();
        }
        if step % 100 == 99 {
            let (lost, received) = (far.stats().lost, far.stats().received);
            let lost_now = lost.saturating_sub(reported.0);
            let expected = lost_now + received.saturating_sub(reported.1);
            let loss_percent = lost_now as f64 * 100.0 / expected.max(1) as f64;
            reported = (lost, received);
            let report = NetworkReport { loss_percent, in_bursts: false, round_trip: None };
            if let Some(plan) = sending.handle(report, now) {
                encoder.follow(plan);
            }
        }
    }
    delays.sort_by(f64::total_cmp);
    let percent = |part: u64| part as f64 * 100.0 / stats.played.max(1) as f64;
    Outcome {
        delay_mean_ms: delays.iter().sum::<f64>() / delays.len().max(1) as f64,
        delay_p95_ms: delays.get(delays.len() * 95 / 100).copied().unwrap_or(0.0),
        concealed_percent: percent(stats.concealed),
        recovered_percent: percent(stats.recovered + stats.rebuilt),
        bent: (stats.inserted + stats.removed) as f64 * 1_000.0 / stats.played.max(1) as f64,
        kbits: bytes as f64 * 8.0 / (speech.len() as f64 / 48.0),
        heard,
    }
}
