//! What every store must do about calls over Twilio.

use super::behaviour::account;
use super::*;
use crate::store::{Begun, Leg, LegEvent, LegStatus, NewTwilioCall, TalkCap, TwilioCallKind, TwilioNumber};

const CAP: TalkCap = TalkCap { secs: 600, secs_a_call: 300, since: 0 };

fn new(kind: TwilioCallKind, account: &Account, callee: Option<&Account>, sid: &str) -> NewTwilioCall {
    NewTwilioCall {
        id: CallId::random(),
        sid: Some(sid.into()),
        kind,
        account: account.id,
        callee: callee.map(|callee| callee.id),
        number: callee
            .is_none()
            .then(|| TwilioNumber { full: "+254700000001".into(), shown: "+254 700 000001".into() }),
        began_at: 5,
    }
}

fn event(leg: Leg, status: LegStatus, secs: Option<u64>) -> LegEvent {
    LegEvent { leg, status, secs, sid: None }
}

async fn newest(store: &AnyStore, account: &Account) -> Option<CallRecord> {
    let page = CallsPage { limit: 1, ..CallsPage::default() };
    store.calls(account.id, &page).await.unwrap().pop().map(|(_, call)| call)
}

pub async fn a_number_of_the_twilio_account_has_one_holder(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    for (holder, number) in [(&a, "+12025550199"), (&a, "+12025550198"), (&b, "+12025550199")] {
        store.assign_number(holder.id, number).await.unwrap();
        assert_eq!(store.holder_of_assigned(number).await.unwrap().unwrap().id, holder.id);
    }
    assert_eq!(store.assigned_numbers(a.id).await.unwrap(), ["+12025550198"]);
    assert!(store.take_number_back("+12025550198").await.unwrap());
    assert!(!store.take_number_back("+12025550198").await.unwrap());
    store.delete_account(b.id).await.unwrap();
    assert!(store.holder_of_assigned("+12025550199").await.unwrap().is_none());
    store.assign_number(b.id, "+12025550199").await.unwrap();
    assert!(store.holder_of_assigned("+12025550199").await.unwrap().is_none(), "nobody who is gone gets one");
}

pub async fn a_call_over_twilio_is_in_the_histories_as_twilio_tells_of_it(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let call = new(TwilioCallKind::User, &a, Some(&b), "CA1");
    assert_eq!(store.begin_twilio_call(&call, Some(CAP)).await.unwrap(), Begun::Kept(call.id, None));
    assert!(newest(&store, &a).await.is_none() && newest(&store, &b).await.is_none());
    store.finish_interrupted_calls().await.unwrap();
    assert!(newest(&store, &b).await.is_none(), "it goes on without the server");
    let talks = event(Leg::Far, LegStatus::InProgress, None);
    let (kept, progressed) = store.twilio_call_event(call.id, &talks).await.unwrap().unwrap();
    assert!(kept.was_answered() && !kept.is_over() && progressed);
    assert_eq!(newest(&store, &b).await.unwrap().kind, CallKind::Got);
    let over = event(Leg::Far, LegStatus::Completed, Some(7));
    for again in [true, false] {
        assert_eq!(store.twilio_call_event(call.id, &over).await.unwrap().unwrap().1, again);
        let (made, got) = (newest(&store, &a).await.unwrap(), newest(&store, &b).await.unwrap());
        assert_eq!(
            (made.kind, made.duration_secs, made.care4w_id),
            (CallKind::Made, Some(7), Some(b.care4w_id.clone()))
        );
        assert_eq!((got.kind, got.duration_secs, got.display_name.as_str()), (CallKind::Got, Some(7), "a"));
    }
    assert_eq!(store.twilio_call_by_sid("CA1").await.unwrap().unwrap().id, call.id);
    assert!(store.twilio_call_event(CallId::random(), &over).await.unwrap().is_none());

    // One that nobody hears the end of is over once it is forgotten.
    let lost = new(TwilioCallKind::Number, &a, None, "CA2");
    store.begin_twilio_call(&lost, Some(CAP)).await.unwrap();
    store.forget_twilio_calls(6).await.unwrap();
    assert!(store.twilio_call(lost.id).await.unwrap().is_none());
    assert_eq!(newest(&store, &a).await.unwrap().kind, CallKind::Made);
    let calls = store.calls(a.id, &CallsPage { limit: 9, ..CallsPage::default() }).await.unwrap();
    assert!(calls.iter().any(|(_, call)| call.number.as_deref() == Some("+254700000001") && call.care4w_id.is_none()));
}

