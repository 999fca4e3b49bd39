//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// For what another process does.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is asked for.
const INTERVAL: Duration = Duration::from_millis(10);

/// Asks `condition` until it gives a value, for at most `deadline`.
///
/// `what` completes the sentence "waited 5 s for …" of the error. An error of the condition ends the wait at once.
pub fn until<T>(deadline: Duration, what: &str, mut condition: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = condition()? {
            return Ok(value);
        }
        if start.elapsed() >= deadline {
            bail!("waited {:.1} s for {what}", deadline.as_secs_f32());
        }
        std::thread::sleep(INTERVAL);
    }
}
