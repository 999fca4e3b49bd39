//! Throws whatever a network may bring at the receiving side of a call: packets of several encoders, damaged, repeated,
//! late, early, forged and of another stream, at moments that make no sense, while a speaker asks when it likes.
//!
//! `fuzz_far_end [SECONDS] [SEED]` runs for so long (60), in simulated time, and says how many packets it took. A panic, or
//! sound that is no number ends it: the seed that is printed before each round repeats the round.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use care4w_audio::parts::{Encoder, FarEnd, SendingPlan};
use care4w_audio::{PacketTime, RtpAudio};

/// Xorshift (Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A voice of sorts, as packets: of 10 or 20 ms, with deep redundancy or none, with DTX or without.
fn packets(random: &mut Random) -> (u32, Vec<Vec<u8>>) {
    let packet = if random.one_in(3) { PacketTime::Ms10 } else { PacketTime::Ms20 };
    let (bitrate, redundancy) = (6_000 + random.below(60_000) as u32, [0, 10][random.below(2) as usize]);
    let mut encoder = Encoder::new(bitrate).unwrap();
    encoder.follow(SendingPlan { bitrate, expected_loss: random.below(40) as u8, redundancy, packet });
    encoder.set_dtx(random.one_in(4));
    let mut phase = 0.0f32;
    let made = (0..60u64).map(|frame| {
        let (hz, level) = (80.0 + random.below(300) as f32, if frame % 30 < 20 { 0.3 } else { 0.0 });
        let sound: Vec<f32> = (0..packet.samples())
            .map(|_| {
                phase = (phase + hz / 48_000.0).fract();
                (phase - 0.5) * level
            })
            .collect();
        encoder.encode(&sound).unwrap()
    });
    (packet.samples() as u32, made.collect())
}

/// One stream of packets through one receiving side; how many.
fn round(seed: u64) -> u64 {
    let mut random = Random(seed | 1);
    let (samples, ours) = packets(&mut random);
    let mut far = FarEnd::new().unwrap();
    let mut now = Instant::now() + Duration::from_secs(3_600);
    let (mut sequence, mut timestamp) = (random.next() as u16, random.next() as u32);
    let mut taken = 0;
    for _ in 0..400 {
        let mut payload = ours[random.below(ours.len() as u64) as usize].clone();
        if random.one_in(5) {
            for _ in 0..random.below(8) {
                if let Some(byte) = payload.len().checked_sub(1).map(|last| random.below(last as u64 + 1) as usize) {
                    payload[byte] ^= random.next() as u8;
                }
            }
        }
        if random.one_in(20) {
            payload.truncate(random.below(4) as usize);
        }
        if random.one_in(30) {
            payload = (0..random.below(1_500)).map(|_| random.next() as u8).collect();
        }
        // Mostly the next; now and then late, early, twice, or of another stream.
        let (mut sent, mut at) = (sequence, timestamp);
        match random.below(30) {
            0 => (sent, at) = (random.next() as u16, random.next() as u32),
            1..=3 => {
                let back = random.below(12) as u16;
                (sent, at) = (sent.wrapping_sub(back), at.wrapping_sub(u32::from(back) * samples));
            }
            4 => at = at.wrapping_add(random.next() as u32 >> random.below(32)),
            _ => {}
        }
        let arrived = now.checked_sub(Duration::from_millis(random.below(30))).unwrap();
        far.receive(RtpAudio { sequence: sent, timestamp: at, payload, arrived });
        taken += 1;
        let step = if random.one_in(8) { random.below(9) as u16 } else { 1 };
        sequence = sequence.wrapping_add(step);
        timestamp = timestamp.wrapping_add(u32::from(step) * samples);
        let most = if random.one_in(15) { 60 } else { 4 };
        for _ in 0..random.below(most) {
            let mut out = [0.0; 480];
            far.render(&mut out, now, Duration::from_millis(random.below(40)));
            // However loud: what a damaged packet decodes to is cut to full scale before it is played.
            assert!(out.iter().all(|sample| sample.is_finite()), "seed {seed}: no sound after {taken} packets");
            now += Duration::from_millis(random.below(25));
        }
        let stats = far.stats();
        assert!(stats.concealed <= stats.played, "seed {seed}: {stats:?}");
    }
    taken
}

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|it| it.parse().unwrap()).collect();
    let time = Duration::from_secs(arguments.first().copied().unwrap_or(60));
    let (start, mut taken, mut rounds) = (Instant::now(), 0, 0);
    if let Some(&seed) = arguments.get(1) {
        println!("{} packets", round(seed));
        return;
    }
    let mut seeds = Random(0x9e37_79b9_7f4a_7c15);
    while start.elapsed() < time {
        let seed = seeds.next();
        println!("seed {seed}");
        taken += round(seed);
        rounds += 1;
    }
    println!("{taken} packets in {rounds} streams, and nothing broke");
}
