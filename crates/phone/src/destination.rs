use crate::clean::{clean_in, digit_value, joined_to_word, visible};
use crate::emergency::{connects_to_emergency, is_emergency};
use crate::number::read;
use crate::{Care4wId, LONGEST_INPUT, NumberError, NumberKind, PhoneNumber, Region};

/// The most digits that a service number (directory enquiries, balance, police) has.
const LONGEST_SHORT_NUMBER: usize = 6;

/// Somebody who can be called, read from what was typed, pasted or opened as a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A phone number.
    Number(DialledNumber),
    /// A user's Care4W id.
    Id(Care4wId),
}

/// A phone number as it was dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialledNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Whether the text itself named the country (`+254…`, `000254…`). If not, the number was read in the caller's
    /// region, and a match in another country has to be confirmed before it rings.
    pub with_country: bool,
}

/// Why a text is nobody who can be called. The sentences are for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Nothing was typed.
    #[error("Type a phone number or a Care4W id.")]
    Empty,
    /// Neither a number nor an id.
    #[error("This is neither a phone number nor a Care4W id.")]
    NotADestination,
    /// Begins as a Care4W id and does not go on as one.
    #[error("A Care4W id is care4w- followed by 4 to 16 letters or digits.")]
    InvalidId,
    /// Police, ambulance or fire brigade.
    #[error("Care4W cannot call emergency services. Use a telephone.")]
    EmergencyNumber,
    /// A service number of the telephone network.
    #[error("Short numbers cannot be called from Care4W.")]
    ShortNumber,
    /// A command to a telephone network or a phone, such as `*#06#`.
    #[error("This is a code for a telephone, not a number.")]
    ServiceCode,
    /// A number that nobody can have.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl DestinationError {
    /// The stable code: the variant in capitals, or that of the number's error.
    pub fn code(self) -> &'static str {
        match self {
            DestinationError::Empty => "EMPTY",
            DestinationError::NotADestination => "NOT_A_DESTINATION",
            DestinationError::InvalidId => "INVALID_ID",
            DestinationError::EmergencyNumber => "EMERGENCY_NUMBER",
            DestinationError::ShortNumber => "SHORT_NUMBER",
            DestinationError::ServiceCode => "SERVICE_CODE",
            DestinationError::Number(error) => error.code(),
        }
    }
}

impl Destination {
    /// Reads a number (strictly first, then as [`clean`](crate::clean) makes of it), a Care4W id in any case, or a
    /// `tel:` or `care4w:` link. A number without a country is read in `region`.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Destination, DestinationError> {
        if text.chars().nth(LONGEST_INPUT).is_some() {
            return Err(NumberError::TooLong.into());
        }
        let typed = without_scheme(&visible(text));
        if typed.is_empty() {
            return Err(DestinationError::Empty);
        }
        if starts_with_ignoring_case(&typed, "care4w") {
            return Care4wId::parse(&typed).map(Destination::Id).map_err(|_| DestinationError::InvalidId);
        }

        let cleaned = clean_in(&typed, region);
        let digits = cleaned.strip_prefix('+').unwrap_or(&cleaned);
        // A switch hears digits and nothing between them.
        let heard: String = typed.chars().filter(char::is_ascii_digit).take(LONGEST_SHORT_NUMBER + 1).collect();
        if is_emergency(digits, region) || is_emergency(&heard, region) {
            return Err(DestinationError::EmergencyNumber);
        }
        let problem = match number(&typed, &cleaned, region) {
            Ok(number) => return Ok(Destination::Number(number)),
            Err(NumberError::Extension) => return Err(NumberError::Extension.into()),
            Err(problem) => problem,
        };
        if is_service_code(&typed) {
            return Err(DestinationError::ServiceCode);
        }
        if (1..=LONGEST_SHORT_NUMBER).contains(&digits.len()) && !cleaned.starts_with('+') {
            let help = connects_to_emergency(digits, region);
            return Err(if help { DestinationError::EmergencyNumber } else { DestinationError::ShortNumber });
        }
        Err(match problem {
            NumberError::NotANumber => DestinationError::NotADestination,
            problem => DestinationError::Number(problem),
        })
    }
}

