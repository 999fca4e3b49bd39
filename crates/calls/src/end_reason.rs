//! Why a call ended: every way there is.

use std::fmt;

use care4w_protocol::signal::Ended;
use serde::{Serialize, Serializer};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $sentence:literal;)*) => {
        /// Why a call ended. Every call ends with exactly one of these.
        ///
        /// It serialises as its [`code`](EndReason::code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EndReason {
            $($(#[$doc])* $variant,)*
        }

        impl EndReason {
            /// Every reason there is.
            pub const ALL: &[EndReason] = &[$(EndReason::$variant),*];

            /// The stable code, for programs: SCREAMING_SNAKE.
            pub fn code(self) -> &'static str {
                match self { $(EndReason::$variant => $code),* }
            }

            /// One sentence for the person, in which `{peer}` stands for the name of the other one.
            fn template(self) -> &'static str {
                match self { $(EndReason::$variant => $sentence),* }
            }
        }
    };
}

reasons! {
    /// The person here hung up a call in which both had talked.
    HungUp = "HUNG_UP", "You hung up.";
    /// The other one hung up.
    RemoteHungUp = "REMOTE_HUNG_UP", "{peer} hung up.";
    /// The person here gave up before the other one answered.
    Cancelled = "CANCELLED", "You ended the call before {peer} answered.";
    /// An incoming call was not taken before the caller gave up, or rang out.
    Missed = "MISSED", "You missed a call from {peer}.";
    /// The person here said no to an incoming call.
    DeclinedHere = "DECLINED_HERE", "You declined the call from {peer}.";
    /// The other one said no.
    Declined = "DECLINED", "{peer} can't take your call right now.";
    /// The other one is in another call.
    Busy = "BUSY", "{peer} is in another call.";
    /// It rang for the whole ring time.
    NoAnswer = "NO_ANSWER", "{peer} didn't answer.";
    /// No device of the other one is signed in, or the server did not say that it rings.
    Unreachable = "UNREACHABLE", "{peer} can't be reached right now. Try again later.";
    /// Nobody has that id.
    NotFound = "NOT_FOUND", "Nobody with this Care4W ID was found. Check the ID and try again.";
    /// Another device of the same user answered.
    AnsweredElsewhere = "ANSWERED_ELSEWHERE", "You answered on another device.";
    /// Another device of the same user declined.
    DeclinedElsewhere = "DECLINED_ELSEWHERE", "You declined on another device.";
    /// Both called each other; this call gave way to the other one, which goes on.
    GaveWay = "GAVE_WAY", "{peer} was calling you at the same moment.";
    /// No path for the sound was found after the answer.
    NoPath = "NO_PATH", "No connection to {peer} could be made. Check your network and try again.";
    /// There was a path for the sound; it was lost and did not come back.
    ConnectionLost = "CONNECTION_LOST", "The connection to {peer} was lost.";
    /// The microphone could not be opened.
    MicrophoneFailed = "MICROPHONE_FAILED", "Your microphone can't be used. Check that it is plugged in and allowed, then call again.";
    /// The speaker could not be opened, or the sound failed in another way.
    SoundFailed = "SOUND_FAILED", "Sound can't be played on this computer. Check your speaker, then call again.";
    /// The other end's device failed (no microphone, no common codec, an error of its own).
    RemoteFailed = "REMOTE_FAILED", "{peer}'s device couldn't take the call.";
    /// This end could not send its call to the server: it is offline.
    Offline = "OFFLINE", "You're offline. Calls will work when you're back.";
    /// The server refused: too many calls in a short time.
    RateLimited = "RATE_LIMITED", "That was a lot of calls in a short time. Wait a little, then try again.";
    /// The server refused the call for another reason.
    Refused = "REFUSED", "The call couldn't be placed. Try again in a moment.";
    /// The person signed out during the call.
    SignedOut = "SIGNED_OUT", "The call ended because you signed out.";
    /// The time that was given to the call is over (`care4w-cli call --seconds`).
    TimeUp = "TIME_UP", "The time set for this call is over.";
    /// The program was asked to stop.
    ShutDown = "SHUT_DOWN", "The call ended because Care4W was closed.";
    /// Twilio's gateway could not be reached.
    TwilioUnreachable = "TWILIO_UNREACHABLE", "Calls over Twilio can't be placed right now. Try again in a moment.";
    /// The call failed at Twilio.
    TwilioFailed = "TWILIO_FAILED", "The call failed at Twilio. Try again in a moment.";
    /// Twilio does not take calls of this server's account.
    TwilioRefused = "TWILIO_REFUSED", "Twilio doesn't take calls from this server. Whoever runs it can find out why.";
    /// The telephone network knows no such number.
    NotInService = "NOT_IN_SERVICE", "This number can't be reached. Check it and try again.";
    /// The server does not have this number called.
    NotAllowed = "NOT_ALLOWED", "Calls to this number aren't allowed on this server.";
    /// A fault of our own.
    Internal = "INTERNAL", "Something went wrong on this computer. Try again.";
}

