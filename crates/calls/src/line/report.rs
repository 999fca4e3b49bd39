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
    /// The backend was told to end the call, and has done what it can for that.
    Left,
    Stats(PathStats),
    ChangeFailed(care4w_audio::Direction),
    /// Digits are on their way.
    Dialled(String),
    /// What the device is called that a notice is about.
    Noticed(crate::DeviceNotice),
}
