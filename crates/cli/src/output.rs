//! What goes to stdout: JSON for programs or plain lines for people.

use std::io::Write;

use serde::Serialize;

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// `json`: one object a line.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Says one thing, in the one way or the other. `false`: nobody reads any more, which is not an error.
    pub fn say(self, object: &impl Serialize, plain: impl FnOnce() -> String) -> bool {
        let line = if self.json {
            serde_json::to_string(object).expect("what is said can always be written as JSON")
        } else {
            // Names are chosen by others: nothing in them moves the cursor or colours what follows.
            plain().replace(|c: char| c.is_control() && c != '\n', " ")
        };
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_ok()
    }
}
