//! What may be dialled: phone numbers, Care4W ids, and the destinations that people type or paste.
//!
//! This room is the one authority for a number's rules (architecture invariant 10): the server validates with
//! it, the client dials with it, and the UI only shows what it says. The rules are libphonenumber's; the
//! figures that tell how exactly are in `docs/numbers.md`. It must never know a network, a file or a clock, and
//! nothing in it panics, whatever text it is given.

#![warn(missing_docs)]

mod abroad;
mod as_you_type;
mod care4w_id;
mod clean;
mod destination;
mod emergency;
mod format_table;
mod kind;
mod link;
mod number;
mod number_error;
mod region;
mod report;

pub use abroad::NumberAbroad;
pub use as_you_type::AsYouType;
pub use care4w_id::{Care4wId, InvalidCare4wId};
pub use clean::{clean, clean_in};
pub use destination::{Destination, DestinationError, DialledNumber, is_service_code};
pub use emergency::emergency_number;
pub use kind::NumberKind;
pub use link::{Link, LinkError, hides_characters};
pub use number::PhoneNumber;
pub use number_error::NumberError;
pub use region::{InvalidRegion, Region};
pub use report::NumberReport;

/// The longest text, in characters, that is read as a number or a destination at all. libphonenumber stops at
/// 250; a number that needs more is not one, and reading it would only cost time.
pub const LONGEST_INPUT: usize = 250;
