//! REST calls to the server, and what can become of them.

use std::sync::Arc;
use std::time::Duration;

use care4w_protocol::rest::Success;
use care4w_protocol::{ApiError, ErrorCode};
use reqwest::{Method, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::defaults::REQUEST_TIMEOUT;
use crate::{Problem, ServerUrl};

/// Why a REST call brought nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RequestError {
    /// No answer: no network, no server, or it took too long.
    #[error("The server can't be reached. Check your connection and try again.")]
    Offline,
    /// The server said no.
    #[error("{}", error.message)]
    Refused {
        /// Its code and sentence.
        error: ApiError,
        /// When to come back, for [`ErrorCode::RateLimited`].
        retry_after: Option<Duration>,
    },
    /// Something answered that does not speak our language.
    #[error("That address answers, but not as a Care4W server.")]
    NotOurs,
    /// Nobody is signed in, or the sign-in was ended elsewhere.
    #[error("You're signed out. Sign in again.")]
    SignedOut,
}

impl RequestError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Offline => "OFFLINE",
            Self::Refused { error, .. } => error.code.as_str(),
            Self::NotOurs => "NOT_A_CARE4W_SERVER",
            Self::SignedOut => "SIGNED_OUT",
        }
    }

    /// Whether the server refused with this code.
    pub fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Refused { error, .. } if error.code == code)
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match &error {
            RequestError::Refused { retry_after: Some(wait), .. } if error.is(ErrorCode::RateLimited) => {
                let seconds = u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX);
                let sentence = format!("Too many tries. Try again in {}.", in_words(*wait));
                Problem { retry_after: Some(seconds), ..Problem::new(error.code(), sentence) }
            }
            _ => Problem::new(error.code(), error.to_string()),
        }
    }
}

fn in_words(wait: Duration) -> String {
    match wait.as_secs().max(1) {
        seconds @ 0..=90 => format!("{seconds} s"),
        seconds @ 91..=5400 => format!("{} minutes", seconds.div_ceil(60)),
        seconds => format!("{} hours", seconds.div_ceil(3600)),
    }
}

/// The REST side of one server.
#[derive(Clone)]
pub struct Api {
    server: ServerUrl,
    http: reqwest::Client,
}

impl Api {
    /// Prepares calls to this server; asks nothing yet.
    pub fn new(server: ServerUrl) -> Self {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls())
            .timeout(REQUEST_TIMEOUT)
            // A redirect could carry a token to plain http.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("care4w/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client with our settings can always be built");
        Self { server, http }
    }

    /// The server that is asked.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// One call: `path` is below `/api/`.
    ///
    /// # Errors
    /// [`RequestError`]; never [`RequestError::SignedOut`], which only a session can know.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&(impl Serialize + Sync)>,
        token: Option<&str>,
    ) -> Result<T, RequestError> {
        let mut request = self.http.request(method, self.server.api(path)).query(query);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        // The error's text holds the address and the query: it is not logged.
        let answer = request.send().await.map_err(|_| RequestError::Offline)?;
        let status = answer.status();
        let retry_after = retry_after(&answer);
        let bytes = answer.bytes().await.map_err(|_| RequestError::Offline)?;
        tracing::debug!(path, status = status.as_u16(), "answered");
        if status.is_success() {
            let success: Success<T> = serde_json::from_slice(&bytes).map_err(|_| RequestError::NotOurs)?;
            return Ok(success.data);
        }
        Err(refusal(status, &bytes, retry_after))
    }
}

fn retry_after(answer: &reqwest::Response) -> Option<Duration> {
    answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

fn refusal(status: StatusCode, bytes: &[u8], retry_after: Option<Duration>) -> RequestError {
    #[derive(serde::Deserialize)]
    struct Lenient {
        error: LenientError,
    }
    #[derive(serde::Deserialize)]
    struct LenientError {
        code: String,
        message: String,
    }
    if let Ok(failure) = serde_json::from_slice::<care4w_protocol::rest::Failure>(bytes) {
        return RequestError::Refused { error: failure.error, retry_after };
    }
    // A newer server may know codes that we do not: its sentence still helps.
    if let Ok(Lenient { error }) = serde_json::from_slice::<Lenient>(bytes) {
        tracing::debug!(code = error.code, "a code that this version does not know");
        return RequestError::Refused { error: ApiError::new(ErrorCode::Internal, error.message), retry_after };
    }
    match status {
        // What a proxy says while the server behind it is away.
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            RequestError::Offline
        }
        _ => RequestError::NotOurs,
    }
}

/// TLS as the rest of the system trusts it, on ring: one crypto library in the whole binary.
pub(crate) fn tls() -> rustls::ClientConfig {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_platform_verifier()
        .expect("the system's certificates can be read")
        .with_no_client_auth()
}

/// The same TLS for the signalling socket.
pub fn shared_tls() -> Arc<rustls::ClientConfig> {
    Arc::new(tls())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_are_said_as_people_say_them() {
        assert_eq!(in_words(Duration::from_secs(40)), "40 s");
        assert_eq!(in_words(Duration::from_secs(180)), "3 minutes");
        assert_eq!(in_words(Duration::from_secs(7200)), "2 hours");
    }

    #[test]
    fn how_long_to_wait_is_said_in_words_and_in_seconds() {
        let body = br#"{"success":false,"error":{"code":"RATE_LIMITED","message":"Too many."}}"#;
        let refused = refusal(StatusCode::TOO_MANY_REQUESTS, body, Some(Duration::from_secs(40)));
        let problem = Problem::from(refused);
        assert_eq!(problem.message, "Too many tries. Try again in 40 s.");
        assert_eq!(problem.retry_after, Some(40));
    }

    #[test]
    fn what_is_no_care4w_server_is_told_apart_from_no_server() {
        assert_eq!(refusal(StatusCode::NOT_FOUND, b"<html>", None).code(), "NOT_A_CARE4W_SERVER");
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, b"<html>", None).code(), "OFFLINE");
    }

    #[test]
    fn a_code_from_the_future_keeps_its_sentence() {
        let body = br#"{"success":false,"error":{"code":"BRAND_NEW","message":"Do this."}}"#;
        assert_eq!(refusal(StatusCode::CONFLICT, body, None).to_string(), "Do this.");
    }
}
