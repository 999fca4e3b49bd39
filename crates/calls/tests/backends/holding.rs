//! What every voice backend does about holding.

use std::time::Duration;

use care4w_calls::BackendEvent;
use care4w_protocol::CallId;

use crate::contract::connected;
use crate::phone::{Ear, Phone};

/// A call in which both speak and hear each other.
async fn talking(a: &mut Phone, b: &mut Phone) -> (CallId, Ear, Ear) {
    let (call, mut a_ear, mut b_ear) = connected(a, b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    hear_each_other(&mut a_ear, &mut b_ear).await;
    (call, a_ear, b_ear)
}

/// More than can have been on its way.
async fn hear_each_other(a_ear: &mut Ear, b_ear: &mut Ear) {
    a_ear.forget();
    b_ear.forget();
    for _ in 0..50 {
        a_ear.hear_byte(2).await;
        b_ear.hear_byte(1).await;
    }
}

/// Both microphones speak for a while, and nothing is sent but what was on its way.
async fn nothing_flows(call: CallId, phones: [&Phone; 2]) {
    for phone in phones {
        let before = phone.stats(call).await.sent;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let after = phone.stats(call).await.sent;
        assert!(after <= before + 1, "{} of 20 frames went out of a held call", after - before);
    }
}

pub async fn a_held_call_carries_nothing_either_way_and_goes_on_when_it_is_taken_up(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = talking(&mut a, &mut b).await;
    for _ in 0..2 {
        a.backend.hold(call, true).await.unwrap();
        b.until(BackendEvent::Held { call, held: true }).await;
        nothing_flows(call, [&a, &b]).await;
        a.backend.hold(call, false).await.unwrap();
        b.until(BackendEvent::Held { call, held: false }).await;
        hear_each_other(&mut a_ear, &mut b_ear).await;
    }
}

pub async fn a_callee_can_hold_too(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = talking(&mut a, &mut b).await;
    b.backend.hold(call, true).await.unwrap();
    a.until(BackendEvent::Held { call, held: true }).await;
    nothing_flows(call, [&a, &b]).await;
    b.backend.hold(call, false).await.unwrap();
    a.until(BackendEvent::Held { call, held: false }).await;
    hear_each_other(&mut a_ear, &mut b_ear).await;
}

pub async fn a_call_that_both_hold_flows_when_the_last_one_takes_it_up(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = talking(&mut a, &mut b).await;
    a.backend.hold(call, true).await.unwrap();
    b.until(BackendEvent::Held { call, held: true }).await;
    b.backend.hold(call, true).await.unwrap();
    a.until(BackendEvent::Held { call, held: true }).await;
    a.backend.hold(call, false).await.unwrap();
    b.until(BackendEvent::Held { call, held: false }).await;
    nothing_flows(call, [&a, &b]).await;
    b.backend.hold(call, false).await.unwrap();
    a.until(BackendEvent::Held { call, held: false }).await;
    hear_each_other(&mut a_ear, &mut b_ear).await;
}

pub async fn two_who_hold_in_the_same_moment_both_hold(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = talking(&mut a, &mut b).await;
    for held in [true, false, true, false] {
        let (by_a, by_b) = tokio::join!(a.backend.hold(call, held), b.backend.hold(call, held));
        by_a.unwrap();
        by_b.unwrap();
        a.until(BackendEvent::Held { call, held }).await;
        b.until(BackendEvent::Held { call, held }).await;
    }
    hear_each_other(&mut a_ear, &mut b_ear).await;
}

pub async fn a_held_call_stays_held_while_its_path_is_looked_for_anew(mut a: Phone, mut b: Phone) {
    let (call, mut a_ear, mut b_ear) = talking(&mut a, &mut b).await;
    b.backend.hold(call, true).await.unwrap();
    a.until(BackendEvent::Held { call, held: true }).await;
    a.backend.restart_path(call).await.unwrap();
    nothing_flows(call, [&a, &b]).await;
    a.backend.hold(call, true).await.unwrap();
    b.until(BackendEvent::Held { call, held: true }).await;
    while let Some(event) = a.waiting() {
        assert_ne!(event, BackendEvent::Held { call, held: false }, "nobody took it up");
    }
    a.backend.hold(call, false).await.unwrap();
    b.until(BackendEvent::Held { call, held: false }).await;
    b.backend.hold(call, false).await.unwrap();
    a.until(BackendEvent::Held { call, held: false }).await;
    hear_each_other(&mut a_ear, &mut b_ear).await;
}
