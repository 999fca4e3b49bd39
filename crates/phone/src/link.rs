use crate::clean::visible;
use crate::destination::is_service_code;
use crate::{Destination, DestinationError, NumberKind, Region};

/// The longest link, in bytes, that is read at all. The longest that names somebody, with every sign escaped, is a
/// third of it.
const LONGEST_LINK: usize = 2048;

/// So many characters of what cannot be called are shown.
const LONGEST_SHOWN: usize = 60;

/// What a link begins with that asks for a call.
const SCHEMES: [&str; 3] = ["tel", "callto", "care4w"];

/// What a web page, a letter, another program or a command line asks to have called.
///
/// Nobody chose those words here: whatever they are they may be shown, and they ring nobody by themselves. Even a person
/// who wants links dialled at once ([`Link::may_ring_at_once`]) gets that for plain numbers and ids alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    shown: String,
    destination: Result<Destination, LinkError>,
}

/// Why a link names nobody who can be called. The sentences are for the person who opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Longer than any number.
    #[error("This link is too long to be a number.")]
    TooLong,
    /// It holds characters that nobody sees, or bytes that are no text.
    #[error("This link hides characters. It cannot be called.")]
    HiddenCharacters,
    /// A link of another kind, such as `https:`.
    #[error("This kind of link does not name anybody to call.")]
    NotForCalls,
    /// A link in a link, or one that was escaped twice.
    #[error("This link holds another link. It cannot be called.")]
    Nested,
    /// It names nobody.
    #[error(transparent)]
    Destination(#[from] DestinationError),
}

impl LinkError {
    /// The stable code: the variant in capitals, or that of the destination's error.
    pub fn code(self) -> &'static str {
        match self {
            LinkError::TooLong => "TOO_LONG",
            LinkError::HiddenCharacters => "HIDDEN_CHARACTERS",
            LinkError::NotForCalls => "NOT_FOR_CALLS",
            LinkError::Nested => "NESTED_LINK",
            LinkError::Destination(error) => error.code(),
        }
    }
}

impl Link {
    /// Reads a `tel:`, `callto:` or `care4w:` link, or what stands behind a command without any scheme. A number without
    /// a country is read in `region`. Escapes are undone once.
    pub fn parse(text: &str, region: Option<Region>) -> Link {
        if text.len() > LONGEST_LINK {
            return Link::refused(text, LinkError::TooLong);
        }
        let text = text.trim();
        let Ok(unescaped) = unescape(text) else { return Link::refused(text, LinkError::HiddenCharacters) };
        if unescaped.contains(is_hidden) {
            return Link::refused(&unescaped, LinkError::HiddenCharacters);
        }
        let (scheme, rest) = split_scheme(text);
        if scheme.is_none() && has_scheme(&unescaped) {
            let why = if has_scheme(text) { LinkError::NotForCalls } else { LinkError::Nested };
            return Link::refused(&unescaped, why);
        }
        // Some programs put a question behind the number, as in `callto:NUMBER?call`.
        let body = if scheme.is_some() { rest.split('?').next().unwrap_or_default() } else { rest };
        let Ok(body) = unescape(body) else { return Link::refused(text, LinkError::HiddenCharacters) };
        let body = body.trim_matches('/').trim();
        if body.is_empty() {
            return Link::refused(body, DestinationError::Empty.into());
        }
        if has_scheme(body) || is_escaped(body) {
            return Link::refused(body, LinkError::Nested);
        }
        if is_service_code(body) {
            return Link::refused(body, DestinationError::ServiceCode.into());
        }
        // What `tel:` may carry beside the number (RFC 3966) is read for `tel:` alone.
        let read = if scheme == Some("tel") { format!("tel:{body}") } else { body.to_owned() };
        match Destination::parse(&read, region) {
            Ok(destination) => Link { shown: written(&destination), destination: Ok(destination) },
            Err(error) => Link::refused(body, error.into()),
        }
    }

    fn refused(text: &str, why: LinkError) -> Link {
        // What nobody would see is left out, and so is what does not fit into a line.
        let mut seen = text.chars().filter(|c| !is_hidden(*c));
        let mut shown: String = seen.by_ref().take(LONGEST_SHOWN).collect();
        if seen.next().is_some() {
            shown.push('…');
        }
        Link { shown, destination: Err(why) }
    }

    /// What to put before the person: number or id as people write it; of what cannot be called, its beginning.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Who would be called.
    pub fn destination(&self) -> Result<&Destination, LinkError> {
        self.destination.as_ref().map_err(|error| *error)
    }

    /// Whether a call may cost more than a plain one.
    pub fn is_premium(&self) -> bool {
        let Ok(Destination::Number(dialled)) = &self.destination else { return false };
        matches!(dialled.number.kind(), NumberKind::PremiumRate | NumberKind::SharedCost)
    }

