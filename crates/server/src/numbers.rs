//! How the server reads a number that came in a request.

use care4w_phone::{Destination, DialledNumber, NumberAbroad, NumberError, Region};

use crate::error::Problem;
use crate::store::Account;

/// The region of `countryCode`.
pub fn hinted(country_code: Option<&str>) -> Result<Option<Region>, Problem> {
    country_code
        .map(|hint| {
            Region::parse_hint(hint)
                .map_err(|_| Problem::validation("countryCode is a country such as KE or a calling code such as 254."))
        })
        .transpose()
}

/// Where a number without a country is read: `countryCode`'s region, else that of one's own number, else the server's.
pub fn reading_region(hint: Option<Region>, account: &Account, default: Region) -> Region {
    hint.or_else(|| account.phone.as_ref().and_then(|phone| phone.region())).unwrap_or(default)
}

/// Reads a number.
pub fn read(text: &str, region: Region) -> Result<DialledNumber, Problem> {
    is_typed(text)?;
    match Destination::parse(text, Some(region)) {
        Ok(Destination::Number(dialled)) => Ok(dialled),
        Ok(Destination::Id(_)) => Err(Problem::invalid_phone("This is a Care4W id and not a phone number.".into())),
        Err(error) => Err(Problem::invalid_phone(error.to_string())),
    }
}

/// What a text is that [`read`] refuses, if it was typed without a country and may be a number of another one.
pub fn read_abroad(text: &str, region: Region) -> Result<NumberAbroad, Problem> {
    is_typed(text)?;
    NumberAbroad::read(text, region).map_err(|error| Problem::invalid_phone(error.to_string()))
}

/// Control characters are no typing and no pasting, they are somebody trying the door.
fn is_typed(text: &str) -> Result<(), Problem> {
    if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(Problem::invalid_phone(NumberError::NotANumber.to_string()));
    }
    Ok(())
}
