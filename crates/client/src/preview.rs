//! What a field shows while somebody types: the text as it should look, where the caret goes, and whether it can be
//! a number yet. The rules are `care4w-phone`'s; this puts the caret back where it was.

use care4w_phone::{
    AsYouType, Destination, DestinationError, NumberError, PhoneNumber, Region, clean_in, is_service_code,
};
use serde::Serialize;

use crate::Problem;
use crate::dialling::not_called;

/// Whether what stands in the phone field can be somebody's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum PhoneFieldState {
    /// Nothing was typed.
    Empty,
    /// Not a number, or not yet.
    Invalid,
    /// A number that somebody can have.
    Possible,
}

/// The phone field as it should look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct PhonePreview {
    /// The text, formatted.
    pub text: String,
    /// Where the caret goes, in UTF-16 units as a text field counts.
    pub caret: u32,
    /// The country that the number is read in: another one than was chosen when the text names it.
    pub country: String,
    /// Whether it can be a number.
    pub state: PhoneFieldState,
    /// Why not, if not.
    pub reason: Option<Problem>,
    /// The number in E.164, if it is one.
    pub full: Option<String>,
}

/// What stands in the dialler's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum DialKind {
    /// Nothing was typed.
    Empty,
    /// Nobody who can be called, or not yet.
    Incomplete,
    /// A phone number.
    Number,
    /// A Care4W id.
    Id,
}

/// The dialler's field as it should look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DialPreview {
    /// The text, formatted.
    pub text: String,
    /// Where the caret goes, in UTF-16 units.
    pub caret: u32,
    /// What it is.
    pub kind: DialKind,
    /// The region of a number, ISO 3166-1 alpha-2.
    pub detail: Option<String>,
    /// Why it cannot be called, if not.
    pub reason: Option<Problem>,
}

/// The phone field after a key or a paste. `caret` is where it stood in `text`, in UTF-16 units.
pub fn phone_field(text: &str, country: Option<Region>, caret: u32) -> PhonePreview {
    let (shown, caret) = formatted(text, country, caret);
    let read = PhoneNumber::parse(&shown, country)
        .or_else(|error| PhoneNumber::parse(&clean_in(text, country), country).map_err(|_| error));
    let typed_country = read.as_ref().ok().and_then(PhoneNumber::region).or_else(|| named_country(&shown));
    // A number is at home in several regions of one plan (+1, +7, …): what was chosen stays if it is one of them.
    let country = match (typed_country, country) {
        (Some(typed), Some(chosen)) if shown.starts_with('+') || typed.calling_code() != chosen.calling_code() => {
            if read.is_err() && typed.calling_code() == chosen.calling_code() {
                chosen
            } else {
                typed
            }
        }
        (_, Some(chosen)) => chosen,
        (Some(typed), None) => typed,
        (None, None) => Region::KENYA,
    };
    let (state, reason, full) = match read {
        _ if shown.trim().is_empty() => (PhoneFieldState::Empty, None, None),
        Ok(number) => (PhoneFieldState::Possible, None, Some(number.full().to_owned())),
        Err(error) => (PhoneFieldState::Invalid, Some(Problem::new(error.code(), error.to_string())), None),
    };
    PhonePreview { text: shown, caret, country: country.code(), state, reason, full }
}

/// The dialler's field after a key or a paste.
pub fn dial_field(text: &str, country: Option<Region>, caret: u32) -> DialPreview {
    // Neither an id nor a code for a telephone is a number to format.
    let as_it_is = text.chars().any(|c| c.is_ascii_alphabetic()) || is_service_code(text);
    let (shown, caret) = if as_it_is { (text.to_owned(), caret) } else { formatted(text, country, caret) };
    let read =
        Destination::parse(&shown, country).or_else(|error| Destination::parse(text, country).map_err(|_| error));
    let (kind, detail, reason) = match read {
        Ok(Destination::Number(dialled)) => {
            (DialKind::Number, dialled.number.region().map(|region| region.code()), None)
        }
        Ok(Destination::Id(_)) => (DialKind::Id, None, None),
        Err(DestinationError::Empty) => (DialKind::Empty, None, None),
        Err(error) => (DialKind::Incomplete, None, Some(not_called(error, text, country))),
    };
    DialPreview { text: shown, caret, kind, detail, reason }
}

/// The country that the text itself names by its calling code, as far as it is typed.
fn named_country(shown: &str) -> Option<Region> {
    let digits: String = shown.strip_prefix('+')?.chars().filter(char::is_ascii_digit).take(3).collect();
    (1..=digits.len()).rev().find_map(|length| Region::main_for_calling_code(digits[..length].parse().ok()?))
}

