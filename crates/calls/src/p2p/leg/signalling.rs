//! What the server's messages do to a call.

use care4w_protocol::limits::MAX_CANDIDATES_PER_CALL;
use care4w_protocol::signal::{Candidate, ClientMessage, Ended, HangUp, Sdp, ServerMessage};
use care4w_protocol::{ApiError, ErrorCode};

use super::super::description::{PayloadTypes, is_udp_candidate, split_candidates};
use super::path::Path;
use super::{Leg, Next};
use crate::{BackendError, BackendEvent, EndReason};

impl Leg {
    pub(super) async fn on_signal(&mut self, message: ServerMessage) -> Next {
        match message {
            ServerMessage::Ringing { .. } if !self.incoming_call && !self.answered => {
                self.ringing = true;
                self.tell(BackendEvent::Ringing { call: self.call });
            }
            ServerMessage::Answer { answer, .. } if !self.incoming_call && !self.answered => {
                if let Err(error) = self.on_answer(answer).await {
                    return self.fail(&error);
                }
            }
            ServerMessage::Taken { .. } if self.accepted && !self.answered => {
                self.answered = true;
                self.tell(BackendEvent::Answered { call: self.call });
            }
            ServerMessage::Candidate { candidate, .. } => self.on_candidate(candidate).await,
            ServerMessage::Offer { offer, .. } if self.accepted || self.answered => {
                // The old path may still live: a bad offer does not end the call.
                if let Err(error) = self.on_new_offer(offer).await {
                    tracing::debug!(%error, "a new offer was not taken");
                }
            }
            ServerMessage::OfferAnswer { answer, .. } => {
                if let Err(error) = self.on_new_answer(answer).await {
                    tracing::debug!(%error, "an answer to a new offer was not taken");
                }
            }
            ServerMessage::Ended { reason, .. } => return self.on_ended(reason),
            ServerMessage::Refused { error, .. } => {
                self.on_offer_refused().await;
                return self.on_refused(&error);
            }
            _ => {}
        }
        Next::Go
    }

    async fn on_answer(&mut self, answer: Sdp) -> Result<(), BackendError> {
        self.types = Some(PayloadTypes::read(&answer.0).ok_or(BackendError::BadDescription)?);
        let (answer, candidates) = split_candidates(&answer.0);
        for candidate in candidates {
            self.hold(candidate);
        }
        let engine = self.engine.as_ref().ok_or(BackendError::NoSuchCall)?;
        engine.take_answer(answer).await?;
        self.answered = true;
        self.tell(BackendEvent::Answered { call: self.call });
        self.start_sending();
        self.admit_candidates().await;
        Ok(())
    }

    async fn on_candidate(&mut self, Candidate { candidate, .. }: Candidate) {
        if self.open_to_candidates {
            self.add_all(vec![candidate]).await;
        } else {
            self.hold(candidate);
        }
    }

    pub(super) fn hold(&mut self, candidate: String) {
        if self.held.len() < MAX_CANDIDATES_PER_CALL {
            self.held.push(candidate);
        }
    }

    pub(super) async fn admit_candidates(&mut self) {
        self.open_to_candidates = true;
        let held = std::mem::take(&mut self.held);
        self.add_all(held).await;
    }

    pub(super) async fn add_all(&self, candidates: Vec<String>) {
        let Some(engine) = &self.engine else { return };
        for candidate in candidates.into_iter().filter(|candidate| is_udp_candidate(candidate)) {
            engine.add_candidate(candidate).await;
        }
    }

    fn on_ended(&mut self, reason: Ended) -> Next {
        let connected =
            if reason == Ended::NoPath { self.watch.path != Path::New } else { self.answered || self.heard };
        self.over(reason, connected)
    }

    /// The other end left, or the server ended the call.
    pub(super) fn over(&mut self, ended: Ended, connected: bool) -> Next {
        // Of an end whose signalling is away the server says that it is lost; it may still be in the call.
        self.farewell = (ended == Ended::Lost).then_some(HangUp::NoPath);
        let reason = EndReason::from_server(ended, self.incoming_call, connected);
        self.tell(BackendEvent::Ended { call: self.call, reason });
        Next::Over
    }

    /// The server did not carry out a message. It is the end where the call depended on it; a candidate too many
    /// is not.
    fn on_refused(&mut self, error: &ApiError) -> Next {
        let placing = !self.incoming_call && !self.ringing && !self.answered;
        let taking = self.accepted && !self.answered;
        if !placing && !taking {
            return Next::Go;
        }
        let reason = match error.code {
            ErrorCode::NotFound if placing => EndReason::NotFound,
            ErrorCode::RateLimited => EndReason::RateLimited,
            ErrorCode::Unavailable => EndReason::Offline,
            _ if taking => EndReason::Missed,
            _ => EndReason::Refused,
        };
        self.tell(BackendEvent::Ended { call: self.call, reason });
        Next::Over
    }

    fn fail(&mut self, error: &BackendError) -> Next {
        self.farewell = Some(HangUp::Failed);
        self.shared.signals.send(ClientMessage::HangUp { call: self.call, reason: HangUp::Failed }).ok();
        self.tell(BackendEvent::Ended { call: self.call, reason: error.end_reason() });
        Next::Over
    }
}
