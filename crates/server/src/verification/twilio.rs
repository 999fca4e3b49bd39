//! Twilio Verify v2 (<https://www.twilio.com/docs/verify/api>): Twilio makes, sends, counts and checks the codes.

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
use crate::twilio::http::{self, TlsError};
use crate::twilio::settings::{Twilio, is_sid};

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
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Twilio Verify.
pub struct TwilioVerifier {
    http: reqwest::Client,
    key: String,
    secret: Secret<String>,
    verifications: Url,
    checks: Url,
}

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
        if !is_sid(service, "VA") {
            return Err(TwilioError::NoService);
        }
        let base = settings.verify_url.as_deref().unwrap_or("https://verify.twilio.com");
        let base = http::safe(base, "https", "http").ok_or(TwilioError::NoUrl)?;
        let below = |path: &str| base.join(&format!("/v2/Services/{service}/{path}")).map_err(|_| TwilioError::NoUrl);
        Ok(Self {
            http: http::client(&base)?,
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
