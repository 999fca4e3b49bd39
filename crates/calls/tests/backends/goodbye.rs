//! A hang-up is also said on the media path: it is heard when the server has forgotten the call.

use std::time::Instant;

use care4w_calls::{BackendEvent, EndReason};
use care4w_protocol::signal::{Ended, HangUp, ServerMessage};
use care4w_protocol::{ApiError, ErrorCode};

use crate::cable::Cable;
use crate::contract::connected;
use crate::exchange::Exchange;
use crate::p2p::{phones_and_exchange, phones_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_is_heard_when_the_server_does_not_know_the_call_any_more() {
    for caller_hangs_up in [true, false] {
        for (how, heard) in [
            (HangUp::Normal, EndReason::RemoteHungUp),
            (HangUp::Failed, EndReason::RemoteFailed),
            (HangUp::NoPath, EndReason::ConnectionLost),
        ] {
            let (exchange, mut a, mut b) = phones_and_exchange();
            let (call, _a_ear, _b_ear) = connected(&mut a, &mut b).await;
            exchange.restart();
            let (from, to) = if caller_hangs_up { (&a, &mut b) } else { (&b, &mut a) };
            let began = Instant::now();
            from.backend.hang_up(call, how).await.unwrap();
            let told = began.elapsed();
            to.expect_end(call, heard).await;
            eprintln!("hang up → said {told:?}, heard {:?}", began.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_says_after_the_hang_up_was_heard_changes_nothing() {
    let (exchange, mut a, mut b) = phones_and_exchange();
    let (first, _a1, _b1) = connected(&mut a, &mut b).await;
    let (second, a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(3);
    b.expect(BackendEvent::MediaFlowing { call: second }).await;
    exchange.restart();
    a.backend.hang_up(first, HangUp::Normal).await.unwrap();
    b.expect_end(first, EndReason::RemoteHungUp).await;
    while b.backend.stats(first).await.is_some() {
        tokio::task::yield_now().await;
    }
    for reason in [Ended::HungUp, Ended::Failed, Ended::Lost] {
        exchange.tell(1, ServerMessage::Ended { call: first, reason });
    }
    b_ear.forget();
    b_ear.hear_byte(3).await;
    assert!(b.backend.stats(second).await.is_some(), "the other call goes on");
    assert!(a.has_no_event() && b.has_no_event(), "a call ends once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_dropped_in_a_call_says_so() {
    let (exchange, mut a, mut b) = phones_and_exchange();
    let (call, _a_ear, _b_ear) = connected(&mut a, &mut b).await;
    exchange.restart();
    drop(a);
    b.expect_end(call, EndReason::RemoteHungUp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_outside_a_call_can_end_it() {
    let (exchange, mut a, mut b) = phones_on(Exchange::over(Cable::default()));
    let (call, a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    // An empty receiver report and a goodbye of source 1, as they would be without SRTP; and with an index and a tag
    // that nobody made with the key.
    let words = b"care4w: hung up";
    let mut goodbye = vec![0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 5, 0, 0, 0, 1, words.len() as u8];
    goodbye.extend_from_slice(words);
    let protected: Vec<u8> = goodbye.iter().copied().chain([0x80, 0, 0, 1]).chain([7; 16]).collect();
    let cable = exchange.cable.as_ref().unwrap();
    for datagram in [&goodbye, &protected] {
        cable.forge(1, datagram).await;
    }
    // What comes after it in the same socket was handled after it.
    a_ear.speak(1);
    b.expect(BackendEvent::MediaFlowing { call }).await;
    b_ear.hear_byte(1).await;
    assert!(b.backend.stats(call).await.is_some() && b.has_no_event());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_know_the_call_does_not_end_it() {
    let (exchange, mut a, mut b) = phones_and_exchange();
    let (call, mut a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b_ear.speak(2);
    a.expect(BackendEvent::MediaFlowing { call }).await;
    b.expect(BackendEvent::MediaFlowing { call }).await;
    exchange.restart();
    for code in [ErrorCode::NotFound, ErrorCode::RateLimited, ErrorCode::Unavailable] {
        for end in [0, 1] {
            let error = ApiError::new(code, "There is no such call.");
            exchange.tell(end, ServerMessage::Refused { call: Some(call), error });
        }
    }
    // Asked after the refusals, answered after them.
    assert!(a.backend.stats(call).await.is_some() && b.backend.stats(call).await.is_some());
    a_ear.forget();
    b_ear.forget();
    a_ear.hear_byte(2).await;
    b_ear.hear_byte(1).await;
    assert!(a.has_no_event() && b.has_no_event());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_the_server_refuses_loses_the_path_and_not_yet_the_call() {
    let (exchange, mut a, mut b) = phones_on(Exchange::over(Cable::default()));
    let (call, _a_ear, _b_ear) = connected(&mut a, &mut b).await;
    exchange.restart();
    exchange.cable.as_ref().unwrap().cut();
    // Whether and when it is over is for the machine to say.
    a.expect(BackendEvent::PathLost { call }).await;
    a.backend.restart_path(call).await.unwrap();
    b.expect(BackendEvent::PathLost { call }).await;
    assert!(a.backend.stats(call).await.is_some() && a.has_no_event());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_path_was_restarted_ends_by_a_hang_up_and_by_nothing_before_it() {
    let (exchange, mut a, mut b) = phones_and_exchange();
    let (call, a_ear, mut b_ear) = connected(&mut a, &mut b).await;
    a_ear.speak(1);
    b.expect(BackendEvent::MediaFlowing { call }).await;
    a.backend.restart_path(call).await.unwrap();
    b_ear.forget();
    for _ in 0..100 {
        b_ear.hear_byte(1).await;
    }
    exchange.restart();
    while let Some(event) = b.waiting() {
        assert!(!matches!(event, BackendEvent::Ended { .. }), "{event:?}");
    }
    a.backend.hang_up(call, HangUp::Normal).await.unwrap();
    b.until(BackendEvent::Ended { call, reason: EndReason::RemoteHungUp }).await;
}
