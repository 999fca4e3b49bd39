//! How the delay is brought to its target: by single pitch periods, and where it is far too long, by whole packets.

use super::span::samples;
use super::{JitterBuffer, Pace};
use crate::defaults::{BUFFER_MARGIN, PACE_DEAD_BAND, PACE_FINE, PACE_HURRY, PACE_SCATTER, PACE_SETTLED, SHED_OVER};

impl JitterBuffer {
    /// How much could be shed: over the target, and really here.
    fn excess(&self) -> i64 {
        let held: i64 = self.packets.values().map(|packet| packet.samples).sum();
        (self.stats.delay - self.target).min(held)
    }

    /// How much of a packet is left out that came after sound was made up in its place. One that a stall held up, longer
    /// than the target is meant for, goes on where the made-up sound ends: played whole, all that follows would come later
    /// than before, and be shortened again. Where the target itself is too low, the delay may grow.
    pub(super) fn overdue(&self, late: i64) -> usize {
        let outlier = late > self.target + samples(BUFFER_MARGIN);
        if outlier && self.owed > 0 && self.stats.delay > self.target { self.owed as usize } else { 0 }
    }

    pub(super) fn pace(&mut self, now: i64, playing: i64) -> Pace {
        let off = self.stats.delay - self.target;
        // Where packets scatter widely, a little more or less delay is neither noticed nor known so well.
        let coarse = samples(PACE_DEAD_BAND);
        let scatter = (self.delay.spread() / PACE_SCATTER).min(2 * coarse);
        let fine = samples(PACE_FINE) + scatter;
        if off <= fine {
            self.over_since = None;
        }
        let settled = now - *self.over_since.get_or_insert(now) >= samples(PACE_SETTLED);
        let held: i64 = self.packets.values().map(|packet| packet.samples).sum::<i64>() + playing;
        if off > samples(PACE_HURRY) && held > samples(PACE_HURRY) {
            Pace::Hurry
        } else if off > coarse.max(fine) || (off > fine && settled) {
            Pace::Shorten(off as usize)
        } else if off < -coarse.max(scatter) {
            Pace::Lengthen
        } else {
            Pace::Steady
        }
    }

    pub(super) fn shed(&mut self, next: i64, timestamp: i64) -> (i64, i64) {
        if self.excess() <= samples(SHED_OVER) {
            return (next, timestamp);
        }
        while self.excess() > samples(PACE_HURRY) {
            let Some((_, dropped)) = self.packets.pop_first() else {
                break;
            };
            self.stats.shed += 1;
            self.stats.delay -= dropped.samples;
        }
        self.skip_to_first().unwrap_or((next, timestamp))
    }
}
