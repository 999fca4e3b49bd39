//! The one line of this phone: at most one call at a time, with its machine, its backend, its sound and its tones.

mod active;
mod calling;
mod commands;
mod courier;
mod detour;
mod detour_taking;
mod digits;
mod driver;
mod outputs;
mod report;
mod ringer;
mod ringing;
mod slot;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use care4w_audio::{DeviceSelector, Levels};
use care4w_protocol::CallId;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::{
    BackendEvent, BackendName, CallEvent, CallView, Callee, EndReason, IceSource, SoundFactory, SoundSettings,
    VoiceBackend,
};

/// Events that a slow reader may be behind before it loses the oldest: many minutes of a call.
const EVENTS_KEPT: usize = 1024;

/// What a line is made of.
pub struct LineSetup {
    /// The backends; an incoming call is answered by the one that brought it.
    pub backends: Vec<Arc<dyn VoiceBackend>>,
    /// The receiving end of the channel whose sender every backend was given.
    pub backend_events: mpsc::UnboundedReceiver<BackendEvent>,
    /// Opens sound: [`crate::NativeSound`] in the product.
    pub sound: Arc<dyn SoundFactory>,
    /// Where ICE servers come from.
    pub ice: Arc<dyn IceSource>,
    /// Devices and processing of the calls to come.
    pub settings: SoundSettings,
}

/// Why the line did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// There is a call already.
    #[error("You're in another call.")]
    Busy,
    /// There is no call to which this could be done.
    #[error("There is no call.")]
    NoCall,
    /// This kind of call is not set up here.
    #[error("This kind of call isn't available here.")]
    NoBackend,
    /// What was given as digits is not (`0`–`9`, `*`, `#`, `A`–`D`, `w`; at most 64).
    #[error("Only 0–9, * and # can be sent.")]
    InvalidDigits,
    /// The device could not be opened; the old one goes on.
    #[error("That device can't be used.")]
    DeviceFailed,
    /// The line was shut down.
    #[error("The phone is shutting down.")]
    ShutDown,
}

impl LineError {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Busy => "LINE_BUSY",
            Self::NoCall => "NO_CALL",
            Self::NoBackend => "NOT_AVAILABLE",
            Self::InvalidDigits => "INVALID_DIGITS",
            Self::DeviceFailed => "DEVICE_FAILED",
            Self::ShutDown => "SHUT_DOWN",
        }
    }
}

type Reply<T> = oneshot::Sender<Result<T, LineError>>;

/// Answers a command.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    // Who asked may be gone.
    reply.send(value).ok();
}

enum Command {
    Dial(Callee, BackendName, Option<BackendName>, Reply<CallId>),
    Accept(Reply<()>),
    Decline(Reply<()>),
    HangUp(Reply<()>),
    End(EndReason, Reply<()>),
    SetMuted(bool, Reply<()>),
    SetHeld(bool, Reply<()>),
    SendDigits(String, Reply<()>),
    SetMicrophone(DeviceSelector, Reply<()>),
    SetSpeaker(DeviceSelector, Reply<()>),
    SetRinger(DeviceSelector, Reply<()>),
    SetProcessing(crate::Processing, Reply<()>),
    SetDtx(bool, Reply<()>),
    SetLowDelay(bool, Reply<()>),
    SetVolume(crate::Volume, Reply<()>),
    SetRings(BackendName, bool, Reply<()>),
    Stats(oneshot::Sender<Option<crate::CallStats>>),
    Levels(oneshot::Sender<Option<Levels>>),
    Dismiss(Reply<()>),
    ShutDown(Reply<()>),
}

/// A handle of the line; clones share it. The line's task ends with [`Line::shut_down`], or when the last handle is
/// dropped; either way a running call is ended first.
#[derive(Clone)]
pub struct Line {
    commands: mpsc::UnboundedSender<Command>,
    view: watch::Receiver<Option<CallView>>,
    events: broadcast::Sender<CallEvent>,
}

impl Line {
    /// Whether this can be sent as digits: `0`–`9`, `*`, `#`, `A`–`D`, and `w` for half a second's wait; at most 64.
    pub fn takes_digits(digits: &str) -> bool {
        commands::takes_digits(digits)
    }

    /// Starts the line on the tokio runtime of the caller.
    pub fn start(setup: LineSetup) -> Self {
        let (commands, command_rx) = mpsc::unbounded_channel();
        let (view_tx, view) = watch::channel(None);
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        tokio::spawn(driver::Driver::new(setup, view_tx, events.clone()).run(command_rx));
        Self { commands, view, events }
    }

    /// Calls somebody. Returns as soon as the call exists; how it fares is told by [`Line::view`] and
    /// [`Line::events`]. [`LineError::Busy`] while another call is not over.
    pub async fn dial(&self, callee: Callee, backend: BackendName) -> Result<CallId, LineError> {
        self.dial_by(callee, backend, None).await
    }

