//! What every store must do when somebody is looked for.

use super::behaviour::{account, number};
use super::blocks::nobody;
use super::*;

/// A store may read somebody else in place of whoever is not there; it gives them to nobody.
pub async fn nobody_is_found_in_the_place_of_somebody_else(store: AnyStore) {
    let id = |text: &str| Care4wId::parse(text).unwrap();
    let find = async |full: &str, care4w_id: &str| {
        let national = &full["+254".len()..];
        let mut found = vec![
            store.holder_of(full, &nobody()).await.unwrap(),
            store.reached_by_id(&id(care4w_id), &nobody()).await.unwrap(),
        ];
        for proved in [false, true] {
            found.push(store.holder_of_national(national, proved, &nobody()).await.unwrap());
        }
        found.into_iter().map(|found| found.map(|account| account.id)).collect::<Vec<_>>()
    };
    assert_eq!(find("+254712345678", "care4w-ABC123").await, [None; 4], "there is nobody at all");
    let lonely = account(&store, "lonely").await;
    assert_eq!(find("+254712345678", "care4w-0000").await, [None; 4], "nobody has a number");
    assert_eq!(find("+254712345678", lonely.care4w_id.as_str()).await, [None, Some(lonely.id), None, None]);

    let (low, high) = (account(&store, "low").await, account(&store, "high").await);
    store.set_phone(low.id, &number("+254712345672"), true).await.unwrap();
    store.set_phone(high.id, &number("+254712345676"), false).await.unwrap();
    for last in 0..10 {
        let found = find(&format!("+25471234567{last}"), "care4w-ZZZZZZZZZZZZZZZZ").await;
        let wanted = match last {
            2 => [Some(low.id), None, Some(low.id), Some(low.id)],
            6 => [Some(high.id), None, Some(high.id), None],
            _ => [None; 4],
        };
        assert_eq!(found, wanted, "{last}");
    }
    for wanted in [&low, &high] {
        let text = wanted.care4w_id.as_str();
        assert_eq!(find("+254712345670", text).await, [None, Some(wanted.id), None, None]);
        let next = format!("{text}0");
        assert_eq!(find("+254712345670", &next).await, [None; 4], "the one before it");
        assert_eq!(find("+254712345670", &text[..text.len() - 1]).await, [None; 4], "the one behind it");
    }
}

/// Whoever reads does so on another connection than the one that wrote.
pub async fn what_was_committed_is_seen_by_whoever_asks_next(store: AnyStore) {
    let mut people = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let store = Arc::clone(&store);
        people.spawn(async move {
            let person = account(&store, &format!("p{nth}")).await;
            for round in 0..25 {
                let sign_in = store.sign_in(person.id, RefreshHash::of(&format!("{nth} {round}")), 1).await.unwrap();
                assert!(store.signed_in(sign_in).await.unwrap().is_some());
                let held = number(&format!("+25471234{nth}{round:03}"));
                store.set_phone(person.id, &held, true).await.unwrap();
                let found = store.holder_of(&held.full, &nobody()).await.unwrap();
                assert_eq!(found.map(|found| found.id), Some(person.id));
                store.block(person.id, &nobody(), None, 1, 10).await.unwrap();
                assert!(store.holder_of_national(&held.national, true, &nobody()).await.unwrap().is_none());
                store.unblock(person.id, &nobody()).await.unwrap();
                assert!(store.reached_by_id(&person.care4w_id, &nobody()).await.unwrap().is_some());
                store.revoke(sign_in, 2).await.unwrap();
                assert!(store.signed_in(sign_in).await.unwrap().is_none());
            }
        });
    }
    people.join_all().await;
}

/// Once it is closed it answers nothing, and says so.
pub async fn a_store_that_was_closed_finds_nobody(store: AnyStore) {
    let person = account(&store, "a").await;
    assert!(store.reached_by_id(&person.care4w_id, &nobody()).await.unwrap().is_some());
    store.close().await;
    assert!(matches!(store.reached_by_id(&person.care4w_id, &nobody()).await, Err(StoreError::Unavailable(_))));
}
