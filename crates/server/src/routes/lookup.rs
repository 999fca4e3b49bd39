use axum::extract::State;
use care4w_phone::{Care4wId, DialledNumber, NumberAbroad, PhoneNumber, Region};
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
/// `countryCode`'s region, else that of one's own number, else `defaultRegion`, and only if nobody has it there, or
/// nobody can, by its national number alone (`match: "national"`: ask before ringing). Costs one of the lookup budget unless it was
/// asked today; where one text is several national numbers, one for each.
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
    let reading = Reading::of(&asked.phone_number, region)?;
    for number in reading.numbers() {
        let question = reading.question(number);
        let is_own = account.phone.as_ref().is_some_and(|own| question == own.full || question == own.national);
        if !is_own {
            app.ask(account, from, Asked::Number(question))?;
        }
    }
    let found = find(&app, account, &reading).await?;
    // Read in any case: who is not found is not found in the same time. A number with its country is that of whoever has it.
    let region = match &reading {
        Reading::Here(DialledNumber { number, with_country: true }) => number.region(),
        _ => {
            let stand_in = || HeldNumber::from(&reading.numbers()[0]);
            found.as_ref().and_then(|(found, _)| found.phone.clone()).unwrap_or_else(stand_in).region()
        }
    };
    let region = region.map(|region| region.to_string());
    let Some((found, matched)) = found else {
        // Known already; noting it takes as long as what is noted below.
        app.told(account, Asked::Number(reading.question(&reading.numbers()[0])));
        return ok(PhoneLookup::nobody());
    };
    let is_self = found.id == account.id;
    if !is_self {
        // Who was found may be called without paying again.
        app.told(account, Asked::Id(found.care4w_id.as_str()));
    }
    ok(PhoneLookup {
        exists: true,
        is_self: Some(is_self),
        care4w_id: Some(found.care4w_id),
        display_name: Some(found.display_name),
        matched: Some(matched),
        region,
    })
}

/// What was asked for.
enum Reading {
    /// A number, with its country or where the caller is.
    Here(DialledNumber),
    /// A number of some other country: only its national numbers count, and a client confirms before it rings.
    Abroad(NumberAbroad),
}

impl Reading {
    fn of(text: &str, region: Region) -> Result<Self, Problem> {
        numbers::read(text, region).map(Self::Here).or_else(|_| numbers::read_abroad(text, region).map(Self::Abroad))
    }

    /// At least one.
    fn numbers(&self) -> &[PhoneNumber] {
        match self {
            Self::Here(dialled) => std::slice::from_ref(&dialled.number),
            Self::Abroad(abroad) => abroad.numbers(),
        }
    }

    /// What is learnt, and paid for, by asking for one of the numbers.
    fn question<'a>(&self, number: &'a PhoneNumber) -> &'a str {
        match self {
            Self::Here(_) => number.full(),
            Self::Abroad(_) => number.national(),
        }
    }
}

async fn find(app: &App, asking: &Account, reading: &Reading) -> Result<Option<(Account, Match)>, StoreError> {
    // Only a number that counts answers, and only if its holder wants to be found; whoever has blocked the asker is not
    // there at all. One finds oneself in any case.
    let verification = app.config.verification;
    let answers = |found: &Account| {
        found.id == asking.id || (found.counts(verification) && found.discoverable == Discoverable::Everyone)
    };
    let by_national = |number: &PhoneNumber| {
        let national = number.national().to_owned();
        async move { app.store.holder_of_national(&national, verification != Verification::Off, &asking.care4w_id).await }
    };
    match reading {
        Reading::Here(DialledNumber { number, with_country: true }) => {
            let holder = app.store.holder_of(number.full(), &asking.care4w_id).await?;
            Ok(holder.filter(answers).map(|holder| (holder, Match::Full)))
        }
        Reading::Here(DialledNumber { number, with_country: false }) => {
            // Both are asked in any case, at once: how long it takes does not tell which of them had the answer.
            let full = app.store.holder_of(number.full(), &asking.care4w_id);
            let (full, national) = futures_util::future::try_join(full, by_national(number)).await?;
            let found = full.map(|holder| (holder, Match::Full)).or(national.map(|holder| (holder, Match::National)));
            Ok(found.filter(|(holder, _)| answers(holder)))
        }
        Reading::Abroad(abroad) => {
            // Likewise all of them. Where several answer nobody knows which was meant.
            let holders = futures_util::future::try_join_all(abroad.numbers().iter().map(by_national)).await?;
            let mut holders = holders.into_iter().flatten().filter(answers);
            let one = holders.next().filter(|_| holders.next().is_none());
            Ok(one.map(|holder| (holder, Match::National)))
        }
    }
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
