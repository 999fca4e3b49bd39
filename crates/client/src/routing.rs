//! Which way a call goes, and which way next should the first one fail before it rings: pure functions.
//!
//! The plan's rule: with Twilio active every call goes over Twilio Voice, else every call is looked up and goes peer
//! to peer. The setting "free Care4W calls when possible" lets ids and numbers of Care4W users go peer to peer first.
//! Emergency and short numbers never come this far: [`crate::dialling::read`] does not read them as destinations.

#[cfg(test)]
mod tests;

use care4w_calls::BackendName;
use care4w_phone::Destination;
use serde::Serialize;

use crate::Problem;
use crate::dialling::Verdict;

/// The way a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// Look up who it is, then call peer to peer.
    P2p,
    /// Over Twilio Voice, whatever the destination.
    Twilio,
}

impl From<Route> for BackendName {
    fn from(route: Route) -> Self {
        match route {
            Route::P2p => Self::P2p,
            Route::Twilio => Self::Twilio,
        }
    }
}

/// How Twilio Voice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TwilioVoice {
    /// Not set up on the server.
    NotActive,
    /// Calls go over it.
    Active,
}

/// What the asking for somebody brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nobody uses Care4W with that number or id.
    Nobody,
    /// Somebody does; whether they may ring at once.
    Somebody(Verdict),
    /// The server did not say.
    Unknown,
}

/// The ways to try, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// The way the call takes.
    pub first: Route,
    /// The way it takes when the first one fails before it rings.
    pub then: Option<Route>,
}

impl Ways {
    /// One way and no other.
    pub fn only(first: Route) -> Self {
        Self { first, then: None }
    }

    /// Whether the call may take this way.
    pub fn uses(self, route: Route) -> bool {
        self.first == route || self.then == Some(route)
    }
}

/// Why a call takes no way at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// Nobody has that number or id.
    Nobody,
    /// Nobody could be asked whose it is.
    NotAsked,
}

/// The way a call takes as far as it is known before anybody was asked: what `lookup` says of somebody unknown.
pub fn route(twilio: TwilioVoice) -> Route {
    match twilio {
        TwilioVoice::NotActive => Route::P2p,
        TwilioVoice::Active => Route::Twilio,
    }
}

/// Which ways a call takes.
///
/// # Errors
/// [`NoWay`].
pub fn ways(
    destination: &Destination,
    twilio: TwilioVoice,
    free_when_possible: bool,
    found: Found,
) -> Result<Ways, NoWay> {
    let only = |first| Ok(Ways::only(first));
    let is_number = matches!(destination, Destination::Number(_));
    match (twilio, found) {
        (TwilioVoice::NotActive, Found::Somebody(_)) => only(Route::P2p),
        (TwilioVoice::NotActive, Found::Nobody) => Err(NoWay::Nobody),
        (TwilioVoice::NotActive, Found::Unknown) => Err(NoWay::NotAsked),
        // An id is no telephone number: who has none cannot be rung by Twilio either.
        (TwilioVoice::Active, Found::Nobody) if !is_number => Err(NoWay::Nobody),
        // Who is not at their computer may be at the telephone of that number; behind an id there is none.
        (TwilioVoice::Active, Found::Somebody(Verdict::Ring)) if free_when_possible => {
            Ok(Ways { first: Route::P2p, then: is_number.then_some(Route::Twilio) })
        }
        (TwilioVoice::Active, Found::Somebody(Verdict::Ring)) => {
            Ok(Ways { first: Route::Twilio, then: Some(Route::P2p) })
        }
        // Twilio dials the number exactly as it was read; the namesake in another country is not rung in its place.
        (TwilioVoice::Active, _) => only(Route::Twilio),
    }
}

impl NoWay {
    /// What the person reads.
    pub fn problem(self, destination: &Destination) -> Problem {
        match (self, destination) {
            (Self::Nobody, Destination::Number(_)) => Problem::new(
                "NOT_FOUND",
                "Nobody with this number uses Care4W yet. Check the number, or call by Care4W ID.",
            ),
            (Self::Nobody, Destination::Id(_)) => {
                Problem::new("NOT_FOUND", "Nobody has this Care4W ID. Check it and try again.")
            }
            (Self::NotAsked, _) => Problem::new("OFFLINE", "You're offline. Calls will work when you're back."),
        }
    }
}
