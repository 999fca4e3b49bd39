//! The client's half of the signalling session: what is sent is kept until it was acknowledged, what arrives
//! twice is dropped, silence is a dead socket, and a lost socket is opened again.
//!
//! Invariant: every [`ClientMessage`] given to [`Input::Send`] reaches the server once and in order, or the session
//! was declared lost ([`Output::SessionLost`]); every [`ServerMessage`] is delivered once and in order.
//!
//! Inputs, by who may send them:
//! - the core: [`Input::Start`], [`Input::Send`], [`Input::Stop`], [`Input::Woke`]
//! - the socket: [`Input::Opened`], [`Input::Frame`], [`Input::Closed`]
//! - the clock: [`Input::Tick`], at [`Signalling::wake_at`]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use care4w_protocol::ErrorCode;
use care4w_protocol::signal::{ClientFrame, ClientMessage, Numbered, ServerFrame, ServerMessage};

use crate::defaults::{HEARTBEAT, RECONNECT_FIRST, RECONNECT_JITTER, RECONNECT_LONGEST, UNACKNOWLEDGED_MESSAGES};

/// What may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Somebody signed in: connect.
    Start,
    /// Nobody is signed in any more: disconnect and forget.
    Stop,
    /// Send this.
    Send(ClientMessage),
    /// The machine slept, or the network came back: do not wait any longer.
    Woke,
    /// The socket is open; nothing was sent on it yet.
    Opened,
    /// A frame arrived.
    Frame(ServerFrame),
    /// The socket is closed, or could not be opened.
    Closed,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a socket.
    Open,
    /// Send the first frame, with a token, naming this as the last number received.
    Hello {
        /// The highest number received from the server.
        received: u64,
        /// Whether the last token was refused: get a new one.
        renew_token: bool,
    },
    /// Send this frame.
    Transmit(ClientFrame),
    /// Close the socket; it is not needed or not alive.
    Close,
    /// A message from the server.
    Deliver(ServerMessage),
    /// Signed in at the server: it can be called from here and reaches us.
    Online,
    /// Not connected.
    Offline,
    /// The server forgot this device's session: calls that were being set up are lost.
    SessionLost,
    /// The server does not want this sign-in any more.
    SignedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody is signed in.
    Stopped,
    /// No socket; the next try is at the time given.
    Waiting(Instant),
    /// A socket is being opened.
    Opening,
    /// The socket is open, `Hello` was sent.
    Greeting,
    /// `Welcome` was received.
    Online,
}

/// The machine. Reads no clock, does no I/O.
#[derive(Debug)]
pub struct Signalling {
    state: State,
    failures: u32,
    random: u64,
    heartbeat: Duration,
    heard: Instant,
    pinged: Instant,
    /// The highest number received.
    received: u64,
    /// The highest number given to a message of ours.
    sent: u64,
    unacknowledged: VecDeque<Numbered<ClientMessage>>,
    token_refused: bool,
    outputs: VecDeque<Output>,
}

impl Signalling {
    /// A machine that is stopped. `seed` makes the jitter of its waits.
    pub fn new(seed: u64, now: Instant) -> Self {
        Self {
            state: State::Stopped,
            failures: 0,
            random: seed | 1,
            heartbeat: HEARTBEAT,
            heard: now,
            pinged: now,
            received: 0,
            sent: 0,
            unacknowledged: VecDeque::new(),
            token_refused: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Start => {
                if self.state == State::Stopped {
                    self.forget();
                    self.open();
                }
            }
            Input::Stop => {
                if matches!(self.state, State::Opening | State::Greeting | State::Online) {
                    self.outputs.push_back(Output::Close);
                }
                if self.state != State::Stopped {
                    self.outputs.push_back(Output::Offline);
                }
                self.state = State::Stopped;
                self.forget();
            }
            Input::Send(message) => self.send(message),
            Input::Woke => match self.state {
                // A socket that slept through may be dead without knowing it.
                State::Online | State::Greeting => self.lose(now, Duration::ZERO),
                State::Waiting(_) => self.state = State::Waiting(now),
                State::Opening | State::Stopped => {}
            },
            Input::Opened if self.state == State::Opening => {
                self.state = State::Greeting;
                self.heard = now;
                let renew_token = std::mem::take(&mut self.token_refused);
                self.outputs.push_back(Output::Hello { received: self.received, renew_token });
            }
            Input::Frame(frame) if matches!(self.state, State::Greeting | State::Online) => {
                self.heard = now;
                self.frame(frame, now);
            }
            Input::Closed if matches!(self.state, State::Opening | State::Greeting | State::Online) => {
                let wait = self.next_wait();
                self.wait(now + wait);
            }
            Input::Opened | Input::Frame(_) | Input::Closed => {}
            Input::Tick => {}
        }
        self.keep_time(now);
    }

