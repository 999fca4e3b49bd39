//! The bodies of the REST interface under `/api`.
//!
//! A success is [`Success`], a failure [`Failure`]. Unknown fields are ignored; a wrong type is the server's 400.

use care4w_phone::Care4wId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ApiError;

/// `{"success":true,"data":…}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Success<T> {
    /// Always `true`.
    pub success: bool,
    /// What was asked for.
    pub data: T,
}

impl<T> Success<T> {
    /// Wraps the data.
    pub fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

/// `{"success":false,"error":{"code":…,"message":…}}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// Always `false`.
    pub success: bool,
    /// What went wrong.
    pub error: ApiError,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { success: false, error }
    }
}

/// Whether and how the server proves that a number belongs to its user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// A saved number counts at once.
    #[default]
    Off,
    /// The code is written to the server's log: for trying it out.
    Log,
    /// Twilio Verify sends the code.
    Twilio,
}

/// `GET /config`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerConfig {
    /// ISO 3166-1 alpha-2 region in which national numbers are read when nothing better is known.
    pub default_region: String,
    /// How numbers are verified.
    pub verification: Verification,
    /// Whether calls go over Twilio Voice.
    pub twilio_active: bool,
    /// The id of an account that answers and plays back what it hears, where there is one.
    #[schema(value_type = Option<String>)]
    pub echo_line: Option<Care4wId>,
    /// The server's version.
    pub version: String,
}

/// `POST /auth/register`
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    /// E-mail address, at most 254 characters; upper and lower case are one.
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256)]
    pub password: String,
    /// 1 to 80 characters, as others will read it.
    #[schema(min_length = 1, max_length = 80)]
    pub display_name: String,
}

/// `POST /auth/login`
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct LoginRequest {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// `POST /auth/refresh`, `POST /auth/logout`
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshRequest {
    /// The last refresh token that was handed out. Each works once.
    pub refresh_token: String,
}

/// `POST /auth/password`
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct PasswordRequest {
    /// The password until now.
    pub current: String,
    /// The password from now on, 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256)]
    pub next: String,
}

/// `POST /auth/forgot`
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct ForgotRequest {
    /// E-mail address.
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
}

/// `POST /auth/reset`
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct ResetRequest {
    /// What stands behind the `#` of the link.
    pub token: String,
    /// The password from now on, 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256)]
    pub password: String,
}

/// Who somebody is to themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The account's id.
    pub id: String,
    /// E-mail address, lower case.
    pub email: String,
    /// Name as others read it.
    pub display_name: String,
    /// The id by which anybody can call this user.
    #[schema(value_type = String)]
    pub care4w_id: Care4wId,
}

/// Answer of register and login.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// Who signed in.
    pub user: User,
    /// Bearer token of the other calls.
    pub access_token: String,
    /// Gets the next pair; works once.
    pub refresh_token: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
}

/// Answer of refresh.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refreshed {
    /// Bearer token of the other calls.
    pub access_token: String,
    /// Gets the next pair; works once.
    pub refresh_token: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
}

/// Who may find a user by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Discoverable {
    /// Anybody who types the number.
    #[default]
    Everyone,
    /// Nobody: the number reaches no one.
    Nobody,
}

/// A user's settings as the server keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// E.164, or null for a user who gave none. For who has none yet, the one that waits to be proved.
    pub personal_phone_number: Option<String>,
    /// Whether the number was proved (always true for a number with verification off).
    pub phone_verified: bool,
    /// The number that waits to be proved by its code, E.164; it is only there with verification on. It may differ from
    /// `personalPhoneNumber`, which counts until the new one is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_phone_number: Option<String>,
    /// The user's id.
    #[schema(value_type = String)]
    pub care4w_id: Care4wId,
    /// Name as others read it.
    pub display_name: String,
    /// Who may find the user by number.
    pub discoverable_by_phone: Discoverable,
}

/// Answer of `GET` and `PATCH /users/settings`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsAnswer {
    /// The settings as they stand now.
    pub settings: Settings,
}

/// `PATCH /users/settings`: only what is there is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChange {
    /// New name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// New choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discoverable_by_phone: Option<Discoverable>,
}

/// `POST /users/phone/check`, `PATCH /users/phone`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneRequest {
    /// As typed or E.164.
    pub phone_number: String,
    /// Calling code (`254`) or region (`KE`) in which a number without `+` is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
}

