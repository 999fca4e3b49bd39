//! Calls over Twilio Voice: when the backend runs, where its tokens come from, and whether Care4W's own calls go first.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use care4w_calls::EndReason;
use care4w_calls::twilio::{AccessToken, Status, TokenProblem, TokenSource};
use care4w_protocol::twilio::TwilioToken;
use care4w_protocol::{ApiError, ErrorCode, Secret};
use reqwest::Method;
use serde_json::Value;

use super::{Inner, Phone};
use crate::Problem;
use crate::api::RequestError;
use crate::app_state::SessionStatus;
use crate::routing::TwilioVoice;
use crate::session::Session;
use crate::store::Store;

/// The store's key of the wish for free calls where they are possible.
const FREE_CALLS: &str = "freeCalls";

/// Whether Care4W's own calls go first where they can.
pub(super) fn free_calls(store: &dyn Store) -> bool {
    store.get(FREE_CALLS).and_then(|value| value.as_bool()).unwrap_or(false)
}

/// Asks our server.
pub(super) struct Tokens(pub Arc<Session>);

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<AccessToken, TokenProblem> {
        let token: TwilioToken =
            self.0.call(Method::GET, "token", &[], None::<&()>).await.map_err(|error| problem(&error))?;
        Ok(AccessToken {
            text: Secret::new(token.token),
            expires_in: Duration::from_secs(token.expires_in),
            edge: token.edge,
            gateway: token.gateway,
        })
    }
}

fn problem(error: &RequestError) -> TokenProblem {
    let never = matches!(error, RequestError::SignedOut) || error.is(ErrorCode::TwilioNotActive);
    tracing::debug!(code = error.code(), never, "no token for Twilio");
    if never { TokenProblem::Never } else { TokenProblem::Later }
}

/// How a call ends that our server does not have put through.
pub(super) fn refusal(error: &ApiError) -> EndReason {
    match error.code {
        ErrorCode::NotFound => EndReason::NotFound,
        ErrorCode::RateLimited => EndReason::RateLimited,
        ErrorCode::Forbidden => EndReason::NotAllowed,
        _ => EndReason::Refused,
    }
}

impl Inner {
    /// Starts or stops the backend as the server's settings and the sign-in want it.
    pub(super) fn follow_twilio(&self) {
        let wanted = {
            let state = self.state.borrow();
            state.server.twilio_active && state.session.status == SessionStatus::SignedIn
        };
        if wanted && self.connects.load(Ordering::SeqCst) {
            self.twilio.start();
        } else {
            self.twilio.stop();
        }
    }
}

impl Phone {
    /// How Twilio Voice stands.
    pub fn twilio_voice(&self) -> TwilioVoice {
        if self.inner.state.borrow().server.twilio_active { TwilioVoice::Active } else { TwilioVoice::NotActive }
    }

    /// Says whether Care4W's own, free calls go first where they are possible while Twilio is active, and remembers it.
    ///
    /// # Errors
    /// `STORE_NOT_WRITTEN` when it holds for this run alone.
    pub fn set_free_calls(&self, first: bool) -> Result<(), Problem> {
        self.inner.state.send_modify(|state| state.free_calls = first);
        self.inner
            .store
            .set(FREE_CALLS, Value::from(first))
            .map_err(|error| Problem::new(error.code(), error.to_string()))
    }

    /// The same for this run alone.
    pub fn free_calls_for_now(&self) {
        self.inner.state.send_modify(|state| state.free_calls = true);
    }

    /// Waits until calls over Twilio can come and go, where the server's calls go over it; at most this long.
    ///
    /// # Errors
    /// `TWILIO_UNREACHABLE`; `TWILIO_REFUSED` when it will not come by waiting.
    pub async fn twilio_ready(&self, longest: Duration) -> Result<(), Problem> {
        if self.twilio_voice() == TwilioVoice::NotActive {
            return Ok(());
        }
        self.inner.connects.store(true, Ordering::SeqCst);
        self.inner.follow_twilio();
        let mut status = self.inner.twilio.status();
        let settled = status.wait_for(|now| matches!(now, Status::Ready | Status::Failed(_)));
        match tokio::time::timeout(longest, settled).await {
            Ok(Ok(settled)) if *settled == Status::Ready => Ok(()),
            Ok(_) => Err(failed(EndReason::TwilioRefused)),
            Err(_) => Err(failed(EndReason::TwilioUnreachable)),
        }
    }
}

fn failed(reason: EndReason) -> Problem {
    Problem::new(reason.code(), reason.sentence(""))
}
