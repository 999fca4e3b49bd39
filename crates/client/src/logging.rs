//! Logs of the client programs: to stderr, at the level of `CARE4W_LOG` (error, warn, info, debug, trace; off). A window
//! keeps the last lines too, for the report that its person may give to a helper.
//!
//! Only our own crates speak. The libraries below them write addresses, headers and keys at some level, and a whole call
//! at TRACE must leave no number, address or token in a log.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt as to_terminal};

use crate::defaults::DIAGNOSED_LOG_LINES;

/// Environment variable with the level.
pub const LEVEL_VARIABLE: &str = "CARE4W_LOG";

/// The last lines, the oldest first. A program logs in one place for all that is in it.
static TAIL: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Starts logging; `fallback` is the level without [`LEVEL_VARIABLE`]. Later calls change nothing.
pub fn start(fallback: LevelFilter) {
    begin(fallback, None);
}

/// The same, and keeps the last lines for [`tail`], at DEBUG whatever the terminal shows.
pub fn start_and_keep(fallback: LevelFilter) {
    begin(fallback, Some(Tail { since: Instant::now() }));
}

/// The last lines that were logged, the oldest first; none where they are not kept.
pub fn tail() -> Vec<String> {
    TAIL.lock().expect("no one panics with the tail locked").iter().cloned().collect()
}

fn begin(fallback: LevelFilter, tail: Option<Tail>) {
    let level =
        std::env::var(LEVEL_VARIABLE).ok().and_then(|text| LevelFilter::from_str(text.trim()).ok()).unwrap_or(fallback);
    let own = |level: LevelFilter| EnvFilter::new(format!("off,care4w={level}"));
    let terminal = to_terminal::layer()
        .with_writer(std::io::stderr)
        // Colours are for people; in a file or a pipe they are noise.
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(own(level));
    let tail = tail.map(|tail| tail.with_filter(own(LevelFilter::DEBUG)));
    if tracing_subscriber::registry().with(terminal).with(tail).try_init().is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Keeps the last lines.
struct Tail {
    since: Instant,
}

impl<S: Subscriber> Layer<S> for Tail {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut line = format!("{:.1} s {} {}:", self.since.elapsed().as_secs_f64(), about.level(), about.target());
        event.record(&mut Words(&mut line));
        let mut tail = TAIL.lock().expect("no one panics with the tail locked");
        if tail.len() == DIAGNOSED_LOG_LINES {
            tail.pop_front();
        }
        tail.push_back(line);
    }
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        written.expect("a String takes all that is written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept() {
        let subscriber = tracing_subscriber::registry().with(Tail { since: Instant::now() });
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..DIAGNOSED_LOG_LINES + 3 {
                tracing::debug!(number, "a line");
            }
        });
        let tail = tail();
        assert_eq!(tail.len(), DIAGNOSED_LOG_LINES);
        let last = tail.last().unwrap();
        assert!(
            last.contains(" DEBUG ") && last.ends_with(&format!("a line number={}", DIAGNOSED_LOG_LINES + 2)),
            "{last}"
        );
    }
}
