use std::sync::{Mutex, MutexGuard, PoisonError};

/// A limit behind its lock.
///
/// Invariant: a panic while it is held gives nothing back. The machines here take before they let through, so what one left
/// behind holds at least what was let through; the lock's poison says nothing that this does not.
pub struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    /// Behind a lock.
    pub fn new(limit: T) -> Self {
        Self(Mutex::new(limit))
    }

    /// The limit, one at a time.
    pub fn hold(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::limits::{Allowance, Buckets};
    use std::time::{Duration, Instant};

    #[test]
    fn a_panic_in_a_request_gives_nothing_back() {
        let now = Instant::now();
        let buckets = Guarded::new(Buckets::new(Allowance::new(1, Duration::from_secs(60)), 10));
        let panicked = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let mut held = buckets.hold();
                    held.take(&1, now).unwrap();
                    panic!("in the middle of a request");
                })
                .join()
        });
        assert!(panicked.is_err());
        assert!(buckets.hold().take(&1, now).is_err(), "what was let through before stays spent");
        assert!(buckets.hold().take(&2, now).is_ok(), "and the others go on");
    }
}
