//! Whether calls ring here. A call that does not is no other call for whoever calls, and for one's other devices.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use care4w_calls::BackendName;
use jiff::{ToSpan, Zoned, civil};
use serde_json::Value;
use tokio::sync::watch;

use super::{Inner, Phone};
use crate::Problem;
use crate::app_state::{AppState, ConnectionState, DoNotDisturb, DoNotDisturbFor};
use crate::defaults::{DO_NOT_DISTURB_HOUR, DO_NOT_DISTURB_LOOK, DO_NOT_DISTURB_MORNING, DO_NOT_DISTURB_NIGHT};
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

/// What is wished at `now`, in the time zone that it is told in. A time that no clock of ours can say holds until it is
/// switched off.
fn wished(wish: DoNotDisturbFor, now: &Zoned) -> DoNotDisturb {
    let until = match wish {
        DoNotDisturbFor::Off => return DoNotDisturb::default(),
        DoNotDisturbFor::Ever => None,
        DoNotDisturbFor::Hour => now.checked_add(DO_NOT_DISTURB_HOUR).ok(),
        DoNotDisturbFor::Morning => morning(now),
    };
    DoNotDisturb { on: true, until: until.and_then(|until| u32::try_from(until.timestamp().as_second()).ok()) }
}

/// The morning after this day, or after this night.
fn morning(now: &Zoned) -> Option<Zoned> {
    let days = i64::from(now.hour() >= DO_NOT_DISTURB_NIGHT);
    let day = now.date().checked_add(days.days()).ok()?;
    day.to_datetime(civil::time(DO_NOT_DISTURB_MORNING, 0, 0, 0)).to_zoned(now.time_zone().clone()).ok()
}

impl Phone {
    /// Chooses whether calls make themselves noticed here, and remembers it.
    ///
    /// # Errors
    /// `STORE_NOT_WRITTEN` when it holds for this run alone.
    pub fn set_do_not_disturb(&self, wish: DoNotDisturbFor) -> Result<(), Problem> {
        let wish = wished(wish, &Zoned::now());
        let kept = wish.until.map_or(Value::from(wish.on), Value::from);
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

    /// Until when, in local time, who wished it at this local time.
    fn until(wish: DoNotDisturbFor, at: &str) -> String {
        // Central Europe, where clocks change in the nights before 29 March and 25 October 2026.
        let zone = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let now = at.parse::<civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap();
        let wish = wished(wish, &now);
        assert!(wish.on);
        let until = jiff::Timestamp::from_second(wish.until.unwrap().into()).unwrap();
        until.to_zoned(zone).datetime().strftime("%d %H:%M").to_string()
    }

    #[test]
    fn tomorrow_morning_is_eight_o_clock_and_in_the_night_the_one_that_comes() {
        let morning = |at| until(DoNotDisturbFor::Morning, at);
        assert_eq!(morning("2026-11-23T20:15"), "24 08:00");
        assert_eq!(morning("2026-11-23T07:30"), "24 08:00", "not for half an hour alone");
        assert_eq!(morning("2026-11-24T00:40"), "24 08:00", "it is still the night before");
        assert_eq!(morning("2026-11-30T23:59"), "01 08:00");
        assert_eq!(morning("2026-03-28T22:00"), "29 08:00", "also when the night is an hour shorter");
        assert_eq!(morning("2026-10-24T22:00"), "25 08:00", "also when the night is an hour longer");
        assert_eq!(until(DoNotDisturbFor::Hour, "2026-03-29T01:30"), "29 03:30", "an hour is an hour");
    }

    #[test]
    fn a_wish_without_an_end_has_none() {
        let now = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
        assert_eq!(wished(DoNotDisturbFor::Ever, &now), DoNotDisturb { on: true, until: None });
        assert_eq!(wished(DoNotDisturbFor::Off, &now), DoNotDisturb::default());
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
