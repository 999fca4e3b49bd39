//! The tones of the line. Opening a speaker may block, so each tone lives in a task of its own.

use std::sync::Arc;

use care4w_audio::DeviceSelector;
use care4w_audio::tones::Tone;
use tokio::sync::oneshot;
use tokio::task::{self, JoinSet};

use crate::SoundFactory;

/// A tone that plays until this is dropped; also when it was still being opened then.
pub(super) struct Ringer {
    _stop: oneshot::Sender<()>,
}

impl Ringer {
    /// Begins to play. A speaker that cannot be opened rings nothing: the call goes on.
    pub fn start(sound: Arc<dyn SoundFactory>, tone: Tone, device: DeviceSelector, tasks: &mut JoinSet<()>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        tasks.spawn(async move {
            let opened = task::spawn_blocking(move || sound.tone(tone, &device)).await;
            match opened {
                Ok(Ok(player)) => {
                    // Ends with the sender, which is never used.
                    stopped.await.ok();
                    task::spawn_blocking(move || drop(player)).await.ok();
                }
                Ok(Err(error)) => tracing::warn!(%error, "a tone could not be played"),
                Err(_) => tracing::warn!("a tone could not be played"),
            }
        });
        Self { _stop: stop }
    }
}
