use serde::Serialize;

use crate::number::read;
use crate::{AsYouType, NumberError, NumberKind, Region};

/// All that can be said of a text read as a number: the line that `care4w-cli number --json` prints.
///
/// It is libphonenumber's `parse(text, region)` and nothing more; cleaning belongs to
/// [`Destination`](crate::Destination). What is absent is null. A text that reads as a number and is not valid
/// keeps what was read of it. `Debug` is not to be had: a report is full of numbers.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberReport {
    /// The text as it came.
    pub input: String,
    /// Whether somebody can have this number.
    pub valid: bool,
    /// Why it is not valid: the code of a [`NumberError`](crate::NumberError).
    pub reason: Option<&'static str>,
    /// E.164 with the plus sign.
    pub full: Option<String>,
    /// The national significant number, leading zeros kept.
    pub national: Option<String>,
    /// The country calling code.
    pub country_code: Option<u16>,
    /// Two letters, or "001" for the numbers of no country.
    pub region: Option<String>,
    /// What kind of line it is; `UNKNOWN` when it is not valid.
    pub r#type: Option<NumberKind>,
    /// As it is written for abroad.
    pub international: Option<String>,
    /// What libphonenumber's AsYouTypeFormatter shows once the text is typed, character by character.
    pub as_typed: String,
    /// As it is written in its own country. Not part of the JSON line, whose fields are promised.
    #[serde(skip)]
    pub national_format: Option<String>,
    /// The extension that the text had. Not part of the JSON line either.
    #[serde(skip)]
    pub extension: Option<String>,
    /// What its length alone says, of a valid number too: `NotInCountry` when numbers of its country may be as long.
    #[serde(skip)]
    pub by_length: Option<NumberError>,
}

impl NumberReport {
    /// Reads one text.
    pub fn of(text: &str, region: Option<Region>) -> NumberReport {
        let blank = NumberReport {
            input: text.to_owned(),
            valid: false,
            reason: None,
            full: None,
            national: None,
            country_code: None,
            region: None,
            r#type: None,
            international: None,
            as_typed: AsYouType::format(text, region),
            national_format: None,
            extension: None,
            by_length: None,
        };
        let number = match read(text, region) {
            Ok(number) => number,
            Err(error) => return NumberReport { reason: Some(error.code()), ..blank },
        };
        let problem = number.problem();
        NumberReport {
            valid: problem.is_none(),
            reason: problem.map(|problem| problem.code()),
            full: Some(number.full()),
            national: Some(number.national()),
            country_code: Some(number.country_code()),
            region: number.region_code(),
            r#type: Some(number.kind()),
            international: Some(number.international()),
            national_format: Some(number.national_format()),
            extension: number.extension(),
            by_length: Some(number.by_length()),
            ..blank
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn report(text: &str, region: &str) -> serde_json::Value {
        serde_json::to_value(NumberReport::of(text, Region::parse(region).ok())).unwrap()
    }

    #[test]
    fn a_valid_number_is_reported_whole() {
        let expected = json!({
            "input": "0712345678", "valid": true, "reason": null, "full": "+254712345678", "national": "712345678",
            "countryCode": 254, "region": "KE", "type": "MOBILE", "international": "+254 712 345678",
            "asTyped": "0712 345678",
        });
        assert_eq!(report("0712345678", "KE"), expected);
        assert_eq!(report("+12015550123", "")["type"], "FIXED_LINE_OR_MOBILE");
    }

    #[test]
    fn a_text_that_is_no_number_has_a_reason_and_nulls() {
        let expected = json!({
            "input": "hello", "valid": false, "reason": "NOT_A_NUMBER", "full": null, "national": null,
            "countryCode": null, "region": null, "type": null, "international": null, "asTyped": "hello",
        });
        assert_eq!(report("hello", "KE"), expected);
    }

    #[test]
    fn a_number_that_nobody_has_keeps_what_was_read_of_it() {
        let report = report("0999999999", "KE");
        assert_eq!(report["valid"], false);
        assert_eq!(report["reason"], "NOT_IN_COUNTRY");
        assert_eq!((&report["full"], &report["type"]), (&json!("+254999999999"), &json!("UNKNOWN")));
    }
}
