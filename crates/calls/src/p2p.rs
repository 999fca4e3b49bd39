//! Peer-to-peer calls over WebRTC, on the `webrtc` crate.
//!
//! The caller's offer travels with the invitation and candidates trickle both ways (RFC 8838). A callee's phone
//! opens its sockets, makes its keys and reads the offer while it rings, and sends nothing before the person
//! accepts: neither an answer nor a candidate nor a packet, so that a call shows nobody an address that did not
//! want to be called.
//!
//! Who leaves says so to the server and on the media path: whichever word comes first ends the call.

mod addresses;
pub(crate) mod description;
mod digits;
pub(crate) mod engine;
pub(crate) mod engine_event;
mod goodbye;
mod handshake;
mod leg;
mod packets;
pub(crate) mod path_stats;
mod probe;
pub(crate) mod pump;
mod reports;
mod sockets;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{ClientMessage, HangUp, Refusal, Sdp, ServerMessage};
use tokio::sync::{mpsc, oneshot};

use crate::{BackendError, BackendEvents, BackendName, Callee, MediaPorts, PathStats, SignalSender, VoiceBackend};
use leg::{Leg, Reply, ToLeg};
pub use probe::Reach;

/// Whether addresses of the loopback interface are offered as candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loopback {
    /// Only on a machine that has no other address: two phones on one machine otherwise meet over its own network
    /// address, and a loopback candidate would only make the other end check its own machine in vain.
    #[default]
    WhenAlone,
    /// Always.
    Always,
}

/// How the backend looks for paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct P2pConfig {
    /// Loopback candidates.
    pub loopback: Loopback,
    /// Offer relayed candidates only: the other end learns no address of this machine. Without a TURN server no
    /// path is found then.
    pub relay_only: bool,
    /// Offer G.711 besides Opus: for gateways to telephones.
    pub narrow: bool,
    /// Ask the other end to leave silence out of what it sends (RFC 7587, section 6.1: `usedtx`).
    pub dtx: bool,
}

struct Shared {
    config: P2pConfig,
    /// Goes before the one of `config`.
    dtx: AtomicBool,
    signals: Arc<dyn SignalSender>,
    events: BackendEvents,
}

impl Shared {
    fn config(&self) -> P2pConfig {
        P2pConfig { dtx: self.dtx.load(Ordering::Relaxed), ..self.config.clone() }
    }
}

/// Which task has which call.
#[derive(Default)]
struct Routes(Mutex<HashMap<CallId, mpsc::UnboundedSender<ToLeg>>>);

impl Routes {
    fn find(&self, call: CallId) -> Option<mpsc::UnboundedSender<ToLeg>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&call).cloned()
    }

    /// One from every call that there is: each passes when its call has handled what it was sent until now.
    fn fences(&self) -> Vec<oneshot::Receiver<()>> {
        let routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fence = |leg: &mpsc::UnboundedSender<ToLeg>| {
            let (passed, fence) = oneshot::channel();
            leg.send(ToLeg::Fence(passed)).ok().map(|()| fence)
        };
        routes.values().filter_map(fence).collect()
    }

    fn forget(&self, call: CallId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&call);
    }

    /// `false` when there is such a call already.
    fn add(&self, call: CallId, leg: mpsc::UnboundedSender<ToLeg>) -> bool {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match routes.entry(call) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(leg);
                true
            }
        }
    }
}

/// The backend.
pub struct P2p {
    shared: Arc<Shared>,
    routes: Arc<Routes>,
}

