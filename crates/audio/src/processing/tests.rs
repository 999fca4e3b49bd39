use super::noise::NoiseFloor;
use super::*;
use crate::defaults::SAMPLE_RATE;

const ECHO: Processing = Processing { echo: true, noise: false, gain: false };
const NOISE: Processing = Processing { echo: false, noise: true, gain: false };

pub(super) struct Random(pub(super) u32);

impl Random {
    pub(super) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 as f32 / u32::MAX as f32 - 0.5
    }
}

pub(super) fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|s| s * s).sum::<f32>() / sound.len() as f32
}

pub(super) fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.log10()
}

/// Noise that swells and fades four times a second, as syllables do.
fn babble(random: &mut Random, at: usize) -> Step {
    std::array::from_fn(|i| {
        let t = (at * STEP_SAMPLES + i) as f32 / SAMPLE_RATE as f32;
        let swell = (t * 4.0 * std::f32::consts::PI).sin().max(0.0);
        random.next() * swell * 0.4
    })
}

#[test]
fn an_echo_of_80_ms_is_taken_out_within_two_seconds() {
    let mut processing = VoiceProcessing::new(ECHO);
    let mut random = Random(1);
    let mut path = vec![[0.0; STEP_SAMPLES]; 8];
    let (mut before, mut after) = (0.0, 0.0);
    for at in 0..600 {
        let played = babble(&mut random, at);
        processing.played(&played);
        path.push(played);
        let mut heard = path.remove(0).map(|s| s * 0.5);
        let echo = power(&heard);
        processing.clean(&mut heard);
        if at > 200 {
            before += echo;
            after += power(&heard);
        }
    }
    let reduction = decibels(before / after.max(1e-12));
    assert!(reduction > 40.0, "{reduction} dB");
}

#[test]
fn steady_noise_is_brought_down() {
    let mut processing = VoiceProcessing::new(NOISE);
    let mut random = Random(2);
    let (mut before, mut after) = (0.0, 0.0);
    for at in 0..600 {
        let mut sound: Step = std::array::from_fn(|_| random.next() * 0.05);
        let noise = power(&sound);
        processing.clean(&mut sound);
        if at > 300 {
            before += noise;
            after += power(&sound);
        }
    }
    let reduction = decibels(before / after);
    assert!(reduction > 9.0, "{reduction} dB");
}

#[test]
fn a_voice_in_a_quiet_room_is_left_as_it_is() {
    let mut processing = VoiceProcessing::new(NOISE);
    let mut random = Random(3);
    let (mut before, mut after) = (0.0, 0.0);
    for at in 0..600 {
        let mut sound = babble(&mut random, at);
        before += power(&sound);
        processing.clean(&mut sound);
        after += power(&sound);
    }
    assert!(decibels(before / after).abs() < 0.2);
}

#[test]
fn direct_current_is_taken_out() {
    let mut processing = VoiceProcessing::new(NOISE);
    let mut sound = [0.0; STEP_SAMPLES];
    for _ in 0..50 {
        sound = [0.3; STEP_SAMPLES];
        processing.clean(&mut sound);
    }
    assert!(power(&sound) < 1e-6);
}

#[test]
fn without_processing_sound_passes_untouched() {
    let mut processing = VoiceProcessing::new(Processing::OFF);
    let mut sound = [0.3; STEP_SAMPLES];
    processing.played(&[0.9; STEP_SAMPLES]);
    processing.clean(&mut sound);
    assert_eq!(sound, [0.3; STEP_SAMPLES]);
}

/// A room: what is played comes back so much later, through a short reverberant path, at half its loudness.
struct Room {
    past: Vec<f32>,
    delay: usize,
}

impl Room {
    fn new(delay_ms: usize) -> Self {
        Self { past: vec![0.0; 48 * (delay_ms + 60)], delay: 48 * delay_ms }
    }

    fn hear(&mut self, played: &Step) -> Step {
        self.past.extend_from_slice(played);
        let end = self.past.len() - STEP_SAMPLES;
        let heard = std::array::from_fn(|i| {
            let at = |late: usize| self.past[end + i - self.delay - late];
            0.5 * at(0) - 0.2 * at(97) + 0.12 * at(311) - 0.06 * at(1_013)
        });
        self.past.drain(..STEP_SAMPLES);
        heard
    }
}

/// Echo of the far side alone, in dB taken out from the third second on.
fn taken_out(delay_ms: usize) -> (f32, Option<Duration>) {
    let (mut processing, mut random, mut room) = (VoiceProcessing::new(ECHO), Random(7), Room::new(delay_ms));
    let (mut before, mut after) = (0.0, 0.0);
    for at in 0..600 {
        let played = babble(&mut random, at);
        processing.played(&played);
        let mut heard = room.hear(&played);
        let echo = power(&heard);
        processing.clean(&mut heard);
        if at >= 200 {
            before += echo;
            after += power(&heard);
        }
    }
    (decibels(before / after.max(1e-12)), processing.echo_delay())
}

