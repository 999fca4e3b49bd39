use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use care4w_protocol::CallId;
use care4w_protocol::signal::{Numbered, Party, ServerMessage};

use super::SocketId;
use crate::defaults::{OUTBOX_BYTES, OUTBOX_MESSAGES};
use crate::store::{AccountId, SignInId};

/// One device of one user, for one run of its app.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// Whose.
    pub account: AccountId,
    /// As it named itself in `Hello`.
    pub name: Arc<str>,
}

/// What has been said to a device and by it, over all its sockets.
///
/// Invariant: the outbox holds exactly the messages numbered `acknowledged + 1 ..= sent`.
#[derive(Debug)]
pub(super) struct Session {
    pub sign_in: SignInId,
    pub party: Party,
    /// The socket that is open now.
    pub socket: Option<SocketId>,
    /// Since when there is none.
    pub away_since: Option<Instant>,
    /// Calls that this device placed, rings for or talks in.
    pub calls: BTreeSet<CallId>,
    /// Missed calls that this device was told of.
    pub missed: HashSet<CallId>,
    received: u64,
    sent: u64,
    acknowledged: u64,
    outbox: VecDeque<ServerMessage>,
    outbox_bytes: usize,
}

/// Too much waits for the device: it is given up.
#[derive(Debug)]
pub(super) struct Overflow;

/// A number that cannot be: more acknowledged than sent, or a message left out.
#[derive(Debug)]
pub(super) struct OutOfOrder;

impl Session {
    pub fn new(sign_in: SignInId, party: Party, socket: SocketId) -> Self {
        Self {
            sign_in,
            party,
            socket: Some(socket),
            away_since: None,
            calls: BTreeSet::new(),
            missed: HashSet::new(),
            received: 0,
            sent: 0,
            acknowledged: 0,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
        }
    }

    /// The highest number received from the device.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Numbers a message and keeps it until it is acknowledged.
    pub fn push(&mut self, message: ServerMessage) -> Result<Numbered<ServerMessage>, Overflow> {
        let bytes = self.outbox_bytes + weight(&message);
        if self.outbox.len() >= OUTBOX_MESSAGES || bytes > OUTBOX_BYTES {
            return Err(Overflow);
        }
        self.outbox_bytes = bytes;
        self.outbox.push_back(message.clone());
        self.sent += 1;
        Ok(Numbered { number: self.sent, message })
    }

    /// Whether a device that has received up to `received` can go on with this session.
    pub fn can_resume(&self, received: u64) -> bool {
        (self.acknowledged..=self.sent).contains(&received)
    }

    /// The device has everything up to `received`: what it has now.
    pub fn acknowledge(&mut self, received: u64) -> Result<Vec<ServerMessage>, OutOfOrder> {
        if received > self.sent {
            return Err(OutOfOrder);
        }
        let count = usize::try_from(received.saturating_sub(self.acknowledged)).unwrap_or(0);
        let done: Vec<_> = self.outbox.drain(..count).collect();
        self.outbox_bytes -= done.iter().map(weight).sum::<usize>();
        self.acknowledged = self.acknowledged.max(received);
        Ok(done)
    }

    /// What was sent and not acknowledged.
    pub fn unacknowledged(&self) -> impl Iterator<Item = Numbered<ServerMessage>> + '_ {
        (self.acknowledged + 1..)
            .zip(&self.outbox)
            .map(|(number, message)| Numbered { number, message: message.clone() })
    }

    /// Whether a message of the device is new (`true`) or was seen before.
    pub fn accept(&mut self, number: u64) -> Result<bool, OutOfOrder> {
        if number <= self.received {
            return Ok(false);
        }
        if number != self.received + 1 {
            return Err(OutOfOrder);
        }
        self.received = number;
        Ok(true)
    }
}

/// Bytes of what can be large in a message.
fn weight(message: &ServerMessage) -> usize {
    match message {
        ServerMessage::Invite { offer, .. } | ServerMessage::Offer { offer, .. } => offer.0.len(),
        ServerMessage::Answer { answer, .. } | ServerMessage::OfferAnswer { answer, .. } => answer.0.len(),
        ServerMessage::Candidate { candidate, .. } => candidate.candidate.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use care4w_phone::Care4wId;

    fn session() -> Session {
        let party = Party { care4w_id: Care4wId::parse("care4w-TEST1").unwrap(), display_name: "T".into() };
        Session::new(SignInId::from_u128(1), party, 1)
    }

    #[test]
    fn what_was_not_acknowledged_is_sent_again_under_its_old_number() {
        let mut session = session();
        for n in 1..=3 {
            assert_eq!(session.push(ServerMessage::SettingsChanged).unwrap().number, n);
        }
        assert_eq!(session.acknowledge(1).unwrap().len(), 1);
        assert_eq!(session.unacknowledged().map(|message| message.number).collect::<Vec<_>>(), [2, 3]);
        assert!(session.can_resume(1) && session.can_resume(3));
        assert!(!session.can_resume(0), "what was acknowledged is gone");
        assert!(!session.can_resume(4), "nobody has what was not sent");
        assert!(session.acknowledge(4).is_err());
        assert!(session.acknowledge(0).unwrap().is_empty(), "an old acknowledgement changes nothing");
    }

    #[test]
    fn a_message_counts_once_and_none_may_be_left_out() {
        let mut session = session();
        assert!(session.accept(1).unwrap());
        assert!(!session.accept(1).unwrap());
        assert!(session.accept(3).is_err());
        assert!(session.accept(2).unwrap());
        assert_eq!(session.received(), 2);
    }

    #[test]
    fn a_device_that_acknowledges_nothing_is_given_up_in_the_end() {
        let mut session = session();
        let pushed = (0..10_000).take_while(|_| session.push(ServerMessage::SettingsChanged).is_ok()).count();
        assert_eq!(pushed, OUTBOX_MESSAGES);
    }
}
