use axum::extract::State;
use care4w_protocol::rest::{Done, PhoneAnswer, Success, Verification, VerifyRequest};

use super::phone::answer;
use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, Caller};
use crate::store::{Account, HeldNumber, ProvedClaim};
use crate::verification::VerifyError;

/// The number that waits, or why none does.
fn pending(app: &App, account: &Account) -> Result<HeldNumber, Problem> {
    let verification = app.config.verification;
    if verification == Verification::Off {
        return Err(VerifyError::Off.into());
    }
    account.pending(verification).cloned().ok_or_else(Problem::nothing_claimed)
}

/// Proves the claimed number by the code that was sent to it: from now on it is the user's and answers lookups. Who had or
/// claimed it without proof loses it. A code holds ten minutes and proves once; after five wrong ones everything waits
/// until it has expired. Not available while `verification` is `off` (see `GET /config`).
#[utoipa::path(post, path = "/users/phone/verify", tag = "phone number", security(("bearer" = [])), request_body = VerifyRequest,
    responses((status = 200, body = Success<PhoneAnswer>),
        (status = 400, description = "INVALID_CODE, or VALIDATION_ERROR"),
        (status = 404, description = "NOT_FOUND: no number waits to be verified"),
        (status = 409, description = "PHONE_ALREADY_EXISTS: another account proved it first"),
        (status = 410, description = "CODE_EXPIRED"), (status = 429, description = "RATE_LIMITED"),
        (status = 501, description = "NOT_AVAILABLE: verification is off"),
        (status = 503, description = "UNAVAILABLE: the code cannot be checked at the moment")))]
pub async fn verify(State(app): State<App>, caller: Caller, Body(request): Body<VerifyRequest>) -> Answer<PhoneAnswer> {
    let Caller { account, sign_in } = caller;
    let number = pending(&app, &account)?;
    app.check_code(&account, &number, request.code.trim()).await?;
    match app.store.prove_claim(account.id, &number).await? {
        ProvedClaim::Committed(displaced) => {
            for lost in displaced {
                // This sign-in is none of theirs: all of their devices are told.
                app.exchange.settings_changed(lost, sign_in);
            }
            app.exchange.settings_changed(account.id, sign_in);
            let account = Account { phone: Some(number), phone_verified: true, claim: None, ..account };
            answer(&app, &account, "Your phone number is verified.")
        }
        ProvedClaim::Taken => Err(Problem::phone_exists()),
        ProvedClaim::NotClaimed => Err(Problem::nothing_claimed()),
    }
}

/// Sends another code to the claimed number; the one before holds no more. At most five in ten minutes. Not available
/// while `verification` is `off`.
#[utoipa::path(post, path = "/users/phone/verify/send", tag = "phone number", security(("bearer" = [])),
    responses((status = 200, body = Success<Done>),
        (status = 400, description = "INVALID_PHONE: the number cannot get a code"),
        (status = 403, description = "FORBIDDEN: no codes are sent to this country"),
        (status = 404, description = "NOT_FOUND: no number waits to be verified"),
        (status = 429, description = "RATE_LIMITED"),
        (status = 501, description = "NOT_AVAILABLE: verification is off"),
        (status = 503, description = "UNAVAILABLE: no code can be sent at the moment")))]
pub async fn send(State(app): State<App>, caller: Caller) -> Answer<Done> {
    let number = pending(&app, &caller.account)?;
    app.send_code(&caller.account, &number).await?;
    ok(Done { message: "Another code was sent.".into() })
}
