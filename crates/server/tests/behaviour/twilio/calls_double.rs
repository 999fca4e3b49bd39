//! A double of Twilio's REST interface for calls that keeps state: it takes what Twilio's documentation says it takes, and
//! nothing else, and calls back with signed requests when a test lets a call go on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{ACCOUNT, KEY, PUBLIC, SECRET, sid, tells};
use crate::server::Server;

#[derive(Clone)]
pub struct CallsDouble {
    pub url: String,
    state: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    calls: HashMap<String, Placed>,
    order: Vec<String>,
    /// What is refused next: HTTP status, Twilio's code.
    refusing: Option<(u16, u32)>,
    /// Whether the next call is begun without an answer that says so.
    losing_the_answer: bool,
}

/// A call that was asked for.
#[derive(Clone, Debug)]
pub struct Placed {
    pub fields: Vec<(String, String)>,
    pub status: &'static str,
}

impl Placed {
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str()).unwrap()
    }
}

/// Every field that `POST …/Calls.json` may have here: Twilio's, as far as TWILIO.md names them.
const FIELDS: [&str; 12] = [
    "To",
    "From",
    "Url",
    "Twiml",
    "ApplicationSid",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "Timeout",
    "TimeLimit",
    "MachineDetection",
    "SendDigits",
];

impl CallsDouble {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let double = Self { url, state: Arc::default() };
        let router = Router::new()
            .route("/2010-04-01/Accounts/{account}/Calls.json", routing::post(place))
            .route("/2010-04-01/Accounts/{account}/Calls/{call}", routing::post(change))
            .with_state(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        double
    }

    /// The calls that were begun, in order.
    pub fn placed(&self) -> Vec<(String, Placed)> {
        let state = self.state.lock().unwrap();
        state.order.iter().map(|sid| (sid.clone(), state.calls[sid].clone())).collect()
    }

    pub fn refuse(&self, status: u16, code: u32) {
        self.state.lock().unwrap().refusing = Some((status, code));
    }

    pub fn lose_the_next_answer(&self) {
        self.state.lock().unwrap().losing_the_answer = true;
    }

    /// The user's own phone is answered, and nobody is told yet.
    pub fn answer_silently(&self, sid: &str) {
        self.state.lock().unwrap().calls.get_mut(sid).unwrap().status = "in-progress";
    }

    pub fn status(&self, sid: &str) -> &'static str {
        self.state.lock().unwrap().calls[sid].status
    }

    /// The user's own phone goes on to this; Twilio tells.
    pub async fn near(&self, server: &Server, sid: &str, status: &'static str) {
        let callback = {
            let mut state = self.state.lock().unwrap();
            let call = state.calls.get_mut(sid).unwrap();
            call.status = status;
            call.field("StatusCallback").strip_prefix(PUBLIC).unwrap().to_owned()
        };
        tells(server, &callback, &[("CallSid", sid), ("CallStatus", status)]).await;
    }
}

fn refusal(status: u16, code: u32) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = json!({"code": code, "message": "refused +254712345678", "status": status.as_u16()});
    (status, Json(body)).into_response()
}

/// The fields of the form, once who asks is known.
#[expect(clippy::result_large_err, reason = "the refusal is an answer of axum as it is sent")]
fn asked(account: &str, headers: &HeaderMap, body: &str) -> Result<Vec<(String, String)>, Response> {
    let basic = format!("Basic {}", STANDARD.encode(format!("{KEY}:{SECRET}")));
    if headers.get(header::AUTHORIZATION).is_none_or(|given| *given != basic) {
        return Err(refusal(401, 20003));
    }
    if account != ACCOUNT {
        return Err(refusal(404, 20404));
    }
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    Ok(url::form_urlencoded::parse(body.as_bytes()).into_owned().collect())
}

async fn place(
    State(double): State<CallsDouble>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut state = double.state.lock().unwrap();
    let fields = match asked(&account, &headers, &body) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    if let Some((status, code)) = state.refusing.take() {
        return refusal(status, code);
    }
    let named = |wanted: &str| fields.iter().filter(|(name, _)| name == wanted).count();
    let strange = fields.iter().any(|(name, _)| !FIELDS.contains(&name.as_str()));
    let ways = ["Url", "Twiml", "ApplicationSid"].iter().map(|name| named(name)).sum::<usize>();
    if strange || named("To") != 1 || named("From") != 1 || ways != 1 {
        return refusal(400, 21205);
    }
    let limit = |name: &str| fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.parse::<u32>());
    if limit("Timeout").is_some_and(|timeout| !timeout.is_ok_and(|timeout| timeout <= 600)) {
        return refusal(400, 21215);
    }
    let id = sid(0xd0_0000 + state.calls.len());
    state.calls.insert(id.clone(), Placed { fields, status: "queued" });
    state.order.push(id.clone());
    if std::mem::take(&mut state.losing_the_answer) {
        return refusal(502, 20500);
    }
    (StatusCode::CREATED, Json(json!({"sid": id, "status": "queued"}))).into_response()
}

async fn change(
    State(double): State<CallsDouble>,
    Path((account, call)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut state = double.state.lock().unwrap();
    let fields = match asked(&account, &headers, &body) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let Some(call) = call.strip_suffix(".json").and_then(|sid| state.calls.get_mut(sid)) else {
        return refusal(404, 20404);
    };
    let wanted = match &fields[..] {
        [(name, value)] if name == "Status" => value.as_str(),
        _ => return refusal(400, 20001),
    };
    // `canceled` ends what is not answered yet, `completed` what is.
    call.status = match (wanted, call.status) {
        ("canceled", "queued" | "initiated" | "ringing") => "canceled",
        ("completed", "in-progress") => "completed",
        _ => return refusal(400, 21220),
    };
    Json(json!({"status": call.status})).into_response()
}
