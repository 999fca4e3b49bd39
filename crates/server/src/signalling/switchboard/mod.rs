//! Calls between devices, without I/O and without a clock.
//!
//! Here: what it is told, what it wants done, and time. In `devices`: who is there. In `messages`: what devices say. In
//! `ending`: how a call comes to its end. In `blocking`: how it comes to nothing.

mod blocking;
#[cfg(test)]
mod blocking_tests;
mod devices;
mod ending;
mod messages;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use care4w_phone::Care4wId;
use care4w_protocol::signal::{ClientMessage, Ended, Numbered, Party, ServerFrame, ServerMessage};
use care4w_protocol::{ApiError, CallId};

use super::call::{Call, Stage};
use super::session::{Device, Session};
use crate::defaults::{FRESH_BLOCK, RING, SESSION_KEPT, UNREACHABLE_AFTER};
use crate::store::{AccountId, SignInId};

/// One WebSocket; never used again for another.
pub type SocketId = u64;

/// Whom an invite reaches, as the store knows it.
#[derive(Clone, Debug)]
pub enum Callee {
    /// Nobody has that id.
    Nobody,
    /// A user.
    User(AccountId, Party),
    /// The caller may not know (budget, store).
    Withheld(ApiError),
}

/// What the switchboard is told. After each, [`Switchboard::poll`] until it is empty.
#[derive(Clone, Debug)]
pub enum Input {
    /// From a socket: its `Hello` was good.
    Connected {
        /// The socket.
        socket: SocketId,
        /// Whose device, and how others see them.
        account: AccountId,
        /// As others see the user.
        party: Party,
        /// The sign-in of its token.
        sign_in: SignInId,
        /// The device.
        device: String,
        /// The highest number that it has received.
        received: u64,
    },
    /// From the history, after [`Input::Connected`]: missed calls that the user has not heard of, each with its caller
    /// and its time in RFC 3339.
    Untold {
        /// The socket.
        socket: SocketId,
        /// The calls.
        calls: Vec<(CallId, Party, String)>,
    },
    /// From a socket: a message. `callee` is there for an invite.
    Message {
        /// The socket.
        socket: SocketId,
        /// The message.
        message: Numbered<ClientMessage>,
        /// Whom it invites.
        callee: Option<Callee>,
    },
    /// From a socket: everything up to a number has arrived there.
    Acknowledged {
        /// The socket.
        socket: SocketId,
        /// The number.
        received: u64,
    },
    /// From a socket: it died; the device may come back.
    Lost {
        /// The socket.
        socket: SocketId,
    },
    /// From a socket: the device said that it leaves.
    Left {
        /// The socket.
        socket: SocketId,
    },
    /// From the accounts: a sign-in was ended.
    SignInEnded(SignInId),
    /// From the accounts: one was deleted, with all its sign-ins.
    AccountGone(AccountId),
    /// From the accounts: a user is seen by others like this from now on.
    Renamed {
        /// Who.
        account: AccountId,
        /// As others see the user.
        party: Party,
    },
    /// From the accounts: settings were changed by one of the user's sign-ins.
    SettingsChanged {
        /// Whose.
        account: AccountId,
        /// By which.
        by: SignInId,
    },
    /// From Twilio: something for all of a user's devices, about no call of this switchboard.
    Tell {
        /// Whose.
        account: AccountId,
        /// What.
        message: ServerMessage,
    },
    /// From the accounts, once it is written: a user has blocked whoever has this id.
    Blocked {
        /// Who blocks.
        account: AccountId,
        /// Whom.
        blocked: Care4wId,
    },
    /// From the accounts, once it is written: they get through again.
    Unblocked {
        /// Who lets them.
        account: AccountId,
        /// Whom.
        unblocked: Care4wId,
    },
    /// From the clock: at least once a second.
    Tick,
}

/// What the switchboard wants done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send this.
    Frame(SocketId, ServerFrame),
    /// Close this, after what was to be sent to it.
    Close(SocketId),
    /// For the history: a call began.
    Begun {
        /// The call.
        call: CallId,
        /// Who calls.
        caller: (AccountId, Party),
        /// Who is called.
        callee: (AccountId, Party),
    },
    /// For the history: it was answered.
    Answered {
        /// The call.
        call: CallId,
        /// By whom.
        callee: AccountId,
    },
    /// For the history: it is over.
    Over {
        /// The call.
        call: CallId,
        /// Who was called.
        callee: AccountId,
        /// Length of the talk.
        talked: Option<Duration>,
        /// Whether the callee knows of it.
        told: bool,
    },
    /// For the history: it gave way to another and is no call of its own.
    Merged(CallId),
    /// For the history: the user has been told of a missed call.
    Told(AccountId, CallId),
}

