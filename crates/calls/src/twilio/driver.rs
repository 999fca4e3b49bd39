//! Drives [`PStream`] with real time, a real socket and real media.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use care4w_protocol::CallId;
use care4w_protocol::rest::IceServer;
use tokio::sync::{mpsc, oneshot, watch};

use super::leg::{FromLeg, Leg, ToLeg};
use super::pstream::{AccessToken, Input, Output, PStream, Status, TokenProblem};
use super::socket::{Line, Socket};
use super::{TokenSource, TwilioConfig};
use crate::p2p::P2pConfig;
use crate::{BackendEvent, BackendEvents, MediaPorts};

/// A wall clock that jumps by this much against the monotonic one means that the machine slept.
const SLEEP_GAP: Duration = Duration::from_secs(5);

/// What the backend's owner and the line want.
pub(super) enum Order {
    Start,
    Stop,
    Woke,
    Dial {
        call: CallId,
        params: Vec<(String, String)>,
        ice: Vec<IceServer>,
        media: MediaPorts,
        done: oneshot::Sender<()>,
    },
    /// About a call; answered when all that follows from it was sent.
    About {
        input: Input,
        done: oneshot::Sender<()>,
    },
    Finish(oneshot::Sender<()>),
}

/// The media of every call that there is.
#[derive(Default)]
pub(super) struct Legs(Mutex<HashMap<CallId, mpsc::UnboundedSender<ToLeg>>>);

impl Legs {
    pub fn find(&self, call: CallId) -> Option<mpsc::UnboundedSender<ToLeg>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&call).cloned()
    }

    fn add(&self, call: CallId, leg: mpsc::UnboundedSender<ToLeg>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(call, leg);
    }

    fn remove(&self, call: CallId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&call);
    }

    fn tell(&self, call: CallId, what: ToLeg) {
        if let Some(leg) = self.find(call) {
            leg.send(what).ok();
        }
    }
}

pub(super) struct Driver {
    config: TwilioConfig,
    tokens: Arc<dyn TokenSource>,
    events: BackendEvents,
    legs: Arc<Legs>,
    status: watch::Sender<Status>,
    machine: PStream,
    socket: Socket,
    fetching: Option<tokio::task::JoinHandle<Result<AccessToken, TokenProblem>>>,
    to_legs: mpsc::UnboundedSender<(CallId, FromLeg)>,
    from_legs: mpsc::UnboundedReceiver<(CallId, FromLeg)>,
}

impl Driver {
    pub fn new(
        config: TwilioConfig,
        tokens: Arc<dyn TokenSource>,
        events: BackendEvents,
        legs: Arc<Legs>,
        status: watch::Sender<Status>,
    ) -> Self {
        let (to_legs, from_legs) = mpsc::unbounded_channel();
        let socket = Socket::new(Arc::clone(&config.tls));
        let machine = PStream::new(rand::random(), config.takes_calls, Instant::now());
        Self { config, tokens, events, legs, status, machine, socket, fetching: None, to_legs, from_legs }
    }

