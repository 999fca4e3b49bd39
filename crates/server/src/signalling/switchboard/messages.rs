//! What devices say.

use std::time::Instant;

use care4w_protocol::limits::{MAX_CANDIDATE_BYTES, MAX_CANDIDATES_PER_CALL, MAX_SDP_BYTES};
use care4w_protocol::signal::{
    Candidate, ClientMessage, Ended, HangUp, Numbered, Refusal, Sdp, ServerFrame, ServerMessage,
};
use care4w_protocol::{ApiError, CallId, ErrorCode};

use super::{Callee, Output, SocketId, Switchboard};
use crate::defaults::CALLS_PER_DEVICE;
use crate::signalling::call::{Call, Leg, Ringing, Stage};
use crate::signalling::session::{Device, OutOfOrder};
use crate::store::AccountId;

impl Switchboard {
    pub(super) fn numbered(
        &mut self,
        socket: SocketId,
        device: &Device,
        message: Numbered<ClientMessage>,
        callee: Option<Callee>,
        now: Instant,
    ) {
        let Some(session) = self.sessions.get_mut(device) else { return };
        let accepted = session.accept(message.number);
        let received = session.received();
        match accepted {
            Ok(true) => self.message(device, message.message, callee, now),
            Ok(false) => {}
            Err(OutOfOrder) => return self.out_of_order(socket),
        }
        // Unless the message cost the device its session.
        if self.sockets.contains_key(&socket) {
            self.outputs.push_back(Output::Frame(socket, ServerFrame::Ack { received }));
        }
    }

    pub(super) fn message(&mut self, device: &Device, message: ClientMessage, callee: Option<Callee>, now: Instant) {
        match message {
            ClientMessage::Invite { call, offer, .. } => {
                let callee = callee.unwrap_or(Callee::Nobody);
                self.invite(device, call, callee, offer, now);
            }
            ClientMessage::Ringing { call } => self.rings(device, call),
            ClientMessage::Answer { call, answer } => self.answer(device, call, answer, now),
            ClientMessage::Refuse { call, reason } => self.refuse(device, call, reason),
            ClientMessage::Candidate { call, candidate } => self.candidate(device, call, candidate),
            ClientMessage::Offer { call, offer } => match self.far_end(device, call) {
                Some(far) if offer.0.len() <= MAX_SDP_BYTES => self.send(&far, ServerMessage::Offer { call, offer }),
                Some(_) => self.refused(device, call, too_large()),
                None => self.refused(device, call, no_such_call()),
            },
            ClientMessage::OfferAnswer { call, answer } => match self.far_end(device, call) {
                Some(far) if answer.0.len() <= MAX_SDP_BYTES => {
                    self.send(&far, ServerMessage::OfferAnswer { call, answer });
                }
                Some(_) => self.refused(device, call, too_large()),
                None => self.refused(device, call, no_such_call()),
            },
            ClientMessage::HangUp { call, reason } => self.hang_up(device, call, reason, now),
        }
    }

    pub(super) fn refused(&mut self, device: &Device, call: CallId, error: ApiError) {
        self.send(device, ServerMessage::Refused { call: Some(call), error });
    }

    pub(super) fn invite(&mut self, caller: &Device, id: CallId, callee: Callee, offer: Sdp, now: Instant) {
        let (account, to) = match callee {
            Callee::User(account, party) => (account, party),
            Callee::Nobody => return self.send(caller, ServerMessage::Ended { call: id, reason: Ended::NotFound }),
            Callee::Withheld(error) => return self.refused(caller, id, error),
        };
        if self.is_freshly_blocked(account, caller) {
            return self.send(caller, ServerMessage::Ended { call: id, reason: Ended::NotFound });
        }
        let Some(session) = self.sessions.get(caller) else { return };
        if account == caller.account {
            let error = ApiError::new(ErrorCode::Validation, "This is your own id.");
            return self.refused(caller, id, error);
        }
        if self.calls.contains_key(&id) {
            let error = ApiError::new(ErrorCode::Validation, "There is a call with that id.");
            return self.refused(caller, id, error);
        }
        if offer.0.len() > MAX_SDP_BYTES {
            return self.refused(caller, id, too_large());
        }
        if session.calls.len() >= CALLS_PER_DEVICE {
            let error = ApiError::new(ErrorCode::RateLimited, "This device is in too many calls.");
            return self.refused(caller, id, error);
        }
        let from = session.party.clone();
        if let Some(other) = self.opposite(caller.account, account) {
            if other > id {
                return self.give_way_to(other, caller, id);
            }
            self.merge(other);
        }
        self.outputs.push_back(Output::Begun {
            call: id,
            caller: (caller.account, from.clone()),
            callee: (account, to.clone()),
        });
        let stage = Stage::Ringing(Ringing { dark_since: Some(now), ..Ringing::default() });
        let call =
            Call { caller: caller.clone(), callee: account, from, offer, candidates: Vec::new(), begun: now, stage };
        self.calls.insert(id, call);
        self.join(id, caller);
        for device in self.devices_of(account) {
            self.ring(id, &device);
        }
        self.settle(id);
    }

