//! One call of the backend: a task that owns its connection and takes everything that concerns it in order.

mod negotiation;
mod signalling;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Instant;

use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{Candidate, ClientMessage, HangUp, Party, Sdp, ServerMessage};
use tokio::sync::{mpsc, oneshot};
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::RTCPeerConnectionState;

use super::description::{PayloadTypes, split_candidates};
use super::engine::{Engine, EngineEvent};
use super::packets::Packets;
use super::pump::{self, Flow};
use super::{Routes, Shared};
use crate::{BackendError, BackendEvent, BackendName, MediaPorts, PathStats, ReceivePacket};
use negotiation::Negotiation;

pub(super) type Reply<T> = oneshot::Sender<Result<T, BackendError>>;

/// What a call is told.
pub(super) enum ToLeg {
    Dial {
        to: care4w_phone::Care4wId,
        ice: Vec<IceServer>,
        media: MediaPorts,
        reply: Reply<()>,
    },
    Ring {
        reply: Reply<()>,
    },
    Prepare {
        ice: Vec<IceServer>,
        reply: Reply<()>,
    },
    Accept {
        media: MediaPorts,
        reply: Reply<()>,
    },
    Leave {
        last: ClientMessage,
        reply: Reply<()>,
    },
    Digits {
        digits: String,
        reply: Reply<()>,
    },
    Restart {
        reply: Reply<()>,
    },
    Hold {
        held: bool,
        reply: Reply<()>,
    },
    Stats {
        reply: oneshot::Sender<PathStats>,
    },
    Signal(ServerMessage),
    FirstPacket,
    /// Answered once everything before it has been handled.
    Fence(oneshot::Sender<()>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// Not up yet.
    New,
    Up,
    Lost,
}

pub(super) struct Leg {
    call: CallId,
    shared: Arc<Shared>,
    routes: Weak<Routes>,
    /// Its own address, for its tasks.
    own: mpsc::WeakUnboundedSender<ToLeg>,
    inbox: mpsc::UnboundedReceiver<ToLeg>,
    engine_tx: mpsc::UnboundedSender<EngineEvent>,
    engine_rx: mpsc::UnboundedReceiver<EngineEvent>,
    /// The caller's offer, at a callee that has not prepared yet.
    offer: Option<Sdp>,
    incoming_call: bool,
    engine: Option<Engine>,
    types: Option<PayloadTypes>,
    media: Option<MediaPorts>,
    receiver: Option<ReceivePacket>,
    digits: Option<mpsc::UnboundedSender<String>>,
    flow: Arc<Flow>,
    /// Candidates of the other end that must wait: at a caller for the answer, at a callee for the person.
    held: Vec<String>,
    open_to_candidates: bool,
    ringing: bool,
    accepted: bool,
    answered: bool,
    heard: bool,
    path: Path,
    negotiation: Negotiation,
    restart_at: Option<Instant>,
    /// What the other end is told on the media path when the call is over; nothing when it knows.
    farewell: Option<HangUp>,
}

/// Whether the call goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Over,
}

impl Leg {
    pub fn new(
        call: CallId,
        shared: Arc<Shared>,
        routes: Weak<Routes>,
        (own, inbox): (mpsc::WeakUnboundedSender<ToLeg>, mpsc::UnboundedReceiver<ToLeg>),
        offer: Option<Sdp>,
    ) -> Self {
        let (engine_tx, engine_rx) = mpsc::unbounded_channel();
        Self {
            call,
            shared,
            routes,
            own,
            inbox,
            engine_tx,
            engine_rx,
            incoming_call: offer.is_some(),
            offer,
            engine: None,
            types: None,
            media: None,
            receiver: None,
            digits: None,
            flow: Arc::default(),
            held: Vec::new(),
            open_to_candidates: false,
            ringing: false,
            accepted: false,
            answered: false,
            heard: false,
            path: Path::New,
            negotiation: Negotiation::default(),
            restart_at: None,
            // Of a call that the backend's owner drops.
            farewell: Some(HangUp::Normal),
        }
    }

    /// A call that came. It is told of when all that the server said of other calls before it has been: of two people
    /// who call each other, the call that gives way is over before the other one comes.
    pub async fn run_incoming(self, from: Party, fences: Vec<oneshot::Receiver<()>>) {
        for fence in fences {
            // One that is gone has told everything.
            fence.await.ok();
        }
        self.tell(BackendEvent::Incoming { call: self.call, backend: BackendName::P2p, from });
        self.run().await;
    }

