//! Brings a DTLS handshake through a network that loses packets (RFC 6347, 4.2.4), beneath the library, which does that
//! badly: rtc-dtls 0.21.1 sends a flight again after a whole second, and never again once a message of the flight before
//! came twice. Where both ends wait a second, each one's second attempt is what stops the other's: the loss of one of the
//! two long flights ends the handshake for good.
//!
//! - What is sent goes out again, as it is, after 50 ms, 100 ms more, 200 ms more and so on, until the other end's next flight
//!   says that it came. A datagram that comes twice is dropped by every end (RFC 6347, 4.1.2.6).
//! - What the other end sends again though it was answered is kept from the library, so that its own second attempts go on:
//!   they have new numbers, without which an end that is done does not repeat its last flight.
//!
//! No I/O and no clock.

mod records;
#[cfg(test)]
mod tests;

use std::time::Instant;

use bytes::Bytes;

use crate::defaults::{HANDSHAKE_REPEAT, HANDSHAKE_REPEATS};
use records::{Kind, Step, Steps, kind_of};

/// One end's handshake. `R` says which way a datagram goes.
#[derive(Debug)]
pub(super) struct Handshake<R> {
    /// What the other end has not answered yet.
    unanswered: Vec<Sent<R>>,
    /// The furthest step that was sent.
    sent: Option<Step>,
    /// The furthest step that was received.
    heard: Option<Step>,
    /// What had been received when the newest flight went out: it is an answer to all of that.
    answered: Option<Step>,
}

#[derive(Debug)]
struct Sent<R> {
    /// Which datagram of the flight it is.
    place: (Step, u32),
    route: R,
    datagram: Bytes,
    repeats: u32,
    due: Instant,
}

/// What becomes of a datagram that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The library gets it.
    Pass,
    /// It was answered before.
    Drop,
}

impl<R> Default for Handshake<R> {
    fn default() -> Self {
        Self { unanswered: Vec::new(), sent: None, heard: None, answered: None }
    }
}

impl<R: Clone> Handshake<R> {
    /// The library sent this.
    pub fn sent(&mut self, now: Instant, route: &R, datagram: &[u8]) {
        match kind_of(datagram) {
            Kind::Handshake(Steps { first, part, last }) => {
                if self.sent < Some(first) && self.answered < self.heard {
                    self.answered = self.heard;
                    self.unanswered.clear();
                }
                self.sent = self.sent.max(Some(last));
                // A second attempt of the library's own takes the place of its first.
                let place = (first, part);
                self.unanswered.retain(|sent| sent.place != place);
                let datagram = Bytes::copy_from_slice(datagram);
                let due = now + HANDSHAKE_REPEAT;
                self.unanswered.push(Sent { place, route: route.clone(), datagram, repeats: 0, due });
            }
            // There is nothing more to bring through.
            Kind::Alert => self.unanswered.clear(),
            Kind::Media | Kind::Other => {}
        }
    }

    /// This came. Nobody has checked yet who sent it, as with everything of a handshake before its end.
    pub fn received(&mut self, datagram: &[u8]) -> Fate {
        match kind_of(datagram) {
            Kind::Handshake(Steps { last, .. }) => {
                if self.heard < Some(last) {
                    self.heard = Some(last);
                    self.unanswered.clear();
                } else if last < Step::Sealed && Some(last) <= self.answered {
                    return Fate::Drop;
                }
            }
            // Who sends sound has all that it needs.
            Kind::Media => self.unanswered.clear(),
            Kind::Alert | Kind::Other => {}
        }
        Fate::Pass
    }

    /// When [`Self::repeats`] has something next.
    pub fn due(&self) -> Option<Instant> {
        self.unanswered.iter().map(|sent| sent.due).min()
    }

    /// What is to be sent again now.
    pub fn repeats(&mut self, now: Instant) -> Vec<(R, Bytes)> {
        let mut again = Vec::new();
        for sent in self.unanswered.iter_mut().filter(|sent| sent.due <= now) {
            sent.repeats += 1;
            sent.due = now + HANDSHAKE_REPEAT * 2_u32.saturating_pow(sent.repeats);
            again.push((sent.route.clone(), sent.datagram.clone()));
        }
        self.unanswered.retain(|sent| sent.repeats < HANDSHAKE_REPEATS);
        again
    }
}
