//! A host without a sound card: its devices can be pulled out.

use std::sync::{Arc, Mutex};

use super::{CardMicrophone, CardSpeaker, Host, OnLost, Waker};
use crate::OpenAudioError;

pub struct FakeHost {
    has_default: bool,
    seen: Mutex<Vec<String>>,
    lost: Mutex<Vec<OnLost>>,
}

impl std::fmt::Debug for FakeHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeHost")
    }
}

impl FakeHost {
    pub fn new(has_default: bool) -> Self {
        Self { has_default, seen: Mutex::default(), lost: Mutex::default() }
    }

    /// All devices that are open go away.
    pub fn pull_out(&self) {
        let lost = std::mem::take(&mut *self.lost.lock().unwrap());
        for mut lost in lost {
            lost();
        }
    }

    pub fn opened(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn open(&self, kind: &'static str, id: Option<&str>, lost: OnLost) -> Result<(), OpenAudioError> {
        if id.is_none() && !self.has_default {
            return Err(OpenAudioError::NoDevice(kind));
        }
        self.seen.lock().unwrap().push(format!("{kind} {}", id.unwrap_or("default")));
        self.lost.lock().unwrap().push(lost);
        Ok(())
    }
}

impl Host for FakeHost {
    fn microphone(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardMicrophone, OpenAudioError> {
        self.open("microphone", id, lost)?;
        Ok(CardMicrophone::new(48_000, 1, waker).unwrap().0)
    }

    fn speaker(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardSpeaker, OpenAudioError> {
        self.open("speaker", id, lost)?;
        Ok(CardSpeaker::new(48_000, 1, waker).unwrap().0)
    }
}
