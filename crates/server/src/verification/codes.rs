//! The codes that wait to be typed.
//!
//! Invariant: an account is sent at most [`CODE_SENDS`] codes in the time that a code lives, and tries at most [`CODE_TRIES`]
//! wrong ones before everything of it waits until the last code has expired; a code proves once, for the account and
//! number it was sent for. Only keyed hashes of codes are kept, and at most `capacity` accounts.
//!
//! Inputs, both from the person: [`Codes::sent`], [`Codes::check`].

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::Sha256;

use super::{VerifyError, too_many};
use crate::defaults::{CODE_SENDS, CODE_TRIES};
use crate::store::AccountId;

pub struct Codes {
    key: [u8; 32],
    capacity: usize,
    /// How long a code holds.
    lives: Duration,
    waiting: HashMap<AccountId, Waiting>,
}

struct Waiting {
    /// The code's hash; none once it was used.
    hash: Option<Vec<u8>>,
    expires: Instant,
    wrong: usize,
    sends: VecDeque<Instant>,
}

impl Waiting {
    /// Wrong codes were tried too often, and the last code has not expired yet.
    fn is_exhausted(&self, now: Instant) -> bool {
        self.wrong >= CODE_TRIES && self.expires > now
    }
}

impl Codes {
    pub fn new(capacity: usize, lives: Duration) -> Self {
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        Self { key, capacity, lives, waiting: HashMap::new() }
    }

    /// A code is sent in place of the one before.
    pub fn sent(&mut self, account: AccountId, number: &str, code: &str, now: Instant) -> Result<(), VerifyError> {
        self.room_for(account, now)?;
        let lives = self.lives;
        let hash = self.mac(account, number, code).finalize().into_bytes().to_vec();
        let waiting = self.waiting.entry(account).or_insert_with(|| Waiting {
            hash: None,
            expires: now,
            wrong: 0,
            sends: VecDeque::new(),
        });
        if waiting.is_exhausted(now) {
            return Err(too_many(waiting.expires - now));
        }
        while waiting.sends.front().is_some_and(|at| *at + lives <= now) {
            waiting.sends.pop_front();
        }
        if let Some(first) = waiting.sends.front()
            && waiting.sends.len() >= CODE_SENDS
        {
            return Err(too_many(*first + lives - now));
        }
        if waiting.expires <= now {
            waiting.wrong = 0;
        }
        waiting.sends.push_back(now);
        waiting.hash = Some(hash);
        waiting.expires = now + lives;
        Ok(())
    }

    /// A code is tried.
    pub fn check(&mut self, account: AccountId, number: &str, code: &str, now: Instant) -> Result<(), VerifyError> {
        let mac = self.mac(account, number, code);
        let waiting = self.waiting.get_mut(&account).ok_or(VerifyError::Expired)?;
        if waiting.is_exhausted(now) {
            return Err(too_many(waiting.expires - now));
        }
        let hash = waiting.hash.as_deref().filter(|_| waiting.expires > now).ok_or(VerifyError::Expired)?;
        // The comparison takes the same time wherever the two differ.
        if mac.verify_slice(hash).is_err() {
            waiting.wrong += 1;
            return Err(VerifyError::WrongCode);
        }
        waiting.hash = None;
        waiting.wrong = 0;
        Ok(())
    }

    fn mac(&self, account: AccountId, number: &str, code: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        for part in [&account.to_string(), number, code] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac
    }

    /// Forgets who has nothing to wait for; with no room even then, it fails closed.
    fn room_for(&mut self, account: AccountId, now: Instant) -> Result<(), VerifyError> {
        if self.waiting.len() < self.capacity || self.waiting.contains_key(&account) {
            return Ok(());
        }
        self.waiting.retain(|_, waiting| waiting.expires > now);
        if self.waiting.len() < self.capacity { Ok(()) } else { Err(too_many(self.lives)) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::defaults::CODE_LIVES;

    const NUMBER: &str = "+254712345678";
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_code_is_good_for_the_account_and_the_number_it_was_sent_for() {
        let (mut codes, now) = (Codes::new(10, CODE_LIVES), Instant::now());
        let (amina, baraka) = (AccountId::from_u128(1), AccountId::from_u128(2));
        codes.sent(amina, NUMBER, "123456", now).unwrap();
        codes.sent(baraka, NUMBER, "654321", now).unwrap();
        assert_eq!(codes.check(baraka, NUMBER, "123456", now), Err(VerifyError::WrongCode));
        assert_eq!(codes.check(amina, "+254712345679", "123456", now), Err(VerifyError::WrongCode));
        assert_eq!(codes.check(amina, NUMBER, "123456", now), Ok(()));
        assert_eq!(codes.check(amina, NUMBER, "123456", now), Err(VerifyError::Expired), "it proves once");
    }

    #[test]
    fn a_new_code_does_not_buy_new_tries() {
        let (mut codes, start) = (Codes::new(10, CODE_LIVES), Instant::now());
        let amina = AccountId::from_u128(1);
        codes.sent(amina, NUMBER, "123456", start).unwrap();
        for _ in 0..CODE_TRIES - 1 {
            codes.check(amina, NUMBER, "000000", start).unwrap_err();
        }
        codes.sent(amina, NUMBER, "654321", start + SECOND).unwrap();
        assert_eq!(codes.check(amina, NUMBER, "000000", start + SECOND), Err(VerifyError::WrongCode));
        let wait = too_many(CODE_LIVES);
        assert_eq!(codes.check(amina, NUMBER, "654321", start + SECOND), Err(wait));
        assert_eq!(codes.sent(amina, NUMBER, "111111", start + SECOND), Err(wait));
        let later = start + SECOND + CODE_LIVES;
        assert_eq!(codes.check(amina, NUMBER, "654321", later), Err(VerifyError::Expired));
        codes.sent(amina, NUMBER, "111111", later).unwrap();
        assert_eq!(codes.check(amina, NUMBER, "111111", later), Ok(()));
    }

    #[test]
    fn a_full_book_forgets_what_has_expired_and_refuses_the_rest() {
        let (mut codes, start) = (Codes::new(2, CODE_LIVES), Instant::now());
        for account in 0..2 {
            codes.sent(AccountId::from_u128(account), NUMBER, "123456", start).unwrap();
        }
        assert!(codes.sent(AccountId::from_u128(2), NUMBER, "123456", start).is_err(), "it fails closed");
        codes.sent(AccountId::from_u128(2), NUMBER, "123456", start + CODE_LIVES).unwrap();
    }

    proptest! {
        #[test]
        fn in_no_ten_minutes_are_there_more_sends_or_guesses_than_allowed(
            steps in proptest::collection::vec((0u64..200, any::<bool>()), 1..200)
        ) {
            let (mut codes, start) = (Codes::new(10, CODE_LIVES), Instant::now());
            let account = AccountId::from_u128(1);
            let mut now = start;
            let (mut sends, mut guesses) = (Vec::new(), 0);
            for (pause, send) in steps {
                now += Duration::from_secs(pause);
                if send {
                    if codes.sent(account, NUMBER, "123456", now).is_ok() {
                        if sends.last().is_none_or(|at: &Instant| *at + CODE_LIVES <= now) {
                            guesses = 0;
                        }
                        sends.push(now);
                    }
                } else if codes.check(account, NUMBER, "000000", now) == Err(VerifyError::WrongCode) {
                    guesses += 1;
                }
                prop_assert!(sends.iter().filter(|at| **at + CODE_LIVES > now).count() <= CODE_SENDS);
                prop_assert!(guesses <= CODE_TRIES);
            }
        }
    }
}
