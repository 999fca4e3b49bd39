//! Twilio Verify v2: it behaves as Twilio's documentation says (codes of ten minutes, five sends and five wrong codes,
//! consumed by a right one), with a clock that a test moves on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

use super::{Refusal, form, is_known, refusal};
use crate::Account;

const LIVES: Duration = Duration::from_secs(600);

/// How often a code is sent, and how often a wrong one may be tried, in that time.
const TRIES: usize = 5;

/// A running double of Verify.
#[derive(Clone)]
pub struct Verify {
    /// What stands for `https://verify.twilio.com`; empty where it has no server of its own.
    pub url: String,
    account: Account,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    /// How much later than now it is.
    ahead: Duration,
    drawn: u32,
    pending: HashMap<String, Pending>,
    refusing: Option<Refusal>,
    requests: usize,
}

struct Pending {
    sid: String,
    code: String,
    since: Instant,
    sends: usize,
    wrong: usize,
}

impl Verify {
    pub(crate) fn of(account: &Account) -> Self {
        Self { url: String::new(), account: account.clone(), book: Arc::default() }
    }

    /// Starts one by itself, for as long as the runtime lives that this is called in.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(account: &Account) -> std::io::Result<Self> {
        let mut verify = Self::of(account);
        (verify.url, _) = super::serve(verify.router(), std::net::Ipv4Addr::LOCALHOST.into()).await?;
        Ok(verify)
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/v2/Services/{service}/Verifications", answered_by(start))
            .route("/v2/Services/{service}/VerificationCheck", answered_by(check))
            .with_state(self.clone())
    }

    /// The code that the holder of the number reads, if one is on its way.
    #[must_use]
    pub fn code_for(&self, number: &str) -> Option<String> {
        self.book().pending.get(number).map(|pending| pending.code.clone())
    }

    /// The codes on their way, by number.
    #[must_use]
    pub fn codes(&self) -> Vec<(String, String)> {
        self.book().pending.iter().map(|(number, pending)| (number.clone(), pending.code.clone())).collect()
    }

    /// Moves its clock on.
    pub fn advance(&self, by: Duration) {
        self.book().ahead += by;
    }

    /// Refuses what is asked next, whatever it is: with an HTTP status, Twilio's code, `Retry-After` in seconds.
    pub fn refuse(&self, status: u16, code: u32, retry_after: Option<u64>) {
        self.book().refusing = Some((status, code, retry_after));
    }

    /// How often it was asked.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.book().requests
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, pending: &Pending, to: &str, status: &str) -> Value {
        let now = OffsetDateTime::from(SystemTime::now()).format(&Rfc3339).unwrap_or_default();
        json!({
            "sid": pending.sid, "service_sid": self.account.verify_service, "account_sid": self.account.account_sid,
            "to": to, "channel": "sms", "status": status, "valid": status == "approved",
            "amount": null, "payee": null, "date_created": now, "date_updated": now,
        })
    }
}

impl Book {
    fn now(&self) -> Instant {
        Instant::now() + self.ahead
    }

    /// What is asked, once who asks is known: the fields of the form.
    fn asked(
        &mut self,
        account: &Account,
        service: &str,
        headers: &HeaderMap,
        body: &str,
    ) -> Result<HashMap<String, String>, Refusal> {
        self.requests += 1;
        if !is_known(account, headers) {
            return Err((401, 20_003, None));
        }
        if service != account.verify_service {
            return Err((404, 20_404, None));
        }
        if let Some(refusing) = self.refusing.take() {
            return Err(refusing);
        }
        let fields: HashMap<String, String> = form(headers, body).unwrap_or_default().into_iter().collect();
        if !fields.get("To").is_some_and(|to| to.starts_with('+') && to.len() > 7) {
            return Err((400, 60_200, None));
        }
        let now = self.now();
        self.pending.retain(|_, pending| pending.since + LIVES > now);
        Ok(fields)
    }
}

/// An answer to the fields of a form, from somebody who is known.
fn answered_by(answer: fn(&Verify, &mut Book, &HashMap<String, String>) -> Response) -> MethodRouter<Verify> {
    let asked =
        async move |State(verify): State<Verify>, Path(service): Path<String>, headers: HeaderMap, body: String| {
            let mut book = verify.book();
            match book.asked(&verify.account, &service, &headers, &body) {
                Ok(fields) => answer(&verify, &mut book, &fields),
                Err(refused) => refusal(refused, "refused"),
            }
        };
    routing::post(asked)
}

fn start(verify: &Verify, book: &mut Book, fields: &HashMap<String, String>) -> Response {
    if fields.get("Channel").is_none_or(|channel| channel != "sms") {
        return refusal((400, 60_200, None), "Invalid parameter `Channel`");
    }
    book.drawn += 1;
    let (now, drawn) = (book.now(), book.drawn);
    // Who asks again within ten minutes gets the same code again.
    let pending = book.pending.entry(fields["To"].clone()).or_insert_with(|| Pending {
        sid: format!("VE{drawn:032}"),
        code: format!("{:06}", 314_159 + drawn),
        since: now,
        sends: 0,
        wrong: 0,
    });
    if pending.sends >= TRIES {
        return refusal((429, 60_203, None), "Max send attempts reached");
    }
    pending.sends += 1;
    let mut answer = verify.answer(pending, &fields["To"], "pending");
    answer["send_code_attempts"] = (0..pending.sends).map(|_| json!({ "channel": "SMS" })).collect();
    (StatusCode::CREATED, Json(answer)).into_response()
}

fn check(verify: &Verify, book: &mut Book, fields: &HashMap<String, String>) -> Response {
    let Some(code) = fields.get("Code") else { return refusal((400, 60_200, None), "Missing required parameter Code") };
    let Some(pending) = book.pending.get_mut(&fields["To"]) else {
        return refusal((404, 20_404, None), "The requested resource was not found");
    };
    if pending.wrong >= TRIES {
        return refusal((429, 60_202, None), "Max check attempts reached");
    }
    let valid = pending.code == *code;
    let answer = verify.answer(pending, &fields["To"], if valid { "approved" } else { "pending" });
    if valid {
        book.pending.remove(&fields["To"]);
    } else {
        pending.wrong += 1;
    }
    Json(answer).into_response()
}
