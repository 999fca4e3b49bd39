use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use super::{AddressKey, Allowance, Buckets, Wait};
use crate::store::AccountId;

/// What is asked about.
#[derive(Clone, Copy, Hash)]
pub enum Asked<'a> {
    /// A number as E.164.
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
}

/// What an answer cost, to be handed back by [`Oracle::refund`] if it told nothing after all.
#[derive(Debug)]
pub struct Spent(Option<(AccountId, AddressKey, u64)>);

/// The one budget of everything that tells whether a number or id is known: check, lookup, a taken answer, an invite to
/// nobody (DESIGN.md, "one oracle").
///
/// Invariant: an account learns of at most `burst + t / one_back` different numbers and ids in a span `t`, and so does
/// an address; asking twice within a day costs nothing. An input comes from one account at one address.
pub struct Oracle {
    limits: OracleLimits,
    accounts: Buckets<AccountId>,
    addresses: Buckets<AddressKey>,
    /// What an account asked in the last day: keyed hashes, so that no number is kept in memory. An account's entries
    /// are bounded by its budget, since each costs one of it.
    asked: HashMap<AccountId, HashMap<u64, Instant>>,
    hasher: RandomState,
    next_sweep: Option<Instant>,
}

impl Oracle {
    /// A budget nobody has used yet.
    pub fn new(limits: OracleLimits) -> Self {
        Self {
            limits,
            accounts: Buckets::new(limits.account, limits.keys),
            addresses: Buckets::new(limits.address, limits.keys),
            asked: HashMap::new(),
            hasher: RandomState::new(),
            next_sweep: None,
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
    ) -> Result<Spent, Wait> {
        self.sweep(now);
        let question = self.hasher.hash_one(asked);
        let day = self.limits.day;
        if let Some(mine) = self.asked.get(&account)
            && mine.get(&question).is_some_and(|at| *at + day > now)
        {
            return Ok(Spent(None));
        }
        let whole = self.limits.account.burst;
        let burst = if age < day { self.limits.first_day.min(whole) } else { whole };
        let for_account = self.accounts.look(&account, burst, now);
        let for_address = self.addresses.look(&address, self.limits.address.burst, now);
        if let Some(wait) = for_account.err().max(for_address.err()) {
            return Err(wait);
        }
        self.accounts.take_from(&account, burst, now)?;
        self.addresses.take(&address, now)?;
        self.asked.entry(account).or_default().insert(question, now);
        Ok(Spent(Some((account, address, question))))
    }

    /// Gives back what an answer cost that told nothing.
    pub fn refund(&mut self, spent: Spent) {
        if let Some((account, address, question)) = spent.0 {
            self.accounts.give_back(&account);
            self.addresses.give_back(&address);
            if let Some(mine) = self.asked.get_mut(&account) {
                mine.remove(&question);
            }
        }
    }

    fn sweep(&mut self, now: Instant) {
        let day = self.limits.day;
        if self.next_sweep.is_some_and(|at| at > now) {
            return;
        }
        self.next_sweep = Some(now + Duration::from_secs(600));
        self.asked.retain(|_, mine| {
            mine.retain(|_, at| *at + day > now);
            !mine.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::defaults;
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
    fn a_refund_leaves_no_trace() {
        let mut oracle = oracle();
        let now = Instant::now();
        let account = AccountId::from_u128(1);
        let spent = oracle.spend(account, OLD, here(), Asked::Id("x"), now).unwrap();
        oracle.refund(spent);
        assert_eq!(asked_until_refused(&mut oracle, 1, OLD, now), 100);
        assert!(oracle.spend(account, OLD, here(), Asked::Id("x"), now).is_err(), "it was not asked before");
    }
}
