//! Everything that a window shows, as one snapshot. It is sent whole whenever something in it changes; a window
//! keeps nothing of its own that could be at odds with it.

mod call;
mod do_not_disturb;
mod ring;
mod sound;

use care4w_protocol::rest;
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::Problem;

pub use call::{
    CallBackend, CallDirection, CallPeer, CallQuality, CallState, CallStats, CallView, EndReason, PathKind,
    QualityCause, QualityLevel, QualitySide,
};
pub use do_not_disturb::{DoNotDisturb, DoNotDisturbFor};
pub use ring::{RingState, RingView};
pub use sound::{
    DeviceRole, SoundChange, SoundNotice, SoundNoticeCode, SoundState, SoundTest, SoundTestKind, SoundTestPhase,
    SoundVerdict,
};

/// The whole picture.
#[derive(Clone, Debug, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppState {
    /// Version of the app.
    pub version: String,
    /// Name of the profile; profiles are apart in every way.
    pub profile: String,
    /// Whether the server can be reached and can reach us.
    pub connection: ConnectionState,
    /// What the server says of itself.
    pub server: ServerState,
    /// Who is signed in.
    pub session: SessionState,
    /// The personal phone number.
    pub phone: PhoneState,
    /// The one call of this phone, also for a moment after it ended.
    pub call: Option<CallView>,
    /// The call between this user's own telephone and another one that was begun here, also when it has just ended.
    pub ring: Option<RingView>,
    /// Devices, volume and what is done to the microphone's sound.
    pub sound: SoundState,
    /// The region (ISO 3166-1 alpha-2) in which the dialler reads national numbers.
    pub country: String,
    /// What a link or the command line asked to have filled in, until the window has taken it. Never dialled by itself.
    pub destination: Option<OfferedDestination>,
    /// Whether links are dialled without being asked.
    pub call_links_at_once: bool,
    /// Whether calls make themselves noticed here.
    pub do_not_disturb: DoNotDisturb,
    /// Whether Care4W's own, free calls go first where they are possible while Twilio is active.
    pub free_calls: bool,
    /// Counts up whenever the list of blocked people may have changed, here or on another device: who shows it asks for
    /// it again ([`crate::Phone::blocked`]). The list itself may be long and is no part of the picture.
    pub blocked_revision: u32,
    /// The calls that were.
    pub history: HistoryState,
}

impl AppState {
    /// The call that comes in and is to be noticed: by its ring, a notification, a window of its own. One that comes
    /// while nobody wants to be disturbed is shown only to who looks; one of ours whose server is away cannot be
    /// answered until it is back.
    pub fn announced(&self) -> Option<&CallView> {
        let call = self.call.as_ref().filter(|call| call.state == CallState::Incoming)?;
        let can_be_answered = call.backend != CallBackend::P2p || self.connection == ConnectionState::Online;
        (can_be_answered && !self.do_not_disturb.on).then_some(call)
    }
}

/// Whom a link or the command line names.
#[derive(Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OfferedDestination {
    /// What to fill in: of what cannot be called, its beginning.
    pub text: String,
    /// Whether it is to be called without being asked.
    pub at_once: bool,
    /// Whether a call may cost more than a plain one.
    pub premium: bool,
    /// Why it cannot be called, if it cannot.
    pub refused: Option<Problem>,
}

impl std::fmt::Debug for OfferedDestination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfferedDestination(<redacted>)")
    }
}

/// The calls that were: whoever shows them asks for them ([`crate::Phone::history`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryState {
    /// Counts up whenever the list is another one.
    pub revision: u32,
    /// How many missed calls nobody has looked at.
    pub missed: u32,
    /// The list could not be read when the app started: it lies beside the new one, as `….damaged`.
    pub was_damaged: bool,
}

