use std::collections::BTreeMap;
use std::fmt;

use crate::clean::{clean_in, visible};
use crate::number::read;
use crate::{Destination, DestinationError, NumberError, PhoneNumber, Region};

/// A number that was typed without a country, is none in the region it was read in, and is one elsewhere: "020 7946 0958"
/// in the United States. Nobody can tell which country was meant, so it stands for one national number or for several; whom one of
/// them reaches is confirmed before it rings.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberAbroad {
    /// One for each national number, in the order of those.
    numbers: Vec<PhoneNumber>,
}

impl NumberAbroad {
    /// Reads a text that was typed in a region. Every numbering plan is tried, which takes as
    /// long as two hundred texts take [`Destination::parse`].
    ///
    /// # Errors
    /// What [`Destination::parse`] says of a text in that region, if the text names its country, calls for help, is a short number or an
    /// id, has an extension, or is a number nowhere; `NOT_A_NUMBER` of a text that is a destination in that region.
    pub fn read(text: &str, region: Region) -> Result<NumberAbroad, DestinationError> {
        let here = match Destination::parse(text, Some(region)) {
            Ok(_) => return Err(NumberError::NotANumber.into()),
            Err(here) => here,
        };
        let DestinationError::Number(
            NumberError::TooShort
            | NumberError::TooLong
            | NumberError::InvalidLength
            | NumberError::AreaCodeMissing
            | NumberError::NotInCountry,
        ) = here
        else {
            return Err(here);
        };
        let digits = clean_in(&visible(text), Some(region));
        if digits.is_empty() || digits.starts_with('+') {
            return Err(here);
        }
        // Where several regions share a calling code, its main one reads for all of them.
        let plans = Region::all().iter().filter(|at| Region::main_for_calling_code(at.calling_code()) == Some(**at));
        let numbers: BTreeMap<String, PhoneNumber> = plans
            .filter_map(|at| read(&digits, Some(*at)).and_then(|read| read.valid()).ok())
            .filter(|(_, with_country)| !with_country)
            .map(|(number, _)| (number.national().to_owned(), number))
            .collect();
        if numbers.is_empty() { Err(here) } else { Ok(NumberAbroad { numbers: numbers.into_values().collect() }) }
    }

    /// A number of some country for each national number that the text may be; at least one, each national number once.
    pub fn numbers(&self) -> &[PhoneNumber] {
        &self.numbers
    }
}

impl fmt::Debug for NumberAbroad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberAbroad(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn nationals(text: &str, region: &str) -> Result<Vec<String>, &'static str> {
        let region = Region::parse(region).unwrap();
        let abroad = NumberAbroad::read(text, region).map_err(DestinationError::code)?;
        Ok(abroad.numbers().iter().map(|number| number.national().to_owned()).collect())
    }

    #[test]
    fn a_number_that_the_region_has_not_may_be_one_elsewhere() {
        assert_eq!(Destination::parse("020 7946 0958", Region::parse("US").ok()).unwrap_err().code(), "TOO_LONG");
        let elsewhere = nationals("020 7946 0958", "US").unwrap();
        assert_eq!(elsewhere, ["02079460958", "2079460958"], "with the zero it is Italy's, without it London's");
        assert_eq!(nationals("2079460958", "KE").unwrap(), ["2079460958"]);
    }

    #[test]
    fn what_is_none_elsewhere_either_has_the_reason_that_it_has_here() {
        for text in [
            "+442079460958",
            "+4420794609",
            "00254 000 345678",
            "112",
            "100",
            "hello",
            "",
            "care4w-ABC1234",
            "care4w-1",
            "00000000",
        ] {
            let here =
                Destination::parse(text, Some(Region::KENYA)).map_or_else(|error| error.code(), |_| "NOT_A_NUMBER");
            assert_eq!(nationals(text, "KE"), Err(here), "{text:?}");
        }
    }
}