    /// The call that rings the other way: from `callee` to `caller`.
    pub(super) fn opposite(&self, caller: AccountId, callee: AccountId) -> Option<CallId> {
        let calls = self.devices.get(&callee)?.iter().filter_map(|device| self.sessions.get(device));
        calls.flat_map(|session| &session.calls).copied().find(|id| {
            self.calls.get(id).is_some_and(|call| {
                // One that was silenced is none for its callee.
                let rings = matches!(&call.stage, Stage::Ringing(ringing) if !ringing.silenced);
                call.caller.account == callee && call.callee == caller && rings
            })
        })
    }

    /// Both called each other: the call with the lower id gives way, here the one that comes second. It never begins.
    pub(super) fn give_way_to(&mut self, other: CallId, caller: &Device, id: CallId) {
        self.send(caller, ServerMessage::Ended { call: id, reason: Ended::GaveWay });
        let Some(Call { stage: Stage::Ringing(ringing), .. }) = self.calls.get_mut(&other) else { return };
        match ringing.legs.get(caller) {
            // It said busy because it was dialling: ring there again.
            Some(Leg::Busy) | None => self.ring(other, caller),
            Some(_) => ringing.gave_way = Some(caller.clone()),
        }
    }

    /// Both called each other, and the call that came first has the lower id: it is taken back.
    pub(super) fn merge(&mut self, id: CallId) {
        let Some(call) = self.take(id) else { return };
        let Stage::Ringing(ringing) = &call.stage else { return };
        let ended = ServerMessage::Ended { call: id, reason: Ended::GaveWay };
        self.send(&call.caller, ended.clone());
        for device in ringing.open() {
            self.send(device, ended.clone());
        }
        self.outputs.push_back(Output::Merged(id));
    }

