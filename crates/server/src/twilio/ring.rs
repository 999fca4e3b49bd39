//! "Ring my phone": Twilio calls the user's own proved number, and then the destination.

use care4w_protocol::twilio::{PhoneCall, RingRequest};
use care4w_protocol::{CallId, ErrorCode};

use super::dial_plan::{self, Callee, Refused};
use super::rest::{PlacedCall, RestError};
use super::{TwilioVoice, progress, twiml, voice};
use crate::app::App;
use crate::error::Problem;
use crate::limits::Wait;
use crate::store::{Account, Begun, Leg, LegEvent, LegStatus, NewTwilioCall, TwilioCall, TwilioCallKind, TwilioNumber};
use crate::{clock, defaults, numbers};

/// Begins one.
pub async fn begin(
    app: &App,
    twilio: &TwilioVoice,
    account: &Account,
    wanted: &RingRequest,
) -> Result<PhoneCall, Problem> {
    let rules = twilio.settings();
    let Some(own) = account.phone.as_ref().filter(|_| account.phone_verified) else {
        return Err(Problem::new(ErrorCode::Forbidden, "Verify your own number first: it is the one that rings."));
    };
    let hint = numbers::hinted(wanted.country_code.as_deref())?;
    let region = numbers::reading_region(hint, account, app.config.default_region);
    let number = match dial_plan::callee(&wanted.to, region, rules).map_err(refused)? {
        Callee::Number(number) => number,
        Callee::User(_) => {
            return Err(Problem::validation("Your phone can be connected with a phone number, not with a Care4W id."));
        }
    };
    if number.full() == own.full {
        return Err(Problem::validation("This is your own number."));
    }
    // The own phone is called too, and costs as much.
    dial_plan::callee(&own.full, region, rules).map_err(refused)?;
    let assigned = app.store.assigned_numbers(account.id).await?;
    let shown = dial_plan::caller_id(wanted.caller_id.as_deref(), account, &assigned, rules).map_err(refused)?;
    let new = NewTwilioCall {
        id: CallId::random(),
        sid: None,
        kind: TwilioCallKind::Ring,
        account: account.id,
        callee: None,
        number: Some(TwilioNumber { full: number.full().to_owned(), shown: number.international() }),
        began_at: clock::unix_ms(),
    };
    let limit = match app.store.begin_twilio_call(&new, Some(twilio.cap(new.began_at))).await? {
        Begun::Kept(_, limit) => limit.unwrap_or_default(),
        Begun::UsedUp => return Err(refused(Refused::MinutesUsedUp)),
        Begun::NoAccount => return Err(Problem::session_revoked()),
    };
    let called = twiml::Callee::Number(number.full().to_owned());
    let dial = twiml::Twiml::Dial(voice::dial(twilio, new.id, Some(shown), Some(limit), called));
    let placed = PlacedCall {
        to: &own.full,
        from: assigned.first().unwrap_or(&rules.caller_id),
        twiml: &dial.xml(),
        status_callback: &twilio.callback("status", new.id, "near"),
        timeout: defaults::RING.as_secs(),
        // Whoever picks up last has the whole of it.
        time_limit: limit + defaults::RING.as_secs(),
    };
    let event = |status, sid| LegEvent { leg: Leg::Near, status, secs: None, sid };
    match twilio.calls.place(&placed).await {
        Ok(sid) => {
            let call = progress::take(app, twilio, new.id, &event(LegStatus::Queued, Some(sid))).await?;
            call.map(|call| shown_as(&call)).ok_or_else(Problem::not_found)
        }
        Err(error) => {
            if error == RestError::Unknown {
                // It may ring nevertheless: then it is ended as soon as Twilio tells of it.
                app.store.cancel_twilio_call(new.id, account.id).await?;
            }
            progress::take(app, twilio, new.id, &event(LegStatus::Failed, None)).await?;
            Err(failed(error))
        }
    }
}

/// Takes one back, or hangs up. One that is over stays as it is.
pub async fn cancel(app: &App, twilio: &TwilioVoice, account: &Account, id: CallId) -> Result<PhoneCall, Problem> {
    find(app, account, id).await?;
    let call = app.store.cancel_twilio_call(id, account.id).await?.ok_or_else(Problem::not_found)?;
    let Some(sid) = call.sid.as_deref().filter(|_| !call.is_over()) else { return Ok(shown_as(&call)) };
    match twilio.calls.end(sid, progress::end_of(call.near)).await {
        Ok(()) => {}
        // It is over at Twilio's already.
        Err(RestError::Refused { status: 400 | 404, .. }) => {}
        Err(error) => return Err(failed(error)),
    }
    let ended = LegEvent { leg: Leg::Near, status: LegStatus::Canceled, secs: None, sid: None };
    let call = progress::take(app, twilio, id, &ended).await?.ok_or_else(Problem::not_found)?;
    Ok(shown_as(&call))
}

/// How one is.
pub async fn find(app: &App, account: &Account, id: CallId) -> Result<PhoneCall, Problem> {
    let call = app.store.twilio_call(id).await?;
    let own = call.filter(|call| call.account == account.id && call.kind == TwilioCallKind::Ring);
    own.map(|call| shown_as(&call)).ok_or_else(Problem::not_found)
}

fn shown_as(call: &TwilioCall) -> PhoneCall {
    PhoneCall { call: call.id, progress: call.progress() }
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::MinutesUsedUp | Refused::TooMany => Problem::minutes_used_up(Wait(defaults::TWILIO_MINUTES_BACK)),
        other => Problem::from(other.error()),
    }
}

fn failed(error: RestError) -> Problem {
    match error {
        RestError::TooMany(wait) => Wait(wait).into(),
        RestError::Refused { status: 400, .. } => Problem::invalid_phone("Your phone cannot be called.".into()),
        RestError::Refused { .. } | RestError::Unknown => {
            Problem::new(ErrorCode::Unavailable, "Your phone cannot be called at the moment. Try again later.")
        }
    }
}
