use std::collections::VecDeque;

use super::span::samples;
use crate::defaults::{SAMPLE_RATE, SEQUENCE_DROPOUT_MAX, TIMESTAMP_JUMP_MAX};

/// How many sequence numbers back a duplicate is still known.
const SEEN: usize = 1024;
/// Seconds over which recent loss is counted.
const RECENT_SECONDS: usize = 5;

/// What a packet is to the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// A packet of the stream, its numbers unwrapped.
    Take { sequence: i64, timestamp: i64 },
    /// The first packet of another stream.
    NewStream { sequence: i64, timestamp: i64 },
    /// It was here before.
    Duplicate,
    /// Of no stream known; if its successor comes, that begins a new one (RFC 3550, appendix A.1).
    Suspect,
}

/// Unwraps sequence numbers and timestamps, tells duplicates and new streams, and counts what is lost.
#[derive(Debug)]
pub(super) struct StreamOrder {
    last: Option<Last>,
    suspect: Option<u16>,
    seen: Vec<i64>,
    first: i64,
    highest: i64,
    received: u64,
    /// Expected and received of the streams before this one.
    before: (u64, u64),
    /// Expected and received at the start of each of the last seconds.
    seconds: VecDeque<(i64, u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    sequence: i64,
    timestamp: i64,
    transit: i64,
}

impl Default for StreamOrder {
    fn default() -> Self {
        Self {
            last: None,
            suspect: None,
            seen: vec![-1; SEEN],
            first: 0,
            highest: 0,
            received: 0,
            before: (0, 0),
            seconds: VecDeque::new(),
        }
    }
}

impl StreamOrder {
    pub(super) fn place(&mut self, sequence: u16, timestamp: u32, arrived: i64) -> Order {
        let Some(last) = self.last else {
            return self.begin(sequence, timestamp, arrived);
        };
        // The nearest number that ends in these bits, either way (RFC 3550, appendix A.1).
        let step = i64::from(sequence.wrapping_sub(last.sequence as u16) as i16);
        let unwrapped = last.sequence + step;
        let at = last.timestamp + i64::from(timestamp.wrapping_sub(last.timestamp as u32) as i32);
        let jump = (arrived - at - last.transit).abs();
        if step.abs() > SEQUENCE_DROPOUT_MAX || jump > samples(TIMESTAMP_JUMP_MAX) || unwrapped < 0 {
            if self.suspect == Some(sequence) {
                return self.begin(sequence, timestamp, arrived);
            }
            self.suspect = Some(sequence.wrapping_add(1));
            return Order::Suspect;
        }
        self.suspect = None;
        let slot = &mut self.seen[unwrapped as usize % SEEN];
        if *slot >= unwrapped {
            return Order::Duplicate;
        }
        *slot = unwrapped;
        self.received += 1;
        self.first = self.first.min(unwrapped);
        if unwrapped > self.highest {
            self.highest = unwrapped;
            self.last = Some(Last { sequence: unwrapped, timestamp: at, transit: arrived - at });
        }
        self.note(arrived);
        Order::Take { sequence: unwrapped, timestamp: at }
    }

    pub(super) fn received(&self) -> u64 {
        self.before.1 + self.received
    }

    pub(super) fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received())
    }

    pub(super) fn recent_loss_percent(&self) -> f64 {
        let (expected, received) = self.seconds.front().map_or((0, 0), |&(_, e, r)| (e, r));
        let expected = self.expected().saturating_sub(expected);
        let received = self.received().saturating_sub(received);
        if expected == 0 {
            return 0.0;
        }
        expected.saturating_sub(received) as f64 * 100.0 / expected as f64
    }

    fn expected(&self) -> u64 {
        match self.last {
            Some(_) => self.before.0 + (self.highest - self.first + 1) as u64,
            None => self.before.0,
        }
    }

    fn begin(&mut self, sequence: u16, timestamp: u32, arrived: i64) -> Order {
        let again = self.last.is_some();
        self.before = (self.expected(), self.received());
        // One turn up, so that an earlier packet that comes later still has a number above zero.
        let unwrapped = i64::from(sequence) + (1 << 16);
        let at = i64::from(timestamp) + (1 << 32);
        self.last = Some(Last { sequence: unwrapped, timestamp: at, transit: arrived - at });
        self.suspect = None;
        self.seen.fill(-1);
        self.seen[unwrapped as usize % SEEN] = unwrapped;
        (self.first, self.highest, self.received) = (unwrapped, unwrapped, 1);
        self.note(arrived);
        if again {
            Order::NewStream { sequence: unwrapped, timestamp: at }
        } else {
            Order::Take { sequence: unwrapped, timestamp: at }
        }
    }

    fn note(&mut self, arrived: i64) {
        let second = arrived.div_euclid(i64::from(SAMPLE_RATE));
        if self.seconds.back().is_none_or(|&(last, _, _)| second > last) {
            let (expected, received) = (self.expected(), self.received());
            self.seconds.push_back((second, expected, received));
            while self.seconds.len() > RECENT_SECONDS {
                self.seconds.pop_front();
            }
        }
    }
}
