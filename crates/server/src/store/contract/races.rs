//! What every store must do when several want the same at once.

use super::behaviour::{account, new, number};
use super::imports::brought;
use super::*;

pub async fn of_many_who_use_a_refresh_token_at_once_one_gets_the_next_and_the_sign_in_ends(store: AnyStore) {
    for round in 0..10 {
        let owner = account(&store, &format!("{round}")).await;
        let first = RefreshHash::of(&format!("{round}"));
        let sign_in = store.sign_in(owner.id, first, 10).await.unwrap();
        let mut tries = tokio::task::JoinSet::new();
        for side in 0..4 {
            let store = Arc::clone(&store);
            let next = RefreshHash::of(&format!("{round}-{side}"));
            tries.spawn(async move { store.rotate(first, next, 20, 0).await.unwrap() });
        }
        let results = tries.join_all().await;
        assert_eq!(results.iter().filter(|result| matches!(result, Rotation::Rotated(..))).count(), 1, "{results:?}");
        assert_eq!(results.iter().filter(|result| matches!(result, Rotation::Reused(_))).count(), 1, "{results:?}");
        assert!(store.signed_in(sign_in).await.unwrap().is_none());
    }
}

pub async fn two_who_change_numbers_with_each_other_at_once_never_share_one(store: AnyStore) {
    let held = [number("+254712345678"), number("+254712345679")];
    let mut people = Vec::new();
    for (name, held) in ["a", "b"].into_iter().zip(&held) {
        let id = account(&store, name).await.id;
        store.set_phone(id, held, true).await.unwrap();
        people.push(id);
    }
    for _ in 0..20 {
        let mut tries = tokio::task::JoinSet::new();
        for (id, wanted) in people.iter().copied().zip(held.iter().rev().cloned()) {
            let store = Arc::clone(&store);
            tries.spawn(async move { store.set_phone(id, &wanted, true).await });
        }
        for result in tries.join_all().await {
            assert!(matches!(result, Err(SetPhoneError::Taken)), "{result:?}");
        }
        for (id, held) in people.iter().zip(&held) {
            assert_eq!(store.account(*id).await.unwrap().unwrap().phone.as_ref(), Some(held));
        }
    }
}

pub async fn of_two_links_of_an_account_used_at_once_one_works(store: AnyStore) {
    for round in 0..10 {
        let owner = account(&store, &format!("{round}")).await;
        let links = ["x", "y"].map(|side| LinkHash::of(&format!("{round}{side}")));
        for link in links {
            assert!(store.add_password_link(&owner.email, link, 1).await.unwrap());
        }
        let mut uses = tokio::task::JoinSet::new();
        for link in links {
            let store = Arc::clone(&store);
            uses.spawn(async move { store.use_password_link(link, 0, "new hash", 2).await.unwrap() });
        }
        assert_eq!(uses.join_all().await.into_iter().flatten().count(), 1);
    }
}

pub async fn who_registers_while_users_are_brought_over_and_who_is_brought_never_share_an_address(store: AnyStore) {
    for round in 0..10 {
        let wanted = brought(round, None);
        let registering = NewAccount { email: wanted.email.clone(), ..new("same") };
        let (id, other) = (wanted.id, Arc::clone(&store));
        let bringing = tokio::spawn(async move { other.bring_accounts(&[wanted]).await.unwrap() });
        let registered = store.create_account(registering).await;
        let became = bringing.await.unwrap();
        match registered {
            Ok(account) => {
                assert_eq!(became, [Brought::Taken(vec![TakenField::Email])]);
                assert!(store.account(account.id).await.unwrap().is_some());
                assert!(store.account(id).await.unwrap().is_none());
            }
            Err(CreateAccountError::EmailTaken) => assert_eq!(became, [Brought::Added]),
            Err(error) => panic!("{error}"),
        }
    }
}

pub async fn blocks_made_at_once_stop_at_the_limit(store: AnyStore) {
    for round in 0..20 {
        let blocker = account(&store, &format!("{round}")).await.id;
        let mut tries = tokio::task::JoinSet::new();
        for index in 0..8 {
            let store = Arc::clone(&store);
            let blocked = Care4wId::parse(&format!("care4w-BLOCKED{index}")).unwrap();
            tries.spawn(async move { store.block(blocker, &blocked, None, 5, 3).await.unwrap() });
        }
        assert_eq!(tries.join_all().await.into_iter().filter(|done| *done).count(), 3);
        assert_eq!(store.blocked(blocker).await.unwrap().len(), 3);
    }
}
