//! PulseAudio, and PipeWire in its place, spoken to directly.
//!
//! The client under cpal clears a megabyte at each read, asks the server how late it is after each period, takes locks in
//! the callback, and never ends a connection: it cost more than the rest of a call. Here each stream has a
//! connection and a thread of its own, which does nothing but wait for the server.

mod connection;
mod messages;
mod stream;

#[cfg(test)]
mod tests;

use std::ffi::{CStr, CString};
use std::sync::{Arc, Mutex, PoisonError};

use pulseaudio::protocol::{
    ChannelMap, Command, CreatePlaybackStreamReply, CreateRecordStreamReply, PlaybackStreamParams, Prop, Props,
    RecordStreamParams, SampleFormat, SampleSpec, ServerInfo, SinkInfo, SourceInfo,
    stream::{BufferAttr, StreamFlags},
};

use self::connection::{Connection, PulseError};
use self::stream::{Flow, Stream};
use super::callback::{CaptureCallback, PlaybackCallback};
use super::{CardMicrophone, CardSpeaker, OnLost, Waker};
use crate::defaults::{SAMPLE_RATE, STEP_SAMPLES};
use crate::{Device, Direction, OpenAudioError};

/// What a device's id begins with.
const PREFIX: &str = "pulseaudio:";
/// Bytes of a period of 10 ms.
const PERIOD: u32 = (STEP_SAMPLES * size_of::<f32>()) as u32;

/// For questions. Opened anew when its server is gone.
static QUESTIONS: Mutex<Option<Connection>> = Mutex::new(None);

/// Asks over the connection that is there, and over a new one if that fails.
fn asked<T>(question: impl Fn(&mut Connection) -> Result<T, PulseError>) -> Result<T, PulseError> {
    let mut kept = QUESTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(answer) = kept.as_mut().and_then(|connection| question(connection).ok()) {
        return Ok(answer);
    }
    *kept = None;
    let mut connection = Connection::open()?;
    let answer = question(&mut connection);
    *kept = Some(connection);
    answer
}

/// What the server has: the names of its defaults, its microphones and its speakers.
struct Found {
    defaults: [Option<CString>; 2],
    devices: Vec<(Direction, CString, String)>,
}

fn look(connection: &mut Connection) -> Result<Found, PulseError> {
    let server: ServerInfo = connection.ask(&Command::GetServerInfo)?;
    let sources: Vec<SourceInfo> = connection.ask(&Command::GetSourceInfoList)?;
    let sinks: Vec<SinkInfo> = connection.ask(&Command::GetSinkInfoList)?;
    let called = |name: &CStr, description: Option<CString>| {
        description.as_deref().unwrap_or(name).to_string_lossy().into_owned()
    };
    let microphones = sources.into_iter().map(|source| {
        let name = called(&source.name, source.description);
        (Direction::Input, source.name, name)
    });
    let speakers = sinks.into_iter().map(|sink| {
        let name = called(&sink.name, sink.description);
        (Direction::Output, sink.name, name)
    });
    Ok(Found {
        defaults: [server.default_source_name, server.default_sink_name],
        devices: microphones.chain(speakers).collect(),
    })
}

/// All microphones, then all speakers; `None` where there is no sound server. Monitors of speakers are no microphones.
pub fn list() -> Option<Vec<Device>> {
    let found = asked(look).ok()?;
    let is_monitor = |name: &CStr| name.to_bytes().ends_with(b".monitor");
    let devices = found.devices.into_iter();
    let devices = devices.filter(|(direction, name, _)| *direction == Direction::Output || !is_monitor(name));
    let defaults = found.defaults;
    Some(
        devices
            .map(|(direction, name, description)| Device {
                id: format!("{PREFIX}{}", name.to_string_lossy()),
                name: description,
                direction,
                is_default: defaults[usize::from(direction == Direction::Output)].as_ref() == Some(&name),
            })
            .collect(),
    )
}

/// Whether a device of this id would be here.
pub fn is_mine(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// Whether there is a sound server.
pub fn is_there() -> bool {
    asked(|connection| connection.ask::<ServerInfo>(&Command::GetServerInfo)).is_ok()
}

/// The name by which the server knows the device.
fn named(id: Option<&str>, direction: Direction) -> Result<CString, OpenAudioError> {
    let none = OpenAudioError::NoDevice(direction.noun());
    let found = asked(look).map_err(|_| OpenAudioError::NoDevice(direction.noun()))?;
    let [source, sink] = found.defaults;
    let default = if direction == Direction::Input { source } else { sink };
    let Some(id) = id else {
        return default.ok_or(none);
    };
    let wanted = id.strip_prefix(PREFIX).unwrap_or(id);
    let known =
        found.devices.into_iter().find(|(its, name, _)| *its == direction && name.to_bytes() == wanted.as_bytes());
    known
        .map(|(_, name, _)| name)
        .ok_or_else(|| OpenAudioError::DeviceNotFound { kind: direction.noun(), id: id.to_owned() })
}

/// How the server shows a stream to people, and what it does with others meanwhile: music pauses for a phone.
fn props() -> Props {
    let mut props = Props::new();
    props.set(Prop::MediaName, c"Call");
    props.set(Prop::MediaRole, c"phone");
    props
}

const SPEC: SampleSpec = SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: SAMPLE_RATE };

