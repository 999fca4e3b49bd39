//! The client's half of Twilio's signalling ("PStream", TWILIO.md). No I/O, no clock.
//!
//! Invariant: whatever the gateway sends, every call that was begun is ended and forgotten exactly once
//! ([`Output::Forget`]), and told of at most once as ended; at most one token is being fetched; nothing but
//! `listen` is sent before the gateway has accepted the token.
//!
//! Inputs, by who may send them:
//!
//! | from | inputs |
//! |---|---|
//! | the phone | [`Input::Start`], [`Input::Stop`], [`Input::Woke`], [`Input::Token`], [`Input::ServerRefused`] |
//! | the socket | [`Input::Opened`], [`Input::Frame`], [`Input::Closed`] |
//! | the line | [`Input::Dial`], [`Input::Accept`], [`Input::Refuse`], [`Input::HangUp`], [`Input::Digits`], [`Input::Restart`] |
//! | a call's media | [`Input::Described`], [`Input::PathUp`], [`Input::PathLost`], [`Input::Heard`], [`Input::MediaFailed`] |
//! | the timer | [`Input::Tick`], at or after [`PStream::wake_at`] |

mod calls;
mod gateway;
pub(super) use gateway::CALL_PARAMETER;
mod input;
mod output;
mod talk;
#[cfg(test)]
mod tests;
mod token;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::backoff::{Backoff, Mode};
use super::{codes, edges, frames};
pub(super) use input::Input;
pub use input::{AccessToken, TokenProblem};
pub(super) use output::Output;
pub use output::{Fault, Status};
use talk::Talk;
use token::Token;

/// Opening a socket may take this long before the next address is tried (TWILIO.md §1).
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Without any frame for this long the socket is dead (TWILIO.md §1).
pub(super) const SILENCE: Duration = Duration::from_secs(15);

/// Between two registrations (TWILIO.md §2).
pub(super) const REGISTER_INTERVAL: Duration = Duration::from_secs(30);

/// Tokens that may be refused in a row: the one at hand and a fresh one.
const REFUSED_TOKENS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Stopped,
    /// Waits for a token.
    Fetching,
    /// The next try is at the time given.
    Waiting(Instant),
    Opening {
        since: Instant,
    },
    /// `listen` was sent.
    Listening,
    /// The token was accepted.
    Up,
}

/// The machine of the whole backend: one socket, one token, its calls.
#[derive(Debug)]
pub(super) struct PStream {
    link: Link,
    token: Option<Token>,
    fetching: bool,
    refused: u32,
    backoff: Backoff,
    /// Addresses to try, and which one is next.
    addresses: Vec<String>,
    at: usize,
    /// The address at which a call's edge is.
    edge_address: Option<String>,
    /// Whether edges are Twilio's, and have addresses of their own.
    twilios: bool,
    takes_calls: bool,
    heard: Instant,
    register_at: Option<Instant>,
    talks: Vec<Talk>,
    /// Frames that wait for the gateway: hang-ups and digits.
    waiting: VecDeque<String>,
    outputs: VecDeque<Output>,
}

