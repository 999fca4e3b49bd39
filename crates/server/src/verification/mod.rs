//! Proving that a number belongs to its user, by a code that only its holder gets.
//!
//! What sends and checks codes stands behind [`Verifier`]; `off`, `log` and `twilio` pass one suite
//! (`tests/behaviour/verifiers.rs`). Claims themselves are the store's.

mod codes;
mod log;
mod twilio;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use care4w_protocol::ErrorCode;
use care4w_protocol::rest::Verification;

use crate::config::Config;
use crate::error::Problem;
use crate::limits::Wait;
use crate::store::{Account, HeldNumber};

pub use crate::twilio::settings::Twilio;
pub use log::LogVerifier;
pub use twilio::{TwilioError, TwilioVerifier};

/// Why a code was not sent, or proved nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// This server does not verify numbers.
    #[error("numbers are not verified here")]
    Off,
    /// Too many sends or too many wrong codes.
    #[error("too many tries")]
    TooMany(Wait),
    /// Not the code that was sent.
    #[error("the code is wrong")]
    WrongCode,
    /// No code was sent, or it is too old or used up.
    #[error("there is no code that holds")]
    Expired,
    /// No code can be sent to this number.
    #[error("no code can be sent to this number")]
    NotReachable,
    /// No codes are sent to this number's country.
    #[error("no codes are sent to this country")]
    CountryBlocked,
    /// Whoever sends the codes does not work.
    #[error("codes cannot be sent or checked at the moment")]
    Unavailable,
}

/// Sends codes and checks them.
#[async_trait]
pub trait Verifier: Send + Sync + 'static {
    /// Which of the three it is.
    fn mode(&self) -> Verification;

    /// Sends a code to a number for a user. The one sent before may hold no more.
    async fn send(&self, account: &Account, number: &HeldNumber, now: Instant) -> Result<(), VerifyError>;

    /// Whether `code` is what was sent to that number for that user. A code proves once.
    async fn check(&self, account: &Account, number: &HeldNumber, code: &str, now: Instant) -> Result<(), VerifyError>;
}

/// The verifier that is configured.
pub fn configured(config: &Config) -> Result<Arc<dyn Verifier>, TwilioError> {
    Ok(match config.verification {
        Verification::Off => Arc::new(NoVerifier),
        Verification::Log => {
            let lives = Duration::from_secs(config.limits.code_lives_seconds);
            Arc::new(LogVerifier::new(lives.min(crate::defaults::DAY)))
        }
        Verification::Twilio => Arc::new(TwilioVerifier::new(&config.twilio)?),
    })
}

/// Proves nothing: a saved number counts at once.
pub struct NoVerifier;

#[async_trait]
impl Verifier for NoVerifier {
    fn mode(&self) -> Verification {
        Verification::Off
    }

    async fn send(&self, _: &Account, _: &HeldNumber, _: Instant) -> Result<(), VerifyError> {
        Err(VerifyError::Off)
    }

    async fn check(&self, _: &Account, _: &HeldNumber, _: &str, _: Instant) -> Result<(), VerifyError> {
        Err(VerifyError::Off)
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Off => Problem::new(
                ErrorCode::NotAvailable,
                "This server does not verify numbers: a number counts as soon as it is saved.",
            ),
            VerifyError::TooMany(wait) => wait.into(),
            VerifyError::WrongCode => Problem::new(ErrorCode::InvalidCode, "That is not the code that was sent."),
            VerifyError::Expired => {
                Problem::new(ErrorCode::CodeExpired, "There is no code that holds any more. Have a new one sent.")
            }
            VerifyError::NotReachable => Problem::invalid_phone("No code can be sent to this number.".into()),
            VerifyError::CountryBlocked => {
                Problem::new(ErrorCode::Forbidden, "No codes are sent to numbers of this country.")
            }
            VerifyError::Unavailable => {
                Problem::new(ErrorCode::Unavailable, "Codes cannot be sent or checked at the moment. Try again later.")
            }
        }
    }
}

fn too_many(wait: Duration) -> VerifyError {
    VerifyError::TooMany(Wait(wait))
}
