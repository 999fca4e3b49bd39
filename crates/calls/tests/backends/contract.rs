//! What every voice backend does. Each behaviour is a function over two phones that can call each other.

use care4w_calls::{BackendError, BackendEvent, EndReason};
use care4w_protocol::CallId;
use care4w_protocol::signal::{HangUp, Refusal};

use crate::phone::{Ear, Phone, callee, ear, party};

/// A call that was answered, with its path up at both ends.
pub async fn connected(a: &mut Phone, b: &mut Phone) -> (CallId, Ear, Ear) {
    let (call, a_ear) = a.dial(b).await;
    assert_eq!(b.expect_incoming(&a.party).await, call, "both ends name the call alike");
    b.backend.ring(call).await.unwrap();
    a.expect(BackendEvent::Ringing { call }).await;
    b.backend.prepare(call, vec![]).await.unwrap();
    let b_ear = b.accept(call).await;
    a.expect(BackendEvent::Answered { call }).await;
    b.expect(BackendEvent::Answered { call }).await;
    a.expect(BackendEvent::PathUp { call }).await;
    b.expect(BackendEvent::PathUp { call }).await;
    (call, a_ear, b_ear)
}

pub async fn an_answered_call_carries_sound_both_ways(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a.expect(BackendEvent::MediaFlowing { call }).await;
    b.expect(BackendEvent::MediaFlowing { call }).await;
    let first = a_ear.hear_byte(2).await;
    let second = a_ear.hear_byte(2).await;
    assert_eq!(second.sequence, first.sequence.wrapping_add(1), "frames keep their order on a clean path");
    assert_eq!(second.timestamp, first.timestamp.wrapping_add(960));
    b_ear.hear_byte(1).await;
    let stats = a.stats(call).await;
    assert!(stats.sent > 0 && stats.received > 0, "{stats:?}");
    assert!(stats.path.is_some() && stats.codec == Some("opus"), "{stats:?}");
}

pub async fn a_call_can_be_accepted_without_having_been_prepared(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear) = a.dial(&b).await;
    b.expect_incoming(&a.party).await;
    let b_ear = b.accept(call).await;
    a.expect(BackendEvent::Answered { call }).await;
    a.expect(BackendEvent::PathUp { call }).await;
    b.until(BackendEvent::PathUp { call }).await;
    b_ear.speak(2);
    a_ear.hear_byte(2).await;
}

pub async fn a_refused_call_ends_at_the_caller_with_the_reason(mut a: Phone, mut b: Phone) {
    for (refusal, reason) in [
        (Refusal::Declined, EndReason::Declined),
        (Refusal::Busy, EndReason::Busy),
        (Refusal::Failed, EndReason::RemoteFailed),
    ] {
        let (call, _ear) = a.dial(&b).await;
        b.expect_incoming(&a.party).await;
        b.backend.refuse(call, refusal).await.unwrap();
        a.expect_end(call, reason).await;
        assert!(b.has_no_event(), "who refused is told nothing more");
    }
}

pub async fn a_call_given_up_before_the_answer_is_missed_at_the_callee(mut a: Phone, mut b: Phone) {
    for reason in [HangUp::Normal, HangUp::NoAnswer] {
        let (call, _ear) = a.dial(&b).await;
        b.expect_incoming(&a.party).await;
        a.backend.hang_up(call, reason).await.unwrap();
        b.expect_end(call, EndReason::Missed).await;
        assert!(a.has_no_event(), "who gave up is told nothing more");
    }
}

pub async fn hanging_up_ends_the_other_end_and_nothing_comes_after(mut a: Phone, mut b: Phone) {
    let (call, _a_ear, _b_ear) = connected(&mut a, &mut b).await;
    b.backend.hang_up(call, HangUp::Normal).await.unwrap();
    a.expect_end(call, EndReason::RemoteHungUp).await;
    assert!(matches!(b.backend.hang_up(call, HangUp::Normal).await, Err(BackendError::NoSuchCall)));
    // The other end's call is forgotten too; it may take its task a moment.
    while a.backend.stats(call).await.is_some() {
        tokio::task::yield_now().await;
    }
    assert!(a.has_no_event() && b.has_no_event(), "a call that ended is silent");
}

