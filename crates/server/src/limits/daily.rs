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
}

impl<K: Eq + Hash + Clone> DailyCount<K> {
    /// `limit` in any `span`.
    pub fn new(limit: usize, span: Duration, capacity: usize) -> Self {
        Self { limit, span, capacity, times: HashMap::new() }
    }

    /// Takes one, or says how long to wait.
    pub fn take(&mut self, key: &K, now: Instant) -> Result<(), Wait> {
        let span = self.span;
        if !self.times.contains_key(key) && self.times.len() >= self.capacity {
            self.times.retain(|_, times| times.back().is_some_and(|last| *last + span > now));
            if self.times.len() >= self.capacity {
                return Err(Wait(Duration::from_secs(60)));
            }
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
}
