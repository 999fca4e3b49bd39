//! Calls over Twilio Voice, natively: Twilio's signalling ("PStream", TWILIO.md) and the media of a peer-to-peer call.
//!
//! Not yet confirmed against the live service. What the gateway does is known from the client that Twilio publishes and
//! from one old capture; this backend was tried against a double that the published client accepts.
//!
//! What Twilio has no words for does not reach the other end: that it rings here, why a call was refused, and that it
//! is held. A held call is silent both ways all the same.

mod backoff;
mod caller;
mod codes;
mod dialect;
mod driver;
mod edges;
mod frames;
mod leg;
mod params;
mod pstream;
mod socket;

use std::sync::Arc;

use async_trait::async_trait;
use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use care4w_protocol::signal::{HangUp, Refusal};
use tokio::sync::{mpsc, oneshot, watch};

use crate::p2p::P2pConfig;
use crate::{BackendError, BackendEvents, BackendName, Callee, EndReason, MediaPorts, PathStats, VoiceBackend};
use driver::{Driver, Legs, Order};
use leg::{ToLeg, Way};
use pstream::Input;
pub use pstream::{AccessToken, Fault, Status, TokenProblem};

/// The parameter of an outgoing call that says whom to call; our server reads it.
const TO_PARAMETER: &str = "To";

/// What the backend is made of.
pub struct TwilioConfig {
    /// How paths for the sound are looked for.
    pub paths: P2pConfig,
    /// Whether calls may come: one that only places calls does not register.
    pub takes_calls: bool,
    /// How the gateway is trusted.
    pub tls: Arc<rustls::ClientConfig>,
}

/// Where access tokens come from. The backend asks once at a time.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A fresh token.
    ///
    /// # Errors
    /// [`TokenProblem`].
    async fn token(&self) -> Result<AccessToken, TokenProblem>;
}

/// The backend.
pub struct Twilio {
    orders: mpsc::UnboundedSender<Order>,
    legs: Arc<Legs>,
    status: watch::Receiver<Status>,
}

impl Twilio {
    /// A backend that waits for [`Twilio::start`], and tells the line through `events`. Call it within a tokio
    /// runtime.
    pub fn new(config: TwilioConfig, tokens: Arc<dyn TokenSource>, events: BackendEvents) -> Arc<Self> {
        let (orders, inbox) = mpsc::unbounded_channel();
        let (status_tx, status) = watch::channel(Status::Off);
        let legs = Arc::<Legs>::default();
        tokio::spawn(Driver::new(config, tokens, events, Arc::clone(&legs), status_tx).run(inbox));
        Arc::new(Self { orders, legs, status })
    }

    /// Connects, and stays connected. One that runs already goes on.
    pub fn start(&self) {
        self.order(Order::Start);
    }

    /// Ends its calls and disconnects.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// Does not wait any longer for the next try.
    pub fn wake(&self) {
        self.order(Order::Woke);
    }

    /// Our server does not have this call put through, and says why. Nothing happens to a call that was answered, or is
    /// not there.
    pub fn refused(&self, call: CallId, reason: EndReason) {
        let (done, _) = oneshot::channel();
        self.order(Order::About { input: Input::ServerRefused { call, reason }, done });
    }

    /// How it stands.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Hangs up, disconnects, and ends its task.
    pub async fn finish(&self) {
        let (done, finished) = oneshot::channel();
        self.order(Order::Finish(done));
        if finished.await.is_err() {
            tracing::debug!("the backend had ended already");
        }
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("the backend has ended");
        }
    }

    fn leg(&self, call: CallId) -> Result<mpsc::UnboundedSender<ToLeg>, BackendError> {
        self.legs.find(call).ok_or(BackendError::NoSuchCall)
    }

    fn tell_leg(&self, call: CallId, what: ToLeg) -> Result<(), BackendError> {
        self.leg(call)?.send(what).map_err(|_| BackendError::NoSuchCall)
    }

    async fn ask_leg<T>(
        &self,
        call: CallId,
        what: impl FnOnce(oneshot::Sender<T>) -> ToLeg,
    ) -> Result<T, BackendError> {
        let (reply, answer) = oneshot::channel();
        self.tell_leg(call, what(reply))?;
        answer.await.map_err(|_| BackendError::NoSuchCall)
    }

    /// Done when all that follows from it was sent.
    async fn about(&self, call: CallId, input: Input) -> Result<(), BackendError> {
        self.leg(call)?;
        let (done, carried_out) = oneshot::channel();
        self.order(Order::About { input, done });
        carried_out.await.map_err(|_| BackendError::NoSuchCall)
    }
}

#[async_trait]
impl VoiceBackend for Twilio {
    fn name(&self) -> BackendName {
        BackendName::Twilio
    }

    async fn dial(
        &self,
        call: CallId,
        to: &Callee,
        ice: Vec<IceServer>,
        media: MediaPorts,
    ) -> Result<(), BackendError> {
        let to = match (&to.number, &to.care4w_id) {
            (Some(number), _) => number.full().to_owned(),
            (None, Some(id)) => format!("client:{}", caller::identity(id)),
            (None, None) => return Err(BackendError::NotAvailable),
        };
        let params = vec![(TO_PARAMETER.to_owned(), to), (pstream::CALL_PARAMETER.to_owned(), call.to_string())];
        if self.legs.find(call).is_some() {
            return Err(BackendError::Engine("the call exists already"));
        }
        let (done, begun) = oneshot::channel();
        self.orders.send(Order::Dial { call, params, ice, media, done }).map_err(|_| BackendError::Offline)?;
        begun.await.map_err(|_| BackendError::Offline)
    }

    async fn ring(&self, call: CallId) -> Result<(), BackendError> {
        self.leg(call).map(|_| ())
    }

    async fn prepare(&self, call: CallId, ice: Vec<IceServer>) -> Result<(), BackendError> {
        self.tell_leg(call, ToLeg::Prepare { ice })
    }

    async fn accept(&self, call: CallId, media: MediaPorts) -> Result<(), BackendError> {
        self.tell_leg(call, ToLeg::Media(media))?;
        self.about(call, Input::Accept { call }).await
    }

    async fn refuse(&self, call: CallId, _: Refusal) -> Result<(), BackendError> {
        self.about(call, Input::Refuse { call }).await
    }

    async fn hang_up(&self, call: CallId, _: HangUp) -> Result<(), BackendError> {
        self.about(call, Input::HangUp { call }).await
    }

    async fn send_digits(&self, call: CallId, digits: &str) -> Result<(), BackendError> {
        let digits = digits.to_owned();
        let ours = digits.clone();
        match self.ask_leg(call, |reply| ToLeg::Digits { digits: ours, reply }).await?? {
            Way::Sound => Ok(()),
            Way::Message => self.about(call, Input::Digits { call, digits: digits.replace('W', "w") }).await,
        }
    }

    async fn hold(&self, call: CallId, held: bool) -> Result<(), BackendError> {
        self.ask_leg(call, |reply| ToLeg::Hold { held, reply }).await?
    }

    async fn restart_path(&self, call: CallId) -> Result<(), BackendError> {
        self.about(call, Input::Restart { call }).await
    }

    async fn stats(&self, call: CallId) -> Option<PathStats> {
        self.ask_leg(call, |reply| ToLeg::Stats { reply }).await.ok()
    }
}
