//! What the server is told of Twilio: `[twilio]` in the file, or `CARE4W_TWILIO_…`, which come first.

use std::collections::BTreeSet;

use care4w_phone::{PhoneNumber, Region};
use care4w_protocol::Secret;
use reqwest::Url;
use serde::Deserialize;

use super::http;
use crate::defaults;

/// What was given, as it was given. Nothing here has a flag, since others on the machine see a command line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// The account (`AC…`).
    pub account: Option<String>,
    /// An API key (`SK…`). For Verify alone the account's SID will do.
    pub key: Option<String>,
    /// The API key's secret, or the auth token where `key` is an account.
    #[serde(deserialize_with = "secret")]
    pub secret: Option<Secret<String>>,
    /// The account's auth token, by which Twilio signs what it asks this server.
    #[serde(deserialize_with = "secret")]
    pub auth_token: Option<Secret<String>>,
    /// The TwiML application (`AP…`) whose voice address is this server's `/api/webhooks/twilio/voice`.
    pub application: Option<String>,
    /// The number (E.164) that calls go out with: one of the account's, or one that it has verified.
    pub caller_id: Option<String>,
    /// Whether a user's own proved number may be shown to those they call. Twilio takes only numbers that the account has
    /// verified as caller ids, so this is for accounts where that is done for each user.
    pub own_number_as_caller_id: Option<bool>,
    /// Regions (`KE`) that may be called; all if there are none.
    #[serde(deserialize_with = "comma_list")]
    pub countries: Option<String>,
    /// Whether dear numbers may be called: premium rate, shared cost, and those of no country.
    pub premium_numbers: Option<bool>,
    /// The longest call to a number, in minutes.
    pub minutes_a_call: Option<u32>,
    /// Minutes that one user may talk to numbers in 24 hours.
    pub minutes_a_day: Option<u32>,
    /// How long an access token lasts, in seconds.
    pub token_seconds: Option<u32>,
    /// Twilio's edge, such as `dublin`.
    pub edge: Option<String>,
    /// Twilio's home region of the API key, such as `ie1`.
    pub region: Option<String>,
    /// The Verify service (`VA…`).
    pub verify_service: Option<String>,
    /// Another place than `https://verify.twilio.com`, for tests and proxies. Plain `http` to this machine alone.
    pub verify_url: Option<String>,
    /// Another place than `https://api.twilio.com`, likewise.
    pub api_url: Option<String>,
    /// Another gateway than Twilio's for the clients: the whole `wss` address. Plain `ws` to this machine alone.
    pub gateway_url: Option<String>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

/// A list in the file is kept as the environment would give it.
fn comma_list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Vec::<String>::deserialize(deserializer)?.join(",")))
}

