use proptest::prelude::*;

use super::*;
use crate::defaults::STEP;
use crate::opus::Encoder;
use crate::sending::SendingPlan;

/// One encoder's packets of a tone that moves, as protected as they get.
fn packets(count: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(40_000).unwrap();
    encoder.follow(SendingPlan { bitrate: 40_000, expected_loss: 20, redundancy: 10, packet: crate::PacketTime::Ms20 });
    let mut phase = 0.0f32;
    (0..count)
        .map(|frame| {
            let hz = 120.0 + 60.0 * (frame as f32 / 20.0).sin();
            let sound: Vec<f32> = (0..FRAME_SAMPLES)
                .map(|_| {
                    phase = (phase + hz / 48_000.0).fract();
                    (1..8).map(|n| (phase * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum::<f32>() * 0.2
                })
                .collect();
            encoder.encode(&sound).unwrap()
        })
        .collect()
}

/// Plays the packets that arrive; what was heard, and the counts.
fn play(packets: &[Vec<u8>], arrives: impl Fn(usize) -> bool) -> (Vec<f32>, JitterStats) {
    let (mut far, start) = (FarEnd::new().unwrap(), Instant::now());
    let mut heard = Vec::new();
    for step in 0..2 * packets.len() {
        let (now, index) = (start + STEP * step as u32, step / 2);
        if step % 2 == 0 && arrives(index) {
            far.receive(RtpAudio {
                sequence: index as u16,
                timestamp: index as u32 * 960,
                payload: packets[index].clone(),
                arrived: now,
            });
        }
        let mut out = [0.0; 480];
        far.render(&mut out, now, Duration::ZERO);
        heard.extend_from_slice(&out);
    }
    (heard, far.stats())
}

#[test]
fn bursts_of_three_are_rebuilt_from_real_packets() {
    let (heard, stats) = play(&packets(600), |i| i < 50 || i % 25 > 2);
    let share = stats.rebuilt as f64 / stats.played as f64;
    assert!(share > 0.05, "two of three lost packets in 25: {share}, {stats:?}");
    assert!(heard.iter().all(|sample| sample.is_finite()));
}

#[test]
fn damaged_packets_do_no_harm() {
    let mut damaged = packets(300);
    for (at, packet) in damaged.iter_mut().enumerate() {
        if at % 3 == 0 {
            let position = at * 7 % packet.len();
            packet[position] ^= 0x55;
        }
    }
    let (heard, _) = play(&damaged, |i| i % 11 != 0);
    assert!(heard.iter().all(|sample| sample.is_finite()));
}

/// What a network may do with a packet, as bytes of RTP.
#[derive(Debug, Clone)]
enum Bytes {
    /// One of ours, with some bits turned.
    Ours(usize, Vec<(usize, u8)>),
    Noise(Vec<u8>),
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        (0usize..40, prop::collection::vec((0usize..200, any::<u8>()), 0..4))
            .prop_map(|(i, turns)| Bytes::Ours(i, turns)),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::Noise),
    ]
}

