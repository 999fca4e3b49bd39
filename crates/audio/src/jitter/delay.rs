use std::collections::VecDeque;

use super::span::samples;
use crate::defaults::{
    BASE_WINDOW, JITTER_QUANTILE, JITTER_QUANTILE_KEPT, JITTER_WINDOW, PATH_CHANGE_MIN, PATH_WINDOW,
};

/// How long packets take, relative to the fastest ones. All times in samples.
#[derive(Debug, Default)]
pub(super) struct DelayEstimate {
    /// Arrival minus timestamp of the last packets, newest last.
    transits: VecDeque<i64>,
    /// The same, of those that were not held up by the packet before them.
    independent: VecDeque<i64>,
    base: i64,
    spread: i64,
    spread_kept: i64,
    last: Option<(i64, i64)>,
    broke_off: bool,
    jitter: f64,
}

impl DelayEstimate {
    pub(super) fn observe(&mut self, arrived: i64, timestamp: i64) {
        let transit = arrived.saturating_sub(timestamp);
        let mut held_up = std::mem::take(&mut self.broke_off);
        if let Some((last_arrived, last_timestamp)) = self.last {
            // RFC 3550, section 6.4.1.
            let difference = transit.saturating_sub(last_arrived - last_timestamp).saturating_abs();
            self.jitter += (difference as f64 - self.jitter) / 16.0;
            // A stall delivers a burst. It is one event: only its first packet tells how long it was.
            let spacing = timestamp - last_timestamp;
            // However slowly the rest of it trickles in.
            held_up = spacing > 0 && arrived - last_arrived < spacing * 3 / 4;
        }
        self.last = Some((arrived, timestamp));
        push(&mut self.transits, transit, BASE_WINDOW);
        self.believe_new_path();
        self.base = self.transits.iter().copied().min().unwrap_or(transit);
        if !held_up || self.independent.is_empty() {
            push(&mut self.independent, transit, JITTER_WINDOW);
        }
        self.measure_spread();
    }

    /// The stream broke off, and the path may be another when it comes back: the base is found anew. The break itself
    /// is no jitter, and what is known of jitter stands.
    pub(super) fn forget(&mut self) {
        self.transits.clear();
        self.last = None;
        self.broke_off = true;
    }

    /// Arrival minus timestamp of the fastest packets.
    pub(super) fn base(&self) -> i64 {
        self.base
    }

    /// How much slower than the fastest the slow ones are that should still be in time.
    pub(super) fn spread(&self) -> i64 {
        self.spread
    }

    /// The same, where the target is higher already: what is late now and then should not drag it to and fro.
    pub(super) fn spread_kept(&self) -> i64 {
        self.spread_kept
    }

    /// Whether the spread rests on more than a handful of packets.
    pub(super) fn knows_enough(&self) -> bool {
        self.independent.len() >= 25
    }

    pub(super) fn jitter_ms(&self) -> f64 {
        self.jitter / 48.0
    }

    /// Where all of the newest packets took longer than all before them, or less, and no such time among themselves, the path
    /// is another, or the sender stood still: what was learnt on the old one says nothing any more.
    fn believe_new_path(&mut self) {
        let Some(before) = self.transits.len().checked_sub(PATH_WINDOW).filter(|&before| before >= PATH_WINDOW) else {
            return;
        };
        let fastest = |transits: &mut dyn Iterator<Item = &i64>| transits.copied().min().unwrap_or(0);
        let old = fastest(&mut self.transits.iter().take(before));
        let new = fastest(&mut self.transits.iter().skip(before));
        let slowest = self.transits.iter().skip(before).copied().max().unwrap_or(0);
        // A burst after a stall is as spread as it was long.
        let among_themselves = slowest - new + samples(PATH_CHANGE_MIN);
        let (longer, shorter) = (new - old > among_themselves, old - slowest > among_themselves);
        if longer || shorter {
            self.transits.drain(..before);
            self.independent.clone_from(&self.transits);
        }
    }

    fn measure_spread(&mut self) {
        let mut sorted: Vec<i64> = self.independent.iter().copied().collect();
        let mut slower = |share: f64| {
            let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
            (*sorted.select_nth_unstable(rank - 1).1 - self.base).max(0)
        };
        (self.spread, self.spread_kept) = (slower(JITTER_QUANTILE), slower(JITTER_QUANTILE_KEPT));
    }
}

fn push(window: &mut VecDeque<i64>, value: i64, most: usize) {
    if window.len() == most {
        window.pop_front();
    }
    window.push_back(value);
}
