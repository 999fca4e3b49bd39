//! Which way a call goes: the plan's rule as pure functions.

use care4w_phone::{Destination, DestinationError, Region};
use care4w_protocol::rest::Match;

use crate::Problem;
use crate::lookup::Person;

/// The way a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// Look up who it is, then call peer to peer.
    P2p,
    /// Over Twilio Voice, whatever the destination.
    Twilio,
}

/// The plan's rule: with Twilio active every call goes over Twilio Voice, else every call goes peer to peer.
pub fn route(twilio_active: bool) -> Route {
    if twilio_active { Route::Twilio } else { Route::P2p }
}

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
    Destination::parse(text, region).map_err(|error: DestinationError| Problem::new(error.code(), error.to_string()))
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
    fn the_routing_table_of_the_plan() {
        assert_eq!(route(true), Route::Twilio);
        assert_eq!(route(false), Route::P2p);
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