impl EndReason {
    /// The sentence that the person reads, with the name of the other one in it.
    pub fn sentence(self, peer: &str) -> String {
        let peer = if peer.trim().is_empty() { "the other person" } else { peer };
        let sentence = self.template().replace("{peer}", peer);
        let mut chars = sentence.chars();
        match chars.next() {
            Some(first) => first.to_uppercase().chain(chars).collect(),
            None => sentence,
        }
    }

    /// Whether Twilio itself failed, and not whoever was called: another way may do better.
    pub fn is_failure_of_twilio(self) -> bool {
        matches!(self, Self::TwilioUnreachable | Self::TwilioFailed | Self::TwilioRefused)
    }

    /// What the server's word for it means at this end.
    ///
    /// `incoming` says which way the call went, `connected` whether sound had flowed.
    pub fn from_server(ended: Ended, incoming: bool, connected: bool) -> Self {
        match ended {
            Ended::HungUp if incoming && !connected => Self::Missed,
            Ended::HungUp => Self::RemoteHungUp,
            Ended::Cancelled => Self::Missed,
            Ended::Declined => Self::Declined,
            Ended::Busy => Self::Busy,
            Ended::Unreachable => Self::Unreachable,
            Ended::NoAnswer if incoming => Self::Missed,
            Ended::NoAnswer => Self::NoAnswer,
            Ended::NotFound => Self::NotFound,
            Ended::AnsweredElsewhere => Self::AnsweredElsewhere,
            Ended::DeclinedElsewhere => Self::DeclinedElsewhere,
            Ended::GaveWay => Self::GaveWay,
            Ended::NoPath if connected => Self::ConnectionLost,
            Ended::NoPath => Self::NoPath,
            Ended::Failed => Self::RemoteFailed,
            Ended::Lost => Self::ConnectionLost,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for EndReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_code_of_its_own_and_a_whole_sentence() {
        let mut seen = HashSet::new();
        for &reason in EndReason::ALL {
            assert!(seen.insert(reason.code()), "{reason} is used twice");
            assert!(reason.code().chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{reason}");
            let sentence = reason.sentence("Amina");
            assert!(sentence.ends_with('.') && !sentence.contains('{') && !sentence.contains('!'), "{sentence}");
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }

    #[test]
    fn a_sentence_names_the_other_one_and_begins_with_a_capital_without_a_name() {
        assert_eq!(EndReason::NoAnswer.sentence("Amina"), "Amina didn't answer.");
        assert_eq!(EndReason::NoAnswer.sentence(" "), "The other person didn't answer.");
    }

    #[test]
    fn what_the_caller_stops_is_a_missed_call_at_the_other_end() {
        for ended in [Ended::Cancelled, Ended::NoAnswer, Ended::HungUp] {
            assert_eq!(EndReason::from_server(ended, true, false), EndReason::Missed);
        }
    }
}
