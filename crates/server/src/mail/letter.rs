use lettre::address::AddressError;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message};
use uuid::Uuid;

/// Why there is no letter.
#[derive(Debug, thiserror::Error)]
#[error("the letter cannot be written")]
pub struct LetterError;

impl From<AddressError> for LetterError {
    fn from(_: AddressError) -> Self {
        Self
    }
}

/// The letter with a link to a new password. It names nobody: a name is what somebody else may have written.
pub fn password_link(from: Mailbox, email: &str, link: &str) -> Result<Message, LetterError> {
    let text = format!(
        "Hello,\r\n\r\n\
         somebody, probably you, asked for a new Care4W password. Open this link to choose one:\r\n\r\n\
         {link}\r\n\r\n\
         It works once, within an hour. All devices are signed out then.\r\n\r\n\
         If you did not ask for it, you can leave this letter unanswered: your password stays as it is.\r\n\r\n\
         Care4W\r\n"
    );
    let id = format!("<{}@{}>", Uuid::new_v4(), from.email.domain());
    let to = Mailbox::new(None, email.parse()?);
    // As it is, so that no mail program has to put the link together again. All of it is ASCII, in short lines.
    let body = Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit);
    let mut letter = Message::builder()
        .from(from)
        .to(to)
        .subject("Choose your Care4W password")
        .message_id(Some(id))
        .header(ContentType::TEXT_PLAIN)
        .body(body)
        .map_err(|_| LetterError)?;
    // RFC 3834: whoever is on holiday does not answer this.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    letter.headers_mut().insert_raw(automatic);
    Ok(letter)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_link_stands_whole_on_a_line_of_its_own() {
        let link = format!("https://care4w.example.org/reset#{}", "x".repeat(43));
        let letter = password_link("Care4W <care4w@example.org>".parse().unwrap(), "a+b@example.org", &link).unwrap();
        let text = String::from_utf8(letter.formatted()).unwrap();
        assert!(text.lines().any(|line| line == link), "{text}");
        for header in ["To: a+b@example.org", "Auto-Submitted: auto-generated", "Subject: Choose your Care4W password"]
        {
            assert!(text.lines().any(|line| line == header), "{header}: {text}");
        }
    }

    #[test]
    fn an_address_that_would_write_headers_of_its_own_gets_no_letter() {
        let from: Mailbox = "care4w@example.org".parse().unwrap();
        assert!(password_link(from, "a@b.c\r\nBcc: d@e.f", "x").is_err());
    }
}
