// The algorithm is that of libphonenumber's AsYouTypeFormatter, Copyright (C) 2009-2011 The Libphonenumber Authors,
// Apache-2.0; written anew in Rust. `tests/libphonenumber.rs` holds it to the original.

use regex::Regex;

use crate::Region;
use crate::clean::digit_value;
use crate::format_table::{Format, Plan, no_plan, plan};

/// Formats begin once this many digits are there, the plus sign counted.
const SHORTEST_FORMATTED: usize = 3;
/// Stands for a digit that is still to be typed: the punctuation space, which no number has.
const TO_COME: char = '\u{2008}';
/// Every format fits into this many digits.
const LONGEST: &str = "999999999999999";

/// Formats a number while it is typed: one character in, the whole text so far out.
///
/// The same as libphonenumber's AsYouTypeFormatter. As soon as somebody types their own punctuation, their text is
/// left alone. A region decides how numbers without a country look; without one only `+…` is formatted.
pub struct AsYouType {
    region: Option<Region>,
    plan: &'static Plan,
    /// What is shown.
    output: String,
    /// What was typed, as it was typed.
    typed: String,
    /// What was typed, as ASCII digits and a leading plus sign.
    digits: String,
    /// The digits after whatever stands in `before`.
    national: String,
    /// Plus sign or international prefix, calling code, national prefix, with their spaces.
    before: String,
    /// The national prefix that stands in `before`.
    prefix: String,
    /// The chosen format with a place for every digit.
    template: Vec<char>,
    /// Where in the template the last digit went.
    last_digit: usize,
    chosen: Option<&'static str>,
    candidates: Vec<&'static Format>,
    space_after_prefix: bool,
    able: bool,
    own_punctuation: bool,
    complete: bool,
    expects_code: bool,
}

impl AsYouType {
    /// Begins a number that is typed in `region`.
    pub fn new(region: Option<Region>) -> AsYouType {
        AsYouType {
            region,
            plan: region.and_then(|region| plan(region.calling_code())).unwrap_or_else(no_plan),
            output: String::new(),
            typed: String::new(),
            digits: String::new(),
            national: String::new(),
            before: String::new(),
            prefix: String::new(),
            template: Vec::new(),
            last_digit: 0,
            chosen: None,
            candidates: Vec::new(),
            space_after_prefix: false,
            able: true,
            own_punctuation: false,
            complete: false,
            expects_code: false,
        }
    }

    /// What a whole text looks like once it is typed.
    pub fn format(text: &str, region: Option<Region>) -> String {
        let mut formatter = AsYouType::new(region);
        // Beyond this no format is left and the text stands as it is: do not try again for every character.
        if text.chars().nth(crate::LONGEST_INPUT).is_some() {
            return text.to_owned();
        }
        for c in text.chars() {
            formatter.input(c);
        }
        formatter.output
    }

    /// What is shown now.
    pub fn text(&self) -> &str {
        &self.output
    }

    /// Types one character and returns what is shown then.
    pub fn input(&mut self, c: char) -> &str {
        self.output = self.after(c);
        &self.output
    }

    fn after(&mut self, c: char) -> String {
        self.typed.push(c);
        let first = self.typed.chars().nth(1).is_none();
        let digit = digit_value(c);
        match digit {
            Some(digit) => {
                self.digits.push(digit);
                self.national.push(digit);
            }
            None if first && c == '+' => self.digits.push('+'),
            // libphonenumber takes the full-width plus for a digit of the national number here.
            None if first && c == '＋' => {
                self.digits.push(c);
                self.national.push(c);
            }
            None => {
                self.able = false;
                self.own_punctuation = true;
            }
        }
        if !self.able {
            return self.after_giving_up();
        }

        match self.digits.chars().count() {
            0..=2 => return self.typed.clone(),
            3 => {
                if self.take_international_prefix() {
                    self.expects_code = true;
                } else {
                    self.prefix = self.take_national_prefix();
                    return self.choose_format();
                }
            }
            _ => {}
        }
        if self.expects_code {
            if self.take_calling_code() {
                self.expects_code = false;
            }
            return format!("{}{}", self.before, self.national);
        }
        if self.candidates.is_empty() {
            return self.choose_format();
        }
        let filled = self.fill_digit(digit.unwrap_or(c));
        if let Some(whole) = self.whole_number() {
            return whole;
        }
        self.narrow_down();
        if self.new_template() {
            return self.fill_all();
        }
        if self.able { self.with_before(&filled) } else { self.typed.clone() }
    }

