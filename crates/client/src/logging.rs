//! Logs of the client programs: to stderr, at the level of `CARE4W_LOG` (error, warn, info, debug, trace; off).
//!
//! Only our own crates speak. The libraries below write addresses, headers and keys at some level, and a whole call
//! at TRACE must leave no number, address or token in a log.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// Environment variable with the level.
pub const LEVEL_VARIABLE: &str = "CARE4W_LOG";

/// Starts logging; `fallback` is the level without [`LEVEL_VARIABLE`]. Later calls change nothing.
pub fn start(fallback: LevelFilter) {
    let level =
        std::env::var(LEVEL_VARIABLE).ok().and_then(|text| LevelFilter::from_str(text.trim()).ok()).unwrap_or(fallback);
    let filter = EnvFilter::new(format!("off,care4w={level}"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colours are for people; in a file or a pipe they are noise.
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