/// Reads a header as a receiver does (RFC 3550, section 5.1); `None` where there is none.
fn read(bytes: &[u8], arrived: Instant) -> Option<RtpAudio> {
    let (header, payload) = bytes.split_at_checked(12)?;
    Some(RtpAudio {
        sequence: u16::from_be_bytes([header[2], header[3]]),
        timestamp: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        payload: payload.to_vec(),
        arrived,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The fuzz target: raw packets at any time, in any order, and a speaker that asks whenever it likes.
    #[test]
    fn whatever_bytes_come_whenever_they_come_the_speaker_gets_finite_sound(
        inputs in prop::collection::vec((bytes(), -30i64..60, 0usize..4), 1..120)
    ) {
        let ours: Vec<Vec<u8>> = packets(40)
            .into_iter()
            .enumerate()
            .map(|(i, payload)| {
                let mut packet = vec![0x80, 111];
                packet.extend((i as u16).to_be_bytes());
                packet.extend((i as u32 * 960).to_be_bytes());
                packet.extend([1, 2, 3, 4]);
                packet.extend(payload);
                packet
            })
            .collect();
        let mut far = FarEnd::new().unwrap();
        let start = Instant::now() + Duration::from_secs(100);
        let mut now = start;
        for (bytes, wait, pulls) in inputs {
            // Arrival times come from another thread's clock readings: they may step back a little.
            let arrived = if wait < 0 {
                now.checked_sub(Duration::from_millis(wait.unsigned_abs())).unwrap()
            } else {
                now += Duration::from_millis(wait.unsigned_abs());
                now
            };
            let bytes = match bytes {
                Bytes::Noise(noise) => noise,
                Bytes::Ours(index, turns) => {
                    let mut packet = ours[index].clone();
                    for (at, turn) in turns {
                        let length = packet.len();
                        packet[at % length] ^= turn;
                    }
                    packet
                }
            };
            if let Some(packet) = read(&bytes, arrived) {
                far.receive(packet);
            }
            for _ in 0..pulls {
                let mut out = [0.0; 480];
                far.render(&mut out, now, STEP);
                prop_assert!(out.iter().all(|sample| sample.is_finite()));
                now += STEP;
            }
            prop_assert!(far.queue.len() < 48_000, "the queue must not grow: {}", far.queue.len());
        }
    }
}

/// A room that hums between two words, sent with DTX by an encoder; what is heard of it, step by step, and the counts.
fn with_pauses(hum: f32) -> (Vec<[f32; 480]>, JitterStats, usize) {
    let mut encoder = Encoder::new(32_000).unwrap();
    encoder.set_dtx(true);
    let (mut far, start) = (FarEnd::new().unwrap(), Instant::now());
    let (mut seed, mut sent, mut heard) = (1u32, 0u16, Vec::new());
    for step in 0..2_100u32 {
        let now = start + STEP * step;
        if step % 2 == 0 {
            let speaks = step % 1_000 < 200;
            let frame: Vec<f32> = (0..FRAME_SAMPLES)
                .map(|i| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (seed as f32 / u32::MAX as f32 - 0.5) * 2.0 * hum;
                    let t = (step as f32 * 480.0 + i as f32) / 48_000.0 * 150.0;
                    let voice = (1..8).map(|n| (t * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum::<f32>();
                    noise + if speaks { voice * 0.2 } else { 0.0 }
                })
                .collect();
            let payload = encoder.encode(&frame).unwrap();
            if !payload.is_empty() {
                far.receive(RtpAudio { sequence: sent, timestamp: step * 480, payload, arrived: now });
                sent += 1;
            }
        }
        let mut out = [0.0; 480];
        far.render(&mut out, now, Duration::ZERO);
        heard.push(out);
    }
    (heard, far.stats(), usize::from(sent))
}

fn dbfs(step: &[f32]) -> f32 {
    10.0 * (step.iter().map(|s| s * s).sum::<f32>() / step.len() as f32).max(1e-12).log10()
}

#[test]
fn pauses_that_are_not_sent_cost_nothing_and_count_as_no_loss() {
    let (heard, stats, sent) = with_pauses(0.0);
    assert!(sent < 550, "21 s with 5 s of speech: {sent} packets");
    assert_eq!(stats.lost, 0, "{stats:?}");
    assert!((stats.concealed as f64) < 0.01 * stats.played as f64, "{stats:?}");
    let speech = |step: usize| (20..190).contains(&(step % 1_000)) && step < 2_000;
    let told = heard.iter().enumerate().filter(|(step, sound)| speech(*step) && dbfs(&sound[..]) > -30.0).count();
    assert!(told > 325, "of 340 steps in which somebody speaks, {told} are heard");
}

#[test]
fn a_room_that_hums_goes_on_humming_through_pauses_that_are_not_sent() {
    let (heard, stats, sent) = with_pauses(0.002);
    assert!(sent < 900, "{sent} packets of 1000: the pauses are not sent");
    assert_eq!(stats.lost, 0, "{stats:?}");
    // From a second into each pause on.
    let pause: Vec<f32> = heard
        .iter()
        .enumerate()
        .filter(|(step, _)| (300..990).contains(&(step % 1_000)))
        .map(|(_, s)| dbfs(s))
        .collect();
    let mut sorted = pause.clone();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted[sorted.len() / 2];
    assert!((-66.0..-52.0).contains(&middle), "the room has -58 dBFS, and is heard at {middle}");
    let holes = pause.iter().filter(|&&level| level < middle - 15.0).count();
    assert!(holes < pause.len() / 50, "{holes} of {} steps fall silent", pause.len());
}
