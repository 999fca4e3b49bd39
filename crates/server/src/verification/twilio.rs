//! Twilio Verify v2 (<https://www.twilio.com/docs/verify/api>): Twilio makes, sends, counts and checks the codes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use care4w_protocol::Secret;
use care4w_protocol::rest::Verification;
use reqwest::{Response, StatusCode, Url, header};
use serde::Deserialize;
use url::form_urlencoded;

use super::{Verifier, VerifyError, too_many};
use crate::defaults;
use crate::store::{Account, HeldNumber};

/// Where Twilio is and who we are there: `[twilio]` in the file, or `CARE4W_TWILIO_…`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// An account's SID (`AC…`) or, better, that of an API key (`SK…`).
    pub key: Option<String>,
    /// The account's auth token or the API key's secret.
    #[serde(deserialize_with = "secret")]
    pub secret: Option<Secret<String>>,
    /// The Verify service (`VA…`).
    pub verify_service: Option<String>,
    /// Another place than `https://verify.twilio.com`, for tests and proxies. Plain `http` to this machine alone.
    pub verify_url: Option<String>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

impl Twilio {
    /// What is set here, else what is set there.
    pub fn or(self, other: Self) -> Self {
        Self {
            key: self.key.or(other.key),
            secret: self.secret.or(other.secret),
            verify_service: self.verify_service.or(other.verify_service),
            verify_url: self.verify_url.or(other.verify_url),
        }
    }
}

/// Why Twilio cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// Something is not set.
    #[error(
        "verification by Twilio needs [twilio] key, secret and verify_service, or CARE4W_TWILIO_KEY, CARE4W_TWILIO_SECRET and CARE4W_TWILIO_VERIFY_SERVICE"
    )]
    Incomplete,
    /// The service is no `VA…`.
    #[error("[twilio] verify_service is the SID of a Verify service: VA and 32 hexadecimal digits")]
    NoService,
    /// The address is none, or plain and not of this machine.
    #[error("[twilio] verify_url is an https address, or http to this machine")]
    NoUrl,
    /// No TLS to be had.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Twilio Verify.
pub struct TwilioVerifier {
    http: reqwest::Client,
    key: String,
    secret: Secret<String>,
    verifications: Url,
    checks: Url,
}

/// How long one request may take: the person waits for it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// "Concurrent" (60212) and general rate (20429) refusals without a `Retry-After` are over in moments.
const MOMENT: Duration = Duration::from_secs(5);

/// Fraud Guard blocks a prefix for 12 hours.
const FRAUD_GUARD: Duration = Duration::from_secs(12 * 3600);

impl TwilioVerifier {
    /// Prepares requests; asks nothing yet.
    pub fn new(settings: &Twilio) -> Result<Self, TwilioError> {
        let (Some(key), Some(secret), Some(service)) = (&settings.key, &settings.secret, &settings.verify_service)
        else {
            return Err(TwilioError::Incomplete);
        };
        let is_sid = service.len() == 34
            && service.starts_with("VA")
            && service[2..].bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_sid {
            return Err(TwilioError::NoService);
        }
        let base = settings.verify_url.as_deref().unwrap_or("https://verify.twilio.com");
        let base = Url::parse(base).map_err(|_| TwilioError::NoUrl)?;
        let is_local = matches!(base.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if base.scheme() != "https" && !(base.scheme() == "http" && is_local) {
            return Err(TwilioError::NoUrl);
        }
        let below = |path: &str| base.join(&format!("/v2/Services/{service}/{path}")).map_err(|_| TwilioError::NoUrl);
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .timeout(REQUEST_TIMEOUT)
            // A redirect would carry the credentials away.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("care4w-server/", env!("CARGO_PKG_VERSION")));
        if is_local {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| TwilioError::Tls(Box::new(error)))?;
        Ok(Self {
            http,
            key: key.clone(),
            secret: secret.clone(),
            verifications: below("Verifications")?,
            checks: below("VerificationCheck")?,
        })
    }

    async fn post(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Response, VerifyError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .http
            .post(url.clone())
            .basic_auth(&self.key, Some(self.secret.expose()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        // The error's text could hold the address with the service in it: only its kind is said.
        request.send().await.map_err(|error| {
            tracing::error!(
                timeout = error.is_timeout(),
                connect = error.is_connect(),
                "Twilio Verify cannot be reached"
            );
            VerifyError::Unavailable
        })
    }
}

/// TLS on ring, as in the rest of the product.
fn tls() -> Result<rustls::ClientConfig, TwilioError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TwilioError::Tls(Box::new(error)))?;
    let builder = builder.with_platform_verifier().map_err(|error| TwilioError::Tls(Box::new(error)))?;
    Ok(builder.with_no_client_auth())
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

/// What Twilio's refusals mean (TWILIO.md §9). Its text may hold the number: only the code is logged.
async fn refused(answer: Response) -> VerifyError {
    let status = answer.status();
    let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    let code = answer.bytes().await.ok().and_then(|bytes| serde_json::from_slice::<Refusal>(&bytes).ok()?.code);
    match (code, status) {
        (Some(60202 | 60203), _) => too_many(retry_after.unwrap_or(defaults::CODE_LIVES)),
        (Some(60212), _) => too_many(retry_after.unwrap_or(MOMENT)),
        (Some(60410), _) => too_many(retry_after.unwrap_or(FRAUD_GUARD)),
        (Some(60605), _) => VerifyError::CountryBlocked,
        // Not a number that can get a message: an invalid parameter, or a landline.
        (Some(60200 | 60205), _) => VerifyError::NotReachable,
        (_, StatusCode::TOO_MANY_REQUESTS) => too_many(retry_after.unwrap_or(MOMENT)),
        (_, StatusCode::NOT_FOUND) => VerifyError::Expired,
        _ => {
            tracing::error!(status = status.as_u16(), code, "Twilio Verify refused");
            VerifyError::Unavailable
        }
    }
}

#[derive(Deserialize)]
struct Checked {
    status: String,
}

#[async_trait]
impl Verifier for TwilioVerifier {
    fn mode(&self) -> Verification {
        Verification::Twilio
    }

    async fn send(&self, _account: &Account, number: &HeldNumber, _now: Instant) -> Result<(), VerifyError> {
        let answer = self.post(&self.verifications, &[("To", &number.full), ("Channel", "sms")]).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(match refused(answer).await {
            // There is no verification to be missing yet: it is the service that does not exist.
            VerifyError::Expired => {
                tracing::error!("Twilio does not know the Verify service");
                VerifyError::Unavailable
            }
            other => other,
        })
    }

    async fn check(
        &self,
        _account: &Account,
        number: &HeldNumber,
        code: &str,
        _now: Instant,
    ) -> Result<(), VerifyError> {
        let answer = self.post(&self.checks, &[("To", &number.full), ("Code", code)]).await?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        let bytes = answer.bytes().await.map_err(|_| VerifyError::Unavailable)?;
        let checked: Checked = serde_json::from_slice(&bytes).map_err(|_| VerifyError::Unavailable)?;
        match checked.status.as_str() {
            "approved" => Ok(()),
            "pending" => Err(VerifyError::WrongCode),
            "max_attempts_reached" => Err(too_many(defaults::CODE_LIVES)),
            _ => Err(VerifyError::Expired),
        }
    }
}
