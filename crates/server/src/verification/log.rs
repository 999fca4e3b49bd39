use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use care4w_protocol::rest::Verification;
use rand::Rng;

use super::codes::Codes;
use super::{Verifier, VerifyError};
use crate::defaults;
use crate::store::{Account, HeldNumber};

/// Writes codes to the server's log, for whoever runs it to hand on (`docs/verification.md`).
pub struct LogVerifier(Mutex<Codes>);

impl Default for LogVerifier {
    fn default() -> Self {
        Self::new(defaults::CODE_LIVES)
    }
}

impl LogVerifier {
    /// Its codes hold so long.
    pub fn new(lives: Duration) -> Self {
        Self(Mutex::new(Codes::new(defaults::LIMIT_KEYS, lives)))
    }

    /// Sends this code, for a test that has to know it.
    pub fn send_code(
        &self,
        account: &Account,
        number: &HeldNumber,
        code: &str,
        now: Instant,
    ) -> Result<(), VerifyError> {
        self.codes().sent(account.id, &number.full, code, now)
    }

    // The machine is not left half-changed by a panic.
    fn codes(&self) -> std::sync::MutexGuard<'_, Codes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Verifier for LogVerifier {
    fn mode(&self) -> Verification {
        Verification::Log
    }

    async fn send(&self, account: &Account, number: &HeldNumber, now: Instant) -> Result<(), VerifyError> {
        let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
        self.send_code(account, number, &code, now)?;
        // Its own target, so that it can be let through or kept out alone. The number is not in it.
        tracing::info!(target: "care4w_server::verification_code", code, care4w_id = %account.care4w_id, "a number is to be verified");
        Ok(())
    }

    async fn check(&self, account: &Account, number: &HeldNumber, code: &str, now: Instant) -> Result<(), VerifyError> {
        self.codes().check(account.id, &number.full, code, now)
    }
}
