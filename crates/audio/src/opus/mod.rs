//! A small safe face over libopus: one mono encoder, one mono decoder, at 48 kHz.

mod decoder;
mod encoder;
mod redundancy;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use redundancy::Redundancy;

use std::ffi::{CStr, c_int};

use thiserror::Error;

/// What libopus said no with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("opus: {}", describe(*.0))]
pub struct OpusError(c_int);

fn describe(code: c_int) -> &'static str {
    // SAFETY: opus_strerror takes any integer and returns a static, terminated string.
    let text = unsafe { CStr::from_ptr(opusic_sys::opus_strerror(code)) };
    text.to_str().unwrap_or("unknown error")
}

fn checked(code: c_int) -> Result<c_int, OpusError> {
    if code < 0 { Err(OpusError(code)) } else { Ok(code) }
}

/// How much sound a packet holds, in 48 kHz samples (120–5 760); `None` when it is no Opus packet
/// (RFC 6716, section 3.4).
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    let length = i32::try_from(packet.len()).ok().filter(|&n| n > 0)?;
    // SAFETY: pointer and length describe the same live slice, which is not empty.
    let samples = unsafe { opusic_sys::opus_packet_get_nb_samples(packet.as_ptr(), length, 48_000) };
    u32::try_from(samples).ok().filter(|&n| n > 0)
}

/// Whether a packet says that nobody speaks: its voice activity flag (RFC 6716, section 4.2.3) is down. `false` for
/// packets without such a flag, and for those of several frames.
pub fn is_pause(packet: &[u8]) -> bool {
    // The configurations of SILK and of the hybrid, one frame, and the first bit of SILK's header.
    matches!(packet, [first, second, ..] if first >> 3 < 16 && first & 3 == 0 && second & 0x80 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defaults::FRAME_SAMPLES;

    fn voice(frame: usize) -> Vec<f32> {
        (0..FRAME_SAMPLES)
            .map(|i| {
                let t = (frame * FRAME_SAMPLES + i) as f32 / 48_000.0;
                0.3 * (t * 150.0 * std::f32::consts::TAU).sin() * (1.0 + (t * 3.0).sin())
            })
            .collect()
    }

    #[test]
    fn a_frame_survives_the_codec() {
        let mut encoder = Encoder::new(32_000).unwrap();
        let mut decoder = Decoder::new().unwrap();
        let mut energy = 0.0;
        for frame in 0..50 {
            let packet = encoder.encode(&voice(frame)).unwrap();
            assert_eq!(packet_samples(&packet), Some(960));
            let mut out = Vec::new();
            decoder.decode(&packet, &mut out).unwrap();
            assert_eq!(out.len(), FRAME_SAMPLES);
            energy += out.iter().map(|s| s * s).sum::<f32>();
        }
        assert!(energy > 100.0, "the decoded tone must be heard: {energy}");
    }

    #[test]
    fn silence_is_still_sent_as_whole_packets() {
        let mut encoder = Encoder::new(32_000).unwrap();
        for _ in 0..500 {
            let packet = encoder.encode(&[0.0; FRAME_SAMPLES]).unwrap();
            assert!(packet.len() > 1, "a one-byte packet is what DTX makes, and DTX is off");
        }
    }

    /// What is sent of ten seconds of a room after a second of speech, and how far apart, in samples.
    fn sent_of(mut room: impl FnMut() -> f32, frame: usize) -> (Vec<usize>, Vec<Vec<u8>>) {
        let mut encoder = Encoder::new(32_000).unwrap();
        encoder.set_dtx(true);
        for piece in (0..50).map(voice) {
            encoder.encode(&piece).unwrap();
        }
        let sound: Vec<f32> = (0..10 * 48_000).map(|_| room()).collect();
        let (mut gaps, mut sent) = (Vec::new(), Vec::new());
        let mut gap = 0;
        for piece in sound.chunks_exact(frame) {
            gap += frame;
            let packet = encoder.encode(piece).unwrap();
            if !packet.is_empty() {
                gaps.push(std::mem::take(&mut gap));
                sent.push(packet);
            }
        }
        (gaps, sent)
    }

    fn noise(level: f32) -> impl FnMut() -> f32 {
        let mut seed = 1u32;
        move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed as f32 / u32::MAX as f32 - 0.5) * 2.0 * level
        }
    }

    #[test]
    fn of_silence_a_packet_every_400_ms_is_sent_when_that_is_wanted() {
        for frame in [FRAME_SAMPLES, FRAME_SAMPLES / 2] {
            let (gaps, sent) = sent_of(|| 0.0, frame);
            assert!(sent.len() < 60, "ten seconds: {} packets of {frame}", sent.len());
            let longest = *gaps.iter().max().unwrap();
            assert!((18_000..=22_000).contains(&longest), "{frame}: {longest}");
        }
    }

    #[test]
    fn of_a_room_in_which_nobody_speaks_little_is_sent_and_says_so() {
        let (gaps, sent) = sent_of(noise(0.002), FRAME_SAMPLES);
        assert!(sent.len() < 120, "ten seconds: {} packets", sent.len());
        assert!(*gaps.iter().max().unwrap() <= 22_000);
        assert!(is_pause(sent.last().unwrap()));
        let mut encoder = Encoder::new(32_000).unwrap();
        let speech: Vec<_> = (0..20).map(|f| encoder.encode(&voice(f)).unwrap()).collect();
        assert!(!speech[10..].iter().any(|packet| is_pause(packet)));
    }

    #[test]
    fn a_single_loss_is_recovered_from_the_packet_after_it() {
        let mut encoder = Encoder::new(32_000).unwrap();
        encoder.set_expected_loss(20);
        let packets: Vec<_> = (0..40).map(|f| encoder.encode(&voice(f)).unwrap()).collect();
        let mut decoder = Decoder::new().unwrap();
        let mut out = Vec::new();
        for packet in &packets[..20] {
            decoder.decode(packet, &mut out).unwrap();
        }
        assert!(decoder.has_recovery(&packets[21]), "in-band FEC is on");
        out.clear();
        decoder.recover(&packets[21], FRAME_SAMPLES, &mut out).unwrap();
        assert_eq!(out.len(), FRAME_SAMPLES);
        let energy: f32 = out.iter().map(|s| s * s).sum();
        assert!(energy > 1.0, "the recovered frame carries the tone: {energy}");
    }

    #[test]
    fn what_is_no_opus_packet_is_an_error() {
        assert_eq!(packet_samples(&[]), None);
        assert_eq!(packet_samples(&[3, 63]), None, "63 frames of 10 ms are longer than a packet may be");
        let mut decoder = Decoder::new().unwrap();
        let mut out = Vec::new();
        assert!(decoder.decode(&[3, 63, 0, 0], &mut out).is_err());
        assert!(out.is_empty());
    }
}
