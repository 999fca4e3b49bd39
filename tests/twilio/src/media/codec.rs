//! Opus and µ-law, and sound between them.

use std::ptr::NonNull;

use opusic_sys as sys;

/// The most samples of one Opus packet: 120 ms at 48 kHz.
const LONGEST: usize = 5_760;

/// An Opus encoder of mono sound.
pub(crate) struct Encoder {
    state: NonNull<sys::OpusEncoder>,
}

// SAFETY: the state is owned by this value alone and has no ties to a thread.
unsafe impl Send for Encoder {}

impl Encoder {
    /// For sound of this rate, one of Opus' own: 8, 12, 16, 24 or 48 kHz.
    pub fn new(rate: u32) -> Option<Self> {
        let mut error = 0;
        // SAFETY: plain values and a pointer to a live integer; the result is checked for null.
        let state = unsafe {
            sys::opus_encoder_create(i32::try_from(rate).ok()?, 1, sys::OPUS_APPLICATION_VOIP, &raw mut error)
        };
        Some(Self { state: NonNull::new(state)? })
    }

    /// The packet of 20 ms.
    pub fn encode(&mut self, samples: &[i16]) -> Option<Vec<u8>> {
        let mut packet = vec![0; 1_275];
        let (length, most) = (i32::try_from(samples.len()).ok()?, i32::try_from(packet.len()).ok()?);
        // SAFETY: the state lives, and both lengths are those of the slices.
        let written =
            unsafe { sys::opus_encode(self.state.as_ptr(), samples.as_ptr(), length, packet.as_mut_ptr(), most) };
        packet.truncate(usize::try_from(written).ok().filter(|written| *written > 0)?);
        Some(packet)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: created by opus_encoder_create and not used again.
        unsafe { sys::opus_encoder_destroy(self.state.as_ptr()) }
    }
}

/// An Opus decoder to mono sound.
pub(crate) struct Decoder {
    state: NonNull<sys::OpusDecoder>,
}

// SAFETY: the state is owned by this value alone and has no ties to a thread.
unsafe impl Send for Decoder {}

impl Decoder {
    /// To sound of this rate, one of Opus' own.
    pub fn new(rate: u32) -> Option<Self> {
        let mut error = 0;
        // SAFETY: plain values and a pointer to a live integer; the result is checked for null.
        let state = unsafe { sys::opus_decoder_create(i32::try_from(rate).ok()?, 1, &raw mut error) };
        Some(Self { state: NonNull::new(state)? })
    }

    /// The sound of a packet; `None` when it is none of Opus'.
    pub fn decode(&mut self, packet: &[u8]) -> Option<Vec<i16>> {
        let length = i32::try_from(packet.len()).ok().filter(|length| *length > 0)?;
        let mut samples = vec![0; LONGEST];
        let most = i32::try_from(LONGEST).ok()?;
        // SAFETY: the state lives, and both lengths are those of the slices.
        let read =
            unsafe { sys::opus_decode(self.state.as_ptr(), packet.as_ptr(), length, samples.as_mut_ptr(), most, 0) };
        samples.truncate(usize::try_from(read).ok()?);
        Some(samples)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: created by opus_decoder_create and not used again.
        unsafe { sys::opus_decoder_destroy(self.state.as_ptr()) }
    }
}

/// One sample in µ-law (ITU-T G.711).
pub(crate) fn to_mu_law(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(32_635) + BIAS;
    let exponent = (magnitude >> 7).ilog2();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    // At most 7 · 16 + 15.
    !(sign | u8::try_from((exponent as i32) << 4 | mantissa).unwrap_or(0x7f))
}

/// One sample out of µ-law.
pub(crate) fn from_mu_law(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((i16::from(code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7);
    if code & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude }
}

/// The same sound at another rate, by a windowed sinc.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
pub(crate) fn resample(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    if from == to {
        return samples.to_vec();
    }
    const REACH: f64 = 16.0;
    let step = f64::from(from) / f64::from(to);
    // Below the lower one of the two Nyquist frequencies.
    let cut = (1.0 / step).min(1.0) * 0.95;
    let length = (samples.len() as f64 / step) as usize;
    (0..length)
        .map(|index| {
            let centre = index as f64 * step;
            let first = (centre - REACH / cut).ceil().max(0.0) as usize;
            let last = ((centre + REACH / cut).floor() as usize).min(samples.len().saturating_sub(1));
            let sum: f64 = (first..=last)
                .map(|at| {
                    let distance = at as f64 - centre;
                    let x = std::f64::consts::PI * distance * cut;
                    let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
                    let window = 0.5 + 0.5 * (std::f64::consts::PI * distance * cut / REACH).cos();
                    f64::from(samples[at]) * sinc * window * cut
                })
                .sum();
            sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_law_gives_back_what_it_can_say() {
        for code in 0..=255_u8 {
            // Two codes say zero.
            if code != 0x7f {
                assert_eq!(to_mu_law(from_mu_law(code)), code);
            }
        }
        assert_eq!((to_mu_law(i16::MIN), to_mu_law(i16::MAX), from_mu_law(0xff)), (0x00, 0x80, 0));
    }

    #[test]
    fn a_tone_keeps_its_pitch_at_another_rate() {
        let tone = |rate: u32| -> Vec<i16> {
            (0..rate).map(|n| ((f64::from(n) * 2_765.0 / f64::from(rate)).sin() * 9_000.0) as i16).collect()
        };
        for (from, to) in [(16_000, 8_000), (8_000, 16_000), (48_000, 16_000)] {
            let (made, wanted) = (resample(&tone(from), from, to), tone(to));
            let wrong = (100..made.len() - 100).map(|n| (made[n] - wanted[n]).abs()).max().unwrap();
            assert!(wrong < 300, "{from} → {to}: {wrong}");
        }
    }

    #[test]
    fn opus_carries_sound_and_refuses_garbage() {
        let (mut encoder, mut decoder) = (Encoder::new(16_000).unwrap(), Decoder::new(16_000).unwrap());
        let packet = encoder.encode(&[0; 320]).unwrap();
        assert_eq!(decoder.decode(&packet).unwrap().len(), 320);
        assert!(decoder.decode(&[]).is_none() && decoder.decode(&[0xff; 3]).is_none());
    }
}
