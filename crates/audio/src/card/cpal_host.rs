use std::sync::Arc;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize};

use super::callback::{CaptureCallback, PlaybackCallback};
use super::{CardMicrophone, CardSpeaker, Host, OnLost, Waker};
use crate::defaults::SAMPLE_RATE;
use crate::following::Present;
use crate::{Device, Direction, OpenAudioError};

/// How long a sound server may take to open a stream.
const OPEN_TIMEOUT: Duration = Duration::from_secs(2);

/// The system's sound through `cpal`: ALSA on Linux, CoreAudio, WASAPI.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpalHost;

/// Keeps ALSA from writing its complaints to stderr while this thread looks for devices.
fn quiet<T>(look: impl FnOnce() -> T) -> T {
    #[cfg(target_os = "linux")]
    let _kept = alsa::Output::local_error_handler();
    look()
}

/// The system's sound, if there can be any device: on Linux without a card, ALSA offers ghosts.
fn host() -> Option<cpal::Host> {
    #[cfg(target_os = "linux")]
    if !std::path::Path::new("/dev/snd").exists() {
        return None;
    }
    Some(cpal::default_host())
}

/// The devices, looked for again only when the system's sound cards have changed: ALSA reads all its settings for each
/// look. Its default is a name, `default`, whatever that stands for when a device is opened: no change of it is seen here.
#[cfg(target_os = "linux")]
fn present() -> Vec<Device> {
    use std::ffi::OsString;
    use std::sync::{Mutex, PoisonError};
    static SEEN: Mutex<Option<(Vec<OsString>, Vec<Device>)>> = Mutex::new(None);
    let mut cards: Vec<OsString> =
        std::fs::read_dir("/dev/snd").into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    cards.sort();
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    match &*seen {
        Some((then, devices)) if *then == cards => devices.clone(),
        _ => {
            let devices = list();
            *seen = Some((cards, devices.clone()));
            devices
        }
    }
}

#[cfg(not(target_os = "linux"))]
use self::list as present;

/// All microphones, then all speakers. Monitors of speakers are no microphones.
pub fn list() -> Vec<Device> {
    quiet(|| {
        let Some(host) = host() else {
            return Vec::new();
        };
        let default = |device: Option<cpal::Device>| device.and_then(|device| device.id().ok());
        let (microphone, speaker) = (default(host.default_input_device()), default(host.default_output_device()));
        let mut found: Vec<Device> = Vec::new();
        for device in host.devices().into_iter().flatten() {
            let Ok(id) = device.id() else { continue };
            let name = device.description().map_or_else(|_| id.id().to_owned(), |it| it.name().to_owned());
            for direction in [Direction::Input, Direction::Output] {
                let (there, default) = match direction {
                    Direction::Input => (device.supports_input() && !id.id().ends_with(".monitor"), &microphone),
                    Direction::Output => (device.supports_output(), &speaker),
                };
                if there {
                    found.push(Device {
                        id: id.to_string(),
                        name: name.clone(),
                        direction,
                        is_default: default.as_ref() == Some(&id),
                    });
                }
            }
        }
        found.sort_by_key(|device| device.direction == Direction::Output);
        found
    })
}

fn find(id: Option<&str>, direction: Direction) -> Result<cpal::Device, OpenAudioError> {
    let none = || OpenAudioError::NoDevice(direction.noun());
    let Some(text) = id else {
        let host = host().ok_or_else(none)?;
        let device = match direction {
            Direction::Input => host.default_input_device(),
            Direction::Output => host.default_output_device(),
        };
        return device.ok_or_else(none);
    };
    let missing = || OpenAudioError::DeviceNotFound { kind: direction.noun(), id: text.to_owned() };
    let id: cpal::DeviceId = text.parse().map_err(|_| missing())?;
    let host = cpal::host_from_id(id.host()).map_err(|_| none())?;
    let mut devices = host.devices().map_err(|_| none())?;
    devices
        .find(|device| {
            device.id().is_ok_and(|it| it == id)
                && match direction {
                    Direction::Input => device.supports_input(),
                    Direction::Output => device.supports_output(),
                }
        })
        .ok_or_else(missing)
}

