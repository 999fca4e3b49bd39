use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::Wait;

/// At most so many in any 24 hours, by key.
///
/// Invariant: among the times that were let through for one key, no `limit + 1` lie within one span; at most
/// `capacity` keys are remembered.
pub struct DailyCount<K> {
    limit: usize,
    span: Duration,
    capacity: usize,
    times: HashMap<K, VecDeque<Instant>>,
    next_sweep: Option<Instant>,
    /// The latest time that was handed in: a clock that goes back stands still.
    latest: Option<Instant>,
}

impl<K: Eq + Hash + Clone> DailyCount<K> {
    /// `limit` in any `span`.
    pub fn new(limit: usize, span: Duration, capacity: usize) -> Self {
        Self { limit, span, capacity, times: HashMap::new(), next_sweep: None, latest: None }
    }

    /// Takes one, or says how long to wait.
    pub fn take(&mut self, key: &K, now: Instant) -> Result<(), Wait> {
        let span = self.span;
        let now = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(now);
        if self.limit == 0 {
            return Err(Wait(span));
        }
        if !self.times.contains_key(key) {
            self.room(now)?;
        }
        let times = self.times.entry(key.clone()).or_default();
        while times.front().is_some_and(|first| *first + span <= now) {
            times.pop_front();
        }
        if times.len() >= self.limit {
            let wait = times.front().map_or(span, |first| (*first + span).saturating_duration_since(now));
            return Err(Wait(wait));
        }
        times.push_back(now);
        Ok(())
    }

    fn room(&mut self, now: Instant) -> Result<(), Wait> {
        const SWEEP_EVERY: Duration = Duration::from_secs(1);
        if self.times.len() < self.capacity {
            return Ok(());
        }
        if self.next_sweep.is_none_or(|at| at <= now) {
            let span = self.span;
            self.times.retain(|_, times| times.back().is_some_and(|last| *last + span > now));
            self.next_sweep = Some(now + SWEEP_EVERY);
        }
        if self.times.len() < self.capacity { Ok(()) } else { Err(Wait(SWEEP_EVERY)) }
    }

    /// Gives the last one back.
    pub fn give_back(&mut self, key: &K) {
        if let Some(times) = self.times.get_mut(key) {
            times.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn five_a_day_are_five_in_any_24_hours() {
        let day = Duration::from_secs(86_400);
        let mut changes = DailyCount::new(5, day, 10);
        let start = Instant::now();
        for hour in 0..5 {
            changes.take(&1, start + Duration::from_secs(hour * 3600)).unwrap();
        }
        let wait = changes.take(&1, start + Duration::from_secs(5 * 3600)).unwrap_err();
        assert_eq!(wait.0, Duration::from_secs(19 * 3600), "the first one leaves the span 24 hours after it was made");
        assert!(changes.take(&1, start + day).is_ok());
        assert!(changes.take(&1, start + day).is_err(), "only one has left the span");
        changes.give_back(&1);
        assert!(changes.take(&1, start + day).is_ok());
    }
    #[test]
    fn a_full_table_refuses_who_is_new_until_somebodys_day_is_over() {
        let day = Duration::from_secs(86_400);
        let mut changes = DailyCount::new(5, day, 2);
        let start = Instant::now();
        for key in 0..2 {
            changes.take(&key, start).unwrap();
        }
        assert!(changes.take(&2, start).is_err(), "it fails closed");
        assert!(changes.take(&0, start).is_ok(), "who is known goes on");
        assert!(changes.take(&2, start + day).is_ok());
        assert!(DailyCount::new(0, day, 2).take(&1, start).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_back() {
        let day = Duration::from_secs(86_400);
        let mut changes = DailyCount::new(1, day, 2);
        let late = Instant::now() + day;
        changes.take(&1, late).unwrap();
        let early = late.checked_sub(day).unwrap();
        assert_eq!(changes.take(&1, early).unwrap_err().0, day);
    }
}
