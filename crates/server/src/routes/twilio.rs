use crate::error::Problem;
use crate::extract::Caller;

/// A Twilio access token.
#[utoipa::path(get, path = "/token", tag = "twilio", security(("bearer" = [])),
    responses((status = 503, description = "TWILIO_NOT_ACTIVE")))]
pub async fn token(_caller: Caller) -> Problem {
    Problem::twilio_not_active()
}

/// Twilio asks what to do with a call.
#[utoipa::path(post, path = "/webhooks/twilio/voice", tag = "twilio",
    responses((status = 503, description = "TWILIO_NOT_ACTIVE")))]
pub async fn voice() -> Problem {
    Problem::twilio_not_active()
}

/// Twilio tells how a call went on.
#[utoipa::path(post, path = "/webhooks/twilio/status", tag = "twilio",
    responses((status = 503, description = "TWILIO_NOT_ACTIVE")))]
pub async fn status() -> Problem {
    Problem::twilio_not_active()
}
