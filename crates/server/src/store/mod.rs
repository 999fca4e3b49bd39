//! What the server keeps, behind one trait: in one SQLite file, or in PostgreSQL where one machine is not enough. Every
//! implementation passes the suite in `store/contract.rs`.

#[cfg(test)]
mod contract;
mod database;
mod failure;
mod model;
mod postgres;
mod sqlite;
mod twilio;

use async_trait::async_trait;
use care4w_phone::Care4wId;
use care4w_protocol::CallId;
use care4w_protocol::rest::{CallRecord, SettingsChange};
use care4w_protocol::signal::Party;

pub use database::{Database, DatabaseUrlError};
pub use failure::StoreError;
pub use model::{
    Account, AccountId, Blocked, Brought, BroughtAccount, Claims, HeldNumber, LinkHash, NewAccount, RefreshHash,
    SignInId, TakenField, UnixMs, UsedLink,
};
pub use postgres::PostgresStore;
pub use sqlite::{Serving, SqliteStore};
pub use twilio::{
    Begun, Leg, LegEvent, LegStatus, NewTwilioCall, TalkCap, TwilioCall, TwilioCallKind, TwilioNumber, TwilioStore,
};

/// How the uniqueness of numbers is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uniqueness {
    /// No two users have the same national number, whatever their countries (the plan's rule).
    #[default]
    National,
    /// No two users have the same number with its country.
    Full,
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// The e-mail address has an account.
    #[error("the e-mail address has an account")]
    EmailTaken,
    /// The care4wId has an account: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a number was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetPhoneError {
    /// Somebody else has it.
    #[error("the number belongs to another account")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a claim that was proved.
#[derive(Debug, PartialEq, Eq)]
pub enum ProvedClaim {
    /// It is the account's number now; these accounts had or claimed it without proof, and no longer do.
    Committed(Vec<AccountId>),
    /// Another account proved it first.
    Taken,
    /// The account does not claim that number (any more).
    NotClaimed,
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// It was good; the new one is in its place.
    Rotated(SignInId, Box<Account>),
    /// It had been used: its sign-in was revoked now.
    Reused(SignInId),
    /// It is unknown, too old, or of a sign-in that was ended.
    Refused,
}

/// A call that begins: one row for each side.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// The call.
    pub call: CallId,
    /// Who calls.
    pub caller: (AccountId, Party),
    /// Who is called.
    pub callee: (AccountId, Party),
    /// When.
    pub started_at: UnixMs,
}

/// A missed call that its user has not heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldCall {
    /// The call.
    pub call: CallId,
    /// Who called.
    pub from: Party,
    /// When.
    pub started_at: UnixMs,
}

/// One page of a user's calls.
#[derive(Clone, Debug, Default)]
pub struct CallsPage {
    /// Not before this time.
    pub since: Option<UnixMs>,
    /// Only what is older than this row.
    pub before: Option<(UnixMs, String)>,
    /// At most so many.
    pub limit: u32,
}

/// Accounts, numbers, sign-ins and calls.
#[async_trait]
pub trait Store: TwilioStore {
    /// Answers if the database does.
    async fn ping(&self) -> Result<(), StoreError>;
    /// The key of that name, made by `make` the first time it is asked for.
    async fn secret(&self, name: &str, make: Vec<u8>) -> Result<Vec<u8>, StoreError>;
    /// Waits for what is being written and lets go of the database.
    async fn close(&self);

