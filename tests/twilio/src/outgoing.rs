//! Calls that clients make, and calls from outside: what TwiML says, done.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    FaultKind,
    account::Grant,
    call::{CallState, new_reconnect_token, new_sid},
    dialling::{Caller, Dialling, Ended},
    house::{House, Leg},
    media::{Description, Source},
    twiml::{Dial, Target, TargetKind, Verb},
    webhook::{self, Form},
    wire,
};

/// A client calls.
pub(crate) fn invite(
    house: &Arc<House>,
    stream: u64,
    grant: Grant,
    call: &str,
    sdp: &str,
    params: Vec<(String, String)>,
) {
    let refusal = if !call.starts_with("TJS") {
        Some((FaultKind::Payload, "a new call's id begins with TJS", 31_400))
    } else if house.look().find(call).is_some() {
        Some((FaultKind::OutOfTurn, "an id that another call had", 31_400))
    } else if !grant.outgoing {
        Some((FaultKind::NotGranted, "invite without the grant to call", 31_002))
    } else {
        None
    };
    let description = Description::read(sdp);
    let refusal = match &description {
        Err(reason) => refusal.or(Some((FaultKind::Description, reason, 31_400))),
        Ok(_) => refusal,
    };
    let (None, Ok(offer)) = (refusal, description) else {
        if let Some((kind, about, code)) = refusal {
            house.fault(stream, kind, about);
            house.send(stream, wire::hang_up(call, Some(code)));
        }
        return;
    };
    let (house, temporary) = (Arc::clone(house), call.to_owned());
    tokio::spawn(async move {
        let Ok(media) = house.media(stream).await else { return };
        let sid = new_sid();
        let (events, heard) = mpsc::unbounded_channel();
        let from = format!("client:{}", grant.identity);
        let to = params.iter().find(|(name, _)| name == "To").map(|(_, value)| value.clone()).unwrap_or_default();
        {
            let mut state = house.state();
            let reconnect_timeout = state.streams.get(&stream).map_or(0, |stream| stream.reconnect_timeout);
            state.order.push(sid.clone());
            state.legs.insert(
                sid.clone(),
                Leg {
                    temporary: Some(temporary),
                    identity: grant.identity.clone(),
                    stream: Some(stream),
                    reconnect_timeout,
                    incoming: false,
                    from: from.clone(),
                    to: to.clone(),
                    parameters: params.clone(),
                    state: CallState::Ringing,
                    reconnect: new_reconnect_token(),
                    media: media.clone(),
                    events: events.clone(),
                    restarts: 0,
                    reconnects: 0,
                    digits: String::new(),
                    messages: Vec::new(),
                },
            );
        }
        let answer = media.answer(offer);
        let mut form = form(&house, &sid, &from, "", Some(&house.account().application_sid));
        for (name, value) in params {
            // What Twilio says itself no client can say otherwise.
            let field = form.entry(name).or_default();
            if field.is_empty() {
                *field = value;
            }
        }
        // Nor what the token's maker signed.
        form.extend(grant.params);
        let caller = Caller::Client { sid: sid.clone(), sdp: Some(answer), media };
        follow(Dialling { house, caller, from, to, events, heard, sid, spoke: None }, form).await;
    });
}

/// Twilio's own fields of a request about a call.
pub(crate) fn form(house: &House, sid: &str, from: &str, to: &str, application: Option<&str>) -> Form {
    let account = house.account();
    let mut form = Form::new();
    let mut set = |name: &str, value: &str| form.insert(name.to_owned(), value.to_owned());
    set("AccountSid", &account.account_sid);
    set("ApiVersion", "2010-04-01");
    set("CallSid", sid);
    set("CallStatus", "ringing");
    set("Direction", "inbound");
    set("From", from);
    set("Caller", from);
    set("To", to);
    set("Called", to);
    if let Some(application) = application {
        set("ApplicationSid", application);
    }
    form
}

/// Does what the webhook says until the call is over; without a webhook, what the client asked for.
pub(crate) async fn follow(dialling: Dialling, form: Form) {
    let house = Arc::clone(&dialling.house);
    let voice = house.look().voice.clone();
    let verbs = match voice {
        Some((url, _)) => match webhook::ask(&house, &url, form.clone()).await {
            Some(verbs) => verbs,
            // Twilio says "an application error has occurred" and hangs up.
            None => return dialling.finish(Some(31_000)),
        },
        None => by_parameter(&dialling.to),
    };
    perform(dialling, verbs, form).await;
}

/// Does what TwiML says until the call is over. `form` is what Twilio says of the call where it asks how to go on.
pub(crate) async fn perform(mut dialling: Dialling, mut verbs: Vec<Verb>, form: Form) {
    let house = Arc::clone(&dialling.house);
    let mut last = None;
    while !verbs.is_empty() {
        match verbs.remove(0) {
            Verb::HangUp => break,
            Verb::Reject { busy } => {
                last = Some(if busy { 31_486 } else { 31_603 });
                break;
            }
            Verb::Speak => dialling.answer_caller(Source::Nothing),
            Verb::Dial(dial) => {
                let (ended, dialled) = dialling.dial(&dial).await;
                let gone = ended == Ended::CallerGone;
                last = ended.code();
                if let Some(action) = &dial.action {
                    let mut form = form.clone();
                    let status = if gone { "completed" } else { "in-progress" };
                    form.insert("CallStatus".to_owned(), status.to_owned());
                    form.extend(dialled);
                    if gone {
                        // It is told, and what it says is not done any more.
                        dialling.caller_left();
                        webhook::tell(&house, action, form).await;
                        return;
                    }
                    match webhook::ask(&house, action, form).await {
                        Some(next) => verbs = next,
                        None => break,
                    }
                } else if gone {
                    return dialling.caller_left();
                }
            }
        }
    }
    dialling.finish(last);
}

/// What a call does where no server says: `To` is a client (`client:` and an identity) or a number.
fn by_parameter(to: &str) -> Vec<Verb> {
    let (kind, name) = match to.strip_prefix("client:") {
        Some(identity) => (TargetKind::Client, identity),
        None => (TargetKind::Number, to),
    };
    let target =
        Target { kind, name: name.to_owned(), parameters: Vec::new(), callback: None, callback_events: Vec::new() };
    vec![Verb::Dial(Dial { answer_on_bridge: true, targets: vec![target], ..Dial::default() })]
}
