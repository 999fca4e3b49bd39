use care4w_protocol::CallId;

use crate::BackendEvent;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::twilio) enum Output {
    /// Get a token, and answer with [`super::Input::Token`].
    FetchToken,
    /// Open a socket to this address.
    Open(String),
    /// Close the socket, or stop opening it.
    Close,
    /// Send this frame.
    Transmit(String),
    /// How the backend stands.
    Status(Status),
    /// Tell the line.
    Tell(BackendEvent),
    /// Make this end's offer for a new call.
    Offer(CallId),
    /// An incoming call's offer: keep it until the call is answered.
    Receive { call: CallId, sdp: String },
    /// Make the answer to it.
    Answer(CallId),
    /// Apply the other end's answer.
    TakeAnswer { call: CallId, sdp: String },
    /// The call is answered: what the microphone hears may go out.
    Speak(CallId),
    /// Make an offer for a new path.
    OfferAgain(CallId),
    /// The call is over: close its media.
    Forget(CallId),
}

/// How the backend stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not started.
    Off,
    /// On its way to the gateway.
    Connecting,
    /// Calls can be placed and can come.
    Ready,
    /// It will not get there by itself.
    Failed(Fault),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server gives this user no token.
    NoToken,
    /// Twilio does not take the server's tokens, or its account.
    NotAccepted,
    /// Twilio's gateway ended the connection for good.
    ClosedByGateway,
}
