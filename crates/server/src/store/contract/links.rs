//! What every store must do about one-time links to a new password.

use super::behaviour::account;
use super::imports::brought;
use super::*;

pub async fn a_link_sets_one_password_in_time_and_ends_all_sign_ins(store: AnyStore) {
    let owner = account(&store, "a").await;
    let sign_in = store.sign_in(owner.id, RefreshHash::of("x"), 1).await.unwrap();
    let [old, one, two] = ["old", "one", "two"].map(LinkHash::of);
    for (link, at) in [(old, 10), (one, 100), (two, 110)] {
        assert!(store.add_password_link("a@example.org", link, at).await.unwrap());
    }
    for link in [old, LinkHash::of("?")] {
        assert!(!store.password_link_works(link, 50).await.unwrap());
        assert!(store.use_password_link(link, 50, "wrong", 120).await.unwrap().is_none());
    }
    assert!(store.password_link_works(one, 50).await.unwrap());
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = Arc::clone(&store);
        uses.spawn(async move { store.use_password_link(one, 50, "new hash", 120).await.unwrap() });
    }
    let used: Vec<_> = uses.join_all().await.into_iter().flatten().collect();
    assert_eq!(used.len(), 1, "it works once, also for many at once");
    assert_eq!((used[0].account.id, used[0].ended.as_slice()), (owner.id, [sign_in].as_slice()));
    assert_eq!(store.password_hash(owner.id).await.unwrap().as_deref(), Some("new hash"));
    assert!(store.signed_in(sign_in).await.unwrap().is_none());
    assert!(store.use_password_link(two, 50, "wrong", 130).await.unwrap().is_none(), "the others went with it");

    for (link, at) in [(old, 10), (one, 100)] {
        store.add_password_link("a@example.org", link, at).await.unwrap();
    }
    store.forget_password_links(50).await.unwrap();
    assert!(!store.password_link_works(old, 0).await.unwrap() && store.password_link_works(one, 0).await.unwrap());
    store.set_password_hash(owner.id, "another hash").await.unwrap();
    assert!(!store.password_link_works(one, 0).await.unwrap(), "a password that was changed needs no link");
}

pub async fn a_link_is_for_whoever_is_there_and_goes_with_them(store: AnyStore) {
    let (owner, link) = (account(&store, "a").await, LinkHash::of("x"));
    let away = BroughtAccount { active: false, ..brought(1, None) };
    store.bring_accounts(std::slice::from_ref(&away)).await.unwrap();
    for email in ["nobody@example.org", away.email.as_str()] {
        assert!(!store.add_password_link(email, link, 1).await.unwrap());
    }
    assert!(store.add_password_link(&owner.email, link, 1).await.unwrap());
    store.delete_account(owner.id).await.unwrap();
    assert!(!store.password_link_works(link, 0).await.unwrap());
}