/// Answer of `POST /users/phone/check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneAvailability {
    /// Whether this user may have the number. One's own number is available.
    pub available: bool,
    /// There, and true, when another account has the number without having proved it: who proves it gets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claimable: bool,
    /// The same as a sentence.
    pub message: String,
}

/// Answer of `GET`, `PATCH` and `DELETE /users/phone` and of `POST /users/phone/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneAnswer {
    /// E.164, or null. For who has none yet, and in the answer to a claim, the one that waits to be proved.
    pub personal_phone_number: Option<String>,
    /// Whether that number was proved.
    pub phone_verified: bool,
    /// The number that waits to be proved by its code, E.164; only there with verification on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_phone_number: Option<String>,
    /// What happened, as a sentence.
    pub message: String,
}

/// `POST /users/phone/verify`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct VerifyRequest {
    /// The six digits that were sent.
    pub code: String,
}

/// How a number was matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Country and number: exactly this number's holder.
    Full,
    /// The national number alone, held in another country: ask before ringing.
    National,
}

/// Answer of `GET /users/lookup/phone`: somebody or nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneLookup {
    /// Whether a user has the number. The other fields are there only if so.
    pub exists: bool,
    /// The id to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub care4w_id: Option<Care4wId>,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether it is the asking user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_self: Option<bool>,
    /// How it was matched.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<Match>,
    /// Region of the number that was found, ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl PhoneLookup {
    /// Nobody has the number.
    pub fn nobody() -> Self {
        Self { exists: false, care4w_id: None, display_name: None, is_self: None, matched: None, region: None }
    }
}

/// Answer of `GET /users/lookup?care4wId=…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdLookup {
    /// Whether there is such a user.
    pub exists: bool,
    /// The id in its canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub care4w_id: Option<Care4wId>,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// One STUN or TURN server (the shape of `RTCIceServer`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IceServer {
    /// `stun:` and `turn:` addresses.
    pub urls: Vec<String>,
    /// TURN user name; it carries the time until which it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// TURN password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Answer of `GET /ice`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceAnswer {
    /// The servers to gather candidates from; none on a server without TURN.
    pub ice_servers: Vec<IceServer>,
    /// Seconds for which the credentials work.
    pub ttl: u64,
}

/// How a call ended for the user who asks for their calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// Placed by this user.
    Made,
    /// Received and answered.
    Got,
    /// Received and not answered.
    Missed,
}

/// One row of `GET /calls`. `Debug` shows neither number nor name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// The call's id.
    pub call_id: String,
    /// Made, got or missed.
    pub kind: CallKind,
    /// The other one's id; null for a telephone number without a user.
    #[schema(value_type = Option<String>)]
    pub care4w_id: Option<Care4wId>,
    /// The other one's number (E.164) in a call over the telephone network, unless it was withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The other one's name, or their number as it is written internationally.
    pub display_name: String,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// Seconds of talk, null for a call that was not answered.
    pub duration_secs: Option<u64>,
}

impl std::fmt::Debug for CallRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallRecord").field("call_id", &self.call_id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Answer of `GET /calls?since=…`: newest first, paged by `next`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallsAnswer {
    /// The calls of this page.
    pub calls: Vec<CallRecord>,
    /// Pass as `before` to get the next page; null on the last one.
    pub next: Option<String>,
}

/// `PUT /users/blocks/{care4wId}`
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockRequest {
    /// What the blocker calls the blocked, at most 80 characters; it is the blocker's own label and is kept as sent. The
    /// server fills in nothing of its own, or the list would tell whether an id exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 80)]
    pub display_name: Option<String>,
}

/// Somebody whom a user has blocked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedPerson {
    /// The id; whether somebody has it is not said.
    #[schema(value_type = String)]
    pub care4w_id: Care4wId,
    /// What the blocker calls them, null if no name was given.
    pub display_name: Option<String>,
    /// When, RFC 3339 in UTC.
    pub blocked_at: String,
}

impl std::fmt::Debug for BlockedPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlockedPerson(<redacted>)")
    }
}

/// Answer of `GET /users/blocks`, and of `PUT` and `DELETE /users/blocks/{care4wId}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockedAnswer {
    /// The blocked as they are now, newest first.
    pub blocked: Vec<BlockedPerson>,
}

/// Answer of calls that have nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// What happened, as a sentence.
    pub message: String,
}
