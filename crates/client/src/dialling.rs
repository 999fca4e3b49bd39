//! What was dialled, and whether who was found may ring at once. Which way the call takes is [`crate::routing`]'s.

use care4w_phone::{Destination, DestinationError, Region, emergency_number};
use care4w_protocol::rest::Match;

use crate::Problem;
use crate::lookup::Person;

/// What stands between a person who was found and the call to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ring.
    Ring,
    /// It is the caller's own number or id.
    Oneself,
    /// The number was typed without a country and belongs to somebody in another one: ask by name first.
    Confirm,
}

/// Whether somebody who was found may ring at once. A wrong person must never ring.
pub fn verdict(destination: &Destination, person: &Person, confirmed: bool) -> Verdict {
    if person.is_self {
        return Verdict::Oneself;
    }
    let doubtful = match destination {
        Destination::Number(dialled) => !dialled.with_country && person.matched == Match::National,
        Destination::Id(_) => false,
    };
    if doubtful && !confirmed { Verdict::Confirm } else { Verdict::Ring }
}

/// Reads a destination; what cannot be called comes back as a problem.
///
/// # Errors
/// The reason, with the code of [`DestinationError`].
pub fn read(text: &str, region: Option<Region>) -> Result<Destination, Problem> {
    Destination::parse(text, region).map_err(|error| not_called(error, text, region))
}

/// Why a text is no destination, as the person reads it. Who typed an emergency number reads which one to dial on a
/// telephone where they are.
pub fn not_called(error: DestinationError, text: &str, region: Option<Region>) -> Problem {
    let sentence = match error {
        DestinationError::EmergencyNumber => {
            let number = emergency_number(text, region);
            format!("Care4W can't place emergency calls. Dial {number} on a phone.")
        }
        _ => error.to_string(),
    };
    Problem::new(error.code(), sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(matched: Match, is_self: bool) -> Person {
        Person {
            care4w_id: "care4w-ABC1234".parse().unwrap(),
            name: "Amina".into(),
            is_self,
            matched,
            region: Some(Region::KENYA),
        }
    }

    #[test]
    fn who_rings_at_once_and_who_is_asked_about_first() {
        let ke = Some(Region::KENYA);
        for (typed, matched, is_self, confirmed, expected) in [
            ("0712345678", Match::Full, false, false, Verdict::Ring),
            ("0712345678", Match::National, false, false, Verdict::Confirm),
            ("0712345678", Match::National, false, true, Verdict::Ring),
            ("+254712345678", Match::Full, false, false, Verdict::Ring),
            ("care4w-ABC1234", Match::Full, false, false, Verdict::Ring),
            ("0712345678", Match::Full, true, true, Verdict::Oneself),
            ("care4w-ABC1234", Match::Full, true, false, Verdict::Oneself),
        ] {
            let destination = read(typed, ke).unwrap();
            assert_eq!(verdict(&destination, &found(matched, is_self), confirmed), expected, "{typed}");
        }
    }

    #[test]
    fn emergency_numbers_are_never_dialled() {
        for number in ["112", "999", "911"] {
            assert_eq!(read(number, Some(Region::KENYA)).unwrap_err().code, "EMERGENCY_NUMBER", "{number}");
        }
    }
}
