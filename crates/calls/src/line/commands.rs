//! What the line is asked for.

use std::sync::Arc;
use std::time::Instant;

use care4w_audio::{DeviceSelector, Direction};
use tokio::task;

use super::active::Active;
use super::digits::DigitQueue;
use super::driver::Driver;
use super::report::{FromCall, Report};
use super::{Command, LineError, Reply, answer};
use crate::defaults::MAX_DIGITS;
use crate::{BackendCommand, CallState, Input, Sound, SoundError, Volume};

impl Driver {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial(callee, first, then, reply) => {
                let dialled = self.dial(callee, first, then);
                answer(reply, dialled);
            }
            Command::Accept(reply) => self.on_incoming_call(Input::Accept, reply),
            Command::Decline(reply) => self.on_incoming_call(Input::Decline, reply),
            Command::HangUp(reply) => self.on_running_call(Input::HangUp, reply),
            Command::End(reason, reply) => self.on_running_call(Input::End(reason), reply),
            Command::SetMuted(muted, reply) => answer(reply, self.set_muted(muted)),
            Command::SetHeld(held, reply) => answer(reply, self.set_held(held)),
            Command::SendDigits(digits, reply) => self.send_digits(digits, reply),
            Command::SetMicrophone(selector, reply) => {
                self.settings.microphone = selector.clone();
                self.change_device(Direction::Input, selector, |sound, selector| sound.set_microphone(selector), reply);
            }
            Command::SetSpeaker(selector, reply) => {
                self.settings.speaker = selector.clone();
                self.change_device(Direction::Output, selector, |sound, selector| sound.set_speaker(selector), reply);
            }
            Command::SetRinger(selector, reply) => {
                self.settings.ringer = selector;
                answer(reply, Ok(()));
            }
            Command::SetProcessing(processing, reply) => {
                self.settings.processing = processing;
                if let Some(sound) = self.active.as_ref().and_then(|active| active.slot.get()) {
                    sound.set_processing(processing);
                }
                answer(reply, Ok(()));
            }
            Command::SetDtx(dtx, reply) => {
                self.settings.dtx = dtx;
                answer(reply, Ok(()));
            }
            Command::SetLowDelay(low_delay, reply) => {
                self.settings.low_delay = low_delay;
                answer(reply, Ok(()));
            }
            Command::SetVolume(volume, reply) => {
                self.settings.volume = volume;
                self.tune();
                answer(reply, Ok(()));
            }
            Command::SetRings(backend, aloud, reply) => {
                self.silenced.retain(|silenced| *silenced != backend);
                if !aloud {
                    self.silenced.push(backend);
                }
                self.sound_tone();
                answer(reply, Ok(()));
            }
            Command::Stats(reply) => answer(reply, self.active.as_ref().map(Active::stats)),
            Command::Levels(reply) => {
                let sound = self.active.as_ref().and_then(|active| active.slot.get());
                answer(reply, sound.map(|sound| sound.levels()));
            }
            Command::Dismiss(reply) => {
                if self.active.as_ref().is_some_and(Active::is_over) {
                    self.active = None;
                    self.show();
                }
                answer(reply, Ok(()));
            }
            // Taken before it comes here.
            Command::ShutDown(reply) => answer(reply, Ok(())),
        }
    }

    fn running(&self) -> Option<&Active> {
        self.active.as_ref().filter(|active| !active.is_over())
    }

    fn on_incoming_call(&mut self, input: Input, reply: Reply<()>) {
        if self.running().is_some_and(|active| active.machine.state() == CallState::Incoming) {
            self.input(input);
            answer(reply, Ok(()));
        } else {
            answer(reply, Err(LineError::NoCall));
        }
    }

    fn on_running_call(&mut self, input: Input, reply: Reply<()>) {
        if self.running().is_some() {
            self.input(input);
            answer(reply, Ok(()));
        } else {
            answer(reply, Err(LineError::NoCall));
        }
    }

    fn set_muted(&mut self, muted: bool) -> Result<(), LineError> {
        let active = self.active.as_mut().filter(|active| !active.is_over()).ok_or(LineError::NoCall)?;
        active.set_muted(muted, Instant::now());
        self.tune();
        self.show();
        Ok(())
    }

    fn set_held(&mut self, held: bool) -> Result<(), LineError> {
        let sounding = |state| matches!(state, CallState::Connected | CallState::Reconnecting);
        let active = self.active.as_mut().filter(|active| sounding(active.machine.state())).ok_or(LineError::NoCall)?;
        if std::mem::replace(&mut active.held, held) != held {
            // The courier lives as long as its call.
            active.commands.send(BackendCommand::Hold(held)).ok();
            let event = active.hold_event();
            self.tell(event);
            self.tune();
            self.show();
        }
        Ok(())
    }

    /// Sets the open sound to what the call is like now.
    pub(super) fn tune(&self) {
        let Some(active) = &self.active else { return };
        let Some(sound) = active.slot.get() else { return };
        sound.set_muted(active.muted || active.held);
        sound.set_volume(if active.held { Volume::percent(0) } else { self.settings.volume });
        sound.set_on_hold(active.held_by_peer);
    }

    fn send_digits(&mut self, digits: String, reply: Reply<()>) {
        if !takes_digits(&digits) {
            return answer(reply, Err(LineError::InvalidDigits));
        }
        let connected = self.active.as_mut().filter(|active| active.machine.state() == CallState::Connected);
        let Some(active) = connected else { return answer(reply, Err(LineError::NoCall)) };
        let queue = active.digit_queue.get_or_insert_with(|| {
            let (backend, slot) = (Arc::clone(&active.backend), Arc::clone(&active.slot));
            DigitQueue::new(active.id, backend, slot, self.report.clone(), &mut self.tasks)
        });
        queue.push(digits, reply);
    }

    fn change_device(
        &mut self,
        direction: Direction,
        selector: DeviceSelector,
        change: impl FnOnce(&dyn Sound, DeviceSelector) -> Result<(), SoundError> + Send + 'static,
        reply: Reply<()>,
    ) {
        let open = self.active.as_ref().and_then(|active| Some((active.id, active.slot.get()?)));
        let Some((call, sound)) = open else { return answer(reply, Ok(())) };
        let report = self.report.clone();
        self.tasks.spawn(async move {
            let changed = task::spawn_blocking(move || change(&*sound, selector)).await;
            let failed = !matches!(changed, Ok(Ok(())));
            if failed {
                report.send(Report { call, what: FromCall::ChangeFailed(direction) }).ok();
            }
            answer(reply, if failed { Err(LineError::DeviceFailed) } else { Ok(()) });
        });
    }
}

/// Whether this can be sent as digits.
pub(super) fn takes_digits(digits: &str) -> bool {
    let good = |digit: char| digit.is_ascii_digit() || matches!(digit, '*' | '#' | 'A'..='D' | 'a'..='d' | 'w' | 'W');
    !digits.is_empty() && digits.len() <= MAX_DIGITS && digits.chars().all(good)
}
