//! A host without a sound card: its devices come and go, change their rate, and call when they are told to.

use std::sync::{Arc, Mutex, Weak};

use super::callback::{CaptureCallback, PlaybackCallback};
use super::{CardMicrophone, CardSpeaker, Host, OnLost, Waker};
use crate::following::Present;
use crate::{Direction, OpenAudioError};

#[derive(Default)]
struct State {
    ids: Vec<String>,
    default: Option<String>,
    rate: u32,
    seen: Vec<String>,
    open: Vec<OpenCard>,
}

struct OpenCard {
    /// Which device it is.
    id: Option<String>,
    rate: u32,
    callback: Callback,
    lost: OnLost,
    stream: Weak<()>,
}

enum Callback {
    Capture(CaptureCallback),
    Playback(PlaybackCallback),
}

pub struct FakeHost {
    state: Mutex<State>,
    /// Streams that nobody has let go of.
    streams: Mutex<Vec<Weak<()>>>,
}

impl std::fmt::Debug for FakeHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeHost")
    }
}

/// Stands for the system's stream.
struct Stream(#[expect(dead_code, reason = "its owner's life is the stream's")] Arc<()>);

impl FakeHost {
    pub fn new(has_default: bool) -> Self {
        let state = State { rate: 48_000, default: has_default.then(|| "built-in".to_owned()), ..State::default() };
        Self { state: Mutex::new(state), streams: Mutex::default() }
    }

    /// What there is from now on; streams of devices that are no more are lost.
    pub fn has(&self, ids: &[&str], default: Option<&str>, rate: u32) {
        let mut state = self.state.lock().unwrap();
        state.ids = ids.iter().map(ToString::to_string).collect();
        state.default = default.map(str::to_owned);
        state.rate = rate;
        let gone = |card: &mut OpenCard| card.rate != rate || !card.id.as_deref().is_none_or(|id| ids.contains(&id));
        let lost: Vec<OpenCard> = state.open.extract_if(.., gone).collect();
        drop(state);
        for mut card in lost {
            (card.lost)();
        }
    }

    /// All devices that are open go away.
    pub fn pull_out(&self) {
        let lost = std::mem::take(&mut self.state.lock().unwrap().open);
        for mut card in lost {
            (card.lost)();
        }
    }

    /// Every open card calls once for 10 ms: microphones hear a loud hum.
    pub fn tick(&self) {
        let mut state = self.state.lock().unwrap();
        for card in &mut state.open {
            let frames = card.rate as usize / 100;
            match &mut card.callback {
                Callback::Capture(callback) => {
                    let hum: Vec<f32> = (0..frames).map(|i| if i / 24 % 2 == 0 { 0.3 } else { -0.3 }).collect();
                    callback.run(&hum);
                }
                Callback::Playback(callback) => callback.run(&mut vec![0.0f32; frames]),
            }
        }
    }

    pub fn opened(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.clone()
    }

    /// How many streams are open.
    pub fn alive(&self) -> usize {
        let mut streams = self.streams.lock().unwrap();
        streams.retain(|stream| stream.strong_count() > 0);
        streams.len()
    }

    /// How many devices work for somebody: open, held, and not pulled out.
    pub fn in_use(&self) -> usize {
        let mut state = self.state.lock().unwrap();
        state.open.retain(|card| card.stream.strong_count() > 0);
        state.open.len()
    }

    fn admit(&self, kind: &'static str, id: Option<&str>) -> Result<(Option<String>, u32), OpenAudioError> {
        let mut state = self.state.lock().unwrap();
        let actual = match id {
            None => Some(state.default.clone().ok_or(OpenAudioError::NoDevice(kind))?),
            Some(id) if !state.ids.is_empty() && !state.ids.iter().any(|it| it == id) => {
                return Err(OpenAudioError::DeviceNotFound { kind, id: id.to_owned() });
            }
            Some(id) => Some(id.to_owned()),
        };
        state.seen.push(format!("{kind} {}", id.unwrap_or("default")));
        Ok((actual, state.rate))
    }

    fn keep(&self, id: Option<String>, rate: u32, callback: Callback, lost: OnLost) -> Box<Stream> {
        let life = Arc::new(());
        let stream = Arc::downgrade(&life);
        self.streams.lock().unwrap().push(stream.clone());
        self.state.lock().unwrap().open.push(OpenCard { id, rate, callback, lost, stream });
        Box::new(Stream(life))
    }
}

impl Host for FakeHost {
    fn survey(&self, _: Direction) -> Option<Present> {
        let state = self.state.lock().unwrap();
        Some(Present { ids: state.ids.clone(), default: state.default.clone() })
    }

    fn microphone(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardMicrophone, OpenAudioError> {
        let (id, rate) = self.admit("microphone", id)?;
        let (mut card, callback) = CardMicrophone::new(rate, 1, waker).unwrap();
        card.stream = Some(self.keep(id, rate, Callback::Capture(callback), lost));
        Ok(card)
    }

    fn speaker(&self, id: Option<&str>, waker: Arc<Waker>, lost: OnLost) -> Result<CardSpeaker, OpenAudioError> {
        let (id, rate) = self.admit("speaker", id)?;
        let (mut card, callback) = CardSpeaker::new(rate, 1, waker).unwrap();
        card.stream = Some(self.keep(id, rate, Callback::Playback(callback), lost));
        Ok(card)
    }
}