fn failed(direction: Direction) -> impl Fn(PulseError) -> OpenAudioError {
    move |error| match error {
        PulseError::NoServer => OpenAudioError::NoDevice(direction.noun()),
        other => OpenAudioError::DeviceFailed { kind: direction.noun(), reason: other.to_string() },
    }
}

fn no_card(direction: Direction) -> OpenAudioError {
    OpenAudioError::DeviceFailed { kind: direction.noun(), reason: "its sample rate is out of range".to_owned() }
}

pub fn microphone(id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardMicrophone, OpenAudioError> {
    let (mut card, callback) = CardMicrophone::new(SAMPLE_RATE, 1, waker).ok_or_else(|| no_card(Direction::Input))?;
    card.stream = Some(Box::new(record(id, callback, lost)?));
    Ok(card)
}

pub fn speaker(id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardSpeaker, OpenAudioError> {
    let (mut card, callback) = CardSpeaker::new(SAMPLE_RATE, 1, waker).ok_or_else(|| no_card(Direction::Output))?;
    card.stream = Some(Box::new(play(id, callback, lost)?));
    Ok(card)
}

/// Carries sound from a microphone to a speaker while it lives, and does nothing else: the floor that a call's delay is
/// held against.
pub fn passage(microphone: &str, speaker: &str) -> Result<impl Sized + Send + use<>, OpenAudioError> {
    let (into, from) = rtrb::RingBuffer::new(SAMPLE_RATE as usize / 10);
    let capture = CaptureCallback { ring: into, channels: 1, signal: Arc::default() };
    // No more than one period may wait, as in a call.
    let playback = PlaybackCallback { ring: from, channels: 1, signal: Arc::default(), most: STEP_SAMPLES };
    let played = play(Some(speaker), playback, Box::new(|| ()))?;
    let recorded = record(Some(microphone), capture, Box::new(|| ()))?;
    Ok((recorded, played))
}

/// A server moves a stream whose device goes away to another one, without a word that reaches anybody. Of a device that was
/// chosen that must be told, and it is used again when it is back: so its stream ends with it. The default is followed by
/// whoever looks after the devices.
fn flags(id: Option<&str>) -> StreamFlags {
    StreamFlags { adjust_latency: true, no_move: id.is_some(), ..StreamFlags::default() }
}

fn record(id: Option<&str>, callback: CaptureCallback, lost: OnLost) -> Result<Stream, OpenAudioError> {
    let direction = Direction::Input;
    let source_name = Some(named(id, direction)?);
    let mut connection = Connection::open().map_err(failed(direction))?;
    let params = RecordStreamParams {
        sample_spec: SPEC,
        channel_map: ChannelMap::mono(),
        source_name,
        // A period at a time, and the server's own buffers as short as it can.
        buffer_attr: BufferAttr { max_length: u32::MAX, fragment_size: PERIOD, ..BufferAttr::default() },
        flags: flags(id),
        props: props(),
        ..RecordStreamParams::default()
    };
    let reply: CreateRecordStreamReply =
        connection.ask(&Command::CreateRecordStream(params)).map_err(failed(direction))?;
    stream::serve(connection, reply.channel, Flow::Capture(callback), lost).map_err(failed(direction))
}

fn play(id: Option<&str>, callback: PlaybackCallback, lost: OnLost) -> Result<Stream, OpenAudioError> {
    let direction = Direction::Output;
    let sink_name = Some(named(id, direction)?);
    let mut connection = Connection::open().map_err(failed(direction))?;
    let params = PlaybackStreamParams {
        sample_spec: SPEC,
        channel_map: ChannelMap::mono(),
        sink_name,
        // Two periods between here and the speaker, of which the server asks for one at a time.
        buffer_attr: BufferAttr {
            max_length: 2 * PERIOD,
            target_length: 2 * PERIOD,
            minimum_request_length: PERIOD,
            ..BufferAttr::default()
        },
        flags: flags(id),
        props: props(),
        ..PlaybackStreamParams::default()
    };
    let reply: CreatePlaybackStreamReply =
        connection.ask(&Command::CreatePlaybackStream(params)).map_err(failed(direction))?;
    let flow = Flow::Playback(callback, reply.requested_bytes);
    stream::serve(connection, reply.channel, flow, lost).map_err(failed(direction))
}
