use rlibphonenumber::{NumberLengthType, ParseError, ValidationError};

/// Why a text is not a phone number that somebody could have. The sentences are for the person who typed it;
/// `code` is for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NumberError {
    /// There is no number in the text, or something else is in it.
    #[error("This is not a phone number.")]
    NotANumber,
    /// It was typed without a country, and no region was given to read it in.
    #[error("Choose a country, or type the number with + and its country code.")]
    CountryMissing,
    /// No country has the calling code that it begins with.
    #[error("No country has this country code.")]
    InvalidCountry,
    /// Shorter than every number of its country.
    #[error("This number is too short.")]
    TooShort,
    /// Longer than every number of its country, or than any text that is read as a number.
    #[error("This number is too long.")]
    TooLong,
    /// Between the shortest and the longest of its country, where no number has this many digits.
    #[error("A number of this country does not have this many digits.")]
    InvalidLength,
    /// Could be called from next door only: its area code is missing.
    #[error("The area code is missing.")]
    AreaCodeMissing,
    /// Long enough, yet in no range that its country has given out.
    #[error("There is no such number in this country.")]
    NotInCountry,
    /// It has an extension, which no user and no call can be reached by.
    #[error("A number with an extension cannot be used. Leave the extension off.")]
    Extension,
}

impl NumberError {
    /// The stable code: the variant in capitals, such as `TOO_SHORT`.
    pub fn code(self) -> &'static str {
        match self {
            NumberError::NotANumber => "NOT_A_NUMBER",
            NumberError::CountryMissing => "COUNTRY_MISSING",
            NumberError::InvalidCountry => "INVALID_COUNTRY",
            NumberError::TooShort => "TOO_SHORT",
            NumberError::TooLong => "TOO_LONG",
            NumberError::InvalidLength => "INVALID_LENGTH",
            NumberError::AreaCodeMissing => "AREA_CODE_MISSING",
            NumberError::NotInCountry => "NOT_IN_COUNTRY",
            NumberError::Extension => "EXTENSION",
        }
    }

    /// `typed_country` tells whether the text itself began with a plus sign.
    pub(crate) fn from_parsing(error: &ParseError, typed_country: bool) -> NumberError {
        match error {
            ParseError::InvalidCountryCode if typed_country => NumberError::InvalidCountry,
            ParseError::InvalidCountryCode => NumberError::CountryMissing,
            ParseError::NotANumber(_) => NumberError::NotANumber,
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => NumberError::TooShort,
            ParseError::TooLongNsn => NumberError::TooLong,
        }
    }

    /// Why a number that was read is not valid, by what libphonenumber says of its length.
    pub(crate) fn from_length(length: Result<NumberLengthType, ValidationError>) -> NumberError {
        match length {
            Ok(NumberLengthType::IsPossible) => NumberError::NotInCountry,
            Ok(NumberLengthType::IsPossibleLocalOnly) => NumberError::AreaCodeMissing,
            Err(ValidationError::InvalidCountryCode) => NumberError::InvalidCountry,
            Err(ValidationError::TooShort) => NumberError::TooShort,
            Err(ValidationError::InvalidLength) => NumberError::InvalidLength,
            Err(ValidationError::TooLong) => NumberError::TooLong,
        }
    }
}