    /// Whether it may ring for a person who wants links dialled without being asked: an id, or a number that costs what
    /// numbers cost and is not somebody's pager or voicemail.
    pub fn may_ring_at_once(&self) -> bool {
        match &self.destination {
            Ok(Destination::Id(_)) => true,
            Ok(Destination::Number(dialled)) => matches!(
                dialled.number.kind(),
                NumberKind::FixedLine
                    | NumberKind::Mobile
                    | NumberKind::FixedLineOrMobile
                    | NumberKind::TollFree
                    | NumberKind::Voip
                    | NumberKind::Uan
            ),
            Err(_) => false,
        }
    }
}

fn written(destination: &Destination) -> String {
    match destination {
        Destination::Number(dialled) if dialled.with_country => dialled.number.international(),
        Destination::Number(dialled) => dialled.number.national_format(),
        Destination::Id(id) => id.to_string(),
    }
}

/// The scheme in small letters, if it is one of ours, and what follows it and its slashes.
fn split_scheme(text: &str) -> (Option<&'static str>, &str) {
    let Some((before, rest)) = text.split_once(':') else { return (None, text) };
    let known = SCHEMES.into_iter().find(|scheme| scheme.eq_ignore_ascii_case(before));
    (known, if known.is_some() { rest } else { text })
}

/// Whether a text begins as a link of whatever scheme (RFC 3986). `Phone: 0712…` is a label and no link.
fn has_scheme(text: &str) -> bool {
    let Some((before, rest)) = text.split_once(':') else { return false };
    let begins = before.starts_with(|c: char| c.is_ascii_alphabetic());
    let letters = before.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    begins && letters && !rest.starts_with(' ')
}

/// Whether there are escapes left to undo.
fn is_escaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|three| three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit())
}

/// A text with its `%XX` undone, once; what is no text afterwards, or no escape, is an error.
fn unescape(text: &str) -> Result<String, ()> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or(());
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).map_err(drop)?);
    }
    String::from_utf8(bytes).map_err(drop)
}

/// Whether a text holds characters that nobody sees: marks that turn what is read around, and others by which a number is
/// not what it looks like.
pub fn hides_characters(text: &str) -> bool {
    text.contains(is_hidden)
}

