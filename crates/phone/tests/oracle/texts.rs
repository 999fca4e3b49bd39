//! One text: as a number, while it is typed, and as a destination.

use care4w_phone::{AsYouType, Destination, NumberError, NumberReport, Region};
use serde_json::{Value, json};

use super::{Comparison, HELP_WITH_PLUS, LETTERS, MARKS, NOT_DECIMAL, known};

/// The fields of a report that the oracle has under the same name.
const FIELDS: [&str; 8] = ["valid", "reason", "full", "national", "countryCode", "region", "type", "international"];

impl Comparison {
    pub(super) fn text(&mut self, expected: &Value) {
        let input = expected["input"].as_str().expect("the oracle says what it read");
        let region = expected["readIn"].as_str().map(known);
        self.texts += 1;
        self.valid += usize::from(expected["valid"] == true);
        self.number(expected, input, region);
        self.typing(expected, input, region);
        self.destination(expected, input, region);
    }

    fn number(&mut self, expected: &Value, input: &str, region: Option<Region>) {
        let report = NumberReport::of(input, region);
        let ours = serde_json::to_value(&report).expect("a report is JSON");
        let beside = [
            ("possible by its length", &expected["byLength"], json!(report.by_length.map(NumberError::code))),
            ("national format", &expected["nationalFormat"], json!(report.national_format)),
            ("extension", &expected["extension"], json!(report.extension)),
        ];
        let typed = expected["typed"].as_array().expect("the oracle says what is shown");
        // Longer texts than any number: the oracle shows how they begin.
        if typed.len() == input.chars().count() && typed.last().unwrap_or(&json!("")) != &report.as_typed {
            self.note(class("typed", input), || format!("{input:?} in {region:?}: here {:?}", report.as_typed));
        }
        let reported = FIELDS.map(|field| (field, &expected[field], ours[field].clone()));
        for (field, theirs, ours) in reported.into_iter().chain(beside) {
            if *theirs != ours {
                self.note(field, || format!("{input:?} in {region:?}: {theirs}, here {ours}"));
            }
        }
    }

    fn typing(&mut self, expected: &Value, input: &str, region: Option<Region>) {
        let theirs = expected["typed"].as_array().expect("the oracle says what is shown");
        let mut formatter = AsYouType::new(region);
        for (shown, c) in theirs.iter().zip(input.chars()) {
            self.typed += 1;
            let ours = formatter.input(c);
            if shown != ours {
                let ours = ours.to_owned();
                let class = class("as one types", input);
                self.note(class, || format!("{input:?} in {region:?}, at {c:?}: {shown}, here {ours:?}"));
                return;
            }
        }
    }

    /// Whatever libphonenumber takes for a valid number is the same number as a destination, or none.
    fn destination(&mut self, expected: &Value, input: &str, region: Option<Region>) {
        let ours = Destination::parse(input, region);
        let code = ours.as_ref().map_or_else(|error| error.code(), |_| "OK");
        if expected["emergency"] == true && code != "EMERGENCY_NUMBER" {
            let class = if ours.is_ok() { "a call for help is dialled" } else { "a call for help is not told" };
            self.note(class, || format!("{input:?} in {region:?}: {code}"));
        }
        if expected["valid"] != true {
            return;
        }
        match ours {
            Ok(Destination::Number(dialled)) => {
                if expected["full"] != dialled.number.full() {
                    let full = dialled.number.full();
                    self.note("a destination is another number", || format!("{input:?} in {region:?}: {full}"));
                } else if expected["withCountry"] != dialled.with_country {
                    self.note("with its country or without", || format!("{input:?} in {region:?}"));
                }
            }
            Err(_) if code == "EXTENSION" && !expected["extension"].is_null() => {}
            _ => {
                let class = match code {
                    "EMERGENCY_NUMBER" => HELP_WITH_PLUS,
                    _ if input.contains(char::is_alphabetic) => LETTERS,
                    _ if marks_matter(input, region) => MARKS,
                    _ => "a valid number is no destination",
                };
                self.note(class, || format!("{input:?} in {region:?}: {code}"));
            }
        }
    }
}

fn marks_matter(input: &str, region: Option<Region>) -> bool {
    let full = |text: &str| NumberReport::of(text, region).full;
    full(input) != full(&input.replace(['\u{ad}', '\u{200b}', '\u{2060}'], ""))
}

/// A difference in a text with superscript or circled digits is of their making.
fn class(field: &'static str, input: &str) -> &'static str {
    let other_digit = |c| matches!(c, '²' | '³' | '¹' | '⁰'..='⁹' | '₀'..='₉' | '①'..='⑨');
    if input.contains(other_digit) { NOT_DECIMAL } else { field }
}
