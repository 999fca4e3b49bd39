use std::time::Duration;

use care4w_protocol::{CallId, Secret};

use crate::EndReason;

/// What happens to the backend.
#[derive(Debug)]
pub(in crate::twilio) enum Input {
    /// Calls go over Twilio from now on: connect.
    Start,
    /// They do not any more: hang up and disconnect.
    Stop,
    /// The machine slept, or the network changed.
    Woke,
    /// The answer to [`super::Output::FetchToken`].
    Token(Result<AccessToken, TokenProblem>),
    /// Our server does not have a call put through.
    ServerRefused { call: CallId, reason: EndReason },
    /// The socket is open.
    Opened,
    /// A text frame came.
    Frame(String),
    /// The socket is closed, or could not be opened.
    Closed,
    /// Call somebody, with these parameters.
    Dial { call: CallId, params: Vec<(String, String)> },
    /// Take the incoming call.
    Accept { call: CallId },
    /// Do not take it.
    Refuse { call: CallId },
    /// End a call.
    HangUp { call: CallId },
    /// Send digits by message.
    Digits { call: CallId, digits: String },
    /// Look for a new path.
    Restart { call: CallId },
    /// This end's description that was asked for is made.
    Described { call: CallId, sdp: String },
    /// What is sent arrives.
    PathUp { call: CallId },
    /// Nothing arrives any more.
    PathLost { call: CallId },
    /// The first packet of the other end came.
    Heard { call: CallId },
    /// The media cannot go on.
    MediaFailed { call: CallId, reason: EndReason },
    /// Time went by.
    Tick,
}

/// A token for Twilio Voice, and where it is good.
#[derive(Debug)]
pub struct AccessToken {
    /// The token (a JWT).
    pub text: Secret<String>,
    /// How long it is good for from now on.
    pub expires_in: Duration,
    /// Edges of Twilio's other than the default, commas between them.
    pub edge: Option<String>,
    /// Another gateway than Twilio's: a `wss` address, or a `ws` one on this machine.
    pub gateway: Option<String>,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// It may be had later.
    Later,
    /// This user gets none.
    Never,
}
