use std::sync::Arc;

use super::cpal_host::{self, CpalHost};
#[cfg(target_os = "linux")]
use super::pulse;
use super::{CardMicrophone, CardSpeaker, Host, OnLost, Waker};
use crate::following::Present;
use crate::{Device, Direction, OpenAudioError};

/// The system's sound: on Linux its sound server, and ALSA where there is none; elsewhere what `cpal` knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemHost;

/// Whether the sound server is asked for a device.
#[cfg(target_os = "linux")]
fn served(id: Option<&str>) -> bool {
    id.map_or_else(pulse::is_there, pulse::is_mine)
}

/// All microphones, then all speakers.
pub fn list() -> Vec<Device> {
    #[cfg(target_os = "linux")]
    if let Some(devices) = pulse::list() {
        return devices;
    }
    cpal_host::list()
}

/// Carries sound from a microphone to a speaker of the sound server while what it gives lives, and does nothing else.
pub fn passage(microphone: &str, speaker: &str) -> Result<Box<dyn Send>, OpenAudioError> {
    #[cfg(target_os = "linux")]
    if served(Some(microphone)) && served(Some(speaker)) {
        return Ok(Box::new(pulse::passage(microphone, speaker)?));
    }
    let id = format!("{microphone} to {speaker}");
    Err(OpenAudioError::DeviceNotFound { kind: "passage", id })
}

impl Host for SystemHost {
    fn survey(&self, direction: Direction) -> Option<Present> {
        #[cfg(target_os = "linux")]
        if let Some(devices) = pulse::list() {
            return Some(Present::among(devices, direction));
        }
        CpalHost.survey(direction)
    }

    fn microphone(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardMicrophone, OpenAudioError> {
        #[cfg(target_os = "linux")]
        if served(id) {
            return pulse::microphone(id, waker, lost);
        }
        CpalHost.microphone(id, waker, lost)
    }

    fn speaker(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardSpeaker, OpenAudioError> {
        #[cfg(target_os = "linux")]
        if served(id) {
            return pulse::speaker(id, waker, lost);
        }
        CpalHost.speaker(id, waker, lost)
    }
}
