//! The door to a call's sound: what the line needs of `care4w-audio`, so that tests need no sound card.

use std::sync::Arc;

use care4w_audio::tones::{Player, Tone};
use care4w_audio::{
    CallAudio, CallAudioConfig, Codec, DeviceSelector, Direction, Health, Levels, Notice, OpenAudioError, PacketTime,
    ReceiveStats,
};
pub use care4w_audio::{EncodedFrame, NetworkReport, Processing, RtpAudio};

use crate::EndReason;

/// Which devices a call uses, and what is done to the microphone's sound.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SoundSettings {
    /// Where sound comes from.
    pub microphone: DeviceSelector,
    /// Where sound goes to.
    pub speaker: DeviceSelector,
    /// Where this phone rings.
    pub ringer: DeviceSelector,
    /// How loud the other end is played.
    pub volume: Volume,
    /// What is done to the microphone's sound.
    pub processing: Processing,
    /// Whether silence is left out of what is sent (DTX).
    pub dtx: bool,
    /// Whether packets hold 10 ms instead of 20, as long as the network loses nothing: nearer to the ear, for 16 kbit/s more
    /// of headers. Of calls between two phones only, since Twilio wants 20 ms (`a=maxptime`).
    pub low_delay: bool,
}

/// How loud the other end is played, in percent: 100 is as it comes, 200 the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume(u8);

impl Volume {
    /// The most.
    pub const MOST: u8 = 200;

    /// More than [`Volume::MOST`] is read as that.
    pub fn percent(percent: u8) -> Self {
        Self(percent.min(Self::MOST))
    }

    /// As a factor.
    pub fn factor(self) -> f32 {
        f32::from(self.0) / 100.0
    }
}

impl Default for Volume {
    fn default() -> Self {
        Self(100)
    }
}

/// Why there is no sound.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The microphone could not be opened.
    #[error("the microphone could not be opened: {0}")]
    Microphone(String),
    /// The speaker could not be opened, or the sound could not be started.
    #[error("the sound could not be started: {0}")]
    Speaker(String),
}

impl SoundError {
    /// How a call ends for which this happened at its start.
    pub fn end_reason(&self) -> EndReason {
        match self {
            Self::Microphone(_) => EndReason::MicrophoneFailed,
            Self::Speaker(_) => EndReason::SoundFailed,
        }
    }
}

impl SoundError {
    /// Tells which of the two devices it was.
    fn of(error: &OpenAudioError, microphone: Option<&DeviceSelector>) -> Self {
        let code = error.code().to_owned();
        let is_microphone = match error {
            OpenAudioError::NoDevice(kind)
            | OpenAudioError::DeviceNotFound { kind, .. }
            | OpenAudioError::DeviceFailed { kind, .. } => *kind == "microphone",
            OpenAudioError::FileNotFound { path } | OpenAudioError::FileFailed { path, .. } => {
                matches!(microphone, Some(DeviceSelector::File(file)) if file.display().to_string() == *path)
            }
            // Only a microphone is read.
            OpenAudioError::InvalidWav { .. } => true,
            _ => false,
        };
        if is_microphone { Self::Microphone(code) } else { Self::Speaker(code) }
    }
}

/// What becomes of the encoded frames of the microphone: called on the sound's own thread, must not block.
pub type SendFrame = Box<dyn FnMut(EncodedFrame) + Send>;

/// Opens the sound of calls. `open` and `ring` may block for as long as a sound server takes: the line calls
/// them away from its own task.
pub trait SoundFactory: Send + Sync + 'static {
    /// Opens microphone and speaker. Nothing is encoded before [`Sound::start`].
    fn open(&self, settings: &SoundSettings, send: SendFrame) -> Result<Arc<dyn Sound>, SoundError>;

    /// What people call a device; `None` when it is not there. May block.
    fn device_name(&self, direction: Direction, device: &DeviceSelector) -> Option<String>;

    /// Plays a tone until what it returns is dropped.
    fn tone(&self, tone: Tone, device: &DeviceSelector) -> Result<Box<dyn Send>, SoundError>;
}

/// The open sound of one call.
pub trait Sound: Send + Sync + 'static {
    /// The path is up: a file microphone begins to play, encoding begins.
    fn start(&self);
    /// One packet from the network, in whatever order.
    fn receive(&self, packet: RtpAudio);
    /// While muted, silence is sent.
    fn set_muted(&self, muted: bool);
    /// Changes the microphone; the old one stays on an error. May block.
    fn set_microphone(&self, selector: DeviceSelector) -> Result<(), SoundError>;
    /// Changes the speaker; the old one stays on an error. May block.
    fn set_speaker(&self, selector: DeviceSelector) -> Result<(), SoundError>;
    /// How loud both directions are.
    fn levels(&self) -> Levels;
    /// How reception goes.
    fn stats(&self) -> ReceiveStats;
    /// What befell the devices since this was asked last.
    fn notices(&self) -> Vec<Notice>;
    /// Lets the speaker here sound a dialled digit.
    fn play_digit(&self, digit: char);
    /// Changes how loud the other end is played.
    fn set_volume(&self, volume: Volume);
    /// Switches what is done to the microphone's sound.
    fn set_processing(&self, processing: Processing);
    /// How the microphone and this computer do.
    fn health(&self) -> Health;
    /// Plays the hold tone instead of the other end's sound, or goes back to that.
    fn set_on_hold(&self, on_hold: bool);
    /// Tells the encoder what the other end reports of its packets, once for each report.
    fn report(&self, report: NetworkReport);
    /// What is sent and received from now on; until it is said, Opus.
    fn set_codec(&self, codec: Codec);
    /// Ends the sound: microphone closed, a file speaker whole. May block. Nothing happens a second time.
    fn close(&self);
}