/// What nobody sees, but for the spaces that stand in numbers.
fn is_hidden(c: char) -> bool {
    c.is_control() || visible(c.encode_utf8(&mut [0; 4])).is_empty() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn link(text: &str) -> Link {
        Link::parse(text, Some(Region::KENYA))
    }

    fn why(text: &str) -> &'static str {
        link(text).destination().map_or_else(LinkError::code, |_| "")
    }

    #[test]
    fn every_scheme_names_a_number_or_an_id_and_shows_it_as_people_write_it() {
        for (text, shown) in [
            ("tel:+254712345678", "+254 712 345678"),
            ("TEL:+254-712-345-678", "+254 712 345678"),
            ("tel:%2B254712345678", "+254 712 345678"),
            ("tel:%2b254%20712%20345%20678", "+254 712 345678"),
            ("tel://+254712345678", "+254 712 345678"),
            ("tel:0712345678;phone-context=+254", "+254 712 345678"),
            ("tel:0712345678", "0712 345678"),
            ("callto:+254712345678", "+254 712 345678"),
            ("callto://+254712345678/", "+254 712 345678"),
            ("callto:+254712345678?call", "+254 712 345678"),
            ("care4w:+254712345678", "+254 712 345678"),
            ("care4w://%2B254712345678/", "+254 712 345678"),
            ("care4w:care4w-abc1234", "care4w-ABC1234"),
            ("care4w://Care4W-ABC1234", "care4w-ABC1234"),
            ("+254712345678", "+254 712 345678"),
            ("0712 345 678", "0712 345678"),
            ("care4w-abc1234", "care4w-ABC1234"),
            ("  tel:+254712345678\n", "+254 712 345678"),
        ] {
            let link = link(text);
            assert_eq!(link.shown(), shown, "{text:?}");
            assert!(link.destination().is_ok(), "{text:?}: {:?}", link.destination());
            assert!(link.may_ring_at_once(), "{text:?}");
        }
    }

    #[test]
    fn a_code_for_a_telephone_is_shown_and_named_and_never_rings() {
        for text in [
            "tel:*#06#",
            "tel:*%2306%23",
            "tel:%2A%2306%23",
            "care4w:*144#",
            "callto:%23%2331%23",
            "tel:**21*0712345678#",
            "tel:#31#0712345678",
            "*#06#",
            "＊＃06＃",
        ] {
            assert_eq!(why(text), "SERVICE_CODE", "{text:?}");
            assert!(!link(text).may_ring_at_once(), "{text:?}");
        }
        assert_eq!(link("tel:*%2306%23").shown(), "*#06#", "the person sees what it is");
    }

    #[test]
    fn a_link_in_a_link_or_one_escaped_twice_is_no_number() {
        for text in [
            "tel:tel:+254712345678",
            "care4w:tel:+254712345678",
            "care4w:care4w:care4w-ABC1234",
            "tel:javascript:alert(1)",
            "tel:https://example.org/",
            "tel%3A+254712345678",
            "tel:%74el:+254712345678",
            "tel:%252B254712345678",
        ] {
            assert_eq!(why(text), "NESTED_LINK", "{text:?}");
        }
        for text in
            ["https://example.org/+254712345678", "javascript:+254712345678", "file:///etc/passwd", "sip:+254712345678"]
        {
            assert_eq!(why(text), "NOT_FOR_CALLS", "{text:?}");
        }
    }

    #[test]
    fn hidden_characters_are_not_read_over_in_a_link() {
        for text in [
            "tel:+2547\u{0}12345678",
            "tel:+254712345678%00",
            "tel:+2547%0A12345678",
            "tel:+254712345678%0d%0aHost:x",
            "tel:+254\u{202e}712345678",
            "tel:+254%E2%80%AE712345678",
            "tel:+254\u{200b}712345678",
            "tel:+25471234567%ff8",
            "tel:+254712345678%2",
            "tel:+254712345678%zz",
            "care4w:care4w-ABC\u{7}1234",
        ] {
            assert_eq!(why(text), "HIDDEN_CHARACTERS", "{text:?}");
            assert!(!link(text).shown().contains(is_hidden), "{text:?} shows nothing hidden");
        }
    }

    #[test]
    fn a_huge_link_costs_no_time_and_shows_its_beginning() {
        for text in ["tel:".to_owned() + &"7".repeat(10_000_000), "tel:".repeat(100_000), "%00".repeat(1_000_000)] {
            let link = link(&text);
            assert_eq!(link.destination().unwrap_err(), LinkError::TooLong);
            assert!(link.shown().chars().count() <= LONGEST_SHOWN + 1);
        }
        assert_eq!(why(&("tel:".to_owned() + &"7".repeat(1000))), "TOO_LONG");
    }

    #[test]
    fn what_costs_more_may_be_called_by_the_person_and_not_by_a_link() {
        for (text, region) in [("tel:+449098790000", "KE"), ("tel:0900-1234567", "NL"), ("tel:+19002345678", "US")] {
            let link = Link::parse(text, Region::parse(region).ok());
            assert!(link.destination().is_ok(), "{text:?}: {:?}", link.destination());
            assert!(link.is_premium(), "{text:?}");
            assert!(!link.may_ring_at_once(), "{text:?}");
        }
        assert!(!link("tel:+254712345678").is_premium());
    }

    #[test]
    fn what_no_call_can_reach_says_why() {
        for (text, code) in [
            ("", "EMPTY"),
            ("tel:", "EMPTY"),
            ("tel://", "EMPTY"),
            ("care4w:?x", "EMPTY"),
            ("tel:112", "EMERGENCY_NUMBER"),
            ("tel:%39%31%31", "EMERGENCY_NUMBER"),
            ("care4w:999", "EMERGENCY_NUMBER"),
            ("tel:100", "SHORT_NUMBER"),
            ("tel:+25471", "TOO_SHORT"),
            ("tel:+254712345678;ext=5", "EXTENSION"),
            ("tel:+254712345678,,5", "EXTENSION"),
            ("care4w:care4w-12", "INVALID_ID"),
            ("tel:hello", "NOT_A_DESTINATION"),
        ] {
            assert_eq!(why(text), code, "{text:?}");
            assert!(!link(text).may_ring_at_once(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_or_shows_more_than_a_line_or_anything_hidden(text in "\\PC{0,80}|(tel|callto|care4w):.{0,80}|.{0,80}") {
            let link = link(&text);
            prop_assert!(link.shown().chars().count() <= crate::LONGEST_INPUT);
            prop_assert!(!link.shown().contains(is_hidden));
        }

        #[test]
        fn only_what_a_person_could_have_typed_rings_at_once(text in "(tel:|callto:|care4w:|)[-+*#%0-9a-f;,:/? ]{0,24}") {
            let link = link(&text);
            if link.may_ring_at_once() {
                let again = Link::parse(link.shown(), Some(Region::KENYA));
                prop_assert_eq!(&again, &link, "what is shown is what rings");
                prop_assert!(!link.shown().contains(['*', '#', ',', ';', '%']));
            }
        }

        #[test]
        fn escaping_a_link_changes_nobody_it_names(text in "(tel|care4w):\\+[0-9 -]{3,16}") {
            let (scheme, body) = text.split_once(':').unwrap();
            let escaped: String = body.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let (plain, escaped) = (link(&text), link(&format!("{scheme}:{escaped}")));
            prop_assert_eq!(plain.destination().ok(), escaped.destination().ok());
        }
    }
}
