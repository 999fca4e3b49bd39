//! What the gateway knows: streams, calls, numbers, faults. One lock, held for moments.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::{
    Account, Fault, FaultKind, Settings, Telephone,
    account::Grant,
    call::CallState,
    media::{MediaEnd, Sound},
    wire,
};

/// What a stream is told to do.
pub(crate) enum ToStream {
    Send(Value),
    /// This text, whatever it is.
    Text(String),
    /// Ends the connection in good order.
    Close,
    /// Ends it as a cut cable does.
    Cut,
}

/// One client's connection.
pub(crate) struct Stream {
    pub to: mpsc::UnboundedSender<ToStream>,
    /// From its token, once that was accepted.
    pub grant: Option<Grant>,
    pub registered: bool,
    /// How long its calls live on without it, in seconds.
    pub reconnect_timeout: u64,
}

/// What happens to a leg.
#[derive(Clone, Debug)]
pub(crate) enum LegEvent {
    /// The client answered, and its media end was told.
    Answered,
    /// The client declined.
    Declined,
    /// The client hung up.
    HungUp,
    /// The client's connection is gone for too long.
    Lost,
    /// The test wants the other side to hang up, with a code or without.
    Remote(Option<u32>),
    /// The test wants the telephone to answer.
    AnswerOutside,
    /// The test wants the caller of an unanswered call to give up.
    Cancel,
}

/// The gateway's end of a call to or from a client.
pub(crate) struct Leg {
    /// The client's own id for it, if it made the call.
    pub temporary: Option<String>,
    pub identity: String,
    /// The stream on which it is, if that lives.
    pub stream: Option<u64>,
    pub reconnect_timeout: u64,
    pub incoming: bool,
    pub from: String,
    pub to: String,
    /// Parameters of the client's, or for it.
    pub parameters: Vec<(String, String)>,
    pub state: CallState,
    /// What lets it go on on another stream.
    pub reconnect: String,
    pub media: MediaEnd,
    pub events: mpsc::UnboundedSender<(String, LegEvent)>,
    pub restarts: u32,
    pub reconnects: u32,
    /// Digits by message.
    pub digits: String,
    /// What the client sent as user messages.
    pub messages: Vec<Value>,
}

/// A message, as it went over the wire.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The connection, counted from 1.
    pub stream: u64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// The whole envelope; a token in it is replaced by its length.
    pub message: Value,
}

impl Frame {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.message["type"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub streams: BTreeMap<u64, Stream>,
    pub next_stream: u64,
    pub legs: BTreeMap<String, Leg>,
    /// Legs in the order in which they came.
    pub order: Vec<String>,
    pub faults: Vec<Fault>,
    pub frames: Vec<Frame>,
    pub numbers: HashMap<String, Telephone>,
    pub telephone: Telephone,
    pub refuses: bool,
    pub refusals: Vec<(u32, Option<u64>)>,
    pub silent: bool,
    /// Whether invitations of clients are left unanswered.
    pub deaf: bool,
    /// Whether webhooks are told nothing.
    pub mute: bool,
    /// The voice URL, and where requests to its host really go.
    pub voice: Option<(String, Option<String>)>,
}

/// Everything behind the gateway's door.
pub(crate) struct House {
    pub settings: Settings,
    pub agent: reqwest::Client,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl House {
    pub fn new(settings: Settings, agent: reqwest::Client) -> Arc<Self> {
        let voice = settings.voice_url.clone().map(|url| (url, settings.voice_origin.clone()));
        let state = State { telephone: settings.telephone.clone(), voice, ..State::default() };
        Arc::new(Self { settings, agent, state: Mutex::new(state), changed: watch::Sender::new(()) })
    }

    pub fn account(&self) -> &Account {
        &self.settings.account
    }

    /// The state, to be changed: whoever waits looks again.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.send_replace(());
        state
    }

    /// The state as it is.
    pub fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Something changed that is not in the state: whoever waits looks again.
    pub fn notice(&self) {
        self.changed.send_replace(());
    }

    /// Records a violation.
    pub fn fault(&self, stream: u64, kind: FaultKind, about: impl Into<String>) {
        self.state().faults.push(Fault { stream, kind, about: about.into() });
    }

    /// Sends on a stream, if it is there.
    pub fn send(&self, stream: u64, message: Value) {
        self.state().send(stream, message);
    }

    /// Sends to a leg's client, if it is there.
    pub fn tell(&self, call: &str, message: Value) {
        let mut state = self.state();
        if let Some(stream) = state.legs.get(call).and_then(|leg| leg.stream) {
            state.send(stream, message);
        }
    }