    /// What is to be done next, until there is nothing.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is wanted.
    pub fn wake_at(&self) -> Option<Instant> {
        match self.state {
            State::Stopped | State::Opening => None,
            State::Waiting(until) => Some(until),
            State::Greeting => Some(self.heard + 2 * self.heartbeat),
            State::Online => Some((self.heard + 2 * self.heartbeat).min(self.pinged + self.heartbeat)),
        }
    }

    fn keep_time(&mut self, now: Instant) {
        match self.state {
            State::Waiting(until) if now >= until => self.open(),
            State::Greeting | State::Online if now >= self.heard + 2 * self.heartbeat => self.lose(now, Duration::ZERO),
            State::Online if now >= self.pinged + self.heartbeat => {
                self.pinged = now;
                self.outputs.push_back(Output::Transmit(ClientFrame::Ping));
            }
            _ => {}
        }
    }

    fn frame(&mut self, frame: ServerFrame, now: Instant) {
        match frame {
            ServerFrame::Welcome { resumed, received, heartbeat_secs } => {
                self.welcome(resumed, received, heartbeat_secs, now)
            }
            ServerFrame::Pong => {}
            ServerFrame::Ack { received } => self.acknowledged(received),
            ServerFrame::Closing { error } => match error.code {
                ErrorCode::SessionRevoked => {
                    self.outputs.push_back(Output::SignedOut);
                    self.handle(Input::Stop, now);
                }
                ErrorCode::Unauthorized => {
                    self.token_refused = true;
                    let wait = self.next_wait();
                    self.lose(now, wait);
                }
                _ => {
                    let wait = self.next_wait();
                    self.lose(now, wait);
                }
            },
            ServerFrame::Send(Numbered { number, message }) => {
                if number == self.received + 1 {
                    self.received = number;
                    self.outputs.push_back(Output::Transmit(ClientFrame::Ack { received: number }));
                    self.outputs.push_back(Output::Deliver(message));
                } else if number > self.received + 1 {
                    // A gap cannot happen on one socket: start over from what we have.
                    let wait = self.next_wait();
                    self.lose(now, wait);
                }
            }
        }
    }

    fn welcome(&mut self, resumed: bool, received: u64, heartbeat_secs: u64, now: Instant) {
        self.state = State::Online;
        self.failures = 0;
        self.pinged = now;
        self.heartbeat = Duration::from_secs(heartbeat_secs.clamp(1, 120));
        if resumed {
            self.acknowledged(received);
        } else {
            if self.received > 0 || self.sent > self.unacknowledged.len() as u64 {
                self.outputs.push_back(Output::SessionLost);
            }
            self.received = 0;
            self.sent = 0;
            for message in &mut self.unacknowledged {
                self.sent += 1;
                message.number = self.sent;
            }
        }
        self.outputs.push_back(Output::Online);
        for message in &self.unacknowledged {
            self.outputs.push_back(Output::Transmit(ClientFrame::Send(message.clone())));
        }
    }

    fn send(&mut self, message: ClientMessage) {
        if self.state == State::Stopped {
            return;
        }
        if self.unacknowledged.len() >= UNACKNOWLEDGED_MESSAGES {
            self.unacknowledged.clear();
            self.outputs.push_back(Output::SessionLost);
        }
        self.sent += 1;
        let message = Numbered { number: self.sent, message };
        self.unacknowledged.push_back(message.clone());
        if self.state == State::Online {
            self.outputs.push_back(Output::Transmit(ClientFrame::Send(message)));
        }
    }

    fn acknowledged(&mut self, received: u64) {
        while self.unacknowledged.front().is_some_and(|message| message.number <= received) {
            self.unacknowledged.pop_front();
        }
    }

    fn open(&mut self) {
        self.state = State::Opening;
        self.outputs.push_back(Output::Open);
    }

    fn lose(&mut self, now: Instant, wait: Duration) {
        self.outputs.push_back(Output::Close);
        self.wait(now + wait);
    }

    fn wait(&mut self, until: Instant) {
        if self.state == State::Online {
            self.outputs.push_back(Output::Offline);
        }
        self.state = State::Waiting(until);
    }

    fn next_wait(&mut self) -> Duration {
        let doubled = RECONNECT_FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        // xorshift64: only to spread clients, nothing secret hangs on it.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let unit = (self.random >> 11) as f64 / (1u64 << 53) as f64;
        doubled.mul_f64(1.0 + RECONNECT_JITTER * (2.0 * unit - 1.0)).min(RECONNECT_LONGEST)
    }

    fn forget(&mut self) {
        self.received = 0;
        self.sent = 0;
        self.unacknowledged.clear();
        self.failures = 0;
        self.token_refused = false;
    }
}

#[cfg(test)]
mod tests;