/// The number that a text strictly is, else what is left of it when it is cleaned. Two readings of one text that are
/// two numbers are none.
fn number(typed: &str, cleaned: &str, region: Option<Region>) -> Result<DialledNumber, NumberError> {
    let strictly = match dialled(typed, region) {
        // Cleaning would run the extension's digits into the number.
        Err(NumberError::Extension) => return Err(NumberError::Extension),
        Err(problem) => return dialled(cleaned, region).map_err(|_| problem),
        Ok(strictly) => strictly,
    };
    match meaning_of_letters(typed) {
        Letters::Harmless => Ok(strictly),
        Letters::Tail if strictly.number.kind() == NumberKind::TollFree => Ok(strictly),
        _ if dialled(cleaned, region).is_ok_and(|cleaned| cleaned.number == strictly.number) => Ok(strictly),
        _ => Err(NumberError::NotANumber),
    }
}

/// What letters in a text mean. libphonenumber reads over some and takes others for keys, so that half a number and a
/// name make somebody else's number; a wrong person must never ring.
enum Letters {
    /// There are none, or they are a label before the number, or the parameters of a `tel:` link.
    Harmless,
    /// They end the number, as in 1-800-FLOWERS. Only free numbers are written so.
    Tail,
    /// They stand where no number has letters.
    Unclear,
}

fn meaning_of_letters(text: &str) -> Letters {
    if starts_with_ignoring_case(text, "tel:") {
        return Letters::Harmless;
    }
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else { return Letters::Unclear };
    let (before, number) = text.split_at(start);
    if joined_to_word(before) {
        return Letters::Unclear;
    }
    match number.find(char::is_alphabetic) {
        None => Letters::Harmless,
        Some(letter) if !number[letter..].contains(|c: char| c.is_ascii_digit()) => Letters::Tail,
        Some(_) => Letters::Unclear,
    }
}

/// Whether a switch would hear a command: `*` or `#` among the digits.
pub fn is_service_code(text: &str) -> bool {
    let commands = |c: char| matches!(c, '*' | '＊' | '#' | '＃');
    // Behind a semicolon stand a link's parameters.
    let dialled = text.split(';').next().unwrap_or_default();
    dialled.contains(commands) && dialled.chars().all(|c| commands(c) || digit_value(c).is_some() || !c.is_alphabetic())
}

fn dialled(text: &str, region: Option<Region>) -> Result<DialledNumber, NumberError> {
    let (number, with_country) = read(text, region)?.valid()?;
    Ok(DialledNumber { number, with_country })
}

