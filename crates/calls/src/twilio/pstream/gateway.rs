//! What the gateway's frames do.

use std::str::FromStr;
use std::time::{Duration, Instant};

use care4w_protocol::CallId;

use super::talk::{Phase, Restart, Talk};
use super::{Fault, Link, Output, PStream, Status};
use crate::twilio::frames::{self, FromGateway};
use crate::twilio::{caller, codes, edges};
use crate::{BackendEvent, BackendName, EndReason};

/// Calls at a time. The line has one; the rest are those that it refuses in a moment.
const MOST_CALLS: usize = 4;

/// The parameter in which both ends name the call alike.
pub(in crate::twilio) const CALL_PARAMETER: &str = "CallId";

impl PStream {
    pub(super) fn on_frame(&mut self, frame: FromGateway, now: Instant) {
        let up = self.link == Link::Up;
        match frame {
            FromGateway::Heartbeat => self.transmit(frames::HEARTBEAT.to_owned()),
            FromGateway::Connected { edge, ttl } => self.on_connected(edge, ttl, now),
            FromGateway::Ready if up => self.say(Output::Status(Status::Ready)),
            // After a token that was refused the next one is on its way already.
            FromGateway::Close => self.stop(Status::Failed(Fault::ClosedByGateway)),
            FromGateway::Error { code, sid, retry_after } => self.on_error(code, sid.as_deref(), retry_after, now),
            FromGateway::Invite { sid, sdp, from, params, reconnect } if up => {
                self.on_invite(sid, sdp, &from, &params, reconnect);
            }
            FromGateway::Ringing { sid, sdp } if up => self.on_ringing(sid, sdp),
            FromGateway::Answer { sid, sdp, reconnect } if up => self.on_answer(sid, sdp, reconnect, now),
            FromGateway::HangUp { sid, code } if up => self.on_hang_up(sid.as_deref(), code),
            FromGateway::Cancel { sid } if up => {
                let call = self.named(&sid).filter(|talk| !talk.outgoing && !talk.answered).map(|talk| talk.call);
                if let Some(call) = call {
                    self.end(call, EndReason::Missed);
                }
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, edge: Option<String>, ttl: Option<Duration>, now: Instant) {
        self.token_ends(ttl, now);
        // The answer to a token that was renewed.
        if self.link != Link::Listening {
            return;
        }
        self.link = Link::Up;
        self.refused = 0;
        self.backoff.reset();
        self.edge_address = match edge.filter(|edge| self.twilios && edges::is_edge(edge)) {
            Some(edge) => Some(edges::address(&edge)),
            None => self.edge_address.take(),
        };
        self.rejoin();
        while let Some(frame) = self.waiting.pop_front() {
            self.transmit(frame);
        }
        self.invite_waiting();
        self.offer_paths();
        self.register(now);
    }

    /// Takes the calls up again that the gateway still has.
    fn rejoin(&mut self) {
        let mut invitations = Vec::new();
        for talk in self.talks.iter_mut().filter(|talk| talk.lost_at.is_some()) {
            if let (Some(reconnect), Some(local)) = (&talk.reconnect, &talk.local) {
                talk.rejoining = true;
                invitations.push(frames::rejoin(&talk.sid, local, reconnect));
            }
        }
        invitations.into_iter().for_each(|frame| self.transmit(frame));
    }

    fn on_error(&mut self, code: u32, sid: Option<&str>, retry_after: Option<Duration>, now: Instant) {
        if let Some(wait) = retry_after {
            self.backoff.name(wait);
        }
        if let Some(talk) = sid.and_then(|sid| self.named(sid)) {
            // In a call the sound may well go on; what ends it says so by `hangup`.
            if !talk.answered {
                let call = talk.call;
                self.end(call, codes::end_reason(code));
            }
            return;
        }
        self.react(code, now);
    }

    fn on_invite(
        &mut self,
        sid: String,
        sdp: String,
        from: &str,
        params: &[(String, String)],
        reconnect: Option<String>,
    ) {
        if self.named(&sid).is_some() {
            return;
        }
        if self.talks.len() >= MOST_CALLS {
            return self.transmit(frames::reject(&sid));
        }
        let wanted = params.iter().find(|(key, _)| key == CALL_PARAMETER);
        let call = wanted
            .and_then(|(_, value)| CallId::from_str(value).ok())
            .filter(|call| self.talk(*call).is_none())
            .unwrap_or_else(CallId::random);
        self.talks.push(Talk::incoming(call, sid, reconnect));
        self.say(Output::Receive { call, sdp });
        self.tell(BackendEvent::Incoming { call, backend: BackendName::Twilio, from: caller::read(from, params) });
    }

    fn on_ringing(&mut self, sid: String, sdp: Option<String>) {
        let Some(talk) = self.named_or_new(sid).filter(|talk| talk.outgoing && !talk.answered) else { return };
        let call = talk.call;
        let first = !std::mem::replace(&mut talk.rang, true);
        let early = sdp.filter(|_| !std::mem::replace(&mut talk.described, true));
        if first {
            self.tell(BackendEvent::Ringing { call });
        }
        if let Some(sdp) = early {
            self.say(Output::TakeAnswer { call, sdp });
        }
    }

    fn on_answer(&mut self, sid: String, sdp: Option<String>, reconnect: Option<String>, now: Instant) {
        let Some(talk) = self.named_or_new(sid) else { return };
        let call = talk.call;
        if reconnect.is_some() {
            talk.reconnect = reconnect;
        }
        if std::mem::take(&mut talk.rejoining) {
            talk.lost_at = None;
            return self.offer_paths();
        }
        if talk.answered {
            if let (Restart::Offered { sent: true, .. }, Some(sdp)) = (&talk.restart, sdp) {
                talk.restarted(now);
                self.say(Output::TakeAnswer { call, sdp });
            }
            return;
        }
        if !talk.outgoing {
            if talk.phase == Phase::Answered {
                self.answered(call);
            }
            return;
        }
        let apply = sdp.filter(|_| !std::mem::replace(&mut talk.described, true));
        if !talk.described {
            // An answer without a description, ever, is none.
            let sid = talk.sid.clone();
            self.end(call, EndReason::TwilioFailed);
            return self.transmit(frames::hang_up(&sid));
        }
        if let Some(sdp) = apply {
            self.say(Output::TakeAnswer { call, sdp });
        }
        self.answered(call);
    }

    fn on_hang_up(&mut self, sid: Option<&str>, code: Option<u32>) {
        let talk = match sid {
            Some(sid) => self.named(sid),
            // About the call that there is.
            None => self.talks.iter_mut().find(|talk| talk.is_known()),
        };
        let Some(talk) = talk else { return };
        let call = talk.call;
        let reason = match code {
            _ if !talk.outgoing && !talk.answered => EndReason::Missed,
            Some(code) => codes::end_reason(code),
            None if talk.answered => EndReason::RemoteHungUp,
            None => EndReason::Declined,
        };
        self.end(call, reason);
    }

    fn named(&mut self, sid: &str) -> Option<&mut Talk> {
        self.talks.iter_mut().find(|talk| talk.is_known() && (talk.sid == sid || own_name(talk) == sid))
    }

    /// The call of that name; a name that is new is that of the oldest call that the gateway has not named yet.
    fn named_or_new(&mut self, sid: String) -> Option<&mut Talk> {
        if self.named(&sid).is_some() {
            return self.named(&sid);
        }
        let talk = self.talks.iter_mut().find(|talk| talk.phase == Phase::Inviting && !talk.named)?;
        talk.named = true;
        talk.sid = sid;
        Some(talk)
    }
}

fn own_name(talk: &Talk) -> String {
    format!("TJS{}", talk.call)
}
