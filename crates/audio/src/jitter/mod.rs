//! The jitter buffer: puts packets in order, decides when each is due, and says what to play where one is missing.
//!
//! Invariant: sequence numbers leave in strictly rising order, each at most once, and every call of
//! [`JitterBuffer::pull`] answers with sound or silence of a known length: the speaker never waits.
//!
//! A machine without I/O and without a clock. Its inputs:
//!
//! - from the far side, through the network: [`JitterBuffer::handle`], in any order, twice, late, or forged;
//! - from the speaker: [`JitterBuffer::pull`], whenever it needs the next sound.
//!
//! Delay is measured, not guessed from how full the buffer is: the fastest packets of the last two seconds say when
//! a timestamp could have been here at the earliest (the base), and what is about to be played is held against that.

mod arrival;
mod delay;
mod losses;
mod pacing;
mod playout;
mod sequence;
mod span;
mod stats;

#[cfg(test)]
mod endurance_tests;
#[cfg(test)]
mod redundancy_tests;
#[cfg(test)]
mod steadiness_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::defaults::{
    BUFFER_MARGIN, BUFFER_PACKETS_MAX, BUFFER_TARGET_MAX, BUFFER_TARGET_MIN, BUFFER_TARGET_START, CONCEAL_MAX,
    FRAME_SAMPLES, PACKET_SAMPLES_MAX, STEP_SAMPLES, TARGET_DECAY_PER_SECOND,
};
pub use arrival::Arrival;
use delay::DelayEstimate;
use losses::Losses;
pub use playout::{Pace, Playout};
use sequence::{Order, StreamOrder};
use span::samples;
pub use stats::JitterStats;

#[derive(Debug)]
struct Stored {
    timestamp: i64,
    samples: i64,
    recovers_previous: bool,
    reach: i64,
    /// How much later than the fastest packets it came.
    late: i64,
    payload: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting until the first packet (again) is due.
    Filling,
    /// `next` is what the speaker gets next.
    Playing { next: i64, timestamp: i64 },
}

