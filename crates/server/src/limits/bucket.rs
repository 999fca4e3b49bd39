use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// So many at once, and one back after each pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// How many at once; 0 refuses everything.
    pub burst: u32,
    /// Milliseconds until one is given back; 0 gives all back at once.
    #[serde(rename = "one_back_ms")]
    one_back_ms: u64,
}

impl Allowance {
    /// An allowance.
    pub const fn new(burst: u32, one_back: Duration) -> Self {
        Self { burst, one_back_ms: one_back.as_millis() as u64 }
    }

    fn one_back(self) -> Duration {
        Duration::from_millis(self.one_back_ms)
    }
}

/// How long until one more is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(pub Duration);

impl Wait {
    /// Whole seconds, rounded up, for `Retry-After`: at least 1.
    pub fn seconds(self) -> u64 {
        let whole = self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0);
        whole.max(1)
    }
}

/// Token buckets by key.
///
/// Invariant: in any span `t` a key gets at most `burst + t / one_back`, and at most `capacity` keys are remembered.
/// Kept as one time a key, the time at which its bucket is full again (GCRA, ITU-T I.371): a key whose time has
/// passed has its whole allowance and need not be remembered.
pub struct Buckets<K> {
    allowance: Allowance,
    capacity: usize,
    full_at: HashMap<K, Instant>,
    next_sweep: Option<Instant>,
    /// The latest time that was handed in. What was forgotten by then would come back whole if the clock went back.
    latest: Option<Instant>,
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    /// Buckets that all have the same allowance, for at most `capacity` keys at a time.
    pub fn new(allowance: Allowance, capacity: usize) -> Self {
        Self { allowance, capacity, full_at: HashMap::new(), next_sweep: None, latest: None }
    }

    /// Takes one, or says how long to wait.
    pub fn take(&mut self, key: &K, now: Instant) -> Result<(), Wait> {
        self.take_from(key, self.allowance.burst, now)
    }

    /// Takes one from a bucket that holds `burst` instead (at most the allowance's own).
    pub fn take_from(&mut self, key: &K, burst: u32, now: Instant) -> Result<(), Wait> {
        self.look(key, burst, now)?;
        let now = self.not_back(now);
        let one_back = self.allowance.one_back();
        let from = self.full_at.get(key).map_or(now, |full_at| (*full_at).max(now));
        // Past the end of time nothing is allowed.
        let full_at = from.checked_add(one_back).ok_or(Wait(one_back))?;
        self.full_at.insert(key.clone(), full_at);
        Ok(())
    }

    fn not_back(&mut self, now: Instant) -> Instant {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        latest
    }

    /// Whether one could be taken.
    pub fn look(&mut self, key: &K, burst: u32, now: Instant) -> Result<(), Wait> {
        let now = self.not_back(now);
        let one_back = self.allowance.one_back();
        if burst == 0 {
            return Err(Wait(one_back.max(Duration::from_secs(1))));
        }
        let Some(full_at) = self.full_at.get(key) else {
            return self.room(now);
        };
        // `missing` is what has been taken and not come back, as a time; one more must still fit into the burst.
        let missing = full_at.saturating_duration_since(now);
        let most = one_back.saturating_mul(burst - 1);
        if missing > most { Err(Wait(missing - most)) } else { Ok(()) }
    }

    /// Gives one back.
    pub fn give_back(&mut self, key: &K) {
        let one_back = self.allowance.one_back();
        if let Some(full_at) = self.full_at.get_mut(key)
            && let Some(earlier) = full_at.checked_sub(one_back)
        {
            *full_at = earlier;
        }
    }

    /// Gives all back.
    pub fn clear(&mut self, key: &K) {
        self.full_at.remove(key);
    }

    /// Keys that are remembered.
    pub fn len(&self) -> usize {
        self.full_at.len()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.full_at.is_empty()
    }

