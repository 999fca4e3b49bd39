//! The error codes that the server sends and a client matches on.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $status:literal;)*) => {
        /// A stable code of a failed request. Clients match on this and on nothing else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant),*];

            /// The code as it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $text),* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status),* }
            }
        }
    };
}

codes! {
    /// A field is missing, of the wrong type, or outside its limits.
    Validation = "VALIDATION_ERROR", 400;
    /// The phone number cannot be one.
    InvalidPhone = "INVALID_PHONE", 400;
    /// The verification code is wrong.
    InvalidCode = "INVALID_CODE", 400;
    /// E-mail address and password do not go together.
    InvalidCredentials = "INVALID_CREDENTIALS", 401;
    /// No access token, or one that is wrong or too old: refresh and try again.
    Unauthorized = "UNAUTHORIZED", 401;
    /// The sign-in was ended (signed out, or a refresh token was used twice): sign in again.
    SessionRevoked = "SESSION_REVOKED", 401;
    /// Not allowed.
    Forbidden = "FORBIDDEN", 403;
    /// There is no such thing.
    NotFound = "NOT_FOUND", 404;
    /// The path exists, the method does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// The body did not come in time.
    RequestTimeout = "REQUEST_TIMEOUT", 408;
    /// An account with this e-mail address exists.
    EmailAlreadyExists = "EMAIL_ALREADY_EXISTS", 409;
    /// The number belongs to another account.
    PhoneAlreadyExists = "PHONE_ALREADY_EXISTS", 409;
    /// The verification code is too old.
    CodeExpired = "CODE_EXPIRED", 410;
    /// The body or frame is larger than [`crate::limits`] allows.
    TooLarge = "TOO_LARGE", 413;
    /// The body is not JSON by its content type.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415;
    /// Too many requests: `Retry-After` says when to come back.
    RateLimited = "RATE_LIMITED", 429;
    /// Our fault.
    Internal = "INTERNAL_ERROR", 500;
    /// Named in the contract, not built yet.
    NotAvailable = "NOT_AVAILABLE", 501;
    /// The server is starting, draining or without its database.
    Unavailable = "UNAVAILABLE", 503;
    /// Twilio is not set up on this server.
    TwilioNotActive = "TWILIO_NOT_ACTIVE", 503;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `error` object of a failed request: a code for programs, a sentence for people, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, utoipa::ToSchema)]
#[error("{message}")]
pub struct ApiError {
    /// What went wrong.
    pub code: ErrorCode,
    /// One sentence that a user may read. It never echoes what was sent.
    pub message: String,
}

impl ApiError {
    /// An error with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_itself() {
        for &code in ErrorCode::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        }
    }

    #[test]
    fn an_error_body_holds_a_code_and_a_message_and_nothing_else() {
        let json = serde_json::to_value(ApiError::new(ErrorCode::RateLimited, "Wait.")).unwrap();
        assert_eq!(json, serde_json::json!({"code": "RATE_LIMITED", "message": "Wait."}));
    }
}