#[test]
fn echo_is_taken_out_of_a_reverberant_room_whatever_its_delay() {
    for delay in [10, 40, 120, 200] {
        let (reduction, _) = taken_out(delay);
        assert!(reduction > 40.0, "{delay} ms: {reduction} dB");
    }
}

#[test]
fn the_delay_of_the_echo_is_measured_and_not_guessed() {
    for delay in [40u64, 120, 200] {
        let (_, measured) = taken_out(delay as usize);
        let measured = measured.expect("six seconds of echo are enough").as_millis() as u64;
        assert!(measured.abs_diff(delay) <= 12, "{measured} ms of {delay}");
    }
}

/// How like two sounds are, −1 to 1, the second `late` samples later.
fn likeness(a: &[f32], b: &[f32], late: usize) -> f32 {
    let b = &b[late..];
    let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let length = a.len().min(b.len());
    product / (a[..length].iter().map(|s| s * s).sum::<f32>() * b[..length].iter().map(|s| s * s).sum::<f32>()).sqrt()
}

/// Vowels of a low voice that glides, three syllables a second, as loud as [`babble`] at its loudest.
fn vowels(at: usize) -> Step {
    std::array::from_fn(|i| {
        let t = (at * STEP_SAMPLES + i) as f32 / SAMPLE_RATE as f32;
        let swell = (t * 3.1 * std::f32::consts::PI).sin().max(0.0);
        let phase = 130.0 * t + 3.0 * (t * 2.0).sin();
        let voice: f32 = (1..25).map(|n| (phase * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum();
        0.12 * swell * voice
    })
}

#[test]
fn who_speaks_while_the_other_speaks_is_not_cut_off() {
    let (mut processing, mut random, mut room) = (VoiceProcessing::new(ECHO), Random(8), Room::new(60));
    let (mut said, mut sent) = (Vec::new(), Vec::new());
    for at in 0..1_000 {
        let played = babble(&mut random, at);
        processing.played(&played);
        let mut heard = room.hear(&played);
        // After four seconds the near side speaks too, in another rhythm.
        if at >= 400 {
            let near = vowels(at);
            for (sample, near) in heard.iter_mut().zip(&near) {
                *sample += near;
            }
            said.extend_from_slice(&near);
        }
        processing.clean(&mut heard);
        if at >= 400 {
            sent.extend_from_slice(&heard);
        }
    }
    let found = (0..1_000).map(|late| (late, likeness(&said, &sent, late))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!(found.1 > 0.6, "the near voice comes through: likeness {found:?}");
    // No syllable of it is swallowed: in pieces of a tenth of a second, wherever it speaks.
    let (mut spoken, mut swallowed) = (0, 0);
    for (piece, heard) in said.chunks_exact(4_800).zip(sent[found.0..].chunks_exact(4_800)) {
        if power(piece) > 1e-3 {
            spoken += 1;
            swallowed += usize::from(decibels(power(heard) / power(piece)) < -10.0);
        }
    }
    assert!(spoken > 20 && swallowed * 20 <= spoken, "{swallowed} of {spoken} tenths of a second are gone");
}

#[test]
fn a_stage_that_is_switched_off_and_on_leaves_the_others_what_they_learnt() {
    let both = Processing { echo: true, noise: true, gain: false };
    let (mut processing, mut random, mut room) = (VoiceProcessing::new(both), Random(9), Room::new(80));
    let (mut before, mut after) = (0.0, 0.0);
    for at in 0..500 {
        match at {
            300 => processing.set(ECHO),
            350 => processing.set(both),
            _ => {}
        }
        let played = babble(&mut random, at);
        processing.played(&played);
        let mut heard = room.hear(&played);
        let echo = power(&heard);
        processing.clean(&mut heard);
        if at >= 300 {
            before += echo;
            after += power(&heard);
        }
    }
    let reduction = decibels(before / after.max(1e-12));
    assert!(reduction > 35.0, "{reduction} dB: the echo canceller began anew");
}

#[test]
fn an_echo_canceller_that_is_switched_off_lets_the_echo_through() {
    let (mut processing, mut random) = (VoiceProcessing::new(ECHO), Random(10));
    processing.set(Processing::OFF);
    let mut heard = babble(&mut random, 3);
    let before = heard;
    processing.played(&before);
    processing.clean(&mut heard);
    assert_eq!(heard, before);
}

#[test]
fn in_a_quiet_room_the_suppressor_rests_and_a_fan_wakes_it() {
    let mut floor = NoiseFloor::default();
    let mut random = Random(7);
    let mut quiet = || -> Step { std::array::from_fn(|_| random.next() * 0.0003) };
    assert!((0..90).all(|_| floor.hear(power(&quiet()))), "at first nobody knows how the room is");
    for _ in 0..200 {
        floor.hear(power(&quiet()));
    }
    assert!(!(0..100).any(|_| floor.hear(power(&quiet()))), "a quiet room needs none");
    let mut processing = VoiceProcessing::new(NOISE);
    let mut random = Random(8);
    let (mut before, mut after) = (0.0, 0.0);
    for at in 0..1_200 {
        let level = if at < 400 { 0.0003 } else { 0.05 };
        let mut sound: Step = std::array::from_fn(|_| random.next() * level);
        let noise = power(&sound);
        processing.clean(&mut sound);
        // Two seconds until the room counts as noisy, one to learn it.
        if at > 800 {
            before += noise;
            after += power(&sound);
        }
    }
    let reduction = decibels(before / after);
    assert!(reduction > 9.0, "{reduction} dB");
}

/// A room in which the far side speaks, falls silent, and speaks again: how many dB of its echo are taken out in the first
/// second of the new speech, after so many steps of silence. The cards want so many steps at once.
fn taken_out_after_silence(silent: usize, period: usize) -> (f32, bool) {
    let (mut echo, mut random, mut room) = (VoiceProcessing::new(ECHO), Random(7), Room::new(80));
    let mut rested = false;
    let (mut before, mut after) = (0.0, 0.0);
    let again = 600 + silent;
    let steps: Vec<usize> = (0..again + 100).collect();
    for steps in steps.chunks(period) {
        let mut waiting = Vec::new();
        for &at in steps {
            let speaks = at < 600 || at >= again;
            let played = if speaks { babble(&mut random, at) } else { [0.0; STEP_SAMPLES] };
            echo.played(&played);
            waiting.push((at, room.hear(&played)));
        }
        for (at, mut heard) in waiting {
            let unheard = power(&heard);
            echo.clean(&mut heard);
            rested |= at > 600 && echo.echo.as_ref().unwrap().rests();
            if at >= again {
                before += unheard;
                after += power(&heard);
            }
        }
    }
    (decibels(before / after.max(1e-12)), rested)
}

#[test]
fn after_a_long_silence_the_echo_of_the_first_word_is_taken_out_as_if_there_had_been_none() {
    // Where the cards want four steps at once, what is played is further ahead of what is heard at one moment than at another.
    for (period, silences) in [(1, 1_000..1_001), (4, 1_000..1_004)] {
        let (at_once, rested) = taken_out_after_silence(0, period);
        assert!(!rested && at_once > 35.0, "{at_once} dB, {period} steps at once");
        for silent in silences {
            let (later, rested) = taken_out_after_silence(silent, period);
            assert!(rested, "ten seconds of silence are enough to rest");
            assert!(
                later > at_once - 6.0,
                "{later} dB after {silent} steps, {at_once} dB at once, in periods of {period}"
            );
        }
    }
}

#[test]
fn one_who_speaks_is_heard_without_a_break_when_the_far_side_falls_silent_and_speaks_again() {
    let (mut processing, mut random) = (VoiceProcessing::new(ECHO), Random(3));
    let voice = |i: usize| 0.2 * (i as f32 / 48_000.0 * 200.0 * std::f32::consts::TAU).sin();
    let mut heard = Vec::new();
    for at in 0..900 {
        // From the sixth second on the canceller rests, in the eighth it wakes.
        let played = if !(300..700).contains(&at) { babble(&mut random, at) } else { [0.0; STEP_SAMPLES] };
        processing.played(&played);
        let mut sound: Step = std::array::from_fn(|i| voice(at * STEP_SAMPLES + i));
        processing.clean(&mut sound);
        heard.extend_from_slice(&sound);
    }
    // In both states it is as late as the stage says: silent on the far side and not at rest yet, and at rest.
    let late = 3 * echo::LATENCY + bands::LATENCY;
    for steps in [350..450, 550..650] {
        let (mut off, mut all) = (0.0, 0.0);
        for i in steps.start * STEP_SAMPLES..steps.end * STEP_SAMPLES {
            off += (heard[i + late] - voice(i)).powi(2);
            all += voice(i).powi(2);
        }
        assert!(off < 0.2 * all, "steps {steps:?}: {}", off / all);
    }
    let largest = |steps: std::ops::Range<usize>| {
        let range = steps.start * STEP_SAMPLES..steps.end * STEP_SAMPLES;
        heard[range].windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max)
    };
    let plain = largest(400..480);
    assert!(plain > 0.004, "the voice itself moves by {plain}");
    assert!(largest(480..720) < 1.5 * plain, "a click would be a larger step than {plain}: {}", largest(480..720));
}

#[test]
fn a_far_side_that_was_never_heard_costs_no_echo_canceller() {
    let mut processing = VoiceProcessing::new(ECHO);
    for _ in 0..100 {
        processing.played(&[0.0; STEP_SAMPLES]);
        processing.clean(&mut [0.1; STEP_SAMPLES]);
    }
    assert!(processing.echo.as_ref().unwrap().rests());
    processing.played(&[0.1; STEP_SAMPLES]);
    assert!(!processing.echo.as_ref().unwrap().rests());
}
