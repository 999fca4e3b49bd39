//! What the server is told: flags, then `CARE4W_…`, then the `--config` file, then [`defaults`](crate::defaults).

use std::path::Path;
use std::time::Duration;

use care4w_phone::Region;
use care4w_protocol::rest::Verification;
use ipnet::IpNet;
use serde::Deserialize;

use crate::clock::Clock;
use crate::defaults;
use crate::limits::{Allowance, OracleLimits};
use crate::mail::{self, MailGiven, MailSettings, MailSettingsError};
use crate::store::{Database, DatabaseUrlError, Uniqueness};
use crate::twilio::settings::{Twilio, TwilioSettingsError, VoiceSettings};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// `host:port` to listen on; port 0 picks one.
    pub listen: String,
    /// A second address, for `/metrics` alone: there it is served to anybody who can reach it.
    pub metrics_listen: Option<String>,
    /// What is kept where.
    pub database: Database,
    /// Where national numbers are read when nothing better is known.
    pub default_region: Region,
    /// What makes two numbers the same.
    pub uniqueness: Uniqueness,
    /// Whether and how a number is proved before it counts.
    pub verification: Verification,
    /// Twilio, as it was given: what `verification = twilio` needs stands in it.
    pub twilio: Twilio,
    /// Calls over Twilio, if they are set up.
    pub voice: Option<VoiceSettings>,
    /// E-mail address or care4wId of the account that is announced as `echoLine`.
    pub echo_line: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// STUN and TURN.
    pub ice: Ice,
    /// How letters are sent, if they are.
    pub mail: Option<MailSettings>,
    /// Budgets.
    pub limits: Limits,
    /// What the budgets take for the time.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: defaults::LISTEN.into(),
            metrics_listen: None,
            database: Database::Sqlite("care4w.db".into()),
            default_region: Region::KENYA,
            uniqueness: Uniqueness::National,
            verification: Verification::Off,
            twilio: Twilio::default(),
            voice: None,
            echo_line: None,
            trusted_proxies: Vec::new(),
            ice: Ice::default(),
            mail: None,
            limits: Limits::default(),
            clock: Clock::default(),
        }
    }
}

/// STUN and TURN servers that clients are told of.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ice {
    /// `stun:` addresses.
    pub stun: Vec<String>,
    /// `turn:` and `turns:` addresses.
    pub turn: Vec<String>,
    /// The TURN server's shared secret (coturn: `use-auth-secret`, `static-auth-secret`).
    pub secret: Option<String>,
    /// Seconds for which credentials work.
    pub ttl_secs: u64,
}

impl Default for Ice {
    fn default() -> Self {
        Self { stun: Vec::new(), turn: Vec::new(), secret: None, ttl_secs: defaults::ICE_TTL_SECS }
    }
}

impl std::fmt::Debug for Ice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ice").field("stun", &self.stun.len()).field("turn", &self.turn.len()).finish_non_exhaustive()
    }
}

/// The budgets that can be set, `[limits]` in the file. What they are for and where the defaults come from stands in
/// [`defaults`](crate::defaults).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Accounts made from one address.
    pub register_per_address: Allowance,
    /// Sign-ins tried from one address.
    pub login_per_address: Allowance,
    /// Wrong passwords of one account.
    pub login_failures: Allowance,
    /// Links to a new password, asked for from one address.
    pub forgot_per_address: Allowance,
    /// Links to a new password, asked for one e-mail address.
    pub forgot_per_email: Allowance,
    /// Questions of one account.
    pub oracle_per_account: Allowance,
    /// Questions at once of an account on its first day.
    pub oracle_first_day: u32,
    /// Questions from one address.
    pub oracle_per_address: Allowance,
    /// Number changes of one account in 24 hours.
    pub number_changes_a_day: usize,
    /// Verification codes sent to one account in 24 hours.
    pub code_sends_a_day: usize,
    /// Seconds that a verification code in the log holds, at most a day of them. Twilio has its own.
    pub code_lives_seconds: u64,
    /// Seconds that the head of a request may take to come, and its body again as long.
    pub request_seconds: u64,
    /// Frames of one signalling socket.
    pub frames_per_socket: Allowance,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            register_per_address: defaults::REGISTER_PER_ADDRESS,
            login_per_address: defaults::LOGIN_PER_ADDRESS,
            login_failures: defaults::LOGIN_FAILURES,
            forgot_per_address: defaults::FORGOT_PER_ADDRESS,
            forgot_per_email: defaults::FORGOT_PER_EMAIL,
            oracle_per_account: defaults::ORACLE_PER_ACCOUNT,
            oracle_first_day: defaults::ORACLE_FIRST_DAY,
            oracle_per_address: defaults::ORACLE_PER_ADDRESS,
            number_changes_a_day: defaults::NUMBER_CHANGES_A_DAY,
            code_sends_a_day: defaults::CODE_SENDS_A_DAY,
            code_lives_seconds: defaults::CODE_LIVES.as_secs(),
            request_seconds: defaults::REQUEST_WITHIN.as_secs(),
            frames_per_socket: defaults::FRAMES_PER_SOCKET,
        }
    }
}

