//! Calls by REST (`/2010-04-01/Accounts/{AC}/Calls…`): begun, looked up, ended, deleted.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing,
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::{sync::mpsc, time::Instant};

use super::{Fields, Refusal, course, form, is_known, refusal};
use crate::{
    FaultKind,
    call::new_sid,
    house::{House, LegEvent},
};

/// The calls of the account that were begun by REST.
pub(crate) struct Calls {
    pub house: Arc<House>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    calls: HashMap<String, Begun>,
    order: Vec<String>,
    rules: Rules,
}

/// What a test wants of the next requests.
#[derive(Default)]
pub(crate) struct Rules {
    pub refusing: Option<Refusal>,
    /// The next call is begun without an answer that says so.
    pub losing_the_answer: bool,
    /// Numbers that calls may go out with; any, if nothing is said.
    pub own: Option<BTreeSet<String>>,
    /// On a trial account: the only numbers that may be called.
    pub verified: Option<BTreeSet<String>>,
}

pub(crate) struct Begun {
    pub fields: Fields,
    pub status: &'static str,
    events: mpsc::UnboundedSender<(String, LegEvent)>,
    created: SystemTime,
    answered: Option<Instant>,
    ended: Option<Instant>,
    callbacks: u32,
}

impl Begun {
    /// Seconds from the answer to the end; `None` before the end, or without an answer.
    pub fn secs(&self) -> Option<u64> {
        Some(self.ended?.duration_since(self.answered?).as_secs())
    }
}

/// Whether a call of that status is over.
pub(crate) fn is_final(status: &str) -> bool {
    matches!(status, "completed" | "busy" | "failed" | "no-answer" | "canceled")
}

/// Now, as Twilio writes it.
pub(crate) fn now() -> String {
    written(SystemTime::now())
}

fn written(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(&Rfc2822).unwrap_or_default()
}

/// Every field that `POST …/Calls.json` may have here: those of Twilio's OpenAPI document that concern telephones.
const FIELDS: [&str; 15] = [
    "To",
    "From",
    "Url",
    "Method",
    "Twiml",
    "ApplicationSid",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "Timeout",
    "TimeLimit",
    "MachineDetection",
    "SendDigits",
    "CallerId",
    "CallReason",
];

impl Calls {
    pub fn new(house: Arc<House>) -> Arc<Self> {
        Arc::new(Self { house, book: Mutex::default() })
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/2010-04-01/Accounts/{account}/Calls.json", routing::post(place))
            .route("/2010-04-01/Accounts/{account}/Calls/{call}", routing::get(find).post(change).delete(delete))
            .route_layer(from_fn_with_state(Arc::clone(self), known_alone))
            .with_state(Arc::clone(self))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be changed by a test.
    pub fn rules(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.book().rules);
    }

    /// The calls so far, in their order.
    pub fn order(&self) -> Vec<String> {
        self.book().order.clone()
    }

    pub fn look<T>(&self, sid: &str, read: impl FnOnce(&Begun) -> T) -> Option<T> {
        self.book().calls.get(sid).map(read)
    }

    /// The values of a field.
    pub fn fields(&self, sid: &str, name: &str) -> Vec<String> {
        let of = |call: &Begun| {
            call.fields.iter().filter(|(given, _)| given == name).map(|(_, value)| value.clone()).collect()
        };
        self.look(sid, of).unwrap_or_default()
    }

    /// The value of a field; empty where it is missing.
    pub fn field(&self, sid: &str, name: &str) -> String {
        self.fields(sid, name).pop().unwrap_or_default()
    }

    pub fn happens(&self, sid: &str, event: LegEvent) {
        if let Some(events) = self.look(sid, |call| call.events.clone()) {
            // A call that is over takes no more events.
            events.send((sid.to_owned(), event)).ok();
        }
    }

