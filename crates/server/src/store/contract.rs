#![allow(clippy::unwrap_used)]
//! What every store must do. `store_contract!` asks it of both.

use std::sync::Arc;

use care4w_phone::PhoneNumber;
use care4w_protocol::rest::{CallKind, Discoverable};

use super::*;
use crate::accounts::random_care4w_id;

type AnyStore = Arc<dyn Store>;

async fn sqlite(uniqueness: Uniqueness) -> (AnyStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("care4w.db"), uniqueness).await.unwrap();
    (Arc::new(store), folder)
}

/// In a database of its own of a server that all tests of this process share.
#[cfg(unix)]
async fn postgres(uniqueness: Uniqueness) -> (AnyStore, ()) {
    (postgres_in(&care4w_tests::Postgres::shared().unwrap().database().unwrap(), uniqueness).await.unwrap(), ())
}

macro_rules! store_contract {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (store, _folder) = super::sqlite(super::Uniqueness::National).await;
                super::behaviour::$test(store).await;
            })*
        }

        #[cfg(unix)]
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (store, ()) = super::postgres(super::Uniqueness::National).await;
                super::behaviour::$test(store).await;
            })*
        }
    };
}

store_contract!(
    an_email_address_has_one_account,
    an_id_has_one_account,
    of_two_who_claim_a_number_at_once_one_gets_it,
    a_national_number_is_held_once_whatever_the_country,
    a_claim_stands_beside_the_number_until_it_is_proved,
    who_proves_a_number_takes_it_from_everybody_who_did_not,
    of_two_who_prove_a_number_at_once_one_gets_it,
    a_deleted_account_frees_everything,
    a_refresh_token_works_once_and_its_second_use_ends_the_sign_in,
    of_many_who_use_a_refresh_token_at_once_one_gets_the_next_and_the_sign_in_ends,
    two_who_change_numbers_with_each_other_at_once_never_share_one,
    of_two_links_of_an_account_used_at_once_one_works,
    who_registers_while_users_are_brought_over_and_who_is_brought_never_share_an_address,
    blocks_made_at_once_stop_at_the_limit,
    a_sign_in_that_was_revoked_is_nobodys,
    ending_the_other_sign_ins_leaves_this_one,
    a_password_is_changed_from_what_it_is_and_ends_all_other_sign_ins,
    a_secret_is_made_once,
    what_was_injected_is_only_text,
    a_missed_call_is_told_until_it_was_heard_of,
    calls_come_newest_first_in_pages,
    a_call_that_gave_way_is_in_no_history,
    an_account_that_is_brought_over_keeps_what_it_had_and_has_no_password,
    what_is_there_is_left_as_it_is_when_it_is_brought_again,
    what_belongs_to_another_is_not_brought_over,
    whoever_is_not_active_is_not_found_and_keeps_what_is_theirs,
    a_link_sets_one_password_in_time_and_ends_all_sign_ins,
    a_link_is_for_whoever_is_there_and_goes_with_them,
    nobody_is_found_in_the_place_of_somebody_else,
    what_was_committed_is_seen_by_whoever_asks_next,
    a_store_that_was_closed_finds_nobody,
    who_is_blocked_reaches_nobody_and_everybody_else_does,
    blocking_anew_changes_the_name_alone_and_stops_at_the_limit,
    a_block_goes_with_either_account_and_an_unknown_id_stays,
    who_blocked_looks_in_older_calls_as_if_deleted,
    a_number_of_the_twilio_account_has_one_holder,
    a_call_over_twilio_is_in_the_histories_as_twilio_tells_of_it,
    a_missed_call_over_twilio_is_told_once,
    calls_begun_at_once_never_talk_longer_than_their_user_may,
    one_call_is_begun_once_however_often_it_is_asked_for,
    words_that_come_at_once_are_all_heard,
    calls_over_twilio_go_with_their_account,
    only_its_user_takes_a_call_back,
);

#[cfg(unix)]
mod postgres_alone;
#[cfg(unix)]
use postgres_alone::open as postgres_in;

