use crate::clean::{clean, visible};
use crate::emergency::is_emergency;
use crate::number::read;
use crate::{Care4wId, LONGEST_INPUT, NumberError, PhoneNumber, Region};

/// The most digits that a service number (directory enquiries, balance, police) has.
const LONGEST_SHORT_NUMBER: usize = 6;

/// Somebody who can be called, read from what was typed, pasted or opened as a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A phone number.
    Number(DialledNumber),
    /// A user's Care4W id.
    Id(Care4wId),
}

/// A phone number as it was dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialledNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Whether the text itself named the country (`+254…`, `000254…`). If not, the number was read in the caller's
    /// region, and a match in another country has to be confirmed before it rings.
    pub with_country: bool,
}

/// Why a text is nobody who can be called. The sentences are for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Nothing was typed.
    #[error("Type a phone number or a Care4W id.")]
    Empty,
    /// Neither a number nor an id.
    #[error("This is neither a phone number nor a Care4W id.")]
    NotADestination,
    /// Begins as a Care4W id and does not go on as one.
    #[error("A Care4W id is care4w- followed by 4 to 16 letters or digits.")]
    InvalidId,
    /// Police, ambulance or fire brigade.
    #[error("Care4W cannot call emergency services. Use a telephone.")]
    EmergencyNumber,
    /// A service number of the telephone network.
    #[error("Short numbers cannot be called from Care4W.")]
    ShortNumber,
    /// A number that nobody can have.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl DestinationError {
    /// The stable code: the variant in capitals, or that of the number's error.
    pub fn code(self) -> &'static str {
        match self {
            DestinationError::Empty => "EMPTY",
            DestinationError::NotADestination => "NOT_A_DESTINATION",
            DestinationError::InvalidId => "INVALID_ID",
            DestinationError::EmergencyNumber => "EMERGENCY_NUMBER",
            DestinationError::ShortNumber => "SHORT_NUMBER",
            DestinationError::Number(error) => error.code(),
        }
    }
}

impl Destination {
    /// Reads a number (strictly first, then as [`clean`](crate::clean) makes of it), a Care4W id in any case, or a
    /// `tel:` or `care4w:` link. A number without a country is read in `region`.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Destination, DestinationError> {
        if text.chars().nth(LONGEST_INPUT).is_some() {
            return Err(NumberError::TooLong.into());
        }
        let typed = without_scheme(&visible(text));
        if typed.is_empty() {
            return Err(DestinationError::Empty);
        }
        if starts_with_ignoring_case(&typed, "care4w") {
            return Care4wId::parse(&typed).map(Destination::Id).map_err(|_| DestinationError::InvalidId);
        }

        let cleaned = clean(&typed);
        let digits = cleaned.strip_prefix('+').unwrap_or(&cleaned);
        let is_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if is_digits && is_emergency(digits, region) {
            return Err(DestinationError::EmergencyNumber);
        }
        let strictly = dialled(&typed, region);
        let problem = match strictly.or_else(|problem| dialled(&cleaned, region).map_err(|_| problem)) {
            Ok(number) => return Ok(Destination::Number(number)),
            Err(problem) => problem,
        };
        if is_digits && digits.len() <= LONGEST_SHORT_NUMBER && !cleaned.starts_with('+') {
            return Err(DestinationError::ShortNumber);
        }
        Err(match problem {
            NumberError::NotANumber => DestinationError::NotADestination,
            problem => DestinationError::Number(problem),
        })
    }
}

fn dialled(text: &str, region: Option<Region>) -> Result<DialledNumber, NumberError> {
    let (number, with_country) = read(text, region)?.valid()?;
    Ok(DialledNumber { number, with_country })
}

/// The text of a `care4w:` link without its scheme, slashes and escapes; `tel:` is left to the number's reading.
fn without_scheme(text: &str) -> String {
    if !starts_with_ignoring_case(text, "care4w:") {
        return text.to_owned();
    }
    let rest = text["care4w:".len()..].trim_matches('/');
    rest.replace("%2B", "+").replace("%2b", "+").replace("%20", " ").trim().to_owned()
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
