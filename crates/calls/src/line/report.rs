use care4w_protocol::CallId;

use crate::{EndReason, PathStats};

/// What a call's own tasks report.
pub(super) struct Report {
    pub call: CallId,
    pub what: FromCall,
}

pub(super) enum FromCall {
    SoundOpened,
    SoundFailed(EndReason),
    BackendFailed(EndReason),
    Stats(PathStats),
    ChangeFailed,
}