#[tokio::test]
async fn with_full_uniqueness_two_countries_may_share_a_national_number_and_then_it_reaches_nobody() {
    let (store, _folder) = sqlite(Uniqueness::Full).await;
    let (kenyan, tanzanian) = (behaviour::account(&store, "ke").await, behaviour::account(&store, "tz").await);
    store.set_phone(kenyan.id, &behaviour::number("+254712345678"), true).await.unwrap();
    assert!(store.holder_of_national("712345678", false, &nobody()).await.unwrap().is_some());
    store.set_phone(tanzanian.id, &behaviour::number("+255712345678"), true).await.unwrap();
    assert!(
        store.holder_of_national("712345678", false, &nobody()).await.unwrap().is_none(),
        "a wrong person must never ring"
    );
    let same = store.set_phone(kenyan.id, &behaviour::number("+255712345678"), true).await;
    assert!(matches!(same, Err(SetPhoneError::Taken)));
}

#[tokio::test]
async fn a_database_with_shared_national_numbers_is_not_opened_as_unique() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("care4w.db");
    let store: AnyStore = Arc::new(SqliteStore::open(&file, Uniqueness::Full).await.unwrap());
    for (name, number) in [("ke", "+254712345678"), ("tz", "+255712345678")] {
        let account = behaviour::account(&store, name).await;
        store.set_phone(account.id, &behaviour::number(number), true).await.unwrap();
    }
    store.close().await;
    let opened = SqliteStore::open(&file, Uniqueness::National).await;
    assert!(matches!(opened, Err(StoreError::SharedNationalNumbers)));
    SqliteStore::open(&file, Uniqueness::Full).await.unwrap();
}

mod blocks;
mod calls;
mod imports;
mod links;
mod lookups;
mod passwords;
mod races;
mod twilio;
use blocks::nobody;

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("care4w.db");
    SqliteStore::open(&file, Uniqueness::National).await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("care4w.db");
    std::fs::write(&file, "This is a letter, and a long one, and in no way a database.".repeat(100)).unwrap();
    assert!(SqliteStore::open(&file, Uniqueness::National).await.is_err());
}

mod behaviour {
    pub use super::blocks::{
        a_block_goes_with_either_account_and_an_unknown_id_stays,
        blocking_anew_changes_the_name_alone_and_stops_at_the_limit, who_blocked_looks_in_older_calls_as_if_deleted,
        who_is_blocked_reaches_nobody_and_everybody_else_does,
    };
    pub use super::calls::{
        a_call_that_gave_way_is_in_no_history, a_missed_call_is_told_until_it_was_heard_of, call,
        calls_come_newest_first_in_pages,
    };
    pub use super::imports::{
        an_account_that_is_brought_over_keeps_what_it_had_and_has_no_password,
        what_belongs_to_another_is_not_brought_over, what_is_there_is_left_as_it_is_when_it_is_brought_again,
        whoever_is_not_active_is_not_found_and_keeps_what_is_theirs,
    };
    pub use super::links::{
        a_link_is_for_whoever_is_there_and_goes_with_them, a_link_sets_one_password_in_time_and_ends_all_sign_ins,
    };
    pub use super::lookups::{
        a_store_that_was_closed_finds_nobody, nobody_is_found_in_the_place_of_somebody_else,
        what_was_committed_is_seen_by_whoever_asks_next,
    };
    pub use super::passwords::a_password_is_changed_from_what_it_is_and_ends_all_other_sign_ins;
    pub use super::races::{
        blocks_made_at_once_stop_at_the_limit,
        of_many_who_use_a_refresh_token_at_once_one_gets_the_next_and_the_sign_in_ends,
        of_two_links_of_an_account_used_at_once_one_works,
        two_who_change_numbers_with_each_other_at_once_never_share_one,
        who_registers_while_users_are_brought_over_and_who_is_brought_never_share_an_address,
    };
    pub use super::twilio::{
        a_call_over_twilio_is_in_the_histories_as_twilio_tells_of_it, a_missed_call_over_twilio_is_told_once,
        a_number_of_the_twilio_account_has_one_holder, calls_begun_at_once_never_talk_longer_than_their_user_may,
        calls_over_twilio_go_with_their_account, one_call_is_begun_once_however_often_it_is_asked_for,
        only_its_user_takes_a_call_back, words_that_come_at_once_are_all_heard,
    };
    use super::*;