/// See the module's head.
#[derive(Debug)]
pub struct JitterBuffer {
    epoch: Option<Instant>,
    order: StreamOrder,
    delay: DelayEstimate,
    packets: BTreeMap<i64, Stored>,
    state: State,
    /// No packet below this is played any more.
    floor: i64,
    target: i64,
    target_updated: i64,
    lead: i64,
    losses: Losses,
    /// How much sound a packet holds.
    packet: i64,
    /// Up to here, losses are noted.
    gap_seen: i64,
    /// Since when the delay is over the target.
    over_since: Option<i64>,
    /// Sound made up while nothing had come, which stands in for packets that turn out lost.
    owed: i64,
    /// Where the stream broke off, and how much was made up since.
    broken_off: Option<(i64, i64, u64)>,
    stats: JitterStats,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl JitterBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self {
            epoch: None,
            order: StreamOrder::default(),
            delay: DelayEstimate::default(),
            packets: BTreeMap::new(),
            state: State::Filling,
            floor: i64::MIN,
            target: samples(BUFFER_TARGET_START),
            target_updated: 0,
            lead: 0,
            losses: Losses::default(),
            packet: FRAME_SAMPLES as i64,
            gap_seen: i64::MIN,
            over_since: None,
            owed: 0,
            broken_off: None,
            stats: JitterStats::default(),
        }
    }

    /// Takes a packet. What is a duplicate, too late or of no stream is dropped.
    pub fn handle(&mut self, packet: Arrival) {
        let length = i64::from(packet.samples);
        if length == 0 || length > PACKET_SAMPLES_MAX as i64 {
            return;
        }
        let arrived = self.at(packet.arrived);
        let (sequence, timestamp) = match self.order.place(packet.sequence, packet.timestamp, arrived) {
            Order::Take { sequence, timestamp } => (sequence, timestamp),
            Order::NewStream { sequence, timestamp } => {
                self.begin_again();
                (sequence, timestamp)
            }
            Order::Duplicate | Order::Suspect => return,
        };
        self.delay.observe(arrived, timestamp);
        self.losses.describes(arrived, packet.reach);
        self.packet = length;
        if sequence < self.floor {
            self.stats.late += 1;
            self.losses.came_late(sequence);
            return;
        }
        self.packets.insert(
            sequence,
            Stored {
                timestamp,
                samples: length,
                recovers_previous: packet.recovers_previous,
                reach: i64::from(packet.reach),
                late: arrived - timestamp - self.delay.base(),
                payload: packet.payload,
            },
        );
        if self.packets.len() > BUFFER_PACKETS_MAX {
            self.drop_oldest();
        }
    }

    /// What to play next, at `now`, when sound for `lead` is still waiting between here and the speaker.
    pub fn pull(&mut self, now: Instant, lead: Duration) -> Playout<'_> {
        let now = self.at(now);
        let lead = samples(lead);
        self.aim(now, lead);
        if self.state == State::Filling {
            let Some((&sequence, first)) = self.packets.first_key_value() else {
                return self.nothing();
            };
            let wait = self.target - (now + lead - self.delay.base() - first.timestamp);
            if wait > 0 && self.packets.len() < BUFFER_PACKETS_MAX / 2 {
                return self.wait(wait);
            }
            let timestamp = first.timestamp;
            self.resume(sequence, timestamp);
            self.state = State::Playing { next: sequence, timestamp };
        }
        let State::Playing { next, timestamp } = self.state else {
            return self.nothing();
        };
        self.floor = next;
        self.stats.delay = now + lead - self.delay.base() - timestamp;
        let (next, timestamp) = self.shed(next, timestamp);
        let Some((&sequence, first)) = self.packets.first_key_value() else {
            return self.underflow(next, timestamp);
        };
        let missing = first.timestamp - timestamp;
        if sequence == next && missing > 0 {
            // The sender paused: nothing is lost, the next sound is due at its own time.
            let wait = self.target - (now + lead - self.delay.base() - first.timestamp);
            if wait > 0 && missing > self.owed {
                return self.wait(wait.min(missing));
            }
        }
        if sequence > next && missing > self.owed + self.packet / 4 {
            return self.gap(now, next, timestamp);
        }
        self.play(now, sequence)
    }

    /// The counts so far.
    pub fn stats(&self) -> JitterStats {
        JitterStats {
            jitter_ms: self.delay.jitter_ms(),
            received: self.order.received(),
            lost: self.order.lost(),
            recent_loss_percent: self.order.recent_loss_percent(),
            target: self.target,
            ..self.stats
        }
    }

    fn at(&mut self, time: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(time);
        match time.checked_duration_since(epoch) {
            Some(after) => samples(after),
            None => -samples(epoch.saturating_duration_since(time)),
        }
    }

    /// Moves the target: up at once, down slowly, and down only where much fewer packets would be late than it may be moved
    /// up for.
    fn aim(&mut self, now: i64, lead: i64) {
        let passed = (now - self.target_updated).clamp(0, 48_000);
        self.target_updated = now;
        self.lead = lead.max(self.lead - passed / 100);
        let ahead = self.losses.look_ahead(now) * self.packet;
        let least = samples(BUFFER_TARGET_MIN).min(self.packet + samples(BUFFER_MARGIN));
        let start = if self.delay.knows_enough() { 0 } else { samples(BUFFER_TARGET_START) };
        let target = |spread: i64| {
            let wanted = spread + self.lead + samples(BUFFER_MARGIN) + ahead;
            wanted.max(start).clamp(least, samples(BUFFER_TARGET_MAX))
        };
        let (wanted, kept) = (target(self.delay.spread()), target(self.delay.spread_kept()));
        let decay = samples(TARGET_DECAY_PER_SECOND).max(2 * (self.target - kept)) * passed / 48_000;
        self.target = wanted.max(kept.min(self.target)).max(self.target - decay);
    }

    fn nothing(&mut self) -> Playout<'static> {
        self.wait(STEP_SAMPLES as i64)
    }

    fn wait(&mut self, wanted: i64) -> Playout<'static> {
        let silence = wanted.clamp(1, STEP_SAMPLES as i64) as usize;
        if let Some((_, _, made_up)) = &mut self.broken_off {
            *made_up += silence as u64;
            self.stats.played += silence as u64;
            self.stats.concealed += silence as u64;
        }
        Playout::Silence { samples: silence }
    }

    /// The stream goes on after it broke off: a pause of the sender's was no loss, and nothing was concealed.
    fn resume(&mut self, sequence: i64, timestamp: i64) {
        if let Some((next, expected, made_up)) = self.broken_off.take()
            && sequence == next
            && timestamp - expected >= made_up as i64 / 2
        {
            self.stats.concealed = self.stats.concealed.saturating_sub(made_up);
            self.stats.played = self.stats.played.saturating_sub(made_up);
        }
        self.owed = 0;
    }

    /// Nothing has come: make up a step, and after a while fall silent and begin as at the start.
    fn underflow(&mut self, next: i64, timestamp: i64) -> Playout<'static> {
        let step = STEP_SAMPLES as i64;
        let made_up = &mut self.broken_off.get_or_insert((next, timestamp, 0)).2;
        *made_up += step as u64;
        self.owed += step;
        self.stats.played += step as u64;
        self.stats.concealed += step as u64;
        if self.owed >= samples(CONCEAL_MAX) {
            self.state = State::Filling;
            self.delay.forget();
        }
        Playout::Conceal { samples: STEP_SAMPLES }
    }

    /// Packets are missing, and a later one is here.
    fn gap(&mut self, now: i64, next: i64, timestamp: i64) -> Playout<'_> {
        let (&sequence, first) = self.packets.first_key_value().expect("the caller saw a later packet");
        if self.gap_seen < sequence {
            self.gap_seen = sequence;
            self.losses.lost(now, next, sequence - next);
        }
        let whole = first.timestamp - timestamp;
        let each = whole / (sequence - next);
        // What was made up while nothing had come stood in for the first of them; but where all of them come back and
        // the delay should grow anyhow, nothing is left out.
        let room = (self.target - (self.stats.delay - self.owed)).max(0);
        let owed = if first.reach >= whole { (self.owed - room).max(0) } else { self.owed };
        let covered = ((owed + each / 2) / each.max(1)).clamp(0, sequence - next - 1);
        let (next, timestamp) = (next + covered, timestamp + covered * each);
        let left = owed - covered * each;
        self.owed = 0;
        self.broken_off = None;
        let packets = sequence - next;
        let recovers = packets == 1 && first.recovers_previous;
        // What comes back is played whole, though some of its time was made up already: the delay grows by that.
        let length = match packets {
            1 if recovers => first.timestamp - timestamp,
            1 => first.timestamp - timestamp - left,
            _ => each,
        };
        // Whole 2.5 ms, the grain of concealment; a lying timestamp makes at most one packet's length.
        let length = (length / 120 * 120).clamp(120, PACKET_SAMPLES_MAX as i64);
        let far = whole > samples(BUFFER_TARGET_MAX) * 4;
        let before = first.timestamp - timestamp;
        let (next, timestamp) =
            if packets == 1 || far { (sequence, first.timestamp) } else { (next + 1, timestamp + each) };
        self.state = State::Playing { next, timestamp };
        self.floor = next;
        self.stats.played += length as u64;
        if recovers {
            self.stats.recovered += length as u64;
            Playout::Recover { next: &first.payload, samples: length as usize }
        } else if before > 0 && before - length / 2 <= first.reach {
            self.stats.rebuilt += length as u64;
            Playout::Rebuild { later: &first.payload, before: before as usize, samples: length as usize }
        } else {
            self.stats.concealed += length as u64;
            Playout::Conceal { samples: length as usize }
        }
    }

    fn play(&mut self, now: i64, sequence: i64) -> Playout<'static> {
        let Some(packet) = self.packets.remove(&sequence) else {
            return self.nothing();
        };
        if let State::Playing { next, .. } = self.state
            && sequence > next
        {
            // What was made up while nothing came stood in for what was lost.
            self.losses.lost(now, next, sequence - next);
        }
        let (next, timestamp) = (sequence + 1, packet.timestamp + packet.samples);
        self.floor = next;
        let overdue = self.overdue(packet.late);
        self.resume(sequence, packet.timestamp);
        self.state = State::Playing { next, timestamp };
        self.stats.played += packet.samples as u64;
        let pace = if overdue > 0 { Pace::Skip(overdue) } else { self.pace(now, packet.samples) };
        Playout::Packet { payload: packet.payload, pace }
    }

    fn drop_oldest(&mut self) {
        self.packets.pop_first();
        self.stats.shed += 1;
        if matches!(self.state, State::Playing { .. }) {
            self.skip_to_first();
        }
    }

    fn skip_to_first(&mut self) -> Option<(i64, i64)> {
        let (&next, first) = self.packets.first_key_value()?;
        let timestamp = first.timestamp;
        self.owed = 0;
        self.broken_off = None;
        self.state = State::Playing { next, timestamp };
        self.floor = next;
        Some((next, timestamp))
    }

    fn begin_again(&mut self) {
        self.packets.clear();
        self.delay = DelayEstimate::default();
        self.state = State::Filling;
        self.floor = i64::MIN;
        self.gap_seen = i64::MIN;
        self.owed = 0;
        self.broken_off = None;
    }
}
