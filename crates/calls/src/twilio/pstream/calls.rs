//! What the line and the media do to a call.

use std::time::Instant;

use care4w_protocol::CallId;

use super::talk::{Phase, Restart, Talk};
use super::{Input, Link, Output, PStream};
use crate::twilio::frames;
use crate::{BackendEvent, EndReason};

impl PStream {
    pub(super) fn on_call(&mut self, input: Input, now: Instant) {
        match input {
            Input::Dial { call, params } => self.dial(call, params, now),
            Input::Accept { call } => {
                if let Some(talk) = self.talk(call).filter(|talk| talk.phase == Phase::Alerting) {
                    talk.phase = Phase::Answering;
                    self.say(Output::Answer(call));
                }
            }
            Input::Refuse { call } => {
                if let Some(talk) = self.forget(call) {
                    self.transmit_or_keep(frames::reject(&talk.sid));
                }
            }
            Input::HangUp { call } => {
                if let Some(talk) = self.forget(call) {
                    self.say_goodbye(&talk);
                }
            }
            Input::Digits { call, digits } => {
                if let Some(talk) = self.talk(call).filter(|talk| talk.answered) {
                    let frame = frames::dtmf(&talk.sid, &digits);
                    self.transmit_or_keep(frame);
                }
            }
            Input::Restart { call } => self.restart(call),
            Input::Described { call, sdp } => self.described(call, sdp),
            Input::PathUp { call } => self.path_up(call),
            Input::PathLost { call } => self.path_lost(call),
            Input::Heard { call } => self.heard(call),
            Input::ServerRefused { call, reason } => {
                if self.talk(call).is_some_and(|talk| talk.outgoing && !talk.answered)
                    && let Some(talk) = self.end(call, reason)
                {
                    self.say_goodbye(&talk);
                }
            }
            Input::MediaFailed { call, reason } => {
                if let Some(talk) = self.end(call, reason) {
                    self.say_goodbye(&talk);
                }
            }
            _ => {}
        }
    }

    pub(super) fn talk(&mut self, call: CallId) -> Option<&mut Talk> {
        self.talks.iter_mut().find(|talk| talk.call == call)
    }

    /// Forgets a call; tells the line nothing.
    pub(super) fn forget(&mut self, call: CallId) -> Option<Talk> {
        let at = self.talks.iter().position(|talk| talk.call == call)?;
        let talk = self.talks.remove(at);
        self.say(Output::Forget(call));
        if self.talks.is_empty() {
            self.edge_address = None;
        }
        Some(talk)
    }

    /// Ends a call and tells the line why.
    pub(super) fn end(&mut self, call: CallId, reason: EndReason) -> Option<Talk> {
        let talk = self.forget(call)?;
        self.tell(BackendEvent::Ended { call, reason });
        Some(talk)
    }

    pub(super) fn end_all(&mut self) {
        for call in self.talks.iter().map(|talk| talk.call).collect::<Vec<_>>() {
            if let Some(talk) = self.end(call, EndReason::TwilioUnreachable) {
                self.say_goodbye(&talk);
            }
        }
    }

    pub(super) fn tell(&mut self, event: BackendEvent) {
        self.say(Output::Tell(event));
    }

    fn say_goodbye(&mut self, talk: &Talk) {
        if talk.is_known() {
            let frame = match talk.phase {
                Phase::Alerting => frames::reject(&talk.sid),
                _ => frames::hang_up(&talk.sid),
            };
            self.transmit_or_keep(frame);
        }
    }

    fn dial(&mut self, call: CallId, params: Vec<(String, String)>, now: Instant) {
        if self.talk(call).is_some() {
            return;
        }
        if self.link == Link::Stopped {
            self.tell(BackendEvent::Ended { call, reason: EndReason::TwilioUnreachable });
            return self.say(Output::Forget(call));
        }
        self.talks.push(Talk::outgoing(call, params, now));
        self.say(Output::Offer(call));
    }

    fn described(&mut self, call: CallId, sdp: String) {
        let up = self.link == Link::Up;
        let Some(talk) = self.talk(call) else { return };
        match (talk.phase, &talk.restart) {
            (Phase::Offering, _) => {
                talk.phase = Phase::Waiting;
                talk.local = Some(sdp);
                self.invite_waiting();
            }
            (Phase::Answering, _) if up => {
                talk.phase = Phase::Answered;
                let answer = frames::answer(&talk.sid, &sdp);
                talk.local = Some(sdp);
                self.transmit(answer);
            }
            // The gateway gives the call to others, or takes it back.
            (Phase::Answering, _) => drop(self.end(call, EndReason::Missed)),
            (_, Restart::Offering) => {
                talk.restart = Restart::Offered { sdp, sent: false };
                self.offer_paths();
            }
            _ => {}
        }
    }

    /// Sends the invitations that wait for the gateway.
    pub(super) fn invite_waiting(&mut self) {
        if self.link != Link::Up {
            return;
        }
        let mut invitations = Vec::new();
        for talk in self.talks.iter_mut().filter(|talk| talk.phase == Phase::Waiting) {
            talk.phase = Phase::Inviting;
            talk.patience = None;
            let offer = talk.local.as_deref().unwrap_or_default();
            invitations.push(frames::invite(&talk.sid, offer, &talk.params));
        }
        invitations.into_iter().for_each(|frame| self.transmit(frame));
    }

