//! What a client did that the protocol does not allow.

/// A violation, with the stream on which it happened. A test of a correct client asserts that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which connection, counted from 1 in the order in which they came.
    pub stream: u64,
    /// What kind it is.
    pub kind: FaultKind,
    /// What it was about, for a person: never a token, and no more than a few words of what was sent.
    pub about: String,
}

/// Kinds of violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Neither a line feed nor a JSON object in a text frame.
    NotAMessage,
    /// The envelope's version is none that clients send.
    Version,
    /// A type that clients do not send.
    UnknownType,
    /// A field is missing, of a wrong kind, in the wrong case, or unknown.
    Payload,
    /// A message before the token was accepted.
    TooEarly,
    /// A call's message about a call that there is not.
    UnknownCall,
    /// A call's message that does not fit what became of the call, such as a second answer.
    OutOfTurn,
    /// The token does not allow it.
    NotGranted,
    /// Heartbeats were not answered.
    Heartbeat,
    /// A heartbeat that nobody asked for.
    UnaskedHeartbeat,
    /// A session description that Twilio's media gateway cannot use.
    Description,
    /// A connectivity check of one that plays the controlled end, although the gateway is ICE-lite.
    NotControlling,
    /// Our own server's webhook did not answer as it must.
    Webhook,
    /// Our own server's REST request is not what Twilio takes.
    Rest,
}
