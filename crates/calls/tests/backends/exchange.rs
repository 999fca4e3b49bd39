//! A signalling server in memory, for two users: what each says reaches the other at once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use care4w_calls::p2p::P2p;
use care4w_calls::{BackendError, SignalSender};
use care4w_protocol::CallId;
use care4w_protocol::signal::{ClientMessage, Ended, HangUp, Party, Refusal, ServerMessage};
use care4w_protocol::{ApiError, ErrorCode};

use crate::cable::Cable;

#[derive(Default)]
pub struct Exchange {
    /// The network between the two; without one they meet directly.
    pub cable: Option<Cable>,
    ends: [OnceLock<(Party, Weak<P2p>)>; 2],
    restarted: AtomicBool,
    answered: Mutex<HashSet<CallId>>,
    said: Mutex<Vec<(usize, ClientMessage)>>,
    /// Offers that wait for the other end's, with whom they are for.
    crossing: Mutex<Option<Vec<(usize, ServerMessage)>>>,
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
        assert!(self.ends[end].set((party, Arc::downgrade(&backend))).is_ok(), "an end is plugged once");
    }

    /// As a server that was restarted: it knows no call any more, and passes nothing on that is said of one.
    pub fn restart(&self) {
        self.restarted.store(true, Ordering::SeqCst);
    }

    /// Passes the next offer of an end on only when the other one has made one too: they cross on the way.
    pub fn let_offers_cross(&self) {
        *self.crossing.lock().unwrap() = Some(Vec::new());
    }

    fn offer(&self, to: usize, offer: ServerMessage) {
        let mut crossing = self.crossing.lock().unwrap();
        let ready = match crossing.as_mut() {
            None => vec![(to, offer)],
            Some(kept) => {
                kept.push((to, offer));
                if kept.iter().all(|(whose, _)| *whose == to) {
                    return;
                }
                crossing.take().unwrap_or_default()
            }
        };
        drop(crossing);
        for (to, offer) in ready {
            self.tell(to, offer);
        }
    }

    /// What an end said so far.
    pub fn said_by(&self, end: usize) -> Vec<ClientMessage> {
        self.said.lock().unwrap().iter().filter(|(who, _)| *who == end).map(|(_, what)| what.clone()).collect()
    }

    /// Tells an end something, as the server would.
    pub fn tell(&self, end: usize, message: ServerMessage) {
        if let Some(backend) = self.ends[end].get().unwrap().1.upgrade() {
            backend.handle_signal(message);
        }
    }

    fn refuse(&self, end: usize, message: &ClientMessage) {
        let (ClientMessage::Offer { call, .. }
        | ClientMessage::OfferAnswer { call, .. }
        | ClientMessage::Candidate { call, .. }) = message
        else {
            return;
        };
        let error = ApiError::new(ErrorCode::NotFound, "There is no such call.");
        self.tell(end, ServerMessage::Refused { call: Some(*call), error });
    }
}

impl SignalSender for Wire {
    fn send(&self, message: ClientMessage) -> Result<(), BackendError> {
        let (exchange, own, other) = (&self.exchange, self.end, 1 - self.end);
        exchange.said.lock().unwrap().push((own, message.clone()));
        if exchange.restarted.load(Ordering::SeqCst) {
            exchange.refuse(own, &message);
            return Ok(());
        }
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
            ClientMessage::Offer { call, offer } => exchange.offer(other, ServerMessage::Offer { call, offer }),
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
