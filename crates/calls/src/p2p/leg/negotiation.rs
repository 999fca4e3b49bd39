//! Offers in the middle of a call: a path that is looked for anew, and holding.
//!
//! Holding is an offer that does not want to receive (RFC 3264, 8.4): the end that holds offers `sendonly`, or `inactive`
//! when the other one holds too, and sends nothing by itself. Ends that know nothing of it answer and fall silent.
//!
//! Where both offer at once, the caller's offer stands, the callee takes its own back and makes it again afterwards, as
//! in the "perfect negotiation" of the WebRTC specification.

use std::sync::atomic::Ordering;
use std::time::Instant;

use care4w_protocol::signal::{ClientMessage, Sdp};

use super::super::description::{Wishes, split_candidates};
use super::Leg;
use super::path::Path;
use crate::defaults::RESTART_RETRY;
use crate::{BackendError, BackendEvent};

/// Where the offers of one call stand.
#[derive(Debug, Default)]
pub(super) struct Negotiation {
    /// Our offer that waits for its answer.
    pending: Option<Offered>,
    /// Something changed since it was made.
    again: bool,
    held: bool,
    held_by_peer: bool,
}

#[derive(Clone, Copy, Debug)]
struct Offered {
    /// Whether it wants to send: only then its answer says whether the other end holds.
    sends: bool,
    /// Whether it looks for a new path.
    restarts: bool,
}

impl Leg {
    /// Holds the call or takes it up again. Nothing is sent from here on, whenever the other end hears of it.
    pub(super) async fn hold_call(&mut self, held: bool) -> Result<(), BackendError> {
        if !self.answered && !self.accepted {
            return Err(BackendError::NoSuchCall);
        }
        self.negotiation.held = held;
        self.flow.held.store(held, Ordering::Relaxed);
        self.offer_again(false).await
    }

    pub(super) async fn restart(&mut self) -> Result<(), BackendError> {
        // A second offer before the first one's answer would leave the two ends with different credentials.
        if self.negotiation.pending.is_some_and(|pending| pending.restarts) {
            return Ok(());
        }
        // In case nothing comes of it; its answer, or the path, sets this anew.
        self.watch.restart_at = Some(Instant::now() + RESTART_RETRY);
        self.offer_again(true).await
    }

    async fn offer_again(&mut self, restarts: bool) -> Result<(), BackendError> {
        // A restart takes the place of an offer that waits; its own answer comes first otherwise.
        if self.negotiation.pending.is_some() {
            self.negotiation.again = true;
            return Ok(());
        }
        let engine = self.engine.as_ref().ok_or(BackendError::NoSuchCall)?;
        let sends = !self.negotiation.held_by_peer;
        engine.set_wishes(Wishes { sends, receives: !self.negotiation.held }).await?;
        let offer = if restarts { engine.restart_offer().await? } else { engine.offer().await? };
        self.shared.signals.send(ClientMessage::Offer { call: self.call, offer: Sdp(offer) })?;
        self.negotiation.pending = Some(Offered { sends, restarts });
        Ok(())
    }

    pub(super) async fn on_new_offer(&mut self, offer: Sdp) -> Result<(), BackendError> {
        let engine = self.engine.as_ref().ok_or(BackendError::NoSuchCall)?;
        if self.negotiation.pending.is_some() {
            if !self.incoming_call {
                return Ok(());
            }
            engine.take_back_offer().await?;
            self.negotiation.pending = None;
            self.negotiation.again = true;
        }
        let (offer, candidates) = split_candidates(&offer.0);
        let wishes = Wishes::read(&offer);
        engine.take_offer(offer, !self.negotiation.held).await?;
        let answer = engine.answer().await?;
        self.shared.signals.send(ClientMessage::OfferAnswer { call: self.call, answer: Sdp(answer) })?;
        self.heed(wishes);
        self.add_all(candidates).await;
        self.follow_up().await
    }

    pub(super) async fn on_new_answer(&mut self, answer: Sdp) -> Result<(), BackendError> {
        let Some(offered) = self.negotiation.pending.take() else { return Ok(()) };
        let engine = self.engine.as_ref().ok_or(BackendError::NoSuchCall)?;
        let (answer, candidates) = split_candidates(&answer.0);
        let wishes = Wishes::read(&answer);
        engine.take_answer(answer).await?;
        if offered.sends {
            self.heed(wishes);
        }
        self.add_all(candidates).await;
        if self.watch.path == Path::Lost {
            self.watch.restart_at = Some(Instant::now() + RESTART_RETRY);
        }
        self.follow_up().await
    }

    /// The server did not pass an offer on: it may be made again later.
    pub(super) async fn on_offer_refused(&mut self) {
        if self.negotiation.pending.is_some_and(|pending| !pending.restarts)
            && let Some(engine) = &self.engine
            && engine.take_back_offer().await.is_ok()
        {
            self.negotiation.pending = None;
        }
    }

    async fn follow_up(&mut self) -> Result<(), BackendError> {
        if std::mem::take(&mut self.negotiation.again) {
            let lost = self.watch.path == Path::Lost && !self.incoming_call;
            return self.offer_again(lost).await;
        }
        Ok(())
    }

    /// Nothing is sent to an end that holds.
    fn heed(&mut self, wishes: Wishes) {
        let held = !wishes.receives;
        self.flow.unwanted.store(held, Ordering::Relaxed);
        if std::mem::replace(&mut self.negotiation.held_by_peer, held) != held {
            self.tell(BackendEvent::Held { call: self.call, held });
        }
    }
}