    /// Lives until the call is over or the backend is dropped.
    pub async fn run(mut self) {
        loop {
            let restart_at = self.restart_at;
            let restart = async move {
                match restart_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                // What the library found out comes before what is asked of it.
                biased;
                Some(event) = self.engine_rx.recv() => self.on_engine(event),
                message = self.inbox.recv() => match message {
                    Some(message) => self.on_message(message).await,
                    None => Next::Over,
                },
                () = restart => {
                    self.restart_at = None;
                    if self.path == Path::Lost && let Err(error) = self.restart().await {
                        tracing::debug!(%error, "the path was not restarted");
                    }
                    Next::Go
                }
            };
            if next == Next::Over {
                break;
            }
        }
        self.close().await;
    }

    /// Forgets the call, tells the other end on the media path, and closes the sockets.
    async fn close(&mut self) {
        if let Some(routes) = std::mem::take(&mut self.routes).upgrade() {
            routes.forget(self.call);
        }
        let Some(engine) = self.engine.take() else { return };
        // Also over a path that seems lost: it may be so one way only.
        if let (Some(farewell), Path::Up | Path::Lost) = (self.farewell, self.path) {
            engine.say_goodbye(farewell).await;
        }
        engine.close().await;
    }

    async fn on_message(&mut self, message: ToLeg) -> Next {
        match message {
            ToLeg::Dial { to, ice, media, reply } => {
                let result = self.dial(to, ice, media).await;
                let failed = result.is_err();
                reply.send(result).ok();
                if failed { Next::Over } else { Next::Go }
            }
            ToLeg::Ring { reply } => {
                reply.send(self.shared.signals.send(ClientMessage::Ringing { call: self.call })).ok();
                Next::Go
            }
            ToLeg::Prepare { ice, reply } => {
                reply.send(self.prepare(ice).await).ok();
                Next::Go
            }
            ToLeg::Accept { media, reply } => {
                reply.send(self.accept(media).await).ok();
                Next::Go
            }
            ToLeg::Leave { last, reply } => {
                if let ClientMessage::HangUp { reason, .. } = &last {
                    self.farewell = Some(*reason);
                }
                let told = self.shared.signals.send(last);
                // Who asked may end the program with the answer: by then all is said.
                self.close().await;
                reply.send(told).ok();
                Next::Over
            }
            ToLeg::Digits { digits, reply } => {
                reply.send(self.dial_digits(digits)).ok();
                Next::Go
            }
            ToLeg::Restart { reply } => {
                reply.send(self.restart().await).ok();
                Next::Go
            }
            ToLeg::Hold { held, reply } => {
                reply.send(self.hold_call(held).await).ok();
                Next::Go
            }
            ToLeg::Stats { reply } => {
                reply.send(self.stats().await).ok();
                Next::Go
            }
            ToLeg::Signal(message) => self.on_signal(message).await,
            ToLeg::Fence(passed) => {
                passed.send(()).ok();
                Next::Go
            }
            ToLeg::FirstPacket => {
                self.heard = true;
                self.tell(BackendEvent::MediaFlowing { call: self.call });
                Next::Go
            }
        }
    }

    async fn dial(
        &mut self,
        to: care4w_phone::Care4wId,
        ice: Vec<IceServer>,
        media: MediaPorts,
    ) -> Result<(), BackendError> {
        let engine = Engine::build(&self.shared.config, ice, self.engine_tx.clone()).await?;
        let offer = engine.offer().await?;
        self.engine = Some(engine);
        self.receiver = Some(Arc::clone(&media.incoming));
        self.media = Some(media);
        // Candidates follow: the library's events are read only after this.
        self.shared.signals.send(ClientMessage::Invite { call: self.call, to, offer: Sdp(offer) })
    }

    /// Everything that sends no packet: sockets, keys, the caller's offer without its candidates (the library would
    /// connect to those for TCP at once).
    async fn prepare(&mut self, ice: Vec<IceServer>) -> Result<(), BackendError> {
        let Some(Sdp(offer)) = self.offer.take() else { return Ok(()) };
        self.types = Some(PayloadTypes::read(&offer).ok_or(BackendError::BadDescription)?);
        let (offer, candidates) = split_candidates(&offer);
        for candidate in candidates {
            self.hold(candidate);
        }
        let engine = Engine::build(&self.shared.config, ice, self.engine_tx.clone()).await?;
        let taken = engine.take_offer(offer, true).await;
        self.engine = Some(engine);
        taken
    }