/// Whether the server can be reached and can reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ConnectionState {
    /// Being tried.
    Connecting,
    /// Calls work.
    Online,
    /// Calls will work when it is back.
    Offline,
}

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ServerState {
    /// Its address.
    pub url: String,
    /// Region in which it reads national numbers when nothing better is known.
    pub default_region: String,
    /// How it proves numbers.
    pub verification: VerificationMode,
    /// Whether calls go over Twilio Voice.
    pub twilio_active: bool,
    /// The Care4W ID of the line that answers every call and plays back what it hears.
    pub echo_line: Option<String>,
}

/// How the server proves that a number is its user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum VerificationMode {
    /// Not at all.
    Off,
    /// By a code in its log.
    Log,
    /// By a code that Twilio sends.
    Twilio,
}

impl From<rest::Verification> for VerificationMode {
    fn from(verification: rest::Verification) -> Self {
        match verification {
            rest::Verification::Off => Self::Off,
            rest::Verification::Log => Self::Log,
            rest::Verification::Twilio => Self::Twilio,
        }
    }
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// Whether anybody is.
    pub status: SessionStatus,
    /// Who.
    pub user: Option<User>,
    /// Something to be told about the sign-in, such as that it will not outlast this run.
    pub notice: Option<Problem>,
}

/// Whether anybody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SessionStatus {
    /// The keychain has not answered yet.
    Unknown,
    /// Nobody.
    SignedOut,
    /// Somebody.
    SignedIn,
}

/// The person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Name as others read it.
    pub display_name: String,
    /// E-mail address.
    pub email: String,
    /// The id by which anybody can call.
    pub care4w_id: String,
}

impl From<rest::User> for User {
    fn from(user: rest::User) -> Self {
        Self { display_name: user.display_name, email: user.email, care4w_id: user.care4w_id.to_string() }
    }
}

/// The personal phone number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PhoneState {
    /// As people write it for abroad.
    pub number: Option<String>,
    /// E.164.
    pub full: Option<String>,
    /// Whether it was proved.
    pub verified: bool,
    /// The number that waits for its code, as people write it for abroad. It may be another than `number`, which counts
    /// until then.
    pub pending: Option<String>,
    /// The code that was sent to it, if one was sent from here.
    pub code: Option<CodeState>,
    /// The number that was held or claimed here until somebody else proved it, as people write it for abroad.
    pub lost: Option<String>,
    /// Whether the server has said if there is one.
    pub known: bool,
    /// Whether the question for it stands open.
    pub prompt_open: bool,
    /// Who may find this user by it.
    pub discoverable_by_phone: Discoverable,
}

/// Who may find a user by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Discoverable {
    /// Anybody who types the number.
    #[default]
    Everyone,
    /// Nobody: the number reaches no one.
    Nobody,
}

impl From<rest::Discoverable> for Discoverable {
    fn from(discoverable: rest::Discoverable) -> Self {
        match discoverable {
            rest::Discoverable::Everyone => Self::Everyone,
            rest::Discoverable::Nobody => Self::Nobody,
        }
    }
}

impl From<Discoverable> for rest::Discoverable {
    fn from(discoverable: Discoverable) -> Self {
        match discoverable {
            Discoverable::Everyone => Self::Everyone,
            Discoverable::Nobody => Self::Nobody,
        }
    }
}

/// Somebody whom this user has blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BlockedPerson {
    /// The Care4W ID.
    pub care4w_id: String,
    /// What this user calls them, if a name was given.
    pub display_name: Option<String>,
    /// When, RFC 3339 in UTC.
    pub blocked_at: String,
}

impl From<rest::BlockedPerson> for BlockedPerson {
    fn from(person: rest::BlockedPerson) -> Self {
        Self {
            care4w_id: person.care4w_id.to_string(),
            display_name: person.display_name,
            blocked_at: person.blocked_at,
        }
    }
}

/// A verification code on its way: times as seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CodeState {
    /// Until when it holds.
    pub expires_at: u32,
    /// From when on another one may be asked for.
    pub resend_at: u32,
}
