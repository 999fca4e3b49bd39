use axum::extract::State;
use care4w_protocol::rest::{PhoneAnswer, PhoneAvailability, PhoneRequest, Success};

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, Caller, From};
use crate::limits::Asked;
use crate::numbers;
use crate::store::{Account, HeldNumber, SetPhoneError};

fn requested(app: &App, account: &Account, request: &PhoneRequest) -> Result<HeldNumber, Problem> {
    let hint = numbers::hinted(request.country_code.as_deref())?;
    let region = numbers::reading_region(hint, account, app.config.default_region);
    Ok(HeldNumber::from(&numbers::read(&request.phone_number, region)?.number))
}

fn answer(phone: Option<&HeldNumber>, phone_verified: bool, message: &str) -> Answer<PhoneAnswer> {
    ok(PhoneAnswer {
        personal_phone_number: phone.map(|phone| phone.full.clone()),
        phone_verified,
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
        return ok(PhoneAvailability { available: true, message: "This is your phone number.".into() });
    }
    app.ask(&caller.account, from, Asked::Number(&number.full))?;
    let taken = app.store.phone_taken(&number, caller.account.id).await?;
    let message = if taken { "This phone number belongs to another account." } else { "Phone number is available" };
    ok(PhoneAvailability { available: !taken, message: message.into() })
}

/// The user's number.
#[utoipa::path(get, path = "/users/phone", tag = "phone number", security(("bearer" = [])),
    responses((status = 200, body = Success<PhoneAnswer>)))]
pub async fn get(caller: Caller) -> Answer<PhoneAnswer> {
    let Account { phone, phone_verified, .. } = &caller.account;
    let message = if phone.is_some() { "This is your phone number." } else { "You have not set a phone number." };
    answer(phone.as_ref(), *phone_verified, message)
}

/// Sets the user's number. At most five changes a day; a taken number costs one of the lookup budget.
#[utoipa::path(patch, path = "/users/phone", tag = "phone number", security(("bearer" = [])), request_body = PhoneRequest,
    responses((status = 200, body = Success<PhoneAnswer>), (status = 409, description = "PHONE_ALREADY_EXISTS"), (status = 429, description = "RATE_LIMITED")))]
pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    From(from): From,
    Body(request): Body<PhoneRequest>,
) -> Answer<PhoneAnswer> {
    const UPDATED: &str = "Phone number updated successfully";
    let Caller { account, sign_in } = caller;
    let number = requested(&app, &account, &request)?;
    if account.phone.as_ref() == Some(&number) {
        return answer(Some(&number), account.phone_verified, UPDATED);
    }
    // Paid before and given back after, so that many at once learn no more than one after another.
    let spent = app.ask(&account, from, Asked::Number(&number.full))?;
    if let Err(problem) = app.allow_number_change(account.id) {
        app.refund(spent);
        return Err(problem);
    }
    // With verification off a number counts at once.
    match app.store.set_phone(account.id, &number, true).await {
        Ok(()) => {
            app.refund(spent);
            app.exchange.settings_changed(account.id, sign_in);
            answer(Some(&number), true, UPDATED)
        }
        Err(error) => {
            app.number_was_not_changed(account.id);
            match error {
                SetPhoneError::Taken => Err(Problem::phone_exists()),
                SetPhoneError::Store(error) => Err(error.into()),
            }
        }
    }
}

/// Removes the user's number. It is free at once.
#[utoipa::path(delete, path = "/users/phone", tag = "phone number", security(("bearer" = [])),
    responses((status = 200, body = Success<PhoneAnswer>)))]
pub async fn delete(State(app): State<App>, caller: Caller) -> Answer<PhoneAnswer> {
    app.store.remove_phone(caller.account.id).await?;
    app.exchange.settings_changed(caller.account.id, caller.sign_in);
    answer(None, false, "The phone number was removed.")
}