    /// The same with another way to take should the first one fail before it rings: Twilio itself failed, or nobody is
    /// there peer to peer. The call goes on as the same one; [`CallView::instead_of`] says so.
    pub async fn dial_by(
        &self,
        callee: Callee,
        first: BackendName,
        then: Option<BackendName>,
    ) -> Result<CallId, LineError> {
        self.ask(|reply| Command::Dial(callee, first, then, reply)).await
    }

    /// Takes the incoming call. [`LineError::NoCall`] when none rings.
    pub async fn accept(&self) -> Result<(), LineError> {
        self.ask(Command::Accept).await
    }

    /// Does not take the incoming call.
    pub async fn decline(&self) -> Result<(), LineError> {
        self.ask(Command::Decline).await
    }

    /// Hangs up, cancels or declines, whichever it is.
    pub async fn hang_up(&self) -> Result<(), LineError> {
        self.ask(Command::HangUp).await
    }

    /// Ends the call for a reason that is not the person's: [`EndReason::TimeUp`], [`EndReason::SignedOut`], …
    pub async fn end(&self, reason: EndReason) -> Result<(), LineError> {
        self.ask(|reply| Command::End(reason, reply)).await
    }

    /// Mutes the microphone, or opens it again.
    pub async fn set_muted(&self, muted: bool) -> Result<(), LineError> {
        self.ask(|reply| Command::SetMuted(muted, reply)).await
    }

    /// Holds the connected call, or takes it up again: no sound goes either way meanwhile, and the other end hears a
    /// soft tone.
    pub async fn set_held(&self, held: bool) -> Result<(), LineError> {
        self.ask(|reply| Command::SetHeld(held, reply)).await
    }

    /// Sends dialled digits (`0`–`9`, `*`, `#`, `A`–`D`; `w` waits half a second) in a connected call.
    pub async fn send_digits(&self, digits: &str) -> Result<(), LineError> {
        let digits = digits.to_owned();
        self.ask(|reply| Command::SendDigits(digits, reply)).await
    }

    /// Chooses the microphone, of a running call too.
    pub async fn set_microphone(&self, microphone: DeviceSelector) -> Result<(), LineError> {
        self.ask(|reply| Command::SetMicrophone(microphone, reply)).await
    }

    /// Chooses the speaker, of a running call too.
    pub async fn set_speaker(&self, speaker: DeviceSelector) -> Result<(), LineError> {
        self.ask(|reply| Command::SetSpeaker(speaker, reply)).await
    }

    /// Chooses where the next call rings.
    pub async fn set_ringer(&self, ringer: DeviceSelector) -> Result<(), LineError> {
        self.ask(|reply| Command::SetRinger(ringer, reply)).await
    }

    /// Whether calls that this backend brings ring aloud, from now on; one that rings now too. Until it is said they do.
    pub async fn set_rings(&self, backend: BackendName, aloud: bool) -> Result<(), LineError> {
        self.ask(|reply| Command::SetRings(backend, aloud, reply)).await
    }

    /// Chooses what is done to the microphone's sound, of a running call too.
    pub async fn set_processing(&self, processing: crate::Processing) -> Result<(), LineError> {
        self.ask(|reply| Command::SetProcessing(processing, reply)).await
    }

    /// Chooses whether silence is left out of what is sent (DTX), from the next call on.
    pub async fn set_dtx(&self, dtx: bool) -> Result<(), LineError> {
        self.ask(|reply| Command::SetDtx(dtx, reply)).await
    }

    /// Chooses whether packets are short ([`SoundSettings::low_delay`]), from the next call on.
    pub async fn set_low_delay(&self, low_delay: bool) -> Result<(), LineError> {
        self.ask(|reply| Command::SetLowDelay(low_delay, reply)).await
    }

    /// Chooses how loud the other end is played, of a running call too.
    pub async fn set_volume(&self, volume: crate::Volume) -> Result<(), LineError> {
        self.ask(|reply| Command::SetVolume(volume, reply)).await
    }

    /// The last figures of the call; `None` without one.
    pub async fn stats(&self) -> Option<crate::CallStats> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Stats(reply)).ok()?;
        answer.await.ok().flatten()
    }

    /// How loud both directions are; `None` without open sound.
    pub async fn levels(&self) -> Option<Levels> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Levels(reply)).ok()?;
        answer.await.ok().flatten()
    }

    /// Takes the picture of an ended call away.
    pub async fn dismiss(&self) -> Result<(), LineError> {
        self.ask(Command::Dismiss).await
    }

    /// Ends a running call ([`EndReason::ShutDown`]), closes the sound and stops the line's task. When this returns a
    /// file speaker is a whole WAV file.
    pub async fn shut_down(&self) -> Result<(), LineError> {
        self.ask(Command::ShutDown).await
    }

    /// The call as a window draws it: `None` before the first one and after [`Line::dismiss`]. An ended call stays
    /// until then, or until the next one.
    pub fn view(&self) -> watch::Receiver<Option<CallView>> {
        self.view.clone()
    }

    /// What happens from now on. A reader that is more than 1 024 events behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<CallEvent> {
        self.events.subscribe()
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, LineError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| LineError::ShutDown)?;
        answer.await.unwrap_or(Err(LineError::ShutDown))
    }
}
