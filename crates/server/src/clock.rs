//! The time on the wall, for what is stored and shown. The machines get their time as an argument.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::store::UnixMs;

/// Now.
pub fn unix_ms() -> UnixMs {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX))
}

/// RFC 3339 in UTC, to the millisecond.
pub fn rfc3339(at: UnixMs) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| String::from("1970-01-01T00:00:00Z"))
}

/// Reads RFC 3339 with any offset.
pub fn parse_rfc3339(text: &str) -> Option<UnixMs> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    UnixMs::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

/// What budgets take for the time: this machine's, or for tests one that stands still until it is told to go on.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Standing>>);

#[derive(Debug)]
struct Standing {
    begin: Instant,
    begin_ms: UnixMs,
    passed_ms: AtomicU64,
}

impl Clock {
    /// One that stands still.
    pub fn standing() -> Self {
        let standing = Standing { begin: Instant::now(), begin_ms: unix_ms(), passed_ms: AtomicU64::new(0) };
        Self(Some(Arc::new(standing)))
    }

    /// Lets time pass (whole milliseconds) for all clones of a standing clock.
    pub fn advance(&self, by: Duration) {
        if let Some(standing) = &self.0 {
            standing.passed_ms.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Now, for the machines.
    pub fn now(&self) -> Instant {
        self.0.as_ref().map_or_else(Instant::now, |standing| standing.begin + standing.passed())
    }

    /// How long ago something was made; no time at all if that lies ahead.
    pub fn age(&self, made: UnixMs) -> Duration {
        let now = self.0.as_ref().map_or_else(unix_ms, |standing| {
            standing.begin_ms.saturating_add(UnixMs::try_from(standing.passed().as_millis()).unwrap_or(UnixMs::MAX))
        });
        Duration::from_millis(u64::try_from(now.saturating_sub(made)).unwrap_or(0))
    }
}

impl Standing {
    fn passed(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::Relaxed))
    }
}