    /// A media end whose violations come to the stream.
    pub async fn media(self: &Arc<Self>, stream: u64) -> std::io::Result<MediaEnd> {
        let house = Arc::downgrade(self);
        let tell = move |kind, about: &str| {
            if let Some(house) = house.upgrade() {
                house.fault(stream, kind, about);
            }
        };
        MediaEnd::open(self.settings.listen.ip(), self.settings.pcmu_alone, Arc::new(tell)).await
    }

    /// A stream ended: its calls wait for the client, each for as long as it was told.
    pub fn leave(self: &Arc<Self>, stream: u64) {
        let mut state = self.state();
        state.streams.remove(&stream);
        for (sid, leg) in &mut state.legs {
            if leg.stream != Some(stream) || leg.state == CallState::Ended {
                continue;
            }
            leg.stream = None;
            let answered = leg.state == CallState::Answered;
            let wait = if answered { leg.reconnect_timeout } else { 0 };
            let (house, sid) = (Arc::clone(self), sid.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(wait)).await;
                let state = house.look();
                if let Some(leg) = state.legs.get(&sid).filter(|leg| leg.stream.is_none()) {
                    leg.events.send((sid.clone(), LegEvent::Lost)).ok();
                }
            });
        }
    }
}

impl State {
    pub fn send(&mut self, stream: u64, message: Value) {
        if let Some(known) = self.streams.get(&stream) {
            self.frames.push(Frame { stream, from_client: false, message: message.clone() });
            known.to.send(ToStream::Send(message)).ok();
        }
    }

    /// The leg of either id.
    pub fn find(&self, call: &str) -> Option<String> {
        if self.legs.contains_key(call) {
            return Some(call.to_owned());
        }
        let named = |(_, leg): &(&String, &Leg)| leg.temporary.as_deref() == Some(call);
        self.legs.iter().find(named).map(|(sid, _)| sid.clone())
    }

    /// Streams on which somebody can be called.
    pub fn registered(&self, identity: &str) -> Vec<u64> {
        let there = |stream: &Stream| {
            stream.registered && stream.grant.as_ref().is_some_and(|grant| grant.identity == identity)
        };
        self.streams.iter().filter(|(_, stream)| there(stream)).map(|(id, _)| *id).collect()
    }

    pub fn telephone(&self, number: &str) -> Telephone {
        self.numbers.get(number).unwrap_or(&self.telephone).clone()
    }

    /// Ends a leg; the client is told, unless it ended it itself or is not there.
    pub fn end(&mut self, call: &str, message: Option<Value>) {
        let Some(leg) = self.legs.get_mut(call).filter(|leg| leg.state != CallState::Ended) else { return };
        leg.state = CallState::Ended;
        leg.media.close();
        let (stream, temporary) = (leg.stream, leg.temporary.clone());
        if let (Some(stream), Some(mut message)) = (stream, message) {
            // A client that was told of no ringing knows the call by its own id alone.
            let told = |frame: &Frame| !frame.from_client && frame.message["payload"]["callsid"] == call;
            if let Some(temporary) = temporary.filter(|_| !self.frames.iter().any(told)) {
                message["payload"]["callsid"] = Value::from(temporary);
            }
            self.send(stream, message);
        }
    }

    /// Tells a stream that its token is over, and is done with it.
    pub fn expire(&mut self, stream: u64) {
        self.send(stream, wire::error(31_205, None, None));
        self.send(stream, wire::close());
        if let Some(known) = self.streams.get_mut(&stream) {
            known.grant = None;
            known.registered = false;
            known.to.send(ToStream::Close).ok();
        }
    }
}

/// What a client's media end received.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Its sound: 16 kHz where it came as Opus, 8 kHz as PCMU. What did not come is silent.
    pub sound: Sound,
    /// Digits that came in the sound (RFC 4733).
    pub digits: String,
    /// Packets by codec.
    pub packets: HashMap<crate::Codec, u64>,
    /// Octets of their payloads.
    pub octets: u64,
    /// Whether keys were agreed on, so that packets can flow.
    pub connected: bool,
}

impl Heard {
    /// Packets of sound in all codecs.
    #[must_use]
    pub fn sound_packets(&self) -> u64 {
        self.packets.iter().filter(|(codec, _)| **codec != crate::Codec::TelephoneEvent).map(|(_, count)| count).sum()
    }
}
