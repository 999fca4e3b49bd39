use std::borrow::Cow;
use std::fmt;

use rlibphonenumber::{CountryCodeSource, PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, PhoneNumberType};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clean::digit_value;
use crate::format_table::grouped;
use crate::{LONGEST_INPUT, NumberError, NumberKind, Region};

/// A valid phone number, wholly known: the same person's number has exactly one value.
///
/// As JSON it is its E.164 text ("+254712345678"). It has no `Display`, and `Debug` shows nothing of it: a number
/// gets into a text only where somebody asked for it by [`full`](PhoneNumber::full) or
/// [`international`](PhoneNumber::international), so that none slips into a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    /// E.164, with the plus sign.
    full: String,
    /// How many bytes of `full` stand before the national number: the plus sign and the calling code.
    national_start: u8,
}

impl PhoneNumber {
    /// Reads a number as libphonenumber does: with `+` by its own country, else in `region`. Punctuation, letters
    /// on keys, `tel:` and any script's digits are understood; everything else that pasted text brings is the
    /// business of [`clean`](crate::clean).
    pub fn parse(text: &str, region: Option<Region>) -> Result<PhoneNumber, NumberError> {
        read(text, region).and_then(|read| read.valid()).map(|(number, _)| number)
    }

    /// The number with its country in E.164: "+254712345678".
    pub fn full(&self) -> &str {
        &self.full
    }

    /// The national significant number, leading zeros kept: "712345678"; "0236618300" for +39 0236618300.
    pub fn national(&self) -> &str {
        &self.full[usize::from(self.national_start)..]
    }

    /// The country calling code: 254.
    pub fn country_code(&self) -> u16 {
        self.full[1..usize::from(self.national_start)]
            .parse()
            .expect("a number is built with a calling code of one to three digits before its national part")
    }

    /// The region that the number belongs to; none for the numbers of no country, such as +800.
    pub fn region(&self) -> Option<Region> {
        PHONE_NUMBER_UTIL.get_region_for_number(&self.library()).and_then(Region::from_library)
    }

    /// The number as people write it for abroad: "+254 712 345678".
    pub fn international(&self) -> String {
        PHONE_NUMBER_UTIL.format(&self.library(), PhoneNumberFormat::International).into_owned()
    }

    /// The number as people write it in its own country: "0712 345678".
    pub fn national_format(&self) -> String {
        PHONE_NUMBER_UTIL.format(&self.library(), PhoneNumberFormat::National).into_owned()
    }

    /// What kind of line it is.
    pub fn kind(&self) -> NumberKind {
        PHONE_NUMBER_UTIL.get_number_type(&self.library()).into()
    }

    fn library(&self) -> rlibphonenumber::PhoneNumber {
        let national = self.national();
        let zeros = national.bytes().take_while(|b| *b == b'0').count().min(national.len().saturating_sub(1));
        rlibphonenumber::PhoneNumber {
            country_code: i32::from(self.country_code()),
            national_number: national.parse().expect("a national number is at most 17 digits"),
            italian_leading_zero: (zeros > 0).then_some(true),
            number_of_leading_zeros: (zeros > 1).then_some(zeros as i32),
            ..Default::default()
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(<redacted>)")
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.full)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PhoneNumber, D::Error> {
        let text = String::deserialize(deserializer)?;
        PhoneNumber::parse(&text, None).map_err(serde::de::Error::custom)
    }
}

/// What libphonenumber made of a text: a number by its shape, valid or not.
pub(crate) struct ReadNumber(rlibphonenumber::PhoneNumber);

/// libphonenumber's parse. A text beyond [`LONGEST_INPUT`] is refused before it is looked at.
pub(crate) fn read(text: &str, region: Option<Region>) -> Result<ReadNumber, NumberError> {
    if text.chars().nth(LONGEST_INPUT).is_some() {
        return Err(NumberError::TooLong);
    }
    let typed_country = text.contains(['+', '＋']);
    let text = without_late_scheme(text);
    // libphonenumber takes these off the end; rlibphonenumber 2.2.15 leaves characters that Unicode has not assigned. In
    // a link, parameters may end in them.
    let text =
        if text.contains(';') { text } else { text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '#') };
    // To libphonenumber the full-width tilde is the same punctuation; rlibphonenumber 2.2.15 knows the narrow one alone.
    let text = &*if text.contains('～') { Cow::Owned(text.replace('～', "~")) } else { Cow::Borrowed(text) };
    let read = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(text, region.map(Region::library));
    let suspect = match &read {
        Ok(number) => number.extension.is_some() && number.get_national_significant_number().len() == 2,
        Err(error) => matches!(error, ParseError::TooShortAfterIdd | ParseError::InvalidCountryCode),
    };
    if suspect && is_two_digits_and_extension(text) {
        return Err(NumberError::NotANumber);
    }
    // The raw text was kept for where the country came from; formats must not fall back to it.
    read.map(|number| ReadNumber(rlibphonenumber::PhoneNumber { raw_input: None, ..number }))
        .map_err(|error| NumberError::from_parsing(&error, typed_country || region.is_some()))
}

