//! What every request shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use care4w_phone::Care4wId;

use crate::accounts::{AccessTokens, Passwords};
use crate::config::Config;
use crate::defaults;
use crate::error::Problem;
use crate::limits::{AddressKey, Asked, Buckets, DailyCount, Guarded, Oracle, TrustedProxies};
use crate::metrics::Metrics;
use crate::password_links::PasswordLinks;
use crate::signalling::Exchange;
use crate::store::{Account, AccountId, HeldNumber, Store, StoreError};
use crate::twilio::TwilioVoice;
use crate::verification::{Verifier, VerifyError};

/// The server's state, shared by all requests.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What [`App`] points to.
pub struct Shared {
    /// Settings.
    pub config: Config,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// Sends codes and checks them.
    pub verifier: Arc<dyn Verifier>,
    /// Password hashing.
    pub passwords: Passwords,
    /// Access tokens.
    pub tokens: AccessTokens,
    /// Proxies that are believed.
    pub proxies: TrustedProxies,
    /// Calls and the devices that are there.
    pub exchange: Exchange,
    /// Links to a new password.
    pub password_links: PasswordLinks,
    /// Calls over Twilio, where they are set up.
    pub twilio: Option<TwilioVoice>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    draining: AtomicBool,
    register: Guarded<Buckets<AddressKey>>,
    login: Guarded<Buckets<AddressKey>>,
    failures: Guarded<Buckets<String>>,
    oracle: Guarded<Oracle>,
    changes: Guarded<DailyCount<AccountId>>,
    sends: Guarded<DailyCount<AccountId>>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Puts the server together.
    #[expect(clippy::too_many_arguments, reason = "the one place that puts the parts together")]
    pub fn new(
        config: Config,
        store: Arc<dyn Store>,
        verifier: Arc<dyn Verifier>,
        passwords: Passwords,
        tokens: AccessTokens,
        exchange: Exchange,
        password_links: PasswordLinks,
        twilio: Option<TwilioVoice>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let limits = config.limits;
        let keys = defaults::LIMIT_KEYS;
        Self(Arc::new(Shared {
            proxies: TrustedProxies(config.trusted_proxies.clone()),
            store,
            verifier,
            passwords,
            tokens,
            exchange,
            password_links,
            twilio,
            metrics,
            draining: AtomicBool::new(false),
            register: Guarded::new(Buckets::new(limits.register_per_address, keys)),
            login: Guarded::new(Buckets::new(limits.login_per_address, keys)),
            failures: Guarded::new(Buckets::new(limits.login_failures, keys)),
            oracle: Guarded::new(Oracle::new(limits.oracle())),
            changes: Guarded::new(DailyCount::new(limits.number_changes_a_day, defaults::DAY, keys)),
            sends: Guarded::new(DailyCount::new(limits.code_sends_a_day, defaults::DAY, keys)),
            config,
        }))
    }
}

impl Shared {
    /// Whether the server is on its way out.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// From now on `/readyz` says no.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Lets an address register.
    pub fn allow_register(&self, from: AddressKey) -> Result<(), Problem> {
        Ok(self.register.hold().take(&from, self.config.clock.now())?)
    }

    /// Lets an address sign in.
    pub fn allow_login(&self, from: AddressKey) -> Result<(), Problem> {
        Ok(self.login.hold().take(&from, self.config.clock.now())?)
    }

    /// Lets one more password be tried for an account (by e-mail address, whether or not it exists). It is taken
    /// before the password is checked, so that many at once do not get more.
    pub fn allow_password(&self, email: &str) -> Result<(), Problem> {
        Ok(self.failures.hold().take(&email.to_owned(), self.config.clock.now())?)
    }

    /// The password was right: earlier failures are forgotten.
    pub fn password_was_right(&self, email: &str) {
        self.failures.hold().clear(&email.to_owned());
    }

    /// Pays for learning whether a number or id is known. Nothing of it is given back: asking the same again is free.
    pub fn ask(&self, account: &Account, from: AddressKey, asked: Asked<'_>) -> Result<(), Problem> {
        let clock = &self.config.clock;
        Ok(self.oracle.hold().spend(account.id, clock.age(account.created_at), from, asked, clock.now())?)
    }

    /// The same for a call that comes by way of Twilio, whose address is nobody's.
    pub fn ask_from_twilio(&self, account: &Account, asked: Asked<'_>) -> Result<(), Problem> {
        let clock = &self.config.clock;
        Ok(self.oracle.hold().spend_by_account(account.id, clock.age(account.created_at), asked, clock.now())?)
    }

    /// An answer that was paid for told this too.
    pub fn told(&self, account: &Account, asked: Asked<'_>) {
        self.oracle.hold().told(account.id, asked, self.config.clock.now());
    }

    /// Lets an account change its number once more today.
    pub fn allow_number_change(&self, account: AccountId) -> Result<(), Problem> {
        Ok(self.changes.hold().take(&account, self.config.clock.now())?)
    }

    /// The number was not changed after all.
    pub fn number_was_not_changed(&self, account: AccountId) {
        self.changes.hold().give_back(&account);
    }

    /// Sends a verification code to a number for a user, as often as the day and the verifier allow.
    pub async fn send_code(&self, account: &Account, number: &HeldNumber) -> Result<(), Problem> {
        self.sends.hold().take(&account.id, self.config.clock.now())?;
        let sent = self.verifier.send(account, number, Instant::now()).await;
        if sent.is_err() {
            self.sends.hold().give_back(&account.id);
        }
        Ok(sent?)
    }

    /// Checks a verification code.
    pub async fn check_code(&self, account: &Account, number: &HeldNumber, code: &str) -> Result<(), Problem> {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VerifyError::WrongCode.into());
        }
        Ok(self.verifier.check(account, number, code, Instant::now()).await?)
    }

    /// The id of the account that is configured as echo line, once it is registered.
    pub async fn echo_line(&self) -> Result<Option<Care4wId>, StoreError> {
        let Some(named) = &self.config.echo_line else { return Ok(None) };
        let account = match Care4wId::parse(named) {
            Ok(id) => self.store.account_by_care4w_id(&id).await?,
            Err(_) => self.store.account_by_email(&named.trim().to_lowercase()).await?.map(|(account, _)| account),
        };
        Ok(account.map(|account| account.care4w_id))
    }
}
