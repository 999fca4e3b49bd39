use super::*;

const ECHO: Processing = Processing { echo: true, noise: false, gain: false };
const NOISE: Processing = Processing { echo: false, noise: true, gain: false };

struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 as f32 / u32::MAX as f32 - 0.5
    }
}

fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|s| s * s).sum::<f32>() / sound.len() as f32
}

fn decibels(ratio: f32) -> f32 {
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
