use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::card::{Host, SystemHost};
use crate::command::Command;
use crate::defaults::{BITRATE, DEVICES_EVERY, FRAME_SAMPLES};
use crate::engine::Engine;
use crate::following::Following;
use crate::notice::Notice;
use crate::opener::{DeviceEvent, Opener};
use crate::opus::{Encoder, OpusError};
use crate::packet::{EncodedFrame, RtpAudio};
use crate::playout::FarEnd;
use crate::processing::{Processing, VoiceProcessing};
use crate::sending::{NetworkReport, Sending};
use crate::{Codec, DeviceSelector, Direction, Health, Levels, OpenAudioError, ReceiveStats};

/// How a call's sound is set up.
#[derive(Debug, Clone)]
pub struct CallAudioConfig {
    /// Where sound comes from.
    pub microphone: DeviceSelector,
    /// Where sound goes to.
    pub speaker: DeviceSelector,
    /// What is done to the microphone's sound.
    pub processing: Processing,
    /// Of the encoder, in bits a second; read into 6 000–128 000.
    pub bitrate: u32,
    /// How much sound a packet holds.
    pub packet: PacketTime,
    /// Whether silence is left out of what is sent (DTX): it spares a data plan, and the network learns who speaks when.
    pub dtx: bool,
}

/// How much sound a packet holds: shorter is nearer to the ear, and costs bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PacketTime {
    /// 10 ms nearer to the ear, for 16 kbit/s more of headers and somewhat less protection from loss.
    Ms10,
    /// What RFC 7587, section 4.2, makes the default.
    #[default]
    Ms20,
}

impl PacketTime {
    /// In samples at 48 kHz.
    pub fn samples(self) -> usize {
        match self {
            Self::Ms10 => FRAME_SAMPLES / 2,
            Self::Ms20 => FRAME_SAMPLES,
        }
    }
}

impl Default for CallAudioConfig {
    fn default() -> Self {
        Self {
            microphone: DeviceSelector::Default,
            speaker: DeviceSelector::Default,
            processing: Processing::default(),
            bitrate: BITRATE,
            packet: PacketTime::default(),
            dtx: false,
        }
    }
}

/// The sound of one call. Dropping it closes it.
///
/// All methods but those that open a device return at once; the work is done by a thread of its own.
pub struct CallAudio {
    opener: Opener,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for CallAudio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAudio").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl CallAudio {
    /// Opens both devices; far-end sound plays from here on. Encoded frames go to `send`, on the call's sound thread,
    /// from [`CallAudio::start`] on: it must not block.
    pub fn open(config: CallAudioConfig, send: Box<dyn FnMut(EncodedFrame) + Send>) -> Result<Self, OpenAudioError> {
        Self::open_with(Arc::new(SystemHost), DEVICES_EVERY, config, send)
    }

    pub(crate) fn open_with(
        host: Arc<dyn Host>,
        devices_every: Duration,
        config: CallAudioConfig,
        send: Box<dyn FnMut(EncodedFrame) + Send>,
    ) -> Result<Self, OpenAudioError> {
        let engine_failed = |error: OpusError| OpenAudioError::Engine(error.to_string());
        let (commands, inbox) = mpsc::channel();
        let (events, happened) = mpsc::channel();
        let opener =
            Opener { host, waker: Arc::default(), commands, shared: Arc::default(), events, opening: Arc::default() };
        let followings = [
            Following::new(Direction::Input, config.microphone.clone()),
            Following::new(Direction::Output, config.speaker.clone()),
        ];
        // The microphone first: a broken file must not cost the recording of the same name.
        let microphone = opener.microphone(&config.microphone)?;
        let speaker = opener.speaker(&config.speaker)?;
        let mut encoder = Encoder::new(config.bitrate).map_err(engine_failed)?;
        encoder.set_dtx(config.dtx);
        let engine = Engine::new(
            opener.clone(),
            inbox,
            send,
            microphone,
            speaker,
            VoiceProcessing::new(config.processing),
            (encoder, Sending::new(config.bitrate, config.packet)),
            FarEnd::new().map_err(engine_failed)?,
        );
        let thread = thread::Builder::new()
            .name("call-audio".to_owned())
            .spawn(move || engine.run())
            .map_err(|error| OpenAudioError::Engine(error.to_string()))?;
        let looks_after = opener.clone().look_after(happened, followings, devices_every);
        // From here on dropping closes.
        let audio = Self { opener, thread: Some(thread) };
        looks_after.map_err(|error| OpenAudioError::Engine(error.to_string()))?;
        Ok(audio)
    }

