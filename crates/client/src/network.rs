//! What was found out about the network before a call, and what is plainly said of it. No I/O.

use std::time::Duration;

use crate::app_state::SoundVerdict;
use crate::defaults::TEST_SLOW_ROUND_TRIP;
use crate::sound_test::verdict;

/// What was found out about the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkFindings {
    /// How long the server took to answer.
    pub round_trip: Duration,
    /// Whether the server names STUN servers, and whether one answers.
    pub direct: Found,
    /// Whether the server names TURN servers, and whether one gave us an address.
    pub relay: Found,
    /// Whether what is sent over UDP arrives anywhere.
    pub udp: Udp,
}

/// What was found of one kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none to ask.
    NotOffered,
    /// It answers.
    Works,
    /// It does not.
    Fails,
}

/// Whether UDP, which calls need, gets out of this network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Udp {
    /// A server answered.
    Passes,
    /// A server takes TCP connections, and what is sent to it over UDP comes to nothing.
    Blocked,
    /// No server answers in any way, or there is none to ask.
    Unknown,
}

impl NetworkFindings {
    /// Says plainly what it means for calls.
    pub fn verdict(self) -> SoundVerdict {
        let round_trip_ms = u32::try_from(self.round_trip.as_millis()).ok();
        SoundVerdict { round_trip_ms, ..self.in_words() }
    }

    fn in_words(self) -> SoundVerdict {
        let answers = format!("The server answers in {} ms.", self.round_trip.as_millis());
        if self.round_trip > TEST_SLOW_ROUND_TRIP {
            return verdict(false, "SLOW", &format!("{answers} That is slow: you may talk over each other."));
        }
        let (ok, code, text) = match (self.direct, self.relay) {
            (_, Found::Works) => {
                (true, "OK", "Your network is ready for calls, with a relay where no direct way is found.")
            }
            (Found::Works, Found::Fails) => (
                true,
                "NO_RELAY",
                "Calls will work with most people. The relay can't be used, so some may not connect.",
            ),
            (Found::Works, Found::NotOffered) => (
                true,
                "NO_RELAY",
                "Calls will work with most people. There is no relay, so strict networks may not connect.",
            ),
            (Found::NotOffered, Found::NotOffered) => {
                (true, "LOCAL_ONLY", "Calls work within your own network. This server names no way to find others.")
            }
            (_, Found::Fails) | (Found::Fails, _) => match self.udp {
                Udp::Blocked => (
                    false,
                    "BLOCKED",
                    "This network blocks calls. Try another one, or ask who looks after it to allow UDP.",
                ),
                Udp::Passes => {
                    (false, "RELAY_REFUSES", "The relay answers, and refuses to be used. Tell who runs your server.")
                }
                Udp::Unknown => (
                    false,
                    "NO_ANSWER",
                    "Nothing that finds a way to others answers. This network may block calls: try another one.",
                ),
            },
        };
        verdict(ok, code, &format!("{text} {answers}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_about_the_network_has_its_plain_words() {
        use Found::{Fails, NotOffered, Works};
        let round_trip = Duration::from_millis(12);
        for (direct, relay, udp, ok, code) in [
            (Works, Works, Udp::Passes, true, "OK"),
            (Fails, Works, Udp::Passes, true, "OK"),
            (NotOffered, Works, Udp::Passes, true, "OK"),
            (Works, Fails, Udp::Passes, true, "NO_RELAY"),
            (Works, NotOffered, Udp::Passes, true, "NO_RELAY"),
            (Fails, Fails, Udp::Blocked, false, "BLOCKED"),
            (Fails, NotOffered, Udp::Blocked, false, "BLOCKED"),
            (NotOffered, Fails, Udp::Blocked, false, "BLOCKED"),
            (NotOffered, Fails, Udp::Passes, false, "RELAY_REFUSES"),
            (NotOffered, Fails, Udp::Unknown, false, "NO_ANSWER"),
            (Fails, NotOffered, Udp::Unknown, false, "NO_ANSWER"),
            (NotOffered, NotOffered, Udp::Unknown, true, "LOCAL_ONLY"),
        ] {
            let said = NetworkFindings { round_trip, direct, relay, udp }.verdict();
            assert_eq!((said.ok, said.code.as_str()), (ok, code), "{direct:?} {relay:?} {udp:?}");
            assert!(said.text.contains("12 ms"), "{}", said.text);
        }
        let round_trip = Duration::from_secs(1);
        let slow = NetworkFindings { round_trip, direct: Works, relay: Works, udp: Udp::Passes };
        assert_eq!(slow.verdict().code, "SLOW");
    }
}