    /// Rings a call at one device of the callee.
    pub(super) fn ring(&mut self, id: CallId, device: &Device) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stage::Ringing(ringing) = &mut call.stage else { return };
        let Some(session) = self.sessions.get(device) else { return };
        if session.calls.len() >= CALLS_PER_DEVICE && !session.calls.contains(&id) {
            ringing.legs.insert(device.clone(), Leg::Busy);
            return;
        }
        ringing.legs.insert(device.clone(), Leg::Invited);
        if session.socket.is_some() {
            ringing.dark_since = None;
        }
        let invite = ServerMessage::Invite { call: id, from: call.from.clone(), offer: call.offer.clone() };
        let candidates = call.candidates.clone();
        self.join(id, device);
        self.send(device, invite);
        for candidate in candidates {
            self.send(device, ServerMessage::Candidate { call: id, candidate });
        }
    }

    pub(super) fn rings(&mut self, device: &Device, id: CallId) {
        let Some(Call { caller, stage: Stage::Ringing(ringing), .. }) = self.calls.get_mut(&id) else { return };
        let Some(leg @ Leg::Invited) = ringing.legs.get_mut(device) else { return };
        *leg = Leg::Ringing;
        if !std::mem::replace(&mut ringing.rung, true) {
            let caller = caller.clone();
            self.send(&caller, ServerMessage::Ringing { call: id });
        }
    }

    pub(super) fn answer(&mut self, device: &Device, id: CallId, answer: Sdp, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else {
            return self.refused(device, id, no_such_call());
        };
        // Somebody who is no part of the call learns no more of it than of one that does not exist; who lost the race
        // was told that it was answered elsewhere.
        let Stage::Ringing(ringing) = &mut call.stage else { return };
        if !ringing.legs.get(device).is_some_and(|leg| leg.is_open()) {
            return self.refused(device, id, no_such_call());
        }
        if answer.0.len() > MAX_SDP_BYTES {
            return self.refused(device, id, too_large());
        }
        let others: Vec<Device> = ringing.open().filter(|other| *other != device).cloned().collect();
        call.stage = Stage::Talking { callee: device.clone(), since: now };
        let (caller, callee) = (call.caller.clone(), call.callee);
        self.outputs.push_back(Output::Answered { call: id, callee });
        self.send(device, ServerMessage::Taken { call: id });
        self.send(&caller, ServerMessage::Answer { call: id, answer });
        for other in others {
            self.send(&other, ServerMessage::Ended { call: id, reason: Ended::AnsweredElsewhere });
            self.part(id, &other);
        }
    }

    pub(super) fn refuse(&mut self, device: &Device, id: CallId, reason: Refusal) {
        let Some(Call { stage: Stage::Ringing(ringing), .. }) = self.calls.get_mut(&id) else { return };
        let Some(leg) = ringing.legs.get_mut(device).filter(|leg| leg.is_open()) else { return };
        match reason {
            Refusal::Declined => {
                // This device knows; the others are told.
                ringing.legs.remove(device);
                ringing.rung = true;
                self.part(id, device);
                self.end_ringing(id, Some(Ended::Declined), Ended::DeclinedElsewhere);
            }
            Refusal::Busy if ringing.gave_way.as_ref() == Some(device) => {
                ringing.gave_way = None;
                self.ring(id, device);
            }
            Refusal::Busy | Refusal::Failed => {
                *leg = if reason == Refusal::Busy { Leg::Busy } else { Leg::Failed };
                self.part(id, device);
                self.settle(id);
            }
        }
    }

    pub(super) fn candidate(&mut self, device: &Device, id: CallId, candidate: Candidate) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mid = candidate.sdp_mid.as_ref().map_or(0, String::len);
        if candidate.candidate.len() + mid > MAX_CANDIDATE_BYTES {
            return;
        }
        let to: Vec<Device> = match &call.stage {
            Stage::Ringing(ringing) if call.caller == *device => {
                if call.candidates.len() >= MAX_CANDIDATES_PER_CALL {
                    return;
                }
                call.candidates.push(candidate.clone());
                ringing.open().cloned().collect()
            }
            // A callee's addresses leave only after it accepted.
            Stage::Ringing(_) => return,
            Stage::Talking { .. } => self.far_end(device, id).into_iter().collect(),
        };
        for device in to {
            self.send(&device, ServerMessage::Candidate { call: id, candidate: candidate.clone() });
        }
    }

    /// The other end of a call that was answered; none for who is no part of it.
    pub(super) fn far_end(&self, device: &Device, id: CallId) -> Option<Device> {
        let call = self.calls.get(&id)?;
        let Stage::Talking { callee, .. } = &call.stage else { return None };
        if call.caller == *device {
            Some(callee.clone())
        } else if callee == device {
            Some(call.caller.clone())
        } else {
            None
        }
    }

    pub(super) fn hang_up(&mut self, device: &Device, id: CallId, reason: HangUp, now: Instant) {
        // Unknown after a restart: the ends notice by the path between them.
        let Some(call) = self.calls.get(&id) else { return };
        match &call.stage {
            Stage::Ringing(_) if call.caller == *device => {
                let told = if reason == HangUp::NoAnswer { Ended::NoAnswer } else { Ended::Cancelled };
                self.end_ringing(id, None, told);
            }
            Stage::Ringing(_) => {
                let refusal = if reason == HangUp::Normal { Refusal::Declined } else { Refusal::Failed };
                self.refuse(device, id, refusal);
            }
            Stage::Talking { .. } => {
                let told = match reason {
                    HangUp::Normal | HangUp::NoAnswer => Ended::HungUp,
                    HangUp::NoPath => Ended::NoPath,
                    HangUp::Failed => Ended::Failed,
                };
                if self.far_end(device, id).is_some() {
                    self.end_talk(id, device, told, now);
                }
            }
        }
    }
}

fn no_such_call() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "There is no such call.")
}

fn too_large() -> ApiError {
    ApiError::new(ErrorCode::TooLarge, "The session description is too large.")
}