    pub fn number(full: &str) -> HeldNumber {
        HeldNumber::from(&PhoneNumber::parse(full, None).unwrap())
    }

    pub fn new(name: &str) -> NewAccount {
        NewAccount {
            email: format!("{name}@example.org"),
            password_hash: "hash".into(),
            display_name: name.into(),
            care4w_id: random_care4w_id(),
            created_at: 1_000,
        }
    }

    pub async fn account(store: &AnyStore, name: &str) -> Account {
        store.create_account(new(name)).await.unwrap()
    }

    pub async fn an_email_address_has_one_account(store: AnyStore) {
        account(&store, "a").await;
        assert!(matches!(store.create_account(new("a")).await, Err(CreateAccountError::EmailTaken)));
        let (found, hash) = store.account_by_email("a@example.org").await.unwrap().unwrap();
        assert_eq!((found.display_name.as_str(), hash.as_str()), ("a", "hash"));
        assert_eq!(found.discoverable, Discoverable::Everyone);
        assert!(found.phone.is_none() && !found.phone_verified);
    }

    pub async fn an_id_has_one_account(store: AnyStore) {
        let first = account(&store, "a").await;
        let same = NewAccount { care4w_id: first.care4w_id.clone(), ..new("b") };
        assert!(matches!(store.create_account(same).await, Err(CreateAccountError::IdTaken)));
    }

    pub async fn of_two_who_claim_a_number_at_once_one_gets_it(store: AnyStore) {
        for round in 0..20 {
            let wanted = number(&format!("+2547123456{round:02}"));
            let mut tries = tokio::task::JoinSet::new();
            for side in 0..4 {
                let id = account(&store, &format!("{round}-{side}")).await.id;
                let (store, wanted) = (Arc::clone(&store), wanted.clone());
                tries.spawn(async move { store.set_phone(id, &wanted, true).await });
            }
            let results = tries.join_all().await;
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
            assert_eq!(results.iter().filter(|result| matches!(result, Err(SetPhoneError::Taken))).count(), 3);
        }
    }

    pub async fn a_national_number_is_held_once_whatever_the_country(store: AnyStore) {
        let (first, second) = (account(&store, "a").await, account(&store, "b").await);
        store.set_phone(first.id, &number("+254712345678"), true).await.unwrap();
        let abroad = number("+255712345678");
        assert_eq!(store.phone_taken(&abroad, second.id).await.unwrap(), Some(true));
        assert_eq!(store.phone_taken(&abroad, first.id).await.unwrap(), None, "not by oneself");
        assert!(matches!(store.set_phone(second.id, &abroad, true).await, Err(SetPhoneError::Taken)));
        assert!(store.holder_of("+255712345678", &nobody()).await.unwrap().is_none());
        assert_eq!(store.holder_of_national("712345678", false, &nobody()).await.unwrap().unwrap().id, first.id);
        store.set_phone(first.id, &abroad, true).await.unwrap();
        assert!(store.holder_of("+254712345678", &nobody()).await.unwrap().is_none(), "the old number is free");
    }

    pub async fn a_claim_stands_beside_the_number_until_it_is_proved(store: AnyStore) {
        let amina = account(&store, "a").await.id;
        let (old, new) = (number("+254712345678"), number("+254712345679"));
        store.set_phone(amina, &old, true).await.unwrap();
        store.claim_phone(amina, Some(&new)).await.unwrap();
        let found = store.account(amina).await.unwrap().unwrap();
        assert_eq!((found.phone.as_ref(), found.phone_verified, found.claim.as_ref()), (Some(&old), true, Some(&new)));
        assert!(store.holder_of(&new.full, &nobody()).await.unwrap().is_none(), "a claim reaches nobody");
        assert_eq!(store.prove_claim(amina, &old).await.unwrap(), ProvedClaim::NotClaimed);
        assert_eq!(store.prove_claim(amina, &new).await.unwrap(), ProvedClaim::Committed(vec![]));
        let found = store.holder_of(&new.full, &nobody()).await.unwrap().unwrap();
        assert_eq!((found.id, found.phone_verified, found.claim), (amina, true, None));
        assert!(store.holder_of(&old.full, &nobody()).await.unwrap().is_none(), "the old number is free");
        store.claim_phone(amina, Some(&old)).await.unwrap();
        store.claim_phone(amina, None).await.unwrap();
        assert_eq!(store.prove_claim(amina, &old).await.unwrap(), ProvedClaim::NotClaimed);
        store.claim_phone(amina, Some(&old)).await.unwrap();
        store.remove_phone(amina).await.unwrap();
        let found = store.account(amina).await.unwrap().unwrap();
        assert!(found.phone.is_none() && found.claim.is_none());
    }

