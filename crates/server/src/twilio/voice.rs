//! What becomes of a call over Twilio: a user's device calls a number or a user, or a number calls a user.

use care4w_phone::PhoneNumber;
use care4w_protocol::CallId;

use super::access_token::{self, CALLER, PROOF};
use super::dial_plan::{self, Callee, Refused};
use super::twiml::{self, Dial, Twiml};
use super::webhook::Webhook;
use super::{TwilioVoice, settings::is_sid};
use crate::accounts::random_care4w_id;
use crate::app::App;
use crate::clock;
use crate::defaults;
use crate::limits::Asked;
use crate::numbers;
use crate::store::{Account, Begun, NewTwilioCall, StoreError, TwilioCallKind, TwilioNumber};

/// What Twilio is to do with this call, or what comes after it.
pub async fn answer(app: &App, twilio: &TwilioVoice, webhook: &Webhook) -> Result<Twiml, StoreError> {
    if let Some(call) = webhook.dialled() {
        if let Some(event) = webhook.dial_event() {
            super::progress::take(app, twilio, call, &event).await?;
        }
        return Ok(Twiml::HangUp);
    }
    let Some(sid) = webhook.field("CallSid").filter(|sid| is_sid(sid, "CA")) else { return Ok(Twiml::Reject) };
    match webhook.field("From").and_then(|from| from.strip_prefix("client:")) {
        Some(identity) => from_device(app, twilio, webhook, sid, identity).await,
        None => from_number(app, twilio, webhook, sid).await,
    }
}

async fn from_device(
    app: &App,
    twilio: &TwilioVoice,
    webhook: &Webhook,
    sid: &str,
    identity: &str,
) -> Result<Twiml, StoreError> {
    let Some(caller) = caller(app, twilio, webhook, identity).await? else { return Ok(Twiml::Reject) };
    match place(app, twilio, webhook, sid, &caller).await? {
        Ok(dial) => Ok(Twiml::Dial(dial)),
        Err(refused) => {
            tracing::info!(code = refused.error().code.as_str(), "a call over Twilio is not put through");
            let call = webhook.field("CallId").and_then(|id| id.parse::<CallId>().ok());
            app.exchange.twilio_refused(caller.id, call, refused.error());
            Ok(Twiml::Reject)
        }
    }
}

/// The user whose device calls: named by Twilio as its identity, and by a parameter that only this server can make.
async fn caller(
    app: &App,
    twilio: &TwilioVoice,
    webhook: &Webhook,
    identity: &str,
) -> Result<Option<Account>, StoreError> {
    let settings = twilio.settings();
    let Some(user) = access_token::user_of(identity) else { return Ok(None) };
    let is_proved = webhook.field(CALLER) == Some(user.as_str())
        && webhook.field(PROOF).is_some_and(|proof| access_token::proves(settings, &user, proof))
        && webhook.field("ApplicationSid") == Some(&settings.application);
    if !is_proved {
        tracing::warn!("a call over Twilio does not show whose it is");
        return Ok(None);
    }
    app.store.account_by_care4w_id(&user).await
}

