//! What a bad network does to packets: loss, bursts of loss, delay, jitter, reordering, spikes. Seeded, so that two
//! runs do the same; no I/O and no clock.
//!
//! Invariant: a packet that is not reordered never overtakes one that went before it, whatever the jitter.

use std::time::Duration;

use fastrand::Rng;

/// How a path loses packets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Loss {
    /// It loses none.
    #[default]
    None,
    /// Each by itself, with this probability.
    Random(f64),
    /// In bursts of this mean length (Gilbert's two states), this share of all packets.
    Bursts {
        /// Share of all packets, 0 to 1.
        share: f64,
        /// Mean packets in a row.
        length: f64,
    },
}

/// A stretch of time with more delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// When it begins, after the path's first packet.
    pub begin: Duration,
    /// How long it lasts.
    pub length: Duration,
    /// How much is added.
    pub delay: Duration,
}

/// What one direction of a path does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Impairment {
    /// Where the dice begin.
    pub seed: u64,
    /// Packets that never arrive.
    pub loss: Loss,
    /// What each takes at least.
    pub delay: Duration,
    /// What each takes more, evenly spread from nothing to this.
    pub jitter: Duration,
    /// Share of packets that are held back until later ones have overtaken them, 0 to 1.
    pub reordered: f64,
    /// More delay for a while.
    pub spike: Option<Spike>,
}

/// By how much a reordered packet is held back: two of 20 ms overtake it.
pub const HOLD: Duration = Duration::from_millis(50);

/// Decides over the packets of one direction of a path.
#[derive(Debug)]
pub struct Impairer {
    what: Impairment,
    dice: Rng,
    in_burst: bool,
    first: Option<Duration>,
    /// When the newest of the packets in order arrives.
    newest: Duration,
}

impl Impairer {
    /// Begins with the dice of its seed.
    pub fn new(what: Impairment) -> Self {
        Self { what, dice: Rng::with_seed(what.seed), in_burst: false, first: None, newest: Duration::ZERO }
    }

    /// When a packet that comes at `now` (of any clock) arrives; `None` when it is lost.
    pub fn pass(&mut self, now: Duration) -> Option<Duration> {
        let first = *self.first.get_or_insert(now);
        // As many dice for each packet whatever becomes of it, so that the same seed loses the same packets.
        let [lost, late, back] = [self.dice.f64(), self.dice.f64(), self.dice.f64()];
        if self.loses(lost) {
            return None;
        }
        let mut arrives = now + self.what.delay + self.what.jitter.mul_f64(late);
        if let Some(spike) = self.what.spike
            && (spike.begin..spike.begin + spike.length).contains(&now.saturating_sub(first))
        {
            arrives += spike.delay;
        }
        if back < self.what.reordered {
            return Some(arrives.max(self.newest) + HOLD);
        }
        self.newest = self.newest.max(arrives);
        Some(self.newest)
    }

    fn loses(&mut self, dice: f64) -> bool {
        match self.what.loss {
            Loss::None => false,
            Loss::Random(share) => dice < share,
            Loss::Bursts { share, length } => {
                let out = 1.0 / length.max(1.0);
                let into = share * out / (1.0 - share).max(f64::EPSILON);
                self.in_burst = if self.in_burst { dice >= out } else { dice < into };
                self.in_burst
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(20);

    /// What becomes of this many packets, 20 ms apart: when each was sent, and when it arrives.
    fn fates(what: Impairment, packets: u32) -> Vec<(Duration, Option<Duration>)> {
        let mut path = Impairer::new(what);
        (0..packets).map(|index| (STEP * index, path.pass(STEP * index))).collect()
    }

    fn lost(fates: &[(Duration, Option<Duration>)]) -> f64 {
        fates.iter().filter(|(_, arrives)| arrives.is_none()).count() as f64 / fates.len() as f64
    }

    #[test]
    fn a_good_path_passes_everything_on_at_once() {
        assert!(fates(Impairment::default(), 1_000).iter().all(|&(sent, arrives)| arrives == Some(sent)));
    }

    #[test]
    fn random_loss_takes_its_share_and_the_same_seed_the_same_packets() {
        let what = Impairment { loss: Loss::Random(0.1), ..Impairment::default() };
        let once = fates(what, 100_000);
        assert!((lost(&once) - 0.1).abs() < 0.005, "{}", lost(&once));
        assert_eq!(once, fates(what, 100_000));
        assert_ne!(once, fates(Impairment { seed: 1, ..what }, 100_000));
        let late = fates(Impairment { jitter: STEP, reordered: 0.1, ..what }, 100_000);
        let which = |fates: &[(Duration, Option<Duration>)]| fates.iter().map(|(_, a)| a.is_some()).collect::<Vec<_>>();
        assert_eq!(which(&once), which(&late), "jitter does not change which packets are lost");
    }

    #[test]
    fn bursts_take_their_share_in_runs_of_their_mean_length() {
        let fates =
            fates(Impairment { loss: Loss::Bursts { share: 0.1, length: 3.0 }, ..Impairment::default() }, 200_000);
        assert!((lost(&fates) - 0.1).abs() < 0.01, "{}", lost(&fates));
        let runs = fates.windows(2).filter(|pair| pair[0].1.is_some() && pair[1].1.is_none()).count();
        let mean = lost(&fates) * fates.len() as f64 / runs as f64;
        assert!((mean - 3.0).abs() < 0.15, "{mean}");
    }

    #[test]
    fn jitter_spreads_evenly_and_keeps_the_order() {
        let (delay, jitter) = (Duration::from_millis(30), Duration::from_millis(15));
        let fates = fates(Impairment { delay, jitter, ..Impairment::default() }, 50_000);
        let took: Vec<Duration> = fates.iter().map(|&(sent, arrives)| arrives.unwrap() - sent).collect();
        assert!(took.iter().all(|took| (delay..=delay + jitter).contains(took)));
        let mean = took.iter().sum::<Duration>().as_secs_f64() / took.len() as f64;
        assert!((mean - 0.0375).abs() < 0.0005, "{mean}");
        assert!(fates.is_sorted_by_key(|&(_, arrives)| arrives));
        // Also when a step is shorter than the jitter.
        let wild = super::tests::fates(Impairment { jitter: STEP * 4, ..Impairment::default() }, 50_000);
        assert!(wild.is_sorted_by_key(|&(_, arrives)| arrives));
    }

    #[test]
    fn reordering_holds_its_share_back_behind_later_packets() {
        let fates = fates(Impairment { reordered: 0.05, ..Impairment::default() }, 50_000);
        let held = fates.iter().filter(|&&(sent, arrives)| arrives.unwrap() - sent == HOLD).count();
        assert!((held as f64 / fates.len() as f64 - 0.05).abs() < 0.005, "{held}");
        assert!(!fates.is_sorted_by_key(|&(_, arrives)| arrives));
    }

    #[test]
    fn a_spike_delays_for_its_time_only() {
        let second = Duration::from_secs(1);
        let spike = Spike { begin: second, length: second, delay: STEP * 10 };
        for (sent, arrives) in fates(Impairment { spike: Some(spike), ..Impairment::default() }, 250) {
            let took = arrives.unwrap() - sent;
            let expected = if (second..second * 2).contains(&sent) {
                STEP * 10
            } else {
                // What came right after waits for the last of the spike.
                (second * 2 + STEP * 9).saturating_sub(sent).min(if sent < second { Duration::ZERO } else { STEP * 10 })
            };
            assert_eq!(took, expected, "sent after {sent:?}");
        }
    }
}