/// Formats a text and keeps the caret behind the same digit.
fn formatted(text: &str, country: Option<Region>, caret: u32) -> (String, u32) {
    let cleaned = clean_in(text, country);
    let strict = !cleaned.is_empty() && cleaned.chars().all(|c| c.is_ascii_digit() || c == '+');
    if !strict {
        // Too little or too odd to format: a lone plus, words. It stays as it was typed.
        return (text.to_owned(), caret);
    }
    // `clean` drops a plus that stands alone and what stands before the digits; both count as one place each.
    let before: usize = digits_before(text, caret);
    let total = cleaned.chars().filter(char::is_ascii_digit).count();
    let typed_total = text.chars().filter(|c| c.is_numeric()).count();
    // "00" has become "+": the digits are counted from the end then.
    let behind = typed_total.saturating_sub(before);
    let shown = AsYouType::format(&cleaned, country);
    let keep = total.saturating_sub(behind);
    let mut seen = 0;
    let mut place = 0;
    if behind == 0 {
        return (shown.clone(), units(&shown));
    }
    for c in shown.chars() {
        if seen == keep && (c.is_ascii_digit() || seen > 0) {
            break;
        }
        place += c.len_utf16();
        if c.is_ascii_digit() {
            seen += 1;
        }
    }
    if keep == 0 {
        // In front of the first digit, behind a plus.
        place = shown.chars().take_while(|c| *c == '+').count();
    }
    (shown, place as u32)
}

fn digits_before(text: &str, caret: u32) -> usize {
    let mut place = 0;
    let mut digits = 0;
    for c in text.chars() {
        if place >= caret as usize {
            break;
        }
        place += c.len_utf16();
        digits += usize::from(c.is_numeric());
    }
    digits
}

fn units(text: &str) -> u32 {
    text.chars().map(char::len_utf16).sum::<usize>() as u32
}

/// Why a number that was to be saved is none.
pub(crate) fn number_problem(error: NumberError) -> Problem {
    Problem::new(error.code(), error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KE: Option<Region> = Some(Region::KENYA);

    #[test]
    fn a_number_is_formatted_as_it_is_typed_and_the_caret_stays_at_the_end() {
        let preview = phone_field("0712345678", KE, 10);
        assert_eq!(preview.state, PhoneFieldState::Possible);
        assert_eq!(preview.full.as_deref(), Some("+254712345678"));
        assert_eq!(preview.caret as usize, preview.text.len());
    }

    #[test]
    fn a_caret_in_the_middle_stays_behind_its_digit() {
        // "0712 345678" with the caret behind the 3.
        let preview = phone_field("0712345678", KE, 5);
        let before: String = preview.text.chars().take(preview.caret as usize).filter(char::is_ascii_digit).collect();
        assert_eq!(before, "07123");
    }

    #[test]
    fn a_pasted_country_code_moves_the_selector() {
        for pasted in ["+255 712 345 678", "00255712345678", "tel:+255712345678"] {
            let preview = phone_field(pasted, KE, pasted.len() as u32);
            assert_eq!(preview.country, "TZ", "{pasted}");
            assert_eq!(preview.full.as_deref(), Some("+255712345678"), "{pasted}");
        }
    }

    #[test]
    fn a_chosen_country_of_a_shared_code_is_not_taken_back_while_typing() {
        let canada = Some(Region::parse("CA").unwrap());
        assert_eq!(phone_field("+1 416", canada, 6).country, "CA");
    }

    #[test]
    fn what_cannot_be_a_number_says_why() {
        let preview = phone_field("0712", KE, 4);
        assert_eq!(preview.state, PhoneFieldState::Invalid);
        assert_eq!(preview.reason.unwrap().code, "TOO_SHORT");
        assert_eq!(phone_field("", KE, 0).state, PhoneFieldState::Empty);
    }

    #[test]
    fn the_dialler_takes_numbers_and_ids() {
        assert_eq!(dial_field("0712345678", KE, 10).kind, DialKind::Number);
        assert_eq!(dial_field("0712345678", KE, 10).detail.as_deref(), Some("KE"));
        assert_eq!(dial_field("care4w-abc1234", KE, 14).kind, DialKind::Id);
        assert_eq!(dial_field("", KE, 0).kind, DialKind::Empty);
        let code = dial_field("*#06#", KE, 5);
        assert_eq!((code.text.as_str(), code.caret), ("*#06#", 5), "it stays what was typed");
        assert_eq!(code.reason.unwrap().code, "SERVICE_CODE");
        assert_eq!(dial_field("999", KE, 3).reason.unwrap().code, "EMERGENCY_NUMBER");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_caret_is_inside_the_text(text in "\\PC{0,40}", caret in 0u32..60) {
            let phone = phone_field(&text, KE, caret.min(units(&text)));
            prop_assert!(phone.caret <= units(&phone.text));
            let dial = dial_field(&text, KE, caret.min(units(&text)));
            prop_assert!(dial.caret <= units(&dial.text));
        }

        #[test]
        fn formatting_twice_changes_nothing(text in "\\+?[0-9]{0,15}") {
            let once = phone_field(&text, KE, units(&text));
            let twice = phone_field(&once.text, KE, once.caret);
            prop_assert_eq!(once.text, twice.text);
        }
    }
}
