//! The media of one call: a task that owns its connection, the same as a peer-to-peer call's.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use tokio::sync::{mpsc, oneshot};
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::RTCPeerConnectionState;

use super::dialect;
use crate::p2p::P2pConfig;
use crate::p2p::description::PayloadTypes;
use crate::p2p::engine::Engine;
use crate::p2p::engine_event::EngineEvent;
use crate::p2p::path_stats::path_stats;
use crate::p2p::pump::{self, Flow};
use crate::{BackendError, MediaPorts, PathStats, RtpAudio};

/// What a call's media is told.
pub(super) enum ToLeg {
    /// Make the offer of a new call.
    Offer,
    /// Prepare for an incoming call what sends nothing.
    Prepare {
        ice: Vec<IceServer>,
    },
    /// The person took it: this is the sound.
    Media(MediaPorts),
    /// Make the answer.
    Answer,
    TakeAnswer(String),
    /// What the microphone hears may go out.
    Speak,
    /// Make an offer for a new path.
    OfferAgain,
    Hold {
        held: bool,
        reply: oneshot::Sender<Result<(), BackendError>>,
    },
    Digits {
        digits: String,
        reply: oneshot::Sender<Result<Way, BackendError>>,
    },
    Stats {
        reply: oneshot::Sender<PathStats>,
    },
}

/// How digits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In the sound (RFC 4733); they are on their way.
    Sound,
    /// The other end takes none there.
    Message,
}

/// What it tells.
pub(super) enum FromLeg {
    Described(String),
    PathUp,
    PathLost,
    Heard,
    Digit(char),
    Failed(BackendError),
}

pub(super) struct Leg {
    call: CallId,
    config: P2pConfig,
    ice: Vec<IceServer>,
    /// The other end's offer, until it was taken.
    offer: Option<String>,
    candidates: Vec<String>,
    engine: Option<Engine>,
    engine_tx: mpsc::UnboundedSender<EngineEvent>,
    engine_rx: mpsc::UnboundedReceiver<EngineEvent>,
    media: Option<MediaPorts>,
    receiver: Option<crate::ReceivePacket>,
    types: Option<PayloadTypes>,
    digits: Option<mpsc::UnboundedSender<String>>,
    flow: Arc<Flow>,
    speaking: bool,
    tell: mpsc::UnboundedSender<(CallId, FromLeg)>,
}

impl Leg {
    pub fn new(
        call: CallId,
        config: P2pConfig,
        ice: Vec<IceServer>,
        offer: Option<String>,
        tell: mpsc::UnboundedSender<(CallId, FromLeg)>,
    ) -> Self {
        let (engine_tx, engine_rx) = mpsc::unbounded_channel();
        let flow = Arc::new(Flow::default());
        // Before the answer the other end hears nothing of this one, whatever it plays itself.
        flow.unwanted.store(true, Ordering::Relaxed);
        Self {
            call,
            config,
            ice,
            offer,
            candidates: Vec::new(),
            engine: None,
            engine_tx,
            engine_rx,
            media: None,
            receiver: None,
            types: None,
            digits: None,
            flow,
            speaking: false,
            tell,
        }
    }

