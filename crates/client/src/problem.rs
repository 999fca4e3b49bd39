//! What the edge says when something did not work.

use serde::Serialize;

/// A failed command at the edge (window or command line): a stable code to match on, a sentence to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// SCREAMING_SNAKE_CASE; stable.
    pub code: String,
    /// One sentence that says what happened and what to do.
    pub message: String,
    /// Seconds after which it may be tried again, where the server said so.
    #[serde(rename = "retryAfter")]
    #[specta(optional)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem by its code and sentence.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retry_after: None }
    }
}