/// rlibphonenumber 2.2.15 panics on a link whose scheme stands behind its context; to libphonenumber the number between
/// the two is then empty, and so it is in what this leaves of the text.
fn without_late_scheme(text: &str) -> &str {
    const CONTEXT: &str = ";phone-context=";
    let (Some(context), Some(scheme)) = (text.find(CONTEXT), text.find("tel:")) else { return text };
    // A scheme within the context makes that invalid, which is found before.
    let behind = text.get(context + CONTEXT.len()..scheme).is_some_and(|between| between.contains(';'));
    if behind { &text[context..scheme] } else { text }
}

/// rlibphonenumber 2.2.15 reads "68 #2" as a number; to libphonenumber two digits are one only when no extension follows. Where the mark of the extension is punctuation as
/// well ("68x25"), the text has three digits and passes. Kenya has no prefix of two digits that would be taken off.
fn is_two_digits_and_extension(text: &str) -> bool {
    let read = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(text, Some(Region::KENYA.library()));
    let two_and_extension = read.is_ok_and(|number| {
        number.extension.is_some()
            && number.get_national_significant_number().len() == 2
            && number.country_code_source() == CountryCodeSource::FromDefaultCountry
    });
    let mut digits = text.char_indices().filter(|(_, c)| digit_value(*c).is_some());
    let second = digits.nth(1).map(|(at, c)| at + c.len_utf8());
    let third = digits.next().map(|(at, _)| at);
    // A closing '#' is part of an extension only behind three digits.
    let closed = text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '#').ends_with('#');
    let apart = || {
        let between = second.zip(third).map(|(from, to)| &text[from..to]);
        between.is_some_and(|between| !between.chars().all(|c| PUNCTUATION.contains(c)))
    };
    two_and_extension && (closed || apart())
}

/// What may stand between the digits of a number: libphonenumber's VALID_PUNCTUATION and its star sign.
const PUNCTUATION: &str = "-x‐‑‒–—―−ー－．／ \u{a0}\u{ad}\u{200b}\u{2060}\u{3000}()（）［］.[]/~⁓∼～*";

/// More leading zeros than these rlibphonenumber leaves out; libphonenumber keeps them. No number has as many.
const MOST_ZEROS: usize = 10;

impl ReadNumber {
    pub(crate) fn is_valid(&self) -> bool {
        !self.has_hidden_zeros() && PHONE_NUMBER_UTIL.is_valid_number(&self.0)
    }

    /// Why it is not valid, when it is not.
    pub(crate) fn problem(&self) -> Option<NumberError> {
        (!self.is_valid()).then(|| self.by_length())
    }

