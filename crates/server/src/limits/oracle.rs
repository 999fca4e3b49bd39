use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use super::{AddressKey, Allowance, Buckets, Wait};
use crate::store::AccountId;

/// What is asked about.
#[derive(Clone, Copy, Hash)]
pub enum Asked<'a> {
    /// A number as E.164: however it was typed, it is one question.
    Number(&'a str),
    /// A care4wId in its canonical form.
    Id(&'a str),
}

/// The budgets of the oracle.
#[derive(Clone, Copy, Debug)]
pub struct OracleLimits {
    /// Per account.
    pub account: Allowance,
    /// An account's burst while it is younger than `day`.
    pub first_day: u32,
    /// Per address.
    pub address: Allowance,
    /// For so long the same question by the same account is free.
    pub day: Duration,
    /// Accounts and addresses that are remembered at once.
    pub keys: usize,
    /// Questions that are remembered at once, of all accounts.
    pub questions: usize,
}

/// The one budget of everything that tells whether a number or id is known: check, lookup, setting a number, an invite
/// (DESIGN.md, "one oracle").
///
/// Invariant: an account learns of at most `burst + t / one_back` different numbers and ids in a span `t`, and so do all
/// accounts at one address together. A yes costs what a no costs, nothing is given back, and asking twice within a day
/// costs nothing. Where memory ends, new accounts and addresses are refused, and questions that are not remembered cost
/// again. An input comes from one account at one address.
pub struct Oracle {
    limits: OracleLimits,
    accounts: Buckets<AccountId>,
    addresses: Buckets<AddressKey>,
    /// What an account was told in the last day: keyed hashes, so that no number is kept in memory.
    asked: HashMap<AccountId, HashMap<u64, Instant>>,
    /// Entries of `asked`, of all accounts.
    questions: usize,
    hasher: RandomState,
    swept: Option<Instant>,
    latest: Option<Instant>,
}

impl Oracle {
    /// A budget nobody has used yet.
    pub fn new(limits: OracleLimits) -> Self {
        Self {
            limits,
            accounts: Buckets::new(limits.account, limits.keys),
            addresses: Buckets::new(limits.address, limits.keys),
            asked: HashMap::new(),
            questions: 0,
            hasher: RandomState::new(),
            swept: None,
            latest: None,
        }
    }

    /// Pays for one question, or says how long to wait. `age` is that of the account.
    pub fn spend(
        &mut self,
        account: AccountId,
        age: Duration,
        address: AddressKey,
        asked: Asked<'_>,
        now: Instant,
    ) -> Result<(), Wait> {
        self.spend_from(account, age, Some(address), asked, now)
    }

    /// The same for a question that came by way of somebody else, whose address tells nothing of the account's.
    pub fn spend_by_account(
        &mut self,
        account: AccountId,
        age: Duration,
        asked: Asked<'_>,
        now: Instant,
    ) -> Result<(), Wait> {
        self.spend_from(account, age, None, asked, now)
    }

    fn spend_from(
        &mut self,
        account: AccountId,
        age: Duration,
        address: Option<AddressKey>,
        asked: Asked<'_>,
        now: Instant,
    ) -> Result<(), Wait> {
        let now = self.not_back(now);
        let question = self.hasher.hash_one(asked);
        let day = self.limits.day;
        if let Some(mine) = self.asked.get(&account)
            && mine.get(&question).is_some_and(|at| *at + day > now)
        {
            return Ok(());
        }
        let burst = self.burst(age);
        let for_account = self.look(account, age, now);
        let for_address =
            address.map_or(Ok(()), |address| self.addresses.look(&address, self.limits.address.burst, now));
        if let Some(wait) = for_account.err().max(for_address.err()) {
            return Err(wait);
        }
        self.accounts.take_from(&account, burst, now)?;
        if let Some(address) = address {
            self.addresses.take(&address, now)?;
        }
        self.remember(account, question, now);
        Ok(())
    }

    /// An answer that was paid for told this too: asking for it is free for a day.
    pub fn told(&mut self, account: AccountId, asked: Asked<'_>, now: Instant) {
        let now = self.not_back(now);
        let question = self.hasher.hash_one(asked);
        self.remember(account, question, now);
    }

    fn not_back(&mut self, now: Instant) -> Instant {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        latest
    }

    fn burst(&self, age: Duration) -> u32 {
        let whole = self.limits.account.burst;
        if age < self.limits.day { self.limits.first_day.min(whole) } else { whole }
    }

    /// Whether the account has one left. On its first day it may be the end of that day that it waits for.
    fn look(&mut self, account: AccountId, age: Duration, now: Instant) -> Result<(), Wait> {
        let waits = self.accounts.look(&account, self.burst(age), now);
        let (Err(wait), Some(until_old)) = (waits, self.limits.day.checked_sub(age)) else { return waits };
        let when_old = self.accounts.look(&account, self.limits.account.burst, now).err();
        Err(wait.min(when_old.unwrap_or(Wait(Duration::ZERO)).max(Wait(until_old))))
    }

    fn remember(&mut self, account: AccountId, question: u64, now: Instant) {
        const SWEEP_EVERY: Duration = Duration::from_secs(60);
        if self.questions >= self.limits.questions && self.swept.is_none_or(|at| at + SWEEP_EVERY <= now) {
            self.swept = Some(now);
            let day = self.limits.day;
            self.asked.retain(|_, mine| {
                mine.retain(|_, at| *at + day > now);
                !mine.is_empty()
            });
            self.questions = self.asked.values().map(HashMap::len).sum();
        }
        if self.questions >= self.limits.questions {
            return;
        }
        if self.asked.entry(account).or_default().insert(question, now).is_none() {
            self.questions += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::defaults;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::net::{IpAddr, Ipv4Addr};

    const OLD: Duration = Duration::from_secs(100 * 86_400);
    const NEW: Duration = Duration::from_secs(60);

    fn oracle() -> Oracle {
        Oracle::new(OracleLimits {
            account: defaults::ORACLE_PER_ACCOUNT,
            first_day: defaults::ORACLE_FIRST_DAY,
            address: defaults::ORACLE_PER_ADDRESS,
            day: defaults::DAY,
            keys: 10_000,
            questions: defaults::ORACLE_QUESTIONS,
        })
    }

    fn here() -> AddressKey {
        IpAddr::V4(Ipv4Addr::LOCALHOST).into()
    }

    fn asked_until_refused(oracle: &mut Oracle, account: u128, age: Duration, now: Instant) -> usize {
        let account = AccountId::from_u128(account);
        (0..5000)
            .take_while(|n| oracle.spend(account, age, here(), Asked::Number(&format!("{account}{n}")), now).is_ok())
            .count()
    }

    #[test]
    fn an_account_may_ask_a_hundred_times_and_fifty_on_its_first_day() {
        let now = Instant::now();
        assert_eq!(asked_until_refused(&mut oracle(), 1, OLD, now), 100);
        assert_eq!(asked_until_refused(&mut oracle(), 1, NEW, now), 50);
    }

    #[test]
    fn one_question_comes_back_every_three_minutes() {
        let mut oracle = oracle();
        let now = Instant::now();
        asked_until_refused(&mut oracle, 1, OLD, now);
        let account = AccountId::from_u128(1);
        let wait = oracle.spend(account, OLD, here(), Asked::Id("x"), now).unwrap_err();
        assert_eq!(wait.0, Duration::from_secs(180));
        assert!(oracle.spend(account, OLD, here(), Asked::Id("x"), now + wait.0).is_ok());
    }

    #[test]
    fn the_accounts_behind_one_address_share_its_thousand() {
        let mut oracle = oracle();
        let now = Instant::now();
        let total: usize = (0..20).map(|account| asked_until_refused(&mut oracle, account, OLD, now)).sum();
        assert_eq!(total, 1000);
    }

    #[test]
    fn the_same_question_within_a_day_costs_nothing_even_when_nothing_is_left() {
        let mut oracle = oracle();
        let now = Instant::now();
        let account = AccountId::from_u128(1);
        oracle.spend(account, OLD, here(), Asked::Number("+254712345678"), now).unwrap();
        assert_eq!(asked_until_refused(&mut oracle, 1, OLD, now), 99);
        let later = now + Duration::from_secs(60);
        assert!(oracle.spend(account, OLD, here(), Asked::Number("+254712345678"), later).is_ok());
        let other = AccountId::from_u128(2);
        for n in 0..99 {
            oracle.spend(other, OLD, here(), Asked::Id(&n.to_string()), now).unwrap();
        }
        oracle.spend(other, OLD, here(), Asked::Number("+254712345678"), now).unwrap();
        assert!(oracle.spend(other, OLD, here(), Asked::Id("y"), now).is_err(), "another account pays for itself");
    }

    #[test]
    fn what_an_answer_told_besides_is_free_too() {
        let mut oracle = oracle();
        let now = Instant::now();
        let account = AccountId::from_u128(1);
        oracle.spend(account, OLD, here(), Asked::Number("+254712345678"), now).unwrap();
        oracle.told(account, Asked::Id("care4w-ABC1234"), now);
        assert_eq!(asked_until_refused(&mut oracle, 1, OLD, now), 99);
        assert!(oracle.spend(account, OLD, here(), Asked::Id("care4w-ABC1234"), now).is_ok());
    }

    #[test]
    fn who_is_about_to_be_a_day_old_waits_for_that_only() {
        let mut oracle = oracle();
        let now = Instant::now();
        let account = AccountId::from_u128(1);
        let almost = defaults::DAY - Duration::from_secs(7);
        assert_eq!(asked_until_refused(&mut oracle, 1, almost, now), 50);
        let wait = oracle.spend(account, almost, here(), Asked::Id("x"), now).unwrap_err();
        assert_eq!(wait.0, Duration::from_secs(7));
        assert!(oracle.spend(account, defaults::DAY, here(), Asked::Id("x"), now + wait.0).is_ok());
    }

    #[test]
    fn where_memory_ends_a_question_costs_again_and_a_stranger_is_refused() {
        let now = Instant::now();
        let limits = |keys, questions| OracleLimits { keys, questions, ..oracle().limits };
        let mut forgetful = Oracle::new(limits(10, 3));
        assert_eq!(asked_until_refused(&mut forgetful, 1, OLD, now), 100);
        assert_eq!(forgetful.questions, 3);
        let account = AccountId::from_u128(1);
        let mut again = |n| forgetful.spend(account, OLD, here(), Asked::Number(&format!("{account}{n}")), now);
        assert!(again(2).is_ok(), "it is remembered");
        assert!(again(3).is_err(), "it is not, and costs");
        let later = now + defaults::DAY;
        assert_eq!(asked_until_refused(&mut forgetful, 1, OLD, later), 100);
        assert_eq!(forgetful.questions, 3, "what is a day old makes room");
        let mut full = Oracle::new(limits(2, 1000));
        for account in 1..=2 {
            assert_eq!(asked_until_refused(&mut full, account, OLD, now), 100);
        }
        assert_eq!(asked_until_refused(&mut full, 3, OLD, now), 0, "it fails closed");
    }

    proptest! {
        #[test]
        fn in_whatever_time_and_order_nobody_learns_more_than_burst_and_refill(
            burst in 0u32..6, first_day in 0u32..8, at_address in 0u32..9, one_back in 1u64..40,
            steps in proptest::collection::vec((-20i64..40, 0u128..3, 0u32..2, 0u8..30, 0u64..200), 1..300)
        ) {
            let allowance = |burst, one_back| Allowance::new(burst, Duration::from_millis(one_back));
            let mut oracle = Oracle::new(OracleLimits {
                account: allowance(burst, one_back),
                first_day,
                address: allowance(at_address, one_back / 2 + 1),
                day: Duration::from_millis(100),
                keys: 100,
                questions: 20,
            });
            // The clock goes forwards and backwards.
            let (begin, mut now) = (Instant::now(), 1000i64);
            let mut latest = 0;
            // When an account was told what it did not know, by account and by address.
            let (mut told, mut answers) = (HashSet::new(), HashMap::<(u8, u128), Vec<i64>>::new());
            for (pause, account, address, question, age) in steps {
                now = (now + pause).max(0);
                latest = latest.max(now);
                let at = begin + Duration::from_millis(now.unsigned_abs());
                let from: AddressKey = IpAddr::V4(Ipv4Addr::from(address)).into();
                let asked = question.to_string();
                let age = Duration::from_millis(age);
                let spent = oracle.spend(AccountId::from_u128(account), age, from, Asked::Id(&asked), at);
                if spent.is_ok() && told.insert((account, question)) {
                    answers.entry((0, account)).or_default().push(latest);
                    answers.entry((1, u128::from(address))).or_default().push(latest);
                }
            }
            for ((kind, _), times) in answers {
                let (burst, one_back) = if kind == 0 { (burst, one_back) } else { (at_address, one_back / 2 + 1) };
                for (first, from) in times.iter().enumerate() {
                    for (last, to) in times.iter().enumerate().skip(first) {
                        let allowed = u64::from(burst) + (to - from).unsigned_abs() / one_back;
                        prop_assert!((last - first + 1) as u64 <= allowed);
                    }
                }
            }
        }
    }
}