    /// Sends the offers for new paths, but not before the gateway has taken their calls up again.
    pub(super) fn offer_paths(&mut self) {
        if self.link != Link::Up {
            return;
        }
        let mut offers = Vec::new();
        for talk in self.talks.iter_mut().filter(|talk| !talk.rejoining) {
            if let Restart::Offered { sdp, sent: sent @ false } = &mut talk.restart {
                *sent = true;
                offers.push(frames::reinvite(&talk.sid, sdp));
            }
        }
        offers.into_iter().for_each(|frame| self.transmit(frame));
    }

    fn restart(&mut self, call: CallId) {
        let Some(talk) = self.talk(call).filter(|talk| talk.answered && talk.described) else { return };
        if matches!(talk.restart, Restart::None | Restart::Answered { .. }) {
            talk.restart = Restart::Offering;
            self.say(Output::OfferAgain(call));
        }
    }

    fn path_up(&mut self, call: CallId) {
        let Some(talk) = self.talk(call) else { return };
        let before = (std::mem::replace(&mut talk.path_up, true), std::mem::take(&mut talk.path_lost));
        if matches!(talk.restart, Restart::Answered { .. }) {
            talk.restart = Restart::None;
        }
        let taken = talk.phase == Phase::Answered && !talk.answered;
        if taken {
            // The gateway's media took our answer, whatever becomes of its confirmation.
            return self.answered(call);
        }
        match before {
            _ if !talk.answered => {}
            (false, _) => self.tell(BackendEvent::PathUp { call }),
            (true, true) => self.tell(BackendEvent::PathRestored { call }),
            (true, false) => {}
        }
    }

    fn path_lost(&mut self, call: CallId) {
        let Some(talk) = self.talk(call).filter(|talk| talk.path_up && !talk.path_lost) else { return };
        talk.path_lost = true;
        if talk.answered {
            self.tell(BackendEvent::PathLost { call });
            // The gateway never offers: it is for this end to look for a path, whoever called.
            self.restart(call);
        }
    }

    fn heard(&mut self, call: CallId) {
        let Some(talk) = self.talk(call).filter(|talk| !talk.heard) else { return };
        talk.heard = true;
        if talk.answered {
            self.tell(BackendEvent::MediaFlowing { call });
        } else if talk.outgoing {
            self.tell(BackendEvent::EarlyMedia { call });
        }
    }

    /// The call is answered, over there or here: what was held back until now is told.
    pub(super) fn answered(&mut self, call: CallId) {
        let Some(talk) = self.talk(call).filter(|talk| !talk.answered) else { return };
        talk.answered = true;
        let (path_up, path_lost, heard) = (talk.path_up, talk.path_lost, talk.heard);
        self.say(Output::Speak(call));
        self.tell(BackendEvent::Answered { call });
        if path_up {
            self.tell(BackendEvent::PathUp { call });
        }
        if heard {
            self.tell(BackendEvent::MediaFlowing { call });
        }
        if path_lost {
            self.tell(BackendEvent::PathLost { call });
            self.restart(call);
        }
    }

    /// The socket is gone: what the gateway keeps is taken up again later, the rest is over.
    pub(super) fn signalling_lost(&mut self, now: Instant) {
        let mut over = Vec::new();
        for talk in &mut self.talks {
            talk.rejoining = false;
            if let Restart::Offered { sent, .. } = &mut talk.restart {
                *sent = false;
            }
            if !talk.is_known() {
                continue;
            }
            if talk.answered && talk.reconnect.is_some() {
                talk.lost_at = talk.lost_at.or(Some(now));
            } else {
                over.push((talk.call, lost_reason(talk)));
            }
        }
        for (call, reason) in over {
            if let Some(talk) = self.end(call, reason) {
                self.say_goodbye(&talk);
            }
        }
    }

    pub(super) fn keep_calls_time(&mut self, now: Instant) {
        let due = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        let mut over = Vec::new();
        let mut again = Vec::new();
        for talk in &self.talks {
            if due(talk.patience) {
                over.push((talk.call, EndReason::TwilioUnreachable));
            } else if due(talk.lost_until()) {
                over.push((talk.call, EndReason::ConnectionLost));
            } else if due(talk.again_at()) {
                again.push(talk.call);
            }
        }
        for (call, reason) in over {
            if let Some(talk) = self.end(call, reason) {
                self.say_goodbye(&talk);
            }
        }
        again.into_iter().for_each(|call| self.restart(call));
    }
}

fn lost_reason(talk: &Talk) -> EndReason {
    match (talk.outgoing, talk.answered) {
        (_, true) => EndReason::ConnectionLost,
        (true, false) if talk.rang => EndReason::ConnectionLost,
        (true, false) => EndReason::TwilioUnreachable,
        (false, false) => EndReason::Missed,
    }
}
