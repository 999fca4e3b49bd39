use std::ffi::c_int;
use std::ptr::NonNull;

use opusic_sys as sys;

use super::{OpusError, checked};
use crate::defaults::{
    BITRATE_MAX, BITRATE_MIN, ENCODER_COMPLEXITY, EXPECTED_LOSS_MAX, EXPECTED_LOSS_MIN, FRAME_SAMPLES,
    PACKET_BYTES_MAX, SAMPLE_RATE,
};
use crate::sending::SendingPlan;

/// Encodes frames of 10 or 20 ms of mono speech with in-band forward error correction.
#[derive(Debug)]
pub struct Encoder {
    state: NonNull<sys::OpusEncoder>,
    dtx: bool,
}

// SAFETY: the state is owned by this value alone and has no ties to a thread.
unsafe impl Send for Encoder {}

impl Encoder {
    /// `bitrate` in bits a second, brought into the range that Opus takes for speech.
    pub fn new(bitrate: u32) -> Result<Self, OpusError> {
        let mut error = 0;
        // SAFETY: plain values and a pointer to a live integer; the result is checked for null.
        let state = unsafe { sys::opus_encoder_create(SAMPLE_RATE as i32, 1, sys::OPUS_APPLICATION_VOIP, &mut error) };
        let state = NonNull::new(state).ok_or(OpusError(error))?;
        let mut encoder = Self { state, dtx: false };
        let bitrate = bitrate.clamp(BITRATE_MIN, BITRATE_MAX) as c_int;
        encoder.set(sys::OPUS_SET_BITRATE_REQUEST, bitrate)?;
        encoder.set(sys::OPUS_SET_COMPLEXITY_REQUEST, ENCODER_COMPLEXITY)?;
        encoder.set(sys::OPUS_SET_SIGNAL_REQUEST, sys::OPUS_SIGNAL_VOICE)?;
        encoder.set(sys::OPUS_SET_DTX_REQUEST, 0)?;
        encoder.set(sys::OPUS_SET_INBAND_FEC_REQUEST, 1)?;
        encoder.set_expected_loss(0);
        Ok(encoder)
    }

    /// The far side's loss in percent. Read into the range in which forward error correction stays on: an expected
    /// loss of 0 would switch it off.
    pub fn set_expected_loss(&mut self, percent: u8) {
        let percent = percent.clamp(EXPECTED_LOSS_MIN, EXPECTED_LOSS_MAX);
        if let Err(error) = self.set(sys::OPUS_SET_PACKET_LOSS_PERC_REQUEST, c_int::from(percent)) {
            tracing::debug!(%error, "the encoder did not take the expected loss");
        }
    }

    /// How much of the past each packet describes coarsely (deep redundancy), in steps of 10 ms; 0 is none.
    fn set_redundancy(&mut self, steps: u8) {
        if let Err(error) = self.set(sys::OPUS_SET_DRED_DURATION_REQUEST, c_int::from(steps.min(104))) {
            tracing::debug!(%error, "the encoder did not take the redundancy");
        }
    }

    /// Sets what the far side's reports ask for.
    pub fn follow(&mut self, plan: SendingPlan) {
        let bitrate = plan.bitrate.clamp(BITRATE_MIN, BITRATE_MAX) as c_int;
        if let Err(error) = self.set(sys::OPUS_SET_BITRATE_REQUEST, bitrate) {
            tracing::debug!(%error, "the encoder did not take the bit rate");
        }
        self.set_expected_loss(plan.expected_loss);
        self.set_redundancy(plan.redundancy);
    }

    /// Whether silence is sent (DTX, RFC 6716, section 2.1.9): where it is not, a frame every 400 ms says how the room
    /// sounds.
    pub fn set_dtx(&mut self, on: bool) {
        match self.set(sys::OPUS_SET_DTX_REQUEST, c_int::from(on)) {
            Ok(()) => self.dtx = on,
            Err(error) => tracing::debug!(%error, "the encoder did not take the setting of silence"),
        }
    }

    /// Whether the last frame was of a pause: what of it is sent only says how the room sounds.
    pub fn is_pausing(&mut self) -> bool {
        let mut pausing: c_int = 0;
        // SAFETY: this request takes one pointer to an integer, which lives.
        let answer =
            unsafe { sys::opus_encoder_ctl(self.state.as_ptr(), sys::OPUS_GET_IN_DTX_REQUEST, &raw mut pausing) };
        self.dtx && checked(answer).is_ok() && pausing != 0
    }

    /// Encodes one frame of [`FRAME_SAMPLES`] samples in −1..1, or of half as many; any other length is an error. Nothing
    /// comes of a frame that need not be sent.
    pub fn encode(&mut self, frame: &[f32]) -> Result<Vec<u8>, OpusError> {
        if ![FRAME_SAMPLES, FRAME_SAMPLES / 2].contains(&frame.len()) {
            return Err(OpusError(sys::OPUS_BAD_ARG));
        }
        let mut packet = vec![0; PACKET_BYTES_MAX];
        // SAFETY: `frame` holds as many samples as it is said to have, `packet` as many bytes as it is said to have.
        let length = checked(unsafe {
            sys::opus_encode_float(
                self.state.as_ptr(),
                frame.as_ptr(),
                frame.len() as c_int,
                packet.as_mut_ptr(),
                packet.len() as i32,
            )
        })?;
        // "If the return value is 2 bytes or less, the packet does not need to be transmitted" (`opus_encode`).
        packet.truncate(if self.dtx && length <= 2 { 0 } else { length as usize });
        Ok(packet)
    }

    fn set(&mut self, request: c_int, value: c_int) -> Result<(), OpusError> {
        // SAFETY: every request used here takes one integer by value.
        checked(unsafe { sys::opus_encoder_ctl(self.state.as_ptr(), request, value) }).map(drop)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: created by opus_encoder_create and not used again.
        unsafe { sys::opus_encoder_destroy(self.state.as_ptr()) }
    }
}
