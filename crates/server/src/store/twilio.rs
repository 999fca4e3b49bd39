//! Calls over Twilio, as the store keeps them beside the history: what is needed to take Twilio's word in any order and
//! any number of times, and to know how long a user has talked.

mod call;

use async_trait::async_trait;
use care4w_protocol::CallId;

pub use call::{Leg, LegEvent, LegStatus, TwilioCall, TwilioCallKind};

use super::{Account, AccountId, StoreError, UnixMs};

/// A call that begins.
#[derive(Clone, Debug)]
pub struct NewTwilioCall {
    /// A new id.
    pub id: CallId,
    /// The near end's SID; not known yet for [`TwilioCallKind::Ring`].
    pub sid: Option<String>,
    /// What kind of call.
    pub kind: TwilioCallKind,
    /// Whose call it is: the user who calls, or who is called by a number.
    pub account: AccountId,
    /// The user who is called by a user.
    pub callee: Option<AccountId>,
    /// The number that is called or calls (E.164), unless it is withheld.
    pub number: Option<TwilioNumber>,
    /// When.
    pub began_at: UnixMs,
}

/// A number at the other end of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct TwilioNumber {
    /// E.164.
    pub full: String,
    /// As people write it.
    pub shown: String,
}

impl std::fmt::Debug for TwilioNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TwilioNumber(<redacted>)")
    }
}

/// What one user may talk to numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TalkCap {
    /// Seconds of one line since `since`.
    pub secs: u64,
    /// Seconds of one call.
    pub secs_a_call: u64,
    /// Calls that began before it do not count.
    pub since: UnixMs,
}

impl TalkCap {
    /// Seconds that a call of so many lines may last, when `used` seconds of one line are gone; none below a minute.
    pub fn left(&self, used: i64, lines: i64) -> Option<i64> {
        let whole = i64::try_from(self.secs).unwrap_or(i64::MAX);
        let left = whole.saturating_sub(used) / lines.max(1);
        (left >= 60).then(|| left.min(i64::try_from(self.secs_a_call).unwrap_or(i64::MAX)))
    }
}

/// What became of a [`NewTwilioCall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is kept now, or was already: Twilio asks again when an answer got lost. Seconds that it may last, if that is
    /// limited.
    Kept(CallId, Option<u64>),
    /// Less than a minute is left.
    UsedUp,
    /// The account is gone.
    NoAccount,
}

/// Numbers that users were given, and calls over Twilio. Part of [`Store`](super::Store).
#[async_trait]
pub trait TwilioStore: Send + Sync + 'static {
    /// Gives a number of the Twilio account (E.164) to a user, in place of whoever had it.
    async fn assign_number(&self, account: AccountId, full: &str) -> Result<(), StoreError>;
    /// Takes it back; whether somebody had it.
    async fn take_number_back(&self, full: &str) -> Result<bool, StoreError>;
    /// The numbers that a user was given, in order.
    async fn assigned_numbers(&self, account: AccountId) -> Result<Vec<String>, StoreError>;
    /// Whoever was given this number, if active.
    async fn holder_of_assigned(&self, full: &str) -> Result<Option<Account>, StoreError>;

    /// Begins a call, if what its user has talked leaves a minute at least; it stands in the histories of its users from
    /// then on. Once for each SID.
    async fn begin_twilio_call(&self, call: &NewTwilioCall, cap: Option<TalkCap>) -> Result<Begun, StoreError>;
    /// Takes an event in, and writes what follows into the histories. The call as it is then, and whether its
    /// [`TwilioCall::progress`] is another than before; none if there is no such call.
    async fn twilio_call_event(&self, id: CallId, event: &LegEvent) -> Result<Option<(TwilioCall, bool)>, StoreError>;
    /// The user takes a call back that is not over; it as it is then.
    async fn cancel_twilio_call(&self, id: CallId, account: AccountId) -> Result<Option<TwilioCall>, StoreError>;
    /// A call.
    async fn twilio_call(&self, id: CallId) -> Result<Option<TwilioCall>, StoreError>;
    /// The call whose near end has this SID.
    async fn twilio_call_by_sid(&self, sid: &str) -> Result<Option<TwilioCall>, StoreError>;
    /// Forgets calls that began before `oldest`: what stands in the histories stays, and is over.
    async fn forget_twilio_calls(&self, oldest: UnixMs) -> Result<(), StoreError>;
}
