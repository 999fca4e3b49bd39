//! What Twilio tells of a call that is under way.

use care4w_protocol::CallId;
use care4w_protocol::twilio::PhoneCall;

use super::TwilioVoice;
use super::rest::End;
use super::webhook::Webhook;
use crate::app::App;
use crate::store::{Leg, LegEvent, LegStatus, StoreError, TwilioCall, TwilioCallKind};

/// A status callback. What is about no call of ours, or cannot be read, changes nothing.
pub async fn told(app: &App, twilio: &TwilioVoice, webhook: &Webhook) -> Result<(), StoreError> {
    let Some(event) = webhook.leg_event() else { return Ok(()) };
    let call = match (webhook.call(), &event.sid) {
        (Some(call), _) => Some(call),
        (None, Some(sid)) => app.store.twilio_call_by_sid(sid).await?.map(|call| call.id),
        (None, None) => None,
    };
    match call {
        Some(call) => take(app, twilio, call, &event).await.map(drop),
        None => Ok(()),
    }
}

/// Takes an event into a call, and tells its user's devices where it is one that rings their phone.
pub async fn take(
    app: &App,
    twilio: &TwilioVoice,
    call: CallId,
    event: &LegEvent,
) -> Result<Option<TwilioCall>, StoreError> {
    // One after another, so that devices hear them in the order in which they were written.
    let _turn = twilio.turn.lock().await;
    let Some((call, progressed)) = app.store.twilio_call_event(call, event).await? else { return Ok(None) };
    if call.kind == TwilioCallKind::Ring {
        if progressed {
            app.exchange.phone_call(call.account, PhoneCall { call: call.id, progress: call.progress() });
        }
        // Its user took it back before its name was known here.
        if call.cancelled
            && event.leg == Leg::Near
            && !event.status.is_final()
            && let Some(sid) = call.sid.clone()
        {
            let (calls, end) = (twilio.calls.clone(), end_of(event.status));
            tokio::spawn(async move {
                if calls.end(&sid, end).await.is_err() {
                    tracing::warn!("a call that was taken back could not be ended");
                }
            });
        }
    }
    Ok(Some(call))
}

/// How a call is ended whose near end is that far.
pub fn end_of(near: LegStatus) -> End {
    if near == LegStatus::InProgress { End::Completed } else { End::Canceled }
}
