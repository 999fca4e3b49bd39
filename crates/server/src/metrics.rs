//! Counters in Prometheus' text format (exposition format 0.0.4).

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// What is counted. No label holds anything of a user.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Responses by the first digit of their status, 1xx to 5xx.
    responses: [AtomicU64; 5],
    /// Signalling sockets that are open now.
    pub sockets: AtomicI64,
    /// Calls that were begun.
    pub calls_begun: AtomicU64,
    /// Calls that were answered.
    pub calls_answered: AtomicU64,
}

impl Metrics {
    /// Counts a response.
    pub fn response(&self, status: u16) {
        if let Some(counter) = usize::from(status / 100).checked_sub(1).and_then(|class| self.responses.get(class)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The text that `/metrics` answers.
    pub fn text(&self) -> String {
        let mut text = String::from("# TYPE care4w_http_responses_total counter\n");
        for (class, counter) in self.responses.iter().enumerate() {
            let count = counter.load(Ordering::Relaxed);
            writeln!(text, "care4w_http_responses_total{{class=\"{}xx\"}} {count}", class + 1)
                .expect("a string takes all that is written");
        }
        let figures = [
            ("care4w_signalling_sockets", "gauge", self.sockets.load(Ordering::Relaxed).max(0).unsigned_abs()),
            ("care4w_calls_begun_total", "counter", self.calls_begun.load(Ordering::Relaxed)),
            ("care4w_calls_answered_total", "counter", self.calls_answered.load(Ordering::Relaxed)),
        ];
        for (name, kind, value) in figures {
            writeln!(text, "# TYPE {name} {kind}\n{name} {value}").expect("a string takes all that is written");
        }
        text
    }
}