    /// Lives until nobody can tell it anything any more.
    pub async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<ToLeg>) {
        loop {
            tokio::select! {
                // What the library found out comes before what is asked of it.
                biased;
                Some(event) = self.engine_rx.recv() => self.on_engine(event),
                message = inbox.recv() => match message {
                    Some(message) => self.on_message(message).await,
                    None => break,
                },
            }
        }
        if let Some(engine) = self.engine.take() {
            engine.close().await;
        }
    }

    async fn on_message(&mut self, message: ToLeg) {
        let done = match message {
            ToLeg::Offer => self.make_offer().await,
            ToLeg::Prepare { ice } => {
                self.ice = ice;
                self.prepare().await
            }
            ToLeg::Media(media) => {
                self.take_media(media);
                Ok(())
            }
            ToLeg::Answer => self.answer().await,
            ToLeg::TakeAnswer(sdp) => self.take_answer(&sdp).await,
            ToLeg::Speak => {
                self.speaking = true;
                self.flow.unwanted.store(false, Ordering::Relaxed);
                Ok(())
            }
            ToLeg::OfferAgain => self.offer_again().await,
            ToLeg::Hold { held, reply } => {
                reply.send(self.hold(held)).ok();
                Ok(())
            }
            ToLeg::Digits { digits, reply } => {
                reply.send(self.dial_digits(digits)).ok();
                Ok(())
            }
            ToLeg::Stats { reply } => {
                reply.send(self.stats().await).ok();
                Ok(())
            }
        };
        if let Err(error) = done {
            self.say(FromLeg::Failed(error));
        }
    }

    fn say(&self, what: FromLeg) {
        // A backend that is gone needs to know nothing.
        self.tell.send((self.call, what)).ok();
    }

    async fn make_offer(&mut self) -> Result<(), BackendError> {
        let engine = Engine::build(&self.config, std::mem::take(&mut self.ice), self.engine_tx.clone()).await?;
        let offer = engine.offer().await?;
        self.engine = Some(engine);
        self.say(FromLeg::Described(offer));
        Ok(())
    }

    async fn prepare(&mut self) -> Result<(), BackendError> {
        let Some(offer) = self.offer.take() else { return Ok(()) };
        let (offer, candidates) = dialect::read(&offer);
        self.types = Some(PayloadTypes::of_gateway(&offer).ok_or(BackendError::BadDescription)?);
        let engine = Engine::build(&self.config, std::mem::take(&mut self.ice), self.engine_tx.clone()).await?;
        let taken = engine.take_offer(offer, true).await;
        self.engine = Some(engine);
        self.candidates = candidates;
        taken
    }

    fn take_media(&mut self, media: MediaPorts) {
        let (flow, incoming) = (Arc::clone(&self.flow), Arc::clone(&media.incoming));
        // Twilio's end knows of no holding and goes on sending.
        self.receiver = Some(Arc::new(move |packet: RtpAudio| {
            if !flow.held.load(Ordering::Relaxed) {
                incoming(packet);
            }
        }));
        self.media = Some(media);
    }

    async fn answer(&mut self) -> Result<(), BackendError> {
        self.prepare().await?;
        let engine = self.engine.as_ref().ok_or(BackendError::BadDescription)?;
        let answer = engine.answer().await?;
        self.say(FromLeg::Described(answer));
        self.start_sending();
        self.add_candidates().await;
        Ok(())
    }

    /// The answer to the call's offer, or to one for a new path.
    async fn take_answer(&mut self, sdp: &str) -> Result<(), BackendError> {
        let (answer, candidates) = dialect::read(sdp);
        self.types = Some(PayloadTypes::of_gateway(&answer).ok_or(BackendError::BadDescription)?);
        let engine = self.engine.as_ref().ok_or(BackendError::NoSuchCall)?;
        engine.take_answer(answer).await?;
        self.candidates = candidates;
        self.start_sending();
        self.add_candidates().await;
        Ok(())
    }

    async fn add_candidates(&mut self) {
        let Some(engine) = &self.engine else { return };
        for candidate in std::mem::take(&mut self.candidates) {
            engine.add_candidate(candidate).await;
        }
    }

    async fn offer_again(&mut self) -> Result<(), BackendError> {
        let engine = self.engine.as_ref().ok_or(BackendError::NoSuchCall)?;
        let offer = engine.restart_offer().await?;
        self.say(FromLeg::Described(offer));
        Ok(())
    }

    fn start_sending(&mut self) {
        let (Some(engine), Some(types), Some(media)) = (&self.engine, self.types, self.media.take()) else { return };
        self.digits = Some(pump::begin(engine, types, &self.flow, media));
    }

    fn on_engine(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::State(RTCPeerConnectionState::Connected) => {
                self.flow.up.store(true, Ordering::Relaxed);
                self.say(FromLeg::PathUp);
            }
            EngineEvent::State(RTCPeerConnectionState::Disconnected | RTCPeerConnectionState::Failed) => {
                self.say(FromLeg::PathLost);
            }
            EngineEvent::Track(track) => self.on_track(track),
            // The gateway is told no addresses: it learns them from what it is sent.
            EngineEvent::State(_) | EngineEvent::Candidate(_) | EngineEvent::Goodbye(_) => {}
        }
    }

    fn on_track(&mut self, track: Arc<dyn TrackRemote>) {
        let (Some(receiver), Some(types)) = (self.receiver.clone(), self.types) else { return };
        let (call, tell) = (self.call, self.tell.clone());
        let first = move || {
            tell.send((call, FromLeg::Heard)).ok();
        };
        let tell = self.tell.clone();
        let dialled = move |digit| {
            tell.send((call, FromLeg::Digit(digit))).ok();
        };
        tokio::spawn(pump::receive(track, types, Arc::clone(&self.flow), receiver, first, dialled));
    }

    /// Nothing goes out and nothing is heard; Twilio's end is not told, for there is no way to tell it.
    fn hold(&mut self, held: bool) -> Result<(), BackendError> {
        if !self.speaking {
            return Err(BackendError::NoSuchCall);
        }
        self.flow.held.store(held, Ordering::Relaxed);
        Ok(())
    }

    fn dial_digits(&mut self, digits: String) -> Result<Way, BackendError> {
        let (true, Some(sender), Some(types)) = (self.speaking, &self.digits, self.types) else {
            return Err(BackendError::NoSuchCall);
        };
        if types.events(self.flow.codec()).is_some() {
            return sender.send(digits).map(|()| Way::Sound).map_err(|_| BackendError::NoSuchCall);
        }
        // The message has no letters (TWILIO.md §2).
        let sayable = digits.chars().all(|digit| digit.is_ascii_digit() || "*#wW".contains(digit));
        if sayable { Ok(Way::Message) } else { Err(BackendError::NotAvailable) }
    }

    async fn stats(&self) -> PathStats {
        path_stats(self.engine.as_ref(), &self.flow, self.types.map(|_| self.flow.codec())).await
    }
}