    /// What its length alone says: `NotInCountry` when numbers may be as long.
    pub(crate) fn by_length(&self) -> NumberError {
        if !self.has_hidden_zeros() {
            return NumberError::from_length(PHONE_NUMBER_UTIL.is_possible_number_with_reason(&self.0));
        }
        // Any number of the same length, with no zero in front.
        let national_number = u32::try_from(self.national().len() - 1).map_or(u64::MAX, |zeros| 10u64.pow(zeros));
        let as_long =
            rlibphonenumber::PhoneNumber { country_code: self.0.country_code, national_number, ..Default::default() };
        NumberError::from_length(PHONE_NUMBER_UTIL.is_possible_number_with_reason(&as_long))
    }

    pub(crate) fn full(&self) -> String {
        format!("+{}{}", self.country_code(), self.national())
    }

    pub(crate) fn national(&self) -> String {
        format!("{}{}", "0".repeat(self.zeros()), self.0.national_number)
    }

    pub(crate) fn country_code(&self) -> u16 {
        u16::try_from(self.0.country_code).unwrap_or(0)
    }

    /// libphonenumber's region code: two letters, or "001" for the codes of no country.
    pub(crate) fn region_code(&self) -> Option<String> {
        // Regions with one calling code are told apart by first digits, or else by the ranges, where this is in none.
        let shared = || Region::all().iter().filter(|region| region.calling_code() == self.country_code()).count() > 1;
        let by_range = || PHONE_NUMBER_UTIL.get_number_type(&self.0) != PhoneNumberType::Unknown;
        if self.has_hidden_zeros() && by_range() && shared() {
            return None;
        }
        PHONE_NUMBER_UTIL.get_region_for_number(&self.0).map(|region| region.to_string())
    }

    pub(crate) fn kind(&self) -> NumberKind {
        if self.has_hidden_zeros() {
            return NumberKind::Unknown;
        }
        PHONE_NUMBER_UTIL.get_number_type(&self.0).into()
    }

    pub(crate) fn international(&self) -> String {
        if self.has_hidden_zeros() {
            return format!("+{} {}", self.country_code(), self.with_hidden_zeros(true));
        }
        PHONE_NUMBER_UTIL.format(&self.0, PhoneNumberFormat::International).into_owned()
    }

    pub(crate) fn national_format(&self) -> String {
        if self.has_hidden_zeros() {
            return self.with_hidden_zeros(false);
        }
        PHONE_NUMBER_UTIL.format(&self.0, PhoneNumberFormat::National).into_owned()
    }

    pub(crate) fn extension(&self) -> Option<String> {
        self.0.extension.clone()
    }

    fn with_hidden_zeros(&self, abroad: bool) -> String {
        let extension = self.0.extension.iter().map(|extension| format!(" ext. {extension}"));
        [grouped(self.country_code(), self.national(), abroad)].into_iter().chain(extension).collect()
    }

    fn zeros(&self) -> usize {
        if !self.0.italian_leading_zero() {
            return 0;
        }
        usize::try_from(self.0.number_of_leading_zeros()).unwrap_or(0)
    }

    fn has_hidden_zeros(&self) -> bool {
        self.zeros() > MOST_ZEROS
    }

    /// The number, and whether the text itself named its country.
    pub(crate) fn valid(&self) -> Result<(PhoneNumber, bool), NumberError> {
        if let Some(problem) = self.problem() {
            return Err(problem);
        }
        if self.0.extension.is_some() {
            return Err(NumberError::Extension);
        }
        let with_country = self.0.country_code_source() != CountryCodeSource::FromDefaultCountry;
        let code_digits = self.country_code().to_string().len();
        let number = PhoneNumber { full: self.full(), national_start: 1 + code_digits as u8 };
        Ok((number, with_country))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn number(text: &str, region: &str) -> PhoneNumber {
        PhoneNumber::parse(text, Region::parse(region).ok()).unwrap()
    }

    fn code(text: &str, region: &str) -> &'static str {
        PhoneNumber::parse(text, Region::parse(region).ok()).unwrap_err().code()
    }

