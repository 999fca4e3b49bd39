use proptest::prelude::*;

use super::*;

const GOOD: Quality = Quality { level: QualityLevel::Good, cause: None, side: None };

fn lossy(percent: f64) -> Observation {
    Observation { loss_percent: percent, ..Observation::default() }
}

fn after_five(seen: Observation) -> Quality {
    let mut watch = QualityWatch::default();
    for _ in 0..5 {
        watch.observe(seen);
    }
    watch.quality()
}

fn fair(cause: QualityCause, side: QualitySide) -> Quality {
    Quality { level: QualityLevel::Fair, cause: Some(cause), side: Some(side) }
}

#[test]
fn a_warning_is_raised_after_three_bad_seconds_of_five_and_cleared_after_three_good_ones() {
    let mut watch = QualityWatch::default();
    assert_eq!(watch.observe(lossy(5.0)), None);
    assert_eq!(watch.observe(lossy(0.0)), None);
    assert_eq!(watch.observe(lossy(5.0)), None);
    let raised = watch.observe(lossy(5.0)).unwrap();
    assert_eq!(raised, fair(QualityCause::Loss, QualitySide::Here));
    assert_eq!(watch.observe(lossy(0.0)), None);
    // The good second among the bad ones still counts: it lies within the five.
    assert_eq!(watch.observe(lossy(0.0)), Some(GOOD));
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
fn a_value_at_its_limit_is_good() {
    let at = Observation {
        rtt_ms: Some(WARN_RTT_MS),
        jitter_ms: WARN_JITTER_MS,
        loss_percent: WARN_LOSS_PERCENT,
        remote_jitter_ms: Some(WARN_JITTER_MS),
        remote_loss_percent: Some(WARN_LOSS_PERCENT),
        late_percent: WARN_LATE_PERCENT,
        microphone_silent: false,
    };
    assert_eq!(after_five(at), GOOD);
}

#[test]
fn every_fault_has_its_cause_and_its_side() {
    let none = Observation::default();
    for (seen, cause, side) in [
        (Observation { microphone_silent: true, ..none }, QualityCause::MicrophoneSilent, QualitySide::Here),
        (Observation { late_percent: 10.1, ..none }, QualityCause::Cpu, QualitySide::Here),
        (Observation { loss_percent: 1.1, ..none }, QualityCause::Loss, QualitySide::Here),
        (Observation { remote_loss_percent: Some(1.1), ..none }, QualityCause::Loss, QualitySide::There),
        (
            Observation { loss_percent: 2.0, remote_loss_percent: Some(2.0), ..none },
            QualityCause::Loss,
            QualitySide::Network,
        ),
        (Observation { jitter_ms: 30.1, ..none }, QualityCause::Jitter, QualitySide::Here),
        (Observation { remote_jitter_ms: Some(30.1), ..none }, QualityCause::Jitter, QualitySide::There),
        (Observation { rtt_ms: Some(400.1), ..none }, QualityCause::Delay, QualitySide::Network),
    ] {
        assert_eq!(after_five(seen), fair(cause, side), "{seen:?}");
    }
}

#[test]
fn a_root_is_named_before_its_effects_and_two_causes_at_once_make_a_call_poor() {
    let busy = Observation { late_percent: 40.0, jitter_ms: 60.0, loss_percent: 3.0, ..Observation::default() };
    let poor = Quality { level: QualityLevel::Poor, cause: Some(QualityCause::Cpu), side: Some(QualitySide::Here) };
    assert_eq!(after_five(busy), poor, "a computer that is too busy loses and delays packets itself");
}

#[test]
fn a_tenth_of_the_packets_lost_either_way_makes_a_call_poor() {
    assert_eq!(after_five(lossy(10.0)).level, QualityLevel::Poor);
    let theirs = Observation { remote_loss_percent: Some(10.0), ..Observation::default() };
    assert_eq!(after_five(theirs).level, QualityLevel::Poor);
    assert_eq!(after_five(lossy(9.9)).level, QualityLevel::Fair);
}

fn figure() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), 0.0..1_000.0]
}

prop_compose! {
    fn second()(
        rtt_ms in proptest::option::of(figure()),
        jitter_ms in figure(),
        loss_percent in figure(),
        remote_jitter_ms in proptest::option::of(figure()),
        remote_loss_percent in proptest::option::of(figure()),
        late_percent in figure(),
        microphone_silent in any::<bool>(),
    ) -> Observation {
        Observation {
            rtt_ms, jitter_ms, loss_percent, remote_jitter_ms, remote_loss_percent, late_percent, microphone_silent,
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_observed_a_cause_a_side_and_a_warning_come_together(
        seconds in proptest::collection::vec(second(), 0..40),
    ) {
        let mut watch = QualityWatch::default();
        for seen in seconds {
            let before = watch.quality();
            let told = watch.observe(seen);
            let now = watch.quality();
            prop_assert_eq!(told, (now != before).then_some(now), "what changes is told, and nothing else");
            prop_assert_eq!(now.cause.is_some(), now.level != QualityLevel::Good);
            prop_assert_eq!(now.side.is_some(), now.cause.is_some());
        }
    }

    #[test]
    fn five_good_seconds_clear_whatever_there_was(seconds in proptest::collection::vec(second(), 0..40)) {
        let mut watch = QualityWatch::default();
        for seen in seconds {
            watch.observe(seen);
        }
        for _ in 0..5 {
            watch.observe(Observation::default());
        }
        prop_assert_eq!(watch.quality(), GOOD);
    }

    #[test]
    fn a_warning_never_comes_from_fewer_than_three_bad_seconds_of_five(
        seconds in proptest::collection::vec(any::<bool>(), 0..60),
    ) {
        let mut watch = QualityWatch::default();
        let mut warned = false;
        for (at, bad) in seconds.iter().enumerate() {
            watch.observe(lossy(if *bad { 5.0 } else { 0.0 }));
            let now = watch.quality() != GOOD;
            let last = &seconds[at.saturating_sub(4)..=at];
            let votes = last.iter().filter(|vote| **vote != warned).count();
            prop_assert_eq!(now != warned, votes >= 3, "{:?}", last);
            warned = now;
        }
    }
}