    /// A long international or national prefix can be why no format fitted: try once more behind it.
    fn after_giving_up(&mut self) -> String {
        if self.own_punctuation {
            return self.typed.clone();
        }
        if self.take_international_prefix() {
            if self.take_calling_code() {
                return self.choose_format_anew();
            }
        } else if self.take_longer_national_prefix() {
            self.before.push(' ');
            return self.choose_format_anew();
        }
        self.typed.clone()
    }

    fn choose_format_anew(&mut self) -> String {
        self.able = true;
        self.expects_code = false;
        self.candidates.clear();
        self.last_digit = 0;
        self.template.clear();
        self.chosen = None;
        self.choose_format()
    }

    fn choose_format(&mut self) -> String {
        if self.national.chars().count() < SHORTEST_FORMATTED {
            return self.with_before(&self.national);
        }
        self.gather_candidates();
        if let Some(whole) = self.whole_number() {
            return whole;
        }
        if self.new_template() { self.fill_all() } else { self.typed.clone() }
    }

    fn gather_candidates(&mut self) {
        let international = self.complete && self.prefix.is_empty();
        let formats = match &self.plan.international {
            Some(formats) if international => formats,
            _ => &self.plan.national,
        };
        for format in formats {
            let wants_none = format.first_group_only && !format.prefix_optional && !format.carrier_rule;
            let wants_one = !format.first_group_only && !format.prefix_optional;
            let unfit = if self.prefix.is_empty() { !self.complete && wants_one } else { wants_none };
            if !unfit {
                self.candidates.push(format);
            }
        }
        self.narrow_down();
    }

    fn narrow_down(&mut self) {
        let beyond = self.national.chars().count().saturating_sub(SHORTEST_FORMATTED);
        let national = &self.national;
        self.candidates.retain(|format| match format.leading_digits.len().checked_sub(1) {
            None => true,
            Some(last) => format.leading_digits[beyond.min(last)].at_start().is_match(national),
        });
    }

    /// The number in a format that fits it exactly, when that loses and adds no digit.
    fn whole_number(&mut self) -> Option<String> {
        for format in self.candidates.clone() {
            if format.pattern.taken_from(&self.national) != Some(self.national.len()) {
                continue;
            }
            self.space_after_prefix = format.space_after_prefix;
            let grouped = format.pattern.at_start().replace(&self.national, format.replacement);
            let whole = self.with_before(&grouped);
            let diallable = whole.chars().filter(|c| c.is_ascii_digit() || matches!(c, '+' | '*' | '#'));
            if diallable.eq(self.digits.chars()) {
                return Some(whole);
            }
        }
        None
    }

    /// Takes the first candidate that has room for the digits; drops those that have not.
    fn new_template(&mut self) -> bool {
        while let Some(format) = self.candidates.first() {
            if self.chosen == Some(format.pattern.text.as_str()) {
                return false;
            }
            if let Some(template) = template(format, self.national.chars().count()) {
                self.chosen = Some(format.pattern.text.as_str());
                self.space_after_prefix = format.space_after_prefix;
                self.template = template;
                self.last_digit = 0;
                return true;
            }
            self.candidates.remove(0);
        }
        self.able = false;
        false
    }

    fn fill_all(&mut self) -> String {
        if self.national.is_empty() {
            return self.before.clone();
        }
        let mut filled = String::new();
        for digit in self.national.clone().chars() {
            filled = self.fill_digit(digit);
        }
        if self.able { self.with_before(&filled) } else { self.typed.clone() }
    }

    fn fill_digit(&mut self, digit: char) -> String {
        let room = self.template.iter().skip(self.last_digit).any(|c| *c == TO_COME);
        match self.template.iter().position(|c| *c == TO_COME) {
            Some(place) if room => {
                self.template[place] = digit;
                self.last_digit = place;
                self.template[..=place].iter().collect()
            }
            _ => {
                if self.candidates.len() == 1 {
                    self.able = false;
                }
                self.chosen = None;
                self.typed.clone()
            }
        }
    }

