//! What is told of a call that rings.

use care4w_client::app_state::CallView;
use serde::Serialize;
use specta::Type;

/// Who is calling, for the ring window.
#[derive(Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RingingCall {
    /// Which call.
    call_id: String,
    /// Who, if a name is known.
    name: Option<String>,
    /// The Care4W ID, or the number of a call from the telephone network.
    detail: String,
}

impl RingingCall {
    /// Who is calling, in the fewest words.
    pub fn who(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.detail)
    }
}

impl From<&CallView> for RingingCall {
    fn from(call: &CallView) -> Self {
        Self { call_id: call.id.clone(), name: call.peer.name.clone(), detail: call.peer.detail.clone() }
    }
}
