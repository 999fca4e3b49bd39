use serde::Serialize;

/// Where a call stands, as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CallState {
    /// Outgoing: the other end does not ring yet.
    Dialing,
    /// Outgoing: it rings over there.
    Ringing,
    /// Incoming: it rings here.
    Incoming,
    /// Answered; no sound yet.
    Connecting,
    /// Sound flows.
    Connected,
    /// Sound flowed; the path is away.
    Reconnecting,
    /// Over.
    Ended,
}
