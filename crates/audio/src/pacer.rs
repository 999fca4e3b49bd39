use std::time::{Duration, Instant};

use crate::defaults::{CATCH_UP_MAX, STEP};

/// Says when a 10 ms step is due where no sound card does. It catches up after a stall, unless that was a long one.
#[derive(Debug)]
pub struct Pacer {
    next: Instant,
}

impl Pacer {
    pub fn new(now: Instant) -> Self {
        Self { next: now + STEP }
    }

    /// The time of the next step that is due, if one is.
    pub fn due(&mut self, now: Instant) -> Option<Instant> {
        if now.saturating_duration_since(self.next) > CATCH_UP_MAX {
            self.next = now;
        }
        (self.next <= now).then(|| {
            let due = self.next;
            self.next += STEP;
            due
        })
    }

    /// When the next step is due.
    pub fn next(&self) -> Instant {
        self.next
    }

    pub fn until_next(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pacer: &mut Pacer, now: Instant) -> usize {
        std::iter::from_fn(|| pacer.due(now)).count()
    }

    #[test]
    fn a_second_has_a_hundred_steps_however_unevenly_it_is_asked() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        let steps: usize = [3u64, 10, 57, 400, 401, 777, 1_000]
            .iter()
            .map(|&ms| count(&mut pacer, start + Duration::from_millis(ms)))
            .sum();
        assert_eq!(steps, 100);
    }

    #[test]
    fn a_long_stall_is_not_made_up_for() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        assert_eq!(count(&mut pacer, start + Duration::from_secs(60)), 1);
    }
}
