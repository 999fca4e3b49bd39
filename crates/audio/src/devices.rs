//! Which microphones and speakers there are.

use crate::{Device, OpenAudioError};

/// All microphones, then all speakers; an empty list where there is no sound at all.
pub fn list() -> Result<Vec<Device>, OpenAudioError> {
    Ok(crate::card::list())
}
