//! A signalling server in memory, for two users: what each says reaches the other at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock};

use care4w_calls::p2p::P2p;
use care4w_calls::{BackendError, SignalSender};
use care4w_protocol::CallId;
use care4w_protocol::signal::{ClientMessage, Ended, HangUp, Party, Refusal, ServerMessage};

use crate::cable::Cable;

#[derive(Default)]
pub struct Exchange {
    /// The network between the two; without one they meet directly.
    pub cable: Option<Cable>,
    ends: [OnceLock<(Party, Arc<P2p>)>; 2],
    answered: Mutex<HashSet<CallId>>,
    said: Mutex<Vec<(usize, ClientMessage)>>,
}

/// One user's connection to it.
pub struct Wire {
    pub exchange: Arc<Exchange>,
    pub end: usize,
}

impl Exchange {
    /// Two phones that meet only over this cable.
    pub fn over(cable: Cable) -> Self {
        Self { cable: Some(cable), ..Self::default() }
    }

    pub fn plug(&self, end: usize, party: Party, backend: Arc<P2p>) {
        assert!(self.ends[end].set((party, backend)).is_ok(), "an end is plugged once");
    }

    /// What an end said so far.
    pub fn said_by(&self, end: usize) -> Vec<ClientMessage> {
        self.said.lock().unwrap().iter().filter(|(who, _)| *who == end).map(|(_, what)| what.clone()).collect()
    }

    fn tell(&self, end: usize, message: ServerMessage) {
        self.ends[end].get().unwrap().1.handle_signal(message);
    }
}

impl SignalSender for Wire {
    fn send(&self, message: ClientMessage) -> Result<(), BackendError> {
        let (exchange, own, other) = (&self.exchange, self.end, 1 - self.end);
        exchange.said.lock().unwrap().push((own, message.clone()));
        match message {
            ClientMessage::Invite { call, to, offer } => {
                if exchange.ends[other].get().unwrap().0.care4w_id == to {
                    let from = exchange.ends[own].get().unwrap().0.clone();
                    exchange.tell(other, ServerMessage::Invite { call, from, offer });
                } else {
                    exchange.tell(own, ServerMessage::Ended { call, reason: Ended::NotFound });
                }
            }
            ClientMessage::Ringing { call } => exchange.tell(other, ServerMessage::Ringing { call }),
            ClientMessage::Answer { call, answer } => {
                exchange.answered.lock().unwrap().insert(call);
                exchange.tell(other, ServerMessage::Answer { call, answer });
                exchange.tell(own, ServerMessage::Taken { call });
            }
            ClientMessage::Refuse { call, reason } => {
                let reason = match reason {
                    Refusal::Declined => Ended::Declined,
                    Refusal::Busy => Ended::Busy,
                    Refusal::Failed => Ended::Failed,
                };
                exchange.tell(other, ServerMessage::Ended { call, reason });
            }
            ClientMessage::Candidate { call, mut candidate } => {
                if let Some(cable) = &exchange.cable {
                    match cable.pass(own, &candidate.candidate) {
                        Some(shown) => candidate.candidate = shown,
                        None => return Ok(()),
                    }
                }
                exchange.tell(other, ServerMessage::Candidate { call, candidate });
            }
            ClientMessage::Offer { call, offer } => exchange.tell(other, ServerMessage::Offer { call, offer }),
            ClientMessage::OfferAnswer { call, answer } => {
                exchange.tell(other, ServerMessage::OfferAnswer { call, answer });
            }
            ClientMessage::HangUp { call, reason } => {
                let answered = exchange.answered.lock().unwrap().contains(&call);
                let reason = match reason {
                    HangUp::NoPath => Ended::NoPath,
                    HangUp::Failed => Ended::Failed,
                    HangUp::NoAnswer => Ended::NoAnswer,
                    HangUp::Normal if answered => Ended::HungUp,
                    HangUp::Normal => Ended::Cancelled,
                };
                exchange.tell(other, ServerMessage::Ended { call, reason });
            }
        }
        Ok(())
    }
}
