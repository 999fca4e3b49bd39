//! The calls of this profile, in a SQLite file of its own: written when a call begins, so that nothing is lost when the
//! app or the computer dies in the middle of one, and joined by what the server knows to have been missed elsewhere.

mod call;
mod clock;
mod csv;
mod database;
mod file;
mod recorder;

pub use call::{Begun, HistoryCall, HistoryCursor, HistoryKind, KnownPeer};
pub(crate) use clock::{time_of, wall_clock};
pub use csv::table;
pub use database::{History, HistoryError};
pub(crate) use recorder::{merge, record};

/// A time of the wall clock, in milliseconds since 1970.
pub type UnixMs = i64;
