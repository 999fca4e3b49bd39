//! What every store must do about calls.

use super::behaviour::account;
use super::*;

pub fn call(from: &Account, to: &Account, started_at: UnixMs) -> NewCall {
    let (caller, callee) = ((from.id, from.party()), (to.id, to.party()));
    NewCall { call: CallId::random(), caller, callee, started_at }
}

pub async fn a_missed_call_is_told_until_it_was_heard_of(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let missed = call(&a, &b, 5);
    store.call_started(&missed).await.unwrap();
    assert!(store.untold_calls(b.id).await.unwrap().is_empty(), "it rings still");
    store.call_over(missed.call, b.id, None, false).await.unwrap();
    let untold = store.untold_calls(b.id).await.unwrap();
    assert_eq!((untold[0].call, &untold[0].from), (missed.call, &a.party()));
    assert!(store.untold_calls(a.id).await.unwrap().is_empty());
    store.call_told(b.id, missed.call).await.unwrap();
    assert!(store.untold_calls(b.id).await.unwrap().is_empty());

    let interrupted = call(&a, &b, 6);
    store.call_started(&interrupted).await.unwrap();
    store.finish_interrupted_calls().await.unwrap();
    assert_eq!(store.untold_calls(b.id).await.unwrap()[0].call, interrupted.call);
}

pub async fn calls_come_newest_first_in_pages(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    for at in [10, 20, 20, 30] {
        let call = call(&a, &b, at);
        store.call_started(&call).await.unwrap();
        store.call_answered(call.call, b.id).await.unwrap();
        store.call_over(call.call, b.id, Some(7), true).await.unwrap();
    }
    let first = store.calls(b.id, &CallsPage { limit: 2, ..CallsPage::default() }).await.unwrap();
    assert_eq!(first.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [30, 20]);
    assert_eq!((first[0].1.kind, first[0].1.duration_secs), (CallKind::Got, Some(7)));
    let before = first.last().map(|(at, call)| (*at, call.call_id.clone()));
    let second = store.calls(b.id, &CallsPage { limit: 9, before, since: Some(15) }).await.unwrap();
    assert_eq!(second.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [20]);
    assert_ne!(second[0].1.call_id, first[1].1.call_id);
    let mine = store.calls(a.id, &CallsPage { limit: 9, ..CallsPage::default() }).await.unwrap();
    assert!(mine.iter().all(|(_, call)| call.kind == CallKind::Made) && mine.len() == 4);
}

pub async fn a_call_that_gave_way_is_in_no_history(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let call = call(&a, &b, 5);
    store.call_started(&call).await.unwrap();
    store.call_merged(call.call).await.unwrap();
    store.finish_interrupted_calls().await.unwrap();
    assert!(store.calls(b.id, &CallsPage { limit: 9, ..CallsPage::default() }).await.unwrap().is_empty());
}
