use super::tests::{Random, decibels, power};
use super::*;

/// A voice of pulses through three formants, in syllables.
struct Voice {
    phase: f32,
    formants: [([f32; 2], [f32; 2]); 3],
    at: usize,
}

impl Voice {
    fn new() -> Self {
        let formant = |hertz: f32, width: f32| {
            let radius = (-std::f32::consts::PI * width / 48_000.0).exp();
            ([2.0 * radius * (std::f32::consts::TAU * hertz / 48_000.0).cos(), -radius * radius], [0.0; 2])
        };
        Self { phase: 0.0, formants: [formant(650.0, 90.0), formant(1_150.0, 110.0), formant(2_500.0, 160.0)], at: 0 }
    }

    /// 10 ms of it, its peaks near 1.
    fn step(&mut self) -> Step {
        std::array::from_fn(|_| {
            let t = self.at as f32 / 48_000.0;
            self.at += 1;
            let pitch = 120.0 + 25.0 * (t * 3.1).sin();
            self.phase += pitch / 48_000.0;
            let pulse = if self.phase >= 1.0 { 1.0 } else { 0.0 };
            self.phase -= self.phase.floor();
            let mut sound = pulse;
            for (feedback, past) in &mut self.formants {
                let next = sound + feedback[0] * past[0] + feedback[1] * past[1];
                *past = [next, past[0]];
                sound = next * 0.05;
            }
            sound * (t * 4.0 * std::f32::consts::PI).sin().max(0.0).sqrt() * 20.0
        })
    }
}

const GAIN: Processing = Processing { echo: false, noise: false, gain: true };

fn rms_dbfs(steps: &[Step]) -> f32 {
    decibels(steps.iter().map(|step| power(step)).sum::<f32>() / steps.len() as f32)
}

/// What becomes of so many steps of a voice of that loudness; the last second is what counts.
fn evened(processing: &mut VoiceProcessing, voice: &mut Voice, loudness_dbfs: f32, steps: usize) -> Vec<Step> {
    let level = rms_dbfs(&(0..200).scan(Voice::new(), |voice, _| Some(voice.step())).collect::<Vec<_>>());
    let factor = 10f32.powf((loudness_dbfs - level) / 20.0);
    let heard = (0..steps).map(|_| {
        let mut sound = voice.step().map(|sample| sample * factor);
        processing.clean(&mut sound);
        sound
    });
    heard.collect()
}

#[test]
fn speech_that_is_too_quiet_is_raised_towards_the_loudness_of_speech() {
    for quiet in [-55.0, -45.0] {
        let heard = evened(&mut VoiceProcessing::new(GAIN), &mut Voice::new(), quiet, 2_000);
        let loudness = rms_dbfs(&heard[1_900..]);
        assert!(loudness > quiet + 8.0, "{quiet} dBFS became {loudness} dBFS");
        assert!(loudness < -18.0, "{quiet} dBFS became {loudness} dBFS, which is too loud");
    }
}

#[test]
fn speech_that_is_loud_is_neither_raised_nor_clipped() {
    let said: Vec<Step> = (0..1_500).scan(Voice::new(), |voice, _| Some(voice.step())).collect();
    let peak = said.iter().flatten().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    let said: Vec<Step> = said.iter().map(|step| step.map(|sample| sample * 0.95 / peak)).collect();
    let (mut processing, mut heard) = (VoiceProcessing::new(GAIN), said.clone());
    heard.iter_mut().for_each(|step| processing.clean(step));
    let (before, after) = (rms_dbfs(&said[1_000..]), rms_dbfs(&heard[1_000..]));
    assert!(after < before + 1.0, "{before} dBFS became {after} dBFS");
    let highest = heard[500..].iter().flatten().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    assert!(highest < 0.99, "its peaks stand at {highest} of full scale");
}

#[test]
fn who_speaks_up_after_speaking_low_is_limited_and_not_clipped() {
    let (mut processing, mut voice) = (VoiceProcessing::new(GAIN), Voice::new());
    // What is low is raised by so much that the same for what is loud would be far above full scale.
    evened(&mut processing, &mut voice, -45.0, 1_500);
    let heard = evened(&mut processing, &mut voice, -18.0, 100);
    let all = heard.iter().flatten().count();
    let clipped = heard.iter().flatten().filter(|sample| sample.abs() > 0.999).count();
    assert!(clipped * 1_000 < all, "{clipped} of {all} samples stand at full scale");
    assert!(rms_dbfs(&heard) > -18.0, "it is loud: {} dBFS", rms_dbfs(&heard));
}

#[test]
fn neither_silence_nor_noise_is_pumped_up() {
    for level in [0.0, 0.000_3, 0.01] {
        let (mut processing, mut random) = (VoiceProcessing::new(GAIN), Random(5));
        let (mut before, mut after) = (0.0, 0.0);
        for at in 0..3_000 {
            let mut sound: Step = std::array::from_fn(|_| random.next() * level);
            let noise = power(&sound);
            processing.clean(&mut sound);
            if at >= 2_500 {
                before += noise;
                after += power(&sound);
            }
        }
        if level == 0.0 {
            assert!(after < 1e-9, "silence stays silence");
        } else {
            let raised = decibels(after / before);
            assert!(raised < 6.0, "noise of {level} is raised by {raised} dB");
        }
    }
}

#[test]
fn gain_control_is_switched_off_and_on_in_the_middle_of_speech() {
    let (mut processing, mut voice) = (VoiceProcessing::new(GAIN), Voice::new());
    let raised = rms_dbfs(&evened(&mut processing, &mut voice, -45.0, 1_500)[1_400..]);
    processing.set(Processing::OFF);
    let plain = rms_dbfs(&evened(&mut processing, &mut voice, -45.0, 100));
    assert!((plain + 45.0).abs() < 1.5, "from the next step on it is as it came: {plain} dBFS");
    assert!(raised > plain + 8.0, "{raised} dBFS with it, {plain} without");
    processing.set(GAIN);
    let again = rms_dbfs(&evened(&mut processing, &mut voice, -45.0, 1_500)[1_400..]);
    assert!((again - raised).abs() < 3.0, "{again} and {raised} dBFS");
}