    async fn accept(&mut self, media: MediaPorts) -> Result<(), BackendError> {
        if !self.incoming_call || self.accepted {
            return Err(BackendError::NoSuchCall);
        }
        self.prepare(Vec::new()).await?;
        let engine = self.engine.as_ref().ok_or(BackendError::BadDescription)?;
        let answer = engine.answer().await?;
        self.accepted = true;
        self.receiver = Some(Arc::clone(&media.incoming));
        self.media = Some(media);
        self.shared.signals.send(ClientMessage::Answer { call: self.call, answer: Sdp(answer) })?;
        self.start_sending();
        self.admit_candidates().await;
        Ok(())
    }

    fn dial_digits(&mut self, digits: String) -> Result<(), BackendError> {
        if self.types.is_none_or(|types| types.telephone_event.is_none()) {
            return Err(BackendError::NotAvailable);
        }
        let sender = self.digits.as_ref().ok_or(BackendError::NoSuchCall)?;
        sender.send(digits).map_err(|_| BackendError::NoSuchCall)
    }

    async fn stats(&self) -> PathStats {
        let (rtt_ms, path) = match &self.engine {
            Some(engine) => (engine.rtt_ms().await, engine.path().await),
            None => (None, None),
        };
        PathStats {
            rtt_ms,
            path,
            sent: self.flow.sent.load(Ordering::Relaxed),
            received: self.flow.received.load(Ordering::Relaxed),
            remote_loss_percent: self.engine.as_ref().and_then(|engine| engine.remote_loss.percent()),
            remote_jitter_ms: self.engine.as_ref().and_then(|engine| engine.remote_loss.jitter_ms()),
            codec: self.types.map(|_| "opus"),
        }
    }

    fn on_engine(&mut self, event: EngineEvent) -> Next {
        match event {
            EngineEvent::Candidate(candidate) => {
                let candidate = Candidate { candidate, sdp_mid: None, sdp_m_line_index: Some(0) };
                if self.shared.signals.send(ClientMessage::Candidate { call: self.call, candidate }).is_err() {
                    tracing::debug!("a candidate could not be sent");
                }
            }
            EngineEvent::State(RTCPeerConnectionState::Connected) => self.on_path_up(),
            EngineEvent::State(RTCPeerConnectionState::Disconnected | RTCPeerConnectionState::Failed) => {
                self.on_path_lost();
            }
            EngineEvent::State(_) => {}
            EngineEvent::Track(track) => self.on_track(track),
            // Only an answered call has a media path.
            EngineEvent::Goodbye(ended) => return self.over(ended, true),
        }
        Next::Go
    }

    fn on_path_up(&mut self) {
        self.restart_at = None;
        self.flow.up.store(true, Ordering::Relaxed);
        let before = std::mem::replace(&mut self.path, Path::Up);
        match before {
            Path::New => self.tell(BackendEvent::PathUp { call: self.call }),
            Path::Lost => self.tell(BackendEvent::PathRestored { call: self.call }),
            Path::Up => {}
        }
    }

    fn on_path_lost(&mut self) {
        if self.path == Path::Up {
            self.path = Path::Lost;
            self.tell(BackendEvent::PathLost { call: self.call });
        }
    }

    fn on_track(&mut self, track: Arc<dyn TrackRemote>) {
        let (Some(receiver), Some(types)) = (self.receiver.clone(), self.types) else { return };
        let own = self.own.clone();
        let first = move || {
            if let Some(own) = own.upgrade() {
                own.send(ToLeg::FirstPacket).ok();
            }
        };
        let (call, events) = (self.call, self.shared.events.clone());
        let dialled = move |digit| {
            events.send(BackendEvent::Digit { call, digit }).ok();
        };
        tokio::spawn(pump::receive(track, types, Arc::clone(&self.flow), receiver, first, dialled));
    }

    fn start_sending(&mut self) {
        let (Some(engine), Some(types), Some(media)) = (&self.engine, self.types, self.media.take()) else { return };
        let (digits, digits_rx) = mpsc::unbounded_channel();
        self.digits = Some(digits);
        if engine.may_relay {
            self.flow.may_relay.store(true, Ordering::Relaxed);
            tokio::spawn(pump::hurry(Arc::clone(&engine.track), Arc::clone(&self.flow)));
        }
        let packets = Packets::new(engine.ssrc, types, rand::random(), rand::random());
        let track = Arc::clone(&engine.track);
        tokio::spawn(pump::send(packets, track, Arc::clone(&self.flow), media.outgoing, digits_rx));
    }

    fn tell(&self, event: BackendEvent) {
        // A line that is gone needs no events.
        self.shared.events.send(event).ok();
    }
}
