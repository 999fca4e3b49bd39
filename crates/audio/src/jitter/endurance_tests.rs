//! A working day of a call, in simulated time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::tests::noise;
use super::{Arrival, JitterBuffer, Pace, Playout};

/// One direction: a sender and a speaker whose clocks are so many millionths off, and 0 to `jitter_us` of jitter between.
struct Direction {
    buffer: JitterBuffer,
    on_the_way: VecDeque<Arrival>,
    sent: u64,
    sender_ppm: i64,
    speaker_ppm: i64,
    next_pull_us: i64,
    pulls: i64,
    queued: i64,
    highest_delay: i64,
    most_held: usize,
}

fn at(ticks: i64, tick_us: i64, ppm: i64) -> i64 {
    ticks * tick_us - ticks * tick_us / 1_000_000 * ppm
}

impl Direction {
    fn new(sender_ppm: i64, speaker_ppm: i64) -> Self {
        Self {
            buffer: JitterBuffer::new(),
            on_the_way: VecDeque::new(),
            sent: 0,
            sender_ppm,
            speaker_ppm,
            next_pull_us: 0,
            pulls: 0,
            queued: 0,
            highest_delay: 0,
            most_held: 0,
        }
    }

    fn run(&mut self, start: Instant, until_us: i64) {
        while self.next_pull_us < until_us {
            let now = self.next_pull_us;
            loop {
                let sent_us = at(self.sent as i64, 20_000, self.sender_ppm);
                if sent_us > now {
                    break;
                }
                let late = 5_000 + noise(self.sent) % 8_000;
                self.on_the_way.push_back(Arrival {
                    sequence: self.sent as u16,
                    timestamp: (self.sent * 960) as u32,
                    samples: 960,
                    recovers_previous: true,
                    reach: 0,
                    payload: Vec::new(),
                    arrived: start + Duration::from_micros(sent_us as u64 + late),
                });
                self.sent += 1;
            }
            let instant = start + Duration::from_micros(now as u64);
            while self.on_the_way.front().is_some_and(|packet| packet.arrived <= instant) {
                self.buffer.handle(self.on_the_way.pop_front().unwrap());
            }
            while self.queued < 480 {
                self.queued +=
                    match self.buffer.pull(instant, Duration::from_micros(10_000 + self.queued as u64 * 1_000 / 48)) {
                        Playout::Packet { pace: Pace::Shorten(most), .. } => 960 - most.min(240) as i64,
                        Playout::Packet { pace: Pace::Skip(made_up), .. } => 960 - made_up.min(480) as i64,
                        Playout::Packet { pace: Pace::Hurry, .. } => 960 - 240,
                        Playout::Packet { pace: Pace::Lengthen, .. } => 960 + 240,
                        Playout::Packet { .. } => 960,
                        Playout::Silence { samples }
                        | Playout::Conceal { samples }
                        | Playout::Recover { samples, .. }
                        | Playout::Rebuild { samples, .. } => samples as i64,
                    };
            }
            self.queued -= 480;
            if now > 10_000_000 {
                self.highest_delay = self.highest_delay.max(self.buffer.stats().delay / 48);
                self.most_held = self.most_held.max(self.buffer.packets.len());
            }
            self.pulls += 1;
            self.next_pull_us = at(self.pulls, 10_000, self.speaker_ppm);
        }
    }
}

#[test]
fn eight_hours_with_clocks_that_drift_apart_stay_in_step_in_both_directions() {
    const DAY_US: i64 = 8 * 3_600 * 1_000_000;
    let start = Instant::now();
    for (sender, speaker) in [(100, -100), (-100, 100)] {
        let mut direction = Direction::new(sender, speaker);
        direction.run(start, DAY_US);
        let stats = direction.buffer.stats();
        let what = format!("{sender} against {speaker} ppm: {stats:?}");
        // 200 ppm over eight hours are 5.8 s: a buffer that does not even it out holds, or lacks, all of it.
        assert!(direction.highest_delay <= 60, "{} ms: {what}", direction.highest_delay);
        assert!(direction.most_held <= 4, "{} packets held: {what}", direction.most_held);
        assert_eq!((stats.lost, stats.shed), (0, 0), "{what}");
        let made_up = stats.concealed as f64 / stats.played as f64;
        assert!(made_up < 0.001, "{made_up} made up: {what}");
        assert!(stats.played.abs_diff(8 * 3_600 * 48_000) < 48_000 * 30, "{what}");
    }
}
