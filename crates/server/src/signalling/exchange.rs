use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use care4w_phone::Care4wId;
use care4w_protocol::signal::{Party, ServerFrame, ServerMessage};
use care4w_protocol::twilio::PhoneCall;
use care4w_protocol::{ApiError, CallId, ErrorCode};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::ledger::{self, Entry};
use super::{Input, Output, SocketId, Switchboard};
use crate::clock;
use crate::defaults::{OUTBOX_MESSAGES, SOCKETS};
use crate::metrics::Metrics;
use crate::store::{AccountId, NewCall, SignInId, Store, UntoldCall};

/// Frames that wait for one socket's writer: a whole outbox sent again, and answers besides.
const WIRE_FRAMES: usize = 2 * OUTBOX_MESSAGES;

/// The [`Switchboard`] with its sockets, its clock and its history.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    next_socket: AtomicU64,
    /// Sockets that are open, whether or not they have said hello.
    sockets: watch::Sender<usize>,
    metrics: Arc<Metrics>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct State {
    switchboard: Switchboard,
    /// What leads to each socket's writer; dropping it closes the socket after what was sent.
    wires: HashMap<SocketId, mpsc::Sender<ServerFrame>>,
    ledger: Option<mpsc::Sender<Entry>>,
}

impl Exchange {
    pub(crate) fn start(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        let (ledger, entries) = mpsc::channel(ledger::QUEUE);
        let exchange = Self(Arc::new(Inner {
            state: Mutex::new(State { switchboard: Switchboard::new(), wires: HashMap::new(), ledger: Some(ledger) }),
            next_socket: AtomicU64::new(1),
            sockets: watch::Sender::new(0),
            metrics,
            tasks: Mutex::new(Vec::new()),
        }));
        let writer = tokio::spawn(ledger::write(store, entries));
        let clock = exchange.clone();
        tokio::spawn(async move {
            const EVERY: Duration = Duration::from_millis(250);
            let mut ticks = tokio::time::interval(EVERY);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while clock.is_open() {
                ticks.tick().await;
                clock.handle(Input::Tick);
            }
        });
        exchange.0.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(writer);
        exchange
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> bool {
        self.state().ledger.is_some()
    }

    /// Whether one more socket may be opened.
    pub(crate) fn has_room(&self) -> bool {
        *self.0.sockets.borrow() < SOCKETS
    }

    /// Counts a socket for as long as what is returned lives.
    pub(super) fn count_socket(&self) -> OpenSocket {
        self.0.sockets.send_modify(|open| *open += 1);
        self.0.metrics.sockets.fetch_add(1, Ordering::Relaxed);
        OpenSocket(self.clone())
    }

    /// Opens a wire for a socket whose `Hello` was good. `input` makes the input from the socket's id.
    pub(super) fn connect(&self, input: impl FnOnce(SocketId) -> Input) -> (SocketId, mpsc::Receiver<ServerFrame>) {
        let socket = self.0.next_socket.fetch_add(1, Ordering::Relaxed);
        let (wire, frames) = mpsc::channel(WIRE_FRAMES);
        let mut state = self.state();
        // A draining server takes nobody in: the wire is dropped, and the socket closes.
        if state.ledger.is_some() {
            state.wires.insert(socket, wire);
            self.carry_out(&mut state, input(socket));
        }
        (socket, frames)
    }

    /// The missed calls that a user has not heard of. Asked after [`Self::connect`], none falls between the two: a call
    /// that ended before is written before the question is answered, and one that comes after rings.
    pub(super) async fn untold(&self, account: AccountId) -> Vec<UntoldCall> {
        let (answer, answered) = oneshot::channel();
        let ledger = self.state().ledger.clone();
        let Some(ledger) = ledger else { return Vec::new() };
        match ledger.try_send(Entry::Untold(account, answer)) {
            Ok(()) => answered.await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    pub(super) fn disconnect(&self, socket: SocketId, input: Input) {
        let mut state = self.state();
        state.wires.remove(&socket);
        self.carry_out(&mut state, input);
    }

    pub(super) fn handle(&self, input: Input) {
        self.carry_out(&mut self.state(), input);
    }

    /// A sign-in was ended: its devices' sockets are closed.
    pub(crate) fn sign_in_ended(&self, sign_in: SignInId) {
        self.handle(Input::SignInEnded(sign_in));
    }

    /// An account was deleted: the sockets of all its devices are closed.
    pub(crate) fn account_gone(&self, account: AccountId) {
        self.handle(Input::AccountGone(account));
    }

    /// A user is seen by others like this from now on.
    pub(crate) fn renamed(&self, account: AccountId, party: Party) {
        self.handle(Input::Renamed { account, party });
    }

    /// The user's other devices should ask for the settings again.
    pub(crate) fn settings_changed(&self, account: AccountId, by: SignInId) {
        self.handle(Input::SettingsChanged { account, by });
    }

    /// How "ring my phone" goes on.
    pub(crate) fn phone_call(&self, account: AccountId, call: PhoneCall) {
        self.handle(Input::Tell { account, message: ServerMessage::PhoneCall(call) });
    }

    /// Why a call over Twilio is not put through.
    pub(crate) fn twilio_refused(&self, account: AccountId, call: Option<CallId>, error: ApiError) {
        self.handle(Input::Tell { account, message: ServerMessage::Refused { call, error } });
    }

    /// A user has blocked whoever has this id: what rings from them rings no more.
    pub(crate) fn blocked(&self, account: AccountId, blocked: Care4wId) {
        self.handle(Input::Blocked { account, blocked });
    }

    /// A user lets whoever has this id through again.
    pub(crate) fn unblocked(&self, account: AccountId, unblocked: Care4wId) {
        self.handle(Input::Unblocked { account, unblocked });
    }

    /// The server stops: every device is told to come back later.
    pub(crate) fn close_all(&self) {
        let error = ApiError::new(ErrorCode::Unavailable, "The server is stopping. Come back in a moment.");
        let mut state = self.state();
        for (_, wire) in state.wires.drain() {
            // A full wire is closed without a word.
            wire.try_send(ServerFrame::Closing { error: error.clone() }).unwrap_or_default();
        }
        state.ledger = None;
    }

    /// Waits until the sockets have said goodbye and the history is written, a second each at most.
    pub(crate) async fn finish(&self) {
        self.close_all();
        let mut sockets = self.0.sockets.subscribe();
        let gone = sockets.wait_for(|open| *open == 0);
        if tokio::time::timeout(Duration::from_secs(1), gone).await.is_err() {
            tracing::debug!("some sockets did not close in time");
        }
        let tasks = std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if tokio::time::timeout(Duration::from_secs(1), task).await.is_err() {
                tracing::warn!("the history was not written to its end");
            }
        }
    }

    fn carry_out(&self, state: &mut State, input: Input) {
        state.switchboard.handle(input, Instant::now());
        while let Some(output) = state.switchboard.poll() {
            match output {
                Output::Frame(socket, frame) => {
                    let Some(wire) = state.wires.get(&socket) else { continue };
                    if let Err(error) = wire.try_send(frame) {
                        // Too slow or gone: the device comes back and gets the rest again.
                        if matches!(error, TrySendError::Full(_)) {
                            tracing::debug!("a socket is too slow");
                        }
                        state.wires.remove(&socket);
                        state.switchboard.handle(Input::Lost { socket }, Instant::now());
                    }
                }
                Output::Close(socket) => {
                    state.wires.remove(&socket);
                }
                output => self.enter(state, output),
            }
        }
    }

    fn enter(&self, state: &State, output: Output) {
        let entry = match output {
            Output::Begun { call, caller, callee } => {
                self.0.metrics.calls_begun.fetch_add(1, Ordering::Relaxed);
                Entry::Begun(NewCall { call, caller, callee, started_at: clock::unix_ms() })
            }
            Output::Answered { call, callee } => {
                self.0.metrics.calls_answered.fetch_add(1, Ordering::Relaxed);
                Entry::Answered(call, callee)
            }
            Output::Over { call, callee, talked, told } => {
                Entry::Over { call, callee, talked_secs: talked.map(|talked| talked.as_secs()), told }
            }
            Output::Merged(call) => Entry::Merged(call),
            Output::Told(account, call) => Entry::Told(account, call),
            Output::Frame(..) | Output::Close(_) => return,
        };
        let written = state.ledger.as_ref().is_some_and(|ledger| ledger.try_send(entry).is_ok());
        if !written {
            tracing::error!("a call is missing in the history: too much waits to be written");
        }
    }
}

/// An open socket, for as long as it lives.
pub(super) struct OpenSocket(Exchange);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.0.sockets.send_modify(|open| *open -= 1);
        self.0.0.metrics.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}
