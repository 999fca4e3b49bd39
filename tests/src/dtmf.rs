//! Reading dialled digits from sound (ITU-T Q.23: one low and one high tone each).

use std::time::Duration;

use crate::Sound;

const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [&[u8; 4]; 4] = [b"123A", b"456B", b"789C", b"*0#D"];

/// What is looked at in one go. ITU-T Q.24 wants digits of 40 ms to be read.
const PIECE: Duration = Duration::from_millis(20);

/// The digits that sound, in their order. Speech is none: the two tones of a digit are nearly all there is of it.
pub fn digits(sound: &Sound) -> String {
    let length = (PIECE.as_secs_f64() * f64::from(sound.rate)) as usize;
    let mut found = String::new();
    let mut last = (None, 0);
    for piece in sound.samples.chunks_exact(length) {
        let digit = digit(piece, sound.rate);
        last = if digit == last.0 { (digit, last.1 + 1) } else { (digit, 1) };
        // Two in a row: a piece that is half speech is never enough.
        if let (Some(digit), 2) = last {
            found.push(digit);
        }
    }
    found
}

fn digit(piece: &[f32], rate: u32) -> Option<char> {
    let energy: f64 = piece.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    if energy / (piece.len() as f64) < 1e-6 {
        return None;
    }
    let strongest = |tones: &[f64; 4]| {
        let powers = tones.map(|tone| power(piece, tone, rate));
        let (index, power) = powers.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((index, power))
    };
    let ((row, low), (column, high)) = (strongest(&LOW)?, strongest(&HIGH)?);
    let share = (low + high) * 2.0 / piece.len() as f64 / energy;
    (share > 0.8 && low.min(high) > 0.1 * low.max(high)).then(|| char::from(KEYS[row][column]))
}

/// Power of one tone (Goertzel's sum, written out).
fn power(piece: &[f32], tone: f64, rate: u32) -> f64 {
    let step = std::f64::consts::TAU * tone / f64::from(rate);
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, &sample) in piece.iter().enumerate() {
        let phase = step * index as f64;
        sine += f64::from(sample) * phase.sin();
        cosine += f64::from(sample) * phase.cos();
    }
    sine * sine + cosine * cosine
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn tone(low: f32, high: f32) -> Sound {
        let sample = |index: u32| {
            let time = std::f32::consts::TAU * index as f32 / RATE as f32;
            0.2 * (low * time).sin() + 0.2 * (high * time).sin()
        };
        Sound { rate: RATE, samples: (0..RATE / 10).map(sample).collect() }
    }

    #[test]
    fn digits_are_read_with_their_repetitions() {
        let gap = Sound::silence(RATE, Duration::from_millis(100));
        let sound = tone(697.0, 1_209.0).then(&gap).then(&tone(697.0, 1_209.0)).then(&gap).then(&tone(941.0, 1_477.0));
        assert_eq!(digits(&sound), "11#");
    }

    #[test]
    fn a_sweep_is_no_digit() {
        assert_eq!(digits(&Sound::chirp(RATE, Duration::from_secs(3), 300.0, 3_000.0)), "");
    }
}
