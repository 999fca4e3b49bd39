//! The personal phone number: is it free, save it, remove it, and the question for it.

use care4w_phone::{Destination, DestinationError, PhoneNumber};
use care4w_protocol::rest::{Done, PhoneAnswer, PhoneAvailability, PhoneRequest, VerifyRequest};
use reqwest::Method;

use super::{Phone, read_region};
use crate::Problem;
use crate::phone_prompt::Input;
use crate::preview::{PhonePreview, number_problem, phone_field};

impl Phone {
    /// What the phone field shows after a key or a paste.
    ///
    /// # Errors
    /// `INVALID_COUNTRY`.
    pub fn phone_preview(&self, text: &str, country: &str, caret: u32) -> Result<PhonePreview, Problem> {
        Ok(phone_field(text, Some(read_region(country)?), caret))
    }

    /// Whether this user may have the number.
    ///
    /// # Errors
    /// The number's own code (`TOO_SHORT`, …), `EMERGENCY_NUMBER`, `RATE_LIMITED`, `OFFLINE`, …
    pub async fn phone_check(&self, text: &str, country: &str) -> Result<PhoneAvailability, Problem> {
        let number = read_number(text, country)?;
        let session = &self.inner.session;
        Ok(session.call(Method::POST, "users/phone/check", &[], Some(&request(&number))).await?)
    }

    /// Makes the number this user's; on a server that verifies numbers it waits for the code that is sent to it.
    ///
    /// # Errors
    /// As [`Phone::phone_check`], and `PHONE_ALREADY_EXISTS`.
    pub async fn phone_set(&self, text: &str, country: &str) -> Result<PhoneAnswer, Problem> {
        let number = read_number(text, country)?;
        let session = &self.inner.session;
        let answer: PhoneAnswer = session.call(Method::PATCH, "users/phone", &[], Some(&request(&number))).await?;
        match &answer.pending_phone_number {
            Some(pending) => self.inner.take_claim(pending),
            None => self.inner.take_answer(&answer),
        }
        Ok(answer)
    }

    /// The number as the server has it.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn phone_show(&self) -> Result<PhoneAnswer, Problem> {
        Ok(self.inner.session.call(Method::GET, "users/phone", &[], None::<&()>).await?)
    }

    /// Gives the number up.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn phone_remove(&self) -> Result<PhoneAnswer, Problem> {
        let answer: PhoneAnswer = self.inner.session.call(Method::DELETE, "users/phone", &[], None::<&()>).await?;
        self.inner.gave_number_up();
        self.inner.take_answer(&answer);
        Ok(answer)
    }

    /// Proves the number by the code that was sent.
    ///
    /// # Errors
    /// `INVALID_CODE`, `CODE_EXPIRED`, `RATE_LIMITED`; `NOT_AVAILABLE` where the server does not verify numbers.
    pub async fn phone_verify(&self, code: &str) -> Result<PhoneAnswer, Problem> {
        let body = VerifyRequest { code: digits(code) };
        let answer: PhoneAnswer = self.inner.session.call(Method::POST, "users/phone/verify", &[], Some(&body)).await?;
        self.inner.take_answer(&answer);
        Ok(answer)
    }

    /// Has the code sent again.
    ///
    /// # Errors
    /// `RATE_LIMITED`; `NOT_AVAILABLE` where the server does not verify numbers.
    pub async fn phone_resend(&self) -> Result<Done, Problem> {
        let done = self.inner.session.call(Method::POST, "users/phone/verify/send", &[], None::<&()>).await?;
        self.inner.code_was_sent();
        Ok(done)
    }

    /// "Skip for now", Escape, or closing the modal.
    pub fn phone_skip(&self) {
        self.inner.prompt(Input::Skip);
        self.inner.told_of_loss();
    }

    /// "Don't ask again".
    pub fn phone_never(&self) {
        self.inner.prompt(Input::Never);
        self.inner.told_of_loss();
    }

    /// Opens the question from settings.
    pub fn phone_open(&self) {
        self.inner.prompt(Input::OpenFromSettings);
    }
}

/// A code as people paste it: "123 456", "123-456". Anything else is the server's to refuse.
fn digits(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// The strict reading first; what was pasted is cleaned when that fails.
fn read_number(text: &str, country: &str) -> Result<PhoneNumber, Problem> {
    let region = Some(read_region(country)?);
    PhoneNumber::parse(text, region)
        .or_else(|error| PhoneNumber::parse(&care4w_phone::clean(text), region).map_err(|_| error))
        .map_err(|error| match Destination::parse(text, region) {
            Err(DestinationError::EmergencyNumber) => Problem::new(
                "EMERGENCY_NUMBER",
                "This is an emergency number. Enter the number that people call you by.",
            ),
            _ => number_problem(error),
        })
}

/// The server reads it again by its own rules; a full number leaves it nothing to guess.
fn request(number: &PhoneNumber) -> PhoneRequest {
    PhoneRequest { phone_number: number.full().to_owned(), country_code: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emergency_number_is_nobodys_own_and_is_called_what_it_is() {
        for (text, code) in [("999", "EMERGENCY_NUMBER"), ("112", "EMERGENCY_NUMBER"), ("0712", "TOO_SHORT")] {
            assert_eq!(read_number(text, "KE").unwrap_err().code, code, "{text}");
        }
        assert!(read_number("0112 345678", "KE").is_ok(), "a mobile number of Kenya");
    }
}
