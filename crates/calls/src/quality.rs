//! When to warn a person about the sound of a call. No I/O, no clock: one observation a second goes in.
//!
//! Invariant: a warning is raised when at least [`WARN_VOTES`] of the last [`WARN_WINDOW`] seconds were bad, and cleared
//! when at least as many of them were good; in between nothing changes, so the mark does not flicker.
//!
//! Inputs: `observe`, from the line's own timer.

use std::collections::VecDeque;

use serde::Serialize;

use crate::defaults::{POOR_LOSS_PERCENT, WARN_JITTER_MS, WARN_LOSS_PERCENT, WARN_RTT_MS, WARN_VOTES, WARN_WINDOW};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QualityCause {
    /// Packets are lost.
    Loss,
    /// Packets come unevenly.
    Jitter,
    /// The way is long.
    Delay,
}

/// How good a call is and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// How good.
    pub level: QualityLevel,
    /// What is wrong, worst first; `None` when all is well.
    pub cause: Option<QualityCause>,
}

/// One second of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// Round trip in milliseconds, when known.
    pub rtt_ms: Option<f64>,
    /// Jitter in milliseconds.
    pub jitter_ms: f64,
    /// Loss of the last seconds, in percent.
    pub loss_percent: f64,
}

/// The watch over one call.
#[derive(Debug, Default)]
pub struct QualityWatch {
    loss: Warning,
    jitter: Warning,
    delay: Warning,
    last_loss: f64,
}

impl QualityWatch {
    /// Takes one second of the call; the quality when it changed.
    pub fn observe(&mut self, seen: Observation) -> Option<Quality> {
        let before = self.quality();
        self.last_loss = seen.loss_percent;
        self.loss.vote(seen.loss_percent > WARN_LOSS_PERCENT);
        self.jitter.vote(seen.jitter_ms > WARN_JITTER_MS);
        self.delay.vote(seen.rtt_ms.is_some_and(|rtt| rtt > WARN_RTT_MS));
        let after = self.quality();
        (before != after).then_some(after)
    }

    /// How good the call is now.
    pub fn quality(&self) -> Quality {
        let causes = [
            (self.loss.raised, QualityCause::Loss),
            (self.jitter.raised, QualityCause::Jitter),
            (self.delay.raised, QualityCause::Delay),
        ];
        let raised = causes.iter().filter(|(raised, _)| *raised).count();
        let cause = causes.iter().find(|(raised, _)| *raised).map(|(_, cause)| *cause);
        let level = match raised {
            0 => QualityLevel::Good,
            1 if !(self.loss.raised && self.last_loss >= POOR_LOSS_PERCENT) => QualityLevel::Fair,
            _ => QualityLevel::Poor,
        };
        Quality { level, cause }
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
mod tests {
    use super::*;

    fn lossy(percent: f64) -> Observation {
        Observation { loss_percent: percent, ..Observation::default() }
    }

    #[test]
    fn a_warning_is_raised_after_three_bad_seconds_of_five_and_cleared_after_three_good_ones() {
        let mut watch = QualityWatch::default();
        assert_eq!(watch.observe(lossy(5.0)), None);
        assert_eq!(watch.observe(lossy(0.0)), None);
        assert_eq!(watch.observe(lossy(5.0)), None);
        let raised = watch.observe(lossy(5.0)).unwrap();
        assert_eq!(raised, Quality { level: QualityLevel::Fair, cause: Some(QualityCause::Loss) });
        assert_eq!(watch.observe(lossy(0.0)), None);
        // The good second among the bad ones still counts: it lies within the five.
        let cleared = watch.observe(lossy(0.0)).unwrap();
        assert_eq!(cleared, Quality { level: QualityLevel::Good, cause: None });
    }

    #[test]
    fn two_bad_seconds_in_five_never_warn() {
        let mut watch = QualityWatch::default();
        for second in 0..60 {
            let bad = second % 5 < 2;
            assert_eq!(watch.observe(lossy(if bad { 50.0 } else { 0.0 })), None);
        }
    }

    #[test]
    fn a_value_at_its_limit_is_good_and_one_above_is_bad() {
        let at = Observation { rtt_ms: Some(WARN_RTT_MS), jitter_ms: WARN_JITTER_MS, loss_percent: WARN_LOSS_PERCENT };
        let mut watch = QualityWatch::default();
        for _ in 0..10 {
            assert_eq!(watch.observe(at), None);
        }
        let above = Observation { rtt_ms: Some(WARN_RTT_MS + 1.0), ..at };
        for _ in 0..5 {
            watch.observe(above);
        }
        assert_eq!(watch.quality().cause, Some(QualityCause::Delay));
    }

    #[test]
    fn two_causes_at_once_or_a_tenth_of_the_packets_lost_make_a_call_poor() {
        let mut both = QualityWatch::default();
        let mut heavy = QualityWatch::default();
        for _ in 0..5 {
            both.observe(Observation { jitter_ms: 60.0, loss_percent: 3.0, rtt_ms: None });
            heavy.observe(lossy(20.0));
        }
        assert_eq!(both.quality(), Quality { level: QualityLevel::Poor, cause: Some(QualityCause::Loss) });
        assert_eq!(heavy.quality().level, QualityLevel::Poor);
    }
}