/// 48 kHz, one channel and floats where the device does them, else what comes nearest.
fn configure(device: &cpal::Device, direction: Direction) -> Result<(StreamConfig, SampleFormat), cpal::Error> {
    let (supported, default) = match direction {
        Direction::Input => (device.supported_input_configs()?.collect::<Vec<_>>(), device.default_input_config()?),
        Direction::Output => (device.supported_output_configs()?.collect::<Vec<_>>(), device.default_output_config()?),
    };
    let format = |format: SampleFormat| match format {
        SampleFormat::F32 => Some(0),
        SampleFormat::I16 => Some(1),
        SampleFormat::I32 => Some(2),
        SampleFormat::U8 => Some(3),
        _ => None,
    };
    let best = supported
        .iter()
        .filter(|range| (range.min_sample_rate()..=range.max_sample_rate()).contains(&SAMPLE_RATE))
        .filter_map(|range| Some(((range.channels(), format(range.sample_format())?), range)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, range)| range.with_sample_rate(SAMPLE_RATE))
        .unwrap_or(default);
    let period = best.sample_rate() / 100;
    let period = match best.buffer_size() {
        SupportedBufferSize::Range { min, max } => period.clamp(*min, (*max).max(*min)),
        SupportedBufferSize::Unknown => period,
    };
    let config = StreamConfig {
        channels: best.channels(),
        sample_rate: best.sample_rate(),
        // Never the default: that may be seconds.
        buffer_size: BufferSize::Fixed(period),
    };
    Ok((config, best.sample_format()))
}

/// Whether the stream is over. An overrun or a refused priority is not the end of it.
fn is_end(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged | ErrorKind::DeviceBusy)
}

fn on_error(mut lost: OnLost) -> impl FnMut(cpal::Error) + Send + 'static {
    move |error| {
        if is_end(error.kind()) {
            tracing::debug!(kind = ?error.kind(), "a sound stream ended");
            lost();
        }
    }
}

fn capture<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut callback: CaptureCallback,
    lost: OnLost,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    device.build_input_stream::<T, _, _>(
        config,
        move |heard, _| callback.run(heard),
        on_error(lost),
        Some(OPEN_TIMEOUT),
    )
}

fn playback<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut callback: PlaybackCallback,
    lost: OnLost,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample + FromSample<f32>,
{
    device.build_output_stream::<T, _, _>(config, move |out, _| callback.run(out), on_error(lost), Some(OPEN_TIMEOUT))
}

fn failure(direction: Direction, is_default: bool, error: &cpal::Error) -> OpenAudioError {
    match error.kind() {
        ErrorKind::HostUnavailable => OpenAudioError::NoDevice(direction.noun()),
        ErrorKind::DeviceNotAvailable if is_default => OpenAudioError::NoDevice(direction.noun()),
        _ => OpenAudioError::DeviceFailed { kind: direction.noun(), reason: error.to_string() },
    }
}

fn bad_rate(direction: Direction) -> OpenAudioError {
    OpenAudioError::DeviceFailed { kind: direction.noun(), reason: "its sample rate is out of range".to_owned() }
}

impl Host for CpalHost {
    fn survey(&self, direction: Direction) -> Option<Present> {
        Some(Present::among(present(), direction))
    }

    fn microphone(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardMicrophone, OpenAudioError> {
        let direction = Direction::Input;
        quiet(|| {
            let device = find(id, direction)?;
            let failed = |error: cpal::Error| failure(direction, id.is_none(), &error);
            let (config, format) = configure(&device, direction).map_err(failed)?;
            let (mut microphone, callback) =
                CardMicrophone::new(config.sample_rate, usize::from(config.channels), waker)
                    .ok_or_else(|| bad_rate(direction))?;
            let stream = match format {
                SampleFormat::I16 => capture::<i16>(&device, config, callback, lost),
                SampleFormat::I32 => capture::<i32>(&device, config, callback, lost),
                SampleFormat::U8 => capture::<u8>(&device, config, callback, lost),
                _ => capture::<f32>(&device, config, callback, lost),
            }
            .and_then(|stream| stream.play().map(|()| stream))
            .map_err(failed)?;
            microphone.stream = Some(Box::new(stream));
            Ok(microphone)
        })
    }

    fn speaker(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardSpeaker, OpenAudioError> {
        let direction = Direction::Output;
        quiet(|| {
            let device = find(id, direction)?;
            let failed = |error: cpal::Error| failure(direction, id.is_none(), &error);
            let (config, format) = configure(&device, direction).map_err(failed)?;
            let (mut speaker, callback) = CardSpeaker::new(config.sample_rate, usize::from(config.channels), waker)
                .ok_or_else(|| bad_rate(direction))?;
            let stream = match format {
                SampleFormat::I16 => playback::<i16>(&device, config, callback, lost),
                SampleFormat::I32 => playback::<i32>(&device, config, callback, lost),
                SampleFormat::U8 => playback::<u8>(&device, config, callback, lost),
                _ => playback::<f32>(&device, config, callback, lost),
            }
            .and_then(|stream| stream.play().map(|()| stream))
            .map_err(failed)?;
            speaker.stream = Some(Box::new(stream));
            Ok(speaker)
        })
    }
}