    fn room(&mut self, now: Instant) -> Result<(), Wait> {
        const SWEEP_EVERY: Duration = Duration::from_secs(1);
        if self.full_at.len() < self.capacity {
            return Ok(());
        }
        if self.next_sweep.is_none_or(|at| at <= now) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.next_sweep = Some(now + SWEEP_EVERY);
        }
        if self.full_at.len() < self.capacity { Ok(()) } else { Err(Wait(SWEEP_EVERY)) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const TEN: Allowance = Allowance::new(10, Duration::from_secs(60));

    #[test]
    fn a_key_has_its_burst_and_then_waits_until_one_is_back() {
        let mut buckets = Buckets::new(TEN, 100);
        let start = Instant::now();
        for _ in 0..10 {
            buckets.take(&1, start).unwrap();
        }
        let wait = buckets.take(&1, start).unwrap_err();
        assert_eq!(wait.0, Duration::from_secs(60));
        assert!(buckets.take(&2, start).is_ok(), "another key has its own bucket");
        assert!(buckets.take(&1, start + wait.0).is_ok(), "after the wait that was named one is back");
        assert!(buckets.take(&1, start + wait.0).is_err());
    }

    #[test]
    fn retry_after_is_never_zero_and_never_too_early() {
        assert_eq!(Wait(Duration::ZERO).seconds(), 1);
        assert_eq!(Wait(Duration::from_millis(1001)).seconds(), 2);
        assert_eq!(Wait(Duration::from_secs(7)).seconds(), 7);
    }

    #[test]
    fn a_full_table_forgets_who_has_everything_back_and_refuses_the_rest() {
        let mut buckets = Buckets::new(TEN, 3);
        let start = Instant::now();
        for key in 0..3 {
            buckets.take(&key, start).unwrap();
        }
        assert!(buckets.take(&3, start).is_err(), "it fails closed");
        let later = start + Duration::from_secs(61);
        assert!(buckets.take(&3, later).is_ok());
        assert_eq!(buckets.len(), 1);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_back() {
        let mut buckets = Buckets::new(Allowance::new(2, Duration::from_secs(60)), 1);
        let late = Instant::now() + Duration::from_secs(3600);
        let early = late.checked_sub(Duration::from_secs(600)).unwrap();
        buckets.take(&1, early).unwrap();
        buckets.take(&1, early).unwrap();
        // Everything of 1 is back by then, and it is forgotten.
        buckets.take(&2, late).unwrap();
        assert!(buckets.take(&1, early).is_err(), "the table is full now, whatever the clock says");
        buckets.take(&2, early).unwrap();
        assert!(buckets.take(&2, early).is_err());
        let wait = buckets.take(&2, late).unwrap_err();
        assert_eq!(wait.0, Duration::from_secs(60), "going back and forth is no time");
    }

    #[test]
    fn a_pause_without_end_is_no_panic() {
        let mut buckets = Buckets::new(Allowance { burst: 9, one_back_ms: u64::MAX }, 3);
        for _ in 0..20 {
            buckets.take(&1, Instant::now()).unwrap_or_default();
        }
        assert!(buckets.take(&1, Instant::now()).is_err());
    }

    #[test]
    fn what_was_given_back_can_be_taken_again() {
        let mut buckets = Buckets::new(Allowance::new(1, Duration::from_secs(60)), 3);
        let start = Instant::now();
        buckets.take(&1, start).unwrap();
        buckets.give_back(&1);
        assert!(buckets.take(&1, start).is_ok());
        buckets.clear(&1);
        assert!(buckets.take(&1, start).is_ok());
    }

    proptest! {
        #[test]
        fn in_any_span_a_key_gets_at_most_its_burst_and_what_came_back(
            burst in 0u32..8, one_back in 1u64..50, steps in proptest::collection::vec((0u64..40, 0u8..2), 1..200)
        ) {
            let mut buckets = Buckets::new(Allowance::new(burst, Duration::from_millis(one_back)), 10);
            let start = Instant::now();
            let mut now = start;
            let mut taken: [Vec<Instant>; 2] = Default::default();
            for (pause, key) in steps {
                now += Duration::from_millis(pause);
                match buckets.take(&key, now) {
                    Ok(()) => taken[usize::from(key)].push(now),
                    Err(wait) => prop_assert!(wait.0 > Duration::ZERO),
                }
            }
            for times in &taken {
                for (first, from) in times.iter().enumerate() {
                    for (last, to) in times.iter().enumerate().skip(first) {
                        let allowed = u128::from(burst) + (*to - *from).as_millis() / u128::from(one_back);
                        prop_assert!((last - first + 1) as u128 <= allowed);
                    }
                }
            }
        }
    }
}