    /// The call is connected: a file microphone begins to play, a file speaker to record, encoding begins.
    pub fn start(&self) {
        self.tell(Command::Start);
    }

    /// Takes a packet from the network, in whatever order they come.
    pub fn receive(&self, packet: RtpAudio) {
        self.tell(Command::Packet(packet));
    }

    /// While muted, frames of silence are sent, and nothing of the microphone: from the return of this on.
    pub fn set_muted(&self, muted: bool) {
        self.opener.shared.muted.store(muted, Ordering::Release);
    }

    /// Whether the microphone is muted.
    pub fn is_muted(&self) -> bool {
        self.opener.shared.muted.load(Ordering::Acquire)
    }

    /// Changes the microphone, which may take the system a moment. On an error the old one stays.
    pub fn set_microphone(&self, selector: DeviceSelector) -> Result<(), OpenAudioError> {
        self.opener.choose(Direction::Input, selector)
    }

    /// Changes the speaker, which may take the system a moment. On an error the old one stays.
    pub fn set_speaker(&self, selector: DeviceSelector) -> Result<(), OpenAudioError> {
        self.opener.choose(Direction::Output, selector)
    }

    /// Switches echo cancellation, noise suppression and gain control; heard within 10 ms. What stays on keeps what it
    /// learnt of the room.
    pub fn set_processing(&self, processing: Processing) {
        self.tell(Command::Processing(processing));
    }

    /// Whether silence is left out of what is sent from the next packet on ([`CallAudioConfig::dtx`]). The other end is told
    /// nothing by this: whoever is asked to leave silence out (`usedtx=1`) may, and need not.
    pub fn set_dtx(&self, on: bool) {
        self.tell(Command::Dtx(on));
    }

    /// How loud the other end is played: 1 as it comes, at most 2. Digits and the person's own voice stay as they are.
    pub fn set_volume(&self, factor: f32) {
        self.tell(Command::Volume(factor));
    }

    /// While the other end holds, a soft tone plays in its place.
    pub fn set_on_hold(&self, on_hold: bool) {
        self.tell(Command::OnHold(on_hold));
    }

    /// How the microphone and this computer do.
    pub fn health(&self) -> Health {
        self.opener.shared.told().health
    }

    /// How loud both directions are.
    pub fn levels(&self) -> Levels {
        self.opener.shared.told().levels
    }

    /// How reception goes.
    pub fn stats(&self) -> ReceiveStats {
        self.opener.shared.told().stats
    }

    /// What befell the devices since this was asked last, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.opener.shared.told().notices)
    }

    /// Lets the local speaker sound a dialled digit (`0`–`9`, `*`, `#`, `A`–`D`); anything else is ignored.
    pub fn play_digit(&self, digit: char) {
        self.tell(Command::Digit(digit));
    }

    /// Tells what the far side reports of our packets, once for each of its reports: bit rate, forward error correction
    /// and deep redundancy follow it.
    pub fn report(&self, report: NetworkReport) {
        self.tell(Command::Report(report));
    }

    /// The same, when nothing but the loss is known, in percent since the last report.
    pub fn set_expected_loss(&self, percent: u8) {
        self.report(NetworkReport { loss_percent: f64::from(percent), ..NetworkReport::default() });
    }

    /// What the two ends agreed on, before the first packet: until it is said both directions are Opus.
    pub fn set_codec(&self, codec: Codec) {
        self.tell(Command::Codec(codec));
    }

    /// Ends the sound; a file speaker is a whole WAV file when this returns.
    pub fn close(self) {
        drop(self);
    }

    fn tell(&self, command: Command) {
        // The engine ends only when it is told to, or by a bug of ours: then the call is silent, and ends in peace.
        let _ = self.opener.commands.send(command);
    }
}

impl Drop for CallAudio {
    fn drop(&mut self) {
        self.tell(Command::Close);
        let _ = self.opener.events.send(DeviceEvent::Close);
        self.opener.waker.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the sound thread of a call panicked");
        }
    }
}

#[cfg(test)]
#[path = "call_audio_tests.rs"]
mod tests;
