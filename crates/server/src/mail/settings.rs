use std::fmt;
use std::net::IpAddr;

use lettre::message::Mailbox;
use serde::Deserialize;
use url::{Host, Url};

/// What was given of mail: `[mail]` in the file, or flags and environment.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailGiven {
    /// `smtps://user:password@host` or `smtp://user:password@host:587?tls=required`; without TLS on loopback alone.
    pub smtp_url: Option<String>,
    /// Whom letters come from: `Care4W <care4w@example.org>`.
    pub from: Option<String>,
    /// Where people reach this server, for the links in letters: `https://care4w.example.org`.
    pub public_url: Option<String>,
}

impl MailGiven {
    /// What was given here, else there.
    pub fn or(self, other: Self) -> Self {
        Self {
            smtp_url: self.smtp_url.or(other.smtp_url),
            from: self.from.or(other.from),
            public_url: self.public_url.or(other.public_url),
        }
    }
}

impl fmt::Debug for MailGiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailGiven(<redacted>)")
    }
}

/// How letters are sent.
#[derive(Clone)]
pub struct MailSettings {
    /// With user name and password, where there are any.
    pub smtp_url: String,
    /// Whom letters come from.
    pub from: Mailbox,
    /// Where links lead, without a slash at the end; none for the address that this server listens on.
    pub public_url: Option<String>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailSettings(<redacted>)")
    }
}

/// Why mail cannot be sent as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailSettingsError {
    /// No URL, or of another kind.
    #[error("smtp_url in [mail] is smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST?tls=required")]
    SmtpUrl,
    /// Passwords and links would cross the network readable by anybody.
    #[error("smtp_url in [mail] must use TLS (smtps://… or ?tls=required) unless the mail server is on this machine")]
    Plain,
    /// No sender, or none that is an address.
    #[error("from in [mail] must say whom letters come from, such as Care4W <care4w@example.org>")]
    From,
    /// Not where a browser could go safely.
    #[error("public_url in [mail] is https://HOST (http:// on this machine alone)")]
    PublicUrl,
    /// Where links lead is not known.
    #[error("public_url in [mail] must say where people reach this server, since it does not listen on loopback")]
    NoPublicUrl,
}

impl MailSettings {
    /// Checks what was given; none without an SMTP server. `listen` is the server's `host:port`.
    pub fn resolve(given: MailGiven, listen: &str) -> Result<Option<Self>, MailSettingsError> {
        let Some(smtp_url) = given.smtp_url else { return Ok(None) };
        let smtp = Url::parse(&smtp_url).map_err(|_| MailSettingsError::SmtpUrl)?;
        if !matches!(smtp.scheme(), "smtp" | "smtps") || smtp.host_str().is_none_or(str::is_empty) {
            return Err(MailSettingsError::SmtpUrl);
        }
        let required = smtp.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        if smtp.scheme() == "smtp" && !required && !is_loopback(smtp.host_str().unwrap_or_default()) {
            return Err(MailSettingsError::Plain);
        }
        let from = given.from.and_then(|from| from.parse().ok()).ok_or(MailSettingsError::From)?;
        let public_url = given.public_url.map(|url| public(&url).ok_or(MailSettingsError::PublicUrl)).transpose()?;
        if public_url.is_none() && !listens_on_loopback(listen) {
            return Err(MailSettingsError::NoPublicUrl);
        }
        Ok(Some(Self { smtp_url, from, public_url }))
    }
}

fn public(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let safe = match (url.scheme(), url.host()?) {
        ("https", _) => true,
        ("http", Host::Domain(host)) => is_loopback(host),
        ("http", Host::Ipv4(address)) => address.is_loopback(),
        ("http", Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (safe && plain).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Whether `host:port` is of this machine alone.
pub fn listens_on_loopback(listen: &str) -> bool {
    is_loopback(listen.rsplit_once(':').map_or(listen, |(host, _)| host))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn resolved(smtp: &str, from: &str, public: &str, listen: &str) -> Result<Option<MailSettings>, MailSettingsError> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let given = MailGiven { smtp_url: some(smtp), from: some(from), public_url: some(public) };
        MailSettings::resolve(given, listen)
    }

    #[test]
    fn without_an_smtp_server_there_is_no_mail() {
        assert!(resolved("", "", "", "0.0.0.0:80").unwrap().is_none());
    }

    #[test]
    fn a_mail_server_elsewhere_is_reached_over_tls_alone() {
        let smtp = |url: &str| resolved(url, "a@b.c", "", "127.0.0.1:0").map(|settings| settings.is_some());
        for url in [
            "smtps://u:p@mail.example.org",
            "smtp://mail.example.org?tls=required",
            "smtp://127.0.0.1:25",
            "smtp://[::1]:25",
        ] {
            assert_eq!(smtp(url), Ok(true), "{url}");
        }
        for url in ["smtp://mail.example.org", "smtp://mail.example.org?tls=opportunistic", "smtp://127.0.0.1.evil.org"]
        {
            assert_eq!(smtp(url), Err(MailSettingsError::Plain), "{url}");
        }
        for url in ["mail.example.org", "https://mail.example.org", "smtp:", "smtp://"] {
            assert_eq!(smtp(url), Err(MailSettingsError::SmtpUrl), "{url}");
        }
    }

    #[test]
    fn links_lead_to_an_address_that_was_set_and_never_to_one_that_a_request_named() {
        let public = |url: &str, listen: &str| {
            resolved("smtp://127.0.0.1", "Care4W <a@b.c>", url, listen).map(|settings| settings.unwrap().public_url)
        };
        assert_eq!(public("https://care4w.example.org/", "0.0.0.0:80"), Ok(Some("https://care4w.example.org".into())));
        assert_eq!(public("http://localhost:4780", "0.0.0.0:80"), Ok(Some("http://localhost:4780".into())));
        assert_eq!(public("", "127.0.0.1:4780"), Ok(None));
        assert_eq!(public("", "[::1]:4780"), Ok(None));
        assert_eq!(public("", "0.0.0.0:80"), Err(MailSettingsError::NoPublicUrl));
        for url in ["http://care4w.example.org", "https://a.b/?x", "https://a.b/#x", "javascript:alert(1)", "care4w"] {
            assert_eq!(public(url, "127.0.0.1:1"), Err(MailSettingsError::PublicUrl), "{url}");
        }
    }

    #[test]
    fn letters_come_from_somebody() {
        for from in ["", "nobody", "a b@c"] {
            assert_eq!(resolved("smtp://127.0.0.1", from, "", "127.0.0.1:1").unwrap_err(), MailSettingsError::From);
        }
    }

    #[test]
    fn what_was_given_first_counts_and_nothing_of_it_is_shown() {
        let flag = MailGiven { from: Some("a@b.c".into()), ..MailGiven::default() };
        let file =
            MailGiven { from: Some("x@y.z".into()), smtp_url: Some("smtps://u:hush@h".into()), public_url: None };
        let given = flag.or(file);
        assert_eq!((given.from.as_deref(), given.smtp_url.as_deref()), (Some("a@b.c"), Some("smtps://u:hush@h")));
        let settings = MailSettings::resolve(given.clone(), "127.0.0.1:1").unwrap();
        assert!(!format!("{given:?} {settings:?}").contains("hush"));
    }
}
