//! Sound cards: the rings between a card's callback and the thread that makes its sound, and the host that opens them.

mod callback;
mod cpal_host;
#[cfg(target_os = "linux")]
mod pulse;
mod ring;
mod system;

#[cfg(test)]
pub mod fake;
#[cfg(test)]
pub mod tests;
#[cfg(all(test, target_os = "linux"))]
mod watched;

pub use ring::{CardMicrophone, CardSpeaker};
pub use system::{SystemHost, list, passage};

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use crate::following::Present;
use crate::{Direction, OpenAudioError};

impl Direction {
    /// What a device of this direction is.
    fn noun(self) -> &'static str {
        match self {
            Self::Input => "microphone",
            Self::Output => "speaker",
        }
    }
}

/// Wakes the thread that fills and empties the rings.
#[derive(Debug, Default)]
pub struct Waker(OnceLock<Thread>);

impl Waker {
    /// Makes the calling thread the one to be woken.
    pub fn adopt_current_thread(&self) {
        // A second adoption is harmless: the first stays.
        let _ = self.0.set(std::thread::current());
    }

    /// Safe in an audio callback: it neither waits nor allocates.
    pub fn wake(&self) {
        if let Some(thread) = self.0.get() {
            thread.unpark();
        }
    }
}

/// Called, from any thread, when a card went away.
pub type OnLost = Box<dyn FnMut() + Send>;

/// Opens cards: the system's, or a test's.
pub trait Host: fmt::Debug + Send + Sync {
    /// `id` as [`crate::Device::id`] shows it, or the system's default.
    fn microphone(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardMicrophone, OpenAudioError>;
    /// What there is of one direction now; `None` where looking would disturb what plays.
    fn survey(&self, _direction: Direction) -> Option<Present> {
        None
    }
    /// The same for a speaker.
    fn speaker(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardSpeaker, OpenAudioError>;
}