impl PStream {
    /// A machine that is stopped. `seed` makes the jitter of its waits; one that takes no calls does not register.
    pub fn new(seed: u64, takes_calls: bool, now: Instant) -> Self {
        Self {
            link: Link::Stopped,
            token: None,
            fetching: false,
            refused: 0,
            backoff: Backoff::new(seed),
            addresses: vec![edges::address(edges::DEFAULT)],
            at: 0,
            edge_address: None,
            twilios: true,
            takes_calls,
            heard: now,
            register_at: None,
            talks: Vec::new(),
            waiting: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened at `now`. Then [`PStream::poll`] until it is empty.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Start if self.link == Link::Stopped => {
                self.refused = 0;
                self.backoff.reset();
                self.say(Output::Status(Status::Connecting));
                self.connect(now);
            }
            Input::Start => {}
            Input::Stop => self.stop(Status::Off),
            Input::Woke => self.woke(now),
            Input::Token(token) => self.take_token(token, now),
            Input::Opened => self.opened(now),
            Input::Frame(text) if matches!(self.link, Link::Listening | Link::Up) => {
                self.heard = now;
                self.on_frame(frames::read(&text), now);
            }
            Input::Frame(_) => {}
            Input::Closed => {
                if matches!(self.link, Link::Opening { .. } | Link::Listening | Link::Up) {
                    self.lost(now);
                }
            }
            Input::Tick => {}
            about_a_call => self.on_call(about_a_call, now),
        }
        self.keep_time(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due.
    pub fn wake_at(&self) -> Option<Instant> {
        let link = match self.link {
            Link::Stopped => return None,
            Link::Fetching => None,
            Link::Waiting(until) => Some(until),
            Link::Opening { since } => Some(since + CONNECT_TIMEOUT),
            Link::Listening | Link::Up => Some(self.heard + SILENCE),
        };
        let talks = self.talks.iter().filter_map(Talk::deadline).min();
        [link, talks, self.renew_at(), self.register_at].into_iter().flatten().min()
    }

    fn say(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn transmit(&mut self, frame: String) {
        self.say(Output::Transmit(frame));
    }

    /// Sends it now, or when the gateway is there again.
    fn transmit_or_keep(&mut self, frame: String) {
        const KEPT: usize = 64;
        if self.link == Link::Up {
            self.transmit(frame);
        } else if self.waiting.len() < KEPT {
            self.waiting.push_back(frame);
        }
    }

    fn keep_time(&mut self, now: Instant) {
        match self.link {
            Link::Stopped => return,
            Link::Waiting(until) if now >= until => self.connect(now),
            Link::Opening { since } if now >= since + CONNECT_TIMEOUT => self.drop_socket(now),
            Link::Listening | Link::Up if now >= self.heard + SILENCE => self.drop_socket(now),
            _ => {}
        }
        if self.renew_at().is_some_and(|at| now >= at) {
            self.fetch();
        }
        if self.link == Link::Up && self.register_at.is_some_and(|at| now >= at) {
            self.register(now);
        }
        self.keep_calls_time(now);
    }

    /// Begins to connect: with a token at hand, or by getting one.
    fn connect(&mut self, now: Instant) {
        if !self.token.as_ref().is_some_and(|token| token.is_good(now)) {
            self.link = Link::Fetching;
            return self.fetch();
        }
        let in_call = self.talks.iter().any(|talk| talk.answered);
        let address = self.edge_address.clone().filter(|_| in_call).unwrap_or_else(|| self.addresses[self.at].clone());
        self.link = Link::Opening { since: now };
        self.say(Output::Open(address));
    }

    fn opened(&mut self, now: Instant) {
        if let (Link::Opening { .. }, Some(token)) = (self.link, &self.token) {
            let listen = frames::listen(token.text.expose());
            self.link = Link::Listening;
            self.heard = now;
            self.transmit(listen);
        }
    }

    fn drop_socket(&mut self, now: Instant) {
        self.say(Output::Close);
        self.lost(now);
    }

    /// The socket is gone: calls wait for it as long as they can, and it is opened again.
    fn lost(&mut self, now: Instant) {
        let was_up = self.link == Link::Up;
        let mode = Mode { in_call: self.talks.iter().any(|talk| talk.answered), several: self.addresses.len() > 1 };
        if !was_up || self.backoff.failures() > 0 {
            self.at = (self.at + 1) % self.addresses.len();
        }
        self.register_at = None;
        self.link = Link::Waiting(now + self.backoff.next(mode));
        self.say(Output::Status(Status::Connecting));
        self.signalling_lost(now);
    }

    fn woke(&mut self, now: Instant) {
        match self.link {
            Link::Stopped | Link::Fetching => {}
            Link::Waiting(_) => self.link = Link::Waiting(now),
            // A socket that slept through may be dead without knowing it.
            Link::Opening { .. } | Link::Listening | Link::Up => {
                self.drop_socket(now);
                self.link = Link::Waiting(now);
            }
        }
    }

    /// Ends every call and the connection.
    fn stop(&mut self, status: Status) {
        if self.link == Link::Stopped {
            return;
        }
        self.end_all();
        if matches!(self.link, Link::Opening { .. } | Link::Listening | Link::Up) {
            self.say(Output::Close);
        }
        self.link = Link::Stopped;
        self.token = None;
        self.register_at = None;
        self.waiting.clear();
        self.say(Output::Status(status));
    }

    fn register(&mut self, now: Instant) {
        if !self.takes_calls {
            return self.say(Output::Status(Status::Ready));
        }
        self.register_at = Some(now + REGISTER_INTERVAL);
        self.transmit(frames::register());
    }

    fn react(&mut self, code: u32, now: Instant) {
        match codes::reaction(code) {
            codes::Reaction::None => {}
            codes::Reaction::Register if self.link == Link::Up => self.register(now),
            codes::Reaction::Register => {}
            codes::Reaction::Stop => self.stop(Status::Failed(Fault::NotAccepted)),
            codes::Reaction::NewToken => self.token_refused(now),
        }
    }
}
