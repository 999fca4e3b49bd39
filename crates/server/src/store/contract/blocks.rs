//! What every store must do about people who block each other.

use super::behaviour::{account, call, number};
use super::*;

/// An asker whom nobody has blocked.
pub fn nobody() -> Care4wId {
    id("care4w-NOBODY")
}

fn id(text: &str) -> Care4wId {
    Care4wId::parse(text).unwrap()
}

pub async fn who_is_blocked_reaches_nobody_and_everybody_else_does(store: AnyStore) {
    let (blocker, blocked, other) =
        (account(&store, "a").await, account(&store, "b").await, account(&store, "c").await);
    let held = number("+254712345678");
    store.set_phone(blocker.id, &held, true).await.unwrap();
    let reach = async |to: &Account, by: &Care4wId| {
        let by_id = store.reached_by_id(&to.care4w_id, by).await.unwrap().map(|found| found.id);
        let by_number = store.holder_of(&held.full, by).await.unwrap().map(|found| found.id);
        let by_national = store.holder_of_national(&held.national, true, by).await.unwrap().map(|found| found.id);
        (by_id, by_number, by_national)
    };
    let found = (Some(blocker.id), Some(blocker.id), Some(blocker.id));
    assert_eq!(reach(&blocker, &blocked.care4w_id).await, found);
    assert!(store.block(blocker.id, &blocked.care4w_id, None, 5, 10).await.unwrap());
    assert_eq!(reach(&blocker, &blocked.care4w_id).await, (None, None, None));
    assert_eq!(reach(&blocker, &other.care4w_id).await, found, "others reach them as before");
    assert_eq!(reach(&blocker, &blocker.care4w_id).await, found, "one reaches oneself");
    let back = store.reached_by_id(&blocked.care4w_id, &blocker.care4w_id).await.unwrap();
    assert_eq!(back.map(|found| found.id), Some(blocked.id), "the blocker reaches the blocked");
    assert_eq!(
        store.phone_taken(&held, blocked.id).await.unwrap(),
        Some(true),
        "a number is held once, blocked or not"
    );
    store.unblock(blocker.id, &blocked.care4w_id).await.unwrap();
    store.unblock(blocker.id, &blocked.care4w_id).await.unwrap();
    assert_eq!(reach(&blocker, &blocked.care4w_id).await, found);
}

pub async fn blocking_anew_changes_the_name_alone_and_stops_at_the_limit(store: AnyStore) {
    let blocker = account(&store, "a").await;
    let (x, y, z) = (id("care4w-XXXX"), id("care4w-YYYY"), id("care4w-ZZZZ"));
    assert!(store.block(blocker.id, &x, Some("X"), 5, 2).await.unwrap());
    assert!(store.block(blocker.id, &y, None, 6, 2).await.unwrap());
    assert!(!store.block(blocker.id, &z, None, 7, 2).await.unwrap(), "two are all");
    let row = |care4w_id: &Care4wId, name: Option<&str>, blocked_at| Blocked {
        care4w_id: care4w_id.clone(),
        name: name.map(ToOwned::to_owned),
        blocked_at,
    };
    assert_eq!(store.blocked(blocker.id).await.unwrap(), [row(&y, None, 6), row(&x, Some("X"), 5)]);
    assert!(store.block(blocker.id, &x, None, 8, 2).await.unwrap(), "there already, so there is room");
    assert!(store.block(blocker.id, &y, Some("Y"), 9, 2).await.unwrap());
    assert_eq!(store.blocked(blocker.id).await.unwrap(), [row(&y, Some("Y"), 6), row(&x, Some("X"), 5)]);
    assert!(store.blocked(account(&store, "b").await.id).await.unwrap().is_empty(), "a list is its owner's alone");
}

pub async fn a_block_goes_with_either_account_and_an_unknown_id_stays(store: AnyStore) {
    let (a, b) = (account(&store, "a").await, account(&store, "b").await);
    let unknown = id("care4w-XXXX");
    store.block(a.id, &b.care4w_id, None, 5, 10).await.unwrap();
    store.block(a.id, &unknown, None, 6, 10).await.unwrap();
    store.block(b.id, &a.care4w_id, None, 5, 10).await.unwrap();
    store.delete_account(b.id).await.unwrap();
    assert!(store.blocked(b.id).await.unwrap().is_empty());
    let left: Vec<_> = store.blocked(a.id).await.unwrap().into_iter().map(|blocked| blocked.care4w_id).collect();
    assert_eq!(left, [unknown]);
    assert!(!store.block(b.id, &a.care4w_id, None, 7, 10).await.unwrap(), "who is gone blocks nobody");
}

pub async fn who_blocked_looks_in_older_calls_as_if_deleted(store: AnyStore) {
    let (blocker, blocked) = (account(&store, "a").await, account(&store, "b").await);
    for (from, to, at) in [(&blocked, &blocker, 5), (&blocker, &blocked, 6), (&blocker, &blocked, 20)] {
        let call = call(from, to, at);
        store.call_started(&call).await.unwrap();
        store.call_over(call.call, to.id, None, false).await.unwrap();
    }
    let names = async |of: &Account| -> Vec<String> {
        let page = CallsPage { limit: 10, ..CallsPage::default() };
        store.calls(of.id, &page).await.unwrap().into_iter().map(|(_, call)| call.display_name).collect()
    };
    assert_eq!(names(&blocked).await, ["a", "a", "a"]);
    store.block(blocker.id, &blocked.care4w_id, None, 10, 10).await.unwrap();
    assert_eq!(
        names(&blocked).await,
        ["a", "Deleted account", "Deleted account"],
        "the last call came after the block"
    );
    assert_eq!(names(&blocker).await, ["b", "b", "b"]);
    let untold: Vec<_> = store.untold_calls(blocked.id).await.unwrap();
    assert_eq!(untold.iter().map(|call| call.from.display_name.as_str()).collect::<Vec<_>>(), ["Deleted account", "a"]);
    store.unblock(blocker.id, &blocked.care4w_id).await.unwrap();
    assert_eq!(names(&blocked).await, ["a", "a", "a"]);
}