    pub async fn who_proves_a_number_takes_it_from_everybody_who_did_not(store: AnyStore) {
        let wanted = number("+254712345678");
        let (holder, claimant) = (account(&store, "holder").await.id, account(&store, "claimant").await.id);
        let (owner, bystander) = (account(&store, "owner").await.id, account(&store, "bystander").await.id);
        store.set_phone(holder, &number("+255712345678"), false).await.unwrap();
        store.set_phone(bystander, &number("+254712345679"), false).await.unwrap();
        store.claim_phone(claimant, Some(&wanted)).await.unwrap();
        store.claim_phone(owner, Some(&wanted)).await.unwrap();
        assert_eq!(store.phone_taken(&wanted, owner).await.unwrap(), Some(false));
        let mut displaced = vec![holder, claimant];
        displaced.sort();
        assert_eq!(store.prove_claim(owner, &wanted).await.unwrap(), ProvedClaim::Committed(displaced));
        for lost in [holder, claimant] {
            let lost = store.account(lost).await.unwrap().unwrap();
            assert!(lost.phone.is_none() && lost.claim.is_none());
        }
        assert!(store.account(bystander).await.unwrap().unwrap().phone.is_some());
        assert_eq!(store.phone_taken(&wanted, holder).await.unwrap(), Some(true));
        store.claim_phone(claimant, Some(&wanted)).await.unwrap();
        assert_eq!(store.prove_claim(claimant, &wanted).await.unwrap(), ProvedClaim::Taken);
        assert!(store.holder_of_national("712345678", true, &nobody()).await.unwrap().is_some());
        assert!(store.holder_of_national("712345679", true, &nobody()).await.unwrap().is_none());
        assert!(store.holder_of_national("712345679", false, &nobody()).await.unwrap().is_some());
        // A number that was set where no proof was asked for is proved without a claim.
        let kept = number("+254712345679");
        assert_eq!(store.prove_claim(bystander, &kept).await.unwrap(), ProvedClaim::Committed(vec![]));
    }

    pub async fn of_two_who_prove_a_number_at_once_one_gets_it(store: AnyStore) {
        for round in 0..10 {
            let wanted = number(&format!("+2547123456{round:02}"));
            let mut claimants = Vec::new();
            for side in 0..3 {
                let id = account(&store, &format!("{round}-{side}")).await.id;
                store.claim_phone(id, Some(&wanted)).await.unwrap();
                claimants.push(id);
            }
            let mut tries = tokio::task::JoinSet::new();
            for id in claimants {
                let (store, wanted) = (Arc::clone(&store), wanted.clone());
                tries.spawn(async move { store.prove_claim(id, &wanted).await.unwrap() });
            }
            let results = tries.join_all().await;
            let won = results.iter().filter(|result| matches!(result, ProvedClaim::Committed(lost) if lost.len() == 2));
            assert_eq!(won.count(), 1);
            assert_eq!(results.iter().filter(|result| **result == ProvedClaim::NotClaimed).count(), 2);
        }
    }