    /// A call goes on to this, unless it is over.
    pub fn advance(&self, sid: &str, status: &'static str) -> bool {
        let mut book = self.book();
        let Some(call) = book.calls.get_mut(sid).filter(|call| !is_final(call.status)) else { return false };
        call.status = status;
        if status == "in-progress" {
            call.answered = Some(Instant::now());
        }
        if is_final(status) {
            call.ended = Some(Instant::now());
        }
        drop(book);
        self.house.notice();
        true
    }

    /// The number of the next callback of a call, from 0.
    pub fn next_callback(&self, sid: &str) -> Option<u32> {
        let mut book = self.book();
        let call = book.calls.get_mut(sid)?;
        call.callbacks += 1;
        Some(call.callbacks - 1)
    }

    /// The call, as Twilio's document describes it.
    fn resource(&self, sid: &str) -> Option<Value> {
        let account = &self.house.account().account_sid;
        let field = |name: &str| self.field(sid, name);
        let (to, from) = (field("To"), field("From"));
        let uri = format!("/2010-04-01/Accounts/{account}/Calls/{sid}");
        self.look(sid, |call| {
            json!({
                "sid": sid, "account_sid": account, "to": to, "to_formatted": to, "from": from, "from_formatted": from,
                "status": if call.status == "initiated" { "queued" } else { call.status },
                "direction": "outbound-api", "api_version": "2010-04-01", "date_created": written(call.created),
                "date_updated": now(), "start_time": call.answered.map(|_| written(call.created)),
                "end_time": call.ended.map(|_| now()), "duration": call.secs().map(|secs| secs.to_string()),
                "price": null, "price_unit": "USD", "parent_call_sid": null, "phone_number_sid": null,
                "answered_by": null, "forwarded_from": null, "group_sid": null, "caller_name": null,
                "queue_time": "0", "trunk_sid": null, "uri": format!("{uri}.json"),
                "subresource_uris": { "events": format!("{uri}/Events.json") },
            })
        })
    }
}

