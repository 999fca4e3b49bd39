use proptest::prelude::*;

use super::*;

const STEP: Duration = Duration::from_millis(10);

/// A sender, a network and a speaker in simulated time.
pub(super) struct Line {
    pub start: Instant,
    pub buffer: JitterBuffer,
    /// When, what: sorted by time of arrival.
    pub network: Vec<(u64, Arrival)>,
    now_us: u64,
    /// What is decoded and not yet played, in samples.
    queued: usize,
    pub played: Vec<u16>,
    pub recovered: usize,
    pub rebuilt: usize,
    pub concealed: usize,
    silent: usize,
    /// How much was put in or taken out, in samples.
    pub bent: usize,
    /// How much a shortened frame loses.
    cut: usize,
    /// What each packet describes of the time before it.
    pub reach: u32,
    pub packet_samples: u32,
}

impl Line {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            buffer: JitterBuffer::new(),
            network: Vec::new(),
            now_us: 0,
            queued: 0,
            played: Vec::new(),
            recovered: 0,
            rebuilt: 0,
            concealed: 0,
            silent: 0,
            bent: 0,
            cut: 240,
            reach: 0,
            packet_samples: 960,
        }
    }

    pub fn packet(&self, index: u64, first_sequence: u16, first_timestamp: u32, at_us: u64) -> Arrival {
        Arrival {
            sequence: first_sequence.wrapping_add(index as u16),
            timestamp: first_timestamp.wrapping_add(index as u32 * self.packet_samples),
            samples: self.packet_samples,
            recovers_previous: true,
            reach: self.reach,
            payload: (index as u16).to_be_bytes().to_vec(),
            arrived: self.start + Duration::from_micros(at_us),
        }
    }

    /// Sends packets `from..to`, one every 20 ms, each so late as `delay_ms` says; `None` is lost.
    pub fn send(&mut self, range: std::ops::Range<u64>, delay_ms: impl Fn(u64) -> Option<u64>) {
        for index in range {
            if let Some(delay) = delay_ms(index) {
                let at = index * u64::from(self.packet_samples) * 1_000 / 48 + delay * 1_000;
                self.network.push((at, self.packet(index, 1_000, 77_000, at)));
            }
        }
        self.network.sort_by_key(|(at, _)| *at);
    }

    pub fn run(&mut self, until_ms: u64) {
        while self.now_us < until_ms * 1_000 {
            while self.network.first().is_some_and(|(at, _)| *at <= self.now_us) {
                let (_, packet) = self.network.remove(0);
                self.buffer.handle(packet);
            }
            self.step();
            self.now_us += 10_000;
        }
    }

    fn step(&mut self) {
        let now = self.start + Duration::from_micros(self.now_us);
        while self.queued < 480 {
            let lead = STEP * self.queued as u32 / 480;
            self.queued += match self.buffer.pull(now, lead) {
                Playout::Silence { samples } => {
                    self.silent += samples;
                    samples
                }
                Playout::Packet { payload, pace } => {
                    self.played.push(u16::from_be_bytes([payload[0], payload[1]]));
                    let whole = self.packet_samples as usize;
                    let given = match pace {
                        Pace::Steady => whole,
                        Pace::Shorten(most) => whole - self.cut.min(most),
                        Pace::Skip(made_up) => whole - made_up.min(whole / 2),
                        Pace::Hurry => whole - self.cut,
                        Pace::Lengthen => whole + self.cut,
                    };
                    self.bent += given.abs_diff(whole);
                    given
                }
                Playout::Recover { samples, .. } => {
                    self.recovered += 1;
                    samples
                }
                Playout::Rebuild { samples, .. } => {
                    self.rebuilt += 1;
                    samples
                }
                Playout::Conceal { samples } => {
                    self.concealed += samples;
                    samples
                }
            };
        }
        self.queued -= 480;
    }

    pub fn delay_ms(&self) -> i64 {
        self.buffer.stats().delay / 48
    }

    pub fn target_ms(&self) -> i64 {
        self.buffer.stats().target / 48
    }
}

