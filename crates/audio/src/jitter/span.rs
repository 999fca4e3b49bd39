use std::time::Duration;

/// A span of time in samples at 48 kHz.
pub fn samples(span: Duration) -> i64 {
    (span.as_nanos() * 48 / 1_000_000).min(i64::MAX as u128) as i64
}
