//! What a request gets when it does not succeed: the fitting status and `{"success":false,"error":{code,message}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use care4w_protocol::rest::Failure;
use care4w_protocol::{ApiError, ErrorCode};

use crate::accounts::PasswordError;
use crate::limits::Wait;
use crate::store::{SetPhoneError, StoreError};

/// A failed request.
#[derive(Debug)]
pub struct Problem {
    error: ApiError,
    retry_after: Option<u64>,
}

impl Problem {
    /// A code with its sentence.
    pub fn new(code: ErrorCode, message: &'static str) -> Self {
        Self { error: ApiError::new(code, message), retry_after: None }
    }

    /// Something in the request is not as it should be.
    pub fn validation(message: &'static str) -> Self {
        Self::new(ErrorCode::Validation, message)
    }

    /// The number cannot be one; `why` is a fixed sentence.
    pub fn invalid_phone(why: String) -> Self {
        Self { error: ApiError::new(ErrorCode::InvalidPhone, why), retry_after: None }
    }

    /// No access token, or one that is no good.
    pub fn unauthorized() -> Self {
        Self::new(ErrorCode::Unauthorized, "Sign in first: there is no valid access token.")
    }

    /// The sign-in is over.
    pub fn session_revoked() -> Self {
        Self::new(ErrorCode::SessionRevoked, "This sign-in was ended. Sign in again.")
    }

    /// E-mail address and password do not go together.
    pub fn invalid_credentials() -> Self {
        Self::new(ErrorCode::InvalidCredentials, "E-mail address or password is wrong.")
    }

    /// Somebody else has the number.
    pub fn phone_exists() -> Self {
        Self::new(ErrorCode::PhoneAlreadyExists, "This phone number belongs to another account.")
    }

    /// No number waits to be verified.
    pub fn nothing_claimed() -> Self {
        Self::new(ErrorCode::NotFound, "There is no number to verify. Save one first.")
    }

    /// There is no such path.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "There is nothing here.")
    }

    /// The user has talked to numbers long enough today.
    pub fn minutes_used_up(wait: Wait) -> Self {
        Self {
            error: ApiError::new(ErrorCode::RateLimited, "You have used up your minutes for today."),
            retry_after: Some(wait.seconds()),
        }
    }

    /// Twilio is not set up.
    pub fn twilio_not_active() -> Self {
        Self::new(ErrorCode::TwilioNotActive, "Calls over Twilio are not set up on this server.")
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }

    /// Code and sentence, for a signalling frame.
    pub fn into_error(self) -> ApiError {
        self.error
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self { error, retry_after: None }
    }
}

impl From<Wait> for Problem {
    fn from(wait: Wait) -> Self {
        Self {
            error: ApiError::new(ErrorCode::RateLimited, "Too many requests. Try again later."),
            retry_after: Some(wait.seconds()),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store does not answer");
            return Self::new(ErrorCode::Unavailable, "The server cannot answer now. Try again later.");
        }
        // Whoever asks was signed in when the request began.
        if matches!(error, StoreError::Gone(_)) {
            return Self::session_revoked();
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        Self::new(ErrorCode::Internal, "Something went wrong on the server.")
    }
}

impl From<SetPhoneError> for Problem {
    fn from(error: SetPhoneError) -> Self {
        match error {
            SetPhoneError::Taken => Self::phone_exists(),
            SetPhoneError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "passwords cannot be checked");
        Self::new(ErrorCode::Internal, "Something went wrong on the server.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(Failure::from(self.error))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