/// The text of a `care4w:` link without its scheme, slashes and escapes; `tel:` is left to the number's reading.
fn without_scheme(text: &str) -> String {
    if !starts_with_ignoring_case(text, "care4w:") {
        return text.to_owned();
    }
    let rest = text["care4w:".len()..].trim_matches('/');
    rest.replace("%2B", "+").replace("%2b", "+").replace("%20", " ").trim().to_owned()
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn called(text: &str, region: &str) -> Result<(String, bool), &'static str> {
        match Destination::parse(text, Region::parse(region).ok()) {
            Ok(Destination::Number(dialled)) => Ok((dialled.number.full().to_owned(), dialled.with_country)),
            Ok(Destination::Id(id)) => Ok((id.to_string(), false)),
            Err(error) => Err(error.code()),
        }
    }

    #[test]
    fn a_number_with_its_country_is_read_without_a_region() {
        for text in
            ["+254712345678", "tel:+254712345678", "00254712345678", "+254 (0) 712-345 678", "care4w:%2B254712345678/"]
        {
            for region in ["", "KE", "GB"] {
                assert_eq!(called(text, region), Ok(("+254712345678".into(), true)), "{text:?} read in {region:?}");
            }
        }
    }

    #[test]
    fn a_number_without_a_country_is_read_in_the_region_given() {
        for text in [
            "0712345678",
            "712 345 678",
            "٠٧١٢٣٤٥٦٧٨",
            "０７１２－３４５－６７８",
            "\u{202d}0712\u{200b}345678\u{202c}",
        ] {
            assert_eq!(called(text, "KE"), Ok(("+254712345678".into(), false)), "{text:?}");
        }
        assert_eq!(called("0712345678", "TZ"), Ok(("+255712345678".into(), false)));
        assert_eq!(called("0712345678", ""), Err("COUNTRY_MISSING"));
        assert_eq!(called("254712345678", "KE"), Ok(("+254712345678".into(), true)), "its country was typed");
    }

    #[test]
    fn a_care4w_id_is_read_in_any_case() {
        for text in ["care4w-abc1234", " CARE4W-ABC1234 ", "care4w:care4w-ABC1234", "care4w://Care4W-abc1234"] {
            assert_eq!(called(text, "KE"), Ok(("care4w-ABC1234".into(), false)));
        }
        assert_eq!(called("care4w-12", "KE"), Err("INVALID_ID"));
    }

    #[test]
    fn a_code_for_a_telephone_is_named_as_one() {
        for text in ["*#06#", "*144#", "##002#", "**21*0712345678#", "#31#0712345678", "＊＃06＃", " *#06# ", "*"] {
            assert_eq!(called(text, "KE"), Err("SERVICE_CODE"), "{text:?}");
        }
    }

    #[test]
    fn an_emergency_number_is_never_a_destination() {
        for region in ["", "KE", "US", "GB", "NU"] {
            for text in
                ["112", "911", " 9-9-9 ", "+112", "tel:911", "١١٢", "１１２", "9*1#1", "tel:911;phone-context=+1"]
            {
                assert_eq!(called(text, region), Err("EMERGENCY_NUMBER"), "{text:?} in {region:?}");
            }
        }
        assert_eq!(called("110", "DE"), Err("EMERGENCY_NUMBER"));
    }

    #[test]
    fn a_call_for_help_with_a_digit_too_many_is_still_one() {
        assert_eq!(called("9112", "US"), Err("EMERGENCY_NUMBER"));
        assert_eq!(called("1900", "BR"), Err("SHORT_NUMBER"), "there a switch wants them exact");
        assert_eq!(called("112345678", "KE"), Ok(("+254112345678".into(), false)), "a mobile number without its 0");
    }

    #[test]
    fn a_short_number_is_told_apart_from_one_that_is_too_short() {
        assert_eq!(called("100", "KE"), Err("SHORT_NUMBER"));
        assert_eq!(called("+25471", "KE"), Err("TOO_SHORT"));
        assert_eq!(called("4000", "NU"), Ok(("+6834000".into(), false)), "Niue's own numbers have four digits");
    }

    #[test]
    fn what_is_neither_number_nor_id_is_refused_with_its_own_code() {
        assert_eq!(called("", "KE"), Err("EMPTY"));
        assert_eq!(called(" \u{200b}\n", "KE"), Err("EMPTY"));
        assert_eq!(called("amina", "KE"), Err("NOT_A_DESTINATION"));
        assert_eq!(called("+999712345678", "KE"), Err("INVALID_COUNTRY"));
        assert_eq!(called("+254 000 345678", "KE"), Err("NOT_IN_COUNTRY"));
        assert_eq!(called("0712345678901", "KE"), Err("TOO_LONG"));
        assert_eq!(called(&"7".repeat(100_000), "KE"), Err("TOO_LONG"));
        assert_eq!(called("+254712345678 ext. 5", "KE"), Err("EXTENSION"));
    }

    #[test]
    fn a_label_or_a_name_beside_the_number_is_not_part_of_it() {
        for text in ["Phone: 0712345678", "0712345678 Amina", "Amina (0712 345 678)"] {
            assert_eq!(called(text, "KE"), Ok(("+254712345678".into(), false)), "{text:?}");
        }
    }

    #[test]
    fn digits_that_are_not_the_number_are_never_run_into_it() {
        for (text, region) in [("+358 10 112345,02#", "FI"), ("438212580297 ~792", "AT"), ("+254712345678,,5#", "KE")] {
            assert_eq!(called(text, region), Err("EXTENSION"), "{text:?} has an extension");
        }
        assert!(called("#31#0712345678", "KE").is_err(), "a switch's command is not part of a number");
        assert!(called("14732691CFH", "GD").is_err(), "with its letters it is one number and without them another");
    }

    #[test]
    fn a_misspelt_id_or_half_a_number_rings_nobody() {
        for text in ["car4w-712345678", "carew-712345678", "ABC712345678", "712345 Bob", "0712345678 or 0722000111"] {
            assert!(called(text, "KE").is_err(), "{text:?} is not clear");
        }
        assert_eq!(called("1-800-FLOWERS", "US"), Ok(("+18003569377".into(), true)), "a free number in letters is");
    }
}
