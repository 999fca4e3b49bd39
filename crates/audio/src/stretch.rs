//! Takes single pitch periods out of speech or puts them in, so that time can be gained or lost without a change of
//! pitch (the idea of WSOLA, Verhelst and Roelands 1993).

/// 2.5 ms: the shortest period looked for, a voice at 400 Hz.
const LAG_MIN: usize = 120;
/// 10 ms: the longest.
const LAG_MAX: usize = 480;
/// How much is compared.
const TEMPLATE: usize = 480;
/// Below this likeness a cut would be heard.
const LIKENESS_MIN: f32 = 0.6;
/// Quieter than this (−54 dBFS), nothing is heard of a cut.
const QUIET_RMS: f32 = 0.002;

/// Takes out a period of at most 10 ms from a frame of at least 20; where that would be heard, only if `hurry`.
pub fn shorten(frame: &mut Vec<f32>, hurry: bool) {
    if let Some(lag) = period(frame, hurry) {
        for i in 0..lag {
            let weight = i as f32 / lag as f32;
            frame[i] = frame[i] * (1.0 - weight) + frame[i + lag] * weight;
        }
        frame.drain(lag..2 * lag);
    }
}

/// Puts in a period of at most 10 ms, where that is not heard.
pub fn lengthen(frame: &mut Vec<f32>) {
    if let Some(lag) = period(frame, false) {
        let inserted: Vec<f32> = (0..lag)
            .map(|i| {
                let weight = i as f32 / lag as f32;
                frame[lag + i] * (1.0 - weight) + frame[i] * weight
            })
            .collect();
        frame.splice(lag..lag, inserted);
    }
}

fn period(frame: &[f32], hurry: bool) -> Option<usize> {
    if frame.len() < LAG_MAX + TEMPLATE {
        return None;
    }
    let rms = (frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32).sqrt();
    if rms < QUIET_RMS {
        return Some(LAG_MAX);
    }
    let (coarse, _) = best(frame, (LAG_MIN..=LAG_MAX).step_by(4), 4);
    let around = coarse.saturating_sub(3).max(LAG_MIN)..=(coarse + 3).min(LAG_MAX);
    let (lag, likeness) = best(frame, around, 1);
    (hurry || likeness >= LIKENESS_MIN).then_some(lag)
}

/// The lag at which the frame is most like itself, and how much (−1..1), comparing every `stride`th sample.
fn best(frame: &[f32], lags: impl Iterator<Item = usize>, stride: usize) -> (usize, f32) {
    let mut found = (LAG_MAX, -1.0);
    for lag in lags {
        let (mut product, mut here, mut there) = (0.0f32, 1e-9f32, 1e-9f32);
        for i in (0..TEMPLATE).step_by(stride) {
            let (a, b) = (frame[i], frame[i + lag]);
            product += a * b;
            here += a * a;
            there += b * b;
        }
        let likeness = product / (here * there).sqrt();
        if likeness > found.1 {
            found = (lag, likeness);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(pitch: f32) -> Vec<f32> {
        (0..960).map(|i| (i as f32 / 48_000.0 * pitch * std::f32::consts::TAU).sin() * 0.5).collect()
    }

    fn largest_step(sound: &[f32]) -> f32 {
        sound.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_shortened_tone_stays_a_tone() {
        let mut frame = voice(200.0);
        let step = largest_step(&frame);
        shorten(&mut frame, false);
        assert!(frame.len() <= 960 - LAG_MIN);
        assert!(largest_step(&frame) < step * 1.2, "a click would be a larger step");
    }

    #[test]
    fn a_lengthened_tone_stays_a_tone() {
        let mut frame = voice(200.0);
        let step = largest_step(&frame);
        lengthen(&mut frame);
        assert!(frame.len() >= 960 + LAG_MIN);
        assert!(largest_step(&frame) < step * 1.2, "a click would be a larger step");
    }

    #[test]
    fn noise_is_cut_only_in_a_hurry() {
        let mut seed = 1u32;
        let noise: Vec<f32> = (0..960)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed as f32 / u32::MAX as f32 - 0.5
            })
            .collect();
        let mut frame = noise.clone();
        shorten(&mut frame, false);
        assert_eq!(frame, noise);
        shorten(&mut frame, true);
        assert!(frame.len() < noise.len());
    }

    #[test]
    fn a_short_frame_is_left_alone() {
        let mut frame = vec![0.0; 480];
        shorten(&mut frame, true);
        lengthen(&mut frame);
        assert_eq!(frame.len(), 480);
    }
}