    fn with_before(&self, national: &str) -> String {
        let space = self.space_after_prefix && !self.before.is_empty() && !self.before.ends_with(' ');
        format!("{}{}{national}", self.before, if space { " " } else { "" })
    }

    fn take_longer_national_prefix(&mut self) -> bool {
        if !self.prefix.is_empty() {
            self.national.insert_str(0, &self.prefix);
            if let Some(start) = self.before.rfind(&self.prefix) {
                self.before.truncate(start);
            }
        }
        let taken = self.take_national_prefix();
        taken != self.prefix
    }

    fn take_national_prefix(&mut self) -> String {
        let mut length = 0;
        if self.starts_with_north_american_prefix() {
            length = 1;
            self.before.push_str("1 ");
            self.complete = true;
        } else if let Some(taken) = self.plan.national_prefix.as_ref().and_then(|p| p.taken_from(&self.national))
            && taken > 0
        {
            length = taken;
            self.complete = true;
            self.before.push_str(&self.national[..taken]);
        }
        let rest = self.national.split_off(length);
        std::mem::replace(&mut self.national, rest)
    }

    /// After 1 a North American number goes on with 2 to 9; 10 and 11 begin service numbers.
    fn starts_with_north_american_prefix(&self) -> bool {
        let mut digits = self.national.bytes();
        self.plan.code == 1 && digits.next() == Some(b'1') && digits.next().is_some_and(|b| b != b'0' && b != b'1')
    }

    fn take_international_prefix(&mut self) -> bool {
        let Some(taken) = self.plan.international_prefix.taken_from(&self.digits) else { return false };
        self.complete = true;
        self.national = self.digits[taken..].to_owned();
        self.before = self.digits[..taken].to_owned();
        if !self.digits.starts_with('+') {
            self.before.push(' ');
        }
        true
    }

    fn take_calling_code(&mut self) -> bool {
        let Some((code, length)) = calling_code(&self.national) else { return false };
        self.national.drain(..length);
        let at_home = self.region.is_some() && self.region == Region::main_for_calling_code(code);
        if let Some(plan) = plan(code)
            && !at_home
        {
            self.plan = plan;
        }
        self.before.push_str(&code.to_string());
        self.before.push(' ');
        self.prefix.clear();
        true
    }
}

/// The calling code that digits begin with, and its length.
fn calling_code(digits: &str) -> Option<(u16, usize)> {
    if digits.starts_with('0') {
        return None;
    }
    (1..=3).find_map(|length| {
        let code = digits.get(..length)?.parse().ok()?;
        plan(code).map(|_| (code, length))
    })
}

/// A format with a place for every digit, when it has room for `digits`.
fn template(format: &Format, digits: usize) -> Option<Vec<char>> {
    let regex: &Regex = format.pattern.at_start();
    let nines = regex.find(LONGEST)?.as_str();
    if nines.len() < digits {
        return None;
    }
    let grouped = regex.replace(nines, format.replacement);
    Some(grouped.chars().map(|c| if c == '9' { TO_COME } else { c }).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn steps(text: &str, region: &str) -> Vec<String> {
        let mut formatter = AsYouType::new(Region::parse(region).ok());
        text.chars().map(|c| formatter.input(c).to_owned()).collect()
    }

    #[test]
    fn a_number_takes_shape_while_it_is_typed() {
        let shown = steps("+254712345678", "KE");
        assert_eq!(shown[3], "+254 ");
        assert_eq!(shown[6], "+254 712");
        assert_eq!(shown[12], "+254 712 345678");
        assert_eq!(steps("6502532222", "US")[9], "(650) 253-2222");
    }

    #[test]
    fn whoever_types_punctuation_keeps_it() {
        assert_eq!(AsYouType::format("0712-345 6", Some(Region::KENYA)), "0712-345 6");
    }

    #[test]
    fn without_a_region_only_numbers_with_a_plus_are_formatted() {
        assert_eq!(AsYouType::format("0712345678", None), "0712345678");
        assert_eq!(AsYouType::format("+16502532222", None), "+1 650-253-2222");
    }

    #[test]
    fn a_huge_text_is_given_back_as_it_is() {
        let text = "7".repeat(100_000);
        assert_eq!(AsYouType::format(&text, Some(Region::KENYA)), text);
    }
}