    /// Adds an account.
    async fn create_account(&self, new: NewAccount) -> Result<Account, CreateAccountError>;
    /// By id.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// Adds accounts that are brought over, without passwords, all at once; what became of each, in their order. None
    /// that is there is changed, and of two that want the same the first has it.
    async fn bring_accounts(&self, accounts: &[BroughtAccount]) -> Result<Vec<Brought>, StoreError>;
    /// What of these claims accounts with another id have.
    async fn taken(&self, claims: &Claims) -> Result<Vec<TakenField>, StoreError>;
    /// By e-mail address in lower case, with the password's hash: empty if there is none to sign in with.
    async fn account_by_email(&self, email: &str) -> Result<Option<(Account, String)>, StoreError>;
    /// By care4wId. Here and below: one who is not active is not found.
    async fn account_by_care4w_id(&self, id: &Care4wId) -> Result<Option<Account>, StoreError>;
    /// Everybody, oldest first.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;
    /// The hash of an account's password.
    async fn password_hash(&self, id: AccountId) -> Result<Option<String>, StoreError>;
    /// Replaces the password's hash, forgets links to another, and makes the account active.
    async fn set_password_hash(&self, id: AccountId, hash: &str) -> Result<(), StoreError>;
    /// Replaces the password's hash `old` by `new`, forgets links to another, and ends the account's sign-ins but `keep`: all
    /// at once. The sign-ins that ended; none if the hash is not `old` (any more), and nothing is changed then.
    async fn change_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
        keep: SignInId,
        now: UnixMs,
    ) -> Result<Option<Vec<SignInId>>, StoreError>;
    /// Keeps a one-time link to a new password for whoever has this e-mail address (in lower case) and is active; whether
    /// there is somebody.
    async fn add_password_link(&self, email: &str, link: LinkHash, now: UnixMs) -> Result<bool, StoreError>;
    /// Whether a link made at `oldest` or later can be used.
    async fn password_link_works(&self, link: LinkHash, oldest: UnixMs) -> Result<bool, StoreError>;
    /// Uses a link up: the account has the new password, no other links and no sign-ins. None if it does not work (any
    /// more).
    async fn use_password_link(
        &self,
        link: LinkHash,
        oldest: UnixMs,
        password_hash: &str,
        now: UnixMs,
    ) -> Result<Option<UsedLink>, StoreError>;
    /// Forgets links made before `oldest`.
    async fn forget_password_links(&self, oldest: UnixMs) -> Result<(), StoreError>;
    /// Changes what is named; the account as it is then, none if it is gone.
    async fn change_settings(&self, id: AccountId, change: &SettingsChange) -> Result<Option<Account>, StoreError>;
    /// Removes an account and all that belongs to it, its name from the histories of others, and the blocks of it.
    async fn delete_account(&self, id: AccountId) -> Result<bool, StoreError>;

    /// Sets an account's number, in place of the one it had; a claim is dropped.
    async fn set_phone(&self, id: AccountId, number: &HeldNumber, verified: bool) -> Result<(), SetPhoneError>;
    /// Notes the number that an account wants, in place of the one it wanted; `None` drops the claim.
    async fn claim_phone(&self, id: AccountId, number: Option<&HeldNumber>) -> Result<(), StoreError>;
    /// Makes the claim (or the unproved number) of an account its proved number, and takes it from everybody who has or
    /// claims it without proof.
    async fn prove_claim(&self, id: AccountId, number: &HeldNumber) -> Result<ProvedClaim, StoreError>;
    /// Removes an account's number and its claim.
    async fn remove_phone(&self, id: AccountId) -> Result<(), StoreError>;
    /// Who, other than this account, keeps the number from being set: `Some(true)` somebody who proved it, `Some(false)`
    /// somebody who did not.
    async fn phone_taken(&self, number: &HeldNumber, except: AccountId) -> Result<Option<bool>, StoreError>;
    /// Whoever has this care4wId, for the asker `by`. Here and in the next two: who has blocked the asker is not there, and
    /// the answer is found in the same time; oneself is reached.
    async fn reached_by_id(&self, id: &Care4wId, by: &Care4wId) -> Result<Option<Account>, StoreError>;
    /// The holder of exactly this number (E.164), for the asker `by`.
    async fn holder_of(&self, full: &str, by: &Care4wId) -> Result<Option<Account>, StoreError>;
    /// The one holder of a national number, if asked so among those who proved it; none where several share it, since a
    /// wrong person must never ring. For the asker `by`.
    async fn holder_of_national(
        &self,
        national: &str,
        proved: bool,
        by: &Care4wId,
    ) -> Result<Option<Account>, StoreError>;

    /// Blocks whoever has this care4wId or will have it; `false` if the account has blocked `most` others already (or is
    /// gone). Done anew it changes nothing but the name, if there is one.
    async fn block(
        &self,
        account: AccountId,
        blocked: &Care4wId,
        name: Option<&str>,
        now: UnixMs,
        most: usize,
    ) -> Result<bool, StoreError>;
    /// Lets them through again.
    async fn unblock(&self, account: AccountId, blocked: &Care4wId) -> Result<(), StoreError>;
    /// Whom an account has blocked, newest first.
    async fn blocked(&self, account: AccountId) -> Result<Vec<Blocked>, StoreError>;

    /// Begins a sign-in with its first refresh token.
    async fn sign_in(&self, account: AccountId, first: RefreshHash, now: UnixMs) -> Result<SignInId, StoreError>;
    /// The account of a sign-in that was not ended.
    async fn signed_in(&self, id: SignInId) -> Result<Option<Account>, StoreError>;
    /// Uses a refresh token up and puts the next in its place. `oldest` is the oldest creation that still counts.
    async fn rotate(
        &self,
        used: RefreshHash,
        next: RefreshHash,
        now: UnixMs,
        oldest: UnixMs,
    ) -> Result<Rotation, StoreError>;
    /// Ends one sign-in.
    async fn revoke(&self, id: SignInId, now: UnixMs) -> Result<(), StoreError>;
    /// Ends an account's sign-ins, all but `except`; those that were ended.
    async fn revoke_all(
        &self,
        account: AccountId,
        except: Option<SignInId>,
        now: UnixMs,
    ) -> Result<Vec<SignInId>, StoreError>;
    /// Forgets refresh tokens made before `oldest` and the sign-ins that have none left.
    async fn forget_sign_ins(&self, oldest: UnixMs) -> Result<(), StoreError>;

    /// A call begins; for the callee it counts as missed until it is answered.
    async fn call_started(&self, call: &NewCall) -> Result<(), StoreError>;
    /// It was answered.
    async fn call_answered(&self, call: CallId, callee: AccountId) -> Result<(), StoreError>;
    /// It is over. `told` says whether a device of the callee has shown it.
    async fn call_over(
        &self,
        call: CallId,
        callee: AccountId,
        talked_secs: Option<u64>,
        told: bool,
    ) -> Result<(), StoreError>;
    /// It gave way to another call and is none of its own: out of both histories.
    async fn call_merged(&self, call: CallId) -> Result<(), StoreError>;
    /// At start: calls that were under way when the server stopped are over; who rang in vain was missed. Calls over Twilio
    /// go on without the server.
    async fn finish_interrupted_calls(&self) -> Result<(), StoreError>;
    /// The missed calls that this user has not heard of, oldest first. Here and in [`Store::calls`] the name of somebody
    /// who has blocked this user after the call is "Deleted account", as it is when they are gone.
    async fn untold_calls(&self, account: AccountId) -> Result<Vec<UntoldCall>, StoreError>;
    /// The user has heard of it.
    async fn call_told(&self, account: AccountId, call: CallId) -> Result<(), StoreError>;
    /// A page of a user's calls, newest first, with the times of their beginning.
    async fn calls(&self, account: AccountId, page: &CallsPage) -> Result<Vec<(UnixMs, CallRecord)>, StoreError>;
}
