//! What Twilio asks and tells. Nothing is believed without its signature.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::app::App;
use crate::error::Problem;
use crate::twilio::webhook::Webhook;
use crate::twilio::{progress, voice};

/// Twilio asks what to do with a call. The answer is TwiML.
#[utoipa::path(post, path = "/webhooks/twilio/voice", tag = "twilio",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Signed by Twilio"),
    responses((status = 200, description = "TwiML", body = String, content_type = "application/xml"),
        (status = 403, description = "FORBIDDEN: not signed by Twilio"),
        (status = 503, description = "TWILIO_NOT_ACTIVE, or UNAVAILABLE")))]
pub async fn voice(State(app): State<App>, webhook: Webhook) -> Result<impl IntoResponse, Problem> {
    let twilio = app.twilio.as_ref().ok_or_else(Problem::twilio_not_active)?;
    let twiml = voice::answer(&app, twilio, &webhook).await?;
    Ok(([(header::CONTENT_TYPE, "application/xml")], twiml.xml()))
}

/// Twilio tells how a call goes on. Told twice, late or in another order it does no harm.
#[utoipa::path(post, path = "/webhooks/twilio/status", tag = "twilio",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded", description = "Signed by Twilio"),
    responses((status = 204, description = "Taken"), (status = 403, description = "FORBIDDEN: not signed by Twilio"),
        (status = 503, description = "TWILIO_NOT_ACTIVE, or UNAVAILABLE")))]
pub async fn status(State(app): State<App>, webhook: Webhook) -> Result<StatusCode, Problem> {
    let twilio = app.twilio.as_ref().ok_or_else(Problem::twilio_not_active)?;
    progress::told(&app, twilio, &webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}
