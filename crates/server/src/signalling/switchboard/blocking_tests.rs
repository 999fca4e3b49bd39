#![allow(clippy::unwrap_used)]
//! Blocking somebody whose call is on its way.

use super::tests::{Desk, account, answer, hang_up, party, refuse, ringing};
use super::*;
use crate::defaults;
use care4w_protocol::signal::Refusal;

const CALL: CallId = CallId::from_u128(7);

/// Who blocks whom, by their letters.
fn blocks(desk: &mut Desk, blocker: &str, blocked: &str) {
    desk.handle(Input::Blocked { account: account(blocker), blocked: party(blocked).care4w_id });
}

fn unblocks(desk: &mut Desk, blocker: &str, blocked: &str) {
    desk.handle(Input::Unblocked { account: account(blocker), unblocked: party(blocked).care4w_id });
}

#[test]
fn a_call_that_rings_when_its_caller_is_blocked_rings_no_more_and_the_caller_waits_in_vain() {
    let mut desk = Desk::with(&["a1", "b1", "b2"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", ringing(CALL));
    desk.heard("a1");
    blocks(&mut desk, "b", "a");
    assert_eq!(desk.ended("b1"), [Ended::DeclinedElsewhere]);
    assert_eq!(desk.ended("b2"), [Ended::DeclinedElsewhere]);
    desk.connect("b3", 0);
    assert!(desk.heard("b3").is_empty(), "it rings at no device that comes later");
    desk.says("b1", answer(CALL));
    desk.says("b2", refuse(CALL, Refusal::Declined));
    desk.loses_socket("b1");
    desk.after(59);
    assert!(desk.heard("a1").is_empty(), "the caller hears it ring as before");
    desk.after(1);
    assert_eq!(desk.ended("a1"), [Ended::NoAnswer]);
    assert_eq!(desk.over(), [(None, true)], "who has blocked the caller is not told of it later");
    assert_eq!(desk.board.calls(), 0);
}

#[test]
fn a_call_that_has_not_rung_yet_ends_like_one_to_somebody_who_is_away() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    blocks(&mut desk, "b", "a");
    assert_eq!(desk.ended("b1"), [Ended::DeclinedElsewhere]);
    assert!(desk.heard("a1").is_empty());
    desk.after(defaults::UNREACHABLE_AFTER.as_secs() + 1);
    assert_eq!(desk.ended("a1"), [Ended::Unreachable]);
    assert_eq!(desk.over(), [(None, true)]);
}

#[test]
fn who_gives_up_on_a_silenced_call_leaves_nothing_behind() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    blocks(&mut desk, "b", "a");
    desk.heard("b1");
    desk.says("a1", hang_up(CALL));
    assert!(desk.heard("b1").is_empty());
    assert_eq!(desk.board.calls(), 0);
}

#[test]
fn a_call_in_progress_goes_on_until_the_blocker_hangs_up() {
    let mut desk = Desk::with(&["a1", "b1"]);
    desk.calls("a1", "b", CALL);
    desk.says("b1", answer(CALL));
    desk.heard("a1");
    blocks(&mut desk, "b", "a");
    assert!(desk.ended("a1").is_empty() && desk.ended("b1").is_empty());
    desk.says("b1", hang_up(CALL));
    assert_eq!(desk.ended("a1"), [Ended::HungUp]);
}

#[test]
fn blocking_stops_nobody_elses_call_and_not_ones_own() {
    let mut desk = Desk::with(&["a1", "b1", "c1"]);
    desk.calls("c1", "b", CallId::from_u128(1));
    desk.calls("b1", "a", CallId::from_u128(2));
    blocks(&mut desk, "b", "a");
    assert!(desk.ended("b1").is_empty(), "somebody else's call rings on");
    assert!(desk.ended("a1").is_empty(), "the blocker's own call rings on");
    assert_eq!(desk.board.calls(), 2);
}

#[test]
fn an_invite_that_was_on_its_way_when_its_caller_was_blocked_reaches_nobody() {
    let mut desk = Desk::with(&["a1", "b1"]);
    blocks(&mut desk, "b", "a");
    // Looked up before the block was written: the callee is a user still.
    desk.calls("a1", "b", CALL);
    assert_eq!(desk.ended("a1"), [Ended::NotFound]);
    assert!(desk.heard("b1").is_empty());
    assert!(desk.history.is_empty(), "no call began");
    unblocks(&mut desk, "b", "a");
    desk.calls("a1", "b", CALL);
    assert!(matches!(desk.heard("b1")[..], [ServerMessage::Invite { .. }]));
}

#[test]
fn two_who_call_each_other_are_not_joined_once_one_has_blocked_the_other() {
    for (theirs, own) in [(1, 2), (2, 1)] {
        let (theirs, own) = (CallId::from_u128(theirs), CallId::from_u128(own));
        let mut desk = Desk::with(&["a1", "b1"]);
        desk.calls("a1", "b", theirs);
        blocks(&mut desk, "b", "a");
        desk.heard("b1");
        desk.calls("b1", "a", own);
        assert!(desk.heard("b1").is_empty(), "their call does not ring again because of one's own");
        assert!(desk.ended("a1").is_empty(), "and they are not told that theirs gave way");
        desk.says("a1", refuse(own, Refusal::Busy));
        assert_eq!(desk.ended("b1"), [Ended::Busy]);
    }
}

#[test]
fn new_blocks_are_remembered_as_long_as_a_lookup_may_take_and_no_longer() {
    let mut desk = Desk::with(&["a1"]);
    blocks(&mut desk, "b", "a");
    desk.after(defaults::FRESH_BLOCK.as_secs());
    assert!(desk.board.fresh_blocks.is_empty(), "by now every lookup knows");
}
