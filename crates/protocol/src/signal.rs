//! The signalling frames of `GET /api/signal`: JSON text frames over a WebSocket.
//!
//! The client's first frame is [`ClientFrame::Hello`] with its access token; nothing else is read before it. Then
//! either end numbers the frames that matter ([`Numbered`]) from 1 and keeps them until the other end has
//! acknowledged them, so that a dropped socket loses and repeats nothing: `Hello` names the last number that was
//! received, `Welcome` does the same in return, and both send again what came after. Heartbeats and
//! acknowledgements carry no number.

use care4w_phone::Care4wId;
use serde::{Deserialize, Serialize};

use crate::twilio::PhoneCall;
use crate::{ApiError, CallId};

/// The version of these frames. A server refuses a version that it does not know with `NOT_AVAILABLE`.
pub const VERSION: u32 = 1;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientFrame {
    /// The first frame: who is there, and where it left off.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// A bearer token as for REST.
        token: Token,
        /// The device: stays the same over reconnects of one run of the app.
        device: String,
        /// The highest number received from the server in this device's session so far; 0 at the start.
        received: u64,
    },
    /// Heartbeat; answered by [`ServerFrame::Pong`].
    Ping,
    /// Everything up to this number has been received.
    Ack {
        /// The highest number received.
        received: u64,
    },
    /// A message that must arrive once.
    Send(Numbered<ClientMessage>),
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerFrame {
    /// The token was accepted.
    Welcome {
        /// Whether the session of this device goes on (`true`), or is new and both numberings start again at 1.
        resumed: bool,
        /// The highest number received from this device.
        received: u64,
        /// Seconds between heartbeats; twice this without a frame means that the socket is dead.
        heartbeat_secs: u64,
    },
    /// Answer to [`ClientFrame::Ping`].
    Pong,
    /// Everything up to this number has been received.
    Ack {
        /// The highest number received.
        received: u64,
    },
    /// The socket will be closed: bad first frame, bad token, unreadable frame, too many frames.
    Closing {
        /// Why.
        error: ApiError,
    },
    /// A message that must arrive once.
    Send(Numbered<ServerMessage>),
}

/// A message with its number: 1, 2, 3, … in each direction of one device's session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered<M> {
    /// The number. One that was seen already is dropped.
    pub number: u64,
    /// The message.
    pub message: M,
}

/// A bearer token in a frame. `Debug` hides it: frames are logged at TRACE.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// A session description (RFC 8866). `Debug` hides it: it holds addresses and keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sdp(pub String);

impl std::fmt::Debug for Sdp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sdp({} bytes)", self.0.len())
    }
}

/// One ICE candidate (the shape of `RTCIceCandidateInit`). `Debug` hides the address in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The `candidate:` line; empty for the end of candidates.
    pub candidate: String,
    /// The media section it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The index of that media section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Candidate(<redacted>)")
    }
}

/// Who calls or was called. `Debug` hides the name: people put numbers and addresses there, and frames are logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// The id.
    pub care4w_id: Care4wId,
    /// The name, as the server knows it.
    pub display_name: String,
}

impl std::fmt::Debug for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Party").field("care4w_id", &self.care4w_id).finish_non_exhaustive()
    }
}

/// Why a callee does not take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Refusal {
    /// The person said no.
    Declined,
    /// The person is in another call.
    Busy,
    /// The device could not take it (no microphone, no common codec).
    Failed,
}

/// From a client to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientMessage {
    /// Caller: call this user.
    Invite {
        /// A new id.
        call: CallId,
        /// Whom.
        to: Care4wId,
        /// The offer.
        offer: Sdp,
    },
    /// Callee's device: it rings here.
    Ringing {
        /// Which call.
        call: CallId,
    },
    /// Callee's device: taken here. The first one wins.
    Answer {
        /// Which call.
        call: CallId,
        /// The answer.
        answer: Sdp,
    },
    /// Callee's device: refused. A decline by a person ends the ringing on every device of theirs.
    Refuse {
        /// Which call.
        call: CallId,
        /// Why.
        reason: Refusal,
    },
    /// Either end: one more candidate. A callee sends none before it answers.
    Candidate {
        /// Which call.
        call: CallId,
        /// The candidate.
        candidate: Candidate,
    },
    /// Either end, in a call that was answered: a new offer (ICE restart, hold).
    Offer {
        /// Which call.
        call: CallId,
        /// The offer.
        offer: Sdp,
    },
    /// Answer to [`ServerMessage::Offer`].
    OfferAnswer {
        /// Which call.
        call: CallId,
        /// The answer.
        answer: Sdp,
    },
    /// Either end: over. Before the answer it is the caller's cancel.
    HangUp {
        /// Which call.
        call: CallId,
        /// Whether the person hung up or the call failed.
        reason: HangUp,
    },
}

