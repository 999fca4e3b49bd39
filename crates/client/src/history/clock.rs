//! Times of the history: milliseconds since 1970, written as RFC 3339.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::UnixMs;

/// A time in RFC 3339, UTC, to the millisecond.
pub(super) fn write_time(at: UnixMs) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

/// What [`write_time`] or a server wrote.
pub(super) fn parse_time(text: &str) -> Option<UnixMs> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    UnixMs::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// The time of a server's message.
pub(crate) fn time_of(text: &str) -> UnixMs {
    parse_time(text).unwrap_or_else(wall_clock)
}

pub(crate) fn wall_clock() -> UnixMs {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs::try_from(now.as_millis()).unwrap_or(UnixMs::MAX)
}
