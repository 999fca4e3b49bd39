//! Whether two kinds of requests can be told apart by how long they take.
//!
//! Each round asks for both kinds in pairs of random order and takes the rank statistic of Mann and Whitney: how often one
//! kind took longer than the other, 0.5 if they are alike. Ranks do not care for outliers. Which of a pair comes first is
//! drawn, so whatever the machine does meanwhile meets both alike: without a difference a round lies more than
//! [`z`](Bound::z) standard deviations to one side with the probability that the normal distribution gives, however loaded
//! the machine is. Only if every round lies to the same side is it a difference.
//!
//! False alarms: with z = 2.5 and five rounds 2 · 0.0062⁵ = 2·10⁻¹¹ a comparison.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How much is sampled, and what counts as a difference.
#[derive(Clone, Copy)]
pub struct Bound {
    /// Rounds, all of which have to agree.
    pub rounds: usize,
    /// Pairs in each.
    pub pairs: usize,
    /// Standard deviations of the statistic.
    pub z: f64,
}

/// For what takes well below a millisecond.
pub const QUICK: Bound = Bound { rounds: 5, pairs: 300, z: 2.5 };

/// For what takes a password's hash.
pub const SLOW: Bound = Bound { rounds: 5, pairs: 12, z: 2.5 };

/// How often `a` took longer than `b`, of all pairs; ties count half.
pub fn longer(a: &[Duration], b: &[Duration]) -> f64 {
    let mut sorted = b.to_vec();
    sorted.sort_unstable();
    let wins: usize = a.iter().map(|a| sorted.partition_point(|b| b < a) + sorted.partition_point(|b| b <= a)).sum();
    wins as f64 / (2 * a.len() * b.len()) as f64
}

/// The statistic's standard deviation without a difference.
fn deviation(pairs: usize) -> f64 {
    let n = pairs as f64;
    ((2.0 * n + 1.0) / (12.0 * n * n)).sqrt()
}

/// What the rounds showed.
#[derive(Debug)]
pub struct Compared(pub Vec<f64>, Bound);

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rounds of {} pairs, z {}", self.rounds, self.pairs, self.z)
    }
}

impl Compared {
    /// Whether the two were told apart: every round says so, all to the same side.
    pub fn differ(&self) -> bool {
        let margin = self.1.z * deviation(self.1.pairs);
        self.0.iter().all(|longer| *longer > 0.5 + margin) || self.0.iter().all(|longer| *longer < 0.5 - margin)
    }
}

/// Compares two kinds: `sample(true, n)` times the n-th of the one, `sample(false, n)` of the other. One pair is thrown
/// away before each round.
pub async fn compare(bound: Bound, mut sample: impl AsyncFnMut(bool, usize) -> Duration) -> Compared {
    let mut random = StdRng::seed_from_u64(11);
    let mut rounds = Vec::new();
    for round in 0..bound.rounds {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pair in 0..=bound.pairs {
            let a_first = random.random::<bool>();
            for kind in [a_first, !a_first] {
                let took = sample(kind, round * bound.pairs + pair).await;
                if pair > 0 {
                    if kind { &mut a } else { &mut b }.push(took);
                }
            }
        }
        rounds.push(longer(&a, &b));
    }
    Compared(rounds, bound)
}

/// A machine's noise: most samples around 400 µs, some of them far out.
fn noise(random: &mut StdRng) -> Duration {
    let spread = (0..6).map(|_| random.random_range(0.0..40.0)).sum::<f64>();
    let stalled = if random.random_bool(0.03) { random.random_range(0.0..20_000.0) } else { 0.0 };
    Duration::from_nanos(((300.0 + spread + stalled) * 1000.0) as u64)
}

#[test]
fn the_rank_statistic_counts_pairs() {
    let ms = |values: &[u64]| values.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
    assert_eq!(longer(&ms(&[1, 2, 3]), &ms(&[1, 2, 3])), 0.5);
    assert_eq!(longer(&ms(&[4, 5]), &ms(&[1, 2, 3])), 1.0);
    assert_eq!(longer(&ms(&[1, 5]), &ms(&[2, 3])), 0.5);
    assert_eq!(longer(&ms(&[2]), &ms(&[1, 2])), 0.75);
}

#[tokio::test]
async fn noise_alone_is_no_difference_and_150_microseconds_are_one() {
    for seed in 0..50 {
        let mut random = StdRng::seed_from_u64(seed);
        let alike = compare(QUICK, async |_, _| noise(&mut random)).await;
        assert!(!alike.differ(), "{alike:?}");
        for difference in [150, 40] {
            let longer = Duration::from_micros(difference);
            let apart = compare(QUICK, async |kind, _| noise(&mut random) + if kind { longer } else { Duration::ZERO });
            let apart = apart.await;
            assert!(apart.differ(), "{difference} µs: {apart:?}");
        }
    }
}
