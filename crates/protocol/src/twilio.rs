//! Bodies of the routes about Twilio, and how "ring my phone" goes on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::CallId;

/// Answer of `GET /token`. `Debug` hides the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TwilioToken {
    /// An access token for Twilio Voice: a JWT (TWILIO.md §8).
    pub token: String,
    /// Whom Twilio knows the user as: `care4w_ABC1234` for `care4w-ABC1234`.
    pub identity: String,
    /// Seconds until the token ends.
    pub expires_in: u64,
    /// Twilio's edge that this server's operator chose, such as `dublin`; the client's choice where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    /// Another gateway than Twilio's own: the whole `ws`/`wss` address, for doubles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

impl std::fmt::Debug for TwilioToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TwilioToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// `POST /twilio/ring`: ring my phone, then the destination. `Debug` hides the destination.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RingRequest {
    /// A phone number, as typed or E.164. A number without a country is read in `countryCode`'s region, else that of
    /// one's own number.
    #[schema(max_length = 250)]
    pub to: String,
    /// Calling code (`254`) or region (`KE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// The number that the destination sees: one's own, or one that the server's operator gave out. The server's choice
    /// where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 250)]
    pub caller_id: Option<String>,
}

impl std::fmt::Debug for RingRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RingRequest(<redacted>)")
    }
}

/// A call by "ring my phone": answer of `POST`, `GET` and `DELETE /twilio/ring…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhoneCall {
    /// Its id, the same as in the history and in `PhoneCall` messages.
    #[schema(value_type = String)]
    pub call: CallId,
    /// How far it is.
    #[serde(flatten)]
    pub progress: PhoneCallProgress,
}

/// How far "ring my phone" is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum PhoneCallProgress {
    /// Twilio is to call the user's own phone.
    CallingYou,
    /// The user's own phone rings.
    RingingYou,
    /// The user picked up, the destination is being called.
    CallingThem,
    /// The destination rings.
    RingingThem,
    /// The two talk.
    Connected,
    /// It is over.
    Ended {
        /// Why.
        reason: PhoneCallEnd,
    },
}

/// Why a call by "ring my phone" is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PhoneCallEnd {
    /// The two have talked.
    Finished,
    /// The user took it back, or hung up before the destination answered.
    Cancelled,
    /// The user's own phone was not answered.
    YouDidNotAnswer,
    /// The user's own phone was busy.
    YouWereBusy,
    /// The destination was busy, or declined.
    Busy,
    /// The destination did not answer.
    NoAnswer,
    /// The telephone network could not put it through.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_call_is_flat_on_the_wire() {
        let ended = PhoneCallProgress::Ended { reason: PhoneCallEnd::YouDidNotAnswer };
        let call = PhoneCall { call: CallId::from_u128(1), progress: ended };
        let json = serde_json::to_value(&call).unwrap();
        let id = "00000000-0000-0000-0000-000000000001";
        assert_eq!(json, serde_json::json!({"call": id, "state": "ended", "reason": "youDidNotAnswer"}));
        assert_eq!(serde_json::from_value::<PhoneCall>(json).unwrap(), call);
    }

    #[test]
    fn a_token_and_a_destination_are_shown_to_nobody() {
        let token = TwilioToken {
            token: "hush".into(),
            identity: "care4w_ABC1234".into(),
            expires_in: 1,
            edge: None,
            gateway: None,
        };
        let ring = RingRequest { to: "+254712345678".into(), country_code: None, caller_id: None };
        let shown = format!("{token:?} {ring:?}");
        assert!(!shown.contains("hush") && !shown.contains("7123"), "{shown}");
    }
}
