#![allow(clippy::unwrap_used)]
//! What every store must do. An implementation is tested by `store_contract!` with a way to open an empty one.

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

macro_rules! store_contract {
    ($open:ident: $($test:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let (store, _folder) = $open(Uniqueness::National).await;
            behaviour::$test(store).await;
        })*
    };
}

store_contract!(sqlite:
    an_email_address_has_one_account,
    an_id_has_one_account,
    of_two_who_claim_a_number_at_once_one_gets_it,
    a_national_number_is_held_once_whatever_the_country,
    a_claim_stands_beside_the_number_until_it_is_proved,
    who_proves_a_number_takes_it_from_everybody_who_did_not,
    of_two_who_prove_a_number_at_once_one_gets_it,
    a_deleted_account_frees_everything,
    a_refresh_token_works_once_and_its_second_use_ends_the_sign_in,
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
    who_is_blocked_reaches_nobody_and_everybody_else_does,
    blocking_anew_changes_the_name_alone_and_stops_at_the_limit,
    a_block_goes_with_either_account_and_an_unknown_id_stays,
    who_blocked_looks_in_older_calls_as_if_deleted,
);

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
mod passwords;
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
    pub use super::passwords::a_password_is_changed_from_what_it_is_and_ends_all_other_sign_ins;
    use super::*;

    pub fn number(full: &str) -> HeldNumber {
        HeldNumber::from(&PhoneNumber::parse(full, None).unwrap())
    }

    fn new(name: &str) -> NewAccount {
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
        let name = "x'); DROP TABLE accounts; --\0\u{1F4A9}";
        let created = account(&store, name).await;
        let found = store.account(created.id).await.unwrap().unwrap();
        assert_eq!(found.display_name, name);
        assert_eq!(store.accounts().await.unwrap().len(), 1);
    }

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

    fn brought(index: u8, number: Option<&str>) -> BroughtAccount {
        BroughtAccount {
            id: AccountId::Brought([index; 12]),
            email: format!("brought{index}@example.org"),
            display_name: format!("Brought {index}"),
            care4w_id: Care4wId::parse(&format!("care4w-{}", 1_000_000 + u32::from(index))).unwrap(),
            phone: number.map(|full| (self::number(full), true)),
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
        let again = [
            brought(1, Some("+254712345678")),
            BroughtAccount { email: "else@example.org".into(), ..brought(2, None) },
        ];
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
        let wanted = [
            rival.clone(),
            brought(2, None),
            BroughtAccount { email: "brought2@example.org".into(), ..brought(3, None) },
        ];
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
}