impl P2p {
    /// A backend that tells the server through `signals` and the line through `events`.
    pub fn new(config: P2pConfig, signals: Arc<dyn SignalSender>, events: BackendEvents) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::new(Shared { dtx: AtomicBool::new(config.dtx), config, signals, events }),
            routes: Arc::default(),
        })
    }

    /// Whether the other end of the next call is asked to leave silence out ([`P2pConfig::dtx`]).
    pub fn set_dtx(&self, dtx: bool) {
        self.shared.dtx.store(dtx, Ordering::Relaxed);
    }

    /// Takes a message of the server. Returns at once; messages are handled in the order given. Those that are not
    /// about a call of this backend are ignored. Call it within a tokio runtime.
    pub fn handle_signal(&self, message: ServerMessage) {
        let call = match &message {
            ServerMessage::Invite { call, .. } => {
                let call = *call;
                return self.invited(call, message);
            }
            ServerMessage::Ringing { call }
            | ServerMessage::Answer { call, .. }
            | ServerMessage::Taken { call }
            | ServerMessage::Candidate { call, .. }
            | ServerMessage::Offer { call, .. }
            | ServerMessage::OfferAnswer { call, .. }
            | ServerMessage::Ended { call, .. }
            | ServerMessage::Refused { call: Some(call), .. } => *call,
            ServerMessage::Missed { .. }
            | ServerMessage::Refused { .. }
            | ServerMessage::SettingsChanged
            | ServerMessage::PhoneCall(_) => return,
        };
        if let Some(leg) = self.routes.find(call) {
            leg.send(ToLeg::Signal(message)).ok();
        }
    }

    /// Looks which ways to others there are from here, with these servers and without a call. Takes at most
    /// [`crate::defaults::PROBE_TIME`].
    ///
    /// # Errors
    /// [`BackendError::Engine`] when no socket can be opened.
    pub async fn probe(&self, ice: Vec<IceServer>) -> Result<Reach, BackendError> {
        probe::probe(&self.shared.config(), ice).await
    }

    fn invited(&self, call: CallId, message: ServerMessage) {
        let ServerMessage::Invite { from, offer, .. } = message else { return };
        let fences = self.routes.fences();
        if let Some((leg, _)) = self.make_leg(call, Some(offer)) {
            tokio::spawn(leg.run_incoming(from, fences));
        }
    }

    /// `None` when there is such a call already.
    fn make_leg(&self, call: CallId, offer: Option<Sdp>) -> Option<(Leg, mpsc::UnboundedSender<ToLeg>)> {
        let (sender, inbox) = mpsc::unbounded_channel();
        if !self.routes.add(call, sender.clone()) {
            return None;
        }
        let routes = Arc::downgrade(&self.routes);
        Some((Leg::new(call, Arc::clone(&self.shared), routes, (sender.downgrade(), inbox), offer), sender))
    }

    async fn ask<T>(&self, call: CallId, message: impl FnOnce(Reply<T>) -> ToLeg) -> Result<T, BackendError> {
        let leg = self.routes.find(call).ok_or(BackendError::NoSuchCall)?;
        let (reply, answer) = oneshot::channel();
        leg.send(message(reply)).map_err(|_| BackendError::NoSuchCall)?;
        drop(leg);
        answer.await.unwrap_or(Err(BackendError::NoSuchCall))
    }
}

#[async_trait]
impl VoiceBackend for P2p {
    fn name(&self) -> BackendName {
        BackendName::P2p
    }

    async fn dial(
        &self,
        call: CallId,
        to: &Callee,
        ice: Vec<IceServer>,
        media: MediaPorts,
    ) -> Result<(), BackendError> {
        // Only a user of Care4W can be reached directly.
        let to = to.care4w_id.clone().ok_or(BackendError::NotAvailable)?;
        let (leg, _sender) = self.make_leg(call, None).ok_or(BackendError::Engine("the call exists already"))?;
        tokio::spawn(leg.run());
        self.ask(call, |reply| ToLeg::Dial { to, ice, media, reply }).await
    }

    async fn ring(&self, call: CallId) -> Result<(), BackendError> {
        self.ask(call, |reply| ToLeg::Ring { reply }).await
    }

    async fn prepare(&self, call: CallId, ice: Vec<IceServer>) -> Result<(), BackendError> {
        self.ask(call, |reply| ToLeg::Prepare { ice, reply }).await
    }

    async fn accept(&self, call: CallId, media: MediaPorts) -> Result<(), BackendError> {
        self.ask(call, |reply| ToLeg::Accept { media, reply }).await
    }

    async fn refuse(&self, call: CallId, reason: Refusal) -> Result<(), BackendError> {
        let last = ClientMessage::Refuse { call, reason };
        self.ask(call, |reply| ToLeg::Leave { last, reply }).await
    }

    async fn hang_up(&self, call: CallId, reason: HangUp) -> Result<(), BackendError> {
        let last = ClientMessage::HangUp { call, reason };
        self.ask(call, |reply| ToLeg::Leave { last, reply }).await
    }

    async fn send_digits(&self, call: CallId, digits: &str) -> Result<(), BackendError> {
        let digits = digits.to_owned();
        self.ask(call, |reply| ToLeg::Digits { digits, reply }).await
    }

    async fn hold(&self, call: CallId, held: bool) -> Result<(), BackendError> {
        self.ask(call, |reply| ToLeg::Hold { held, reply }).await
    }

    async fn restart_path(&self, call: CallId) -> Result<(), BackendError> {
        self.ask(call, |reply| ToLeg::Restart { reply }).await
    }

    async fn stats(&self, call: CallId) -> Option<PathStats> {
        let leg = self.routes.find(call)?;
        let (reply, answer) = oneshot::channel();
        leg.send(ToLeg::Stats { reply }).ok()?;
        answer.await.ok()
    }
}
