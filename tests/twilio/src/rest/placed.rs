//! A call that was begun by REST, as a test holds it.

use std::sync::Arc;

use super::calls::Calls;
use crate::house::LegEvent;

/// A call that somebody asked for by `POST …/Calls.json`.
#[derive(Clone)]
pub struct PlacedCall {
    pub(crate) calls: Arc<Calls>,
    pub(crate) sid: String,
}

impl PlacedCall {
    /// `CA` and 32 hexadecimal digits.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// What was asked for, field by field.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        self.calls.look(&self.sid, |call| call.fields.clone()).unwrap_or_default()
    }

    /// A field of it; empty where it is missing.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        self.fields().into_iter().find(|(given, _)| given == name).map(|(_, value)| value).unwrap_or_default()
    }

    /// Twilio's word for how it stands.
    #[must_use]
    pub fn status(&self) -> &'static str {
        self.calls.look(&self.sid, |call| call.status).unwrap_or("deleted")
    }

    /// Whoever is rung first picks up.
    pub fn answer(&self) {
        self.happens(LegEvent::Answered);
    }

    /// Whoever is rung first declines.
    pub fn decline(&self) {
        self.happens(LegEvent::Declined);
    }

    /// Whoever is rung first hangs up.
    pub fn hang_up(&self) {
        self.happens(LegEvent::HungUp);
    }

    /// Whoever the TwiML dials answers.
    pub fn they_answer(&self) {
        self.happens(LegEvent::AnswerOutside);
    }

    /// They hang up.
    pub fn they_hang_up(&self) {
        self.happens(LegEvent::Remote(None));
    }

    fn happens(&self, event: LegEvent) {
        self.calls.happens(&self.sid, event);
    }
}