    /// Lives until the backend is dropped or finished.
    pub async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut gap = tokio::time::interval(Duration::from_secs(1));
        gap.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut looked = (Instant::now(), SystemTime::now());
        loop {
            let wake_at = self.machine.wake_at();
            let mut done = None;
            let input = tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Start) => Input::Start,
                    Some(Order::Stop) => Input::Stop,
                    Some(Order::Woke) if self.socket.is_open() => continue,
                    Some(Order::Woke) => Input::Woke,
                    Some(Order::Dial { call, params, ice, media, done: reply }) => {
                        done = Some(reply);
                        self.add_leg(call, ice, None);
                        self.legs.tell(call, ToLeg::Media(media));
                        Input::Dial { call, params }
                    }
                    Some(Order::About { input, done: reply }) => {
                        done = Some(reply);
                        input
                    }
                    Some(Order::Finish(reply)) => {
                        self.give(Input::Stop).await;
                        self.socket.finish().await;
                        reply.send(()).ok();
                        return;
                    }
                    None => {
                        self.give(Input::Stop).await;
                        return self.socket.finish().await;
                    }
                },
                Some((call, what)) = self.from_legs.recv() => match self.input_of(call, what) {
                    Some(input) => input,
                    None => continue,
                },
                line = self.socket.next() => match line {
                    Line::Opened => Input::Opened,
                    Line::Text(text) => Input::Frame(text),
                    Line::Closed => Input::Closed,
                },
                token = fetched(&mut self.fetching) => Input::Token(token),
                () = sleep_until(wake_at) => Input::Tick,
                _ = gap.tick() => {
                    // The monotonic clock stands still in sleep, the wall clock does not.
                    let (then, wall) = std::mem::replace(&mut looked, (Instant::now(), SystemTime::now()));
                    let slept = looked.1.duration_since(wall).unwrap_or_default().saturating_sub(looked.0 - then);
                    if slept < SLEEP_GAP { continue; }
                    Input::Woke
                }
            };
            self.give(input).await;
            if let Some(done) = done {
                done.send(()).ok();
            }
        }
    }

    fn input_of(&self, call: CallId, what: FromLeg) -> Option<Input> {
        Some(match what {
            FromLeg::Described(sdp) => Input::Described { call, sdp },
            FromLeg::PathUp => Input::PathUp { call },
            FromLeg::PathLost => Input::PathLost { call },
            FromLeg::Heard => Input::Heard { call },
            FromLeg::Failed(error) => {
                tracing::debug!(%error, "the media of a call failed");
                Input::MediaFailed { call, reason: error.end_reason() }
            }
            FromLeg::Digit(digit) => {
                if self.legs.find(call).is_some() {
                    self.events.send(BackendEvent::Digit { call, digit }).ok();
                }
                return None;
            }
        })
    }

    async fn give(&mut self, input: Input) {
        self.machine.handle(input, Instant::now());
        while let Some(output) = self.machine.poll() {
            self.carry_out(output).await;
        }
    }

    async fn carry_out(&mut self, output: Output) {
        match output {
            Output::FetchToken => {
                let tokens = Arc::clone(&self.tokens);
                self.fetching = Some(tokio::spawn(async move { tokens.token().await }));
            }
            Output::Open(address) => self.socket.open(address),
            Output::Close => self.socket.close(),
            Output::Transmit(frame) => {
                if !self.socket.send(frame).await {
                    // What follows in the queue is for a socket that is gone.
                    self.machine.handle(Input::Closed, Instant::now());
                }
            }
            Output::Status(status) => {
                tracing::debug!(?status, "twilio");
                self.status.send_replace(status);
            }
            Output::Tell(event) => {
                // A line that is gone needs no events.
                self.events.send(event).ok();
            }
            Output::Offer(call) => self.legs.tell(call, ToLeg::Offer),
            Output::Receive { call, sdp } => self.add_leg(call, Vec::new(), Some(sdp)),
            Output::Answer(call) => self.legs.tell(call, ToLeg::Answer),
            Output::TakeAnswer { call, sdp } => self.legs.tell(call, ToLeg::TakeAnswer(sdp)),
            Output::Speak(call) => self.legs.tell(call, ToLeg::Speak),
            Output::OfferAgain(call) => self.legs.tell(call, ToLeg::OfferAgain),
            Output::Forget(call) => self.legs.remove(call),
        }
    }

    fn add_leg(&self, call: CallId, ice: Vec<IceServer>, offer: Option<String>) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let paths = P2pConfig { narrow: true, ..self.config.paths.clone() };
        let leg = Leg::new(call, paths, ice, offer, self.to_legs.clone());
        tokio::spawn(leg.run(inbox));
        self.legs.add(call, sender);
    }
}

async fn fetched(
    fetching: &mut Option<tokio::task::JoinHandle<Result<AccessToken, TokenProblem>>>,
) -> Result<AccessToken, TokenProblem> {
    let Some(task) = fetching else { return std::future::pending().await };
    let token = task.await.unwrap_or(Err(TokenProblem::Later));
    *fetching = None;
    token
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