/// Why an end left a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HangUp {
    /// The person hung up.
    Normal,
    /// The caller waited long enough (ring time over).
    NoAnswer,
    /// No path for the sound could be found, or it was lost for good.
    NoPath,
    /// The device failed (sound, internal).
    Failed,
}

/// From the server to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// To a callee's devices: somebody calls.
    Invite {
        /// Which call.
        call: CallId,
        /// Who calls.
        from: Party,
        /// The offer.
        offer: Sdp,
    },
    /// To the caller: it rings at one device at least.
    Ringing {
        /// Which call.
        call: CallId,
    },
    /// To the caller: taken.
    Answer {
        /// Which call.
        call: CallId,
        /// The answer.
        answer: Sdp,
    },
    /// To the device whose answer won: the call is its own from here on.
    Taken {
        /// Which call.
        call: CallId,
    },
    /// To the other end: one more candidate.
    Candidate {
        /// Which call.
        call: CallId,
        /// The candidate.
        candidate: Candidate,
    },
    /// To the other end: a new offer.
    Offer {
        /// Which call.
        call: CallId,
        /// The offer.
        offer: Sdp,
    },
    /// To the end that offered anew.
    OfferAnswer {
        /// Which call.
        call: CallId,
        /// The answer.
        answer: Sdp,
    },
    /// The call is over, for the reason given.
    Ended {
        /// Which call.
        call: CallId,
        /// Why.
        reason: Ended,
    },
    /// A call was missed while this user was away; sent once after signing in.
    Missed {
        /// Which call.
        call: CallId,
        /// Who called.
        from: Party,
        /// When, RFC 3339 in UTC.
        at: String,
    },
    /// A client's message could not be carried out.
    Refused {
        /// The call that it was about.
        call: Option<CallId>,
        /// Why.
        error: ApiError,
    },
    /// Something of this user's settings changed on another device: ask for them again.
    SettingsChanged,
    /// How "ring my phone" goes on, to all devices of its user.
    PhoneCall(PhoneCall),
}

/// Why the server says that a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// The other one hung up.
    HungUp,
    /// The caller gave up before it was answered.
    Cancelled,
    /// The callee said no.
    Declined,
    /// The callee is in another call.
    Busy,
    /// No device of the callee is signed in.
    Unreachable,
    /// It rang for the whole ring time.
    NoAnswer,
    /// Nobody has that id.
    NotFound,
    /// Another device of the same user answered.
    AnsweredElsewhere,
    /// Another device of the same user declined.
    DeclinedElsewhere,
    /// Both called each other; this call gave way to the other one, which goes on.
    GaveWay,
    /// The other end found no path for the sound.
    NoPath,
    /// The other end failed.
    Failed,
    /// The other end's signalling stayed away and it did not come back.
    Lost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_flat_json_with_a_type() {
        let frame =
            ClientFrame::Send(Numbered { number: 3, message: ClientMessage::Ringing { call: CallId::from_u128(1) } });
        let json = serde_json::to_value(&frame).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"type": "send", "number": 3,
                "message": {"kind": "ringing", "call": "00000000-0000-0000-0000-000000000001"}})
        );
        assert_eq!(serde_json::from_value::<ClientFrame>(json).unwrap(), frame);
    }

    #[test]
    fn what_a_frame_shows_in_a_log_holds_no_token_address_or_key() {
        let shown = format!(
            "{:?} {:?} {:?}",
            ClientFrame::Hello { version: VERSION, token: Token("tok".into()), device: "d".into(), received: 0 },
            Sdp("a=candidate:1 1 udp 1 192.0.2.7 9 typ host".into()),
            Candidate {
                candidate: "candidate:1 1 udp 1 192.0.2.7 9 typ host".into(),
                sdp_mid: None,
                sdp_m_line_index: None
            },
        );
        assert!(!shown.contains("tok\"") && !shown.contains("192.0.2.7"), "{shown}");
    }
}