pub async fn calling_somebody_who_is_not_there_ends_with_not_found(mut a: Phone, _b: Phone) {
    let call = CallId::random();
    let (_ear, ports) = ear();
    a.backend.dial(call, &callee(&party("care4w-NOBODY1", "")), vec![], ports).await.unwrap();
    a.expect_end(call, EndReason::NotFound).await;
}

pub async fn a_call_that_is_not_there_can_be_asked_nothing(a: Phone, _b: Phone) {
    let call = CallId::random();
    let none = |result: Result<(), BackendError>| assert!(matches!(result, Err(BackendError::NoSuchCall)));
    none(a.backend.ring(call).await);
    none(a.backend.prepare(call, vec![]).await);
    none(a.backend.accept(call, ear().1).await);
    none(a.backend.refuse(call, Refusal::Declined).await);
    none(a.backend.hang_up(call, HangUp::Normal).await);
    none(a.backend.send_digits(call, "1").await);
    none(a.backend.restart_path(call).await);
    none(a.backend.hold(call, true).await);
    assert!(a.backend.stats(call).await.is_none());
}

pub async fn digits_can_be_sent_in_an_answered_call(mut a: Phone, mut b: Phone) {
    let (call, a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    a.backend.send_digits(call, "12#").await.unwrap();
    b_ear.hear_byte(1).await;
}

pub async fn a_restarted_path_goes_on_carrying_sound(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a_ear.hear_byte(2).await;
    a.backend.restart_path(call).await.unwrap();
    // More than can have been on its way.
    a_ear.forget();
    b_ear.forget();
    for _ in 0..100 {
        a_ear.hear_byte(2).await;
        b_ear.hear_byte(1).await;
    }
}

pub async fn two_calls_of_one_backend_do_not_mix(mut a: Phone, mut b: Phone) {
    let (first, _a1, _b1) = connected(&mut a, &mut b).await;
    let (second, mut a_ear, b_ear) = connected(&mut a, &mut b).await;
    a.backend.hang_up(first, HangUp::Normal).await.unwrap();
    b.expect_end(first, EndReason::RemoteHungUp).await;
    b_ear.speak(7);
    a_ear.hear_byte(7).await;
    assert!(a.backend.stats(second).await.is_some());
}

pub use crate::holding::{
    a_call_that_both_hold_flows_when_the_last_one_takes_it_up, a_callee_can_hold_too,
    a_held_call_carries_nothing_either_way_and_goes_on_when_it_is_taken_up,
    a_held_call_stays_held_while_its_path_is_looked_for_anew, two_who_hold_in_the_same_moment_both_hold,
};

/// Every behaviour as a test of its own, over phones that `$phones` makes.
#[macro_export]
macro_rules! contract {
    ($phones:expr; $($behaviour:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $behaviour() {
            let (a, b) = $phones;
            $crate::contract::$behaviour(a, b).await;
        })*
    };
    ($phones:expr) => {
        $crate::contract! { $phones;
            an_answered_call_carries_sound_both_ways
            a_call_can_be_accepted_without_having_been_prepared
            a_refused_call_ends_at_the_caller_with_the_reason
            a_call_given_up_before_the_answer_is_missed_at_the_callee
            hanging_up_ends_the_other_end_and_nothing_comes_after
            calling_somebody_who_is_not_there_ends_with_not_found
            a_call_that_is_not_there_can_be_asked_nothing
            digits_can_be_sent_in_an_answered_call
            a_restarted_path_goes_on_carrying_sound
            two_calls_of_one_backend_do_not_mix
            a_held_call_carries_nothing_either_way_and_goes_on_when_it_is_taken_up
            a_callee_can_hold_too
            a_call_that_both_hold_flows_when_the_last_one_takes_it_up
            two_who_hold_in_the_same_moment_both_hold
            a_held_call_stays_held_while_its_path_is_looked_for_anew
        }
    };
}