impl Limits {
    /// No limit that a test or a benchmark would meet.
    pub fn raised() -> Self {
        let wide = Allowance::new(u32::MAX, Duration::from_nanos(1));
        Self {
            register_per_address: wide,
            login_per_address: wide,
            login_failures: wide,
            forgot_per_address: wide,
            forgot_per_email: wide,
            oracle_per_account: wide,
            oracle_first_day: u32::MAX,
            oracle_per_address: wide,
            number_changes_a_day: usize::MAX,
            code_sends_a_day: usize::MAX,
            code_lives_seconds: defaults::CODE_LIVES.as_secs(),
            request_seconds: defaults::REQUEST_WITHIN.as_secs(),
            frames_per_socket: wide,
        }
    }

    /// The oracle's share of it.
    pub fn oracle(&self) -> OracleLimits {
        OracleLimits {
            account: self.oracle_per_account,
            first_day: self.oracle_first_day,
            address: self.oracle_per_address,
            day: defaults::DAY,
            keys: defaults::LIMIT_KEYS,
            questions: defaults::ORACLE_QUESTIONS,
        }
    }
}

/// The `--config` file (TOML).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// As `--listen`.
    pub listen: Option<String>,
    /// A second address for `/metrics`.
    pub metrics_listen: Option<String>,
    /// As `--database`.
    pub database: Option<String>,
    /// As `--bus`.
    pub bus: Option<String>,
    /// Two letters.
    pub default_region: Option<Region>,
    /// `national` or `full`.
    pub uniqueness: Option<Uniqueness>,
    /// As `--verification`.
    pub verification: Option<Verification>,
    /// Twilio.
    pub twilio: Twilio,
    /// As `--echo-line`.
    pub echo_line: Option<String>,
    /// Addresses or networks.
    pub trusted_proxies: Vec<Proxy>,
    /// STUN and TURN.
    pub ice: Ice,
    /// How letters are sent.
    pub mail: MailGiven,
    /// Budgets.
    pub limits: Limits,
}

/// One trusted proxy: `10.0.0.1` or `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Proxy {
    /// A network.
    Net(IpNet),
    /// One address.
    Address(std::net::IpAddr),
}

impl From<Proxy> for IpNet {
    fn from(proxy: Proxy) -> Self {
        match proxy {
            Proxy::Net(net) => net,
            Proxy::Address(address) => address.into(),
        }
    }
}

/// What was given as a flag or in the environment, which comes first.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `--listen`
    pub listen: Option<String>,
    /// `--database`
    pub database: Option<String>,
    /// `--bus`
    pub bus: Option<String>,
    /// `--echo-line`
    pub echo_line: Option<String>,
    /// `--smtp-url`, `--mail-from`, `--public-url`
    pub mail: MailGiven,
    /// `--verification`
    pub verification: Option<Verification>,
    /// `CARE4W_TWILIO_…`, which have no flags: others on the machine see a command line.
    pub twilio: Twilio,
}

/// Why the server cannot run as told. Each is one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file: {0}")]
    Unreadable(#[source] std::io::Error),
    /// The file is not what it should be.
    #[error("the configuration file is not valid: {0}")]
    Invalid(String),
    /// `--database` cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseUrlError),
    /// `--bus` names nothing known.
    #[error("--bus is local or nats://…")]
    UnknownBus,
    /// TURN without a secret.
    #[error("[ice] names TURN servers but no secret to make credentials with")]
    TurnWithoutSecret,
    /// Mail cannot be sent as told.
    #[error(transparent)]
    Mail(#[from] MailSettingsError),
    /// Calls over Twilio cannot be had as told.
    #[error(transparent)]
    Twilio(#[from] TwilioSettingsError),
    /// Named in the contract, not built yet.
    #[error("NOT_AVAILABLE: {0}")]
    NotAvailable(&'static str),
}

impl ConfigError {
    /// Whether it was used wrongly (exit code 2) rather than failed (1).
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Database(_) | Self::UnknownBus)
    }
}

impl File {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(ConfigError::Unreadable)?;
        toml::from_str(&text).map_err(|error| ConfigError::Invalid(one_line(&error)))
    }
}

/// The place and the reason without the excerpt, which may show a secret.
fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or("not TOML").to_owned()
}

