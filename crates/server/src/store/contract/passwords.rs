//! What every store must do when a password is changed.

use super::behaviour::account;
use super::*;

pub async fn a_password_is_changed_from_what_it_is_and_ends_all_other_sign_ins(store: AnyStore) {
    let owner = account(&store, "a").await;
    let mine = store.sign_in(owner.id, RefreshHash::of("1"), 10).await.unwrap();
    let other = store.sign_in(owner.id, RefreshHash::of("2"), 10).await.unwrap();
    let link = LinkHash::of("link");
    assert!(store.add_password_link(&owner.email, link, 10).await.unwrap());
    let late = store.change_password(owner.id, "another hash", "x", mine, 20).await.unwrap();
    assert_eq!(late, None, "it was not that any more");
    assert!(store.signed_in(other).await.unwrap().is_some() && store.password_link_works(link, 0).await.unwrap());
    assert_eq!(store.change_password(owner.id, "hash", "new hash", mine, 20).await.unwrap(), Some(vec![other]));
    assert_eq!(store.password_hash(owner.id).await.unwrap().as_deref(), Some("new hash"));
    assert!(store.signed_in(mine).await.unwrap().is_some());
    assert!(!store.password_link_works(link, 0).await.unwrap(), "whoever has a link did not ask for this password");
}
