//! How the buffer chooses between what brings lost packets back.

use super::tests::{Line, noise};

impl Line {
    /// As [`Line::send`], 20 ms late, with packets that describe 100 ms before them.
    fn send_deep(&mut self, range: std::ops::Range<u64>, arrives: impl Fn(u64) -> bool) {
        self.reach = 4_800;
        self.send(range, |index| arrives(index).then_some(20));
    }
}

#[test]
fn a_burst_is_rebuilt_by_deep_redundancy_and_its_last_packet_by_forward_error_correction() {
    let mut line = Line::new();
    line.send_deep(0..1_000, |i| i % 30 > 2 || i < 100);
    line.run(9_000);
    let (rebuilt, recovered, concealed) = (line.rebuilt, line.recovered, line.concealed);
    line.run(19_000);
    assert_eq!(line.concealed, concealed, "once the delay is long enough, nothing is made up");
    assert!(line.recovered - recovered >= 15, "{} last packets", line.recovered - recovered);
    assert!((line.rebuilt - rebuilt).abs_diff(2 * (line.recovered - recovered)) <= 2, "two more of each burst");
}

#[test]
fn single_losses_are_brought_back_by_forward_error_correction_alone() {
    let mut line = Line::new();
    line.send_deep(0..1_000, |i| i % 20 != 10);
    line.run(19_000);
    assert_eq!(line.rebuilt, 0);
    assert!(line.recovered >= 45, "{}", line.recovered);
}

#[test]
fn a_burst_longer_than_the_redundancy_reaches_is_made_up_where_it_does_not_reach() {
    let mut line = Line::new();
    line.send_deep(0..500, |i| !(200..209).contains(&i));
    line.run(9_000);
    assert!(line.concealed > 0 && line.rebuilt <= 5, "{} made up, {} rebuilt", line.concealed, line.rebuilt);
    assert_eq!(line.buffer.stats().lost, 9);
    assert!(line.played.is_sorted());
}

#[test]
fn the_delay_grows_only_as_far_as_what_is_lost_comes_in_a_row() {
    let target = |run: u64| {
        let mut line = Line::new();
        line.send_deep(0..2_000, |i| i % 12 >= run);
        line.run(39_000);
        line.target_ms()
    };
    let (single, double, triple) = (target(1), target(2), target(3));
    assert!(single < double && double < triple, "{single}, {double}, {triple} ms");
    assert!((60..=90).contains(&triple), "{triple} ms for bursts of three");
}

#[test]
fn without_deep_redundancy_the_delay_does_not_wait_for_it() {
    let mut line = Line::new();
    line.send(0..1_000, |i| (i % 30 > 2).then_some(20));
    line.run(19_000);
    assert!(line.target_ms() <= 50, "{} ms", line.target_ms());
}

#[test]
fn loss_that_is_over_is_forgotten_and_the_delay_shrinks_again() {
    let mut line = Line::new();
    line.send_deep(0..500, |i| i % 20 > 2);
    line.send_deep(500..1_500, |_| true);
    line.run(10_000);
    assert!(line.target_ms() >= 60, "{} ms in bursts", line.target_ms());
    line.run(29_000);
    assert!(line.target_ms() <= 30 && line.delay_ms() <= 40, "{} and {} ms", line.target_ms(), line.delay_ms());
}

#[test]
fn packets_that_overtake_each_other_are_not_taken_for_lost_ones() {
    let mut line = Line::new();
    line.reach = 4_800;
    line.send(0..1_000, |i| Some(if noise(i).is_multiple_of(10) { 65 } else { 20 }));
    line.run(4_000);
    assert!(line.target_ms() <= 75, "45 ms of overtaking need no look-ahead: {} ms", line.target_ms());
    assert!(line.buffer.stats().lost <= 3, "but for those on their way");
}

#[test]
fn what_is_counted_is_what_was_handed_out() {
    let mut line = Line::new();
    line.send_deep(0..2_000, |i| !noise(i).is_multiple_of(4));
    line.run(39_000);
    let stats = line.buffer.stats();
    assert_eq!(stats.concealed as usize, line.concealed);
    assert_eq!(stats.recovered as usize, line.recovered * 960);
    assert_eq!(stats.rebuilt as usize, line.rebuilt * 960);
    let lost = (0..1_950).filter(|&i| noise(i).is_multiple_of(4)).count() as u64;
    assert!(stats.lost.abs_diff(lost) <= 10, "{} lost, {lost} dropped", stats.lost);
}

#[test]
fn a_sender_that_is_silent_now_and_then_is_followed_without_concealment() {
    // DTX: sequence numbers go on, timestamps jump (RFC 7587, section 3.1.3); a packet every 400 ms in pauses.
    let mut line = Line::new();
    let (mut sequence, mut at) = (0, 0);
    while at < 60_000 {
        let index = at / 20;
        let mut packet = line.packet(index, 0, 0, at * 1_000 + 20_000);
        packet.sequence = sequence;
        line.network.push((at * 1_000 + 20_000, packet));
        sequence += 1;
        at += if at % 4_000 < 2_000 { 20 } else { 400 };
    }
    line.run(57_500);
    let stats = line.buffer.stats();
    assert_eq!((stats.lost, stats.late), (0, 0));
    assert!(stats.concealed < 4_800, "{} samples of silence counted as made up", stats.concealed);
    assert!(line.delay_ms() <= 50, "{} ms", line.delay_ms());
    assert!(line.played.is_sorted());
}

#[test]
fn packets_of_ten_milliseconds_are_played_with_as_little_delay() {
    let mut line = Line::new();
    line.packet_samples = 480;
    line.send(0..1_000, |i| (i % 40 != 7).then_some(20));
    line.run(9_500);
    assert!(line.delay_ms() <= 30, "{} ms", line.delay_ms());
    assert!(line.recovered >= 20, "{} single losses came back", line.recovered);
}

#[test]
fn a_path_that_became_longer_for_good_is_believed_within_two_seconds() {
    for longer in [100, 200, 400, 700] {
        let mut line = Line::new();
        line.send(0..100, |_| Some(20));
        line.send(100..400, |_| Some(20 + longer));
        line.run(4_500 + longer);
        let here = line.delay_ms();
        assert!(here <= 70, "{longer} ms longer: {here} ms, aiming for {}", line.target_ms());
        assert!(line.played.is_sorted());
    }
}

#[test]
fn what_a_sender_held_back_and_sent_unevenly_is_shed_within_a_second() {
    for stall in [300, 500, 800] {
        let mut line = Line::new();
        // After the stall, a packet every 8 ms until the sender has caught up.
        line.send(0..500, |i| {
            let sent = i * 20;
            let free = 2_000 + stall + (sent.max(2_000) - 2_000) * 8 / 20;
            Some(if sent < 2_000 { 20 } else { free.saturating_sub(sent).max(20) })
        });
        line.run(2_000 + stall * 10 / 6 + 1_000);
        assert!(line.delay_ms() <= 70, "{stall} ms: {} ms, aiming for {}", line.delay_ms(), line.target_ms());
    }
}
