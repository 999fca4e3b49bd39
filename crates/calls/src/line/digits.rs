//! Digits of one call on their way: those of one command after those of the one before, at the other end, in the
//! person's own ear, and on the screen.

use std::sync::Arc;
use std::time::Duration;

use care4w_protocol::CallId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::report::{FromCall, Report};
use super::slot::SoundSlot;
use super::{LineError, Reply, answer};
use crate::defaults::{DIGIT_GAP, DIGIT_TIME, DIGIT_WAIT};
use crate::{BackendError, Sound, VoiceBackend};

/// Takes the digits of one call, in the order in which they come. Dropped with its call.
pub(super) struct DigitQueue(mpsc::UnboundedSender<(String, Reply<()>)>);

impl DigitQueue {
    /// A queue for this call, worked off by one of `tasks`.
    pub fn new(
        call: CallId,
        backend: Arc<dyn VoiceBackend>,
        slot: Arc<SoundSlot>,
        report: mpsc::UnboundedSender<Report>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (queue, mut waiting) = mpsc::unbounded_channel::<(String, Reply<()>)>();
        let (heard, mut to_hear) = mpsc::unbounded_channel::<String>();
        let send = async move {
            while let Some((digits, reply)) = waiting.recv().await {
                let sent = backend.send_digits(call, &digits).await.map_err(|error| match error {
                    BackendError::NotAvailable => LineError::NoBackend,
                    _ => LineError::NoCall,
                });
                if sent.is_ok() {
                    report.send(Report { call, what: FromCall::Dialled(digits.clone()) }).ok();
                    heard.send(digits).ok();
                }
                answer(reply, sent);
            }
        };
        // The answer does not wait for the tones.
        let hear = async move {
            while let Some(digits) = to_hear.recv().await {
                let Some(sound) = slot.get() else { return };
                let_hear(&*sound, &digits).await;
            }
        };
        tasks.spawn(async move {
            tokio::join!(send, hear);
        });
        Self(queue)
    }

    /// Puts digits behind those that wait.
    pub fn push(&self, digits: String, reply: Reply<()>) {
        if let Err(refused) = self.0.send((digits, reply)) {
            answer(refused.0.1, Err(LineError::NoCall));
        }
    }
}

/// Plays the digits in the person's own ear, as they go out.
async fn let_hear(sound: &dyn Sound, digits: &str) {
    for digit in digits.chars() {
        let pause: Duration = if digit.eq_ignore_ascii_case(&'w') {
            DIGIT_WAIT
        } else {
            sound.play_digit(digit);
            DIGIT_TIME + DIGIT_GAP
        };
        tokio::time::sleep(pause).await;
    }
}
