//! What every store must do about accounts that are brought over.

use super::behaviour::{account, number};
use super::*;

pub fn brought(index: u8, phone: Option<&str>) -> BroughtAccount {
    BroughtAccount {
        id: AccountId::Brought([index; 12]),
        email: format!("brought{index}@example.org"),
        display_name: format!("Brought {index}"),
        care4w_id: Care4wId::parse(&format!("care4w-{}", 1_000_000 + u32::from(index))).unwrap(),
        phone: phone.map(|full| (number(full), true)),
        active: true,
        created_at: 7,
    }
}

pub async fn an_account_that_is_brought_over_keeps_what_it_had_and_has_no_password(store: AnyStore) {
    let wanted = brought(1, Some("+254712345678"));
    assert_eq!(store.bring_accounts(&[]).await.unwrap(), []);
    assert_eq!(store.bring_accounts(std::slice::from_ref(&wanted)).await.unwrap(), [Brought::Added]);
    let (found, hash) = store.account_by_email(&wanted.email).await.unwrap().unwrap();
    assert_eq!((found.id, found.created_at, hash.as_str()), (wanted.id, 7, ""));
    assert_eq!((&found.care4w_id, &found.display_name), (&wanted.care4w_id, &wanted.display_name));
    assert_eq!(store.holder_of("+254712345678", &nobody()).await.unwrap().unwrap().id, wanted.id);
    let sign_in = store.sign_in(wanted.id, RefreshHash::of("x"), 1).await.unwrap();
    assert_eq!(store.signed_in(sign_in).await.unwrap().unwrap().id, wanted.id);
    assert!(store.delete_account(wanted.id).await.unwrap());
    assert!(store.holder_of("+254712345678", &nobody()).await.unwrap().is_none());
}

pub async fn what_is_there_is_left_as_it_is_when_it_is_brought_again(store: AnyStore) {
    let wanted = [brought(1, Some("+254712345678")), brought(2, None)];
    store.bring_accounts(&wanted).await.unwrap();
    store.set_password_hash(wanted[0].id, "hash").await.unwrap();
    store.set_phone(wanted[0].id, &number("+254712345679"), true).await.unwrap();
    let again =
        [brought(1, Some("+254712345678")), BroughtAccount { email: "else@example.org".into(), ..brought(2, None) }];
    assert_eq!(store.bring_accounts(&again).await.unwrap(), [Brought::AlreadyThere, Brought::AlreadyThere]);
    let (found, hash) = store.account_by_email("brought1@example.org").await.unwrap().unwrap();
    assert_eq!((found.phone.unwrap().full.as_str(), hash.as_str()), ("+254712345679", "hash"));
    assert!(store.account_by_email("else@example.org").await.unwrap().is_none());
}

pub async fn what_belongs_to_another_is_not_brought_over(store: AnyStore) {
    let there = account(&store, "a").await;
    store.set_phone(there.id, &number("+254712345678"), true).await.unwrap();
    let rival = BroughtAccount {
        email: there.email.clone(),
        care4w_id: there.care4w_id.clone(),
        ..brought(1, Some("+255712345678"))
    };
    let all = [TakenField::Email, TakenField::Care4wId, TakenField::Phone];
    let wanted =
        [rival.clone(), brought(2, None), BroughtAccount { email: "brought2@example.org".into(), ..brought(3, None) }];
    assert_eq!(
        store.bring_accounts(&wanted).await.unwrap(),
        [Brought::Taken(all.to_vec()), Brought::Added, Brought::Taken(vec![TakenField::Email])],
        "of two in one batch the first has it"
    );
    assert_eq!(store.taken(&rival.claims()).await.unwrap(), all);
    assert_eq!(store.taken(&Claims { id: Some(there.id), ..rival.claims() }).await.unwrap(), [], "not by itself");
    assert_eq!(store.taken(&Claims::default()).await.unwrap(), []);
    assert!(store.account(rival.id).await.unwrap().is_none());
}

pub async fn whoever_is_not_active_is_not_found_and_keeps_what_is_theirs(store: AnyStore) {
    let away = BroughtAccount { active: false, ..brought(1, Some("+254712345678")) };
    store.bring_accounts(std::slice::from_ref(&away)).await.unwrap();
    assert!(store.holder_of("+254712345678", &nobody()).await.unwrap().is_none());
    assert!(store.holder_of_national("712345678", false, &nobody()).await.unwrap().is_none());
    assert!(store.account_by_care4w_id(&away.care4w_id).await.unwrap().is_none());
    let other = account(&store, "a").await;
    assert_eq!(store.phone_taken(&number("+254712345678"), other.id).await.unwrap(), Some(true));
    assert!(matches!(store.set_phone(other.id, &number("+254712345678"), true).await, Err(SetPhoneError::Taken)));
    assert_eq!(store.account_by_email(&away.email).await.unwrap().unwrap().1, "");
    store.set_password_hash(away.id, "hash").await.unwrap();
    assert!(
        store.holder_of("+254712345678", &nobody()).await.unwrap().is_some(),
        "whoever gets a password is active again"
    );
}
