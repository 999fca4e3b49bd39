//! What the machine of a call wants done.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task;

use super::driver::Driver;
use super::report::{FromCall, Report};
use crate::{BackendName, CallState, EncodedFrame, EndReason, Output, SoundSettings};

impl Driver {
    pub(super) fn carry_out(&mut self, now: Instant) {
        while let Some(output) = self.active.as_mut().and_then(|active| active.machine.poll()) {
            self.carry_out_one(output, now);
        }
    }

    fn carry_out_one(&mut self, output: Output, now: Instant) {
        let Some(active) = &mut self.active else { return };
        match output {
            // The courier lives as long as its call.
            Output::Backend(command) => drop(active.commands.send(command)),
            Output::StartRinging(ring) => self.set_ring(Some(ring)),
            Output::StopRinging => self.set_ring(None),
            Output::OpenSound => self.open_sound(),
            Output::StartSound => {
                if let Some(sound) = active.slot.get() {
                    sound.start();
                }
                active.await_first_audio(now);
            }
            Output::CloseSound => {
                active.frames = None;
                if let Some(sound) = active.slot.empty() {
                    active.take_reception(&*sound);
                    self.tasks.spawn(close(sound));
                }
            }
            Output::State(state) => {
                active.on_state(state, now);
                let event = active.state_event(state, now);
                // Shown before it is told: whoever answers the event must find the call.
                self.show();
                self.tell(event);
            }
            Output::Ended(reason) => {
                active.over.store(true, Ordering::Release);
                active.on_state(CallState::Ended, now);
                let (event, summary) = (active.state_event(CallState::Ended, now), active.summary(reason, now));
                // The courier carries what is queued and ends.
                active.commands = mpsc::unbounded_channel().0;
                tracing::info!(call = %active.id, %reason, "call ended");
                self.show();
                self.tell(event);
                self.tell(summary);
            }
        }
    }

    fn open_sound(&mut self) {
        let Some(active) = &mut self.active else { return };
        let Some(frames) = active.frames.take() else { return };
        let (factory, slot) = (Arc::clone(&self.sound), Arc::clone(&active.slot));
        let low_delay = self.settings.low_delay && active.backend.name() != BackendName::Twilio;
        let settings = SoundSettings { low_delay, ..self.settings.clone() };
        let (call, report, sent) = (active.id, self.report.clone(), Arc::clone(&active.sent));
        let bytes = Arc::clone(&active.bytes);
        self.tasks.spawn(async move {
            let opened = task::spawn_blocking(move || {
                // Frames that do not fit are old when there is room again.
                let send = move |frame: EncodedFrame| {
                    let length = frame.payload.len() as u64;
                    if frames.try_send(frame).is_ok() {
                        sent.fetch_add(1, Ordering::Relaxed);
                        bytes.fetch_add(length, Ordering::Relaxed);
                    }
                };
                factory.open(&settings, Box::new(send)).map(|sound| slot.fill(sound))
            });
            let what = match opened.await {
                Ok(Ok(true)) => FromCall::SoundOpened,
                Ok(Ok(false)) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the sound could not be opened");
                    FromCall::SoundFailed(error.end_reason())
                }
                Err(_) => FromCall::SoundFailed(EndReason::Internal),
            };
            report.send(Report { call, what }).ok();
        });
    }
}

async fn close(sound: Arc<dyn crate::Sound>) {
    if task::spawn_blocking(move || sound.close()).await.is_err() {
        tracing::warn!("the sound did not close cleanly");
    }
}
