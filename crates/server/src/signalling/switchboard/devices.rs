//! Who is there: sessions begin, go on and end.

use std::time::Instant;

use care4w_protocol::signal::{Ended, Party, ServerFrame, ServerMessage};
use care4w_protocol::{ApiError, CallId, ErrorCode};

use super::{Output, SocketId, Switchboard};
use crate::defaults::{DEVICES_PER_ACCOUNT, HEARTBEAT};
use crate::signalling::call::Stage;
use crate::signalling::session::{Device, OutOfOrder, Session};
use crate::store::{AccountId, SignInId};

impl Switchboard {
    pub(super) fn connected(&mut self, socket: SocketId, device: &Device, fresh: Session, received: u64, now: Instant) {
        let welcome = |session: &Session, resumed| ServerFrame::Welcome {
            resumed,
            received: session.received(),
            heartbeat_secs: HEARTBEAT.as_secs(),
        };
        let resumable = self.sessions.get(device).map(|session| session.can_resume(received));
        if resumable == Some(true)
            && let Some(session) = self.sessions.get_mut(device)
        {
            if let Some(old) = session.socket.replace(socket) {
                self.sockets.remove(&old);
                self.outputs.push_back(Output::Close(old));
            }
            session.away_since = None;
            session.sign_in = fresh.sign_in;
            session.party = fresh.party;
            self.sockets.insert(socket, device.clone());
            self.outputs.push_back(Output::Frame(socket, welcome(session, true)));
            self.acknowledged(socket, device, received);
            if let Some(session) = self.sessions.get(device) {
                let again = session.unacknowledged().map(|message| Output::Frame(socket, ServerFrame::Send(message)));
                self.outputs.extend(again);
            }
            return;
        }
        self.end_session(device, now);
        if !self.room_for_device(device.account, now) {
            let error = ApiError::new(ErrorCode::RateLimited, "Too many devices are signed in to this account.");
            self.outputs.push_back(Output::Frame(socket, ServerFrame::Closing { error }));
            self.outputs.push_back(Output::Close(socket));
            return;
        }
        self.outputs.push_back(Output::Frame(socket, welcome(&fresh, false)));
        self.sessions.insert(device.clone(), fresh);
        self.sockets.insert(socket, device.clone());
        self.devices.entry(device.account).or_default().insert(device.clone());
        self.join_ringing(device);
    }

    /// Makes room by giving up the device that has been away longest.
    pub(super) fn room_for_device(&mut self, account: AccountId, now: Instant) -> bool {
        let devices = self.devices_of(account);
        if devices.len() < DEVICES_PER_ACCOUNT {
            return true;
        }
        let away =
            devices.into_iter().filter_map(|device| Some((self.sessions.get(&device)?.away_since?, device))).min();
        away.map(|(_, device)| self.end_session(&device, now)).is_some()
    }

    /// A device that comes while its user is being called rings too.
    pub(super) fn join_ringing(&mut self, device: &Device) {
        let ringing: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, call)| call.callee == device.account)
            .filter(|(_, call)| matches!(&call.stage, Stage::Ringing(ringing) if !ringing.silenced))
            .map(|(id, _)| *id)
            .collect();
        for id in ringing {
            self.ring(id, device);
        }
    }

    pub(super) fn tell_missed(&mut self, device: &Device, untold: Vec<(CallId, Party, String)>) {
        for (call, from, at) in untold {
            if self.sessions.get_mut(device).is_some_and(|session| session.missed.insert(call)) {
                self.send(device, ServerMessage::Missed { call, from, at });
            }
        }
    }

    pub(super) fn acknowledged(&mut self, socket: SocketId, device: &Device, received: u64) {
        let Some(session) = self.sessions.get_mut(device) else { return };
        match session.acknowledge(received) {
            Ok(done) => {
                for message in done {
                    if let ServerMessage::Missed { call, .. } = message {
                        self.outputs.push_back(Output::Told(device.account, call));
                    }
                }
            }
            Err(OutOfOrder) => self.out_of_order(socket),
        }
    }

    pub(super) fn out_of_order(&mut self, socket: SocketId) {
        let error = ApiError::new(ErrorCode::Validation, "The numbers of the messages do not follow each other.");
        self.outputs.push_back(Output::Frame(socket, ServerFrame::Closing { error }));
        self.outputs.push_back(Output::Close(socket));
    }

    pub(super) fn sign_in_ended(&mut self, sign_in: SignInId, now: Instant) {
        let devices: Vec<Device> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.sign_in == sign_in)
            .map(|(device, _)| device.clone())
            .collect();
        self.revoke(devices, now);
    }

    pub(super) fn account_gone(&mut self, account: AccountId, now: Instant) {
        self.revoke(self.devices_of(account), now);
    }

    fn revoke(&mut self, devices: Vec<Device>, now: Instant) {
        for device in devices {
            if let Some(socket) = self.sessions.get(&device).and_then(|session| session.socket) {
                let error = ApiError::new(ErrorCode::SessionRevoked, "This sign-in was ended. Sign in again.");
                self.outputs.push_back(Output::Frame(socket, ServerFrame::Closing { error }));
            }
            self.end_session(&device, now);
        }
    }

    pub(super) fn devices_of(&self, account: AccountId) -> Vec<Device> {
        self.devices.get(&account).map(|devices| devices.iter().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn end_session(&mut self, device: &Device, now: Instant) {
        let Some(session) = self.sessions.remove(device) else { return };
        if let Some(socket) = session.socket {
            self.sockets.remove(&socket);
            self.outputs.push_back(Output::Close(socket));
        }
        if let Some(devices) = self.devices.get_mut(&device.account) {
            devices.remove(device);
            if devices.is_empty() {
                self.devices.remove(&device.account);
            }
        }
        for id in session.calls {
            let Some(call) = self.calls.get_mut(&id) else { continue };
            let is_caller = call.caller == *device;
            match &mut call.stage {
                Stage::Ringing(_) if is_caller => self.end_ringing(id, None, Ended::Cancelled),
                Stage::Ringing(ringing) => {
                    ringing.legs.remove(device);
                    self.settle(id);
                }
                Stage::Talking { .. } => self.end_talk(id, device, Ended::Lost, now),
            }
        }
    }
}
