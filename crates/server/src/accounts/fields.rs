use care4w_protocol::limits::{MAX_DISPLAY_NAME_CHARS, MAX_EMAIL_CHARS, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};

use crate::error::Problem;

/// An e-mail address in lower case: something, one `@`, a domain (RFC 5321's limits). Whether it exists only a letter
/// could tell.
pub fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim().to_lowercase();
    let wrong = || Problem::validation("This is not an e-mail address.");
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let odd =
        |c: char| c.is_control() || c.is_whitespace() || matches!(c, '@' | '<' | '>' | '(' | ')' | ',' | ';' | '"');
    let fits = text.chars().count() <= MAX_EMAIL_CHARS
        && (1..=64).contains(&local.chars().count())
        && !local.contains(odd)
        && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && !domain.contains(odd);
    if fits { Ok(text) } else { Err(wrong()) }
}

/// A name as others will read it: trimmed, something to see in it, nothing that hides or turns other text around.
pub fn display_name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let deceives = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let shows = |c: char| {
        !c.is_whitespace()
            && !matches!(
                c,
                '\u{00ad}'
                    | '\u{034f}'
                    | '\u{115f}'
                    | '\u{1160}'
                    | '\u{17b4}'
                    | '\u{17b5}'
                    | '\u{200c}'
                    | '\u{200d}'
                    | '\u{2800}'
                    | '\u{3164}'
                    | '\u{ffa0}'
                    | '\u{fe00}'..='\u{fe0f}'
            )
    };
    let count = text.chars().count();
    if count == 0 || count > MAX_DISPLAY_NAME_CHARS || text.contains(deceives) || !text.contains(shows) {
        return Err(Problem::validation("A name has 1 to 80 characters and no control characters."));
    }
    Ok(text.to_owned())
}

/// A password that may be set (NIST SP 800-63B 5.1.1.2: length alone).
pub fn new_password(text: &str) -> Result<(), Problem> {
    if (MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(Problem::validation("A password has 8 to 256 characters."))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(email(" Amina@Example.ORG ").unwrap(), "amina@example.org");
        assert_eq!(email("a+b@host").unwrap(), "a+b@host");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "@",
            "a@",
            "@b.c",
            "a b@c.d",
            "a@b@c",
            "a@b..c",
            "a@-b.c",
            "a\0@b.c",
            "a@b.c\n,x",
            "not-an-address",
            &long,
        ] {
            assert!(email(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_can_be_read_and_deceives_nobody() {
        assert_eq!(display_name("  Amina Wanjirũ 👩🏾 ").unwrap(), "Amina Wanjirũ 👩🏾");
        for text in ["", "   ", "\u{202e}evil", "a\0b", "\u{200b}", "\u{3164}", &"x".repeat(81)] {
            assert!(display_name(text).is_err(), "{text:?}");
        }
    }
}
