//! Whether calls ring here. A call that does not is no other call for whoever calls, and for one's other devices.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use care4w_calls::BackendName;
use serde_json::Value;
use tokio::sync::watch;

use super::{Inner, Phone};
use crate::Problem;
use crate::app_state::{AppState, ConnectionState, DoNotDisturb, DoNotDisturbFor};
use crate::defaults::{DO_NOT_DISTURB_HOUR, DO_NOT_DISTURB_LOOK};
use crate::store::Store;

/// The store's key of the wish: false, true, or until when in seconds since 1970.
const DO_NOT_DISTURB: &str = "doNotDisturb";

/// What was wished in an earlier run, as it holds at `now` (seconds since 1970).
pub(super) fn kept(store: &dyn Store, now: u64) -> DoNotDisturb {
    let kept = match store.get(DO_NOT_DISTURB) {
        Some(Value::Bool(on)) => DoNotDisturb { on, until: None },
        Some(until) => {
            let until = until.as_u64().and_then(|until| u32::try_from(until).ok());
            DoNotDisturb { on: until.is_some(), until }
        }
        None => DoNotDisturb::default(),
    };
    if is_over(kept, now) { DoNotDisturb::default() } else { kept }
}

fn is_over(wish: DoNotDisturb, now: u64) -> bool {
    wish.until.is_some_and(|until| u64::from(until) <= now)
}

impl Phone {
    /// Chooses whether calls make themselves noticed here, and remembers it.
    ///
    /// # Errors
    /// `STORE_NOT_WRITTEN` when it holds for this run alone.
    pub fn set_do_not_disturb(&self, wish: DoNotDisturbFor) -> Result<(), Problem> {
        let hour = || u32::try_from(now() + DO_NOT_DISTURB_HOUR.as_secs()).ok();
        let (wish, kept) = match wish {
            DoNotDisturbFor::Off => (DoNotDisturb::default(), Value::from(false)),
            DoNotDisturbFor::Ever => (DoNotDisturb { on: true, until: None }, Value::from(true)),
            DoNotDisturbFor::Hour => {
                (DoNotDisturb { on: true, until: hour() }, hour().map_or(Value::from(true), Value::from))
            }
        };
        self.inner.state.send_modify(|state| state.do_not_disturb = wish);
        self.inner.store.set(DO_NOT_DISTURB, kept).map_err(|error| Problem::new(error.code(), error.to_string()))
    }
}

/// Keeps the line silent for as long as nobody wants to be disturbed, and calls of ours for as long as their server is
/// away, where nobody could answer them. Ends with the phone.
pub(super) async fn follow(inner: Arc<Inner>) {
    let mut state = inner.state.subscribe();
    let mut told = Rings { p2p: true, twilio: true };
    let mut look = tokio::time::interval(DO_NOT_DISTURB_LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        let (rings, timed) = {
            let state = state.borrow_and_update();
            (Rings::of(&state), state.do_not_disturb.until.is_some())
        };
        for (backend, before, aloud) in
            [(BackendName::P2p, told.p2p, rings.p2p), (BackendName::Twilio, told.twilio, rings.twilio)]
        {
            if before != aloud && inner.line.set_rings(backend, aloud).await.is_err() {
                return;
            }
        }
        told = rings;
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return; },
            // By the wall clock: the other one stands still while the computer sleeps.
            _ = look.tick(), if timed => end_what_is_over(&inner.state),
        }
    }
}

/// Which backends' calls ring aloud.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Rings {
    p2p: bool,
    twilio: bool,
}

impl Rings {
    fn of(state: &AppState) -> Self {
        let wanted = !state.do_not_disturb.on;
        Self { p2p: wanted && state.connection != ConnectionState::Offline, twilio: wanted }
    }
}

fn end_what_is_over(state: &watch::Sender<AppState>) {
    state.send_if_modified(|state| {
        let over = is_over(state.do_not_disturb, now());
        if over {
            state.do_not_disturb = DoNotDisturb::default();
        }
        over
    });
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn a_wish_for_an_hour_is_over_after_it_also_if_the_app_was_closed_meanwhile() {
        let store = MemoryStore::default();
        assert!(!kept(&store, 0).on);
        store.set(DO_NOT_DISTURB, Value::from(5_000)).unwrap();
        assert_eq!(kept(&store, 4_999), DoNotDisturb { on: true, until: Some(5_000) });
        assert_eq!(kept(&store, 5_000), DoNotDisturb::default());
        store.set(DO_NOT_DISTURB, Value::from(true)).unwrap();
        assert_eq!(kept(&store, 5_000), DoNotDisturb { on: true, until: None });
    }

    #[test]
    fn a_wish_that_does_not_read_disturbs_nobody_s_calls() {
        let store = MemoryStore::default();
        for damaged in ["[]", "-3", "\"soon\"", "1.5", "99999999999"] {
            store.set(DO_NOT_DISTURB, serde_json::from_str(damaged).unwrap()).unwrap();
            assert_eq!(kept(&store, 0), DoNotDisturb::default(), "{damaged}");
        }
    }
}
