//! How seldom time is bent on a network that goes on as it was.

use super::tests::{Line, noise};

#[test]
fn packets_that_others_overtake_hardly_move_the_delay_once_it_is_learnt() {
    let mut bent = 0;
    for seed in 0..5 {
        let mut line = Line::new();
        // One of twenty comes 50 ms late; more and fewer of them come at times.
        line.send(0..1_500, |i| Some(if noise(i + 10_000 * seed).is_multiple_of(20) { 70 } else { 20 }));
        line.run(6_000);
        let learnt = line.bent;
        line.run(29_900);
        bent += line.bent - learnt;
    }
    assert!(bent < 6_000, "{bent} samples in two minutes; 12,000 where the target comes down as easily as it goes up");
}
