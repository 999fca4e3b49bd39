//! What every verifier must do: one suite for `off`, `log` and `twilio`, the last against a double of Twilio Verify.

use std::time::{Duration, Instant};

use care4w_protocol::rest::{Discoverable, Verification};
use care4w_server::accounts::random_care4w_id;
use care4w_server::limits::Wait;
use care4w_server::store::{Account, AccountId, HeldNumber};
use care4w_server::verification::{
    LogVerifier, NoVerifier, Twilio, TwilioError, TwilioVerifier, Verifier, VerifyError,
};
use care4w_twilio_double::{self as double, Verify};

const LIVES: Duration = Duration::from_secs(600);

/// A verifier, and what its number's holder reads and its clock shows.
struct Bench {
    verifier: Box<dyn Verifier>,
    /// `log` has no holder to ask: the suite says what is sent.
    log: Option<LogVerifier>,
    double: Option<Verify>,
    now: Instant,
}

impl Bench {
    async fn of(mode: Verification) -> Self {
        let mut bench = Self { verifier: Box::new(NoVerifier), log: None, double: None, now: Instant::now() };
        match mode {
            Verification::Off => {}
            Verification::Log => bench.log = Some(LogVerifier::default()),
            Verification::Twilio => {
                let double = Verify::start(&double::Account::default()).await.unwrap();
                bench.verifier = Box::new(TwilioVerifier::new(&twilio(&double)).unwrap());
                bench.double = Some(double);
            }
        }
        assert_eq!(bench.verifier().mode(), mode);
        bench
    }

    fn verifier(&self) -> &dyn Verifier {
        self.log.as_ref().map_or(self.verifier.as_ref(), |log| log)
    }

    /// Sends, and gives the code that the holder of the number got.
    async fn send(&self, account: &Account, number: &HeldNumber) -> Result<String, VerifyError> {
        if let Some(log) = &self.log {
            return log.send_code(account, number, "271828", self.now).map(|()| "271828".into());
        }
        self.verifier().send(account, number, self.now).await?;
        Ok(self.double.as_ref().and_then(|double| double.code_for(&number.full)).unwrap_or_default())
    }

    async fn check(&self, account: &Account, number: &HeldNumber, code: &str) -> Result<(), VerifyError> {
        self.verifier().check(account, number, code, self.now).await
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
        if let Some(double) = &self.double {
            double.advance(by);
        }
    }
}

fn twilio(double: &Verify) -> Twilio {
    let account = double::Account::default();
    Twilio {
        key: Some(account.api_key),
        secret: Some(account.api_secret.into()),
        verify_service: Some(account.verify_service),
        verify_url: Some(double.url.clone()),
        ..Twilio::default()
    }
}

fn amina() -> Account {
    Account {
        id: AccountId::random(),
        email: "amina@example.org".into(),
        display_name: "Amina".into(),
        care4w_id: random_care4w_id(),
        phone: None,
        phone_verified: false,
        claim: None,
        discoverable: Discoverable::Everyone,
        created_at: 0,
    }
}

fn number(last: u32) -> HeldNumber {
    HeldNumber { full: format!("+25471234{last:04}"), national: format!("71234{last:04}"), country_code: 254 }
}

#[track_caller]
fn limited<T: std::fmt::Debug>(result: Result<T, VerifyError>) -> Duration {
    match result {
        Err(VerifyError::TooMany(Wait(wait))) => wait,
        other => panic!("not limited but {other:?}"),
    }
}

macro_rules! verifier_contract {
    ($mode:ident as $name:ident: $($test:ident),* $(,)?) => {
        mod $name {
            $(#[tokio::test]
            async fn $test() {
                super::contract::$test(super::Bench::of(super::Verification::$mode).await).await;
            })*
        }
    };
}

macro_rules! sends_codes {
    ($mode:ident as $name:ident) => {
        verifier_contract!($mode as $name:
            what_was_never_sent_proves_nothing,
            the_code_that_was_sent_proves_the_number_once,
            a_wrong_code_is_told_and_the_right_one_still_works,
            after_five_wrong_codes_the_right_one_waits_too_until_all_has_expired,
            five_codes_are_sent_in_ten_minutes_and_no_more,
            a_code_is_too_old_after_ten_minutes,
            a_code_proves_no_other_number,
        );
    };
}

sends_codes!(Log as log);
sends_codes!(Twilio as twilio_verify);
verifier_contract!(Off as off: what_was_never_sent_proves_nothing);

mod contract {
    use super::*;

    pub async fn what_was_never_sent_proves_nothing(bench: Bench) {
        let off = bench.verifier().mode() == Verification::Off;
        let wanted = if off { VerifyError::Off } else { VerifyError::Expired };
        assert_eq!(bench.check(&amina(), &number(5678), "000000").await, Err(wanted));
        assert_eq!(bench.send(&amina(), &number(5678)).await.is_ok(), !off);
    }

    pub async fn the_code_that_was_sent_proves_the_number_once(bench: Bench) {
        let (amina, number) = (amina(), number(5678));
        let code = bench.send(&amina, &number).await.unwrap();
        assert_eq!(bench.check(&amina, &number, &code).await, Ok(()));
        assert_eq!(bench.check(&amina, &number, &code).await, Err(VerifyError::Expired));
        let again = bench.send(&amina, &number).await.unwrap();
        assert_eq!(bench.check(&amina, &number, &again).await, Ok(()));
    }

