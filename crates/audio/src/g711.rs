//! The telephone's codec (ITU-T G.711, µ-law) between sound at 48 kHz and a byte for each sample at 8 kHz. What is lost is
//! made up by going on with the last pitch period for a moment (after ITU-T G.711, Appendix I).

mod concealment;
mod mu_law;

use std::f32::consts::PI;

use concealment::Concealment;

/// Samples at 48 kHz for one at 8 kHz.
pub const RATIO: usize = 6;

/// The longest packet that is taken: 120 ms, as of Opus.
const LONGEST: usize = 960;

/// Of the filter between the two rates: 1.5 ms of delay.
const TAPS: usize = 24 * RATIO;

/// Where the filter has half its height, as a part of 48 kHz: 3 700 Hz. It passes the telephone's band, to 3 400 Hz, and lets
/// 50 dB less through from 4 300 Hz on.
const CUT: f32 = 3_700.0 / 48_000.0;

/// A windowed sinc (Hamming) whose taps add up to 1.
fn low_pass() -> Vec<f32> {
    let mut taps: Vec<f32> = (0..TAPS)
        .map(|tap| {
            let x = 2.0 * PI * CUT * (tap as f32 - (TAPS - 1) as f32 / 2.0);
            let window = 0.54 - 0.46 * (2.0 * PI * tap as f32 / (TAPS - 1) as f32).cos();
            window * x.sin() / x
        })
        .collect();
    let sum: f32 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    taps
}

/// How many samples at 48 kHz a packet holds; `None` when it is longer than any is, or empty.
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    (1..=LONGEST).contains(&packet.len()).then(|| (packet.len() * RATIO) as u32)
}

/// From 48 kHz to µ-law.
#[derive(Debug)]
pub struct Encoder {
    filter: Vec<f32>,
    past: Vec<f32>,
}

impl Encoder {
    pub fn new() -> Self {
        Self { filter: low_pass(), past: vec![0.0; TAPS - RATIO] }
    }

    /// A byte for every six samples in −1..1.
    pub fn encode(&mut self, sound: &[f32]) -> Vec<u8> {
        self.past.extend_from_slice(sound);
        let sample = |window: &[f32]| window.iter().zip(&self.filter).map(|(sample, tap)| sample * tap).sum::<f32>();
        let packet: Vec<u8> = self.past.windows(TAPS).step_by(RATIO).map(|w| mu_law::write(sample(w))).collect();
        self.past.drain(..packet.len() * RATIO);
        packet
    }
}

/// From µ-law to 48 kHz.
#[derive(Debug)]
pub struct Decoder {
    filter: Vec<f32>,
    /// The newest samples at 8 kHz, newest first.
    past: Vec<f32>,
    concealment: Concealment,
}

impl Decoder {
    pub fn new() -> Self {
        Self { filter: low_pass(), past: vec![0.0; TAPS / RATIO], concealment: Concealment::default() }
    }

    /// Appends the packet's sound to `out`.
    pub fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) {
        let mut sound: Vec<f32> = packet.iter().map(|code| mu_law::read(*code)).collect();
        self.concealment.heard(&mut sound);
        self.raise(&sound, out);
    }

    /// Appends `samples` of made-up sound: what was heard last, fading. A multiple of 6.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) {
        let sound = self.concealment.make(samples.div_ceil(RATIO));
        self.raise(&sound, out);
    }

    fn raise(&mut self, sound: &[f32], out: &mut Vec<f32>) {
        out.reserve(sound.len() * RATIO);
        for sample in sound {
            self.past.rotate_right(1);
            self.past[0] = *sample;
            for phase in 0..RATIO {
                let taps = self.filter[phase..].iter().step_by(RATIO);
                out.push(RATIO as f32 * taps.zip(&self.past).map(|(tap, sample)| tap * sample).sum::<f32>());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.4 * (2.0 * PI * hertz * n as f32 / 48_000.0).sin()).collect()
    }

    fn loudness(sound: &[f32]) -> f32 {
        (sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len() as f32).sqrt()
    }

    /// What comes out of both directions, for a tone that goes in, frame by frame of `frame` samples.
    fn through(hertz: f32, frame: usize) -> Vec<f32> {
        let (mut encoder, mut decoder, mut out) = (Encoder::new(), Decoder::new(), Vec::new());
        for piece in tone(hertz, 48_000).chunks_exact(frame) {
            let packet = encoder.encode(piece);
            assert_eq!(packet_samples(&packet), Some(frame as u32));
            decoder.decode(&packet, &mut out);
        }
        out
    }

    #[test]
    fn speech_of_the_telephones_band_passes_with_its_level_and_nothing_above_it_comes_back_as_something_else() {
        for frame in [480, 960] {
            for hertz in [300.0, 1_000.0, 3_000.0] {
                let (said, heard) = (loudness(&tone(hertz, 40_000)), loudness(&through(hertz, frame)[4_000..]));
                assert!((heard / said - 1.0).abs() < 0.06, "{hertz} Hz: {said} became {heard}");
            }
            for hertz in [5_000.0, 7_000.0, 11_000.0] {
                let heard = loudness(&through(hertz, frame)[4_000..]);
                assert!(heard < 0.004, "{hertz} Hz came back: {heard}");
            }
        }
    }

    #[test]
    fn what_comes_back_is_late_by_the_filters_alone() {
        let (said, heard) = (tone(500.0, 48_000), through(500.0, 960));
        let error = |late: usize| (10_000..20_000).map(|n| (heard[n + late] - said[n]).abs()).fold(0.0, f32::max);
        let late = (0..400).min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap();
        assert!((96 * late) < 96 * 160 && error(late) < 0.05, "{late} samples late, off by {}", error(late));
    }

    #[test]
    fn a_lost_packet_sounds_on_and_a_long_loss_fades_to_silence() {
        let (mut encoder, mut decoder, mut out) = (Encoder::new(), Decoder::new(), Vec::new());
        let said = tone(200.0, 48_000);
        for piece in said[..19_200].chunks_exact(960) {
            decoder.decode(&encoder.encode(piece), &mut out);
        }
        let before = loudness(&out[9_600..]);
        out.clear();
        decoder.conceal(960, &mut out);
        assert_eq!(out.len(), 960);
        assert!(loudness(&out) > before / 2.0, "20 ms are bridged: {} of {before}", loudness(&out));
        out.clear();
        decoder.conceal(9_600, &mut out);
        assert!(loudness(&out[4_800..]) < 1e-4, "nobody hums for long");
        // Sound that comes again begins without a click.
        out.clear();
        decoder.decode(&encoder.encode(&said[19_200..20_160]), &mut out);
        assert!(out.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.05));
    }

    #[test]
    fn what_can_be_no_packet_has_no_length() {
        assert_eq!(packet_samples(&[]), None);
        assert_eq!(packet_samples(&[0; LONGEST + 1]), None);
        assert_eq!(packet_samples(&[0; 160]), Some(960));
    }
}