impl Twilio {
    /// What `lookup` knows of `CARE4W_TWILIO_…`; an empty value is none. What should be a number or a yes and is not is
    /// named.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, TwilioSettingsError> {
        let set = |name: &str| lookup(&format!("CARE4W_TWILIO_{name}")).filter(|value| !value.is_empty());
        let number =
            |name| set(name).map(|text| text.parse().map_err(|_| TwilioSettingsError::NoNumberOfMinutes)).transpose();
        let yes = |name| set(name).map(|text| text.parse().map_err(|_| TwilioSettingsError::NoYes)).transpose();
        Ok(Self {
            account: set("ACCOUNT"),
            key: set("KEY"),
            secret: set("SECRET").map(Secret::new),
            auth_token: set("AUTH_TOKEN").map(Secret::new),
            application: set("APPLICATION"),
            caller_id: set("CALLER_ID"),
            own_number_as_caller_id: yes("OWN_NUMBER_AS_CALLER_ID")?,
            countries: set("COUNTRIES"),
            premium_numbers: yes("PREMIUM_NUMBERS")?,
            minutes_a_call: number("MINUTES_A_CALL")?,
            minutes_a_day: number("MINUTES_A_DAY")?,
            token_seconds: number("TOKEN_SECONDS")?,
            edge: set("EDGE"),
            region: set("REGION"),
            verify_service: set("VERIFY_SERVICE"),
            verify_url: set("VERIFY_URL"),
            api_url: set("API_URL"),
            gateway_url: set("GATEWAY_URL"),
        })
    }

    /// What is set here, else what is set there.
    pub fn or(self, other: Self) -> Self {
        Self {
            account: self.account.or(other.account),
            key: self.key.or(other.key),
            secret: self.secret.or(other.secret),
            auth_token: self.auth_token.or(other.auth_token),
            application: self.application.or(other.application),
            caller_id: self.caller_id.or(other.caller_id),
            own_number_as_caller_id: self.own_number_as_caller_id.or(other.own_number_as_caller_id),
            countries: self.countries.or(other.countries),
            premium_numbers: self.premium_numbers.or(other.premium_numbers),
            minutes_a_call: self.minutes_a_call.or(other.minutes_a_call),
            minutes_a_day: self.minutes_a_day.or(other.minutes_a_day),
            token_seconds: self.token_seconds.or(other.token_seconds),
            edge: self.edge.or(other.edge),
            region: self.region.or(other.region),
            verify_service: self.verify_service.or(other.verify_service),
            verify_url: self.verify_url.or(other.verify_url),
            api_url: self.api_url.or(other.api_url),
            gateway_url: self.gateway_url.or(other.gateway_url),
        }
    }

    /// Calls over Twilio, if anything that only they need is set; then all of it has to be. `public_url` is where people,
    /// and so Twilio, reach this server.
    pub fn voice(&self, public_url: Option<&str>) -> Result<Option<VoiceSettings>, TwilioSettingsError> {
        let wanted = self.account.is_some()
            || self.auth_token.is_some()
            || self.application.is_some()
            || self.caller_id.is_some();
        if !wanted {
            return Ok(None);
        }
        let (Some(account), Some(key), Some(secret), Some(auth_token), Some(application), Some(caller_id)) =
            (&self.account, &self.key, &self.secret, &self.auth_token, &self.application, &self.caller_id)
        else {
            return Err(TwilioSettingsError::Incomplete(self.missing()));
        };
        for (given, begins, name) in
            [(account, "AC", "account"), (key, "SK", "key"), (application, "AP", "application")]
        {
            if !is_sid(given, begins) {
                return Err(TwilioSettingsError::NoSid(name, begins));
            }
        }
        let is_name = |text: &String| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && text.len() < 32;
        if !self.edge.iter().chain(&self.region).all(is_name) {
            return Err(TwilioSettingsError::NoPlace);
        }
        let caller_id = PhoneNumber::parse(caller_id, None).map_err(|_| TwilioSettingsError::NoCallerId)?;
        let api = self.api_url.clone().unwrap_or_else(|| self.api_address());
        let api = http::safe(&api, "https", "http").ok_or(TwilioSettingsError::NoUrl("api_url"))?;
        let gateway = self.gateway_url.as_deref();
        let gateway =
            gateway.map(|url| http::safe(url, "wss", "ws").ok_or(TwilioSettingsError::NoGateway)).transpose()?;
        let public_url = public_url
            .map(|url| http::safe(url, "https", "http").ok_or(TwilioSettingsError::NoUrl("public_url")))
            .transpose()?;
        let (minutes_a_call, minutes_a_day) = (
            self.minutes_a_call.unwrap_or(defaults::TWILIO_MINUTES_A_CALL),
            self.minutes_a_day.unwrap_or(defaults::TWILIO_MINUTES_A_DAY),
        );
        // Twilio ends every call after 24 hours.
        if !(1..=24 * 60).contains(&minutes_a_call) || minutes_a_day > 366 * 24 * 60 {
            return Err(TwilioSettingsError::NoNumberOfMinutes);
        }
        let token_seconds = self.token_seconds.map_or(defaults::TWILIO_TOKEN_SECS, u64::from);
        // Twilio takes none that lasts longer than a day.
        if !(30..=24 * 60 * 60).contains(&token_seconds) {
            return Err(TwilioSettingsError::NoNumberOfMinutes);
        }
        Ok(Some(VoiceSettings {
            account: account.clone(),
            key: key.clone(),
            secret: secret.clone(),
            auth_token: auth_token.clone(),
            application: application.clone(),
            caller_id: caller_id.full().to_owned(),
            own_number_as_caller_id: self.own_number_as_caller_id.unwrap_or(false),
            countries: self.regions()?,
            premium_numbers: self.premium_numbers.unwrap_or(false),
            minutes_a_call,
            minutes_a_day,
            token_seconds,
            edge: self.edge.clone(),
            region: self.region.clone(),
            api,
            gateway: gateway.map(String::from),
            public_url: public_url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
        }))
    }

    fn missing(&self) -> String {
        let given = [
            ("account", self.account.is_some()),
            ("key", self.key.is_some()),
            ("secret", self.secret.is_some()),
            ("auth_token", self.auth_token.is_some()),
            ("application", self.application.is_some()),
            ("caller_id", self.caller_id.is_some()),
        ];
        let missing = given.iter().filter(|(_, is_given)| !is_given).map(|(name, _)| *name);
        missing.collect::<Vec<_>>().join(", ")
    }

    fn regions(&self) -> Result<BTreeSet<Region>, TwilioSettingsError> {
        let names = self.countries.as_deref().unwrap_or_default().split(',').map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .map(|name| Region::parse(name).map_err(|_| TwilioSettingsError::NoCountry))
            .collect()
    }

    /// Where Twilio's REST interface is: `api.EDGE.REGION.twilio.com`, as Twilio's own libraries make it.
    fn api_address(&self) -> String {
        match (&self.edge, &self.region) {
            (None, None) => "https://api.twilio.com".into(),
            (Some(edge), None) => format!("https://api.{edge}.us1.twilio.com"),
            (None, Some(region)) => format!("https://api.{region}.twilio.com"),
            (Some(edge), Some(region)) => format!("https://api.{edge}.{region}.twilio.com"),
        }
    }
}

