use axum::extract::State;
use care4w_protocol::rest::{PhoneAnswer, PhoneAvailability, PhoneRequest, Success, Verification};

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, Caller, From};
use crate::limits::Asked;
use crate::numbers;
use crate::store::{Account, HeldNumber};

fn requested(app: &App, account: &Account, request: &PhoneRequest) -> Result<HeldNumber, Problem> {
    let hint = numbers::hinted(request.country_code.as_deref())?;
    let region = numbers::reading_region(hint, account, app.config.default_region);
    Ok(HeldNumber::from(&numbers::read(&request.phone_number, region)?.number))
}

/// What an account's number is, with what happened.
pub fn answer(app: &App, account: &Account, message: &str) -> Answer<PhoneAnswer> {
    let verification = app.config.verification;
    let full = |number: &HeldNumber| number.full.clone();
    ok(PhoneAnswer {
        personal_phone_number: account.shown_number(verification).map(full),
        phone_verified: account.counts(verification),
        pending_phone_number: account.pending(verification).map(full),
        message: message.to_owned(),
    })
}

/// Whether this user may have the number. Costs one of the lookup budget unless it is one's own or was asked today.
#[utoipa::path(post, path = "/users/phone/check", tag = "phone number", security(("bearer" = [])), request_body = PhoneRequest,
    responses((status = 200, body = Success<PhoneAvailability>), (status = 429, description = "RATE_LIMITED")))]
pub async fn check(
    State(app): State<App>,
    caller: Caller,
    From(from): From,
    Body(request): Body<PhoneRequest>,
) -> Answer<PhoneAvailability> {
    let number = requested(&app, &caller.account, &request)?;
    if caller.account.phone.as_ref() == Some(&number) {
        return ok(availability(true, false, "This is your phone number."));
    }
    app.ask(&caller.account, from, Asked::Number(&number.full))?;
    let taken = app.store.phone_taken(&number, caller.account.id).await?;
    ok(match (taken, app.config.verification) {
        (None, _) => availability(true, false, "Phone number is available"),
        (Some(false), Verification::Log | Verification::Twilio) => availability(
            true,
            true,
            "This phone number belongs to another account. If it is yours, verify it to claim it.",
        ),
        (Some(_), _) => availability(false, false, "This phone number belongs to another account."),
    })
}

fn availability(available: bool, claimable: bool, message: &str) -> PhoneAvailability {
    PhoneAvailability { available, claimable, message: message.to_owned() }
}

/// The user's number.
#[utoipa::path(get, path = "/users/phone", tag = "phone number", security(("bearer" = [])),
    responses((status = 200, body = Success<PhoneAnswer>)))]
pub async fn get(State(app): State<App>, caller: Caller) -> Answer<PhoneAnswer> {
    let account = &caller.account;
    let message = match (account.pending(app.config.verification), &account.phone) {
        (Some(_), _) => "Your phone number waits to be verified.",
        (None, Some(_)) => "This is your phone number.",
        (None, None) => "You have not set a phone number.",
    };
    answer(&app, account, message)
}

const UPDATED: &str = "Phone number updated successfully";

/// Sets the user's number. At most five changes a day; it costs one of the lookup budget unless the number was asked today,
/// as by a check. With verification on it is a claim: a code is sent to the number, which answers `phoneVerified: false` and reaches nobody until
/// `POST /users/phone/verify`; the number that the user had stays theirs until then. Saving the same number again sends
/// another code.
#[utoipa::path(patch, path = "/users/phone", tag = "phone number", security(("bearer" = [])), request_body = PhoneRequest,
    responses((status = 200, body = Success<PhoneAnswer>), (status = 409, description = "PHONE_ALREADY_EXISTS"), (status = 429, description = "RATE_LIMITED"),
        (status = 403, description = "FORBIDDEN: no codes are sent to this country"),
        (status = 503, description = "UNAVAILABLE: no code can be sent at the moment")))]
pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    From(from): From,
    Body(request): Body<PhoneRequest>,
) -> Answer<PhoneAnswer> {
    let Caller { mut account, sign_in } = caller;
    let verification = app.config.verification;
    let number = requested(&app, &account, &request)?;
    if account.phone.as_ref() == Some(&number) && account.counts(verification) {
        if account.claim.take().is_some() {
            app.store.claim_phone(account.id, None).await?;
            app.exchange.settings_changed(account.id, sign_in);
        }
        return answer(&app, &account, UPDATED);
    }
    if verification != Verification::Off && account.pending(verification) == Some(&number) {
        app.send_code(&account, &number).await?;
        return claimed(number);
    }
    // Both are taken before, so that many at once learn no more than one after another. That it was free tells as much as
    // that it was taken.
    app.allow_number_change(account.id)?;
    let paid = app.ask(&account, from, Asked::Number(&number.full));
    let done = match (paid, verification) {
        (Err(problem), _) => Err(problem),
        (Ok(()), Verification::Off) => app.store.set_phone(account.id, &number, false).await.map_err(Problem::from),
        (Ok(()), Verification::Log | Verification::Twilio) => claim(&app, &account, &number).await,
    };
    if let Err(problem) = done {
        app.number_was_not_changed(account.id);
        return Err(problem);
    }
    app.exchange.settings_changed(account.id, sign_in);
    if verification != Verification::Off {
        return claimed(number);
    }
    account.phone = Some(number);
    answer(&app, &account, UPDATED)
}

/// Only who proved a number keeps others from claiming it.
async fn claim(app: &App, account: &Account, number: &HeldNumber) -> Result<(), Problem> {
    if app.store.phone_taken(number, account.id).await? == Some(true) {
        return Err(Problem::phone_exists());
    }
    app.send_code(account, number).await?;
    Ok(app.store.claim_phone(account.id, Some(number)).await?)
}

/// The answer to a claim is about the number that is claimed, also for who still has another.
fn claimed(number: HeldNumber) -> Answer<PhoneAnswer> {
    ok(PhoneAnswer {
        personal_phone_number: Some(number.full.clone()),
        phone_verified: false,
        pending_phone_number: Some(number.full),
        message: "A code was sent to the number. It is yours once you have entered the code.".into(),
    })
}

/// Removes the user's number, and the one that waits to be verified. It is free at once.
#[utoipa::path(delete, path = "/users/phone", tag = "phone number", security(("bearer" = [])),
    responses((status = 200, body = Success<PhoneAnswer>)))]
pub async fn delete(State(app): State<App>, caller: Caller) -> Answer<PhoneAnswer> {
    let Caller { account, sign_in } = caller;
    app.store.remove_phone(account.id).await?;
    app.exchange.settings_changed(account.id, sign_in);
    answer(&app, &Account { phone: None, claim: None, ..account }, "The phone number was removed.")
}
