//! Twilio's REST interface for calls: begin one, end one (TWILIO.md §9).

use std::time::Duration;

use care4w_protocol::Secret;
use reqwest::{Client, Response, StatusCode, Url, header};
use serde::Deserialize;
use url::form_urlencoded;

use super::http::{self, TlsError};
use super::settings::{VoiceSettings, is_sid};

/// A call that Twilio is to begin.
pub struct PlacedCall<'a> {
    /// Whom it calls first (E.164).
    pub to: &'a str,
    /// What they see (E.164).
    pub from: &'a str,
    /// What happens once they have answered.
    pub twiml: &'a str,
    /// Where Twilio tells how far it is.
    pub status_callback: &'a str,
    /// Seconds that it rings.
    pub timeout: u64,
    /// Seconds after which Twilio ends it.
    pub time_limit: u64,
}

/// Why Twilio did not do it. Its own text may hold the number, and is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// It said no: HTTP status and its own code.
    #[error("Twilio refused: {status}, {code:?}")]
    Refused {
        /// HTTP's.
        status: u16,
        /// Twilio's.
        code: Option<u32>,
    },
    /// Too much at once; how long to wait.
    #[error("Twilio is asked too often")]
    TooMany(Duration),
    /// No answer, or none that can be read: it may have been done or not.
    #[error("Twilio does not answer")]
    Unknown,
}

/// How a call is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Before it was answered.
    Canceled,
    /// While it is talked.
    Completed,
}

/// Twilio's calls of one account.
pub struct Calls {
    http: Client,
    key: String,
    secret: Secret<String>,
    account: Url,
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Standing {
    status: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

impl Calls {
    /// Prepares requests; asks nothing yet.
    pub fn new(settings: &VoiceSettings) -> Result<Self, TlsError> {
        let mut account = settings.api.clone();
        account.set_path(&format!("/2010-04-01/Accounts/{}/", settings.account));
        Ok(Self {
            http: http::client(&settings.api)?,
            key: settings.key.clone(),
            secret: settings.secret.clone(),
            account,
        })
    }

    /// Begins a call; its SID.
    pub async fn place(&self, call: &PlacedCall<'_>) -> Result<String, RestError> {
        let (timeout, limit) = (call.timeout.to_string(), call.time_limit.to_string());
        let mut fields = vec![
            ("To", call.to),
            ("From", call.from),
            ("Twiml", call.twiml),
            ("StatusCallback", call.status_callback),
            ("Timeout", &timeout),
            ("TimeLimit", &limit),
        ];
        fields.extend(["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)));
        let answer = self.post("Calls.json", &fields).await?;
        let bytes = answer.bytes().await.map_err(|_| RestError::Unknown)?;
        let created: Created = serde_json::from_slice(&bytes).map_err(|_| RestError::Unknown)?;
        // It becomes part of an address.
        if is_sid(&created.sid, "CA") { Ok(created.sid) } else { Err(RestError::Unknown) }
    }

    /// Ends a call. One that was answered just now is left as it is when it is to be cancelled, which Twilio documents, or
    /// refused, and the other way round: then the other is said.
    pub async fn end(&self, sid: &str, end: End) -> Result<(), RestError> {
        if !is_sid(sid, "CA") {
            return Err(RestError::Unknown);
        }
        let path = format!("Calls/{sid}.json");
        let (first, second) = match end {
            End::Canceled => ("canceled", "completed"),
            End::Completed => ("completed", "canceled"),
        };
        let is_over = match self.post(&path, &[("Status", first)]).await {
            Err(RestError::Refused { status: 400, .. }) => false,
            answer => !goes_on(answer?).await,
        };
        if is_over { Ok(()) } else { self.post(&path, &[("Status", second)]).await.map(drop) }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Response, RestError> {
        let url = self.account.join(path).map_err(|_| RestError::Unknown)?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .http
            .post(url)
            .basic_auth(&self.key, Some(self.secret.expose()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        // The error's text could hold the address with the account in it: only its kind is said.
        let answer = request.send().await.map_err(|error| {
            tracing::error!(timeout = error.is_timeout(), connect = error.is_connect(), "Twilio cannot be reached");
            RestError::Unknown
        })?;
        if answer.status().is_success() { Ok(answer) } else { Err(refused(answer).await) }
    }
}

/// Whether a call that was to end still is in progress, as Twilio says in its answer. An answer that says nothing is believed.
async fn goes_on(answer: Response) -> bool {
    let call = answer.bytes().await.ok().and_then(|bytes| serde_json::from_slice::<Standing>(&bytes).ok());
    call.is_some_and(|call| call.status == "in-progress")
}

async fn refused(answer: Response) -> RestError {
    const MOMENT: Duration = Duration::from_secs(5);
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let wait = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return RestError::TooMany(wait.map_or(MOMENT, Duration::from_secs));
    }
    let code = answer.bytes().await.ok().and_then(|bytes| serde_json::from_slice::<Refusal>(&bytes).ok()?.code);
    tracing::error!(status = status.as_u16(), code, "Twilio refused a call");
    if status.is_server_error() {
        return RestError::Unknown;
    }
    RestError::Refused { status: status.as_u16(), code }
}