pub(super) fn noise(index: u64) -> u64 {
    let mut x = index.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32;
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

#[test]
fn a_clean_network_is_played_whole_and_with_little_delay() {
    let mut line = Line::new();
    line.send(0..500, |_| Some(30));
    line.run(9_900);
    assert_eq!(line.played, (0..line.played.len() as u16).collect::<Vec<_>>());
    assert!(line.played.len() > 485);
    assert_eq!((line.concealed, line.recovered), (0, 0));
    assert!(line.delay_ms() <= 24, "{} ms wait on a network without jitter", line.delay_ms());
    assert_eq!(line.target_ms(), 20);
}

#[test]
fn a_packet_that_a_stall_held_up_goes_on_where_the_made_up_sound_ends() {
    let mut line = Line::new();
    // One comes 27 ms late, and the next right behind it.
    line.send(0..500, |i| {
        Some(match i {
            400 => 57,
            401 => 38,
            _ => 30,
        })
    });
    line.run(7_900);
    let (before, made_up) = (line.delay_ms(), line.concealed);
    line.run(8_100);
    assert!(line.concealed > made_up, "what had not come was made up");
    assert_eq!(line.delay_ms(), before, "and nothing after it is later for that");
}

#[test]
fn packets_out_of_order_are_played_in_order() {
    let mut line = Line::new();
    line.send(0..200, |i| Some(if i % 10 == 5 { 45 } else { 20 }));
    line.run(3_900);
    assert!(line.played.is_sorted());
    assert!(line.buffer.stats().late <= 2, "once learnt, no packet is late");
}

#[test]
fn a_duplicate_is_played_once() {
    let mut line = Line::new();
    line.send(0..100, |_| Some(20));
    line.send(0..100, |_| Some(25));
    line.run(1_900);
    let mut once = line.played.clone();
    once.dedup();
    assert_eq!(line.played, once);
    assert_eq!(line.buffer.stats().received, line.played.len() as u64 + line.buffer.packets.len() as u64);
}

#[test]
fn sequence_numbers_and_timestamps_wrap_around_unheard() {
    let mut line = Line::new();
    for index in 0..100 {
        let at = index * 20_000;
        line.network.push((at, line.packet(index, 65_500, u32::MAX - 20_000, at)));
    }
    line.run(1_900);
    assert_eq!(line.played, (0..line.played.len() as u16).collect::<Vec<_>>());
    assert_eq!((line.concealed, line.buffer.stats().lost), (0, 0));
}

#[test]
fn a_single_loss_is_recovered_once_the_buffer_has_learnt_to_wait() {
    let mut line = Line::new();
    line.send(0..500, |i| (i % 20 != 10).then_some(20));
    line.run(9_900);
    let stats = line.buffer.stats();
    assert!((stats.lost..=stats.lost + 1).contains(&24) || stats.lost == 25, "{} lost", stats.lost);
    assert!(line.recovered >= 22, "only {} of {} came back", line.recovered, stats.lost);
    assert!(line.concealed <= 3 * 960, "{} samples made up", line.concealed);
}

#[test]
fn a_burst_of_losses_is_made_up_and_counted() {
    let mut line = Line::new();
    line.send(0..300, |i| (!(150..153).contains(&i)).then_some(20));
    line.run(5_500);
    let stats = line.buffer.stats();
    assert_eq!(stats.lost, 3);
    assert!(line.concealed >= 960 && line.concealed <= 4 * 960, "{} samples made up", line.concealed);
    assert_eq!(stats.concealed as usize, line.concealed);
    assert!(line.delay_ms() < 80);
}

#[test]
fn the_last_of_two_losses_in_a_row_is_recovered_whole() {
    let mut line = Line::new();
    line.send(0..500, |i| (i % 25 > 1).then_some(20));
    line.run(9_900);
    let stats = line.buffer.stats();
    assert!(line.recovered >= 15, "only {} of {} came back", line.recovered, stats.lost);
    assert_eq!(stats.recovered as usize, line.recovered * 960, "half a packet cannot be decoded");
}

#[test]
fn the_target_follows_the_jitter_up_and_down() {
    let mut line = Line::new();
    line.send(0..250, |_| Some(20));
    line.send(250..750, |i| Some(20 + noise(i) % 100));
    line.send(750..1_500, |_| Some(20));
    line.run(4_900);
    let calm = line.target_ms();
    line.run(14_900);
    let rough = line.target_ms();
    assert!(calm <= 25, "{calm} ms on a calm network");
    assert!((80..=150).contains(&rough), "{rough} ms under 100 ms of jitter");
    let late = line.buffer.stats().late;
    assert!(late < 25, "{late} of 500 packets came too late");
    line.run(29_900);
    assert!(line.target_ms() <= 30, "{} ms after it calmed down", line.target_ms());
    assert!(line.delay_ms() <= 45, "{} ms delay after it calmed down", line.delay_ms());
}

#[test]
fn the_target_never_leaves_its_bounds() {
    let mut line = Line::new();
    line.send(0..1_000, |i| Some(noise(i) % 3_000));
    for _ in 0..200 {
        let until = line.now_us / 1_000 + 100;
        line.run(until);
        assert!((20..=500).contains(&line.target_ms()));
    }
}

#[test]
fn a_backlog_after_a_stall_is_gone_within_a_second() {
    for stall in [150, 300, 500, 1_000] {
        let mut line = Line::new();
        // Nothing gets through for a while, then all of it at once.
        line.send(0..400, |i| {
            let sent = i * 20;
            Some(if (2_000..2_000 + stall).contains(&sent) { 2_000 + stall - sent } else { 0 })
        });
        line.run(2_000 + stall + 1_000);
        assert!(line.delay_ms() <= 60, "{stall} ms of stall left {} ms of delay", line.delay_ms());
        assert!(line.played.is_sorted());
    }
}

#[test]
fn twenty_seconds_without_packets_end_in_silence_and_the_call_goes_on() {
    let mut line = Line::new();
    line.send(0..100, |_| Some(20));
    line.send(1_100..1_300, |_| Some(20));
    line.run(21_900);
    assert!(line.concealed < 480 * 25, "made-up sound fades out");
    assert!(line.silent > 48_000 * 19);
    line.run(25_500);
    assert!(line.played.contains(&1_250));
    assert!(line.delay_ms() < 60, "{} ms", line.delay_ms());
    assert_eq!(line.buffer.stats().lost, 1_000);
}

#[test]
fn a_sender_that_paused_lost_nothing() {
    let mut line = Line::new();
    line.send(0..100, |_| Some(20));
    // The next sequence number, twenty seconds on in time (RFC 3551, section 4.1).
    for index in 0..200u64 {
        let at = (1_100 + index) * 20_000;
        let mut packet = line.packet(1_100 + index, 1_000, 77_000, at);
        packet.sequence = 1_100 + index as u16;
        line.network.push((at, packet));
    }
    line.run(25_500);
    let stats = line.buffer.stats();
    assert_eq!(stats.lost, 0);
    assert!(stats.concealed < 9_600, "a pause is not concealment: {}", stats.concealed);
    assert!(line.played.contains(&1_250));
}

#[test]
fn a_packet_after_its_turn_is_late_and_not_lost() {
    let mut line = Line::new();
    line.send(0..100, |i| Some(if i == 50 { 300 } else { 20 }));
    line.run(1_900);
    assert_eq!((line.buffer.stats().late, line.buffer.stats().lost), (1, 0));
    assert!(!line.played.contains(&50));
}

#[test]
fn another_stream_begins_after_two_packets_of_it() {
    let mut line = Line::new();
    line.send(0..50, |_| Some(20));
    line.run(1_000);
    for index in 50..150 {
        let at = index * 20_000;
        line.network.push((at, line.packet(index, 40_000, 5, at)));
    }
    line.run(2_900);
    assert!(line.played.contains(&140));
    assert!(line.delay_ms() < 60);
}

#[test]
fn drifting_clocks_do_not_build_up_delay() {
    for drift in [-300i64, -200, 200, 300] {
        let mut line = Line::new();
        for index in 0..6_000u64 {
            let at = (index as i64 * (20_000 + 20_000 * drift / 1_000_000)) as u64 + 20_000;
            line.network.push((at, line.packet(index, 0, 0, at)));
        }
        line.run(115_000);
        assert!(line.delay_ms() <= 45, "{drift} ppm: {} ms", line.delay_ms());
        assert!(line.concealed <= 480 * 8, "{drift} ppm: {} samples made up in two minutes", line.concealed);
    }
}

#[test]
fn jitter_is_that_of_rfc_3550() {
    let mut line = Line::new();
    line.send(0..500, |i| Some(20 + 10 * (i % 2)));
    line.run(9_900);
    let jitter = line.buffer.stats().jitter_ms;
    assert!((9.5..=10.5).contains(&jitter), "every packet is off by 10 ms from the one before: {jitter}");
}

proptest! {
    #[test]
    fn whatever_comes_the_speaker_gets_sound_in_rising_order(
        inputs in prop::collection::vec((any::<u16>(), any::<u32>(), 0u32..7_000, any::<bool>(), 0u64..40, 0u8..4), 1..300)
    ) {
        let start = Instant::now();
        let mut buffer = JitterBuffer::new();
        let mut now = start;
        for (sequence, timestamp, samples, near, wait, pulls) in inputs {
            now += Duration::from_millis(wait);
            buffer.handle(Arrival {
                // Half of the packets are of something like a stream.
                sequence: if near { sequence % 64 } else { sequence },
                timestamp: if near { u32::from(sequence % 64) * 960 } else { timestamp },
                samples,
                recovers_previous: near,
                reach: samples,
                payload: vec![1],
                arrived: now,
            });
            for _ in 0..pulls {
                let given = match buffer.pull(now, Duration::from_millis(wait)) {
                    Playout::Silence { samples }
                    | Playout::Conceal { samples }
                    | Playout::Rebuild { samples, .. }
                    | Playout::Recover { samples, .. } => samples,
                    Playout::Packet { .. } => 1,
                };
                prop_assert!(given > 0 && given <= 5_760);
            }
            prop_assert!(buffer.packets.len() <= BUFFER_PACKETS_MAX);
            let target = buffer.stats().target / 48;
            prop_assert!((20..=500).contains(&target));
        }
    }
}
