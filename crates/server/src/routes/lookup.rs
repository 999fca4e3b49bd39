use axum::extract::State;
use care4w_phone::{Care4wId, DialledNumber, Region};
use care4w_protocol::rest::{Discoverable, IdLookup, Match, PhoneLookup, Success, Verification};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Caller, From, Query};
use crate::limits::Asked;
use crate::numbers;
use crate::store::{Account, HeldNumber, StoreError};

/// Whom to look up by number.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ByPhone {
    /// As typed or E.164.
    phone_number: String,
    /// Calling code (`254`) or region (`KE`) in which a number without `+` is read.
    country_code: Option<String>,
}

/// Whom to look up by id.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ById {
    /// `care4w-` and 4 to 16 letters or digits, in any case.
    #[param(pattern = "^[cC][aA][rR][eE]4[wW]-[0-9a-zA-Z]{4,16}$")]
    care4w_id: String,
}

/// Who is reached by a number. A number with its country reaches exactly its holder; one without is read in
/// `countryCode`'s region, else that of one's own number, else `defaultRegion`, and only if nobody has it there, by
/// its national number alone (`match: "national"`: ask before ringing). Costs one of the lookup budget unless it was
/// asked today.
#[utoipa::path(get, path = "/users/lookup/phone", tag = "lookup", security(("bearer" = [])), params(ByPhone),
    responses((status = 200, body = Success<PhoneLookup>), (status = 429, description = "RATE_LIMITED")))]
pub async fn by_phone(
    State(app): State<App>,
    caller: Caller,
    From(from): From,
    Query(asked): Query<ByPhone>,
) -> Answer<PhoneLookup> {
    let account = &caller.account;
    let hint = numbers::hinted(asked.country_code.as_deref())?;
    let region = numbers::reading_region(hint, account, app.config.default_region);
    let reading = read(&asked.phone_number, hint, region, app.config.default_region)?;
    let number = &reading.dialled.number;
    let is_own = account.phone.as_ref().is_some_and(|own| own.full == number.full());
    if !is_own {
        app.ask(account, from, Asked::Number(number.full()))?;
    }
    let found = find(&app, account, &reading).await?;
    // Read in any case: who is not found is not found in the same time.
    let held = found.as_ref().and_then(|(found, _)| found.phone.clone()).unwrap_or_else(|| HeldNumber::from(number));
    let region = held.region().map(|region| region.to_string());
    let Some((found, matched)) = found else { return ok(PhoneLookup::nobody()) };
    if !is_own {
        // Who was found may be called without paying again.
        app.told(account, Asked::Id(found.care4w_id.as_str()));
    }
    ok(PhoneLookup {
        exists: true,
        is_self: Some(found.id == account.id),
        care4w_id: Some(found.care4w_id),
        display_name: Some(found.display_name),
        matched: Some(matched),
        region,
    })
}

struct Reading {
    dialled: DialledNumber,
    /// Whether it is known where the caller meant it: else only its national number counts.
    in_own_region: bool,
}

/// Reads in the caller's region. What is no number there may still be one at the server's own place: its holder is then
/// found by the national number alone, which a client confirms before it rings.
fn read(text: &str, hint: Option<Region>, region: Region, default: Region) -> Result<Reading, Problem> {
    match numbers::read(text, region) {
        Ok(dialled) => Ok(Reading { dialled, in_own_region: true }),
        Err(problem) if hint.is_some() || region == default => Err(problem),
        Err(problem) => {
            numbers::read(text, default).map(|dialled| Reading { dialled, in_own_region: false }).map_err(|_| problem)
        }
    }
}

async fn find(app: &App, asking: &Account, reading: &Reading) -> Result<Option<(Account, Match)>, StoreError> {
    let DialledNumber { number, with_country } = &reading.dialled;
    // Only a number that counts answers, and only if its holder wants to be found; whoever has blocked the asker is not
    // there at all. One finds oneself in any case.
    let verification = app.config.verification;
    let answers = |found: &Account| {
        found.id == asking.id || (found.counts(verification) && found.discoverable == Discoverable::Everyone)
    };
    // Both are asked in any case, at once: how long it takes does not tell which of them had the answer.
    let full = async {
        if *with_country || reading.in_own_region {
            app.store.holder_of(number.full(), &asking.care4w_id).await
        } else {
            Ok(None)
        }
    };
    let national = async {
        if *with_country {
            return Ok(None);
        }
        app.store.holder_of_national(number.national(), verification != Verification::Off, &asking.care4w_id).await
    };
    let (full, national) = futures_util::future::try_join(full, national).await?;
    let found = full.map(|holder| (holder, Match::Full)).or(national.map(|holder| (holder, Match::National)));
    Ok(found.filter(|(holder, _)| answers(holder)))
}

/// Whether an id has a user, and the name. Costs one of the lookup budget unless it is one's own or was asked today.
#[utoipa::path(get, path = "/users/lookup", tag = "lookup", security(("bearer" = [])), params(ById),
    responses((status = 200, body = Success<IdLookup>), (status = 429, description = "RATE_LIMITED")))]
pub async fn by_id(
    State(app): State<App>,
    caller: Caller,
    From(from): From,
    Query(asked): Query<ById>,
) -> Answer<IdLookup> {
    let id = Care4wId::parse(&asked.care4w_id)
        .map_err(|_| Problem::validation("A Care4W id is care4w- followed by 4 to 16 letters or digits."))?;
    if id != caller.account.care4w_id {
        app.ask(&caller.account, from, Asked::Id(id.as_str()))?;
    }
    let found = app.store.reached_by_id(&id, &caller.account.care4w_id).await?;
    ok(match found {
        Some(found) => {
            IdLookup { exists: true, care4w_id: Some(found.care4w_id), display_name: Some(found.display_name) }
        }
        None => IdLookup { exists: false, care4w_id: None, display_name: None },
    })
}
