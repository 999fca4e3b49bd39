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

/// Takes out a period of at most 10 ms, and of at most so many samples and half the frame, where that is not heard.
pub fn shorten(frame: &mut Vec<f32>, most: usize) {
    if let Some(lag) = period(frame, most, false) {
        cut(frame, lag);
    }
}

/// The same wherever the frame is most like itself, heard or not.
pub fn hurry(frame: &mut Vec<f32>) {
    if let Some(lag) = period(frame, LAG_MAX, true) {
        cut(frame, lag);
    }
}

/// Goes on so many samples later, and fades there within 5 ms; half the frame at most.
pub fn skip(frame: &mut Vec<f32>, by: usize) {
    let by = by.min(frame.len() / 2);
    let fade = by.min(2 * LAG_MIN);
    for i in 0..fade {
        let weight = i as f32 / fade as f32;
        frame[i] = frame[i] * (1.0 - weight) + frame[i + by] * weight;
    }
    frame.drain(fade..fade + by);
}

fn cut(frame: &mut Vec<f32>, lag: usize) {
    for i in 0..lag {
        let weight = i as f32 / lag as f32;
        frame[i] = frame[i] * (1.0 - weight) + frame[i + lag] * weight;
    }
    frame.drain(lag..2 * lag);
}

/// Puts in a period of at most 10 ms, where that is not heard.
pub fn lengthen(frame: &mut Vec<f32>) {
    if let Some(lag) = period(frame, LAG_MAX, false) {
        let inserted: Vec<f32> = (0..lag)
            .map(|i| {
                let weight = i as f32 / lag as f32;
                frame[lag + i] * (1.0 - weight) + frame[i] * weight
            })
            .collect();
        frame.splice(lag..lag, inserted);
    }
}

fn period(frame: &[f32], most: usize, hurry: bool) -> Option<usize> {
    // Of 10 ms, half is compared with half: only high voices and pauses can be bent.
    let most = most.min(LAG_MAX).min(frame.len() / 2);
    if most < LAG_MIN {
        return None;
    }
    let rms = (frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32).sqrt();
    if rms < QUIET_RMS {
        return Some(most);
    }
    let (coarse, _) = best(frame, (LAG_MIN..=most).step_by(4), 4);
    let around = coarse.saturating_sub(3).max(LAG_MIN)..=(coarse + 3).min(most);
    let (lag, likeness) = best(frame, around, 1);
    (hurry || likeness >= LIKENESS_MIN).then_some(lag)
}

/// The lag at which the frame is most like itself, and how much (−1..1), comparing every `stride`th sample.
fn best(frame: &[f32], lags: impl Iterator<Item = usize>, stride: usize) -> (usize, f32) {
    let mut found = (LAG_MIN, -1.0);
    for lag in lags {
        let compared = TEMPLATE.min(frame.len() - lag);
        let (mut product, mut here, mut there) = (0.0f32, 1e-9f32, 1e-9f32);
        for i in (0..compared).step_by(stride) {
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
        shorten(&mut frame, 480);
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
        shorten(&mut frame, 480);
        assert_eq!(frame, noise);
        hurry(&mut frame);
        assert!(frame.len() < noise.len());
    }

    #[test]
    fn no_more_is_taken_out_than_there_is_too_much() {
        let mut frame = voice(300.0);
        shorten(&mut frame, 200);
        assert!((760..960).contains(&frame.len()), "{}", frame.len());
        let mut silence = vec![0.0; 960];
        shorten(&mut silence, 150);
        assert_eq!(silence.len(), 810);
        shorten(&mut silence, LAG_MIN - 1);
        assert_eq!(silence.len(), 810, "shorter than any period");
    }

    #[test]
    fn what_was_made_up_already_is_left_out_to_the_sample_and_without_a_click() {
        let mut frame = voice(200.0);
        let (step, whole) = (largest_step(&frame), frame.clone());
        skip(&mut frame, 300);
        assert_eq!(frame.len(), 660);
        assert_eq!(frame[240..], whole[540..]);
        assert!(largest_step(&frame) < step * 1.5, "a click would be a larger step");
        skip(&mut frame, 5_000);
        assert_eq!(frame.len(), 330, "half of it at most");
    }

    #[test]
    fn ten_milliseconds_can_be_bent_too() {
        let mut frame = voice(400.0)[..480].to_vec();
        shorten(&mut frame, 480);
        assert!((240..480).contains(&frame.len()), "{}", frame.len());
        let before = frame.len();
        lengthen(&mut frame);
        assert!(frame.len() > before);
    }

    #[test]
    fn a_short_frame_is_left_alone() {
        let mut frame = vec![0.0; 2 * LAG_MIN - 1];
        hurry(&mut frame);
        lengthen(&mut frame);
        assert_eq!(frame.len(), 2 * LAG_MIN - 1);
    }
}