/// What is wrong with a request for a call.
fn wrong(fields: &Fields, rules: &Rules) -> Option<(u32, &'static str)> {
    let values =
        |wanted: &str| fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect();
    let one = |wanted: &str| {
        let values: Vec<&str> = values(wanted);
        values.first().copied().filter(|value| !value.is_empty() && values.len() == 1)
    };
    let is_number = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or_default();
        (8..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    let in_range = |name: &str, most: u32| {
        one(name).is_none_or(|text| text.parse::<u32>().is_ok_and(|value| (1..=most).contains(&value)))
    };
    let Some(to) = one("To") else { return Some((21_201, "No 'To' number is specified")) };
    let Some(from) = one("From") else { return Some((21_213, "No 'From' number is specified")) };
    let ways = ["Url", "Twiml", "ApplicationSid"].into_iter().filter(|name| one(name).is_some()).count();
    let strange = fields.iter().any(|(name, _)| !FIELDS.contains(&name.as_str()));
    let callback = one("StatusCallback").is_none_or(|url| url::Url::parse(url).is_ok());
    if strange {
        Some((20_001, "Unknown parameter"))
    } else if ways != 1 {
        Some((21_205, "Exactly one of Url, Twiml and ApplicationSid"))
    } else if !is_number(to) {
        Some((21_211, "Invalid 'To' Phone Number"))
    } else if !is_number(from) {
        Some((21_212, "Invalid 'From' Phone Number"))
    } else if rules.own.as_ref().is_some_and(|own| !own.contains(from)) {
        Some((21_210, "'From' phone number not verified"))
    } else if rules.verified.as_ref().is_some_and(|verified| !verified.contains(to)) {
        Some((21_219, "'To' phone number not verified"))
    } else if !callback {
        Some((21_609, "Invalid 'StatusCallback' URL"))
    } else if !in_range("Timeout", 600) || !in_range("TimeLimit", 86_400) {
        Some((20_001, "Timeout or TimeLimit is out of range"))
    } else {
        None
    }
}

/// Nothing is done for whom nobody knows, nor what a test wants refused.
async fn known_alone(
    State(calls): State<Arc<Calls>>,
    Path(path): Path<HashMap<String, String>>,
    request: Request,
    next: Next,
) -> Response {
    let own = calls.house.account();
    if !is_known(own, request.headers()) {
        return refusal((401, 20_003, None), "Authenticate");
    }
    if path.get("account") != Some(&own.account_sid) {
        return not_found();
    }
    let refusing = calls.book().rules.refusing.take();
    match refusing {
        Some(refusing) => refusal(refusing, "refused"),
        None => next.run(request).await,
    }
}

async fn place(State(calls): State<Arc<Calls>>, headers: HeaderMap, body: String) -> Response {
    let fields = form(&headers, &body).unwrap_or_default();
    let sid = new_sid();
    let (events, heard) = mpsc::unbounded_channel();
    let lost = {
        let mut book = calls.book();
        if let Some((code, message)) = wrong(&fields, &book.rules) {
            drop(book);
            // What only our own server's bug can bring.
            if !matches!(code, 21_210 | 21_219) {
                calls.house.fault(0, FaultKind::Rest, message);
            }
            return refusal((400, code, None), message);
        }
        let begun = Begun {
            fields,
            status: "queued",
            events: events.clone(),
            created: SystemTime::now(),
            answered: None,
            ended: None,
            callbacks: 0,
        };
        book.calls.insert(sid.clone(), begun);
        book.order.push(sid.clone());
        std::mem::take(&mut book.rules.losing_the_answer)
    };
    calls.house.notice();
    // As it is at this moment: what comes next is told by callbacks.
    let resource = calls.resource(&sid);
    tokio::spawn(course::run(Arc::clone(&calls), sid, events, heard));
    if lost {
        return refusal((502, 20_500, None), "Bad gateway");
    }
    (StatusCode::CREATED, Json(resource)).into_response()
}

/// The id in a path that ends in `.json`, of a call that there is.
fn named(calls: &Calls, path: &str) -> Option<String> {
    let sid = path.strip_suffix(".json")?;
    calls.look(sid, |_| sid.to_owned())
}

fn not_found() -> Response {
    refusal((404, 20_404, None), "The requested resource was not found")
}

async fn find(State(calls): State<Arc<Calls>>, Path((_, call)): Path<(String, String)>) -> Response {
    named(&calls, &call).map_or_else(not_found, |sid| Json(calls.resource(&sid)).into_response())
}

async fn change(
    State(calls): State<Arc<Calls>>,
    Path((_, call)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some(sid) = named(&calls, &call) else { return not_found() };
    let fields = form(&headers, &body).unwrap_or_default();
    let wanted = match fields.as_slice() {
        [(name, value)] if name == "Status" => value.as_str(),
        _ => "",
    };
    let status = calls.look(&sid, |call| call.status).unwrap_or("completed");
    match (wanted, status) {
        ("canceled" | "completed", status) if is_final(status) => {
            return refusal((400, 21_220, None), "Call is not in-progress. Cannot redirect.");
        }
        // "… but not affect calls already in progress."
        ("canceled", "in-progress") => {}
        ("canceled", _) => {
            calls.advance(&sid, "canceled");
            calls.happens(&sid, LegEvent::Cancel);
        }
        ("completed", _) => {
            calls.advance(&sid, "completed");
            calls.happens(&sid, LegEvent::HungUp);
        }
        _ => {
            calls.house.fault(0, FaultKind::Rest, "a change of a call that is none");
            return refusal((400, 20_001, None), "Unknown parameter");
        }
    }
    Json(calls.resource(&sid)).into_response()
}

async fn delete(State(calls): State<Arc<Calls>>, Path((_, call)): Path<(String, String)>) -> Response {
    let Some(sid) = named(&calls, &call) else { return not_found() };
    if !calls.look(&sid, |call| is_final(call.status)).unwrap_or(true) {
        return refusal((409, 20_009, None), "Cannot delete this resource before it is complete");
    }
    calls.book().calls.remove(&sid);
    StatusCode::NO_CONTENT.into_response()
}