    pub async fn a_wrong_code_is_told_and_the_right_one_still_works(bench: Bench) {
        let (amina, number) = (amina(), number(5678));
        let code = bench.send(&amina, &number).await.unwrap();
        for _ in 0..4 {
            assert_eq!(bench.check(&amina, &number, "000000").await, Err(VerifyError::WrongCode));
        }
        assert_eq!(bench.check(&amina, &number, &code).await, Ok(()));
    }

    pub async fn after_five_wrong_codes_the_right_one_waits_too_until_all_has_expired(mut bench: Bench) {
        let (amina, number) = (amina(), number(5678));
        let code = bench.send(&amina, &number).await.unwrap();
        for _ in 0..5 {
            assert_eq!(bench.check(&amina, &number, "000000").await, Err(VerifyError::WrongCode));
        }
        let wait = limited(bench.check(&amina, &number, &code).await);
        assert!(wait > Duration::ZERO && wait <= LIVES, "{wait:?}");
        bench.advance(wait);
        assert_eq!(bench.check(&amina, &number, &code).await, Err(VerifyError::Expired));
        let again = bench.send(&amina, &number).await.unwrap();
        assert_eq!(bench.check(&amina, &number, &again).await, Ok(()));
    }

    pub async fn five_codes_are_sent_in_ten_minutes_and_no_more(mut bench: Bench) {
        let (amina, number) = (amina(), number(5678));
        for _ in 0..5 {
            bench.send(&amina, &number).await.unwrap();
        }
        let wait = limited(bench.send(&amina, &number).await);
        assert!(wait > Duration::ZERO && wait <= LIVES, "{wait:?}");
        bench.advance(wait);
        bench.send(&amina, &number).await.unwrap();
    }

    pub async fn a_code_is_too_old_after_ten_minutes(mut bench: Bench) {
        let (amina, number) = (amina(), number(5678));
        let code = bench.send(&amina, &number).await.unwrap();
        bench.advance(LIVES);
        assert_eq!(bench.check(&amina, &number, &code).await, Err(VerifyError::Expired));
    }

    pub async fn a_code_proves_no_other_number(bench: Bench) {
        let amina = amina();
        let code = bench.send(&amina, &number(5678)).await.unwrap();
        assert!(bench.check(&amina, &number(5679), &code).await.is_err());
    }
}

#[tokio::test]
async fn what_twilio_refuses_is_said_as_what_it_is() {
    let bench = Bench::of(Verification::Twilio).await;
    let double = bench.double.as_ref().unwrap();
    let too_many = |seconds| VerifyError::TooMany(Wait(Duration::from_secs(seconds)));
    for (status, code, retry_after, wanted) in [
        (429, 60203, None, too_many(600)),
        (429, 60202, None, too_many(600)),
        (429, 60212, None, too_many(5)),
        (403, 60605, None, VerifyError::CountryBlocked),
        (403, 60410, None, too_many(12 * 3600)),
        (429, 20429, Some(17), too_many(17)),
        (429, 20429, None, too_many(5)),
        (400, 60200, None, VerifyError::NotReachable),
        (400, 60205, None, VerifyError::NotReachable),
        (500, 20500, None, VerifyError::Unavailable),
        (404, 20404, None, VerifyError::Unavailable),
    ] {
        double.refuse(status, code, retry_after);
        assert_eq!(bench.send(&amina(), &number(1)).await, Err(wanted), "{status} {code}");
    }
    double.refuse(404, 20404, None);
    assert_eq!(bench.check(&amina(), &number(1), "123456").await, Err(VerifyError::Expired));
}

#[tokio::test]
async fn wrong_credentials_and_a_twilio_that_is_away_are_not_the_persons_fault() {
    let double = Verify::start(&double::Account::default()).await.unwrap();
    let wrong = Twilio { secret: Some("wrong".to_owned().into()), ..twilio(&double) };
    let away = Twilio { verify_url: Some("http://127.0.0.1:1".into()), ..twilio(&double) };
    for settings in [wrong, away] {
        let verifier = TwilioVerifier::new(&settings).unwrap();
        let sent = verifier.send(&amina(), &number(1), Instant::now()).await;
        assert_eq!(sent, Err(VerifyError::Unavailable));
    }
    assert_eq!(double.requests(), 1);
}

#[tokio::test]
async fn what_twilio_needs_is_named_and_its_secret_goes_to_no_plain_address() {
    let double = Verify::start(&double::Account::default()).await.unwrap();
    let new = |settings: Twilio| TwilioVerifier::new(&settings).map(|_| ());
    assert!(matches!(new(Twilio::default()), Err(TwilioError::Incomplete)));
    assert!(matches!(new(Twilio { secret: None, ..twilio(&double) }), Err(TwilioError::Incomplete)));
    let other = Twilio { verify_service: Some("VA1/../../x".into()), ..twilio(&double) };
    assert!(matches!(new(other), Err(TwilioError::NoService)));
    for url in ["http://verify.example.org", "ftp://127.0.0.1", "verify", "http://127.0.0.1.example.org"] {
        let plain = Twilio { verify_url: Some(url.into()), ..twilio(&double) };
        assert!(matches!(new(plain), Err(TwilioError::NoUrl)), "{url}");
    }
    new(Twilio { verify_url: None, ..twilio(&double) }).unwrap();
}
