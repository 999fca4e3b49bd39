use std::ffi::c_int;
use std::ptr::{self, NonNull};

use opusic_sys as sys;

use super::{OpusError, Redundancy, checked};
use crate::defaults::{DECODER_COMPLEXITY, DECODER_COMPLEXITY_CLEAN, PACKET_SAMPLES_MAX, SAMPLE_RATE};

/// Decodes mono sound, recovers single losses from the packet after them, and conceals the rest.
#[derive(Debug)]
pub struct Decoder {
    state: NonNull<sys::OpusDecoder>,
    enhances: bool,
}

// SAFETY: the state is owned by this value alone and has no ties to a thread.
unsafe impl Send for Decoder {}

impl Decoder {
    /// A decoder with deep concealment, and without enhancement until [`Decoder::enhance`].
    pub fn new() -> Result<Self, OpusError> {
        let mut error = 0;
        // SAFETY: plain values and a pointer to a live integer; the result is checked for null.
        let state = unsafe { sys::opus_decoder_create(SAMPLE_RATE as i32, 1, &mut error) };
        let state = NonNull::new(state).ok_or(OpusError(error))?;
        let decoder = Self { state, enhances: false };
        decoder.set_complexity(DECODER_COMPLEXITY_CLEAN)?;
        Ok(decoder)
    }

    /// Whether what is decoded is enhanced (NoLACE): it mends what the encoder spent on protection instead of on the voice,
    /// for half of what decoding costs.
    pub fn enhance(&mut self, wanted: bool) {
        if wanted != self.enhances {
            let complexity = if wanted { DECODER_COMPLEXITY } else { DECODER_COMPLEXITY_CLEAN };
            match self.set_complexity(complexity) {
                Ok(()) => self.enhances = wanted,
                Err(error) => tracing::debug!(%error, "the decoder did not take its complexity"),
            }
        }
    }

    fn set_complexity(&self, complexity: i32) -> Result<(), OpusError> {
        // SAFETY: a live state; this request takes one integer by value.
        checked(unsafe {
            sys::opus_decoder_ctl(self.state.as_ptr(), sys::OPUS_SET_COMPLEXITY_REQUEST, complexity as c_int)
        })
        .map(drop)
    }

    /// Appends the packet's sound to `out`; on an error `out` is as before.
    pub fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Result<(), OpusError> {
        if packet.is_empty() {
            return Err(OpusError(sys::OPUS_INVALID_PACKET));
        }
        self.run(Some(packet), PACKET_SAMPLES_MAX, false, out)
    }

    /// Appends `samples` of the sound that came just before `next`, from what `next` carries of it; where it carries
    /// nothing, this conceals.
    pub fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<f32>) -> Result<(), OpusError> {
        self.run(Some(next), samples, true, out)
    }

    /// Appends `samples` of made-up sound: what was heard last, fading. A multiple of 2.5 ms (120 samples).
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) -> Result<(), OpusError> {
        self.run(None, samples, false, out)
    }

    /// Appends `samples` of the sound that came `before` samples before `later`, from the deep redundancy that `later`
    /// carries; where it carries none, this conceals.
    pub fn rebuild(
        &mut self,
        redundancy: &mut Redundancy,
        later: &[u8],
        before: usize,
        samples: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), OpusError> {
        let Some(described) = redundancy.of(later, before)? else {
            return self.conceal(samples, out);
        };
        let (samples, start) = (samples.min(PACKET_SAMPLES_MAX), out.len());
        out.resize(start + samples, 0.0);
        // SAFETY: live states; `out` has room for `samples` after `start`.
        let result = checked(unsafe {
            sys::opus_decoder_dred_decode_float(
                self.state.as_ptr(),
                described,
                before.min(SAMPLE_RATE as usize) as i32,
                out.as_mut_ptr().add(start),
                samples as c_int,
            )
        });
        out.truncate(start + result.map_or(0, |made| made as usize));
        result.map(drop)
    }

    /// Whether the packet carries its predecessor a second time (LBRR, RFC 6716, section 4.2.3).
    pub fn has_recovery(&self, packet: &[u8]) -> bool {
        let Ok(length) = i32::try_from(packet.len()) else {
            return false;
        };
        // SAFETY: pointer and length describe the same live slice, which is not empty.
        length > 0 && unsafe { sys::opus_packet_has_lbrr(packet.as_ptr(), length) } == 1
    }

    fn run(&mut self, packet: Option<&[u8]>, samples: usize, fec: bool, out: &mut Vec<f32>) -> Result<(), OpusError> {
        let samples = samples.min(PACKET_SAMPLES_MAX);
        let before = out.len();
        out.resize(before + samples, 0.0);
        let (data, length) = match packet {
            Some(packet) => (packet.as_ptr(), packet.len().min(i32::MAX as usize) as i32),
            None => (ptr::null(), 0),
        };
        // SAFETY: `data` and `length` describe a live slice or nothing; `out` has room for `samples` after `before`.
        let result = checked(unsafe {
            sys::opus_decode_float(
                self.state.as_ptr(),
                data,
                length,
                out.as_mut_ptr().add(before),
                samples as c_int,
                c_int::from(fec),
            )
        });
        out.truncate(before + result.map_or(0, |n| n as usize));
        result.map(drop)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: created by opus_decoder_create and not used again.
        unsafe { sys::opus_decoder_destroy(self.state.as_ptr()) }
    }
}
