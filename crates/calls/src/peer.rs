//! Who is at the other end.

use care4w_phone::{Care4wId, PhoneNumber};
use care4w_protocol::signal::Party;
use serde::Serialize;

/// The other end of a call, as the person here sees it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// The id, where the other end is a user of Care4W.
    pub care4w_id: Option<Care4wId>,
    /// A name, or what was dialled where no name is known.
    pub name: String,
    /// The quiet line under the name: the number as it was dialled, or the id.
    pub detail: String,
}

// A name or a number is nobody's business in a log.
impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Peer(<redacted>)")
    }
}

impl From<Party> for Peer {
    /// A caller: the id stands under the name, never a number.
    fn from(party: Party) -> Self {
        let id = party.care4w_id.to_string();
        let name = if party.display_name.trim().is_empty() { id.clone() } else { party.display_name };
        Self { care4w_id: Some(party.care4w_id), name, detail: id }
    }
}

/// Whom to call.
#[derive(Clone, PartialEq, Eq)]
pub struct Callee {
    /// The id that the server rings; `None` for a telephone number that no user of Care4W has.
    pub care4w_id: Option<Care4wId>,
    /// The telephone number that was dialled, if it was one.
    pub number: Option<PhoneNumber>,
    /// The name that the lookup gave, or what was dialled.
    pub name: String,
    /// The quiet line under the name, such as the number that was dialled.
    pub detail: String,
}

impl std::fmt::Debug for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callee(<redacted>)")
    }
}

impl From<Callee> for Peer {
    fn from(callee: Callee) -> Self {
        Self { care4w_id: callee.care4w_id, name: callee.name, detail: callee.detail }
    }
}
