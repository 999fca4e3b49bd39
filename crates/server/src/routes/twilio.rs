//! Calls over Twilio, for the user's own devices: access tokens, and "ring my phone".

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use care4w_protocol::CallId;
use care4w_protocol::rest::Success;
use care4w_protocol::twilio::{PhoneCall, RingRequest, TwilioToken};

use super::{Answer, ok};
use crate::app::{App, Shared};
use crate::clock;
use crate::error::Problem;
use crate::extract::{Body, Caller, PathText};
use crate::twilio::{TwilioVoice, access_token, ring};

fn active(app: &Shared) -> Result<&TwilioVoice, Problem> {
    app.twilio.as_ref().ok_or_else(Problem::twilio_not_active)
}

/// A Twilio access token, with which the user's device calls and is called for an hour.
#[utoipa::path(get, path = "/token", tag = "twilio", security(("bearer" = [])),
    responses((status = 200, body = Success<TwilioToken>), (status = 503, description = "TWILIO_NOT_ACTIVE")))]
pub async fn token(State(app): State<App>, caller: Caller) -> Answer<TwilioToken> {
    let settings = active(&app)?.settings();
    let id = &caller.account.care4w_id;
    let token = access_token::make(settings, id, clock::unix_ms()).map_err(|_| {
        tracing::error!("an access token for Twilio cannot be made");
        Problem::new(care4w_protocol::ErrorCode::Internal, "Something went wrong on the server.")
    })?;
    ok(TwilioToken {
        token,
        identity: access_token::identity(id),
        expires_in: settings.token_seconds,
        edge: settings.edge.clone(),
        gateway: settings.gateway.clone(),
    })
}

/// Rings the user's own verified phone and, once it is answered, calls the destination with sound on the phone. How it
/// goes on is told over signalling (`phoneCall`).
#[utoipa::path(post, path = "/twilio/ring", tag = "twilio", security(("bearer" = [])), request_body = RingRequest,
    responses((status = 201, body = Success<PhoneCall>),
        (status = 403, description = "FORBIDDEN: no verified number, a destination that is not called, or a number that is not one's own"),
        (status = 429, description = "RATE_LIMITED: the minutes of the day are used up"),
        (status = 503, description = "TWILIO_NOT_ACTIVE, or UNAVAILABLE")))]
pub async fn begin(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<RingRequest>,
) -> Result<(StatusCode, Json<Success<PhoneCall>>), Problem> {
    let begun = ring::begin(&app, active(&app)?, &caller.account, &wanted).await?;
    Ok((StatusCode::CREATED, Json(Success::new(begun))))
}

/// How such a call is.
#[utoipa::path(get, path = "/twilio/ring/{call}", tag = "twilio", security(("bearer" = [])),
    params(("call" = String, Path, description = "The call's id, a UUID",
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")),
    responses((status = 200, body = Success<PhoneCall>), (status = 404, description = "NOT_FOUND"),
        (status = 503, description = "TWILIO_NOT_ACTIVE")))]
pub async fn find(State(app): State<App>, caller: Caller, PathText(call): PathText) -> Answer<PhoneCall> {
    active(&app)?;
    ok(ring::find(&app, &caller.account, read(&call)?).await?)
}

/// Takes such a call back, or hangs up. One that is over stays as it is.
#[utoipa::path(delete, path = "/twilio/ring/{call}", tag = "twilio", security(("bearer" = [])),
    params(("call" = String, Path, description = "The call's id, a UUID",
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")),
    responses((status = 200, body = Success<PhoneCall>), (status = 404, description = "NOT_FOUND"),
        (status = 429, description = "RATE_LIMITED"), (status = 503, description = "TWILIO_NOT_ACTIVE, or UNAVAILABLE")))]
pub async fn cancel(State(app): State<App>, caller: Caller, PathText(call): PathText) -> Answer<PhoneCall> {
    ok(ring::cancel(&app, active(&app)?, &caller.account, read(&call)?).await?)
}

fn read(call: &str) -> Result<CallId, Problem> {
    call.parse().map_err(|_| Problem::validation("A call's id is a UUID."))
}