    #[test]
    fn a_number_knows_its_parts() {
        let number = number("0712 345678", "KE");
        assert_eq!(number.full(), "+254712345678");
        assert_eq!(number.national(), "712345678");
        assert_eq!(number.country_code(), 254);
        assert_eq!(number.region(), Some(Region::KENYA));
        assert_eq!(number.international(), "+254 712 345678");
        assert_eq!(number.national_format(), "0712 345678");
        assert_eq!(number.kind(), NumberKind::Mobile);
    }

    #[test]
    fn italian_leading_zeros_belong_to_the_national_number() {
        let rome = number("02 3661 8300", "IT");
        assert_eq!((rome.full(), rome.national()), ("+390236618300", "0236618300"));
        assert_eq!(rome.international(), "+39 02 3661 8300");
    }

    #[test]
    fn countries_that_share_a_calling_code_are_told_apart() {
        for (text, region) in [
            ("+77012345678", "KZ"),
            ("+79161234567", "RU"),
            ("+12042345678", "CA"),
            ("+18762345678", "JM"),
            ("+12015550123", "US"),
            ("+447400123456", "GB"),
            ("+447781123456", "GG"),
        ] {
            assert_eq!(number(text, "").region().unwrap().to_string(), region, "{text}");
        }
        assert_eq!(number("8 (701) 234-56-78", "KZ").full(), "+77012345678");
        assert_eq!(number("8 916 123-45-67", "RU").full(), "+79161234567");
        assert_eq!(number("1 876 234 5678", "US").region().unwrap().to_string(), "JM");
    }

    #[test]
    fn a_number_of_no_country_has_no_region() {
        let free = number("+80012345678", "");
        assert_eq!((free.region(), free.country_code()), (None, 800));
    }

    #[test]
    fn a_plus_sign_outweighs_the_region() {
        assert_eq!(number("+254 712 345 678", "RU").full(), "+254712345678");
    }

    #[test]
    fn what_is_wrong_with_a_number_has_a_code() {
        assert_eq!(code("0712345678", ""), "COUNTRY_MISSING");
        assert_eq!(code("+999712345678", ""), "INVALID_COUNTRY");
        assert_eq!(code("07123", "KE"), "TOO_SHORT");
        assert_eq!(code("071234567890123", "KE"), "TOO_LONG");
        assert_eq!(code("0999999999", "KE"), "NOT_IN_COUNTRY");
        assert_eq!(code("253-0000", "US"), "AREA_CODE_MISSING");
        assert_eq!(code("hello", "KE"), "NOT_A_NUMBER");
        assert_eq!(code("68 #2", "KE"), "NOT_A_NUMBER");
    }

    #[test]
    fn a_link_with_its_parts_in_disorder_is_no_number() {
        for text in [
            "te:+64220787;phone-context=+239;x=y;isub=tel:+6422",
            ";phone-context=+254;tel:712345678",
            ";phone-context=+254tel:7",
        ] {
            for region in ["", "KE"] {
                assert!(PhoneNumber::parse(text, Region::parse(region).ok()).is_err(), "{text:?}");
            }
        }
    }

    #[test]
    fn a_number_is_e164_in_json_and_read_from_nothing_less() {
        let amina = number("0712345678", "KE");
        assert_eq!(serde_json::to_string(&amina).unwrap(), "\"+254712345678\"");
        assert_eq!(serde_json::from_str::<PhoneNumber>("\"+254712345678\"").unwrap(), amina);
        assert!(serde_json::from_str::<PhoneNumber>("\"0712345678\"").is_err());
    }

    #[test]
    fn debug_output_shows_nothing_of_a_number() {
        assert_eq!(format!("{:?}", number("+254712345678", "")), "PhoneNumber(<redacted>)");
    }
}
