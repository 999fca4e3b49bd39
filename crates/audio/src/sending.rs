//! How the encoder follows what the other side reports: bit rate, forward error correction and deep redundancy.
//!
//! Invariant: what is spent on the past never exceeds what [`SendingPlan::bitrate`] allows, and the plan is given up only
//! after [`PLAN_MEMORY`] without a reason for it.
//!
//! A machine without I/O and without a clock. Its only input is the far side's report (RTCP), through
//! [`Sending::handle`], which answers with the plan when that changed.

use std::time::{Duration, Instant};

use crate::PacketTime;
use crate::defaults::{
    CONGESTED_ROUND_TRIP, DEEP_BITRATE_MIN, DEEP_FROM_LOSS, DEEP_STEPS, EXPECTED_LOSS_MAX, EXPECTED_LOSS_MIN,
    EXPECTED_LOSS_PINNED, PLAN_MEMORY, PROTECT_FROM_LOSS, REPORT_SMOOTHING,
};

/// What the other side says of our packets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NetworkReport {
    /// Lost since its last report, in percent (RFC 3550, section 6.4.1: "fraction lost").
    pub loss_percent: f64,
    /// Whether packets are known to be lost several in a row; a plain receiver report cannot tell.
    pub in_bursts: bool,
    /// There and back, where it is known.
    pub round_trip: Option<Duration>,
}

/// What the encoder is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendingPlan {
    /// Bits a second.
    pub bitrate: u32,
    /// Percent, as the encoder is told; 5–30.
    pub expected_loss: u8,
    /// Deep redundancy in steps of 10 ms; 0 is none.
    pub redundancy: u8,
    /// How much sound a packet holds: packets of 10 ms carry little protection, and are for networks that lose nothing.
    pub packet: PacketTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Protection {
    Little,
    /// Each packet carries its predecessor well.
    Single,
    /// Each packet describes a tenth of a second before it.
    Deep,
}

/// See the module's head.
#[derive(Debug)]
pub struct Sending {
    bitrate: u32,
    packet: PacketTime,
    loss: Option<f64>,
    /// The highest protection that was called for lately, and when.
    called_for: (Protection, Option<Instant>),
    shortest: Option<Duration>,
    plan: SendingPlan,
}

impl Sending {
    /// For an encoder of so many bits a second and such packets, on a network of which nothing is known.
    pub fn new(bitrate: u32, packet: PacketTime) -> Self {
        Self {
            bitrate,
            packet,
            loss: None,
            called_for: (Protection::Little, None),
            shortest: None,
            plan: SendingPlan { bitrate, expected_loss: EXPECTED_LOSS_MIN, redundancy: 0, packet },
        }
    }

    /// What the encoder should be set to.
    pub fn plan(&self) -> SendingPlan {
        self.plan
    }

    /// Takes a report; answers with the plan if it changed. Losses out of 0–100 are read into it.
    pub fn handle(&mut self, report: NetworkReport, now: Instant) -> Option<SendingPlan> {
        let reported = if report.loss_percent.is_finite() { report.loss_percent.clamp(0.0, 100.0) } else { 0.0 };
        let loss = self.loss.map_or(reported, |loss| loss + (reported - loss) * REPORT_SMOOTHING);
        self.loss = Some(loss);
        let wanted = if loss >= DEEP_FROM_LOSS || (report.in_bursts && loss >= PROTECT_FROM_LOSS) {
            Protection::Deep
        } else if loss >= PROTECT_FROM_LOSS {
            Protection::Single
        } else {
            Protection::Little
        };
        let forgotten = self.called_for.1.is_none_or(|at| now.saturating_duration_since(at) > PLAN_MEMORY);
        if wanted >= self.called_for.0 || forgotten {
            self.called_for = (wanted, Some(now));
        }
        let plan = self.plan_for(loss, self.congested(report.round_trip));
        self.shortest = match (self.shortest, report.round_trip) {
            (Some(shortest), Some(this)) => Some(shortest.min(this)),
            (known, this) => known.or(this),
        };
        (std::mem::replace(&mut self.plan, plan) != plan).then_some(plan)
    }

    /// Whether packets wait in a queue somewhere: then more bits would be more loss.
    fn congested(&self, round_trip: Option<Duration>) -> bool {
        match (self.shortest, round_trip) {
            (Some(shortest), Some(this)) => this > shortest + CONGESTED_ROUND_TRIP,
            _ => false,
        }
    }

    fn plan_for(&self, loss: f64, congested: bool) -> SendingPlan {
        let pinned = (loss.round() as u8).clamp(EXPECTED_LOSS_PINNED, EXPECTED_LOSS_MAX);
        let protected =
            |bitrate, redundancy| SendingPlan { bitrate, expected_loss: pinned, redundancy, packet: PacketTime::Ms20 };
        let more = self.bitrate + self.bitrate / 4;
        match self.called_for.0 {
            Protection::Little => SendingPlan {
                bitrate: self.bitrate,
                expected_loss: EXPECTED_LOSS_MIN,
                redundancy: 0,
                packet: self.packet,
            },
            _ if congested => protected(self.bitrate - self.bitrate / 4, 0),
            Protection::Deep if more >= DEEP_BITRATE_MIN => protected(more, DEEP_STEPS),
            _ => protected(more, 0),
        }
    }
}

#[cfg(test)]
#[path = "sending_tests.rs"]
mod tests;
