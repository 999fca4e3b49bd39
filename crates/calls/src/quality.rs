//! When to warn a person about the sound of a call. No I/O, no clock: one observation a second goes in.
//!
//! Invariant: a warning is raised when at least [`WARN_VOTES`] of the last [`WARN_WINDOW`] seconds were bad, and cleared
//! when at least as many of them were good; in between nothing changes, so the mark does not flicker.
//!
//! Inputs: `observe`, from the line's own timer.

use std::collections::VecDeque;

use serde::Serialize;

use crate::defaults::{
    POOR_LOSS_PERCENT, WARN_JITTER_MS, WARN_LATE_PERCENT, WARN_LOSS_PERCENT, WARN_RTT_MS, WARN_VOTES, WARN_WINDOW,
};

/// How good a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QualityLevel {
    /// All is well: a window shows nothing.
    Good,
    /// One can talk, and hears that something is wrong.
    Fair,
    /// Hard to talk.
    Poor,
}

/// What is wrong with a call's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QualityCause {
    /// The microphone here gives nothing at all, not even a room's noise.
    MicrophoneSilent,
    /// This computer is too busy for the sound.
    Cpu,
    /// Packets are lost.
    Loss,
    /// Packets come unevenly.
    Jitter,
    /// The way is long.
    Delay,
}

/// Whose side a fault is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QualitySide {
    /// This end's: it hears badly, or its own computer is at fault.
    Here,
    /// The other end hears badly.
    There,
    /// Both ends suffer, or it cannot be told apart.
    Network,
}

/// How good a call is and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// How good.
    pub level: QualityLevel,
    /// What is wrong, a root before its effects; `None` when all is well.
    pub cause: Option<QualityCause>,
    /// Whose side that is on; `None` when all is well.
    pub side: Option<QualitySide>,
}

/// One second of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// Round trip in milliseconds, when known.
    pub rtt_ms: Option<f64>,
    /// Jitter of what comes here, in milliseconds.
    pub jitter_ms: f64,
    /// Loss of what comes here in the last seconds, in percent.
    pub loss_percent: f64,
    /// Jitter of what is sent from here, as the other end reports it, in milliseconds.
    pub remote_jitter_ms: Option<f64>,
    /// Loss of what is sent from here, as the other end reports it, in percent.
    pub remote_loss_percent: Option<f64>,
    /// Share of the second in which the sound's thread here was behind, in percent.
    pub late_percent: f64,
    /// Whether an open microphone gave nothing at all.
    pub microphone_silent: bool,
}

/// The watch over one call.
#[derive(Debug, Default)]
pub struct QualityWatch {
    silent: Warning,
    late: Warning,
    loss: BothWays,
    jitter: BothWays,
    delay: Warning,
    worst_loss: f64,
}

impl QualityWatch {
    /// Takes one second of the call; the quality when it changed. A figure that is not a number is one that is not
    /// known, and no reason to warn.
    pub fn observe(&mut self, seen: Observation) -> Option<Quality> {
        let before = self.quality();
        let above = |value: Option<f64>, limit: f64| value.is_some_and(|value| value > limit);
        self.worst_loss = seen.loss_percent.max(seen.remote_loss_percent.unwrap_or_default());
        self.silent.vote(seen.microphone_silent);
        self.late.vote(seen.late_percent > WARN_LATE_PERCENT);
        self.loss.here.vote(seen.loss_percent > WARN_LOSS_PERCENT);
        self.loss.there.vote(above(seen.remote_loss_percent, WARN_LOSS_PERCENT));
        self.jitter.here.vote(seen.jitter_ms > WARN_JITTER_MS);
        self.jitter.there.vote(above(seen.remote_jitter_ms, WARN_JITTER_MS));
        self.delay.vote(above(seen.rtt_ms, WARN_RTT_MS));
        let after = self.quality();
        (before != after).then_some(after)
    }

    /// How good the call is now.
    pub fn quality(&self) -> Quality {
        let here = |warning: &Warning| warning.raised.then_some(QualitySide::Here);
        let causes = [
            (QualityCause::MicrophoneSilent, here(&self.silent)),
            (QualityCause::Cpu, here(&self.late)),
            (QualityCause::Loss, self.loss.side()),
            (QualityCause::Jitter, self.jitter.side()),
            (QualityCause::Delay, self.delay.raised.then_some(QualitySide::Network)),
        ];
        let mut raised = causes.iter().filter_map(|(cause, side)| Some((*cause, (*side)?)));
        let worst = raised.next();
        let heavy = self.loss.side().is_some() && self.worst_loss >= POOR_LOSS_PERCENT;
        let level = match worst {
            None => QualityLevel::Good,
            Some(_) if heavy || raised.next().is_some() => QualityLevel::Poor,
            Some(_) => QualityLevel::Fair,
        };
        Quality { level, cause: worst.map(|(cause, _)| cause), side: worst.map(|(_, side)| side) }
    }
}

/// One warning for each way.
#[derive(Debug, Default)]
struct BothWays {
    here: Warning,
    there: Warning,
}

impl BothWays {
    fn side(&self) -> Option<QualitySide> {
        match (self.here.raised, self.there.raised) {
            (true, true) => Some(QualitySide::Network),
            (true, false) => Some(QualitySide::Here),
            (false, true) => Some(QualitySide::There),
            (false, false) => None,
        }
    }
}

#[derive(Debug, Default)]
struct Warning {
    raised: bool,
    votes: VecDeque<bool>,
}

impl Warning {
    fn vote(&mut self, bad: bool) {
        self.votes.push_back(bad);
        if self.votes.len() > WARN_WINDOW {
            self.votes.pop_front();
        }
        let against = !self.raised;
        if self.votes.iter().filter(|&&vote| vote == against).count() >= WARN_VOTES {
            self.raised = against;
        }
    }
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
