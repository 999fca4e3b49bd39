//! Whether calls make themselves noticed here.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Whether calls make themselves noticed here. The caller hears no difference, and other devices of the same user ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DoNotDisturb {
    /// Nothing rings, and nothing comes up: a call that is not answered is a missed one.
    pub on: bool,
    /// Until when, in seconds since 1970; none: until it is switched off.
    pub until: Option<u32>,
}

/// For how long nobody wants to be disturbed, from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DoNotDisturbFor {
    /// Calls ring.
    Off,
    /// For an hour.
    Hour,
    /// Until tomorrow's morning; in the night, until the morning that comes.
    Morning,
    /// Until it is switched off.
    Ever,
}
