//! How a call goes that was begun by REST: the first telephone rings, then what the TwiML says is done, and each step is told.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use super::calls::{Calls, is_final};
use crate::{
    FaultKind, Outcome, Says,
    dialling::{Caller, Dialling},
    house::LegEvent,
    outgoing, twiml, webhook,
};

/// How long a telephone rings when the request does not say.
const TIMEOUT: u64 = 60;

/// Twilio's longest call.
const LONGEST: u64 = 4 * 3_600;

pub(crate) async fn run(
    calls: Arc<Calls>,
    sid: String,
    events: mpsc::UnboundedSender<(String, LegEvent)>,
    mut heard: mpsc::UnboundedReceiver<(String, LegEvent)>,
) {
    tell(&calls, &sid, "initiated", "initiated").await;
    if calls.advance(&sid, "ringing") {
        tell(&calls, &sid, "ringing", "ringing").await;
        let end = ring(&calls, &sid, &mut heard).await;
        if calls.advance(&sid, end) && end == "in-progress" {
            tell(&calls, &sid, "answered", "in-progress").await;
            talk(&calls, &sid, events, heard).await;
            calls.advance(&sid, "completed");
        }
    }
    // Whatever it came to, by itself or by a request.
    let status = calls.look(&sid, |call| call.status).unwrap_or("completed");
    tell(&calls, &sid, "completed", status).await;
}

/// What comes of the ringing.
async fn ring(calls: &Calls, sid: &str, heard: &mut mpsc::UnboundedReceiver<(String, LegEvent)>) -> &'static str {
    let telephone = calls.house.look().telephone(&calls.field(sid, "To"));
    let end = Instant::now() + Duration::from_secs(calls.field(sid, "Timeout").parse().unwrap_or(TIMEOUT));
    let mut moment = telephone.rings.map(|rings| Instant::now() + rings);
    loop {
        let event = tokio::select! {
            event = heard.recv() => event.map(|(_, event)| event),
            () = tokio::time::sleep_until(moment.unwrap_or(end).min(end)) => None,
        };
        match event {
            Some(LegEvent::Answered) => return "in-progress",
            Some(LegEvent::Declined) => return "busy",
            Some(LegEvent::Cancel | LegEvent::HungUp) => return "canceled",
            Some(_) => {}
            None if Instant::now() >= end => return "no-answer",
            None => match telephone.outcome {
                Outcome::Answered => return "in-progress",
                // It rings on until its time is over.
                Outcome::NoAnswer => moment = None,
                outcome => return outcome.words().0,
            },
        }
    }
}

/// Does what the TwiML says until both have hung up or the time is over.
async fn talk(
    calls: &Calls,
    sid: &str,
    events: mpsc::UnboundedSender<(String, LegEvent)>,
    heard: mpsc::UnboundedReceiver<(String, LegEvent)>,
) {
    let (from, to) = (calls.field(sid, "From"), calls.field(sid, "To"));
    let mut form = outgoing::form(&calls.house, sid, &from, &to, None);
    form.insert("Direction".to_owned(), "outbound-api".to_owned());
    form.insert("CallStatus".to_owned(), "in-progress".to_owned());
    let given = calls.field(sid, "Twiml");
    let verbs = if given.is_empty() {
        webhook::ask(&calls.house, &calls.field(sid, "Url"), form.clone()).await
    } else {
        let read = twiml::read(&given);
        read.inspect_err(|reason| calls.house.fault(0, FaultKind::Rest, reason)).ok()
    };
    let Some(verbs) = verbs else { return };
    let limit = Duration::from_secs(calls.field(sid, "TimeLimit").parse().unwrap_or(LONGEST));
    let (clock, caller) = (events.clone(), sid.to_owned());
    let ending = tokio::spawn(async move {
        tokio::time::sleep(limit).await;
        clock.send((caller, LegEvent::HungUp)).ok();
    });
    let house = Arc::clone(&calls.house);
    let caller = Caller::Outside { says: Says::Nothing };
    let dialling = Dialling { house, caller, from, to, events, heard, sid: sid.to_owned(), spoke: None };
    outgoing::perform(dialling, verbs, form).await;
    ending.abort();
}

/// A status callback, if it was asked for.
async fn tell(calls: &Calls, sid: &str, event: &str, status: &str) {
    let (url, wanted) = (calls.field(sid, "StatusCallback"), calls.fields(sid, "StatusCallbackEvent"));
    // Without a word only the end is told.
    let wanted = if wanted.is_empty() { vec!["completed".to_owned()] } else { wanted };
    let Some(sequence) = calls.next_callback(sid).filter(|_| !url.is_empty()) else { return };
    if !wanted.iter().flat_map(|wanted| wanted.split_whitespace()).any(|wanted| wanted == event) {
        return;
    }
    let (from, to) = (calls.field(sid, "From"), calls.field(sid, "To"));
    let mut form = outgoing::form(&calls.house, sid, &from, &to, None);
    form.insert("Direction".to_owned(), "outbound-api".to_owned());
    form.insert("CallStatus".to_owned(), status.to_owned());
    form.insert("CallbackSource".to_owned(), "call-progress-events".to_owned());
    form.insert("SequenceNumber".to_owned(), sequence.to_string());
    form.insert("Timestamp".to_owned(), super::calls::now());
    if is_final(status) {
        let secs = calls.look(sid, |call| call.secs()).flatten().unwrap_or_default();
        form.insert("CallDuration".to_owned(), secs.to_string());
    }
    webhook::tell(&calls.house, &url, form).await;
}
