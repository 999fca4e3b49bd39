//! Letters to users, over SMTP.

mod letter;
mod settings;

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

pub use settings::{MailGiven, MailSettings, MailSettingsError, listens_on_loopback};

/// Sends letters. Each has a connection of its own: there are few.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    base: String,
}

/// A letter was not handed over. What the mail server said may name the address, so only its kind is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address or the text cannot be a letter's.
    #[error("the letter could not be written")]
    Letter,
    /// The mail server refused it for good.
    #[error("the mail server refused the letter")]
    Refused,
    /// The mail server could not take it now.
    #[error("the mail server could not take the letter now")]
    NotNow,
    /// TLS failed.
    #[error("TLS with the mail server failed")]
    Tls,
    /// It did not answer in time.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// It was not reached, or broke off.
    #[error("the mail server was not reached")]
    Unreachable,
}

impl From<lettre::transport::smtp::Error> for SendError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_tls() {
            Self::Tls
        } else if error.is_permanent() {
            Self::Refused
        } else if error.is_transient() {
            Self::NotNow
        } else {
            Self::Unreachable
        }
    }
}

impl Mailer {
    /// As set; links lead to `own_url` unless the settings know better.
    pub fn new(settings: MailSettings, own_url: String) -> Result<Self, MailSettingsError> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.smtp_url)
            .map_err(|_| MailSettingsError::SmtpUrl)?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Self { transport, from: settings.from, base: settings.public_url.unwrap_or(own_url) })
    }

    /// Sends a link to a new password.
    pub async fn send_password_link(&self, email: &str, token: &str) -> Result<(), SendError> {
        let link = format!("{}/reset#{token}", self.base);
        let letter = letter::password_link(self.from.clone(), email, &link).map_err(|_| SendError::Letter)?;
        self.transport.send(letter).await?;
        Ok(())
    }
}
