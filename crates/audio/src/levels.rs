use serde::Serialize;

use crate::defaults::LEVEL_FLOOR_DBFS;

/// How loud the two directions are, as RMS over the last tenth of a second, in dBFS (0 is a full-scale square wave).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Levels {
    /// What is sent: after processing, after mute.
    pub input_dbfs: f32,
    /// What the speaker is given.
    pub output_dbfs: f32,
}

impl Default for Levels {
    fn default() -> Self {
        Self { input_dbfs: LEVEL_FLOOR_DBFS, output_dbfs: LEVEL_FLOOR_DBFS }
    }
}
