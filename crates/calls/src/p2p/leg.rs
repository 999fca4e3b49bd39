//! One call of the backend: a task that owns its connection and takes everything that concerns it in order.

mod negotiation;
mod path;
mod setup;
mod signalling;
mod sound;

use std::sync::{Arc, Weak};

use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{Candidate, ClientMessage, HangUp, Party, Sdp, ServerMessage};
use tokio::sync::{mpsc, oneshot};

use super::description::PayloadTypes;
use super::engine::Engine;
use super::engine_event::EngineEvent;
use super::pump::Flow;
use super::{Routes, Shared};
use crate::{BackendError, BackendEvent, BackendName, MediaPorts, PathStats, ReceivePacket};
use negotiation::Negotiation;
use path::{Path, PathWatch};

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
    watch: PathWatch,
    negotiation: Negotiation,
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
            watch: PathWatch::default(),
            negotiation: Negotiation::default(),
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
        self.tell(BackendEvent::Incoming { call: self.call, backend: BackendName::P2p, from: from.into() });
        self.run().await;
    }

    /// Lives until the call is over or the backend is dropped.
    pub async fn run(mut self) {
        loop {
            let due = self.watch.due();
            let look = async move {
                match due {
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
                () = look => {
                    self.look_at_path().await;
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
        if let Some(farewell) = self.farewell.filter(|_| self.watch.path != Path::New) {
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

    fn on_engine(&mut self, event: EngineEvent) -> Next {
        match event {
            EngineEvent::Candidate(candidate) => {
                let candidate = Candidate { candidate, sdp_mid: None, sdp_m_line_index: Some(0) };
                if self.shared.signals.send(ClientMessage::Candidate { call: self.call, candidate }).is_err() {
                    tracing::debug!("a candidate could not be sent");
                }
            }
            EngineEvent::State(state) => self.on_connection_state(state),
            EngineEvent::Track(track) => self.on_track(track),
            // Only an answered call has a media path.
            EngineEvent::Goodbye(ended) => return self.over(ended, true),
        }
        Next::Go
    }

    fn tell(&self, event: BackendEvent) {
        // A line that is gone needs no events.
        self.shared.events.send(event).ok();
    }
}
