use std::collections::VecDeque;

use super::span::samples;
use crate::defaults::{
    LOOK_AHEAD_EVIDENCE, LOOK_AHEAD_MOST, LOOK_AHEAD_SHARE, LOOK_AHEAD_START, LOSS_MEMORY, LOSS_RUN_MAX,
};

/// Which runs of packets were lost lately, and how far it pays to look ahead for what brings them back.
#[derive(Debug, Default)]
pub(super) struct Losses {
    runs: VecDeque<Run>,
    /// When a packet last described more than its predecessor.
    described: Option<i64>,
}

#[derive(Debug)]
struct Run {
    at: i64,
    first: i64,
    /// Of those that stayed away.
    lost: i64,
    length: i64,
}

impl Losses {
    /// So many packets from `first` on were not there when they were due.
    pub(super) fn lost(&mut self, now: i64, first: i64, length: i64) {
        // Nothing brings back an outage: it says nothing about how far to look ahead.
        if length <= LOSS_RUN_MAX {
            self.runs.push_back(Run { at: now, first, lost: length, length });
        }
        if self.runs.len() > 2 * LOOK_AHEAD_EVIDENCE {
            self.runs.pop_front();
        }
    }

    /// A packet that was taken for lost came late: that is jitter.
    pub(super) fn came_late(&mut self, sequence: i64) {
        let run = self.runs.iter_mut().rev().find(|run| (run.first..run.first + run.length).contains(&sequence));
        if let Some(run) = run {
            run.lost = (run.lost - 1).max(0);
        }
    }

    /// A packet after a gap described so much of it.
    pub(super) fn describes(&mut self, now: i64, reach: u32) {
        if reach > 0 {
            self.described = Some(now);
        }
    }

    /// How many packets beyond the one that is due should be here: 0 while nothing is lost, 1 where losses are single or
    /// packets carry only their predecessor, else as many as most of what is lost comes in a row.
    pub(super) fn look_ahead(&mut self, now: i64) -> i64 {
        let since = now - samples(LOSS_MEMORY);
        while self.runs.front().is_some_and(|run| run.at < since) {
            self.runs.pop_front();
        }
        let runs = || self.runs.iter().map(|run| run.lost).filter(|&lost| lost > 0);
        let lost: i64 = runs().sum();
        if lost == 0 {
            return 0;
        }
        if self.described.is_none_or(|at| at < since) {
            return 1;
        }
        if runs().count() < LOOK_AHEAD_EVIDENCE {
            return LOOK_AHEAD_START;
        }
        let within = |most: i64| runs().filter(|&run| run <= most).sum::<i64>();
        (1..LOOK_AHEAD_MOST)
            .find(|&most| within(most) as f64 >= LOOK_AHEAD_SHARE * lost as f64)
            .unwrap_or(LOOK_AHEAD_MOST)
    }
}