async fn place(
    app: &App,
    twilio: &TwilioVoice,
    webhook: &Webhook,
    sid: &str,
    caller: &Account,
) -> Result<Result<Dial, Refused>, StoreError> {
    let rules = twilio.settings();
    let region = numbers::reading_region(None, caller, app.config.default_region);
    let callee = match dial_plan::callee(webhook.field("To").unwrap_or_default(), region, rules) {
        Ok(callee) => callee,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut new = NewTwilioCall {
        id: CallId::random(),
        sid: Some(sid.to_owned()),
        kind: TwilioCallKind::Number,
        account: caller.id,
        callee: None,
        number: None,
        began_at: clock::unix_ms(),
    };
    let (shown, called) = match callee {
        Callee::Number(number) => {
            let assigned = app.store.assigned_numbers(caller.id).await?;
            let shown = match dial_plan::caller_id(webhook.field("CallerId"), caller, &assigned, rules) {
                Ok(shown) => shown,
                Err(refused) => return Ok(Err(refused)),
            };
            new.number = Some(TwilioNumber { full: number.full().to_owned(), shown: number.international() });
            (shown, twiml::Callee::Number(number.full().to_owned()))
        }
        Callee::User(id) => {
            if id != caller.care4w_id && app.ask_from_twilio(caller, Asked::Id(id.as_str())).is_err() {
                return Ok(Err(Refused::TooMany));
            }
            let Some(found) = app.store.reached_by_id(&id, &caller.care4w_id).await? else {
                return Ok(Err(Refused::Nobody));
            };
            (new.kind, new.callee) = (TwilioCallKind::User, Some(found.id));
            let parameters =
                vec![("care4wId", caller.care4w_id.to_string()), ("displayName", caller.display_name.clone())];
            let identity = access_token::identity(&found.care4w_id);
            let shown = format!("client:{}", access_token::identity(&caller.care4w_id));
            (shown, twiml::Callee::Client { identity, parameters })
        }
    };
    Ok(match app.store.begin_twilio_call(&new, Some(twilio.cap(new.began_at))).await? {
        Begun::Kept(call, limit) => Ok(dial(twilio, call, Some(shown), limit, called)),
        Begun::UsedUp => Err(Refused::MinutesUsedUp),
        Begun::NoAccount => Err(Refused::Nobody),
    })
}

async fn from_number(app: &App, twilio: &TwilioVoice, webhook: &Webhook, sid: &str) -> Result<Twiml, StoreError> {
    let parsed = |name| webhook.field(name).and_then(|text| PhoneNumber::parse(text, None).ok());
    let Some(to) = parsed("To") else { return Ok(Twiml::Reject) };
    let Some(callee) = owner(app, &to).await? else { return Ok(Twiml::Reject) };
    let from = parsed("From");
    if let Some(from) = &from
        && is_blocked(app, &callee, from).await?
    {
        // As if nobody had the number.
        return Ok(Twiml::Reject);
    }
    let new = NewTwilioCall {
        id: CallId::random(),
        sid: Some(sid.to_owned()),
        kind: TwilioCallKind::Incoming,
        account: callee.id,
        callee: None,
        number: from.map(|from| TwilioNumber { full: from.full().to_owned(), shown: from.international() }),
        began_at: clock::unix_ms(),
    };
    let called = twiml::Callee::Client { identity: access_token::identity(&callee.care4w_id), parameters: Vec::new() };
    Ok(match app.store.begin_twilio_call(&new, None).await? {
        Begun::Kept(call, _) => Twiml::Dial(dial(twilio, call, None, None, called)),
        Begun::UsedUp | Begun::NoAccount => Twiml::Reject,
    })
}

/// The user who was given this number, else the one who has proved that it is theirs.
async fn owner(app: &App, number: &PhoneNumber) -> Result<Option<Account>, StoreError> {
    if let Some(account) = app.store.holder_of_assigned(number.full()).await? {
        return Ok(Some(account));
    }
    proved_holder(app, number).await
}

async fn proved_holder(app: &App, number: &PhoneNumber) -> Result<Option<Account>, StoreError> {
    let holder = app.store.holder_of(number.full(), &random_care4w_id()).await?;
    Ok(holder.filter(|holder| holder.phone_verified))
}

async fn is_blocked(app: &App, callee: &Account, from: &PhoneNumber) -> Result<bool, StoreError> {
    let Some(caller) = proved_holder(app, from).await? else { return Ok(false) };
    Ok(app.store.blocked(callee.id).await?.iter().any(|blocked| blocked.care4w_id == caller.care4w_id))
}

/// Twilio calls somebody for this call, and tells how it goes.
pub fn dial(
    twilio: &TwilioVoice,
    call: CallId,
    caller_id: Option<String>,
    time_limit: Option<u64>,
    mut callee: twiml::Callee,
) -> Dial {
    if let twiml::Callee::Client { parameters, .. } = &mut callee {
        // The devices then call it what the history does.
        parameters.push(("CallId", call.to_string()));
    }
    Dial {
        caller_id,
        timeout: defaults::RING.as_secs(),
        time_limit,
        action: twilio.callback("voice", call, "dialled"),
        status_callback: twilio.callback("status", call, "far"),
        callee,
    }
}
