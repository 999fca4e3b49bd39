//! How a command fails: one clear line on stderr, exit code 1; 2 for wrong usage.

use std::process::ExitCode;

use care4w_client::Problem;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    code: String,
    message: String,
    usage: bool,
}

impl Failure {
    /// A failure with its stable code.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), usage: false }
    }

    /// The command was given something that it does not take.
    pub fn usage(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(code, message) }
    }

    /// Names the server that did not answer: an address that was mistyped is found by reading it.
    pub fn at(mut self, server: &str) -> Self {
        if self.code == "OFFLINE" {
            self.message = format!("No answer from {server}. Check the address and your connection.");
        }
        self
    }

    /// Says it and gives the exit code.
    pub fn report(&self) -> ExitCode {
        // One line, whatever a message holds.
        let mut message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.code == "NO_KEYCHAIN" {
            message += " Without one, --insecure-file-credentials keeps it in a file.";
        }
        eprintln!("care4w-cli: {message} [{}]", self.code);
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::new(problem.code, problem.message)
    }
}