/// Whether it is two letters and 32 hexadecimal digits.
pub fn is_sid(text: &str, begins: &str) -> bool {
    text.len() == 34 && text.strip_prefix(begins).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Why calls over Twilio cannot be had as configured. Nothing of what was given is shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TwilioSettingsError {
    /// Some is set and some is not.
    #[error(
        "calls over Twilio need [twilio] account, key, secret, auth_token, application and caller_id, or CARE4W_TWILIO_ACCOUNT and so on; missing: {0}"
    )]
    Incomplete(String),
    /// No SID of its kind.
    #[error("[twilio] {0} is a SID: {1} and 32 hexadecimal digits")]
    NoSid(&'static str, &'static str),
    /// No number.
    #[error("[twilio] caller_id is a phone number with its country, such as +254712345678")]
    NoCallerId,
    /// No region.
    #[error("[twilio] countries are regions of two letters, such as KE")]
    NoCountry,
    /// No edge or region.
    #[error("[twilio] edge and region are names such as dublin and ie1")]
    NoPlace,
    /// No number, or one out of bounds.
    #[error("[twilio] minutes_a_call (1 to 1440), minutes_a_day and token_seconds (30 to 86400) are numbers")]
    NoNumberOfMinutes,
    /// Neither yes nor no.
    #[error("[twilio] premium_numbers and own_number_as_caller_id are true or false")]
    NoYes,
    /// No address, or a plain one.
    #[error("[twilio] {0} is an https address, or http to this machine")]
    NoUrl(&'static str),
    /// Likewise for the gateway.
    #[error("[twilio] gateway_url is a wss address, or ws to this machine")]
    NoGateway,
    /// Twilio would not find the way back.
    #[error(
        "calls over Twilio need --public-url, where Twilio reaches this server, since it does not listen on loopback"
    )]
    NoPublicUrl,
}

/// Calls over Twilio, all checked.
#[derive(Clone, Debug)]
pub struct VoiceSettings {
    /// The account.
    pub account: String,
    /// The API key.
    pub key: String,
    /// Its secret.
    pub secret: Secret<String>,
    /// What Twilio signs with.
    pub auth_token: Secret<String>,
    /// The TwiML application.
    pub application: String,
    /// The number that calls go out with (E.164).
    pub caller_id: String,
    /// Whether a proved number of one's own may be shown instead.
    pub own_number_as_caller_id: bool,
    /// Regions that may be called; all if empty.
    pub countries: BTreeSet<Region>,
    /// Whether dear numbers may be called.
    pub premium_numbers: bool,
    /// The longest call to a number.
    pub minutes_a_call: u32,
    /// What one user may talk to numbers in 24 hours.
    pub minutes_a_day: u32,
    /// How long an access token lasts, in seconds.
    pub token_seconds: u64,
    /// The edge for clients.
    pub edge: Option<String>,
    /// The key's home region.
    pub region: Option<String>,
    /// Twilio's REST interface.
    pub api: Url,
    /// Another gateway than Twilio's.
    pub gateway: Option<String>,
    /// Where Twilio reaches this server, without a slash at the end; none for the address that it listens on.
    pub public_url: Option<String>,
}

#[cfg(test)]
mod tests;