/// Who is there, and the calls between them.
///
/// Invariants: a device that was sent `Invite` for a call is sent `Taken` or `Ended` for it, once, or has itself refused
/// it; a caller whose invite was accepted is sent exactly one `Ended` unless it hung up itself; a call is in the
/// `calls` of exactly the sessions that are part of it. Nobody but a call's own devices can move it, and no device of a
/// user rings for whom that user has blocked.
#[derive(Default)]
pub struct Switchboard {
    sessions: HashMap<Device, Session>,
    sockets: HashMap<SocketId, Device>,
    devices: HashMap<AccountId, BTreeSet<Device>>,
    calls: HashMap<CallId, Call>,
    /// Who has just blocked whom, and when: the store knows it, an invite that asked it before does not.
    fresh_blocks: HashMap<(AccountId, Care4wId), Instant>,
    /// Sessions whose outbox is full, to be given up when the input at hand is dealt with.
    overflowed: Vec<Device>,
    outputs: VecDeque<Output>,
}

impl Switchboard {
    /// Nobody there.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Calls that are under way.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Devices that are there or may come back.
    pub fn devices(&self) -> usize {
        self.sessions.len()
    }

    /// Takes an input.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Connected { socket, account, party, sign_in, device, received } => {
                let device = Device { account, name: Arc::from(device) };
                self.connected(socket, &device, Session::new(sign_in, party, socket), received, now);
            }
            Input::Untold { socket, calls } => {
                if let Some(device) = self.sockets.get(&socket).cloned() {
                    self.tell_missed(&device, calls);
                }
            }
            Input::Message { socket, message, callee } => {
                if let Some(device) = self.sockets.get(&socket).cloned() {
                    self.numbered(socket, &device, message, callee, now);
                }
            }
            Input::Acknowledged { socket, received } => {
                if let Some(device) = self.sockets.get(&socket).cloned() {
                    self.acknowledged(socket, &device, received);
                }
            }
            Input::Lost { socket } => {
                if let Some(device) = self.sockets.remove(&socket)
                    && let Some(session) = self.sessions.get_mut(&device)
                {
                    session.socket = None;
                    session.away_since = Some(now);
                }
            }
            Input::Left { socket } => {
                if let Some(device) = self.sockets.get(&socket).cloned() {
                    self.end_session(&device, now);
                }
            }
            Input::SignInEnded(sign_in) => self.sign_in_ended(sign_in, now),
            Input::AccountGone(account) => self.account_gone(account, now),
            Input::Renamed { account, party } => {
                for device in self.devices_of(account) {
                    if let Some(session) = self.sessions.get_mut(&device) {
                        session.party = party.clone();
                    }
                }
            }
            Input::SettingsChanged { account, by } => {
                for device in self.devices_of(account) {
                    if self.sessions.get(&device).is_some_and(|session| session.sign_in != by) {
                        self.send(&device, ServerMessage::SettingsChanged);
                    }
                }
            }
            Input::Tell { account, message } => {
                for device in self.devices_of(account) {
                    self.send(&device, message.clone());
                }
            }
            Input::Blocked { account, blocked } => self.block(account, blocked, now),
            Input::Unblocked { account, unblocked } => {
                self.fresh_blocks.remove(&(account, unblocked));
            }
            Input::Tick => self.tick(now),
        }
        while let Some(device) = self.overflowed.pop() {
            self.end_session(&device, now);
        }
    }

    fn send(&mut self, device: &Device, message: ServerMessage) {
        let Some(session) = self.sessions.get_mut(device) else { return };
        match session.push(message) {
            Ok(message) => {
                if let Some(socket) = session.socket {
                    self.outputs.push_back(Output::Frame(socket, ServerFrame::Send(message)));
                }
            }
            Err(_) => self.overflowed.push(device.clone()),
        }
    }

    fn tick(&mut self, now: Instant) {
        self.fresh_blocks.retain(|_, since| *since + FRESH_BLOCK > now);
        let over = |since: Option<Instant>, span| since.is_some_and(|since| since + span <= now);
        let gone: Vec<Device> = self
            .sessions
            .iter()
            .filter(|(_, session)| over(session.away_since, SESSION_KEPT))
            .map(|(device, _)| device.clone())
            .collect();
        for device in gone {
            self.end_session(&device, now);
        }
        let mut ends = Vec::new();
        for (id, call) in &mut self.calls {
            let Stage::Ringing(ringing) = &mut call.stage else { continue };
            let sessions = &self.sessions;
            let lit = ringing.open().any(|device| sessions.get(device).is_some_and(|session| session.socket.is_some()));
            ringing.dark_since = if lit { None } else { Some(ringing.dark_since.unwrap_or(now)) };
            if call.begun + RING <= now {
                ends.push((*id, Ended::NoAnswer));
            } else if !ringing.rung && over(ringing.dark_since, UNREACHABLE_AFTER) {
                ends.push((*id, Ended::Unreachable));
            }
        }
        for (id, reason) in ends {
            self.end_ringing(id, Some(reason), Ended::NoAnswer);
        }
    }
}