    pub async fn a_deleted_account_frees_everything(store: AnyStore) {
        let (first, second) = (account(&store, "a").await, account(&store, "b").await);
        store.set_phone(first.id, &number("+254712345678"), true).await.unwrap();
        let sign_in = store.sign_in(first.id, RefreshHash::of("x"), 1).await.unwrap();
        let call = call(&first, &second, 5);
        store.call_started(&call).await.unwrap();
        store.call_over(call.call, second.id, None, true).await.unwrap();
        assert!(store.delete_account(first.id).await.unwrap());
        assert!(!store.delete_account(first.id).await.unwrap());
        assert!(store.signed_in(sign_in).await.unwrap().is_none());
        assert_eq!(store.phone_taken(&number("+254712345678"), second.id).await.unwrap(), None);
        let calls = store.calls(second.id, &CallsPage { limit: 10, ..CallsPage::default() }).await.unwrap();
        assert_eq!(calls[0].1.display_name, "Deleted account", "nobody else keeps the name");
        account(&store, "a").await;
    }

    pub async fn a_refresh_token_works_once_and_its_second_use_ends_the_sign_in(store: AnyStore) {
        let owner = account(&store, "a").await;
        let hashes: Vec<RefreshHash> = ["1", "2", "3"].map(RefreshHash::of).to_vec();
        let sign_in = store.sign_in(owner.id, hashes[0], 10).await.unwrap();
        let rotated = store.rotate(hashes[0], hashes[1], 20, 0).await.unwrap();
        assert!(matches!(rotated, Rotation::Rotated(id, found) if id == sign_in && found.id == owner.id));
        assert!(matches!(store.rotate(RefreshHash::of("?"), hashes[2], 20, 0).await.unwrap(), Rotation::Refused));
        assert!(store.signed_in(sign_in).await.unwrap().is_some());
        assert!(
            matches!(store.rotate(hashes[0], hashes[2], 30, 0).await.unwrap(), Rotation::Reused(id) if id == sign_in)
        );
        assert!(store.signed_in(sign_in).await.unwrap().is_none());
        assert!(matches!(store.rotate(hashes[1], hashes[2], 40, 0).await.unwrap(), Rotation::Refused));
        store.sign_in(owner.id, hashes[2], 10).await.unwrap();
        assert!(
            matches!(store.rotate(hashes[2], RefreshHash::of("4"), 90, 50).await.unwrap(), Rotation::Refused),
            "too old"
        );
    }

    pub async fn a_sign_in_that_was_revoked_is_nobodys(store: AnyStore) {
        let owner = account(&store, "a").await;
        let sign_in = store.sign_in(owner.id, RefreshHash::of("1"), 10).await.unwrap();
        store.revoke(sign_in, 20).await.unwrap();
        assert!(store.signed_in(sign_in).await.unwrap().is_none());
        store.forget_sign_ins(100).await.unwrap();
    }

    pub async fn ending_the_other_sign_ins_leaves_this_one(store: AnyStore) {
        let owner = account(&store, "a").await;
        let mine = store.sign_in(owner.id, RefreshHash::of("1"), 10).await.unwrap();
        let other = store.sign_in(owner.id, RefreshHash::of("2"), 10).await.unwrap();
        assert_eq!(store.revoke_all(owner.id, Some(mine), 20).await.unwrap(), [other]);
        assert!(store.signed_in(mine).await.unwrap().is_some());
        assert_eq!(store.revoke_all(owner.id, None, 20).await.unwrap(), [mine]);
    }

    pub async fn a_secret_is_made_once(store: AnyStore) {
        assert_eq!(store.secret("k", vec![1]).await.unwrap(), [1]);
        assert_eq!(store.secret("k", vec![2]).await.unwrap(), [1]);
    }

    pub async fn what_was_injected_is_only_text(store: AnyStore) {
        let name = "x'); DROP TABLE accounts; --\u{1F4A9}";
        let created = account(&store, name).await;
        let found = store.account(created.id).await.unwrap().unwrap();
        assert_eq!(found.display_name, name);
        assert_eq!(store.accounts().await.unwrap().len(), 1);
        // What no text of PostgreSQL's can have is asked for all the same.
        let asked = "x\0@example.org";
        assert!(store.account_by_email(asked).await.unwrap().is_none());
        assert!(!store.add_password_link(asked, LinkHash::of("x"), 1).await.unwrap());
    }
}
