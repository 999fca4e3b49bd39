//! How long to wait before the gateway is tried again (TWILIO.md §1). No clock; chance comes from a seed.

use std::time::Duration;

/// First wait with one address, and while a call's edge is looked for again.
const FIRST: Duration = Duration::from_millis(100);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(20);

/// The longest wait while there is a call: the gateway keeps it for 30 s.
const LONGEST_IN_CALL: Duration = Duration::from_secs(1);

/// The longest wait where the gateway named the first one itself.
const LONGEST_NAMED: Duration = Duration::from_secs(60);

/// How far a wait is moved at random.
const JITTER: f64 = 0.4;

/// Which waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    /// A call waits for its signalling.
    pub in_call: bool,
    /// There are several addresses to try.
    pub several: bool,
}

/// Counts failures and says how long to wait.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    named: Option<Duration>,
    random: u64,
}

impl Backoff {
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, named: None, random: seed | 1 }
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.failures = 0;
        self.named = None;
    }

    /// The gateway said when to come back.
    pub fn name(&mut self, wait: Duration) {
        self.named = Some(wait.min(LONGEST_NAMED));
    }

    /// How often it failed since it last worked.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure: how long to wait now. A wait that the gateway named is kept exactly, and doubled after that.
    pub fn next(&mut self, mode: Mode) -> Duration {
        let chance = self.chance();
        let nth = self.failures;
        self.failures = self.failures.saturating_add(1);
        if let Some(wait) = self.named {
            self.named = Some((wait * 2).min(LONGEST_NAMED));
            return wait;
        }
        let longest = if mode.in_call { LONGEST_IN_CALL } else { LONGEST };
        let first = if mode.several && !mode.in_call { Duration::from_secs_f64(1.0 + 4.0 * chance) } else { FIRST };
        let wait = first.as_secs_f64() * 2f64.powi(nth.min(20) as i32);
        Duration::from_secs_f64((wait * (1.0 + JITTER * (2.0 * self.chance() - 1.0))).min(longest.as_secs_f64()))
    }

    /// From 0 to 1 (xorshift64).
    fn chance(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Mode = Mode { in_call: false, several: false };

    #[test]
    fn waits_double_to_twenty_seconds_and_are_moved_by_up_to_two_fifths() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for nth in 0..12 {
                let even = (0.1 * 2f64.powi(nth)).min(1e9);
                let wait = backoff.next(ALONE).as_secs_f64();
                assert!(
                    wait <= 20.0 && wait >= (even * 0.6).min(20.0) - 1e-9 && wait <= even * 1.4 + 1e-9,
                    "{nth}: {wait}"
                );
            }
        }
    }

    #[test]
    fn with_a_call_the_wait_is_a_second_at_most() {
        let mut backoff = Backoff::new(7);
        for _ in 0..20 {
            assert!(backoff.next(Mode { in_call: true, several: true }) <= LONGEST_IN_CALL);
        }
    }

    #[test]
    fn several_addresses_are_tried_seconds_apart() {
        for seed in 0..50 {
            let wait = Backoff::new(seed).next(Mode { in_call: false, several: true });
            assert!(wait >= Duration::from_millis(600) && wait <= Duration::from_secs(7), "{wait:?}");
        }
    }

    #[test]
    fn a_wait_that_the_gateway_named_is_kept_exactly_and_then_doubled_to_a_minute() {
        let mut backoff = Backoff::new(3);
        backoff.name(Duration::from_secs(7));
        let waits: Vec<_> = (0..5).map(|_| backoff.next(ALONE).as_secs()).collect();
        assert_eq!(waits, [7, 14, 28, 56, 60]);
        backoff.reset();
        assert!(backoff.next(ALONE) < Duration::from_secs(1));
    }
}
