use std::ffi::c_int;
use std::ptr::NonNull;

use opusic_sys as sys;

use super::{OpusError, checked};
use crate::defaults::SAMPLE_RATE;

/// Reads the deep redundancy (DRED) of packets: a coarse description of the sound before them, many frames far.
#[derive(Debug)]
pub struct Redundancy {
    reader: NonNull<sys::OpusDREDDecoder>,
    read: NonNull<sys::OpusDRED>,
    /// Whose redundancy `read` holds.
    of: Vec<u8>,
    reach: usize,
    ready: bool,
}

// SAFETY: both states are owned by this value alone and have no ties to a thread.
unsafe impl Send for Redundancy {}

impl Redundancy {
    /// Nothing read yet.
    pub fn new() -> Result<Self, OpusError> {
        let mut error = 0;
        // SAFETY: a pointer to a live integer; the result is checked for null.
        let reader = NonNull::new(unsafe { sys::opus_dred_decoder_create(&mut error) }).ok_or(OpusError(error))?;
        // SAFETY: as above.
        let Some(read) = NonNull::new(unsafe { sys::opus_dred_alloc(&mut error) }) else {
            // SAFETY: created above and not used again.
            unsafe { sys::opus_dred_decoder_destroy(reader.as_ptr()) };
            return Err(OpusError(error));
        };
        Ok(Self { reader, read, of: Vec::new(), reach: 0, ready: false })
    }

    /// How much of the sound before it the packet describes, in samples, when `wanted` are missing; 0 is nothing.
    pub fn reach(&mut self, packet: &[u8], wanted: usize) -> usize {
        if packet == self.of && (self.reach == 0 || self.reach >= wanted) {
            return self.reach;
        }
        self.of.clear();
        self.reach = 0;
        self.ready = false;
        let Some(length) = i32::try_from(packet.len()).ok().filter(|&length| length > 0) else {
            return 0;
        };
        let mut end: c_int = 0;
        // SAFETY: live states, and a pointer and length of one live slice.
        let reach = unsafe {
            sys::opus_dred_parse(
                self.reader.as_ptr(),
                self.read.as_ptr(),
                packet.as_ptr(),
                length,
                wanted.min(SAMPLE_RATE as usize) as i32,
                SAMPLE_RATE as i32,
                &mut end,
                1,
            )
        };
        self.of.extend_from_slice(packet);
        self.reach = usize::try_from(reach).unwrap_or(0);
        self.reach
    }

    /// What was read of this packet, ready to be decoded; `None` if it describes nothing so far back.
    pub(super) fn of(&mut self, packet: &[u8], before: usize) -> Result<Option<*const sys::OpusDRED>, OpusError> {
        // The last frame may be described in part.
        if self.reach(packet, before) == 0 {
            return Ok(None);
        }
        if !self.ready {
            // SAFETY: live states; reading and writing the same one is what libopus' manual does.
            checked(unsafe { sys::opus_dred_process(self.reader.as_ptr(), self.read.as_ptr(), self.read.as_ptr()) })?;
            self.ready = true;
        }
        Ok(Some(self.read.as_ptr()))
    }
}

impl Drop for Redundancy {
    fn drop(&mut self) {
        // SAFETY: created by the matching functions and not used again.
        unsafe {
            sys::opus_dred_free(self.read.as_ptr());
            sys::opus_dred_decoder_destroy(self.reader.as_ptr());
        }
    }
}
