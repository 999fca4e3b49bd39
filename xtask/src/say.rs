//! What a person is told while things happen: one short line a step, with the time it took.

use std::time::{Duration, Instant};

use anyhow::Result;

/// A line for whoever looks. Nobody has to: a reader that went (`| head`) ends no run.
macro_rules! said {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stdout(), $($text)*));
    }};
}
pub(crate) use said;

/// Says one thing.
pub fn line(text: &str) {
    crate::say::said!("· {text}");
}

/// Does one step, says what it is before and, when it took a while, how long after.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    line(&format!("{what} …"));
    let start = Instant::now();
    let result = work()?;
    let took = start.elapsed();
    if took >= Duration::from_secs(2) {
        line(&format!("{what}: done in {:.0} s", took.as_secs_f32()));
    }
    Ok(result)
}
