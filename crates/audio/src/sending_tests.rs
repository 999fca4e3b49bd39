use super::*;

/// Reports of so much loss, one a second, from `from` seconds on; the plan after the last.
fn hear(sending: &mut Sending, start: Instant, seconds: std::ops::Range<u64>, loss_percent: f64) -> SendingPlan {
    for second in seconds {
        let report = NetworkReport { loss_percent, ..NetworkReport::default() };
        sending.handle(report, start + Duration::from_secs(second));
    }
    sending.plan()
}

#[test]
fn without_loss_nothing_is_spent_on_the_past() {
    let plan = hear(&mut Sending::new(32_000, PacketTime::Ms20), Instant::now(), 0..60, 0.0);
    assert_eq!((plan.bitrate, plan.expected_loss, plan.redundancy), (32_000, EXPECTED_LOSS_MIN, 0));
}

#[test]
fn a_little_loss_is_answered_by_carrying_the_last_packet_again() {
    let plan = hear(&mut Sending::new(32_000, PacketTime::Ms20), Instant::now(), 0..10, 4.0);
    assert_eq!((plan.bitrate, plan.expected_loss, plan.redundancy), (40_000, 20, 0));
}

#[test]
fn much_loss_is_answered_by_deep_redundancy() {
    let plan = hear(&mut Sending::new(32_000, PacketTime::Ms20), Instant::now(), 0..1, 25.0);
    assert_eq!((plan.bitrate, plan.expected_loss, plan.redundancy), (40_000, 25, DEEP_STEPS));
}

#[test]
fn loss_in_bursts_is_answered_by_deep_redundancy_even_when_it_is_little() {
    let mut sending = Sending::new(32_000, PacketTime::Ms20);
    let report = NetworkReport { loss_percent: 3.0, in_bursts: true, round_trip: None };
    assert_eq!(sending.handle(report, Instant::now()).map(|plan| plan.redundancy), Some(DEEP_STEPS));
}

#[test]
fn too_few_bits_carry_no_deep_redundancy() {
    let plan = hear(&mut Sending::new(16_000, PacketTime::Ms20), Instant::now(), 0..5, 25.0);
    assert_eq!((plan.bitrate, plan.redundancy), (20_000, 0));
}

#[test]
fn protection_outlives_the_loss_for_a_while_and_no_longer() {
    let (mut sending, start) = (Sending::new(32_000, PacketTime::Ms20), Instant::now());
    hear(&mut sending, start, 0..10, 20.0);
    assert_eq!(hear(&mut sending, start, 10..18, 0.0).redundancy, DEEP_STEPS);
    let plan = hear(&mut sending, start, 18..60, 0.0);
    assert_eq!((plan.bitrate, plan.redundancy), (32_000, 0));
}

#[test]
fn one_bad_second_does_not_change_much() {
    let (mut sending, start) = (Sending::new(32_000, PacketTime::Ms20), Instant::now());
    hear(&mut sending, start, 0..10, 0.0);
    assert_eq!(hear(&mut sending, start, 10..11, 10.0).redundancy, 0);
}

#[test]
fn a_full_queue_gets_fewer_bits_and_not_more() {
    let (mut sending, start) = (Sending::new(32_000, PacketTime::Ms20), Instant::now());
    let report = |loss_percent, ms| NetworkReport {
        loss_percent,
        in_bursts: false,
        round_trip: Some(Duration::from_millis(ms)),
    };
    sending.handle(report(0.0, 40), start);
    for second in 1..5 {
        sending.handle(report(20.0, 500), start + Duration::from_secs(second));
    }
    assert_eq!((sending.plan().bitrate, sending.plan().redundancy), (24_000, 0));
}

#[test]
fn a_mad_report_is_read_as_what_it_can_be() {
    for mad in [f64::NAN, f64::INFINITY, -3.0, 1e9] {
        let plan = hear(&mut Sending::new(32_000, PacketTime::Ms20), Instant::now(), 0..3, mad);
        assert!((EXPECTED_LOSS_MIN..=EXPECTED_LOSS_MAX).contains(&plan.expected_loss));
    }
}

#[test]
fn short_packets_are_for_networks_that_lose_nothing() {
    let (mut sending, start) = (Sending::new(32_000, PacketTime::Ms10), Instant::now());
    assert_eq!(hear(&mut sending, start, 0..5, 0.0).packet, PacketTime::Ms10);
    assert_eq!(hear(&mut sending, start, 5..8, 5.0).packet, PacketTime::Ms20);
    assert_eq!(hear(&mut sending, start, 8..60, 0.0).packet, PacketTime::Ms10);
}