impl Config {
    /// Puts together what was given, the file and the defaults.
    pub fn resolve(given: Given, file: File) -> Result<Self, ConfigError> {
        let database = given.database.or(file.database).unwrap_or_else(|| defaults::DATABASE.into());
        let bus = given.bus.or(file.bus).unwrap_or_else(|| "local".into());
        if bus.starts_with("nats://") {
            return Err(ConfigError::NotAvailable("several servers over NATS cannot be had yet; use --bus local"));
        } else if bus != "local" {
            return Err(ConfigError::UnknownBus);
        }
        if !file.ice.turn.is_empty() && file.ice.secret.is_none() {
            return Err(ConfigError::TurnWithoutSecret);
        }
        let listen = given.listen.or(file.listen).unwrap_or_else(|| defaults::LISTEN.into());
        let (twilio, mail) = (given.twilio.or(file.twilio), given.mail.or(file.mail));
        let voice = twilio.voice(mail.public_url.as_deref())?;
        if voice.as_ref().is_some_and(|voice| voice.public_url.is_none()) && !mail::listens_on_loopback(&listen) {
            return Err(TwilioSettingsError::NoPublicUrl.into());
        }
        Ok(Self {
            mail: MailSettings::resolve(mail, &listen)?,
            listen,
            metrics_listen: file.metrics_listen,
            database: Database::parse(&database)?,
            default_region: file.default_region.unwrap_or(Region::KENYA),
            uniqueness: file.uniqueness.unwrap_or_default(),
            verification: given.verification.or(file.verification).unwrap_or_default(),
            twilio,
            voice,
            echo_line: given.echo_line.or(file.echo_line),
            trusted_proxies: file.trusted_proxies.into_iter().map(IpNet::from).collect(),
            ice: file.ice,
            limits: file.limits,
            clock: Clock::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(text: &str) -> File {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_flag_comes_before_the_file_and_the_file_before_the_default() {
        let given = Given { listen: Some("127.0.0.1:1".into()), ..Given::default() };
        let config = Config::resolve(given, file("listen = '127.0.0.1:2'\ndatabase = 'sqlite:x.db'")).unwrap();
        assert_eq!(config.listen, "127.0.0.1:1");
        assert!(matches!(config.database, Database::Sqlite(file) if file.as_os_str() == "x.db"));
        assert_eq!(config.default_region, Region::KENYA);
        assert_eq!(config.uniqueness, Uniqueness::National);
    }

    #[test]
    fn what_is_not_built_yet_says_so() {
        let given = Given { bus: Some("nats://x".into()), ..Given::default() };
        let error = Config::resolve(given, File::default()).unwrap_err();
        assert!(error.to_string().starts_with("NOT_AVAILABLE"), "{error}");
        assert!(!error.is_usage());
        let wrong = Given { database: Some("mysql://x".into()), ..Given::default() };
        assert!(Config::resolve(wrong, File::default()).unwrap_err().is_usage());
    }

    #[test]
    fn verification_and_twilio_come_from_the_environment_before_the_file() {
        let text = "verification = 'log'\n[twilio]\nkey = 'AC1'\nsecret = 'hush'\nverify_service = 'VA1'";
        let config = Config::resolve(Given::default(), file(text)).unwrap();
        assert_eq!(config.verification, Verification::Log);
        let twilio = Twilio { secret: Some("louder".to_owned().into()), ..Twilio::default() };
        let given = Given { verification: Some(Verification::Twilio), twilio, ..Given::default() };
        let config = Config::resolve(given, file(text)).unwrap();
        assert_eq!(config.verification, Verification::Twilio);
        assert_eq!(config.twilio.key.as_deref(), Some("AC1"));
        assert_eq!(config.twilio.secret.as_ref().unwrap().expose(), "louder");
        assert!(!format!("{config:?}").contains("louder"));
    }

    #[test]
    fn every_budget_can_be_set() {
        let text = "[limits]\nregister_per_address = { burst = 3, one_back_ms = 5 }\nnumber_changes_a_day = 9\n\
                    oracle_first_day = 7\ntrusted = 1";
        assert!(toml::from_str::<File>(text).is_err(), "a misspelt setting is an error, not ignored");
        let limits = file(&text.replace("trusted = 1", "")).limits;
        assert_eq!(limits.register_per_address, Allowance::new(3, Duration::from_millis(5)));
        assert_eq!((limits.number_changes_a_day, limits.oracle_first_day), (9, 7));
    }

    #[test]
    fn a_broken_file_is_told_in_one_line_that_shows_no_secret() {
        let error = toml::from_str::<File>("[ice]\nsecret = 'hush\n").map_err(|error| one_line(&error)).unwrap_err();
        assert!(!error.contains("hush") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn trusted_proxies_are_addresses_or_networks() {
        let config =
            Config::resolve(Given::default(), file("trusted_proxies = ['10.0.0.1', '192.168.0.0/16']")).unwrap();
        assert_eq!(config.trusted_proxies.len(), 2);
    }
}
