//! What `tests/oracle/numbers.py` and `emergency_numbers.py` print, compared with what this crate says.

mod texts;

use std::collections::BTreeMap;

use care4w_phone::{Destination, PhoneNumber, Region};
use serde::Serialize;
use serde_json::Value;

/// How many examples of a difference are kept.
const KEPT: usize = 20;

/// Where this crate is meant to answer otherwise, and why; docs/numbers.md has the same list.
const MEANT: [(&str, &str); 7] = [
    (LETTERS, "a word that runs into digits, or letters among them, must not ring a stranger"),
    (NOT_DECIMAL, "superscript and circled digits are digits to the Python port alone; to the original they are none"),
    (EVERYWHERE, "112, 911 and 999 are known far beyond the countries that use them"),
    (HELP_WITH_PLUS, "an emergency number behind a plus sign, a label or a link still means help"),
    (MARKS, "what nobody sees must not decide who rings: a text that means something else without it is refused"),
    (LONGER, "seven digits and more are no call for help typed in haste; they are refused as no number of the country"),
    (WHOLE_NUMBER, "a whole valid number that begins like a call for help is called in full, with its country"),
];
/// Texts with letters, which libphonenumber reads and `Destination` does not.
pub const LETTERS: &str = "a destination with letters in it is refused";
/// Digits that are no decimal digits of a script.
pub const NOT_DECIMAL: &str = "digits that are not decimal digits";
/// The emergency numbers that count in every region.
pub const EVERYWHERE: &str = "an emergency number of elsewhere";
/// Emergency numbers in texts that libphonenumber does not look into.
pub const HELP_WITH_PLUS: &str = "an emergency number with more around it";
/// Valid numbers that a switch would take for a call for help if it were sent their first digits alone.
pub const WHOLE_NUMBER: &str = "a valid number that begins with an emergency number";

/// Texts that read as something else once their invisible marks are gone.
pub const MARKS: &str = "another meaning without its invisible marks";
/// Rows of digits beyond any short number that begin with an emergency number, and are no number.
pub const LONGER: &str = "a refused number that begins with an emergency number";

/// How often something was seen, and the first few times.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Seen {
    /// How often.
    pub times: usize,
    /// The first of them.
    pub examples: Vec<String>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// Texts compared.
    pub texts: usize,
    /// Of these: valid numbers.
    pub valid: usize,
    /// What was shown while a text was typed, character by character.
    pub typed: usize,
    /// Short numbers compared, each in each region.
    pub short_numbers: usize,
    /// Differences that are meant, by their class.
    pub meant: BTreeMap<&'static str, Seen>,
    /// Those that are not, by the field.
    pub differences: BTreeMap<&'static str, Seen>,
}

impl Comparison {
    /// Compares one line of the oracle.
    ///
    /// # Panics
    ///
    /// When it is no line of the oracle: a comparison with something else would say nothing.
    pub fn line(&mut self, line: &str) {
        let expected: Value = serde_json::from_str(line).expect("every line of the oracle is JSON");
        match expected["dialledIn"].as_str() {
            Some(region) => self.short_numbers(&expected, known(region)),
            None => self.text(&expected),
        }
    }

    /// Whether everything is as it should be.
    #[allow(dead_code, reason = "the bench reads the differences themselves")]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }

    fn note(&mut self, class: &'static str, example: impl FnOnce() -> String) {
        let meant = MEANT.iter().any(|(name, _)| *name == class);
        let seen = if meant { self.meant.entry(class) } else { self.differences.entry(class) }.or_default();
        seen.times += 1;
        if seen.examples.len() < KEPT {
            seen.examples.push(example());
        }
    }

    /// What calls for help in a region, and what does not.
    fn short_numbers(&mut self, expected: &Value, region: Region) {
        let texts = |field: &str| -> Vec<String> {
            let found = expected[field].as_array().expect("the oracle lists short numbers");
            found.iter().map(|text| text.as_str().expect("a short number is a text").to_owned()).collect()
        };
        for text in texts("emergency") {
            self.short_numbers += 1;
            if code(&text, region) != "EMERGENCY_NUMBER" {
                self.note("an emergency number is not told", || format!("{text} in {region}"));
            }
            let full = format!("+{}{text}", region.calling_code());
            if let Ok(Destination::Number(_)) = Destination::parse(&full, Some(region)) {
                self.note("an emergency number is dialled behind its country code", || format!("{full} in {region}"));
            }
        }
        for text in texts("connects") {
            self.short_numbers += 1;
            match code(&text, region) {
                "EMERGENCY_NUMBER" => {}
                "OK" if PhoneNumber::parse(&text, Some(region)).is_ok() => {
                    self.note(WHOLE_NUMBER, || format!("{text} in {region}"));
                }
                problem => {
                    let told = text.len() > 6 && problem != "OK";
                    let class = if told { LONGER } else { "a call for help with more digits is not told" };
                    self.note(class, || format!("{text} in {region}: {problem}"));
                }
            }
        }
        for text in texts("neither") {
            self.short_numbers += 1;
            if code(&text, region) == "EMERGENCY_NUMBER" {
                let class =
                    if ["112", "911", "999"].contains(&text.as_str()) { EVERYWHERE } else { "no emergency number" };
                self.note(class, || format!("{text} in {region}"));
            }
        }
    }
}

fn known(region: &str) -> Region {
    Region::parse(region).expect("the oracle and this crate know the same regions")
}

/// What becomes of a text that is dialled in a region.
fn code(text: &str, region: Region) -> &'static str {
    Destination::parse(text, Some(region)).map_or_else(|error| error.code(), |_| "OK")
}