/// The sound of this computer, through `care4w-audio`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeSound;

impl SoundFactory for NativeSound {
    fn open(&self, settings: &SoundSettings, send: SendFrame) -> Result<Arc<dyn Sound>, SoundError> {
        let config = CallAudioConfig {
            microphone: settings.microphone.clone(),
            speaker: settings.speaker.clone(),
            processing: settings.processing,
            dtx: settings.dtx,
            packet: if settings.low_delay { PacketTime::Ms10 } else { PacketTime::Ms20 },
            ..CallAudioConfig::default()
        };
        let audio =
            CallAudio::open(config, send).map_err(|error| SoundError::of(&error, Some(&settings.microphone)))?;
        audio.set_volume(settings.volume.factor());
        Ok(Arc::new(NativeCallSound(std::sync::RwLock::new(Some(audio)))))
    }

    fn device_name(&self, direction: Direction, device: &DeviceSelector) -> Option<String> {
        let is_it = |id: &str, is_default: bool| match device {
            DeviceSelector::Default => is_default,
            DeviceSelector::Id(wanted) => wanted == id,
            DeviceSelector::File(_) | DeviceSelector::Silence | DeviceSelector::Echo => false,
        };
        let devices = care4w_audio::devices::list().ok()?;
        let found =
            devices.into_iter().find(|device| device.direction == direction && is_it(&device.id, device.is_default));
        found.map(|device| device.name)
    }

    fn tone(&self, tone: Tone, device: &DeviceSelector) -> Result<Box<dyn Send>, SoundError> {
        let player = Player::start(tone, device.clone()).map_err(|error| SoundError::of(&error, None))?;
        Ok(Box::new(player))
    }
}

/// `None` once closed. The lock is taken for writing only to close.
struct NativeCallSound(std::sync::RwLock<Option<CallAudio>>);

impl NativeCallSound {
    fn with<T>(&self, closed: T, f: impl FnOnce(&CallAudio) -> T) -> T {
        let audio = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        audio.as_ref().map_or(closed, f)
    }
}

impl Sound for NativeCallSound {
    fn start(&self) {
        self.with((), CallAudio::start);
    }

    fn receive(&self, packet: RtpAudio) {
        self.with((), |audio| audio.receive(packet));
    }

    fn set_muted(&self, muted: bool) {
        self.with((), |audio| audio.set_muted(muted));
    }

    fn set_microphone(&self, selector: DeviceSelector) -> Result<(), SoundError> {
        let tried = selector.clone();
        self.with(Ok(()), |audio| audio.set_microphone(selector).map_err(|error| SoundError::of(&error, Some(&tried))))
    }

    fn set_speaker(&self, selector: DeviceSelector) -> Result<(), SoundError> {
        self.with(Ok(()), |audio| audio.set_speaker(selector).map_err(|error| SoundError::of(&error, None)))
    }

    fn levels(&self) -> Levels {
        self.with(Levels::default(), CallAudio::levels)
    }

    fn stats(&self) -> ReceiveStats {
        self.with(ReceiveStats::default(), CallAudio::stats)
    }

    fn notices(&self) -> Vec<Notice> {
        self.with(Vec::new(), CallAudio::notices)
    }

    fn play_digit(&self, digit: char) {
        self.with((), |audio| audio.play_digit(digit));
    }

    fn set_volume(&self, volume: Volume) {
        self.with((), |audio| audio.set_volume(volume.factor()));
    }

    fn set_processing(&self, processing: Processing) {
        self.with((), |audio| audio.set_processing(processing));
    }

    fn health(&self) -> Health {
        self.with(Health::default(), CallAudio::health)
    }

    fn set_on_hold(&self, on_hold: bool) {
        self.with((), |audio| audio.set_on_hold(on_hold));
    }

    fn set_codec(&self, codec: Codec) {
        self.with((), |audio| audio.set_codec(codec));
    }

    fn report(&self, report: NetworkReport) {
        self.with((), |audio| audio.report(report));
    }

    fn close(&self) {
        let audio = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(audio) = audio {
            audio.close();
        }
    }
}