pub async fn a_missed_call_over_twilio_is_told_once(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    for (sid, far, untold) in
        [("CA1", LegStatus::Failed, 1), ("CA2", LegStatus::NoAnswer, 1), ("CA3", LegStatus::Canceled, 2)]
    {
        let call = new(TwilioCallKind::User, &a, Some(&b), sid);
        store.begin_twilio_call(&call, Some(CAP)).await.unwrap();
        store.twilio_call_event(call.id, &event(Leg::Far, far, None)).await.unwrap();
        assert_eq!(store.untold_calls(b.id).await.unwrap().len(), untold, "{far:?}: what has rung was seen");
    }
    for told in store.untold_calls(b.id).await.unwrap() {
        store.call_told(b.id, told.call).await.unwrap();
        store.twilio_call_event(told.call, &event(Leg::Near, LegStatus::Completed, None)).await.unwrap();
    }
    let number = new(TwilioCallKind::Incoming, &b, None, "CA4");
    store.begin_twilio_call(&number, None).await.unwrap();
    store.twilio_call_event(number.id, &event(Leg::Far, LegStatus::Failed, None)).await.unwrap();
    assert!(store.untold_calls(b.id).await.unwrap().is_empty());
    assert_eq!(newest(&store, &b).await.unwrap().kind, CallKind::Missed);
}

pub async fn calls_begun_at_once_never_talk_longer_than_their_user_may(store: AnyStore) {
    let a = account(&store, "a").await;
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..6 {
        let call = new(TwilioCallKind::Number, &a, None, &format!("CA{number}"));
        let store = Arc::clone(&store);
        tries.spawn(async move { store.begin_twilio_call(&call, Some(CAP)).await.unwrap() });
    }
    let mut limits: Vec<u64> = Vec::new();
    for begun in tries.join_all().await {
        match begun {
            Begun::Kept(_, limit) => limits.push(limit.unwrap()),
            other => assert_eq!(other, Begun::UsedUp),
        }
    }
    assert_eq!(limits, [300, 300]);
}

pub async fn one_call_is_begun_once_however_often_it_is_asked_for(store: AnyStore) {
    let a = account(&store, "a").await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let call = new(TwilioCallKind::Number, &a, None, "CA1");
        let store = Arc::clone(&store);
        tries.spawn(async move { store.begin_twilio_call(&call, Some(CAP)).await.unwrap() });
    }
    let begun = tries.join_all().await;
    assert!(matches!(begun[0], Begun::Kept(_, Some(300))));
    assert!(begun.iter().all(|other| *other == begun[0]), "{begun:?}");
}

pub async fn words_that_come_at_once_are_all_heard(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let call = new(TwilioCallKind::User, &a, Some(&b), "CA1");
    store.begin_twilio_call(&call, Some(CAP)).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for (leg, status, secs) in [
        (Leg::Far, LegStatus::Ringing, None),
        (Leg::Far, LegStatus::Completed, Some(9)),
        (Leg::Near, LegStatus::Completed, Some(11)),
        (Leg::Far, LegStatus::InProgress, None),
    ] {
        let (store, event, id) = (Arc::clone(&store), event(leg, status, secs), call.id);
        tries.spawn(async move { store.twilio_call_event(id, &event).await.unwrap() });
    }
    tries.join_all().await;
    let kept = store.twilio_call(call.id).await.unwrap().unwrap();
    assert_eq!((kept.near, kept.far, kept.secs), (LegStatus::Completed, LegStatus::Completed, Some(9)));
    assert_eq!(newest(&store, &b).await.unwrap().duration_secs, Some(9));
}

pub async fn calls_over_twilio_go_with_their_account(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let (to_b, from_b) =
        (new(TwilioCallKind::User, &a, Some(&b), "CA1"), new(TwilioCallKind::User, &b, Some(&a), "CA2"));
    for call in [&to_b, &from_b] {
        store.begin_twilio_call(call, Some(CAP)).await.unwrap();
    }
    store.delete_account(b.id).await.unwrap();
    assert!(store.twilio_call(from_b.id).await.unwrap().is_none());
    assert_eq!(store.twilio_call(to_b.id).await.unwrap().unwrap().callee, None);
    let late = new(TwilioCallKind::User, &a, Some(&b), "CA3");
    assert_eq!(store.begin_twilio_call(&late, Some(CAP)).await.unwrap(), Begun::NoAccount);
    let gone = new(TwilioCallKind::Number, &b, None, "CA4");
    assert_eq!(store.begin_twilio_call(&gone, Some(CAP)).await.unwrap(), Begun::NoAccount);
}

pub async fn only_its_user_takes_a_call_back(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let call = NewTwilioCall { sid: None, ..new(TwilioCallKind::Ring, &a, None, "") };
    assert_eq!(store.begin_twilio_call(&call, Some(CAP)).await.unwrap(), Begun::Kept(call.id, Some(300)));
    assert!(store.cancel_twilio_call(call.id, b.id).await.unwrap().is_none());
    assert!(store.cancel_twilio_call(call.id, a.id).await.unwrap().unwrap().cancelled);
    let named = LegEvent { sid: Some("CA1".into()), ..event(Leg::Near, LegStatus::Canceled, None) };
    let (kept, progressed) = store.twilio_call_event(call.id, &named).await.unwrap().unwrap();
    assert!(kept.cancelled && progressed && kept.sid.as_deref() == Some("CA1"));
    let other = NewTwilioCall { sid: None, ..new(TwilioCallKind::Ring, &a, None, "") };
    assert_eq!(
        store.begin_twilio_call(&other, Some(CAP)).await.unwrap(),
        Begun::Kept(other.id, Some(300)),
        "what was not answered costs nothing"
    );
}
