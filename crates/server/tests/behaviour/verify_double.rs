//! A double of Twilio Verify v2 that keeps state: it behaves as Twilio's documentation says (codes of ten minutes, five sends
//! and five wrong codes, consumed by a right one), with a clock that a test moves on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

pub const KEY: &str = "SK00000000000000000000000000000001";
pub const SECRET: &str = "a secret of the double";
pub const SERVICE: &str = "VA00000000000000000000000000000001";

const LIVES: Duration = Duration::from_secs(600);

#[derive(Clone)]
pub struct VerifyDouble {
    pub url: String,
    state: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    now: Duration,
    drawn: u32,
    pending: HashMap<String, Pending>,
    /// What is refused next, whatever is asked: HTTP status, Twilio's code, `Retry-After`.
    refusing: Option<(u16, u32, Option<u64>)>,
    requests: usize,
}

struct Pending {
    sid: String,
    code: String,
    since: Duration,
    sends: usize,
    wrong: usize,
}

impl VerifyDouble {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let double = Self { url, state: Arc::default() };
        let router = Router::new()
            .route("/v2/Services/{service}/Verifications", routing::post(start))
            .route("/v2/Services/{service}/VerificationCheck", routing::post(check))
            .with_state(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        double
    }

    /// The code that the holder of the number reads.
    pub fn code_for(&self, number: &str) -> String {
        self.state.lock().unwrap().pending[number].code.clone()
    }

    pub fn advance(&self, by: Duration) {
        self.state.lock().unwrap().now += by;
    }

    pub fn refuse(&self, status: u16, code: u32, retry_after: Option<u64>) {
        self.state.lock().unwrap().refusing = Some((status, code, retry_after));
    }

    pub fn requests(&self) -> usize {
        self.state.lock().unwrap().requests
    }
}

fn refusal(status: u16, code: u32) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({"code": code, "message": "refused", "more_info": more_info, "status": status.as_u16()});
    (status, Json(body)).into_response()
}

/// What is asked, once who asks is known: the fields of the form.
#[expect(clippy::result_large_err, reason = "the refusal is an answer of axum as it is sent")]
fn asked(
    state: &mut Book,
    service: &str,
    headers: &HeaderMap,
    body: &str,
) -> Result<HashMap<String, String>, Response> {
    state.requests += 1;
    let basic = format!("Basic {}", STANDARD.encode(format!("{KEY}:{SECRET}")));
    if headers.get(header::AUTHORIZATION).is_none_or(|given| *given != basic) {
        return Err(refusal(401, 20003));
    }
    if service != SERVICE {
        return Err(refusal(404, 20404));
    }
    if let Some((status, code, retry_after)) = state.refusing.take() {
        let mut response = refusal(status, code);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return Err(response);
    }
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    let fields: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let valid = fields.get("To").is_some_and(|to| to.starts_with('+') && to.len() > 7);
    if !valid {
        return Err(refusal(400, 60200));
    }
    let now = state.now;
    state.pending.retain(|_, pending| pending.since + LIVES > now);
    Ok(fields)
}

async fn start(
    State(double): State<VerifyDouble>,
    Path(service): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut state = double.state.lock().unwrap();
    let fields = match asked(&mut state, &service, &headers, &body) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    if fields.get("Channel").is_none_or(|channel| channel != "sms") {
        return refusal(400, 60200);
    }
    state.drawn += 1;
    let (now, drawn) = (state.now, state.drawn);
    // Who asks again within ten minutes gets the same code again.
    let pending = state.pending.entry(fields["To"].clone()).or_insert_with(|| Pending {
        sid: format!("VE{drawn:032}"),
        code: format!("{:06}", 314_159 + drawn),
        since: now,
        sends: 0,
        wrong: 0,
    });
    if pending.sends >= 5 {
        return refusal(429, 60203);
    }
    pending.sends += 1;
    let body = json!({"sid": pending.sid, "to": fields["To"], "status": "pending", "valid": false});
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn check(
    State(double): State<VerifyDouble>,
    Path(service): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut state = double.state.lock().unwrap();
    let fields = match asked(&mut state, &service, &headers, &body) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let Some(code) = fields.get("Code") else { return refusal(400, 60200) };
    let Some(pending) = state.pending.get_mut(&fields["To"]) else { return refusal(404, 20404) };
    if pending.wrong >= 5 {
        return refusal(429, 60202);
    }
    let valid = pending.code == *code;
    let status = if valid { "approved" } else { "pending" };
    let body = json!({"sid": pending.sid, "to": fields["To"], "status": status, "valid": valid});
    if valid {
        state.pending.remove(&fields["To"]);
    } else {
        pending.wrong += 1;
    }
    Json(body).into_response()
}
