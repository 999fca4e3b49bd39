use rlibphonenumber::PHONE_NUMBER_UTIL;

use crate::format_table::plan;
use crate::{LONGEST_INPUT, PhoneNumber, Region};

/// The shortest row of digits after `00` that is taken for a number with its country.
const SHORTEST_AFTER_ZEROS: usize = 8;

/// Makes strict text of pasted text: an optional `+` and ASCII digits.
///
/// Drops what copying brings along: invisible direction marks, odd spaces, brackets, dots, labels before and names
/// after the number, `tel:`, `%2B`, the `(0)` that is not dialled from abroad; `00` becomes `+`. Digits of any script
/// become ASCII. Where nobody can tell which number was meant (letters, a plus sign, a comma or a switch's `*` and `#`
/// between digits, a word that runs into them, no digit at all) the result is empty.
///
/// A text beyond [`LONGEST_INPUT`] becomes nothing.
pub fn clean(text: &str) -> String {
    clean_in(text, None)
}

/// The same for a text that was typed in a region. Where one dials 001 or 0011 for abroad, as in Singapore and Australia,
/// `00` becomes `+` only when that makes a number and leaving it does not.
pub fn clean_in(text: &str, region: Option<Region>) -> String {
    if text.chars().nth(LONGEST_INPUT).is_some() {
        return String::new();
    }
    let decoded = visible(text).replace("%2B", "+").replace("%2b", "+").replace("%20", " ");
    let without_parameters = decoded.split(';').next().unwrap_or_default();
    strict(without_parameters, region).unwrap_or_default()
}

/// The text with ASCII digits, and without marks that nobody sees.
pub(crate) fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).map(ascii_digit).collect::<String>().trim().to_owned()
}

fn strict(text: &str, region: Option<Region>) -> Option<String> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let (before, number) = text.split_at(start);
    if joined_to_word(before) {
        return None;
    }
    let end = number.rfind(|c: char| c.is_ascii_digit())? + 1;
    let number = &number[..end];
    if number.contains(|c: char| c.is_alphabetic() || is_plus(c)) {
        // "00+254…" is the one plus sign that may follow a digit.
        let after_zeros = number.strip_prefix("00").map(|rest| rest.trim_start_matches(is_plus))?;
        return strict(&format!("+{after_zeros}"), region);
    }

    if number.contains(beside_the_number) {
        return None;
    }
    let with_plus = before.contains(is_plus);
    let all: String = number.chars().filter(char::is_ascii_digit).collect();
    let beyond_zeros = all.trim_start_matches('0');
    let dialled_abroad = all.len() - beyond_zeros.len() == 2 && beyond_zeros.len() >= SHORTEST_AFTER_ZEROS;
    if !with_plus && (!dialled_abroad || dialled_as_its_region_does(&all, beyond_zeros, region)) {
        return Some(all);
    }
    let digits: String = without_trunk_zero(number).chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (!digits.is_empty()).then(|| format!("+{digits}"))
}

/// Whether these digits begin with a region's own longer prefix for abroad, and nothing says that `00` was meant.
fn dialled_as_its_region_does(all: &str, beyond_zeros: &str, region: Option<Region>) -> bool {
    let prefix = region.and_then(|region| plan(region.calling_code())).map(|plan| &plan.international_prefix);
    prefix.and_then(|prefix| prefix.taken_from(all)).is_some_and(|length| length > 2)
        && (PhoneNumber::parse(all, region).is_ok() || PhoneNumber::parse(&format!("+{beyond_zeros}"), None).is_err())
}

/// Whether a word runs into the number that follows it: "ABC" of "ABC1234", "care-" of "care-1000001". What is meant
/// is then a name, misspelt perhaps, and its digits must not ring a stranger.
pub(crate) fn joined_to_word(before: &str) -> bool {
    before.trim_end_matches(['-', '‐', '‑', '–', '—', '_', '(', '+', '＋']).ends_with(char::is_alphabetic)
}

/// A number with its country, without the first `(0)`.
fn without_trunk_zero(number: &str) -> String {
    let Some(open) = number.find('(') else { return number.to_owned() };
    let Some(close) = number[open..].find(')').map(|length| open + length) else { return number.to_owned() };
    if number[open + 1..close].trim() == "0" {
        format!("{}{}", &number[..open], &number[close + 1..])
    } else {
        number.to_owned()
    }
}

/// Marks after which digits are an extension, a pause or a switch's command, and no longer the number.
fn beside_the_number(c: char) -> bool {
    matches!(c, ',' | '，' | '#' | '＃' | '*' | '＊' | '~' | '⁓' | '∼' | '～')
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '＋')
}

/// Marks that copying from web pages, chats and address books leaves between digits.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{20e3}')
        || (c.is_control() && !c.is_whitespace())
}

/// The digit's value in ASCII, whatever script writes it; any other character as it is.
fn ascii_digit(c: char) -> char {
    digit_value(c).unwrap_or(c)
}

/// '0' to '9' for a decimal digit of any script (Unicode category Nd).
pub(crate) fn digit_value(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    if !c.is_numeric() {
        return None;
    }
    PHONE_NUMBER_UTIL.normalize_digits_only(c.encode_utf8(&mut [0; 4])).chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_numbers_become_strict_ones() {
        for (pasted, strict) in [
            ("+254 (0) 712-345 678", "+254712345678"),
            ("00254 712 345 678", "+254712345678"),
            ("00+254 712 345 678", "+254712345678"),
            ("+00254712345678", "+254712345678"),
            ("++254712345678", "+254712345678"),
            ("tel:+254712345678;ext=", "+254712345678"),
            ("tel:%2B254%20712345678", "+254712345678"),
            ("\u{202a}+254\u{a0}712\u{2011}345\u{200b}678\u{202c}", "+254712345678"),
            ("＋２５４７１２３４５６７８", "+254712345678"),
            ("٠٧١٢٣٤٥٦٧٨", "0712345678"),
            ("Mobile: 0712.345.678 (Amina)", "0712345678"),
            ("«0712 345 678»,", "0712345678"),
            ("0\u{fe0f}\u{20e3}712345678", "0712345678"),
        ] {
            assert_eq!(clean(pasted), strict, "{pasted:?} has one meaning");
        }
    }

    #[test]
    fn text_of_unclear_meaning_becomes_nothing() {
        for text in [
            "0712345678 or 0722000111",
            "0712+345678",
            "hello",
            "",
            "care4w-ABC1234",
            "ABC712345678",
            "0712345678,5",
            "#31#0712345678",
        ] {
            assert_eq!(clean(text), "", "{text:?} could mean more than one number, or none");
        }
    }

    #[test]
    fn where_abroad_is_dialled_otherwise_two_zeros_are_left_as_they_are() {
        for (typed, region, strict) in [
            ("001 65 8987 6543", "HK", "0016589876543"),
            ("0016589", "HK", "0016589"),
            ("0011 254 712 345 678", "AU", "0011254712345678"),
            ("00254 712 345 678", "HK", "+254712345678"),
            ("00254 712 345 678", "SG", "+254712345678"),
            ("001 650 253 2222", "KE", "+16502532222"),
        ] {
            assert_eq!(clean_in(typed, Region::parse(region).ok()), strict, "{typed:?} in {region}");
        }
    }

    #[test]
    fn a_short_number_that_begins_with_zeros_stays_one() {
        assert_eq!(clean("00112"), "00112");
        assert_eq!(clean("000"), "000");
    }
}
