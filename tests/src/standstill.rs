//! Whether the machine was there all the time. Sound that nobody computed in time is no sound of ours: on a virtual machine
//! whose host is busy, everything stands still for a while, and no priority helps.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long each sleep of the watch is meant to be.
const STEP: Duration = Duration::from_millis(5);

/// What a jitter buffer of a quiet network still has in hand: being late by less is not heard.
const UNHEARD: Duration = Duration::from_millis(20);

/// Watches from its start on how long the machine stands still for threads like the one that started it.
pub struct Standstill {
    lost: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Standstill {
    /// Begins to watch, with the priority of the calling thread.
    pub fn watch() -> Self {
        let (lost, over) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let watch = Self { lost: Arc::clone(&lost), over: Arc::clone(&over) };
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let before = Instant::now();
                thread::sleep(STEP);
                let late = u64::try_from(stood_still(before.elapsed()).as_micros()).unwrap_or(u64::MAX);
                lost.fetch_add(late, Ordering::Relaxed);
            }
        });
        watch
    }

    /// Forgets what was until now.
    pub fn forget(&self) {
        self.lost.store(0, Ordering::Relaxed);
    }

    /// Watches no more; what was seen stays.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// How long the machine stood still until now, all pauses that could be heard together.
    pub fn so_far(&self) -> Duration {
        Duration::from_micros(self.lost.load(Ordering::Relaxed))
    }
}

/// What a sleep of [`STEP`] that took so long says of the machine.
fn stood_still(slept: Duration) -> Duration {
    let late = slept.saturating_sub(STEP);
    if late > UNHEARD { late } else { Duration::ZERO }
}

impl Drop for Standstill {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_heard_does_not_count_and_what_is_heard_counts_whole() {
        assert_eq!(stood_still(STEP), Duration::ZERO);
        assert_eq!(stood_still(STEP + UNHEARD), Duration::ZERO);
        assert_eq!(stood_still(Duration::from_millis(105)), Duration::from_millis(100));
    }
}
